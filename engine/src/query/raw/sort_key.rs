//! Columns that sort as values of all types do (see [`crate::shape::order`]), for a sort that knows columns of one type only.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Float64Array, Float64Builder, Int64Builder, RecordBatch, StringViewBuilder,
    UInt8Builder,
};
use arrow::datatypes::{DataType, Field, Float64Type, Schema};
use query_lang::Value;

use super::super::kernel::Source;
use crate::schema::off_type_name;

/// The fields of the columns that sort by a key; none for a key that no record has.
pub fn fields(key: &str, schema: &Schema) -> Vec<Field> {
    let name = |n: usize| format!("\u{2}sort{n}");
    let Ok(field) = schema.field_with_name(key) else { return Vec::new() };
    if schema.field_with_name(&off_type_name(key)).is_err() {
        return vec![Field::new(name(0), field.data_type().clone(), true)];
    }
    let kinds = [DataType::UInt8, DataType::Float64, DataType::Int64, DataType::Utf8View];
    kinds.into_iter().enumerate().map(|(n, kind)| Field::new(name(n), kind, true)).collect()
}

/// The columns themselves.
pub fn columns(key: &str, schema: &Schema, batch: &RecordBatch) -> Vec<ArrayRef> {
    let Some(typed) = batch.column_by_name(key) else { return Vec::new() };
    if schema.field_with_name(&off_type_name(key)).is_ok() {
        return of_all_types(&Source::of(batch, key), batch.num_rows());
    }
    match typed.data_type() {
        DataType::Float64 => {
            // There is but one zero.
            let one_zero: Float64Array = typed.as_primitive::<Float64Type>().unary(|number| number + 0.0);
            vec![Arc::new(one_zero)]
        }
        _ => vec![Arc::clone(typed)],
    }
}

/// The kind of the value; its number, rounded; what rounding took away; its text.
fn of_all_types(source: &Source<'_>, rows: usize) -> Vec<ArrayRef> {
    let mut kinds = UInt8Builder::with_capacity(rows);
    let mut numbers = Float64Builder::with_capacity(rows);
    let mut rests = Int64Builder::with_capacity(rows);
    let mut texts = StringViewBuilder::with_capacity(rows);
    let whole = |number: i64| {
        let rounded = number as f64;
        let rest = i128::from(number) - rounded as i128;
        (rounded, i64::try_from(rest).unwrap_or(0))
    };
    for row in 0..rows {
        let value = source.value(row).unwrap_or(Value::Null);
        let (kind, (number, rest)) = match &value {
            Value::Null => (0, (0.0, 0)),
            Value::Int(number) => (1, whole(*number)),
            Value::Float(number) => (1, (*number + 0.0, 0)),
            Value::Text(_) => (2, (0.0, 0)),
            Value::Bool(flag) => (3, (f64::from(u8::from(*flag)), 0)),
            Value::Time(time) => (4, whole(time.timestamp_micros())),
        };
        kinds.append_value(kind);
        numbers.append_value(number);
        rests.append_value(rest);
        texts.append_value(value.as_text().unwrap_or_default());
    }
    vec![
        Arc::new(kinds.finish()),
        Arc::new(numbers.finish()),
        Arc::new(rests.finish()),
        Arc::new(texts.finish()),
    ]
}
