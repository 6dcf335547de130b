//! Reading moments.
//!
//! Queries take one form only, `2014-01-06T00:00:00Z` with any offset ([`read_strict`]). Records have always been
//! allowed nearly anything that a person would call a date ([`read_timestamp`]), and data owners rely on it. What the
//! older system completed from the clock (a time without a date, a year without a day) is refused here.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use nom::branch::alt;
use nom::bytes::complete::{take_while_m_n, take_while1};
use nom::character::complete::{anychar, char, one_of};
use nom::combinator::{all_consuming, map, opt, value};
use nom::multi::many0;
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

use TimestampError::{OutOfRange, Unrecognised};

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
    let date = (digits(4), char('-'), digits(2), char('-'), digits(2));
    let time = (digits(2), char(':'), digits(2), char(':'), digits(2));
    let offset = map((one_of("+-"), digits(2), opt(char(':')), digits(2)), |(sign, hours, _, minutes)| {
        offset_seconds(sign, hours, minutes)
    });
    let zone = alt((value(0, char('Z')), offset));
    let to_written = |((year, _, month, _, day), _, (hour, _, minute, _, second), offset_seconds)| Written {
        year,
        month,
        day,
        hour,
        minute,
        second,
        micros: 0,
        offset_seconds,
    };
    map((date, char('T'), time, zone), to_written).parse(input)
}

fn digits<'a>(many: usize) -> impl Parser<&'a str, Output = u32, Error = nom::error::Error<&'a str>> {
    map(take_while_m_n(many, many, |c: char| c.is_ascii_digit()), number)
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
    let (_, tokens) = all_consuming(many0(token)).parse(text.trim()).map_err(|_| Unrecognised)?;
    Reader { tokens: &tokens, ..Reader::default() }.read()
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'a> {
    Number(&'a str),
    Word(&'a str),
    Blank,
    Symbol(char),
}

fn token(input: &str) -> IResult<&str, Token<'_>> {
    alt((
        map(take_while1(|c: char| c.is_ascii_digit()), Token::Number),
        map(take_while1(char::is_alphabetic), Token::Word),
        value(Token::Blank, take_while1(char::is_whitespace)),
        map(anychar, Token::Symbol),
    ))
    .parse(input)
}

/// Walks over the tokens of a date, noting what it finds.
#[derive(Default)]
struct Reader<'a> {
    tokens: &'a [Token<'a>],
    /// The numbers of the date in the order written, while their roles are unknown.
    numbers: Vec<&'a str>,
    month: Option<u32>,
    has_time: bool,
    has_zone: bool,
    written: Written,
}

impl<'a> Reader<'a> {
    fn read(mut self) -> Result<DateTime<Utc>, TimestampError> {
        while let [token, after @ ..] = self.tokens {
            self.tokens = after;
            match *token {
                Token::Blank | Token::Symbol(',') => {}
                Token::Number(digits) => self.number(digits)?,
                Token::Word(word) => self.word(word)?,
                Token::Symbol(sign @ ('+' | '-')) if self.has_time && !self.has_zone => self.offset(sign)?,
                Token::Symbol('-' | '/' | '.') if !self.has_time && self.between_parts() => {}
                Token::Symbol(c) if c.is_numeric() => return Err(OutOfRange),
                Token::Symbol(_) => return Err(Unrecognised),
            }
        }
        self.date()?;
        self.written.to_utc()
    }

    /// Whether a separator makes sense here: a part of the date before it, another behind.
    fn between_parts(&self) -> bool {
        let before = !self.numbers.is_empty() || self.month.is_some();
        before && matches!(self.tokens.first(), Some(Token::Number(_) | Token::Word(_)))
    }

    fn number(&mut self, digits: &'a str) -> Result<(), TimestampError> {
        if let [Token::Symbol(':'), Token::Number(minutes), after @ ..] = self.tokens {
            self.tokens = after;
            self.time(digits, minutes)?;
            let seconds = self.number_after(&[':']);
            return self.seconds(seconds.unwrap_or("0"));
        }
        match digits.len() {
            8 | 12 | 14 if self.numbers.is_empty() => {
                self.numbers.extend([&digits[..4], &digits[4..6], &digits[6..8]]);
                if digits.len() > 8 { self.compact_time(&digits[8..]) } else { Ok(()) }
            }
            _ => {
                self.numbers.push(digits);
                Ok(())
            }
        }
    }

    fn compact_time(&mut self, digits: &'a str) -> Result<(), TimestampError> {
        match digits.len() {
            4 | 6 => {
                self.time(&digits[..2], &digits[2..4])?;
                self.seconds(if digits.len() == 6 { &digits[4..] } else { "0" })
            }
            _ => Err(Unrecognised),
        }
    }

    fn time(&mut self, hours: &str, minutes: &str) -> Result<(), TimestampError> {
        if self.has_time {
            return Err(Unrecognised);
        }
        self.has_time = true;
        (self.written.hour, self.written.minute) = (number(hours), number(minutes));
        Ok(())
    }

    fn seconds(&mut self, digits: &str) -> Result<(), TimestampError> {
        self.written.second = number(digits);
        if let Some(fraction) = self.number_after(&['.', ',']) {
            let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
            self.written.micros = number(&six);
        }
        Ok(())
    }

    fn number_after(&mut self, separators: &[char]) -> Option<&'a str> {
        match self.tokens {
            [Token::Symbol(symbol), Token::Number(digits), after @ ..] if separators.contains(symbol) => {
                self.tokens = after;
                Some(digits)
            }
            _ => None,
        }
    }

    fn offset(&mut self, sign: char) -> Result<(), TimestampError> {
        let [Token::Number(digits), after @ ..] = self.tokens else { return Err(Unrecognised) };
        self.tokens = after;
        self.has_zone = true;
        let (hours, minutes) = match digits.len() {
            4 => (&digits[..2], &digits[2..]),
            1 | 2 => (*digits, self.number_after(&[':']).unwrap_or("0")),
            _ => return Err(Unrecognised),
        };
        if number(minutes) > 59 {
            return Err(OutOfRange);
        }
        self.written.offset_seconds = offset_seconds(sign, number(hours), number(minutes));
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), TimestampError> {
        let lower = word.to_lowercase();
        if lower == "t" && !self.has_time && !self.numbers.is_empty() {
            return match self.tokens {
                [Token::Number(digits), after @ ..] if !matches!(after.first(), Some(Token::Symbol(':'))) => {
                    self.tokens = after;
                    self.compact_time(digits)
                }
                [Token::Number(_), ..] => Ok(()),
                _ => Err(Unrecognised),
            };
        }
        if let (Some(month), None) = (month_of(&lower), self.month) {
            self.month = Some(month);
            return Ok(());
        }
        match lower.as_str() {
            "am" | "pm" if self.has_time => self.half_of_day(lower == "pm"),
            "st" | "nd" | "rd" | "th" | "of" | "at" | "on" => Ok(()),
            _ if is_weekday(&lower) => Ok(()),
            // The abbreviation of a time zone: too many of them mean several zones to be told apart.
            _ if self.has_time && !self.has_zone && is_zone(word) => {
                self.has_zone = true;
                Ok(())
            }
            _ => Err(Unrecognised),
        }
    }

    fn half_of_day(&mut self, afternoon: bool) -> Result<(), TimestampError> {
        if !(1..=12).contains(&self.written.hour) {
            return Err(OutOfRange);
        }
        self.written.hour = self.written.hour % 12 + if afternoon { 12 } else { 0 };
        Ok(())
    }

    /// Finds out which number is the year, which the month, which the day.
    fn date(&mut self) -> Result<(), TimestampError> {
        let (year, month, day) = match (self.numbers.as_slice(), self.month) {
            ([first, second], Some(month)) if is_year(first) => (*first, month, *second),
            ([first, second], Some(month)) => (*second, month, *first),
            ([first, second, third], None) if is_year(first) => (*first, number(second), *third),
            ([first, second, third], None) if number(first) > 12 => (*third, number(second), *first),
            ([first, second, third], None) => (*third, number(first), *second),
            ([year, day], None) if is_year(year) && day.len() > 2 => return Err(OutOfRange),
            _ => return Err(Unrecognised),
        };
        if year.len() > 4 || day.len() > 2 {
            return Err(OutOfRange);
        }
        (self.written.year, self.written.month, self.written.day) = (number(year), month, number(day));
        Ok(())
    }
}

fn is_year(digits: &str) -> bool {
    digits.len() > 2 || number(digits) > 31
}

/// The number of a month by its English name or the first three letters (and `sept`) of it.
fn month_of(lower: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let named = |month: &&str| *month == lower || month.get(..3) == Some(lower);
    let index = if lower == "sept" { Some(8) } else { MONTHS.iter().position(named) };
    index.and_then(|index| u32::try_from(index + 1).ok())
}

fn is_weekday(lower: &str) -> bool {
    lower.parse::<chrono::Weekday>().is_ok()
}

fn is_zone(word: &str) -> bool {
    word == "Z" || (3..=5).contains(&word.len()) && word.chars().all(|c| c.is_ascii_uppercase())
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
