//! Rows laid out along time and categories.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::write;
use crate::chart::{Slot, Span};
use crate::data::Row;

/// One period and the rows in it.
pub struct Period<'a> {
    /// When it begins.
    pub start: DateTime<Utc>,
    /// Its label.
    pub label: String,
    /// The rows of the answer that are about it.
    pub rows: Vec<&'a Row>,
}

/// The name of the periods of a module: what its axis says, else its query, else weeks.
pub fn period_name(definition: &Value) -> &str {
    let query = &definition["data-source"]["query-params"]["period"];
    definition["axis-period"].as_str().or_else(|| query.as_str()).unwrap_or("week")
}

/// The length of the periods, as charts want it.
pub fn span(name: &str) -> Option<Span> {
    Some(match name {
        "hour" => Span::Hour,
        "day" => Span::Day,
        "week" => Span::Week,
        "month" => Span::Month,
        "quarter" => Span::Quarter,
        "year" => Span::Year,
        _ => return None,
    })
}

/// The rows by period, oldest first.
pub fn periods<'a>(definition: &Value, rows: &'a [Row]) -> Vec<Period<'a>> {
    let name = period_name(definition);
    let mut periods: Vec<Period<'a>> = Vec::new();
    for row in rows {
        let Some(start) = start(row) else { continue };
        match periods.iter_mut().find(|period| period.start == start) {
            Some(period) => period.rows.push(row),
            None => {
                periods.push(Period { start, label: write::period(name, start, end(row)), rows: vec![row] })
            }
        }
    }
    periods.sort_by_key(|period| period.start);
    periods
}

/// The slots of a chart over periods.
pub fn slots(periods: &[Period<'_>]) -> Vec<Slot> {
    periods.iter().map(|period| Slot { label: period.label.clone(), at: Some(period.start) }).collect()
}

/// When the period of a row begins.
pub fn start(row: &Row) -> Option<DateTime<Utc>> {
    ["_start_at", "start_at", "_timestamp"].iter().find_map(|key| time(row, key))
}

/// The first moment after the period of a row.
pub fn end(row: &Row) -> Option<DateTime<Utc>> {
    ["_end_at", "end_at"].iter().find_map(|key| time(row, key))
}

fn time(row: &Row, key: &str) -> Option<DateTime<Utc>> {
    row.get(key)?.as_str()?.parse().ok()
}

/// A number of a row.
pub fn number(row: &Row, key: &str) -> Option<f64> {
    row.get(key)?.as_f64()
}

/// The sum of a number over rows; `None` where no row has one.
pub fn sum<'a>(rows: impl IntoIterator<Item = &'a Row>, key: &str) -> Option<f64> {
    rows.into_iter().filter_map(|row| number(row, key)).reduce(|a, b| a + b)
}

/// The values of a key in the order of first sight, as text.
pub fn categories(rows: &[Row], key: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for row in rows {
        let text = cell(row.get(key));
        if let Some(text) = text.filter(|text| !found.contains(text)) {
            found.push(text);
        }
    }
    found
}

/// A value as text; `None` for none.
pub fn cell(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => {
            Some(values.iter().filter_map(|value| cell(Some(value))).collect::<Vec<_>>().join(", "))
        }
        other => Some(other.to_string()),
    }
}
