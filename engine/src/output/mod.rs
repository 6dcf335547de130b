//! Answers, and the forms in which they leave: JSON, CSV, lines of JSON, and tables (Arrow and Parquet).
//!
//! The answers of grouped queries are rows of [cells](Cell) that share their names ([`Rows`]). Records stay in the columns in
//! which they lie ([`Records`]). Both are written straight from there, records (`text`, `table`) all at once or a batch at a
//! time ([`Writer`]). Whoever wants values of JSON gets them made ([`Answer::rows`]).

mod cell;
mod columns;
mod records;
mod rows;
mod table;
mod text;
mod writer;

use arrow::error::ArrowError;
use query_lang::Format;
use serde_json::{Map, Value};

pub(crate) use cell::{Cell, List};
pub use records::Records;
pub(crate) use records::Survey;
pub(crate) use rows::{Columns, Layout, Rows};
pub(crate) use writer::Writer;

/// A row as JSON.
pub type Row = Map<String, Value>;

/// An answer: rows in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    content: Content,
    /// For a query that is asked page by page, the cursor of the next page; `None` on the last one.
    pub next: Option<String>,
    /// The keys that the query is about and that no record has: mostly slips of the pen.
    pub unknown_keys: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Rows(Rows),
    Records(Records),
}

impl Default for Content {
    fn default() -> Self {
        Self::Rows(Rows::default())
    }
}

impl From<Records> for Answer {
    fn from(records: Records) -> Self {
        Self { content: Content::Records(records), next: None, unknown_keys: Vec::new() }
    }
}

impl From<Rows> for Answer {
    fn from(rows: Rows) -> Self {
        Self { content: Content::Rows(rows), next: None, unknown_keys: Vec::new() }
    }
}

impl Answer {
    /// An answer that comes from elsewhere. The names of a row will be in alphabetical order.
    pub fn from_json(rows: Vec<Row>) -> Self {
        Rows::from_json(rows).into()
    }

    /// The same with the cursor of the next page.
    #[must_use]
    pub fn with_next(self, next: Option<String>) -> Self {
        Self { next, ..self }
    }

    /// The same with the keys that no record has.
    #[must_use]
    pub fn with_unknown_keys(self, unknown_keys: Vec<String>) -> Self {
        Self { unknown_keys, ..self }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        match &self.content {
            Content::Rows(rows) => rows.len(),
            Content::Records(records) => records.len(),
        }
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows as JSON values.
    pub fn rows(&self) -> Vec<Row> {
        match &self.content {
            Content::Rows(rows) => rows.to_maps(),
            Content::Records(records) => records.rows(),
        }
    }

    /// Leaves only these fields in every row, in this order; all of them where none is named. Records have been read so.
    #[must_use]
    pub fn with_fields(self, fields: &[String]) -> Self {
        let content = match self.content {
            Content::Rows(rows) if !fields.is_empty() => Content::Rows(rows.with_fields(fields)),
            content => content,
        };
        Self { content, ..self }
    }

    /// Bytes in memory, roughly.
    pub fn bytes(&self) -> usize {
        match &self.content {
            Content::Rows(rows) => rows.bytes(),
            Content::Records(records) => records.bytes(),
        }
    }

    /// The rows in a form.
    ///
    /// # Errors
    /// Only when a table cannot be written.
    pub fn write(&self, format: Format) -> Result<Vec<u8>, ArrowError> {
        self.write_after(Vec::new(), format)
    }

    /// The same after a text that is there already.
    ///
    /// # Errors
    /// As [`Answer::write`].
    pub fn write_after(&self, mut text: Vec<u8>, format: Format) -> Result<Vec<u8>, ArrowError> {
        if let (Content::Rows(rows), Format::Json | Format::Ndjson) = (&self.content, format) {
            // Text is about as long as what it shows is in memory: names are repeated, and numbers are mostly shorter.
            text.reserve(rows.bytes());
        }
        match (&self.content, format) {
            (Content::Rows(rows), Format::Json) => rows.write_json(&mut text),
            (Content::Rows(rows), Format::Ndjson) => rows.write_ndjson(&mut text),
            (Content::Rows(rows), Format::Csv) => text.extend(rows.to_csv()),
            (Content::Rows(rows), Format::Arrow) => text.extend(rows.to_arrow()?),
            (Content::Rows(rows), Format::Parquet) => text.extend(rows.to_parquet()?),
            (Content::Records(records), format) => text.extend(records.write(format)?),
        }
        Ok(text)
    }
}
