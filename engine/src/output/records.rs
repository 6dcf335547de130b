//! Records as an answer: what is shown of them, column by column.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Schema, SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;
use chrono::DateTime;
use query_lang::{Format, Period, Value, print_time};

use super::Row;
use super::writer::Writer;
use crate::query::kernel::Source;
use crate::schema::{SEQUENCE, TIMESTAMP, key_of_off_type, off_type_name};

/// Records in their columns (see [`crate::schema`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Records {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    fields: Vec<String>,
}

impl Records {
    /// Records of these columns; `fields` are the keys to be shown, in this order, none for all in alphabetical order.
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>, fields: &[String]) -> Self {
        Self { schema, batches, fields: fields.to_vec() }
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes in memory, roughly.
    pub fn bytes(&self) -> usize {
        self.batches.iter().map(RecordBatch::get_array_memory_size).sum()
    }

    /// The records as JSON values.
    pub fn rows(&self) -> Vec<Row> {
        let shown = Shown::all(&self.schema, &self.fields);
        let row = |batch: &RecordBatch, row: usize| -> Row {
            let value = |shown: &Shown| Some((shown.name.clone(), shown.value(batch, row)?.to_json()));
            shown.iter().filter_map(value).collect()
        };
        self.batches
            .iter()
            .flat_map(|batch| (0..batch.num_rows()).map(|n| row(batch, n)).collect::<Vec<_>>())
            .collect()
    }

    /// The records in a form.
    ///
    /// # Errors
    /// Only when a table cannot be written.
    pub fn write(&self, format: Format) -> Result<Vec<u8>, ArrowError> {
        let mut survey = Survey::new(format, &self.schema, &self.fields);
        self.batches.iter().for_each(|batch| survey.add(batch));
        let mut writer = Writer::new(survey)?;
        for batch in &self.batches {
            writer.write(batch)?;
        }
        writer.finish()
    }
}

/// One key as it is shown: stored, or the start of a period that follows from the time.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub name: String,
    pub period: Option<Period>,
}

impl Shown {
    /// The keys that records of these columns can show, in the order of the answer.
    pub fn all(schema: &Schema, fields: &[String]) -> Vec<Self> {
        let mut shown: Vec<Self> = Vec::new();
        let names = schema.fields().iter().map(|field| field.name().as_str());
        for name in names.filter(|name| *name != SEQUENCE && key_of_off_type(name).is_none()) {
            shown.push(Self { name: name.to_owned(), period: None });
            if name == TIMESTAMP {
                let starts = Period::ALL.into_iter();
                shown.extend(
                    starts.map(|period| Self { name: period.start_key().to_owned(), period: Some(period) }),
                );
            }
        }
        if fields.is_empty() {
            shown.sort_by(|a, b| a.name.cmp(&b.name));
            return shown;
        }
        let mut chosen: Vec<Self> = Vec::new();
        for field in fields.iter().filter_map(|field| shown.iter().find(|shown| shown.name == *field)) {
            if !chosen.contains(field) {
                chosen.push(field.clone());
            }
        }
        chosen
    }

    /// What a record shows; `None` where it does not have the key.
    pub fn value(&self, batch: &RecordBatch, row: usize) -> Option<Value> {
        let Some(period) = self.period else { return Source::of(batch, &self.name).value(row) };
        match Source::of(batch, TIMESTAMP).value(row)? {
            Value::Time(time) => Some(Value::Text(print_time(period.floor(time)))),
            _ => None,
        }
    }
}

/// Kinds of values, as bits.
pub mod kinds {
    use query_lang::Value;

    pub const NULL: u8 = 1;
    pub const WHOLE: u8 = 2;
    pub const BROKEN: u8 = 4;
    pub const FLAG: u8 = 8;
    pub const TEXT: u8 = 16;
    pub const TIME: u8 = 32;

    pub fn of(value: &Value) -> u8 {
        match value {
            Value::Null => NULL,
            Value::Int(_) => WHOLE,
            Value::Float(_) => BROKEN,
            Value::Bool(_) => FLAG,
            Value::Text(_) => TEXT,
            Value::Time(_) => TIME,
        }
    }
}

/// What a form has to know of all records before it can write the first: a table of which keys there are, and a typed table
/// which kinds of values they hold.
#[derive(Debug, Clone)]
pub struct Survey {
    pub format: Format,
    pub shown: Vec<Shown>,
    /// The kinds of the values met of each shown key.
    pub met: Vec<u8>,
    /// Fields that were asked for are columns whether a record has them or not.
    pub fields: Vec<String>,
    /// Whether a key can hold values off its type.
    is_mixed: Vec<bool>,
}

impl Survey {
    pub fn new(format: Format, schema: &Schema, fields: &[String]) -> Self {
        let shown = Shown::all(schema, fields);
        let mixed = |shown: &Shown| schema.field_with_name(&off_type_name(&shown.name)).is_ok();
        Self {
            format,
            met: vec![0; shown.len()],
            is_mixed: shown.iter().map(mixed).collect(),
            shown,
            fields: fields.to_vec(),
        }
    }

    /// Whether more records can tell nothing new.
    pub fn is_settled(&self) -> bool {
        match self.format {
            Format::Json | Format::Ndjson => true,
            Format::Csv => !self.fields.is_empty() || self.met.iter().all(|kinds| *kinds != 0),
            Format::Arrow | Format::Parquet => {
                self.met.iter().zip(&self.is_mixed).all(|(kinds, is_mixed)| *kinds != 0 && !is_mixed)
            }
        }
    }

    pub fn add(&mut self, batch: &RecordBatch) {
        if self.is_settled() {
            return;
        }
        for (shown, met) in self.shown.iter().zip(&mut self.met) {
            let source = Source::of(batch, if shown.period.is_some() { TIMESTAMP } else { &shown.name });
            if let Some(typed) = source.typed.filter(|typed| typed.null_count() < typed.len()) {
                *met |= match typed.data_type() {
                    DataType::Int64 => kinds::WHOLE,
                    DataType::Float64 => kinds::BROKEN,
                    DataType::Boolean => kinds::FLAG,
                    DataType::Timestamp(..) => kinds::TIME,
                    _ => kinds::TEXT,
                };
            }
            for (_, value) in source.off_type_values() {
                *met |= kinds::of(&value);
            }
        }
    }
}

/// The times of a batch, in microseconds since 1970; a printer of them and of the starts of their periods.
pub fn moment(array: &dyn Array, row: usize) -> Option<DateTime<chrono::Utc>> {
    let times = array.as_primitive_opt::<TimestampMicrosecondType>()?;
    DateTime::from_timestamp_micros(times.is_valid(row).then(|| times.value(row))?)
}
