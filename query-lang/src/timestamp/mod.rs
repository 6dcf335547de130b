//! Reading moments.
//!
//! Queries take one form only, `2014-01-06T00:00:00Z` with any offset ([`read_strict`]). Records have always been
//! allowed nearly anything that a person would call a date ([`read_timestamp`]), and data owners rely on it. What the
//! older system completed from the clock (a time without a date, a year without a day) is refused here.

mod lenient;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use nom::branch::alt;
use nom::bytes::complete::take_while_m_n;
use nom::character::complete::{char, digit1, one_of};
use nom::combinator::{all_consuming, map, map_opt, opt, value};
use nom::error::ParseError;
use nom::sequence::preceded;
use nom::{IResult, Parser};

/// Why a text is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// It does not look like a whole date.
    #[error("not a date in the format yyyy-MM-ddT00:00:00Z")]
    Unrecognised,
    /// It looks like a date, but the calendar or the clock has none such, like 30 February or 24:00.
    #[error("not a date that exists")]
    OutOfRange,
}

use TimestampError::OutOfRange;

/// A date and time as written. No offset means UTC.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    micros: u32,
    offset_seconds: i64,
}

impl Written {
    fn with_time(self, [hour, minute, second]: [u32; 3], micros: u32) -> Self {
        Self { hour, minute, second, micros, ..self }
    }

    fn to_utc(self) -> Result<DateTime<Utc>, TimestampError> {
        let date = i32::try_from(full_year(self.year))
            .ok()
            .and_then(|year| NaiveDate::from_ymd_opt(year, self.month, self.day));
        let local = date
            .filter(|_| self.second < 60 && self.micros < 1_000_000)
            .and_then(|date| date.and_hms_micro_opt(self.hour, self.minute, self.second, self.micros));
        let offset =
            TimeDelta::try_seconds(self.offset_seconds).filter(|offset| offset.num_hours().abs() < 24);
        let time = local.zip(offset).and_then(|(local, offset)| local.and_utc().checked_sub_signed(offset));
        time.filter(|time| (1..=9999).contains(&time.year())).ok_or(OutOfRange)
    }
}

/// A year below 100 is short for one between 1969 and 2068, however many zeros precede it.
fn full_year(year: u32) -> u32 {
    match year {
        0..=68 => 2000 + year,
        69..=99 => 1900 + year,
        _ => year,
    }
}

/// Reads the one form that queries accept: date, `T`, time to the second, and `Z` or an offset.
pub(crate) fn read_strict(text: &str) -> Option<DateTime<Utc>> {
    let (_, written) = all_consuming(strict).parse(text.trim_end()).ok()?;
    written.to_utc().ok()
}

fn strict(input: &str) -> IResult<&str, Written> {
    map((date, char('T'), time, zone), |(date, _, time, offset_seconds)| Written {
        offset_seconds,
        ..date.with_time(time, 0)
    })
    .parse(input)
}

/// A day, or a moment as in [`read_strict`] with a fraction of a second if need be, at the beginning of the input. For
/// grammars of which it is a part.
pub(crate) fn moment<'a, E: ParseError<&'a str>>(input: &'a str) -> IResult<&'a str, DateTime<Utc>, E> {
    let fraction = map(preceded(char('.'), digit1), micros);
    let clock = (preceded(char('T'), time), opt(fraction), zone);
    let written = map((date, opt(clock)), |(date, clock)| match clock {
        None => date,
        Some((time, micros, offset_seconds)) => {
            Written { offset_seconds, ..date.with_time(time, micros.unwrap_or(0)) }
        }
    });
    map_opt(written, |written| written.to_utc().ok()).parse(input)
}

fn date<'a, E: ParseError<&'a str>>(input: &'a str) -> IResult<&'a str, Written, E> {
    let parts = (digits(4), char('-'), digits(2), char('-'), digits(2));
    map(parts, |(year, _, month, _, day)| Written { year, month, day, ..Written::default() }).parse(input)
}

/// Hour, minute and second.
fn time<'a, E: ParseError<&'a str>>(input: &'a str) -> IResult<&'a str, [u32; 3], E> {
    let parts = (digits(2), char(':'), digits(2), char(':'), digits(2));
    map(parts, |(hour, _, minute, _, second)| [hour, minute, second]).parse(input)
}

fn zone<'a, E: ParseError<&'a str>>(input: &'a str) -> IResult<&'a str, i64, E> {
    let offset = map((one_of("+-"), digits(2), opt(char(':')), digits(2)), |(sign, hours, _, minutes)| {
        offset_seconds(sign, hours, minutes)
    });
    alt((value(0, char('Z')), offset)).parse(input)
}

fn digits<'a, E: ParseError<&'a str>>(many: usize) -> impl Parser<&'a str, Output = u32, Error = E> {
    map(take_while_m_n(many, many, |c: char| c.is_ascii_digit()), number)
}

/// Digits after the point as microseconds; what is smaller is dropped.
fn micros(fraction: &str) -> u32 {
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    number(&six)
}

/// Few enough digits for the number to fit, or so many that it is out of any range.
fn number(digits: &str) -> u32 {
    digits.parse().unwrap_or(u32::MAX)
}

fn offset_seconds(sign: char, hours: u32, minutes: u32) -> i64 {
    let seconds = i64::from(hours) * 3_600 + i64::from(minutes) * 60;
    if sign == '-' { -seconds } else { seconds }
}

/// Reads a moment as people and programs write it; `None` when it is none. See [`read_timestamp`].
pub fn parse_timestamp(text: &str) -> Option<DateTime<Utc>> {
    read_timestamp(text).ok()
}

/// Reads a moment as people and programs write it: ISO 8601 dates with or without time and offset, also compact
/// (`20140501T101112Z`), dates with names of months (`1 May 2014`, `Thu, 01 May 2014 10:11:12 GMT`) and dates of
/// numbers (`05/13/2014`, the month first wherever that is possible).
///
/// Without an offset, or with the abbreviation of an unknown time zone, the time is taken as UTC. Digits below the
/// microsecond are dropped.
///
/// # Errors
///
/// When the text is no whole date, or none that exists between the years 1 and 9999.
pub fn read_timestamp(text: &str) -> Result<DateTime<Utc>, TimestampError> {
    if let Some(time) = read_strict(text) {
        return Ok(time);
    }
    lenient::read(text.trim())?.to_utc()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print_time;

    fn read(text: &str) -> String {
        read_timestamp(text).map_or_else(|error| format!("{error:?}"), print_time)
    }

    #[test]
    fn reads_what_people_and_programs_write() {
        for (text, expected) in [
            ("2014-05-01T00:00:00Z", "2014-05-01T00:00:00+00:00"),
            ("2014-05-01T00:00:00+01:00", "2014-04-30T23:00:00+00:00"),
            ("2014-05-01T00:00:00 +0100", "2014-04-30T23:00:00+00:00"),
            ("2014-05-01T00:00:00-05", "2014-05-01T05:00:00+00:00"),
            ("2014-05-01T00:00:00.123456Z", "2014-05-01T00:00:00.123456+00:00"),
            ("2014-05-01T00:00:00.1234567Z", "2014-05-01T00:00:00.123456+00:00"),
            ("2014-05-01 10:11:12.5", "2014-05-01T10:11:12.500000+00:00"),
            ("2014-05-01", "2014-05-01T00:00:00+00:00"),
            ("2014/05/01", "2014-05-01T00:00:00+00:00"),
            ("1 May 2014", "2014-05-01T00:00:00+00:00"),
            ("May 1st, 2014", "2014-05-01T00:00:00+00:00"),
            ("01-May-14 3:04 pm", "2014-05-01T15:04:00+00:00"),
            ("1 May 2014 12:00 am", "2014-05-01T00:00:00+00:00"),
            ("Thu, 01 May 2014 10:11:12 GMT", "2014-05-01T10:11:12+00:00"),
            ("Thu May  1 10:11:12 2014", "2014-05-01T10:11:12+00:00"),
            ("01/05/2014", "2014-01-05T00:00:00+00:00"),
            ("05/13/2014", "2014-05-13T00:00:00+00:00"),
            ("13/05/2014", "2014-05-13T00:00:00+00:00"),
            ("13.05.14", "2014-05-13T00:00:00+00:00"),
            ("20140501", "2014-05-01T00:00:00+00:00"),
            ("20140501T101112Z", "2014-05-01T10:11:12+00:00"),
            ("20140501T1011", "2014-05-01T10:11:00+00:00"),
            ("20140501101112", "2014-05-01T10:11:12+00:00"),
            ("2014-05-01T00:00", "2014-05-01T00:00:00+00:00"),
            ("2014-05-01T10:11:12 BST", "2014-05-01T10:11:12+00:00"),
            ("0001-01-01T00:00:00Z", "2001-01-01T00:00:00+00:00"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59+00:00"),
            ("1900-01-01T00:00:00-12:00", "1900-01-01T12:00:00+00:00"),
            ("2014-05-01T00:00:00+14:00", "2014-04-30T10:00:00+00:00"),
            ("2014-05-01t00:00:00Z", "2014-05-01T00:00:00+00:00"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn tells_dates_that_do_not_exist_from_no_dates() {
        for text in [
            "2014-05-01T24:00:00Z",
            "2014-05-01T23:59:60Z",
            "2014-05-01T23:60:00Z",
            "2014-02-30T00:00:00Z",
            "2014-13-01T00:00:00Z",
            "2014-121",
            "10000-01-01T00:00:00Z",
            "2014-05-01T00:00:00+25:00",
            "9999-12-31T23:59:59-01:00",
            "２０１４-05-01T00:00:00Z",
            "99999999999999999999-01-01",
        ] {
            assert_eq!(read(text), "OutOfRange", "{text}");
        }
        for text in [
            "now",
            "not a date",
            "2014-W18-4",
            "2014-05-01T00:00:00z",
            "",
            " ",
            "10:30",
            "Thursday",
            "2014-05",
            "2014",
            "1398902400",
            "2014--05--01",
            "-2014-05-01",
            "2014-05-01T",
            "2014-05-01T10:11:12 UTC GMT",
            "1 May June 2014",
        ] {
            assert_eq!(read(text), "Unrecognised", "{text}");
        }
    }

    #[test]
    fn queries_take_one_form_only() {
        for text in ["2014-01-06T00:00:00Z", "2014-01-06T01:00:00+01:00", "2014-01-06T00:00:00-0000 "] {
            assert_eq!(
                read_strict(text).map(print_time).as_deref(),
                Some("2014-01-06T00:00:00+00:00"),
                "{text}"
            );
        }
        for text in [
            "",
            "yesterday",
            "2014-01-06",
            "2014-01-06T00:00:00",
            "2014-01-06T00:00:00 00:00",
            "2014-01-06t00:00:00z",
            "2014-01-06T00:00:00.500Z",
            "2014-01-06T00:00:00Zjunk",
            "2014-02-30T00:00:00Z",
        ] {
            assert_eq!(read_strict(text), None, "{text}");
        }
    }
}
