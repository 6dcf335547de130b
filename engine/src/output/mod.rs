//! An answer, and the forms in which it leaves: JSON, CSV, lines of JSON, and columns (`columns`: Arrow and Parquet).

mod columns;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The rows of an answer, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// One JSON object a row.
    pub rows: Vec<Map<String, Value>>,
    /// The columns of a table of these rows; empty for all keys in alphabetical order.
    pub fields: Vec<String>,
    /// For a query that is asked page by page, the cursor of the next page; `None` on the last one.
    pub next: Option<String>,
}

impl Answer {
    /// An answer of these rows.
    pub fn new(rows: Vec<Map<String, Value>>) -> Self {
        Self { rows, ..Self::default() }
    }

    /// Leaves only these fields in every row, in this order; all of them where none is named.
    pub fn keep_fields(&mut self, fields: &[String]) {
        if fields.is_empty() {
            return;
        }
        for row in &mut self.rows {
            let kept = fields.iter().filter_map(|field| Some((field.clone(), row.get(field)?.clone())));
            *row = kept.collect();
        }
        self.fields = fields.to_vec();
    }

    /// The rows as a JSON list.
    pub fn to_json(&self) -> Vec<u8> {
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
    pub fn to_ndjson(&self) -> Vec<u8> {
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
    pub fn to_csv(&self) -> Vec<u8> {
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
        let text = String::from_utf8(answer.to_csv()).unwrap();
        assert_eq!(text, "a,b,c\r\n\"x,y\",1,\r\nTrue,,\"[1,\"\"z\"\"]\"\r\n");
        assert!(Answer::default().to_csv().is_empty());
    }

    #[test]
    fn fields_are_chosen_and_ordered() {
        let mut answer = answer(json!([{"a": 1, "b": 2, "c": 3}]));
        answer.keep_fields(&["c".to_owned(), "a".to_owned(), "x".to_owned()]);
        assert_eq!(answer.to_json(), br#"[{"c":3,"a":1}]"#);
    }
}
