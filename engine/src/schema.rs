//! How a record lies in columns.
//!
//! Every batch begins with the four [system columns](system_fields). Then, for each of the owner's keys in the order
//! of first sight, one *typed column* under the key itself, in the type that its values have (`Int64`, `Float64`,
//! `Boolean`, `Utf8View` or `Timestamp(µs, UTC)`), and only where some value is of another type or an explicit null, a
//! second *off-type column* named by [`off_type_name`]: `Utf8View` with the JSON text of that value (`"null"` for the
//! explicit null, text quoted, a time as `{"$time":"..."}`). Where both are null, the record does not have the key.
//!
//! So a value keeps its JSON identity whatever its neighbours are, and the common case is one plain Parquet column.
//! The starts of periods are not stored; they follow from `_timestamp`.

use arrow::datatypes::{DataType, Field, TimeUnit};

/// The record's id.
pub const ID: &str = "_id";
/// The moment that the record is about.
pub const TIMESTAMP: &str = "_timestamp";
/// The moment at which the record was last written.
pub const UPDATED_AT: &str = "_updated_at";
/// The order of insertion: grows within a data set.
pub const SEQUENCE: &str = "_seq";

/// Ends the name of an off-type column; no legal key holds it.
const OFF_TYPE_SUFFIX: char = '\u{1}';

/// The type of every time column.
pub fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The four columns that every batch begins with.
pub fn system_fields() -> Vec<Field> {
    vec![
        Field::new(ID, DataType::Utf8View, false),
        Field::new(TIMESTAMP, time_type(), true),
        Field::new(UPDATED_AT, time_type(), true),
        Field::new(SEQUENCE, DataType::Int64, false),
    ]
}

/// The name of the column for values of `key` that are not of the type of its typed column.
pub fn off_type_name(key: &str) -> String {
    format!("{key}{OFF_TYPE_SUFFIX}")
}

/// The key whose off-type column this is, if it is one.
pub fn key_of_off_type(column: &str) -> Option<&str> {
    column.strip_suffix(OFF_TYPE_SUFFIX)
}
