//! Records into columns and back, in the layout that [`crate::schema`] describes.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanBuilder, Float64Builder, Int64Array, Int64Builder, RecordBatch,
    StringViewBuilder, TimestampMicrosecondArray, TimestampMicrosecondBuilder, new_null_array,
};
use arrow::datatypes::{
    DataType, Field, Float64Type, Int64Type, Schema, SchemaRef, TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use chrono::DateTime;
use query_lang::{Value, print_time};

use crate::record::Record;
use crate::schema::{
    ID, SEQUENCE, TIMESTAMP, UPDATED_AT, key_of_off_type, off_type_name, system_fields, time_type,
};

/// Turns records into one batch. Keys that `known` has keep the type they have there; new keys take the type of their first
/// value. Rows are numbered from `first_sequence`.
///
/// # Errors
/// Only when Arrow cannot build the batch, such as for too many rows.
pub fn to_batch(records: &[Record], known: &Schema, first_sequence: i64) -> Result<RecordBatch, ArrowError> {
    let system = [ID, TIMESTAMP, UPDATED_AT];
    let mut columns: indexmap::IndexMap<&str, Column> = indexmap::IndexMap::new();
    for (row, record) in records.iter().enumerate() {
        for (key, value) in record.iter().filter(|(key, _)| !system.contains(&key.as_str())) {
            let column = columns.entry(key).or_insert_with(|| Column::new(type_of(known, key)));
            column.push(row, value);
        }
    }

    let mut ids = StringViewBuilder::with_capacity(records.len());
    let mut timestamps = TimestampMicrosecondBuilder::with_capacity(records.len()).with_timezone("UTC");
    let mut updates = TimestampMicrosecondBuilder::with_capacity(records.len()).with_timezone("UTC");
    for record in records {
        ids.append_value(record.get(ID).and_then(Value::as_text).unwrap_or_default());
        timestamps.append_option(micros(record.get(TIMESTAMP)));
        updates.append_option(micros(record.get(UPDATED_AT)));
    }
    let last = first_sequence + i64::try_from(records.len()).unwrap_or(0);
    let sequence = Int64Array::from_iter_values(first_sequence..last);
    let mut fields = system_fields();
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(ids.finish()),
        Arc::new(timestamps.finish()),
        Arc::new(updates.finish()),
        Arc::new(sequence),
    ];
    for (key, column) in columns {
        column.finish(key, records.len(), &mut fields, &mut arrays);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

fn micros(value: Option<&Value>) -> Option<i64> {
    match value {
        Some(Value::Time(time)) => Some(time.timestamp_micros()),
        _ => None,
    }
}

fn type_of(schema: &Schema, key: &str) -> Option<DataType> {
    schema.field_with_name(key).ok().map(|field| field.data_type().clone())
}

/// The values of one key, sparse until the end.
struct Column {
    kind: Option<DataType>,
    typed: Vec<(usize, Value)>,
    off_type: Vec<(usize, String)>,
}

impl Column {
    fn new(kind: Option<DataType>) -> Self {
        Self { kind, typed: Vec::new(), off_type: Vec::new() }
    }

    fn push(&mut self, row: usize, value: &Value) {
        let kind = match value {
            Value::Null => None,
            Value::Bool(_) => Some(DataType::Boolean),
            Value::Int(_) => Some(DataType::Int64),
            Value::Float(_) => Some(DataType::Float64),
            Value::Text(_) => Some(DataType::Utf8View),
            Value::Time(_) => Some(time_type()),
        };
        if self.kind.is_none() {
            self.kind.clone_from(&kind);
        }
        if kind.is_some() && kind == self.kind {
            self.typed.push((row, value.clone()));
        } else {
            self.off_type.push((row, off_type_text(value)));
        }
    }

    fn finish(self, key: &str, rows: usize, fields: &mut Vec<Field>, arrays: &mut Vec<ArrayRef>) {
        /// Appends the values at their rows, and nulls between.
        macro_rules! build {
            ($builder:expr, $pattern:pat => $value:expr) => {{
                let mut builder = $builder;
                let mut next = 0;
                for (row, value) in &self.typed {
                    (next..*row).for_each(|_| builder.append_null());
                    match value {
                        $pattern => builder.append_value($value),
                        _ => builder.append_null(),
                    }
                    next = row + 1;
                }
                (next..rows).for_each(|_| builder.append_null());
                Arc::new(builder.finish()) as ArrayRef
            }};
        }
        // A key that only ever was null is text until it is more.
        let kind = self.kind.clone().unwrap_or(DataType::Utf8View);
        let typed = match &kind {
            DataType::Boolean => build!(BooleanBuilder::with_capacity(rows), Value::Bool(value) => *value),
            DataType::Int64 => build!(Int64Builder::with_capacity(rows), Value::Int(value) => *value),
            DataType::Float64 => build!(Float64Builder::with_capacity(rows), Value::Float(value) => *value),
            DataType::Timestamp(..) => build!(
                TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC"),
                Value::Time(value) => value.timestamp_micros()
            ),
            _ => build!(StringViewBuilder::with_capacity(rows), Value::Text(value) => value),
        };
        fields.push(Field::new(key, kind, true));
        arrays.push(typed);
        if !self.off_type.is_empty() {
            let mut builder = StringViewBuilder::with_capacity(rows);
            let mut next = 0;
            for (row, text) in &self.off_type {
                (next..*row).for_each(|_| builder.append_null());
                builder.append_value(text);
                next = row + 1;
            }
            (next..rows).for_each(|_| builder.append_null());
            fields.push(Field::new(off_type_name(key), DataType::Utf8View, true));
            arrays.push(Arc::new(builder.finish()));
        }
    }
}

/// The JSON text of a value in an off-type column; a time is marked, so that it is not taken for text.
fn off_type_text(value: &Value) -> String {
    match value {
        Value::Time(time) => serde_json::json!({"$time": print_time(*time)}).to_string(),
        other => other.to_json().to_string(),
    }
}

/// The value behind the JSON text of an off-type column.
pub fn off_type_value(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Bool(value)) => Value::Bool(value),
        Ok(serde_json::Value::Number(number)) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap_or(f64::MAX)),
        },
        Ok(serde_json::Value::String(text)) => Value::Text(text),
        Ok(serde_json::Value::Object(time)) => {
            let time = time.get("$time").and_then(serde_json::Value::as_str);
            time.and_then(query_lang::parse_timestamp).map_or(Value::Null, Value::Time)
        }
        _ => Value::Null,
    }
}

/// The schema that has the columns of both, those of `old` first.
pub fn union(old: &Schema, new: &Schema) -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = old.fields().iter().cloned().collect();
    for field in new.fields() {
        if old.field_with_name(field.name()).is_err() {
            fields.push(Arc::clone(field));
        }
    }
    Arc::new(Schema::new(fields))
}

/// The batch with the columns of `schema`, in its order; what the batch lacks is null.
///
/// # Errors
/// When a column of the batch is of another type than the schema says.
pub fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    if batch.schema_ref() == schema {
        return Ok(batch.clone());
    }
    let arrays = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(array) => Arc::clone(array),
        None => new_null_array(field.data_type(), batch.num_rows()),
    });
    RecordBatch::try_new(Arc::clone(schema), arrays.collect())
}

/// One row as a record, `_id` and times included, the sequence number not.
pub fn record_at(batch: &RecordBatch, row: usize) -> Record {
    let mut record = Record::new();
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if field.name() == SEQUENCE || array.is_null(row) {
            continue;
        }
        match key_of_off_type(field.name()) {
            Some(key) => record.insert(key.to_owned(), off_type_value(array.as_string_view().value(row))),
            None => record.insert(field.name().clone(), value_at(array, row)),
        };
    }
    record
}

/// The value of a typed column at a row.
pub fn value_at(array: &ArrayRef, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int64 => Value::Int(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Value::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8View => Value::Text(array.as_string_view().value(row).to_owned()),
        DataType::Timestamp(..) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            DateTime::from_timestamp_micros(micros).map_or(Value::Null, Value::Time)
        }
        _ => Value::Null,
    }
}

/// The smallest and largest `_timestamp` of a batch in microseconds, `None` where no row has one.
pub fn time_range(batch: &RecordBatch) -> Option<(i64, i64)> {
    let times: &TimestampMicrosecondArray = batch.column_by_name(TIMESTAMP)?.as_primitive_opt()?;
    Some((arrow::compute::min(times)?, arrow::compute::max(times)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{DecodeOptions, decode};

    #[test]
    fn records_come_back_from_columns_as_they_were() {
        let body = br#"[
            {"_id": "a", "_timestamp": "2014-01-01T00:00:00Z", "mixed": 1, "text": "x", "gone": null},
            {"_id": "b", "mixed": "one", "big": 9007199254740993, "flag": true},
            {"_id": "c", "mixed": 1.0, "ratio": 0.1, "_start_at": "2014-01-01T00:00:00Z"}
        ]"#;
        let options = DecodeOptions { auto_ids: &[], now: "2020-01-01T00:00:00Z".parse().unwrap() };
        let records = decode(body, &options).unwrap();
        let batch = to_batch(&records, &Schema::empty(), 0).unwrap();
        for (row, record) in records.iter().enumerate() {
            assert_eq!(record_at(&batch, row).sorted(), record.clone().sorted());
        }
    }

    trait Sorted {
        fn sorted(self) -> Vec<(String, Value)>;
    }

    impl Sorted for Record {
        fn sorted(mut self) -> Vec<(String, Value)> {
            self.sort_keys();
            self.into_iter().collect()
        }
    }
}
