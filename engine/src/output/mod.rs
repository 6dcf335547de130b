//! Answers, and the forms in which they leave: JSON, CSV, lines of JSON, and tables (Arrow and Parquet).
//!
//! The answers of grouped queries are rows of JSON values ([`Answer::rows`]). Records stay in the columns in which they lie
//! ([`Records`]) and are written straight from there (`text`, `table`), all at once or a batch at a time ([`Writer`]).

mod columns;
mod records;
mod table;
mod text;
mod writer;

use std::borrow::Cow;
use std::collections::BTreeSet;

use arrow::error::ArrowError;
use query_lang::Format;
use serde_json::{Map, Value};

pub use records::Records;
pub(crate) use records::Survey;
pub(crate) use writer::Writer;

/// A row as JSON.
pub type Row = Map<String, Value>;

/// An answer: rows in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    content: Content,
    /// For a query that is asked page by page, the cursor of the next page; `None` on the last one.
    pub next: Option<String>,
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

/// Rows of JSON values.
#[derive(Debug, Clone, Default, PartialEq)]
struct Rows {
    rows: Vec<Row>,
    /// The columns of a table of these rows; empty for all keys in alphabetical order.
    fields: Vec<String>,
}

impl From<Records> for Answer {
    fn from(records: Records) -> Self {
        Self { content: Content::Records(records), next: None }
    }
}

impl Answer {
    /// An answer of these rows.
    pub fn new(rows: Vec<Row>) -> Self {
        Self { content: Content::Rows(Rows { rows, fields: Vec::new() }), next: None }
    }

    /// The same with the cursor of the next page.
    #[must_use]
    pub fn with_next(self, next: Option<String>) -> Self {
        Self { next, ..self }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        match &self.content {
            Content::Rows(rows) => rows.rows.len(),
            Content::Records(records) => records.len(),
        }
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows as JSON values.
    pub fn rows(&self) -> Cow<'_, [Row]> {
        match &self.content {
            Content::Rows(rows) => Cow::Borrowed(&rows.rows),
            Content::Records(records) => Cow::Owned(records.rows()),
        }
    }

    /// Leaves only these fields in every row, in this order; all of them where none is named. Records have been read so.
    #[must_use]
    pub fn with_fields(mut self, fields: &[String]) -> Self {
        if let (Content::Rows(rows), false) = (&mut self.content, fields.is_empty()) {
            rows.keep_fields(fields);
        }
        self
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
        match &self.content {
            Content::Records(records) => records.write(format),
            Content::Rows(rows) => Ok(match format {
                Format::Json => rows.to_json(),
                Format::Ndjson => rows.to_ndjson(),
                Format::Csv => rows.to_csv(),
                Format::Arrow => rows.to_arrow()?,
                Format::Parquet => rows.to_parquet()?,
            }),
        }
    }
}

impl Rows {
    fn keep_fields(&mut self, fields: &[String]) {
        for row in &mut self.rows {
            let kept = fields.iter().filter_map(|field| Some((field.clone(), row.get(field)?.clone())));
            *row = kept.collect();
        }
        self.fields = fields.to_vec();
    }

    fn bytes(&self) -> usize {
        let row =
            |row: &Row| 64 + row.iter().map(|(key, value)| key.len() + 48 + bytes_of(value)).sum::<usize>();
        self.rows.iter().map(row).sum()
    }

    /// The rows as a JSON list.
    fn to_json(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.rows.len() * 128 + 2);
        text.push(b'[');
        for (index, row) in self.rows.iter().enumerate() {
            if index > 0 {
                text.push(b',');
            }
            write_json(row, &mut text);
        }
        text.push(b']');
        text
    }

    /// The rows as JSON, one a line.
    fn to_ndjson(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.rows.len() * 128);
        for row in &self.rows {
            write_json(row, &mut text);
            text.push(b'\n');
        }
        text
    }

    /// The columns of a table of these rows.
    fn columns(&self) -> Vec<&str> {
        if !self.fields.is_empty() {
            return self.fields.iter().map(String::as_str).collect();
        }
        let keys: BTreeSet<&str> = self.rows.iter().flat_map(Map::keys).map(String::as_str).collect();
        keys.into_iter().collect()
    }

    /// The rows as CSV, with a header line of their columns; empty for no rows. Lines end in
    /// CRLF. Lists and objects are JSON.
    fn to_csv(&self) -> Vec<u8> {
        let keys = self.columns();
        if keys.is_empty() {
            return Vec::new();
        }
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        // Writing to memory does not fail, and every line has the same number of cells.
        let _ = writer.write_record(&keys);
        for row in &self.rows {
            let _ = writer.write_record(keys.iter().map(|key| cell(row.get(*key))));
        }
        writer.into_inner().unwrap_or_default()
    }
}

fn write_json(row: &Map<String, Value>, text: &mut Vec<u8>) {
    // Writing to memory does not fail, and keys are text.
    let _ = serde_json::to_writer(text, row);
}

fn bytes_of(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(|value| 32 + bytes_of(value)).sum(),
        Value::Object(row) => row.iter().map(|(key, value)| key.len() + 64 + bytes_of(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(true)) => "True".to_owned(),
        Some(Value::Bool(false)) => "False".to_owned(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(rows: Value) -> Answer {
        Answer::new(serde_json::from_value(rows).unwrap())
    }

    #[test]
    fn csv_has_a_column_for_every_key() {
        let answer = answer(json!([{"b": 1, "a": "x,y"}, {"c": [1, "z"], "b": null, "a": true}]));
        let text = String::from_utf8(answer.write(Format::Csv).unwrap()).unwrap();
        assert_eq!(text, "a,b,c\r\n\"x,y\",1,\r\nTrue,,\"[1,\"\"z\"\"]\"\r\n");
        assert!(Answer::default().write(Format::Csv).unwrap().is_empty());
    }

    #[test]
    fn fields_are_chosen_and_ordered() {
        let answer = answer(json!([{"a": 1, "b": 2, "c": 3}]));
        let answer = answer.with_fields(&["c".to_owned(), "a".to_owned(), "x".to_owned()]);
        assert_eq!(answer.write(Format::Json).unwrap(), br#"[{"c":3,"a":1}]"#);
    }
}
