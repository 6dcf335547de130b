//! From the body of a write to records: parsed, validated, normalised, with the messages that clients know.
//!
//! Rules, as the older system had them: keys are letters, digits and underscores, begin with a letter or underscore, and
//! have two characters at least; keys that begin with an underscore are `_id`, `_timestamp`, `_start_at` and `_end_at`
//! only; values are scalars, integers within 64 bits; `_id` is text without white space.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use query_lang::{TimestampError, Value, read_timestamp};
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::record::Record;
use crate::schema::{ID, TIMESTAMP, UPDATED_AT};

/// How records are completed.
#[derive(Debug, Clone, Copy)]
pub struct DecodeOptions<'a> {
    /// The keys whose values make up the `_id` of a record that comes without one.
    pub auto_ids: &'a [String],
    /// The present: becomes `_updated_at`.
    pub now: DateTime<Utc>,
}

/// Why a body is not taken. Nothing of it is.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The body is not JSON.
    #[error("{0}")]
    Syntax(String),
    /// Records break the rules: one message for each fault.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
}

/// Decodes one record or a list of records.
///
/// # Errors
/// [`DecodeError`], with everything that is wrong.
pub fn decode(body: &[u8], options: &DecodeOptions<'_>) -> Result<Vec<Record>, DecodeError> {
    let mut parsed: Body =
        serde_json::from_slice(body).map_err(|error| DecodeError::Syntax(error.to_string()))?;
    mark_large_integers(body, &mut parsed);
    let mut messages = Vec::new();
    let mut records = Vec::with_capacity(parsed.0.len());
    for given in parsed.0 {
        match given
            .0
            .map_or_else(|| Err(vec!["a record must be a JSON object".to_owned()]), |g| complete(g, options))
        {
            Ok(record) => records.push(record),
            Err(faults) => messages.extend(faults),
        }
    }
    if messages.is_empty() { Ok(records) } else { Err(DecodeError::Invalid(messages)) }
}

/// Decodes the changes of a PATCH: one object whose keys and values follow the rules of records.
///
/// # Errors
/// [`DecodeError`], with everything that is wrong.
pub fn decode_changes(body: &[u8], now: DateTime<Utc>) -> Result<Record, DecodeError> {
    let object: MaybeObject =
        serde_json::from_slice(body).map_err(|error| DecodeError::Syntax(error.to_string()))?;
    let given = object
        .0
        .ok_or_else(|| DecodeError::Invalid(vec!["the changes must be one JSON object".to_owned()]))?;
    let mut changes = normalise(given).map_err(DecodeError::Invalid)?;
    changes.insert(UPDATED_AT.to_owned(), Value::Time(now));
    Ok(changes)
}

/// The parser gives integers beyond 64 bits as floats. Where a float is that large, this looks at how it was written.
fn mark_large_integers(body: &[u8], parsed: &mut Body) {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    let is_large =
        |given: &Given| matches!(given, Given::Scalar(Value::Float(number)) if number.abs() >= TWO_TO_63);
    let any =
        parsed.0.iter().filter_map(|object| object.0.as_ref()).any(|object| object.values().any(is_large));
    if !any {
        return;
    }
    type Raw<'a> = IndexMap<String, &'a serde_json::value::RawValue>;
    let written: Vec<Raw<'_>> = match serde_json::from_slice::<Vec<Raw<'_>>>(body) {
        Ok(list) => list,
        Err(_) => serde_json::from_slice::<Raw<'_>>(body).into_iter().collect(),
    };
    for (object, written) in parsed.0.iter_mut().filter_map(|object| object.0.as_mut()).zip(&written) {
        for (key, given) in object.iter_mut().filter(|(_, given)| is_large(given)) {
            let digits = written.get(key).map_or("", |raw| raw.get());
            if !digits.contains(['.', 'e', 'E']) {
                *given = Given::TooLarge(digits.to_owned());
            }
        }
    }
}

fn complete(given: IndexMap<String, Given>, options: &DecodeOptions<'_>) -> Result<Record, Vec<String>> {
    // The keys of the data set decide, even where a record brings an id of its own.
    let id = match options.auto_ids {
        [] => None,
        keys => Some(auto_id(&given, keys).map_err(|fault| vec![fault])?),
    };
    let mut record = normalise(given)?;
    if id.is_some() || !record.contains_key(ID) {
        let id = id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        record.insert(ID.to_owned(), Value::Text(id));
    }
    record.insert(UPDATED_AT.to_owned(), Value::Time(options.now));
    Ok(record)
}

/// Base64 of the values joined by full stops, each as the older system printed it.
fn auto_id(given: &IndexMap<String, Given>, keys: &[String]) -> Result<String, String> {
    let missing: Vec<&str> =
        keys.iter().filter(|key| !given.contains_key(*key)).map(String::as_str).collect();
    if !missing.is_empty() {
        return Err(format!("The following required id fields are missing: {}", missing.join(", ")));
    }
    let parts: Vec<String> = keys.iter().filter_map(|key| given.get(key)).map(Given::printed).collect();
    Ok(STANDARD.encode(parts.join(".")))
}

/// Checks keys and values, and reads times. The first fault of a record is told.
fn normalise(given: IndexMap<String, Given>) -> Result<Record, Vec<String>> {
    let mut record = Record::with_capacity(given.len() + 2);
    // Times first: a fault in one of them hides the rest, as it always did.
    let mut times = IndexMap::new();
    for key in ["_end_at", "_start_at", TIMESTAMP] {
        if let Some(value) = given.get(key) {
            times.insert(key, time(key, value)?);
        }
    }
    for (key, value) in given {
        if let Some(time) = times.get(key.as_str()) {
            record.insert(key, Value::Time(*time));
            continue;
        }
        check_key(&key).map_err(|fault| vec![fault])?;
        let value = match value {
            Given::Scalar(value) => value,
            Given::TooLarge(_) | Given::Nested => return Err(vec![format!("{key} has an invalid value")]),
        };
        if key == ID {
            check_id(&value).map_err(|fault| vec![fault])?;
        }
        record.insert(key, value);
    }
    Ok(record)
}

fn time(key: &str, value: &Given) -> Result<DateTime<Utc>, Vec<String>> {
    let shown = if key == TIMESTAMP { "the _timestamp" } else { key };
    let format = format!("{shown} must be a date in the format yyyy-MM-ddT00:00:00Z");
    let fault = match value {
        Given::Scalar(Value::Text(text)) => match read_timestamp(text) {
            Ok(time) => return Ok(time),
            Err(TimestampError::OutOfRange) => format!("{text} in the {key} field is not a valid date"),
            Err(TimestampError::Unrecognised) => format,
        },
        _ => format,
    };
    Err(vec![fault, format!("{key} is not a valid datetime object")])
}

fn check_key(key: &str) -> Result<(), String> {
    // One line break at the end was always let through, and is in use.
    let name = key.strip_suffix('\n').unwrap_or(key);
    if !query_lang::is_valid_key(name) {
        return Err(format!("{key} is not a valid key"));
    }
    if key.starts_with('_') && key != ID {
        return Err(format!("{key} is not a recognised internal field"));
    }
    Ok(())
}

fn check_id(id: &Value) -> Result<(), String> {
    match id {
        Value::Text(text) if !text.is_empty() && !text.contains(char::is_whitespace) => Ok(()),
        other => Err(format!("_id \"{}\" is not a valid id", Given::Scalar(other.clone()).printed())),
    }
}

/// A value as it was sent.
enum Given {
    Scalar(Value),
    /// A number beyond 64 bits, or not a number.
    TooLarge(String),
    /// A list or an object.
    Nested,
}

impl Given {
    /// The value in the print of the older system, of which ids are made: `None`, `True`, twelve digits of a float.
    fn printed(&self) -> String {
        match self {
            Self::Scalar(Value::Null) => "None".to_owned(),
            Self::Scalar(Value::Bool(true)) => "True".to_owned(),
            Self::Scalar(Value::Bool(false)) => "False".to_owned(),
            Self::Scalar(Value::Int(number)) => number.to_string(),
            Self::Scalar(Value::Float(number)) => printed_float(*number),
            Self::Scalar(Value::Text(text)) => text.clone(),
            Self::Scalar(Value::Time(time)) => query_lang::print_time(*time),
            Self::TooLarge(digits) => digits.clone(),
            Self::Nested => "[]".to_owned(),
        }
    }
}

/// `%.12g` with at least one decimal: `2.0`, `1234567.89123`, `1e+16`.
fn printed_float(number: f64) -> String {
    let scientific = format!("{number:.11e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |digits: &str| match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => digits.to_owned(),
    };
    if !(-4..12).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trim(mantissa), exponent.abs());
    }
    let decimals = usize::try_from(11 - exponent).unwrap_or(0);
    let plain = trim(&format!("{number:.decimals$}"));
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}

/// One object or a list of them, read without building a tree.
struct Body(Vec<MaybeObject>);

/// An object, or something else in the place of one.
struct MaybeObject(Option<IndexMap<String, Given>>);

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BodyVisitor)
    }
}

struct BodyVisitor;

/// Everything but objects and lists, which each visitor treats in its own way.
macro_rules! scalars {
    ($value:ty, $scalar:expr, $too_large:expr) => {
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("JSON")
        }
        fn visit_unit<E>(self) -> Result<$value, E> {
            Ok($scalar(Value::Null))
        }
        fn visit_bool<E>(self, value: bool) -> Result<$value, E> {
            Ok($scalar(Value::Bool(value)))
        }
        fn visit_i64<E>(self, value: i64) -> Result<$value, E> {
            Ok($scalar(Value::Int(value)))
        }
        fn visit_u64<E>(self, value: u64) -> Result<$value, E> {
            Ok(i64::try_from(value)
                .map_or_else(|_| $too_large(value.to_string()), |value| $scalar(Value::Int(value))))
        }
        fn visit_f64<E>(self, value: f64) -> Result<$value, E> {
            Ok($scalar(Value::Float(value)))
        }
        fn visit_str<E>(self, value: &str) -> Result<$value, E> {
            Ok($scalar(Value::Text(value.to_owned())))
        }
    };
}

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body;

    scalars!(Body, |_| Body(vec![MaybeObject(None)]), |_| Body(vec![MaybeObject(None)]));

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Body, A::Error> {
        Ok(Body(vec![MaybeObject(Some(object(map)?))]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Body, A::Error> {
        let mut records = Vec::new();
        while let Some(record) = list.next_element()? {
            records.push(record);
        }
        Ok(Body(records))
    }
}

impl<'de> Deserialize<'de> for MaybeObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = MaybeObject;

    scalars!(MaybeObject, |_| MaybeObject(None), |_| MaybeObject(None));

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<MaybeObject, A::Error> {
        Ok(MaybeObject(Some(object(map)?)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<MaybeObject, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(MaybeObject(None))
    }
}

/// The greatest length of a key, in bytes.
const MAX_KEY: usize = 4_096;

/// Of a key that is there twice, the last value counts.
fn object<'de, A: MapAccess<'de>>(mut map: A) -> Result<IndexMap<String, Given>, A::Error> {
    let mut object = IndexMap::with_capacity(map.size_hint().unwrap_or(12));
    while let Some(key) = map.next_key::<String>()? {
        if key.len() > MAX_KEY {
            return Err(A::Error::custom(format!("a key has more than {MAX_KEY} bytes")));
        }
        object.insert(key, map.next_value::<Given>()?);
    }
    Ok(object)
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GivenVisitor)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given;

    scalars!(Given, Given::Scalar, Given::TooLarge);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Given::Nested)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Given, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Given::Nested)
    }
}
