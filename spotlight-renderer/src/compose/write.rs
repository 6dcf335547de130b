//! Numbers and periods in words.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde_json::Value;

/// Writes a number the way a format says: a name such as `"percent"`, or an object with a `type` and options.
pub fn number(format: &Value, value: f64) -> String {
    let kind = format.as_str().or_else(|| format["type"].as_str()).unwrap_or("number");
    let flag = |name: &str| format[name] == Value::Bool(true);
    match kind {
        "percent" => format!("{}%", trimmed(value * 100.0, format["dps"].as_u64().unwrap_or(1))),
        "currency" => {
            let sign = if value < 0.0 { "−" } else { "" };
            let amount = value.abs();
            if flag("magnitude") && amount >= 1_000.0 {
                return format!("{sign}£{}", magnitude(amount));
            }
            let pence = flag("pence") || (amount < 100.0 && amount.fract() != 0.0);
            format!("{sign}£{}", if pence { grouped(amount, 2) } else { grouped(amount, 0) })
        }
        "duration" => duration(format, value),
        "integer" => grouped(value, 0),
        _ if flag("magnitude") && value.abs() >= 1_000.0 => magnitude(value),
        _ => trimmed(value, format["dps"].as_u64().unwrap_or(2)),
    }
}

/// Three digits and a letter: `1.23m`.
pub fn magnitude(value: f64) -> String {
    let (scaled, letter) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, "bn"),
        size if size >= 1e6 => (value / 1e6, "m"),
        size if size >= 1e3 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let decimals = match scaled.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{}{letter}", trimmed(scaled, decimals))
}

fn duration(format: &Value, value: f64) -> String {
    let seconds = match format["unit"].as_str() {
        Some("s") => value,
        Some("m") => value * 60.0,
        _ => value / 1_000.0,
    };
    match seconds {
        short if short < 1.0 => format!("{}ms", grouped(short * 1_000.0, 0)),
        some if some < 60.0 => format!("{}s", trimmed(some, 1)),
        long => format!("{}m {}s", (long / 60.0).floor(), (long % 60.0).round()),
    }
}

/// At most so many decimals, without zeros at the end.
fn trimmed(value: f64, decimals: u64) -> String {
    let text = grouped(value, usize::try_from(decimals).unwrap_or(2).min(9));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Thousands separated by commas.
fn grouped(value: f64, decimals: usize) -> String {
    let plain = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut digits = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            digits.push(',');
        }
        digits.push(digit);
    }
    let is_zero = plain.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let sign = if value < 0.0 && !is_zero { "−" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{digits}{point}{fraction}")
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn month(time: DateTime<Utc>) -> &'static str {
    MONTHS[time.month0() as usize % 12]
}

/// The label of a period: `1 to 7 Feb 2016`, `February 2016`, `Apr to June 2016`. The end is the first moment after.
pub fn period(name: &str, start: DateTime<Utc>, end: Option<DateTime<Utc>>) -> String {
    let last = end.map_or(start, |end| end - TimeDelta::seconds(1)).max(start);
    let day = |time: DateTime<Utc>| format!("{} {}", time.day(), month(time));
    match name {
        "hour" => format!("{}, {} {}", start.format("%-I:%M%P"), day(start), start.year()),
        "month" => start.format("%B %Y").to_string(),
        "year" => start.year().to_string(),
        "quarter" if month(start) == month(last) && start.year() == last.year() => {
            format!("{} {}", month(start), start.year())
        }
        "quarter" if start.year() == last.year() => {
            format!("{} to {} {}", month(start), month(last), last.year())
        }
        "quarter" => format!("{} {} to {} {}", month(start), start.year(), month(last), last.year()),
        "week" if last.date_naive() > start.date_naive() => match () {
            () if start.year() != last.year() => {
                format!("{} {} to {} {}", day(start), start.year(), day(last), last.year())
            }
            () if start.month() != last.month() => format!("{} to {} {}", day(start), day(last), last.year()),
            () => format!("{} to {} {}", start.day(), day(last), last.year()),
        },
        _ => format!("{} {}", day(start), start.year()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_written_as_their_format_says() {
        let cases = [
            (json!("integer"), 1_234_567.4, "1,234,567"),
            (json!("percent"), 0.1234, "12.3%"),
            (json!({"type": "currency", "magnitude": true}), 1_234_567.0, "£1.23m"),
            (json!({"type": "currency", "pence": true}), 2.5, "£2.50"),
            (json!({"type": "number", "magnitude": true}), 999.0, "999"),
            (json!({"type": "duration", "unit": "m"}), 23.5, "23m 30s"),
            (json!({"type": "duration"}), 250.0, "250ms"),
            (Value::Null, -0.004, "0"),
            (Value::Null, -1_000.5, "−1,000.5"),
        ];
        for (format, value, expected) in cases {
            assert_eq!(number(&format, value), expected, "{format}");
        }
    }

    #[test]
    fn periods_have_labels() {
        let at = |text: &str| format!("{text}T00:00:00Z").parse::<DateTime<Utc>>().unwrap();
        let label = |name, start, end| period(name, at(start), Some(at(end)));
        assert_eq!(label("week", "2016-02-01", "2016-02-08"), "1 to 7 Feb 2016");
        assert_eq!(label("week", "2016-02-29", "2016-03-07"), "29 Feb to 6 Mar 2016");
        assert_eq!(label("week", "2015-12-28", "2016-01-04"), "28 Dec 2015 to 3 Jan 2016");
        assert_eq!(label("quarter", "2016-04-01", "2016-07-01"), "Apr to June 2016");
        assert_eq!(label("quarter", "2013-11-01", "2014-02-01"), "Nov 2013 to Jan 2014");
        assert_eq!(label("month", "2016-02-01", "2016-03-01"), "February 2016");
        assert_eq!(label("day", "2016-02-01", "2016-02-02"), "1 Feb 2016");
    }
}
