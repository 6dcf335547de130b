//! The grammar of a query string and of the values of its parameters. Reads text; judges only its form.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_while, take_while_m_n};
use nom::character::complete::{char, digit1, satisfy};
use nom::combinator::{all_consuming, map, map_opt, opt, recognize, rest, value};
use nom::multi::{many1_count, separated_list0};
use nom::sequence::{preceded, separated_pair};
use nom::{IResult, Offset, Parser};

use crate::{CollectMethod, Order, Percentile, steps};

/// One `name=value` of a query string, percent-decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub name: String,
    pub value: String,
    /// Where it begins in the query string, in bytes.
    pub position: usize,
}

/// All the parameters of a query string, in order; a name may come several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<Parameter>);

impl Parameters {
    /// Splits and decodes a query string. Never fails: whatever is between two `&` is a parameter, except nothing.
    pub fn read(query_string: &str) -> Self {
        let pieces = separated_list0(char('&'), piece).parse(query_string).map(|(_, pieces)| pieces);
        let parameters = pieces.unwrap_or_default().into_iter().filter_map(|(name, text)| {
            let nothing = name.is_empty() && text.is_none();
            let position = query_string.offset(name);
            (!nothing).then(|| Parameter {
                name: decode(name),
                value: decode(text.unwrap_or_default()),
                position,
            })
        });
        Self(parameters.collect())
    }

    /// The first parameter of that name. Where only one makes sense, the first one counts.
    pub fn first(&self, name: &str) -> Option<&Parameter> {
        self.iter().find(|parameter| parameter.name == name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Parameter> {
        self.iter().filter(move |parameter| parameter.name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.0.iter().inspect(|_| steps::add(1))
    }
}

/// The parameter that begins at a place of a query string, as it is written there.
pub(crate) fn written_at(query_string: &str, position: usize) -> Option<&str> {
    query_string.get(position..)?.split('&').next()
}

/// The value of a parameter as it is written, decoded.
pub(crate) fn value_of(written: &str) -> String {
    written.split_once('=').map_or_else(String::new, |(_, value)| decode(value))
}

fn piece(input: &str) -> IResult<&str, (&str, Option<&str>)> {
    let name = take_while(|c| c != '=' && c != '&');
    (name, opt(preceded(char('='), take_till(|c| c == '&')))).parse(input)
}

/// Decodes percent escapes, and `+` as a space. What is no escape stays as it is, what is no UTF-8 becomes U+FFFD.
fn decode(text: &str) -> String {
    steps::add(text.len());
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text.as_bytes();
    while let Some((&byte, after)) = left.split_first() {
        left = after;
        match (byte, escape(after)) {
            (b'%', Some(decoded)) => {
                bytes.push(decoded);
                left = &after[2..];
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// A query string as a URL may hold it: what must not stand in one (blanks, quotes, `<`, `>`, letters beyond ASCII) is
/// escaped. What has a meaning in a query string, as `%`, `+`, `&` and `=` have, stays as it is.
pub fn for_url(query_string: &str) -> String {
    let mut url = String::with_capacity(query_string.len());
    for byte in query_string.bytes() {
        match byte {
            b'"' | b'<' | b'>' | b'`' | b'#' | b'{' | b'}' | b'|' | b'\\' | b'^' => {
                url.push_str(&format!("%{byte:02X}"))
            }
            0x21..=0x7E => url.push(char::from(byte)),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url
}

fn escape(after_percent: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*after_percent.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

/// Whether records may have a key of this name: two or more ASCII letters, digits and underscores, no digit first.
pub fn is_valid_key(name: &str) -> bool {
    steps::add(name.len());
    all_consuming(key).parse(name).is_ok()
}

fn key(input: &str) -> IResult<&str, &str> {
    let first = satisfy(|c| c.is_ascii_alphabetic() || c == '_');
    let others = many1_count(satisfy(|c| c.is_ascii_alphanumeric() || c == '_'));
    recognize((first, others)).parse(input)
}

/// `key:value`, split at the first colon.
pub(crate) fn key_and_value(text: &str) -> Option<(&str, &str)> {
    complete(separated_pair(take_till(|c| c == ':'), char(':'), rest), text)
}

/// `key:direction`, split at the last colon since the key may be that of something collected, as in `fee:sum`.
pub(crate) fn key_and_order(text: &str) -> Option<(&str, Order)> {
    let (key, direction) = text.rsplit_once(':').filter(|(key, _)| !key.is_empty())?;
    let ascending = value(Order::Ascending, tag("ascending"));
    let order = complete(alt((ascending, value(Order::Descending, tag("descending")))), direction)?;
    Some((key, order))
}

/// `key` or `key:method`; the method is `None` when there is none of that name.
pub(crate) fn key_and_method(text: &str) -> (&str, Option<CollectMethod>) {
    match key_and_value(text) {
        None => (text, Some(CollectMethod::Default)),
        Some((key, name)) => (key, CollectMethod::from_name(name)),
    }
}

/// `p90` or `p99.9`: a percentile with up to three decimals.
pub(crate) fn percentile(text: &str) -> Option<Percentile> {
    let digits = |least, most| take_while_m_n(least, most, |c: char| c.is_ascii_digit());
    let decimals = opt(preceded(char('.'), digits(1, 3)));
    let (whole, decimals) = complete(preceded(char('p'), (digits(1, 3), decimals)), text)?;
    let thousandths: u32 = format!("{whole}{:0<3}", decimals.unwrap_or_default()).parse().ok()?;
    Percentile::from_thousandths(thousandths)
}

/// `minute`, `15minutes` or `6hours`, as minutes.
pub(crate) fn minutes(text: &str) -> Option<u16> {
    let unit = alt((value(1, tag("minutes")), value(60, tag("hours"))));
    let count = map_opt(digit1, |digits: &str| digits.parse::<u16>().ok());
    let several = map_opt((count, unit), |(count, minutes): (u16, u16)| count.checked_mul(minutes));
    complete(alt((several, value(1, tag("minute")))), text)
}

/// `true` or `false`.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    complete(alt((value(true, tag("true")), value(false, tag("false")))), text)
}

/// A whole number that is not negative, as loosely written as the older system allowed: blanks around it, a sign,
/// leading zeros, digits of other scripts. Too large for 64 bits becomes the largest.
pub(crate) fn count(text: &str) -> Option<u64> {
    let digits: String = text.trim().chars().map(ascii_digit).collect();
    let sign = opt(alt((value(false, char('+')), value(true, char('-')))));
    let (negative, magnitude) =
        complete((map(sign, |sign| sign.unwrap_or(false)), map(digit1, saturating)), &digits)?;
    (!negative || magnitude == 0).then_some(magnitude)
}

fn saturating(digits: &str) -> u64 {
    digits.parse().unwrap_or(u64::MAX)
}

/// The zero of every other script's decimal digits that a keyboard is likely to produce.
const OTHER_ZEROS: [u32; 16] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50,
    0x0ED0, 0x1040, 0xFF10,
];

fn ascii_digit(c: char) -> char {
    let digit = |zero: &u32| u32::from(c).checked_sub(*zero).and_then(|digit| char::from_digit(digit, 10));
    OTHER_ZEROS.iter().find_map(digit).unwrap_or(c)
}

/// Runs a parser over the whole text.
fn complete<'a, O>(
    parser: impl Parser<&'a str, Output = O, Error = nom::error::Error<&'a str>>,
    text: &'a str,
) -> Option<O> {
    steps::add(text.len());
    all_consuming(parser).parse(text).ok().map(|(_, output)| output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_and_decodes() {
        let read = Parameters::read("&&group_by=a%20b+c&x&=y&%zz=%e2%82%AC%ff&a=b=c&");
        let seen: Vec<_> = read.iter().map(|p| (p.name.as_str(), p.value.as_str(), p.position)).collect();
        assert_eq!(
            seen,
            [
                ("group_by", "a b c", 2),
                ("x", "", 19),
                ("", "y", 21),
                ("%zz", "€\u{FFFD}", 24),
                ("a", "b=c", 41)
            ]
        );
    }

    #[test]
    fn what_a_url_cannot_hold_is_escaped_and_means_the_same() {
        let text = "filter=fee > 10 and name = 'é'&limit=%31&a=b+c";
        let url = for_url(text);
        assert_eq!(url, "filter=fee%20%3E%2010%20and%20name%20=%20'%C3%A9'&limit=%31&a=b+c");
        let values = |text| Parameters::read(text).iter().map(|p| p.value.clone()).collect::<Vec<_>>();
        assert_eq!(values(&url), values(text));
    }

    #[test]
    fn keys_have_two_characters_or_more() {
        for name in ["_id", "ab", "Upper", "a1", "__"] {
            assert!(is_valid_key(name), "{name}");
        }
        for name in ["", "a", "1a", "a-b", "a b", "$where", "é1", "ab\n"] {
            assert!(!is_valid_key(name), "{name}");
        }
    }

    #[test]
    fn counts_are_read_loosely() {
        for (text, expected) in [
            ("3", 3),
            (" 3 ", 3),
            ("+3", 3),
            ("-0", 0),
            ("003", 3),
            ("３", 3),
            ("99999999999999999999", u64::MAX),
        ] {
            assert_eq!(count(text), Some(expected), "{text}");
        }
        for text in ["", "-1", "1.0", "1e1", "0x3", "3L", "1_0", "+ 3", "two"] {
            assert_eq!(count(text), None, "{text}");
        }
    }

    #[test]
    fn percentiles_have_up_to_three_decimals() {
        for (text, fraction) in
            [("p0", 0.0), ("p50", 0.5), ("p99.9", 0.999), ("p099.950", 0.9995), ("p100", 1.0)]
        {
            assert_eq!(percentile(text).unwrap().fraction(), fraction, "{text}");
        }
        for text in ["p", "p101", "p100.001", "p1.2345", "p.5", "p5.", "90", "p-1"] {
            assert_eq!(percentile(text), None, "{text}");
        }
        assert_eq!(percentile("p099.950").unwrap().to_string(), "p99.95");
    }

    #[test]
    fn a_sort_splits_at_its_last_colon() {
        assert_eq!(key_and_order("fee:sum:descending"), Some(("fee:sum", Order::Descending)));
        assert_eq!(key_and_order(":ascending"), None);
        assert_eq!(key_and_order("fee:ascendingly"), None);
    }
}
