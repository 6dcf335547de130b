//! Scalar values: what a record holds under a key and what a filter compares with.

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
    // Long answers have millions of times, and chrono would read its form for each.
    let mut text = String::with_capacity(32);
    match u32::try_from(time.year()) {
        Ok(year) if year <= 9999 => {
            push_number(&mut text, year, 4);
            for part in [time.month(), time.day()] {
                text.push('-');
                push_number(&mut text, part, 2);
            }
        }
        _ => text.push_str(&time.format("%Y-%m-%d").to_string()),
    }
    for (mark, part) in [('T', time.hour()), (':', time.minute()), (':', time.second())] {
        text.push(mark);
        push_number(&mut text, part, 2);
    }
    let micros = time.timestamp_subsec_micros();
    if micros != 0 {
        text.push('.');
        push_number(&mut text, micros, 6);
    }
    text.push_str("+00:00");
    text
}

/// Appends a number with so many digits, zeros in front.
fn push_number(text: &mut String, number: u32, digits: u32) {
    for place in (0..digits).rev() {
        text.push(char::from(b'0' + (number / 10u32.pow(place) % 10) as u8));
    }
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
