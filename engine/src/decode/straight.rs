//! The usual body: values go into columns while they are parsed.
//!
//! Nothing is kept of a record but its id and time until it ends. Keys mostly come in the order in which they came before, so
//! that finding a column mostly is one comparison. Whatever is wrong or unusual ends the reading: no message is made here.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::rules::{self, MAX_ID, MAX_KEY, TIMES};
use super::{DecodeOptions, too_much};
use crate::batch::{Batch, BatchBuilder};
use crate::columns::Scalar;
use crate::schema::{ID, TIMESTAMP};

/// Floats from here on may be integers that do not fit into 64 bits, as minus zero may be an integer; only their text tells.
const LARGE: f64 = 9_223_372_036_854_775_808.0;

/// Reads one record or a list of records; `None` if a careful look is needed.
pub fn read(body: &[u8], options: &DecodeOptions<'_>) -> Option<Batch> {
    let mut rows = Rows {
        builder: BatchBuilder::default(),
        auto_ids: options.auto_ids,
        printed: vec![None; options.auto_ids.len()],
        now: options.now.timestamp_micros(),
        next: 0,
        id: String::new(),
        timestamp: None,
        last_time: None,
    };
    let mut json = serde_json::Deserializer::from_slice(body);
    Body(&mut rows).deserialize(&mut json).ok()?;
    json.end().ok()?;
    rows.builder.finish().ok()
}

struct Rows<'a> {
    builder: BatchBuilder,
    auto_ids: &'a [String],
    /// Of the record that has begun: the values of `auto_ids`.
    printed: Vec<Option<String>>,
    now: i64,
    /// Where the next key has its column, if keys come in the usual order.
    next: usize,
    /// Of the record that has begun: its id, or nothing.
    id: String,
    timestamp: Option<i64>,
    /// The last text of a time and what it says; many records of a body have the same.
    last_time: Option<(String, i64)>,
}

/// Where a value goes.
#[derive(Clone, Copy)]
enum Place {
    Id,
    Timestamp,
    Column { place: usize, is_time: bool },
}

impl Rows<'_> {
    /// Where the values of a key go.
    fn place(&mut self, key: &str) -> Option<Place> {
        let place = if self.builder.key_at(self.next) == Some(key) {
            self.next
        } else if key == ID {
            return Some(Place::Id);
        } else if key == TIMESTAMP {
            return Some(Place::Timestamp);
        } else if let Some(place) = self.builder.place_of(key) {
            place
        } else {
            let is_legal = TIMES.contains(&key) || rules::check_key(key).is_ok();
            if !is_legal || key.len() > MAX_KEY {
                return None;
            }
            let place = self.builder.place_for(key);
            if too_much(0, self.builder.keys()).is_some() {
                return None;
            }
            place
        };
        self.next = place + 1;
        Some(Place::Column { place, is_time: key.starts_with('_') })
    }

    fn time(&mut self, text: &str) -> Option<i64> {
        if let Some((_, micros)) = self.last_time.as_ref().filter(|(last, _)| last == text) {
            return Some(*micros);
        }
        let micros = query_lang::read_timestamp(text).ok()?.timestamp_micros();
        let mut last = self.last_time.take().map(|(last, _)| last).unwrap_or_default();
        text.clone_into(&mut last);
        self.last_time = Some((last, micros));
        Some(micros)
    }

    /// Takes a value; `None` if it cannot be taken just so.
    fn take(&mut self, place: Place, auto: Option<usize>, value: Scalar<'_>) -> Option<()> {
        if let Some(printed) = auto.and_then(|auto| self.printed.get_mut(auto)) {
            *printed = Some(rules::print(value));
        }
        match (place, value) {
            (Place::Id, Scalar::Text(id)) if self.id.is_empty() && rules::is_id(id) => self.id.push_str(id),
            (Place::Timestamp, Scalar::Text(text)) if self.timestamp.is_none() => {
                self.timestamp = Some(self.time(text)?);
            }
            (Place::Column { place, is_time }, value) => {
                let value = match value {
                    Scalar::Text(text) if is_time => Scalar::Time(self.time(text)?),
                    _ if is_time => return None,
                    value => value,
                };
                let (column, row) = self.builder.column(place)?;
                if column.has(row) {
                    return None;
                }
                column.push(row, value);
            }
            _ => return None,
        }
        Some(())
    }

    fn end(&mut self) -> Option<()> {
        if !self.auto_ids.is_empty() {
            let printed: Vec<String> =
                self.printed.iter_mut().map(Option::take).collect::<Option<Vec<_>>>()?;
            self.id = rules::auto_id(&printed);
            if self.id.len() > MAX_ID {
                return None;
            }
        } else if self.id.is_empty() {
            let mut text = uuid::Uuid::encode_buffer();
            self.id.push_str(rules::new_id().hyphenated().encode_lower(&mut text));
        }
        self.builder.end_row(&self.id, self.timestamp.take(), Some(self.now));
        self.id.clear();
        self.next = 0;
        too_much(self.builder.rows(), self.builder.keys()).is_none().then_some(())
    }
}

/// Ends the reading; the text is never seen.
fn unusual<E: Error>() -> E {
    E::custom("unusual")
}

struct Body<'r, 'a>(&'r mut Rows<'a>);

impl<'de> DeserializeSeed<'de> for Body<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Body<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record or a list of records")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        Object(self.0).visit_map(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Object(self.0))?.is_some() {}
        Ok(())
    }
}

struct Object<'r, 'a>(&'r mut Rows<'a>);

impl<'de> DeserializeSeed<'de> for Object<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let rows = self.0;
        while let Some((place, auto)) = map.next_key_seed(Key(rows))? {
            map.next_value_seed(Value { rows, place, auto })?;
        }
        rows.end().ok_or_else(unusual)
    }
}

struct Key<'r, 'a>(&'r mut Rows<'a>);

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = (Place, Option<usize>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = (Place, Option<usize>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        let auto = self.0.auto_ids.iter().position(|auto| auto == key);
        self.0.place(key).map(|place| (place, auto)).ok_or_else(unusual)
    }
}

struct Value<'r, 'a> {
    rows: &'r mut Rows<'a>,
    place: Place,
    auto: Option<usize>,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Value<'_, '_> {
    fn take<E: Error>(self, value: Scalar<'_>) -> Result<(), E> {
        self.rows.take(self.place, self.auto, value).ok_or_else(unusual)
    }
}

impl Visitor<'_> for Value<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.take(Scalar::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.take(Scalar::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.take(Scalar::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.take(Scalar::Int(i64::try_from(value).map_err(|_| unusual())?))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let is_minus_zero = value == 0.0 && value.is_sign_negative();
        if value.abs() >= LARGE || is_minus_zero {
            return Err(unusual());
        }
        self.take(Scalar::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.take(Scalar::Text(value))
    }
}
