//! Records as columns of one type each, for Arrow and Parquet.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
    TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use query_lang::Value;

use super::columns::is_time_name;
use super::records::{Shown, Survey, kinds, moment};
use crate::query::kernel::Source;
use crate::schema::{TIMESTAMP, time_type};

/// The narrowest types that hold all values of each key, and how rows become such columns.
#[derive(Debug)]
pub struct Table {
    columns: Vec<(Shown, u8)>,
    pub schema: SchemaRef,
}

impl Table {
    /// The table of the records that were surveyed. A field that was asked for and that no record has is an empty column.
    pub fn new(survey: &Survey) -> Self {
        let shown = survey.shown.iter().cloned().zip(survey.met.iter().copied());
        let mut columns: Vec<(Shown, u8)> =
            shown.filter(|(_, met)| *met != 0 || !survey.fields.is_empty()).collect();
        if !survey.fields.is_empty() {
            let all = survey.fields.iter().map(|field| {
                let known = columns.iter().find(|(shown, _)| shown.name == *field).cloned();
                known.unwrap_or((Shown { name: field.clone(), period: None }, 0))
            });
            columns = all.collect();
        }
        let fields: Vec<Field> = columns
            .iter()
            .map(|(shown, met)| Field::new(&shown.name, kind(&shown.name, *met), true))
            .collect();
        Self { columns, schema: Arc::new(Schema::new(fields)) }
    }

    /// Records as rows of the table.
    ///
    /// # Errors
    /// Only when Arrow cannot build columns.
    pub fn rows(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let columns = self.columns.iter().zip(self.schema.fields());
        let arrays: Result<Vec<ArrayRef>, ArrowError> =
            columns.map(|((shown, met), field)| column(batch, shown, *met, field.data_type())).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays?, &options)
    }
}

/// The type of a column whose values are of these kinds.
fn kind(name: &str, met: u8) -> DataType {
    match met & !kinds::NULL {
        kinds::WHOLE => DataType::Int64,
        numbers if numbers != 0 && numbers & !(kinds::WHOLE | kinds::BROKEN) == 0 => DataType::Float64,
        kinds::FLAG => DataType::Boolean,
        kinds::TIME if is_time_name(name) => time_type(),
        _ => DataType::Utf8,
    }
}

fn column(batch: &RecordBatch, shown: &Shown, met: u8, kind: &DataType) -> Result<ArrayRef, ArrowError> {
    let rows = 0..batch.num_rows();
    if let (Some(period), DataType::Timestamp(..)) = (shown.period, kind) {
        let Some(times) = batch.column_by_name(TIMESTAMP) else {
            return Ok(arrow::array::new_null_array(kind, batch.num_rows()));
        };
        let start = |row| moment(times, row).map(|time| period.floor(time).timestamp_micros());
        return Ok(Arc::new(rows.map(start).collect::<TimestampMicrosecondArray>().with_timezone("UTC")));
    }
    let source = Source::of(batch, &shown.name);
    let is_text = met & !kinds::NULL == kinds::TEXT;
    if let (Some(typed), None) = (source.typed, source.off_type) {
        let is_same = typed.data_type() == kind;
        if is_same || is_text {
            return if is_same { Ok(Arc::clone(typed)) } else { cast(typed, kind) };
        }
    }
    let value = |row| shown.value(batch, row).filter(|value| *value != Value::Null);
    Ok(match kind {
        DataType::Int64 => Arc::new(rows.map(|row| value(row)?.to_json().as_i64()).collect::<Int64Array>()),
        DataType::Float64 => {
            Arc::new(rows.map(|row| value(row)?.to_json().as_f64()).collect::<Float64Array>())
        }
        DataType::Boolean => {
            Arc::new(rows.map(|row| value(row)?.to_json().as_bool()).collect::<BooleanArray>())
        }
        DataType::Timestamp(..) => {
            let micros = |row| match value(row)? {
                Value::Time(time) => Some(time.timestamp_micros()),
                _ => None,
            };
            Arc::new(rows.map(micros).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
        _ => {
            // Times print as text; where all values are text they stand as they are, else each as JSON.
            let is_plain = met & !(kinds::NULL | kinds::TEXT | kinds::TIME) == 0;
            let text = |row| {
                let json = value(row)?.to_json();
                Some(json.as_str().filter(|_| is_plain).map_or(json.to_string(), str::to_owned))
            };
            Arc::new(rows.map(text).collect::<StringArray>())
        }
    })
}
