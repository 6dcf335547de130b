//! The name of the period that a row is for, and the lengths that periods have.

use super::date::{by_pattern, parse, range};
use crate::chart::Span;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// The label of a row for periods of the given name; `None` if the row has no date.
///
/// Weeks and quarters are written as ranges where the row has an end. A row that was shifted is labelled by the dates it
/// had before.
pub fn label(row: &Map<String, Value>, period: &str) -> Option<String> {
    let (start, end) = bounds(row);
    start.map(|start| label_of(start, end, period))
}

/// The label of a period with these bounds.
pub fn label_of(start: DateTime<Utc>, end: Option<DateTime<Utc>>, period: &str) -> String {
    let (pattern, ranged) = match period {
        "hour" => ("h:mma, D MMM YYYY", false),
        "day" => ("D MMM YYYY", false),
        "week" => ("D MMM YYYY", true),
        "month" => ("MMMM YYYY", false),
        "quarter" => ("MMM YYYY", true),
        "year" => ("YYYY", false),
        _ => ("D MMMM YYYY", false),
    };
    match end {
        Some(end) if ranged => range(start, end, pattern, true),
        _ => by_pattern(start, pattern),
    }
}

/// When the period of a row began and, where the row says so, ended.
pub fn bounds(row: &Map<String, Value>) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let first = |keys: &[&str]| keys.iter().find_map(|key| row.get(*key).and_then(parse));
    if row.contains_key("_original_start_at") {
        return (first(&["_original_start_at"]), first(&["_original_end_at"]));
    }
    (first(&["_start_at", "start_at", "_timestamp"]), first(&["_end_at", "end_at"]))
}

/// The length of periods of the given name.
pub fn span(period: &str) -> Option<Span> {
    Some(match period {
        "hour" => Span::Hour,
        "day" => Span::Day,
        "week" => Span::Week,
        "month" => Span::Month,
        "quarter" => Span::Quarter,
        "year" => Span::Year,
        _ => return None,
    })
}
