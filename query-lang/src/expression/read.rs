//! The grammar of expressions, in nom. A text that does not fit says where, and what was expected there.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, digit1, multispace0, one_of, satisfy};
use nom::combinator::{cut, map, map_opt, not, opt, recognize, success, value, verify};
use nom::error::{ContextError, ErrorKind, ParseError, context};
use nom::multi::{many0, separated_list1};
use nom::sequence::{delimited, preceded, separated_pair, terminated};
use nom::{Finish, IResult, Parser};

use super::{Comparison, Expression, Place};
use crate::Value;
use crate::grammar::is_valid_key;
use crate::steps;
use crate::timestamp::moment;

/// Words with a meaning of their own, in any case. As keys they stand between backticks.
const RESERVED: [&str; 12] =
    ["and", "or", "not", "has", "in", "contains", "starts", "ends", "with", "true", "false", "null"];

/// How deep parentheses and `not` may be nested.
const DEEPEST: usize = 50;

/// Where an expression stops making sense, and what would have made sense there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// In characters from the start, the first being 1.
    pub character: usize,
    pub expected: &'static str,
    /// The word or symbol that is there instead.
    pub found: String,
}

/// Reads a whole expression.
pub(crate) fn read(text: &str) -> Result<Expression, Fault> {
    let fault = |rest: &str, expected| {
        let read = text.len() - rest.len();
        Fault { character: text[..read].chars().count() + 1, expected, found: first_piece(rest) }
    };
    let (rest, expression) = preceded(multispace0, |input| any(input, 0))
        .parse(text)
        .finish()
        .map_err(|stop: Stop<'_>| fault(stop.rest, stop.expected))?;
    if rest.is_empty() { Ok(expression) } else { Err(fault(rest, "'and', 'or' or the end")) }
}

/// The word or symbol at the beginning of a text, in quotes; of a very long word the beginning.
fn first_piece(text: &str) -> String {
    const LONGEST: usize = 20;
    let Some(first) = text.chars().next() else { return "the end".to_owned() };
    let word: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').take(LONGEST).collect();
    match first {
        '\'' | '"' | '`' => "a quote".to_owned(),
        _ if word.is_empty() => format!("'{first}'"),
        _ => format!("'{word}'"),
    }
}

/// nom's error: the text left where it happened.
#[derive(Debug, Clone, Copy)]
struct Stop<'a> {
    rest: &'a str,
    expected: &'static str,
}

impl<'a> ParseError<&'a str> for Stop<'a> {
    fn from_error_kind(rest: &'a str, _: ErrorKind) -> Self {
        Self { rest, expected: "something else" }
    }

    fn append(_: &'a str, _: ErrorKind, other: Self) -> Self {
        other
    }

    /// Of two alternatives, the one that got further knows better.
    fn or(self, other: Self) -> Self {
        if self.rest.len() < other.rest.len() { self } else { other }
    }
}

impl<'a> ContextError<&'a str> for Stop<'a> {
    fn add_context(input: &'a str, expected: &'static str, other: Self) -> Self {
        if other.rest.len() == input.len() { Self { expected, ..other } } else { other }
    }
}

type Read<'a, O> = IResult<&'a str, O, Stop<'a>>;

fn any(input: &str, depth: usize) -> Read<'_, Expression> {
    let part = |input| all(input, depth);
    let more = many0(preceded(word("or"), cut(part)));
    map((part, more), |(first, more)| Expression::any(with(first, more))).parse(input)
}

fn all(input: &str, depth: usize) -> Read<'_, Expression> {
    let part = |input| one(input, depth);
    let more = many0(preceded(word("and"), cut(part)));
    map((part, more), |(first, more)| Expression::all(with(first, more))).parse(input)
}

fn with(first: Expression, more: Vec<Expression>) -> Vec<Expression> {
    std::iter::once(first).chain(more).collect()
}

fn one(input: &str, depth: usize) -> Read<'_, Expression> {
    if depth > DEEPEST {
        let stop = Stop { rest: input, expected: "fewer parentheses" };
        return Err(nom::Err::Failure(stop));
    }
    let inner = |input| one(input, depth + 1);
    let negation = map(preceded(word("not"), cut(inner)), Expression::negated);
    let list = |input| any(input, depth + 1);
    let close = context("')'", symbol(")"));
    let parentheses = delimited(symbol("("), cut(list), cut(close));
    let has = map(preceded(word("has"), cut(context("a key", key))), |key| Expression::Has(key.to_owned()));
    steps::add(1);
    context("a condition", alt((negation, parentheses, has, condition))).parse(input)
}

/// `key` and what is said about it.
fn condition(input: &str) -> Read<'_, Expression> {
    let (input, key) = key(input)?;
    let (input, negated) = map(opt(word("not")), |not| not.is_some()).parse(input)?;
    let comparison = |input| comparison(input, key);
    let set = |input| range_or_list(input, key);
    let text = |input| text_condition(input, key);
    if negated {
        let said = cut(context("'in', 'contains', 'starts with' or 'ends with'", alt((set, text))));
        return map(said, Expression::negated).parse(input);
    }
    cut(context("a comparison such as '='", alt((comparison, set, text)))).parse(input)
}

fn comparison<'a>(input: &'a str, key: &str) -> Read<'a, Expression> {
    let (input, comparison) =
        alt(Comparison::ALL.map(|comparison| value(comparison, symbol(comparison.symbol())))).parse(input)?;
    let (input, value) = match comparison {
        Comparison::Equal | Comparison::NotEqual => cut(context("a value", literal)).parse(input)?,
        _ => cut(context("a number, a text or a time", verify(literal, has_order))).parse(input)?,
    };
    Ok((input, Expression::Compare { key: key.to_owned(), comparison, value }))
}

fn range_or_list<'a>(input: &'a str, key: &str) -> Read<'a, Expression> {
    let (input, _) = word("in").parse(input)?;
    let ends = separated_pair(verify(literal, has_order), symbol(".."), cut(context("a value", literal)));
    let same_kind = verify(ends, |(low, high)| low.compare(high).is_some());
    let range = map(same_kind, |(low, high)| Expression::Range { key: key.to_owned(), low, high });
    let items = separated_list1(symbol(","), cut(context("a value", literal)));
    let list = delimited(symbol("("), items, cut(context("',' or ')'", symbol(")"))));
    let list = map(list, |values| Expression::OneOf { key: key.to_owned(), values });
    cut(context("a range such as 1..5 or a list such as (1, 5)", alt((list, range)))).parse(input)
}

fn text_condition<'a>(input: &'a str, key: &str) -> Read<'a, Expression> {
    let with = || cut(context("'with'", word("with")));
    let (input, place) = alt((
        value(Place::Anywhere, word("contains")),
        value(Place::Start, (word("starts"), with())),
        value(Place::End, (word("ends"), with())),
    ))
    .parse(input)?;
    let (input, text) = cut(context("a text", text)).parse(input)?;
    Ok((input, Expression::Text { key: key.to_owned(), place, text }))
}

/// Whether values of this kind are smaller and larger than others.
fn has_order(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::Time(_))
}

fn literal(input: &str) -> Read<'_, Value> {
    // Every number begins like a year, so that the place where no time went on says nothing.
    let time = |input| moment(input).map_err(|_: nom::Err<Stop<'_>>| not_here(input));
    let times = map(terminated(time, end_of_value), Value::Time);
    let words = alt((
        value(Value::Bool(true), word("true")),
        value(Value::Bool(false), word("false")),
        value(Value::Null, word("null")),
    ));
    alt((times, number, map(text, Value::Text), words)).parse(input)
}

/// A text of one word, which needs no quotes: `web`, `Cardiff`, `not-known`.
fn bare_text(input: &str) -> Read<'_, &str> {
    let first = satisfy(|c| c.is_alphabetic() || c == '_');
    let others = take_while(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
    let word = verify(recognize((first, others)), |word: &str| {
        steps::add(word.len());
        !is_reserved(word)
    });
    terminated(word, multispace0).parse(input)
}

fn not_here(rest: &str) -> nom::Err<Stop<'_>> {
    nom::Err::Error(Stop { rest, expected: "something else" })
}

/// An integer, or a float when there is a point or an exponent. Out of 64 bits there are none.
fn number(input: &str) -> Read<'_, Value> {
    let fraction = opt((char('.'), digit1));
    let exponent = opt((one_of("eE"), opt(one_of("+-")), digit1));
    let form = recognize((opt(char('-')), digit1, fraction, exponent));
    let number = map_opt(form, |text: &str| {
        steps::add(text.len());
        let float = || text.parse().ok().filter(|float: &f64| float.is_finite()).map(Value::Float);
        if text.contains(['.', 'e', 'E']) { float() } else { text.parse().ok().map(Value::Int) }
    });
    terminated(number, end_of_value).parse(input)
}

/// Text between quotes, the quote itself doubled inside, or a word.
fn text(input: &str) -> Read<'_, String> {
    let between = |quote: char| {
        let doubled = value(quote, (char(quote), char(quote)));
        let characters = many0(alt((doubled, satisfy(move |c| c != quote))));
        let inside = map(characters, |characters| {
            steps::add(characters.len());
            characters.into_iter().collect()
        });
        delimited(char(quote), inside, cut(context("the closing quote", char(quote))))
    };
    let quoted = terminated(alt((between('\''), between('"'))), multispace0);
    alt((quoted, map(bare_text, str::to_owned))).parse(input)
}

fn key(input: &str) -> Read<'_, &str> {
    let plain = verify(name, |name: &str| is_valid_key(name) && !is_reserved(name));
    let quoted = verify(delimited(char('`'), name, char('`')), |name: &str| is_valid_key(name));
    terminated(alt((plain, quoted)), multispace0).parse(input)
}

fn name(input: &str) -> Read<'_, &str> {
    let (rest, name) = take_while1(is_in_name).parse(input)?;
    steps::add(name.len());
    Ok((rest, name))
}

/// Whether a word has a meaning of its own.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(word))
}

fn is_in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// No letter or digit directly behind a number or a time; blanks are skipped.
fn end_of_value(input: &str) -> Read<'_, &str> {
    preceded(context("the end of the value", not(satisfy(is_in_name))), multispace0).parse(input)
}

/// A reserved word in any case.
fn word<'a>(word: &'static str) -> impl Parser<&'a str, Output = (), Error = Stop<'a>> {
    let this = verify(name, move |name: &str| name.eq_ignore_ascii_case(word));
    (this, multispace0, success(())).map(|_| ())
}

fn symbol<'a>(symbol: &'static str) -> impl Parser<&'a str, Output = (), Error = Stop<'a>> {
    (tag(symbol), multispace0).map(|(_, blanks): (_, &str)| steps::add(1 + blanks.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_canonically() {
        for (text, canonical) in [
            ("fee=10", "fee = 10"),
            (" fee  >=  -1.50 ", "fee >= -1.5"),
            ("fee<>1 ", ""),
            ("a_a=1 AND b_b=2 and (c_c=3 And d_d=4)", "a_a = 1 and b_b = 2 and c_c = 3 and d_d = 4"),
            ("a_a=1 or b_b=2 and c_c=3", "a_a = 1 or b_b = 2 and c_c = 3"),
            ("(a_a=1 or b_b=2) and c_c=3", "(a_a = 1 or b_b = 2) and c_c = 3"),
            ("((a_a = 1))", "a_a = 1"),
            ("not not a_a = 1", "a_a = 1"),
            ("not a_a = 1", "a_a != 1"),
            ("not (a_a > 1 and b_b > 1)", "not (a_a > 1 and b_b > 1)"),
            ("a_a not in(1,2)", "not a_a in (1, 2)"),
            ("a_a in 1..2", "a_a in 1..2"),
            ("a_a in 1.5 .. 1e3", "a_a in 1.5..1000.0"),
            ("name = \"it's \"\"so\"\"\"", "name = 'it''s \"so\"'"),
            ("volume>100 and channel in (web,Ynys_Môn)", "volume > 100 and channel in ('web', 'Ynys_Môn')"),
            (
                "channel = not-known or channel contains web",
                "channel = 'not-known' or channel contains 'web'",
            ),
            ("name not contains '%'", "not name contains '%'"),
            ("`in` = 1 and has `NOT`", "`in` = 1 and has `NOT`"),
            ("done=true or done = FALSE or done!=null", "done = true or done = false or done != null"),
            ("_timestamp >= 2014-01-06", "_timestamp >= 2014-01-06T00:00:00Z"),
            (
                "at_ in 2014-01-06..2014-01-06T10:00:00.5+01:00",
                "at_ in 2014-01-06T00:00:00Z..2014-01-06T09:00:00.500000Z",
            ),
        ] {
            let printed = read(text).map(|expression| expression.to_string()).unwrap_or_default();
            assert_eq!(printed, canonical, "{text}");
            if !canonical.is_empty() {
                assert_eq!(read(&printed), read(text));
            }
        }
    }

    #[test]
    fn says_where_it_stops_making_sense() {
        for (text, character, expected, found) in [
            ("", 1, "a condition", "the end"),
            ("fee", 4, "a comparison such as '='", "the end"),
            ("fee = ", 7, "a value", "the end"),
            ("fee = and", 7, "a value", "'and'"),
            ("fee = 10x", 9, "the end of the value", "'x'"),
            ("fee = 99999999999999999999", 7, "a value", "'99999999999999999999'"),
            ("fee < true", 7, "a number, a text or a time", "'true'"),
            ("fee in 1..'x'", 8, "a range such as 1..5 or a list such as (1, 5)", "'1'"),
            ("fee in ()", 9, "a value", "')'"),
            ("fee in (1", 10, "',' or ')'", "the end"),
            ("fee in (1 2)", 11, "',' or ')'", "'2'"),
            ("name contains 5", 15, "a text", "'5'"),
            ("name starts 'x'", 13, "'with'", "a quote"),
            ("name = 'é", 10, "the closing quote", "the end"),
            ("name = web site", 12, "'and', 'or' or the end", "'site'"),
            ("(fee = 1", 9, "')'", "the end"),
            ("fee = 1 and", 12, "a condition", "the end"),
            ("fee = 1 fee = 2", 9, "'and', 'or' or the end", "'fee'"),
            ("fee = 1 && aa = 2", 9, "'and', 'or' or the end", "'&'"),
            ("in = 1", 1, "a condition", "'in'"),
            ("fee not = 1", 9, "'in', 'contains', 'starts with' or 'ends with'", "'='"),
            ("has 5", 5, "a key", "'5'"),
        ] {
            let fault = Fault { character, expected, found: found.to_owned() };
            assert_eq!(read(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn nests_only_so_deep() {
        let nested = |depth: usize| format!("{}fee = 1{}", "(".repeat(depth), ")".repeat(depth));
        assert!(read(&nested(DEEPEST)).is_ok());
        assert_eq!(read(&nested(100_000)).unwrap_err().expected, "fewer parentheses");
        assert_eq!(read(&"not ".repeat(100_000)).unwrap_err().expected, "fewer parentheses");
    }
}
