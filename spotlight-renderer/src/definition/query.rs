//! What a module asks of the data: its stored parameters, completed.

use chrono::{DateTime, Months, TimeDelta, Utc};
use query_lang::Period;
use serde_json::{Map, Value};

use super::Module;
use super::merge;
use crate::format::{amount, date, plain};

/// A query over one data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The data group.
    pub group: String,
    /// The data type.
    pub data_type: String,
    /// The parameters, decoded.
    pub parameters: Vec<(String, String)>,
}

/// What a type of module has to say about its query.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wishes {
    /// Whether groups come nested rather than as flat rows.
    pub nested: bool,
    /// Parameters that the definition may replace.
    pub under: Map<String, Value>,
    /// Parameters that replace those of the definition.
    pub over: Map<String, Value>,
    /// How many periods more than are shown are needed before them.
    pub periods_before: usize,
    /// Whether the period that has not ended is wanted, too.
    pub unended: bool,
}

impl Query {
    /// The query of a module; `None` if it has no data source.
    pub fn of(module: &Module, wishes: &Wishes, now: DateTime<Utc>) -> Option<Query> {
        let source = module.source.as_ref()?;
        let mut under = Map::new();
        if !wishes.nested {
            under.insert("flatten".to_owned(), Value::Bool(true));
        }
        under.extend(wishes.under.clone());
        let stored = merge::deep(&Value::Object(under), &Value::Object(source.parameters.clone()));
        let merged = merge::deep(&stored, &Value::Object(wishes.over.clone()));
        let mut parameters = match merged {
            Value::Object(parameters) => parameters,
            _ => Map::new(),
        };
        parameters.retain(|_, value| !value.is_null());
        complete_span(&mut parameters, now);
        if wishes.unended {
            reach_on(&mut parameters, now);
        }
        reach_back(&mut parameters, wishes.periods_before);
        Some(Query {
            group: source.group.clone(),
            data_type: source.data_type.clone(),
            parameters: parameters.iter().flat_map(|(name, value)| pairs(name, value)).collect(),
        })
    }

    /// The path of the data set below the read API.
    pub fn path(&self) -> String {
        format!("/data/{}/{}", encoded(&self.group), encoded(&self.data_type))
    }

    /// The query string, percent-encoded.
    pub fn query_string(&self) -> String {
        let pairs =
            self.parameters.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// The parameters as sorted, decoded text: equal for equal queries.
    pub fn canonical(&self) -> String {
        let escaped = |text: &str| text.replace('%', "%25").replace('&', "%26");
        let mut pairs: Vec<String> = self
            .parameters
            .iter()
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        pairs.sort();
        pairs.join("&")
    }

    /// The value of a parameter; of several the first.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The same query with a parameter more.
    pub fn with(&self, name: &str, value: &str) -> Query {
        let mut query = self.clone();
        query.parameters.push((name.to_owned(), value.to_owned()));
        query
    }
}

fn pairs(name: &str, value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Array(values) => values
            .iter()
            .filter(|value| !value.is_null())
            .map(|value| (name.to_owned(), plain(value)))
            .collect(),
        value => vec![(name.to_owned(), plain(value))],
    }
}

/// Gives a query the ends of its span that the definition left open.
fn complete_span(parameters: &mut Map<String, Value>, now: DateTime<Utc>) {
    let has = |parameters: &Map<String, Value>, name: &str| parameters.contains_key(name);
    if has(parameters, "start_at") && !has(parameters, "end_at") && !has(parameters, "duration") {
        parameters.insert("end_at".to_owned(), Value::String(date::to_query(now)));
    }
    let bounded = has(parameters, "start_at") && has(parameters, "end_at");
    if bounded {
        parameters.remove("duration");
    }
    if !has(parameters, "duration") && !bounded {
        let duration = parameters.get("period").and_then(Value::as_str).and_then(default_duration);
        if let Some(duration) = duration {
            parameters.insert("duration".to_owned(), duration.into());
        }
    }
    for bound in ["start_at", "end_at"] {
        if let Some(time) = parameters.get(bound).and_then(date::parse) {
            parameters.insert(bound.to_owned(), Value::String(date::to_query(time)));
        }
    }
}

/// How many periods are shown unless a definition says otherwise.
pub fn default_duration(period: &str) -> Option<u64> {
    match period {
        "hour" => Some(24),
        "day" => Some(30),
        "week" => Some(9),
        "month" => Some(12),
        "quarter" => Some(24),
        _ => None,
    }
}

/// Widens a query of the last so many periods by the one that has not ended.
fn reach_on(parameters: &mut Map<String, Value>, now: DateTime<Utc>) {
    let period = parameters.get("period").and_then(Value::as_str).and_then(Period::from_name);
    let count = parameters.get("duration").and_then(amount);
    let (Some(period), Some(count)) = (period, count) else { return };
    if parameters.contains_key("start_at") || parameters.contains_key("end_at") {
        return;
    }
    let begun = period.floor(now);
    if let (Some(start), Some(end)) = (period.add(begun, -(count as i64)), period.add(begun, 1)) {
        parameters.remove("duration");
        parameters.insert("start_at".to_owned(), Value::String(date::to_query(start)));
        parameters.insert("end_at".to_owned(), Value::String(date::to_query(end)));
    }
}

/// Widens a query by periods before those shown.
fn reach_back(parameters: &mut Map<String, Value>, periods: usize) {
    if periods == 0 {
        return;
    }
    let period = parameters.get("period").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(start) = parameters.get("start_at").and_then(date::parse) {
        if let Some(earlier) = periods_before(start, &period, periods) {
            parameters.insert("start_at".to_owned(), Value::String(date::to_query(earlier)));
        }
        return;
    }
    if let Some(duration) = parameters.get("duration").and_then(amount) {
        parameters.insert("duration".to_owned(), (duration as u64 + periods as u64).into());
    }
}

fn periods_before(time: DateTime<Utc>, period: &str, count: usize) -> Option<DateTime<Utc>> {
    let count = u32::try_from(count).ok()?;
    let hours = |hours: i64| time.checked_sub_signed(TimeDelta::try_hours(hours * i64::from(count))?);
    let months = |months: u32| time.checked_sub_months(Months::new(months.checked_mul(count)?));
    match period {
        "hour" => hours(1),
        "day" => hours(24),
        "week" => hours(7 * 24),
        "month" => months(1),
        "quarter" => months(3),
        "year" => months(12),
        _ => None,
    }
}

/// Percent-encodes everything that is not plainly a letter, a digit or one of `-._~`.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// A percent-encoded text in the clear; `+` stays as it is. What is not UTF-8 is replaced.
pub fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        match (byte, digit(ahead.next()), digit(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                bytes = ahead;
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The names and values of a query string, decoded, in their order; `+` is a space.
pub fn decoded_pairs(query: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
    };
    query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}
