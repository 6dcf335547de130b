//! Records on their way into a data set: checked, complete, and already in columns.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, RecordBatch, StringViewBuilder, TimestampMicrosecondBuilder, builder::ArrayBuilder,
};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use query_lang::Value;

use crate::columns::{ColumnBuilder, Scalar, finish_texts, finish_times, record_at, retyped, time_range};
use crate::record::Record;
use crate::schema::{ID, SEQUENCE, TIMESTAMP, UPDATED_AT, key_of_off_type, system_fields};

/// The most keys that the records of one data set can have beside the system's own.
pub const MAX_KEYS: usize = 2_000;

/// Records in the layout of [`crate::schema`], whose rows have no place in a data set yet.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Numbered from 0.
    rows: RecordBatch,
}

impl Batch {
    /// How many records there are.
    pub fn rows(&self) -> usize {
        self.rows.num_rows()
    }

    /// The earliest and the latest `_timestamp`; none if no record has one.
    pub fn time_range(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let (earliest, latest) = time_range(&self.rows)?;
        DateTime::from_timestamp_micros(earliest).zip(DateTime::from_timestamp_micros(latest))
    }

    /// The records one after another, as they will be read back.
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        (0..self.rows()).map(|row| record_at(&self.rows, row))
    }

    /// Puts records into columns: each key takes the type of its first value.
    ///
    /// # Errors
    /// Only when Arrow cannot build the columns, such as for too many rows.
    pub fn of_records<'a>(records: impl IntoIterator<Item = &'a Record>) -> Result<Self, ArrowError> {
        let mut builder = BatchBuilder::default();
        for record in records {
            builder.push_record(record);
        }
        builder.finish()
    }

    /// Whether a data set with the columns of `known` would have more than [`MAX_KEYS`] keys with these records.
    pub fn has_too_many_keys_for(&self, known: &Schema) -> bool {
        let own = self.rows.schema_ref().fields();
        if known.fields().len() + own.len() <= MAX_KEYS {
            return false;
        }
        let is_key = |name: &str| key_of_off_type(name).is_none();
        let names = known.fields().iter().chain(own).map(|field| field.name().as_str());
        let keys: std::collections::HashSet<&str> = names.filter(|name| is_key(name)).collect();
        keys.len() > MAX_KEYS + system_fields().len()
    }

    /// The rows for a data set with the columns of `known`: keys that it has take the type that they have there, and rows are
    /// numbered from `first`.
    ///
    /// # Errors
    /// As [`Batch::of_records`].
    pub fn numbered(self, known: &SchemaRef, first: i64) -> Result<RecordBatch, ArrowError> {
        let (schema, mut arrays, rows) = retyped(self.rows, known)?.into_parts();
        let last = first + i64::try_from(rows).unwrap_or(0);
        if let Some(numbers) = arrays.get_mut(schema.index_of(SEQUENCE)?) {
            *numbers = Arc::new(Int64Array::from_iter_values(first..last));
        }
        RecordBatch::try_new(schema, arrays)
    }
}

/// Puts records into columns, value by value: the values of a row with [`BatchBuilder::column`], then
/// [`BatchBuilder::end_row`].
#[derive(Debug)]
pub(crate) struct BatchBuilder {
    rows: usize,
    ids: StringViewBuilder,
    timestamps: TimestampMicrosecondBuilder,
    updates: TimestampMicrosecondBuilder,
    keys: IndexMap<Box<str>, ColumnBuilder>,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self {
            rows: 0,
            ids: StringViewBuilder::with_capacity(1),
            timestamps: TimestampMicrosecondBuilder::with_capacity(1),
            updates: TimestampMicrosecondBuilder::with_capacity(1),
            keys: IndexMap::new(),
        }
    }
}

impl BatchBuilder {
    /// Whole rows so far, and the number of the one that has begun.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Keys so far, the system's own left out.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// The key at a place; places count from 0 in the order of first sight.
    pub fn key_at(&self, place: usize) -> Option<&str> {
        self.keys.get_index(place).map(|(key, _)| &**key)
    }

    /// The place of a key that is known.
    pub fn place_of(&self, key: &str) -> Option<usize> {
        self.keys.get_index_of(key)
    }

    /// The place of a key, which is made for a new one.
    pub fn place_for(&mut self, key: &str) -> usize {
        match self.keys.get_index_of(key) {
            Some(place) => place,
            None => self.keys.insert_full(key.into(), ColumnBuilder::default()).0,
        }
    }

    /// The column at a place, and the number of the row that has begun.
    pub fn column(&mut self, place: usize) -> Option<(&mut ColumnBuilder, usize)> {
        self.keys.get_index_mut(place).map(|(_, column)| (column, self.rows))
    }

    /// Completes a row; times are in microseconds.
    pub fn end_row(&mut self, id: &str, timestamp: Option<i64>, updated_at: Option<i64>) {
        self.ids.append_value(id);
        self.timestamps.append_option(timestamp);
        self.updates.append_option(updated_at);
        self.rows += 1;
    }

    /// Adds a whole record.
    pub fn push_record(&mut self, record: &Record) {
        for (key, value) in record {
            if [ID, TIMESTAMP, UPDATED_AT].contains(&key.as_str()) {
                continue;
            }
            let place = self.place_for(key);
            if let Some((column, row)) = self.column(place) {
                column.push(row, Scalar::from(value));
            }
        }
        let micros = |key: &str| match record.get(key) {
            Some(Value::Time(time)) => Some(time.timestamp_micros()),
            _ => None,
        };
        let id = record.get(ID).and_then(Value::as_text).unwrap_or_default();
        self.end_row(id, micros(TIMESTAMP), micros(UPDATED_AT));
    }

    /// The rows.
    ///
    /// # Errors
    /// Only when Arrow cannot build the columns, such as for too many rows.
    pub fn finish(mut self) -> Result<Batch, ArrowError> {
        debug_assert_eq!(self.ids.len(), self.rows);
        let numbers = Int64Array::from_iter_values(0..i64::try_from(self.rows).unwrap_or(0));
        let mut fields = system_fields();
        let mut arrays: Vec<ArrayRef> = vec![
            finish_texts(&mut self.ids),
            finish_times(&mut self.timestamps),
            finish_times(&mut self.updates),
            Arc::new(numbers),
        ];
        for (key, column) in self.keys {
            column.finish(&key, self.rows, &mut fields, &mut arrays);
        }
        Ok(Batch { rows: RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{DecodeOptions, decode};

    fn batch(json: &str) -> Batch {
        let options = DecodeOptions { auto_ids: &[], now: "2020-01-01T00:00:00Z".parse().unwrap() };
        decode(json.as_bytes(), &options).unwrap()
    }

    fn layout(batch: &RecordBatch) -> Vec<String> {
        let own = &batch.schema_ref().fields()[system_fields().len()..];
        own.iter().map(|field| format!("{:?} {}", field.name(), field.data_type())).collect()
    }

    #[test]
    fn the_range_of_time_is_that_of_the_records_that_have_one() {
        let range = |json: &str| batch(json).time_range().map(|range| format!("{} {}", range.0, range.1));
        let some = r#"[{"_timestamp": "2014-01-02T00:00:00Z"}, {"a1": 1}, {"_timestamp": "2014-01-01T12:00:00.5Z"}]"#;
        assert_eq!(range(some).as_deref(), Some("2014-01-01 12:00:00.500 UTC 2014-01-02 00:00:00 UTC"));
        assert_eq!((range("[]"), range(r#"[{"a1": 1}]"#)), (None, None));
    }

    #[test]
    fn records_come_back_from_columns_as_they_were() {
        let json = r#"[
            {"_id": "a", "_timestamp": "2014-01-01T00:00:00Z", "mixed": 1, "text": "x", "gone": null},
            {"_id": "b", "mixed": "one", "big": 9007199254740993, "flag": true},
            {"_id": "c", "mixed": 1.0, "ratio": 0.1, "_start_at": "2014-01-01T00:00:00Z"}
        ]"#;
        let read: Vec<String> =
            batch(json).records().map(|record| crate::record_to_json(&record).to_string()).collect();
        let now = "2020-01-01T00:00:00+00:00";
        assert_eq!(
            read,
            [
                format!(
                    r#"{{"_id":"a","_timestamp":"2014-01-01T00:00:00+00:00","_updated_at":"{now}","mixed":1,"text":"x","gone":null}}"#
                ),
                format!(
                    r#"{{"_id":"b","_updated_at":"{now}","mixed":"one","big":9007199254740993,"flag":true}}"#
                ),
                format!(
                    r#"{{"_id":"c","_updated_at":"{now}","mixed":1.0,"ratio":0.1,"_start_at":"2014-01-01T00:00:00+00:00"}}"#
                ),
            ]
        );
    }

    #[test]
    fn a_key_takes_the_type_of_its_first_value_or_the_one_that_the_data_set_has() {
        let json =
            r#"[{"_id": "a", "kk": null}, {"_id": "b", "kk": 1, "zz": true}, {"_id": "c", "kk": "x"}]"#;
        let own = batch(json).numbered(&Arc::new(Schema::empty()), 7).unwrap();
        assert_eq!(layout(&own), [r#""kk" Int64"#, r#""kk\u{1}" Utf8View"#, r#""zz" Boolean"#]);
        let known = batch(r#"{"_id": "a", "kk": "text", "zz": 0.5}"#).rows.schema();
        let fitted = batch(json).numbered(&known, 7).unwrap();
        assert_eq!(
            layout(&fitted),
            [r#""kk" Utf8View"#, r#""kk\u{1}" Utf8View"#, r#""zz" Float64"#, r#""zz\u{1}" Utf8View"#]
        );
        for (row, record) in batch(json).records().enumerate() {
            assert_eq!(record_at(&fitted, row), record);
        }
    }

    #[test]
    fn a_data_set_has_so_many_keys_and_no_more() {
        let keys = |from: usize, count: usize| -> Batch {
            let record: Record = (from..from + count).map(|n| (format!("key{n}"), Value::Int(1))).collect();
            Batch::of_records([&record]).unwrap()
        };
        let known = keys(0, MAX_KEYS - 1).rows.schema();
        assert!(!keys(0, 5).has_too_many_keys_for(&known));
        assert!(!keys(MAX_KEYS - 1, 1).has_too_many_keys_for(&known));
        assert!(keys(MAX_KEYS - 1, 2).has_too_many_keys_for(&known));
    }
}
