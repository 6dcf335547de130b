//! Which form of a page a request wants: `Accept`, as RFC 9110 has it (sections 5.6, 8.3.1, 12.4.2 and 12.5.1).

use axum::http::{HeaderMap, header};
use spotlight_renderer::view::form::Form;

/// A weight of 1, in thousandths.
const WHOLE: u16 = 1000;

/// A range of media types with its weight in thousandths.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    kind: String,
    subtype: String,
    parameters: Vec<(String, String)>,
    weight: u16,
}

/// The forms that a request accepts, the most wanted first, and none after the page for people, which every page has. Requests
/// that do not say what they want, or say nothing that can be understood, want the page for people.
pub fn wanted(headers: &HeaderMap) -> Vec<Form> {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<Range> =
        values.flat_map(|value| split(value, ',')).filter_map(|range| Range::parse(&range)).collect();
    if ranges.is_empty() {
        return vec![Form::Html];
    }
    let mut accepted: Vec<(u16, Form)> = Form::NEGOTIATED
        .iter()
        .map(|form| (weight(*form, &ranges), *form))
        .filter(|(weight, _)| *weight > 0)
        .collect();
    // of equal weights ours come in the order that we prefer
    accepted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let mut forms: Vec<Form> = accepted.into_iter().map(|(_, form)| form).collect();
    if let Some(page) = forms.iter().position(|form| *form == Form::Html) {
        forms.truncate(page + 1);
    }
    forms
}

/// The weight of the range that is most particular about a form; 0 if none is about it.
fn weight(form: Form, ranges: &[Range]) -> u16 {
    let matching = ranges.iter().filter_map(|range| Some((range.about(form)?, range.weight)));
    matching.max().map_or(0, |(_, weight)| weight)
}

impl Range {
    fn parse(text: &str) -> Option<Range> {
        let mut parts = split(text, ';').into_iter();
        let media = parts.next()?;
        let (kind, subtype) = media.trim().split_once('/')?;
        let is_range = |text: &str| text == "*" || is_token(text);
        if !is_range(kind) || !is_range(subtype) || (kind == "*" && subtype != "*") {
            return None;
        }
        let mut range = Range {
            kind: kind.to_ascii_lowercase(),
            subtype: subtype.to_ascii_lowercase(),
            parameters: Vec::new(),
            weight: WHOLE,
        };
        for parameter in parts.filter(|part| !part.trim().is_empty()) {
            let (name, value) = parameter.split_once('=')?;
            let (name, value) = (name.trim().to_ascii_lowercase(), unquoted(value.trim()));
            if name == "q" {
                // what comes after the weight was an extension once, and means nothing any more
                range.weight = parse_weight(&value)?;
                break;
            }
            range.parameters.push((name, value));
        }
        Some(range)
    }

    /// How particular the range is about a form; `None` if it is not about it. A range with parameters that the form does not have
    /// counts where nothing else does: what is nearly right is better than a refusal.
    fn about(&self, form: Form) -> Option<u8> {
        let (kind, subtype) = form.media_type().split_once('/')?;
        let has = |(name, value): &(String, String)| {
            let own = form.content_type().split(';').skip(1).filter_map(|own| own.trim().split_once('='));
            own.into_iter().any(|(own, given)| own == name && given.eq_ignore_ascii_case(value))
                || (name == "charset" && value.eq_ignore_ascii_case("utf-8"))
        };
        match (self.kind.as_str(), self.subtype.as_str()) {
            ("*", "*") => Some(1),
            (own, "*") if own == kind => Some(2),
            (own, exact) if own == kind && exact == subtype => Some(match self.parameters.as_slice() {
                [] => 3,
                parameters if parameters.iter().all(has) => 4,
                _ => 0,
            }),
            _ => None,
        }
    }
}

/// `0` to `1` with at most three decimals, in thousandths.
fn parse_weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths = || format!("{decimals:0<3}").parse::<u16>().ok();
    match whole {
        "0" if are_digits => thousandths(),
        "1" if are_digits && thousandths() == Some(0) => Some(WHOLE),
        _ => None,
    }
}

/// The parts of a text between separators that are not inside quotes.
fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        let is_escape = quoted && !escaped && c == '\\';
        quoted ^= c == '"' && !escaped;
        match parts.last_mut() {
            Some(part) if quoted || c != separator => part.push(c),
            _ => parts.push(String::new()),
        }
        escaped = is_escape;
    }
    parts
}

fn unquoted(value: &str) -> String {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inside) => inside.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => value.to_owned(),
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(values: &[&'static str]) -> Vec<Form> {
        let one = |value: &&'static str| (header::ACCEPT, HeaderValue::from_static(value));
        wanted(&values.iter().map(one).collect())
    }

    #[test]
    fn what_is_wanted_most_comes_first() {
        use Form::{Atom, Csv, Html, Json, Png, Svg, Xlsx, Zip};
        for (value, expected) in [
            ("application/json", vec![Json]),
            ("Application/JSON", vec![Json]),
            ("text/csv, application/json;q=0.9", vec![Csv, Json]),
            ("application/json;q=0.2, text/csv;q=0.9", vec![Csv, Json]),
            ("image/*", vec![Svg, Png]),
            ("image/png, image/*;q=0.5", vec![Png, Svg]),
            ("text/*;q=0.3, text/csv", vec![Csv, Html]),
            ("*/*", vec![Html]),
            ("text/csv, */*;q=0.1", vec![Csv, Html]),
            ("application/json, text/javascript, */*; q=0.01", vec![Json, Html]),
            ("text/html;q=0, */*", vec![Json, Csv, Xlsx, Svg, Png, Zip, Atom]),
            ("application/json;q=0, text/html", vec![Html]),
            ("application/atom+xml", vec![Atom]),
            // the most particular range decides, not the largest weight
            ("text/html;level=1, text/html;q=0.7, */*;q=0.5", vec![Html]),
            ("text/csv;q=0.1, */*", vec![Html]),
            ("text/csv;charset=utf-8, text/csv;q=0, text/html;q=0.5", vec![Csv, Html]),
            ("text/csv;charset=\"UTF-8\"", vec![Csv]),
            // parameters that nobody knows are better than nothing
            ("application/json;profile=\"a,b;c\"", vec![Json]),
            ("text/csv;q=1.000;extension=x", vec![Csv]),
            ("image/webp, image/avif", vec![]),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", vec![Html]),
            ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", vec![Svg, Png, Html]),
        ] {
            assert_eq!(of(&[value]), expected, "{value}");
        }
        assert_eq!(of(&["text/csv", "application/json;q=0.5"]), [Csv, Json], "several headers are one");
    }

    #[test]
    fn whoever_says_nothing_that_can_be_understood_gets_the_page() {
        for values in [
            vec![],
            vec![""],
            vec![","],
            vec!["nonsense"],
            vec!["*/json"],
            vec!["text/csv;q=2"],
            vec!["a b/c"],
        ] {
            assert_eq!(of(&values), [Form::Html], "{values:?}");
        }
        for weight in ["", "0.1234", "1.001", "-1", ".5", "1.", "0."] {
            assert_eq!(parse_weight(weight).is_some(), weight.ends_with('.'), "{weight}");
        }
    }

    #[test]
    fn quotes_hide_separators() {
        assert_eq!(split("a;b=\"c;\\\";d\";e", ';'), ["a", "b=\"c;\\\";d\"", "e"]);
    }
}
