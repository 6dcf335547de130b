//! Values into columns and back, in the layout that [`crate::schema`] describes.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanBuilder, Float64Builder, Int64Builder, PrimitiveBuilder, RecordBatch,
    StringViewArray, StringViewBuilder, TimestampMicrosecondArray, TimestampMicrosecondBuilder,
    builder::ArrayBuilder, new_null_array,
};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Field, Float64Type, Int64Type, Schema, SchemaRef, TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use chrono::DateTime;
use query_lang::{Value, print_time};

use crate::record::Record;
use crate::schema::{SEQUENCE, TIMESTAMP, key_of_off_type, off_type_name, time_type};

/// A [`Value`] that is not owned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    /// Microseconds since 1970.
    Time(i64),
}

impl<'a> From<&'a Value> for Scalar<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Float(value) => Self::Float(*value),
            Value::Text(value) => Self::Text(value),
            Value::Time(value) => Self::Time(value.timestamp_micros()),
        }
    }
}

/// The values of one key, given in the order of their rows.
#[derive(Debug, Default)]
pub struct ColumnBuilder {
    typed: Typed,
    off_type: Option<StringViewBuilder>,
    /// One more than the last row that has a value.
    rows: usize,
}

/// Values of the type that the column has.
#[derive(Debug, Default)]
enum Typed {
    /// There were none but nulls.
    #[default]
    Undecided,
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Text(StringViewBuilder),
    Time(TimestampMicrosecondBuilder),
}

impl ColumnBuilder {
    /// A column whose type is decided.
    fn of_type(data_type: &DataType) -> Self {
        let typed = match data_type {
            DataType::Boolean => Typed::Bool(BooleanBuilder::new()),
            DataType::Int64 => Typed::Int(Int64Builder::new()),
            DataType::Float64 => Typed::Float(Float64Builder::new()),
            DataType::Timestamp(..) => Typed::Time(TimestampMicrosecondBuilder::new()),
            _ => Typed::Text(StringViewBuilder::new()),
        };
        Self { typed, ..Self::default() }
    }

    /// Whether the row has a value already.
    pub fn has(&self, row: usize) -> bool {
        self.rows > row
    }

    /// Adds the value of a row; rows that were left out do not have the key.
    pub fn push(&mut self, row: usize, value: Scalar<'_>) {
        self.rows = row + 1;
        if matches!(self.typed, Typed::Undecided) {
            // Most columns have a value in every row from the first on.
            let rows = row + 1;
            self.typed = match value {
                Scalar::Null => Typed::Undecided,
                Scalar::Bool(_) => Typed::Bool(BooleanBuilder::with_capacity(rows)),
                Scalar::Int(_) => Typed::Int(Int64Builder::with_capacity(rows)),
                Scalar::Float(_) => Typed::Float(Float64Builder::with_capacity(rows)),
                Scalar::Text(_) => Typed::Text(StringViewBuilder::with_capacity(rows)),
                Scalar::Time(_) => Typed::Time(TimestampMicrosecondBuilder::with_capacity(rows)),
            };
        }
        match (&mut self.typed, value) {
            (Typed::Bool(values), Scalar::Bool(value)) => {
                values.append_nulls(row - values.len());
                values.append_value(value);
            }
            (Typed::Int(values), Scalar::Int(value)) => push_at(values, row, value),
            (Typed::Float(values), Scalar::Float(value)) => push_at(values, row, value),
            (Typed::Time(values), Scalar::Time(value)) => push_at(values, row, value),
            (Typed::Text(values), Scalar::Text(value)) => push_text_at(values, row, value),
            (_, odd) => {
                let texts = self.off_type.get_or_insert_with(|| StringViewBuilder::with_capacity(1));
                push_text_at(texts, row, &off_type_text(odd));
            }
        }
    }

    /// Adds the one or two columns of the key.
    pub fn finish(self, key: &str, rows: usize, fields: &mut Vec<Field>, arrays: &mut Vec<ArrayRef>) {
        let (data_type, typed): (DataType, ArrayRef) = match self.typed {
            // A key that only ever was null is text until it is more.
            Typed::Undecided => (DataType::Utf8View, Arc::new(StringViewArray::new_null(rows))),
            Typed::Bool(mut values) => {
                values.append_nulls(rows - values.len());
                let mut values = values.finish();
                values.shrink_to_fit();
                (DataType::Boolean, Arc::new(values))
            }
            Typed::Int(mut values) => {
                values.append_nulls(rows - values.len());
                let mut values = values.finish();
                values.shrink_to_fit();
                (DataType::Int64, Arc::new(values))
            }
            Typed::Float(mut values) => {
                values.append_nulls(rows - values.len());
                let mut values = values.finish();
                values.shrink_to_fit();
                (DataType::Float64, Arc::new(values))
            }
            Typed::Time(mut values) => {
                values.append_nulls(rows - values.len());
                (time_type(), finish_times(&mut values))
            }
            Typed::Text(mut values) => {
                append_nulls(&mut values, rows);
                (DataType::Utf8View, finish_texts(&mut values))
            }
        };
        fields.push(Field::new(key, data_type, true));
        arrays.push(typed);
        if let Some(mut texts) = self.off_type {
            append_nulls(&mut texts, rows);
            fields.push(Field::new(off_type_name(key), DataType::Utf8View, true));
            arrays.push(finish_texts(&mut texts));
        }
    }
}

fn push_at<T: ArrowPrimitiveType>(values: &mut PrimitiveBuilder<T>, row: usize, value: T::Native) {
    values.append_nulls(row - values.len());
    values.append_value(value);
}

fn push_text_at(values: &mut StringViewBuilder, row: usize, value: &str) {
    append_nulls(values, row);
    values.append_value(value);
}

/// Fills up with nulls to so many rows.
fn append_nulls(values: &mut StringViewBuilder, rows: usize) {
    for _ in values.len()..rows {
        values.append_null();
    }
}

/// The texts in no more memory than they need: a builder has room for some thousand bytes, even for one.
pub fn finish_texts(values: &mut StringViewBuilder) -> ArrayRef {
    let mut texts = values.finish();
    texts.shrink_to_fit();
    Arc::new(texts)
}

/// The times in UTC, in no more memory than they need.
pub fn finish_times(values: &mut TimestampMicrosecondBuilder) -> ArrayRef {
    let mut times = values.finish();
    times.shrink_to_fit();
    Arc::new(times.with_timezone("UTC"))
}

/// The same rows with typed columns in the types that `known` has for their keys, so that other values become off-type.
///
/// # Errors
/// Only when Arrow cannot build the columns.
pub fn retyped(batch: RecordBatch, known: &Schema) -> Result<RecordBatch, ArrowError> {
    let differs = |place: usize, field: &Field| {
        // Most batches of a data set have the same keys in the same order.
        let same_place = known.fields().get(place).filter(|known| known.name() == field.name());
        let known = same_place.map(|known| &**known).or_else(|| known.field_with_name(field.name()).ok());
        known.is_some_and(|known| known.data_type() != field.data_type())
    };
    let schema = batch.schema();
    let differing: Vec<bool> =
        schema.fields().iter().enumerate().map(|(place, field)| differs(place, field)).collect();
    if !differing.contains(&true) {
        return Ok(batch);
    }
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for ((field, array), differs) in schema.fields().iter().zip(batch.columns()).zip(differing) {
        if key_of_off_type(field.name()).is_some() {
            continue;
        }
        let off_type = batch.column_by_name(&off_type_name(field.name()));
        if !differs {
            fields.push(field.as_ref().clone());
            arrays.push(Arc::clone(array));
            if let Some(off_type) = off_type {
                fields.push(Field::new(off_type_name(field.name()), DataType::Utf8View, true));
                arrays.push(Arc::clone(off_type));
            }
            continue;
        }
        let mut column = ColumnBuilder::of_type(known.field_with_name(field.name())?.data_type());
        for row in 0..batch.num_rows() {
            let odd = off_type.filter(|texts| texts.is_valid(row));
            let value = match odd {
                Some(texts) => off_type_value(texts.as_string_view().value(row)),
                None if array.is_valid(row) => value_at(array, row),
                None => continue,
            };
            column.push(row, Scalar::from(&value));
        }
        column.finish(field.name(), batch.num_rows(), &mut fields, &mut arrays);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

/// The JSON text of a value in an off-type column; a time is marked, so that it is not taken for text.
fn off_type_text(value: Scalar<'_>) -> String {
    match value {
        Scalar::Null => "null".to_owned(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(value) => value.to_string(),
        Scalar::Float(value) => serde_json::Value::from(value).to_string(),
        Scalar::Text(text) => serde_json::Value::from(text).to_string(),
        Scalar::Time(micros) => {
            let text = DateTime::from_timestamp_micros(micros).map(print_time);
            serde_json::json!({"$time": text}).to_string()
        }
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

/// The schema that has the columns of both, those of `old` first; `old` itself if that has all.
pub fn union(old: &SchemaRef, new: &Schema) -> SchemaRef {
    let is_new = |(place, field): &(usize, &Arc<Field>)| {
        // Most batches of a data set have the same keys in the same order.
        let same_place = old.fields().get(*place).is_some_and(|known| known.name() == field.name());
        !same_place && old.field_with_name(field.name()).is_err()
    };
    let mut added = new.fields().iter().enumerate().filter(is_new).map(|(_, field)| field).peekable();
    if added.peek().is_none() {
        return Arc::clone(old);
    }
    Arc::new(Schema::new(old.fields().iter().chain(added).cloned().collect::<Vec<_>>()))
}

/// The same rows with each column of text in one piece of memory. Text of many batches put together otherwise stays in as many
/// pieces as there were.
pub fn in_one_piece(batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    let (schema, arrays, _) = batch.into_parts();
    let arrays = arrays.into_iter().map(|array| match array.as_string_view_opt() {
        Some(texts) => Arc::new(texts.gc()) as ArrayRef,
        None => array,
    });
    let arrays = arrays.collect();
    RecordBatch::try_new(schema, arrays)
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
