//! The periods that rows are about.

use serde_json::{Value, json};

use crate::{Row, Unfit, encode};

/// The beginning and end of a period, as texts.
pub type Period<'a> = (&'a str, &'a str);

/// The period of a row.
///
/// # Errors
/// If it has none, as when the query asks for no period.
pub fn of(row: &Row) -> Result<Period<'_>, Unfit> {
    let text = |key: &str| row.get(key).and_then(Value::as_str);
    let period = text("_start_at").zip(text("_end_at"));
    period.ok_or_else(|| Unfit::new("this works on periods: the query parameters need a period"))
}

/// Rows by period, in the order in which the periods come first.
///
/// # Errors
/// As [`of`].
pub fn groups(rows: &[Row]) -> Result<Vec<(Period<'_>, Vec<&Row>)>, Unfit> {
    let mut groups: Vec<(Period, Vec<&Row>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for row in rows {
        let period = of(row)?;
        let place = *places.entry(period).or_insert_with(|| {
            groups.push((period, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(row);
    }
    Ok(groups)
}

/// The beginning of a record about a period. What else tells it from others about the same period is in `more`.
pub fn record((start, end): Period, more: &[&str]) -> Row {
    let id = encode(&[&[start, end], more].concat());
    let fields = [("_id", id.as_str()), ("_timestamp", start), ("_start_at", start), ("_end_at", end)];
    fields.into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect()
}
