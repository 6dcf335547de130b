//! Dates as people and programs write them: split into words, numbers and symbols, whose roles are then worked out.

use nom::IResult;
use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::take_while1;
use nom::character::complete::anychar;
use nom::combinator::{all_consuming, map, value};
use nom::multi::many0;

use super::TimestampError::{self, OutOfRange, Unrecognised};
use super::{Written, micros, number, offset_seconds};

/// Reads a date without blanks around it.
pub(super) fn read(text: &str) -> Result<Written, TimestampError> {
    let (_, tokens) = all_consuming(many0(token)).parse(text).map_err(|_| Unrecognised)?;
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
    fn read(mut self) -> Result<Written, TimestampError> {
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
        Ok(self.written)
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
            self.written.micros = micros(fraction);
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
