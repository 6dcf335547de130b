//! Scalar values: what a record holds under a key and what a filter compares with.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, Timelike, Utc};

/// One scalar of a record or of a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// An explicit null, which is not the same as an absent key.
    Null,
    /// True or false.
    Bool(bool),
    /// A 64-bit integer; printed with all its digits.
    Int(i64),
    /// A finite double.
    Float(f64),
    /// Text.
    Text(String),
    /// A moment in UTC, with microseconds.
    Time(DateTime<Utc>),
}

impl Value {
    /// The value as JSON; a time prints as `2014-01-05T00:00:00+00:00`.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(b) => (*b).into(),
            Self::Int(i) => (*i).into(),
            Self::Float(f) => (*f).into(),
            Self::Text(s) => s.as_str().into(),
            Self::Time(t) => print_time(*t).into(),
        }
    }

    /// The text inside, when this is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(s) => Some(s),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Prints a moment the way every answer does: `2014-01-05T00:00:00+00:00`, with microseconds only when there are any.
pub fn print_time(time: DateTime<Utc>) -> String {
    let mut text = String::with_capacity(32);
    // Writing to a text does not fail. Long answers have millions of times, and chrono would read its form for each.
    let _ = match time.year() {
        year @ 0..=9999 => write!(text, "{year:04}-{:02}-{:02}", time.month(), time.day()),
        _ => write!(text, "{}", time.format("%Y-%m-%d")),
    };
    let _ = write!(text, "T{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    let micros = time.timestamp_subsec_micros();
    if micros != 0 {
        let _ = write!(text, ".{micros:06}");
    }
    text.push_str("+00:00");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_as_calendars_write_them() {
        for (text, printed) in [
            ("2014-01-05T00:00:00Z", "2014-01-05T00:00:00+00:00"),
            ("0033-11-05T09:08:07Z", "0033-11-05T09:08:07+00:00"),
            ("2014-01-05T23:59:59.000250Z", "2014-01-05T23:59:59.000250+00:00"),
            ("+10000-01-01T00:00:00Z", "+10000-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(print_time(text.parse().unwrap()), printed);
        }
    }
}
