//! The rows of grouped answers: names that all rows share, and the cells of one row after another.
//!
//! ```text
//! names as they come -> Layout (in the order of the answer) + Columns (where each name went)
//! cells as they come -> Rows::push -> JSON, CSV, or columns of one type
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Map;

use super::Row;
use super::cell::Cell;
use super::text::csv_writer;

/// The names of rows, in the order in which they are shown.
#[derive(Debug, Default, PartialEq)]
pub struct Layout {
    names: Vec<Name>,
}

#[derive(Debug, Clone, PartialEq)]
struct Name {
    plain: String,
    /// As it stands in JSON before a value, with the colon.
    json: String,
}

impl Name {
    fn new(plain: String) -> Self {
        let json = format!("{}:", serde_json::Value::from(plain.as_str()));
        Self { plain, json }
    }
}

/// Where cells go that come in another order than that of the layout.
#[derive(Debug, Clone)]
pub struct Columns(Vec<usize>);

impl Layout {
    /// Names that come in any order, some perhaps twice, in alphabetical order; and where each of them went.
    pub fn sorted(names: &[String]) -> (Arc<Self>, Columns) {
        let sorted: BTreeSet<&String> = names.iter().collect();
        let layout = Self { names: sorted.into_iter().cloned().map(Name::new).collect() };
        let columns = names.iter().filter_map(|name| layout.column(name)).collect();
        (Arc::new(layout), Columns(columns))
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known.plain == name)
    }
}

/// Rows in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    layout: Arc<Layout>,
    /// Row after row, one for each name; `None` where the row does not have it.
    cells: Vec<Option<Cell>>,
    len: usize,
    /// The columns of a table of these rows; empty for all names that a row has.
    fields: Vec<String>,
}

impl Rows {
    /// No rows yet, with room for some.
    pub fn new(layout: Arc<Layout>, capacity: usize) -> Self {
        let cells = Vec::with_capacity(capacity * layout.names.len());
        Self { layout, cells, len: 0, fields: Vec::new() }
    }

    /// Adds a row of cells that come in the order of `columns`, and takes them. Of two cells with one name the later one counts.
    pub fn push(&mut self, columns: &Columns, cells: &mut Vec<Option<Cell>>) {
        let begin = self.cells.len();
        self.cells.resize(begin + self.layout.names.len(), None);
        for (column, cell) in columns.0.iter().zip(cells.drain(..)) {
            if cell.is_some() {
                self.cells[begin + column] = cell;
            }
        }
        self.len += 1;
    }

    /// Rows of any names, each row with its names in alphabetical order.
    pub fn from_json(maps: Vec<Row>) -> Self {
        let names: BTreeSet<String> = maps.iter().flat_map(Map::keys).cloned().collect();
        let names: Vec<String> = names.into_iter().collect();
        let (layout, columns) = Layout::sorted(&names);
        let mut rows = Self::new(layout, maps.len());
        let mut cells = Vec::new();
        for mut map in maps {
            cells.extend(names.iter().map(|name| map.remove(name).map(Cell::from_json)));
            rows.push(&columns, &mut cells);
        }
        rows
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.len
    }

    fn iter(&self) -> impl ExactSizeIterator<Item = &[Option<Cell>]> {
        let width = self.layout.names.len();
        (0..self.len).map(move |row| &self.cells[row * width..][..width])
    }

    /// The cells of a name from the first row to the last; `None` where no row has it.
    pub fn column(&self, name: &str) -> Option<Vec<Option<&Cell>>> {
        let column = self.layout.column(name)?;
        let cells: Vec<Option<&Cell>> = self.iter().map(|row| row[column].as_ref()).collect();
        cells.iter().any(Option::is_some).then_some(cells)
    }

    /// The rows at some places, in this order.
    #[must_use]
    pub fn select(&self, places: impl Iterator<Item = usize>) -> Self {
        let width = self.layout.names.len();
        let mut chosen = Self { fields: self.fields.clone(), ..Self::new(Arc::clone(&self.layout), 0) };
        for place in places {
            chosen.cells.extend_from_slice(&self.cells[place * width..][..width]);
            chosen.len += 1;
        }
        chosen
    }

    /// Leaves only these fields in every row, in this order.
    #[must_use]
    pub fn with_fields(self, fields: &[String]) -> Self {
        let mut kept: Vec<usize> = Vec::new();
        for column in fields.iter().filter_map(|field| self.layout.column(field)) {
            if !kept.contains(&column) {
                kept.push(column);
            }
        }
        let names = kept.iter().map(|column| self.layout.names[*column].clone()).collect();
        let layout = Arc::new(Layout { names });
        let cells = self.iter().flat_map(|row| kept.iter().map(|column| row[*column].clone())).collect();
        Self { layout, cells, len: self.len, fields: fields.to_vec() }
    }

    /// The columns of a table of these rows: their names, and where they are found.
    pub fn columns(&self) -> Vec<(&str, Option<usize>)> {
        if !self.fields.is_empty() {
            return self.fields.iter().map(|field| (field.as_str(), self.layout.column(field))).collect();
        }
        let is_met = |column: &usize| self.iter().any(|row| row[*column].is_some());
        let met = (0..self.layout.names.len()).filter(is_met);
        met.map(|column| (self.layout.names[column].plain.as_str(), Some(column))).collect()
    }

    /// The cells of a [column](Rows::columns).
    pub fn cells(&self, column: Option<usize>) -> impl Iterator<Item = Option<&Cell>> {
        self.iter().map(move |row| row[column?].as_ref())
    }

    /// The rows as JSON values.
    pub fn to_maps(&self) -> Vec<Row> {
        let map = |row: &[Option<Cell>]| {
            let named = self.layout.names.iter().zip(row);
            named.filter_map(|(name, cell)| Some((name.plain.clone(), cell.as_ref()?.to_json()))).collect()
        };
        self.iter().map(map).collect()
    }

    /// Bytes in memory, roughly.
    pub fn bytes(&self) -> usize {
        let own = self.cells.len() * size_of::<Option<Cell>>();
        64 + own + self.cells.iter().flatten().map(Cell::bytes).sum::<usize>()
    }

    fn write_row(&self, row: &[Option<Cell>], text: &mut Vec<u8>) {
        text.push(b'{');
        let mut is_first = true;
        for (name, cell) in self.layout.names.iter().zip(row) {
            let Some(cell) = cell else { continue };
            if !is_first {
                text.push(b',');
            }
            is_first = false;
            text.extend_from_slice(name.json.as_bytes());
            cell.write_json(text);
        }
        text.push(b'}');
    }

    /// Appends the rows as a JSON list.
    pub fn write_json(&self, text: &mut Vec<u8>) {
        text.push(b'[');
        for (place, row) in self.iter().enumerate() {
            if place > 0 {
                text.push(b',');
            }
            self.write_row(row, text);
        }
        text.push(b']');
    }

    /// Appends the rows as JSON, one a line.
    pub fn write_ndjson(&self, text: &mut Vec<u8>) {
        for row in self.iter() {
            self.write_row(row, text);
            text.push(b'\n');
        }
    }

    /// The rows as CSV, with a header line of their columns; empty for no columns. Lines end in CRLF. Lists and rows are JSON.
    pub fn to_csv(&self) -> Vec<u8> {
        let columns = self.columns();
        if columns.is_empty() {
            return Vec::new();
        }
        let mut writer = csv_writer(Vec::new());
        // Writing to memory does not fail, and every line has the same number of cells.
        let _ = writer.write_record(columns.iter().map(|(name, _)| name));
        for row in self.iter() {
            for (_, column) in &columns {
                let cell = column.and_then(|column| row[column].as_ref()).unwrap_or(&Cell::Null);
                let _ = writer.write_field(cell.to_csv().as_ref());
            }
            let _ = writer.write_record(None::<&[u8]>);
        }
        writer.into_inner().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rows(rows: Value) -> Rows {
        Rows::from_json(serde_json::from_value(rows).unwrap())
    }

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut text = Vec::new();
        write(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn cells_find_their_places_and_the_later_of_two_counts() {
        let names = ["b", "a", "b", "c"].map(str::to_owned);
        let (layout, columns) = Layout::sorted(&names);
        let mut rows = Rows::new(layout, 2);
        for last in [Some(Cell::Whole(3)), None] {
            let mut cells = vec![Some(Cell::Whole(1)), Some("x".into()), last, None];
            rows.push(&columns, &mut cells);
            assert!(cells.is_empty());
        }
        assert_eq!(text(|text| rows.write_json(text)), r#"[{"a":"x","b":3},{"a":"x","b":1}]"#);
        assert_eq!(text(|text| rows.write_ndjson(text)), "{\"a\":\"x\",\"b\":3}\n{\"a\":\"x\",\"b\":1}\n");
        assert_eq!(rows.column("c"), None);
        assert_eq!(rows.column("b"), Some(vec![Some(&Cell::Whole(3)), Some(&Cell::Whole(1))]));
    }

    #[test]
    fn rows_are_chosen_and_put_in_order() {
        let rows = rows(json!([{"a": 1}, {"a": 2}, {"b": 3}]));
        assert_eq!(rows.select([2, 0].into_iter()).to_maps(), rows_of(json!([{"b": 3}, {"a": 1}])));
    }

    fn rows_of(rows: Value) -> Vec<Row> {
        serde_json::from_value(rows).unwrap()
    }

    #[test]
    fn csv_has_a_column_for_every_name_that_a_row_has() {
        let rows = rows(json!([{"b": 1, "a": "x,y"}, {"c": [1, "z"], "b": null, "a": true}]));
        let text = String::from_utf8(rows.to_csv()).unwrap();
        assert_eq!(text, "a,b,c\r\n\"x,y\",1,\r\nTrue,,\"[1,\"\"z\"\"]\"\r\n");
        assert!(Rows::default().to_csv().is_empty());
    }

    #[test]
    fn fields_are_chosen_and_ordered() {
        let fields = ["c", "a", "x", "c"].map(str::to_owned);
        let rows = rows(json!([{"a": 1, "b": 2, "c": 3}])).with_fields(&fields);
        assert_eq!(text(|text| rows.write_json(text)), r#"[{"c":3,"a":1}]"#);
        assert_eq!(String::from_utf8(rows.to_csv()).unwrap(), "c,a,x,c\r\n3,1,,3\r\n");
    }
}
