//! The body that has something wrong or unusual in it: one record after another, each looked at as a whole.

use std::collections::HashMap;

use indexmap::IndexMap;
use query_lang::Value;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::rules::{self, MAX_ID, MAX_KEY, TIMES};
use super::{Complaints, DecodeError, DecodeOptions, too_much};
use crate::batch::{Batch, BatchBuilder, MAX_KEYS};
use crate::columns::Scalar;
use crate::record::Record;
use crate::schema::{ID, UPDATED_AT};

/// Reads one record or a list of records.
///
/// # Errors
/// [`DecodeError`], with everything that is wrong.
pub fn read(body: &[u8], options: &DecodeOptions<'_>) -> Result<Batch, DecodeError> {
    let odd = if may_have_odd_integers(body) { odd_integers(body) } else { HashMap::new() };
    let mut records = Records {
        options,
        odd,
        builder: BatchBuilder::default(),
        complaints: Complaints::default(),
        too_much: None,
        seen: 0,
    };
    let mut json = serde_json::Deserializer::from_slice(body);
    let syntax = |error: serde_json::Error| DecodeError::Syntax(error.to_string());
    BodyOf(&mut records).deserialize(&mut json).map_err(syntax)?;
    json.end().map_err(syntax)?;
    if !records.complaints.is_empty() {
        return Err(DecodeError::Invalid(records.complaints));
    }
    if let Some(error) = records.too_much {
        return Err(error);
    }
    records.builder.finish().map_err(|error| DecodeError::TooMuch(error.to_string()))
}

/// Reads the changes of a PATCH.
///
/// # Errors
/// [`DecodeError`], with everything that is wrong.
pub fn read_changes(body: &[u8]) -> Result<Record, DecodeError> {
    let invalid = |messages: Vec<String>| {
        let mut complaints = Complaints::default();
        complaints.extend(messages);
        DecodeError::Invalid(complaints)
    };
    let object: MaybeObject =
        serde_json::from_slice(body).map_err(|error| DecodeError::Syntax(error.to_string()))?;
    let MaybeObject::Object(mut given) = object else {
        return Err(invalid(vec!["the changes must be one JSON object".to_owned()]));
    };
    if may_have_odd_integers(body) {
        mark(&mut given, odd_integers(body).remove(&0));
    }
    normalise(given).map_err(invalid)
}

/// What becomes of the records of a body.
struct Records<'a> {
    options: &'a DecodeOptions<'a>,
    /// See [`odd_integers`].
    odd: HashMap<usize, Vec<(String, String)>>,
    builder: BatchBuilder,
    complaints: Complaints,
    too_much: Option<DecodeError>,
    seen: usize,
}

impl Records<'_> {
    fn take(&mut self, object: MaybeObject) {
        let number = self.seen;
        self.seen += 1;
        let completed = match object {
            MaybeObject::Object(mut given) => {
                mark(&mut given, self.odd.remove(&number));
                complete(given, self.options)
            }
            MaybeObject::TooManyKeys => Err(vec![format!("a record has more than {MAX_KEYS} keys")]),
            MaybeObject::Other => Err(vec!["a record must be a JSON object".to_owned()]),
        };
        match completed {
            Err(faults) => self.complaints.extend(faults),
            // Of what is refused in any case, only what else is wrong matters.
            Ok(_) if self.too_much.is_some() || !self.complaints.is_empty() => {}
            Ok(record) => {
                self.builder.push_record(&record);
                self.too_much = too_much(self.builder.rows(), self.builder.keys());
            }
        }
    }
}

/// Whether there may be an integer beyond 64 bits, which has 19 digits at least, or `-0`.
fn may_have_odd_integers(body: &[u8]) -> bool {
    let mut runs = body.chunk_by(|a, b| a.is_ascii_digit() && b.is_ascii_digit());
    // a value comes after a colon and white space; in times and ids `-0` is everywhere
    let is_minus_zero = |three: &[u8]| matches!(three, [b':' | b' ' | b'\t' | b'\n' | b'\r', b'-', b'0']);
    runs.any(|run| run.len() >= 19) || body.windows(3).any(is_minus_zero)
}

/// The integers beyond 64 bits and `-0`, as they were written: by the number of their record, with their keys. The parser gives
/// them as floats; only how they were written tells them from floats that are equal.
fn odd_integers(body: &[u8]) -> HashMap<usize, Vec<(String, String)>> {
    /// Values as they were written.
    struct Raw(HashMap<usize, Vec<(String, String)>>, usize);

    impl<'de> DeserializeSeed<'de> for &mut Raw {
        type Value = ();

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_seq(self)
        }
    }

    impl<'de> Visitor<'de> for &mut Raw {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
            while let Some(record) = list.next_element::<&RawValue>()? {
                self.look_at(record.get());
            }
            Ok(())
        }
    }

    impl Raw {
        fn look_at(&mut self, record: &str) {
            let object: HashMap<String, &RawValue> = serde_json::from_str(record).unwrap_or_default();
            let is_odd = |text: &str| {
                let is_integer = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
                text == "-0" || text.len() >= 19 && is_integer && text.parse::<i64>().is_err()
            };
            let odd: Vec<(String, String)> = object
                .into_iter()
                .filter(|(_, value)| is_odd(value.get()))
                .map(|(key, value)| (key, value.get().to_owned()))
                .collect();
            if !odd.is_empty() {
                self.0.insert(self.1, odd);
            }
            self.1 += 1;
        }
    }

    let mut raw = Raw(HashMap::new(), 0);
    let is_list = body.trim_ascii_start().first() == Some(&b'[');
    if is_list {
        // What is wrong with the text is told by whoever reads the values.
        let _ = raw.deserialize(&mut serde_json::Deserializer::from_slice(body));
    } else if let Ok(text) = std::str::from_utf8(body) {
        raw.look_at(text);
    }
    raw.0
}

/// Puts integers in the place of the floats that the parser gave.
fn mark(given: &mut IndexMap<String, Given>, odd: Option<Vec<(String, String)>>) {
    for (key, digits) in odd.into_iter().flatten() {
        let integer = if digits == "-0" { Given::Scalar(Value::Int(0)) } else { Given::TooLarge(digits) };
        given.entry(key).and_modify(|value| *value = integer);
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
        let id = id.unwrap_or_else(|| rules::new_id().to_string());
        record.insert(ID.to_owned(), Value::Text(id));
    }
    record.insert(UPDATED_AT.to_owned(), Value::Time(options.now));
    Ok(record)
}

fn auto_id(given: &IndexMap<String, Given>, keys: &[String]) -> Result<String, String> {
    let missing: Vec<&str> =
        keys.iter().filter(|key| !given.contains_key(*key)).map(String::as_str).collect();
    if !missing.is_empty() {
        return Err(format!("The following required id fields are missing: {}", missing.join(", ")));
    }
    let printed: Vec<String> = keys.iter().filter_map(|key| given.get(key)).map(Given::print).collect();
    let id = rules::auto_id(&printed);
    if id.len() > MAX_ID {
        return Err(format!("the _id that is made of {} has more than {MAX_ID} bytes", keys.join(", ")));
    }
    Ok(id)
}

/// Checks keys and values, and reads times. The first fault of a record is told.
fn normalise(given: IndexMap<String, Given>) -> Result<Record, Vec<String>> {
    let mut record = Record::with_capacity(given.len() + 2);
    // Times first: a fault in one of them hides the rest, as it always did.
    let mut times = IndexMap::new();
    for key in TIMES {
        if let Some(value) = given.get(key) {
            let text = match value {
                Given::Scalar(Value::Text(text)) => Some(text.as_str()),
                _ => None,
            };
            times.insert(key, rules::time(key, text)?);
        }
    }
    for (key, value) in given {
        if let Some(time) = times.get(key.as_str()) {
            record.insert(key, Value::Time(*time));
            continue;
        }
        rules::check_key(&key).map_err(|fault| vec![fault])?;
        let Given::Scalar(value) = value else { return Err(vec![format!("{key} has an invalid value")]) };
        if key == ID {
            rules::check_id(Scalar::from(&value)).map_err(|fault| vec![fault])?;
        }
        record.insert(key, value);
    }
    Ok(record)
}

/// A value as it was sent.
enum Given {
    Scalar(Value),
    /// An integer beyond 64 bits: its digits.
    TooLarge(String),
    /// A list or an object.
    Nested,
}

impl Given {
    fn print(&self) -> String {
        match self {
            Self::Scalar(value) => rules::print(Scalar::from(value)),
            Self::TooLarge(digits) => digits.clone(),
            Self::Nested => "[]".to_owned(),
        }
    }
}

/// What stands in the place of a record.
enum MaybeObject {
    Object(IndexMap<String, Given>),
    TooManyKeys,
    Other,
}

/// One record or a list of them.
struct BodyOf<'r, 'a>(&'r mut Records<'a>);

impl<'de> DeserializeSeed<'de> for BodyOf<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Everything but objects and lists, which each visitor treats in its own way.
macro_rules! scalars {
    ($self:ident, $value:ty, $scalar:expr, $too_large:expr) => {
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("JSON")
        }
        fn visit_unit<E>($self) -> Result<$value, E> {
            Ok($scalar(Value::Null))
        }
        fn visit_bool<E>($self, value: bool) -> Result<$value, E> {
            Ok($scalar(Value::Bool(value)))
        }
        fn visit_i64<E>($self, value: i64) -> Result<$value, E> {
            Ok($scalar(Value::Int(value)))
        }
        fn visit_u64<E>($self, value: u64) -> Result<$value, E> {
            Ok(match i64::try_from(value) {
                Ok(value) => $scalar(Value::Int(value)),
                Err(_) => $too_large(value.to_string()),
            })
        }
        fn visit_f64<E>($self, value: f64) -> Result<$value, E> {
            Ok($scalar(Value::Float(value)))
        }
        fn visit_str<E>($self, value: &str) -> Result<$value, E> {
            Ok($scalar(Value::Text(value.to_owned())))
        }
    };
}

impl<'de> Visitor<'de> for BodyOf<'_, '_> {
    type Value = ();

    scalars!(self, (), |_| self.0.take(MaybeObject::Other), |_| self.0.take(MaybeObject::Other));

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.take(object(map)?);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(record) = list.next_element()? {
            self.0.take(record);
        }
        Ok(())
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

    scalars!(self, MaybeObject, |_| MaybeObject::Other, |_| MaybeObject::Other);

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<MaybeObject, A::Error> {
        object(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<MaybeObject, A::Error> {
        skip_list(list)?;
        Ok(MaybeObject::Other)
    }
}

/// Of a key that is there twice, the last value counts.
fn object<'de, A: MapAccess<'de>>(mut map: A) -> Result<MaybeObject, A::Error> {
    let mut object = IndexMap::with_capacity(12);
    while let Some(key) = map.next_key::<String>()? {
        if key.len() > MAX_KEY {
            return Err(A::Error::custom(format!("a key has more than {MAX_KEY} bytes")));
        }
        object.insert(key, map.next_value::<Given>()?);
        if object.len() > MAX_KEYS + TIMES.len() + 1 {
            skip_map(map)?;
            return Ok(MaybeObject::TooManyKeys);
        }
    }
    Ok(MaybeObject::Object(object))
}

fn skip_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn skip_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GivenVisitor)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given;

    scalars!(self, Given, Given::Scalar, Given::TooLarge);

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Given, A::Error> {
        skip_map(map)?;
        Ok(Given::Nested)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Given, A::Error> {
        skip_list(list)?;
        Ok(Given::Nested)
    }
}
