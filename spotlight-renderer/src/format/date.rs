//! Days and times by pattern, and the days between two.
//!
//! Patterns are those of stored definitions: `D`, `DD`, `Do`, `M`, `MM`, `MMM`, `MMMM`, `YY`, `YYYY`, `ddd`, `dddd`, `H`, `HH`,
//! `h`, `hh`, `mm`, `ss`, `a`, `A`; everything else is written as it is. Short names of months follow the style of British
//! public services (June and July in full). All times are UTC.

use super::{Format, Kind, plain};
use crate::words::{listed, say, say_with};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use serde_json::Value;
use std::fmt::Write;

/// The longest words first, so that each is found whole.
const TOKENS: [&str; 19] = [
    "YYYY", "MMMM", "dddd", "MMM", "ddd", "YY", "MM", "DD", "Do", "HH", "hh", "mm", "ss", "M", "D", "H", "h",
    "a", "A",
];
/// How far from now a day is called by its name.
const NEAR: i64 = 6;

/// The moment that a value tells, if it tells one.
pub fn parse(value: &Value) -> Option<DateTime<Utc>> {
    parse_text(value.as_str()?)
}

/// The moment that a text tells: a date, or a date and a time with or without an offset.
pub fn parse_text(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&Utc));
    }
    for pattern in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, pattern) {
            return Some(time.and_utc());
        }
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc())
}

/// Writes a day, a time, or the range between two; what is no date stays as it is.
pub fn write(format: &Format, value: &Value, now: DateTime<Utc>) -> Option<String> {
    let pattern = format.pattern.as_deref().unwrap_or(match format.kind {
        Kind::Time => "h:mma",
        _ => "D MMMM YYYY",
    });
    let Value::Array(ends) = value else {
        return Some(match parse(value) {
            Some(time) if format.calendar => calendar(time, now),
            Some(time) => by_pattern(time, pattern),
            None => plain(value),
        });
    };
    let (start, end) = (ends.first().and_then(parse), ends.get(1).and_then(parse));
    match (start, end) {
        (Some(start), Some(end)) => Some(range(start, end, pattern, format.exclusive_end)),
        (Some(one), None) | (None, Some(one)) => Some(by_pattern(one, pattern)),
        (None, None) => None,
    }
}

/// Writes the time from `start` to `end`, the latter being the first day after it if `exclusive`.
pub fn range(start: DateTime<Utc>, end: DateTime<Utc>, pattern: &str, exclusive: bool) -> String {
    let end = if exclusive { end.checked_sub_days(Days::new(1)).unwrap_or(end) } else { end };
    let (first, last) = (by_pattern(start, pattern), by_pattern(end, pattern));
    if first == last {
        return first;
    }
    let only_days = pattern.chars().all(|letter| matches!(letter, 'D' | 'M' | 'Y' | ' '));
    if only_days && end < start {
        return first;
    }
    if !only_days || start.year() != end.year() {
        return joined(&first, &last);
    }
    let same_month = start.month() == end.month();
    let words = pattern.split(' ').filter(|word| !(word.contains('Y') || same_month && word.contains('M')));
    let short = words.collect::<Vec<_>>().join(" ");
    joined(&by_pattern(start, &short), &last)
}

fn joined(first: &str, last: &str) -> String {
    say_with("range", &[("first", first.into()), ("last", last.into())])
}

/// Writes a moment by a pattern.
pub fn by_pattern(time: DateTime<Utc>, pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        match TOKENS.iter().find(|token| rest.starts_with(**token)) {
            Some(token) => {
                word(&mut out, time, token);
                rest = &rest[token.len()..];
            }
            None => {
                out.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    out
}

fn word(out: &mut String, time: DateTime<Utc>, token: &str) {
    let month = time.month0() as usize;
    let (afternoon, hour) = time.hour12();
    let day = time.weekday().num_days_from_monday() as usize;
    match token {
        "YYYY" => padded(out, time.year(), 4),
        "YY" => padded(out, time.year().rem_euclid(100), 2),
        "MMMM" => out.push_str(listed("months", month)),
        "MMM" => out.push_str(listed("short-months", month)),
        "MM" => padded(out, time.month(), 2),
        "M" => padded(out, time.month(), 1),
        "dddd" => out.push_str(listed("weekdays", day)),
        "ddd" => out.extend(listed("weekdays", day).chars().take(3)),
        "DD" => padded(out, time.day(), 2),
        "Do" => {
            padded(out, time.day(), 1);
            out.push_str(listed("ordinals", time.day0() as usize));
        }
        "D" => padded(out, time.day(), 1),
        "HH" => padded(out, time.hour(), 2),
        "H" => padded(out, time.hour(), 1),
        "hh" => padded(out, hour, 2),
        "h" => padded(out, hour, 1),
        "mm" => padded(out, time.minute(), 2),
        "ss" => padded(out, time.second(), 2),
        "a" => out.push_str(listed("half-days", usize::from(afternoon))),
        _ => out.push_str(&listed("half-days", usize::from(afternoon)).to_uppercase()),
    }
}

/// Writes a number with at least so many digits.
fn padded(out: &mut String, number: impl Into<i64>, digits: usize) {
    // writing to a string cannot fail
    let _ = write!(out, "{:0digits$}", number.into());
}

/// A day near now by its name, others by their date.
fn calendar(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let weekday = by_pattern(time, "dddd");
    match (time.date_naive() - now.date_naive()).num_days() {
        0 => say("today").into_owned(),
        -1 => say("yesterday").into_owned(),
        1 => say("tomorrow").into_owned(),
        days if (-NEAR..0).contains(&days) => say_with("last-weekday", &[("weekday", weekday.into())]),
        days if (1..=NEAR).contains(&days) => weekday.to_owned(),
        _ => by_pattern(time, "D MMM YYYY"),
    }
}

/// A moment as clocks in London show it, to be written as it is.
pub fn london(time: DateTime<Utc>) -> DateTime<Utc> {
    time.with_timezone(&chrono_tz::Europe::London).naive_local().and_utc()
}

/// The moment as queries write it.
pub fn to_query(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The Monday on which the week of a moment began.
pub fn monday(time: DateTime<Utc>) -> DateTime<Utc> {
    let days = i64::from(time.weekday().num_days_from_monday());
    let midnight = time.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    midnight.checked_sub_signed(TimeDelta::days(days)).unwrap_or(midnight)
}
