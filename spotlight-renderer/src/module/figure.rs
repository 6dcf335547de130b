//! Large numbers.

use std::cmp::Ordering;

use serde_json::Value;

use super::Scene;
use crate::data::Row;
use crate::format::{Format, Kind, Text, number, period};
use crate::rows;
use crate::view::{Headline, Trend};

/// The newest value of a field with its period.
pub fn latest(rows: &[Row], key: &str, period: &str, format: &Format, scene: &Scene) -> Headline {
    let Some(row) = rows::last_defined(rows, key) else { return Headline::default() };
    let value = row.get(key).unwrap_or(&Value::Null);
    Headline {
        label: period::label(row, period),
        value: format.clone().with_abbr().write(value, scene.now),
        ..Headline::default()
    }
}

/// The format of figures: the definition's, else numbers that are shortened and padded.
pub fn format(given: Option<Format>) -> Format {
    given.unwrap_or_else(Format::figure)
}

/// How a value changed, as a signed percentage with its trend; `None` if there is nothing to compare with.
pub fn change(current: f64, previous: f64) -> Option<(Text, Trend)> {
    if previous == 0.0 {
        return None;
    }
    Some((signed((current - previous) / previous.abs())?, trend(current, previous)))
}

/// A change as a percentage with its sign.
pub fn signed(share: f64) -> Option<Text> {
    let signed = Format { dps: Some(2), pad: Some(true), show_signs: true, ..Format::new(Kind::Percent) };
    number::write_amount(&signed, share)
}

/// Where a value went.
pub fn trend(current: f64, previous: f64) -> Trend {
    match current.partial_cmp(&previous) {
        Some(Ordering::Greater) => Trend::Increase,
        Some(Ordering::Less) => Trend::Decrease,
        _ => Trend::NoChange,
    }
}
