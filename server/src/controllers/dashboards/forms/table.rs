//! Tables as files: CSV, what machines want to know about it (CSV on the Web), and spreadsheets.

use chrono::{DateTime, Utc};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use serde_json::{Value, json};
use spotlight_renderer::view::Table;
use spotlight_renderer::view::provenance::{Provenance, moment};

/// The widest column of labels and texts about a table, in letters.
const WIDEST: f64 = 100.0;

/// What a cell of a file holds.
enum Cell<'a> {
    Empty,
    Amount(f64),
    Text(&'a str),
}

/// The cells row by row: amounts as they are, everything else as readers see it.
fn cells(table: &Table) -> impl Iterator<Item = Vec<Cell<'_>>> {
    table.rows.iter().enumerate().map(|(place, row)| {
        let amounts = table.amounts.get(place);
        let amount = |column: usize| amounts.and_then(|amounts| *amounts.get(column)?);
        row.iter()
            .enumerate()
            .map(|(column, text)| match (amount(column), text) {
                (Some(amount), _) => Cell::Amount(amount),
                (None, Some(text)) => Cell::Text(text.full.as_deref().unwrap_or(&text.text)),
                (None, None) => Cell::Empty,
            })
            .collect()
    })
}

/// Lines of comma-separated values (RFC 4180), the first of them the names of the columns.
pub fn csv(table: &Table) -> Vec<u8> {
    let mut out = String::new();
    line(&mut out, table.columns.iter().map(|column| column.label.clone()));
    for row in cells(table) {
        let texts = row.into_iter().map(|cell| match cell {
            Cell::Empty => String::new(),
            Cell::Amount(amount) => amount.to_string(),
            Cell::Text(text) => text.to_owned(),
        });
        line(&mut out, texts);
    }
    out.into_bytes()
}

fn line(out: &mut String, cells: impl Iterator<Item = String>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            out.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            out.push_str(&format!("\"{}\"", cell.replace('"', "\"\"")));
        } else {
            out.push_str(&cell);
        }
    }
    out.push_str("\r\n");
}

/// What the table at an address does not say itself, as W3C's Metadata Vocabulary for Tabular Data has it. When it was retrieved is
/// left to the caller, who adds it to everything.
pub fn metadata(table: &Table, from: &Provenance, url: &str) -> Value {
    let holds_amounts = |column: usize| {
        let mut any = false;
        let only = cells(table).all(|row| match row.get(column) {
            Some(Cell::Amount(_)) => {
                any = true;
                true
            }
            Some(Cell::Text(_)) => false,
            Some(Cell::Empty) | None => true,
        });
        only && any
    };
    let columns = table.columns.iter().enumerate().map(|(place, column)| {
        let datatype = if holds_amounts(place) { "number" } else { "string" };
        json!({"titles": column.label, "datatype": datatype})
    });
    let (start, end) = from.range();
    let temporal = (start.is_some() || end.is_some()).then(|| {
        format!("{}/{}", start.map(moment).unwrap_or_default(), end.map(moment).unwrap_or_default())
    });
    let sources: Vec<Value> = from.sources.iter().map(|source| json!({"@id": source.query})).collect();
    let licence = from.licence.as_ref().map(|licence| match &licence.url {
        Some(url) => json!({"@id": url}),
        None => json!(licence.title),
    });
    let mut stated = json!({
        "@context": ["http://www.w3.org/ns/csvw", {"@language": from.language}],
        "url": url,
        "dc:title": from.title,
        "dc:publisher": from.publisher,
        "dc:source": sources,
        "dialect": {"header": true, "encoding": "utf-8", "delimiter": ","},
        "tableSchema": {"columns": columns.collect::<Vec<_>>()},
    });
    let known = [
        ("dc:license", licence),
        ("dc:temporal", temporal.map(Value::from)),
        ("dc:modified", from.updated.map(|time| moment(time).into())),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            stated[name] = value;
        }
    }
    stated
}

/// A spreadsheet with the table on its first sheet and, on the second, whose heading comes first, labels and texts about it.
pub fn xlsx(
    table: &Table,
    title: &str,
    (heading, about): (&str, &[(String, String)]),
    retrieved: DateTime<Utc>,
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::from_timestamp(retrieved.timestamp())?;
    book.set_properties(&DocProperties::new().set_title(title).set_creation_datetime(&made));
    values(named(book.add_worksheet(), title)?, table)?;
    let sheet = named(book.add_worksheet(), heading)?;
    let bold = Format::new().set_bold();
    for (row, (label, text)) in (0..).zip(about) {
        sheet.write_string_with_format(row, 0, label, &bold)?;
        sheet.write_string(row, 1, text)?;
    }
    sheet.set_column_width(0, 24)?;
    sheet.set_column_width(1, WIDEST)?;
    book.save_to_buffer()
}

/// A sheet of a name, as far as it can be one: at most 31 letters and some signs not among them.
fn named<'a>(sheet: &'a mut Worksheet, name: &str) -> Result<&'a mut Worksheet, XlsxError> {
    let name: String = name.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(31).collect();
    match name.trim() {
        "" => Ok(sheet),
        name => sheet.set_name(name),
    }
}

fn values(sheet: &mut Worksheet, table: &Table) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    for (column, head) in (0..).zip(&table.columns) {
        sheet.write_string_with_format(0, column, &head.label, &bold)?;
    }
    for (place, row) in (1..).zip(cells(table)) {
        for (column, cell) in (0..).zip(row) {
            match cell {
                Cell::Empty => {}
                Cell::Amount(amount) => {
                    sheet.write_number(place, column, amount)?;
                }
                Cell::Text(text) => {
                    sheet.write_string(place, column, text)?;
                }
            }
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofit();
    Ok(())
}
