//! Writing records batch by batch, in bounded memory.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use parquet::arrow::ArrowWriter;
use query_lang::Format;

use super::columns::properties;
use super::records::{Shown, Survey};
use super::table::Table;
use super::text::{csv_writer, write_csv, write_json};

/// Writes records in one form.
pub struct Writer {
    form: Form,
    /// What has been written and not been taken.
    ready: Vec<u8>,
    is_first: bool,
}

enum Form {
    Json(Vec<Shown>),
    Ndjson(Vec<Shown>),
    /// Without columns there is no table, whatever the rows.
    Csv(Vec<Shown>),
    Arrow(Table, Box<StreamWriter<Sink>>, Receiver<Vec<u8>>),
    Parquet(Table, Box<ArrowWriter<Sink>>, Receiver<Vec<u8>>),
}

impl Writer {
    /// A writer for records that were surveyed.
    ///
    /// # Errors
    /// Only when a table cannot be begun.
    pub fn new(survey: Survey) -> Result<Self, ArrowError> {
        let mut ready = Vec::new();
        let form = match survey.format {
            Format::Json => {
                ready.push(b'[');
                Form::Json(survey.shown)
            }
            Format::Ndjson => Form::Ndjson(survey.shown),
            Format::Csv => {
                let columns = csv_columns(&survey);
                if !columns.is_empty() {
                    let mut header = csv_writer(ready);
                    // Writing to memory does not fail.
                    let _ = header.write_record(columns.iter().map(|shown| &shown.name));
                    ready = header.into_inner().unwrap_or_default();
                }
                Form::Csv(columns)
            }
            Format::Arrow => {
                let (table, (sink, written)) = (Table::new(&survey), sink());
                let writer = Box::new(StreamWriter::try_new(sink, &table.schema)?);
                Form::Arrow(table, writer, written)
            }
            Format::Parquet => {
                let (table, (sink, written)) = (Table::new(&survey), sink());
                let writer = ArrowWriter::try_new(sink, Arc::clone(&table.schema), Some(properties()))?;
                Form::Parquet(table, Box::new(writer), written)
            }
        };
        Ok(Self { form, ready, is_first: true })
    }

    /// Writes some records.
    ///
    /// # Errors
    /// Only when a table cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        match &mut self.form {
            Form::Json(shown) => write_json(shown, batch, (b",", b""), self.is_first, &mut self.ready),
            Form::Ndjson(shown) => write_json(shown, batch, (b"", b"\n"), self.is_first, &mut self.ready),
            Form::Csv(columns) if columns.is_empty() => {}
            Form::Csv(columns) => {
                let columns: Vec<&Shown> = columns.iter().collect();
                self.ready = write_csv(&columns, batch, std::mem::take(&mut self.ready));
            }
            Form::Arrow(table, writer, written) => {
                writer.write(&table.rows(batch)?)?;
                written.try_iter().for_each(|bytes| self.ready.extend(bytes));
            }
            Form::Parquet(table, writer, written) => {
                writer.write(&table.rows(batch)?)?;
                written.try_iter().for_each(|bytes| self.ready.extend(bytes));
            }
        }
        self.is_first = false;
        Ok(())
    }

    /// How many bytes have been written since the last time.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// What has been written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.ready)
    }

    /// What has been written since the last time, and the end.
    ///
    /// # Errors
    /// Only when a table cannot be ended.
    pub fn finish(self) -> Result<Vec<u8>, ArrowError> {
        let mut ready = self.ready;
        match self.form {
            Form::Json(_) => ready.push(b']'),
            Form::Ndjson(_) | Form::Csv(_) => {}
            Form::Arrow(_, mut writer, written) => {
                writer.finish()?;
                written.try_iter().for_each(|bytes| ready.extend(bytes));
            }
            Form::Parquet(_, writer, written) => {
                writer.close()?;
                written.try_iter().for_each(|bytes| ready.extend(bytes));
            }
        }
        Ok(ready)
    }
}

/// The columns of a table of text: the fields that were asked for, else the keys that records have.
fn csv_columns(survey: &Survey) -> Vec<Shown> {
    if survey.fields.is_empty() {
        let shown = survey.shown.iter().zip(&survey.met).filter(|(_, met)| **met != 0);
        return shown.map(|(shown, _)| shown.clone()).collect();
    }
    let known = |field: &String| survey.shown.iter().find(|shown| shown.name == *field).cloned();
    let column = |field: &String| known(field).unwrap_or(Shown { name: field.clone(), period: None });
    survey.fields.iter().map(column).collect()
}

/// Takes what a writer of tables writes, for somebody else to have.
#[derive(Debug)]
struct Sink(Sender<Vec<u8>>);

fn sink() -> (Sink, Receiver<Vec<u8>>) {
    let (sender, receiver) = channel();
    (Sink(sender), receiver)
}

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
