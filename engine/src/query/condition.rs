//! Conditions on records, a column at a time. What they mean is said by [`Expression::matches`], one record at a time.

use std::ops::RangeInclusive;

use arrow::array::{Array, ArrayRef, AsArray, BooleanBufferBuilder, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType};
use query_lang::{Comparison, Expression, Place, Query, Value};

use super::kernel::{Source, Texts};
use crate::schema::SEQUENCE;

/// All conditions of a query on the values of a record.
pub fn conditions(query: &Query) -> Vec<Expression> {
    let exact = query.filter_by.iter().map(|(key, value)| match value {
        // Neither was ever found by an exact filter.
        Value::Null | Value::Time(_) => Expression::Any(Vec::new()),
        value => {
            Expression::Compare { key: key.clone(), comparison: Comparison::Equal, value: value.clone() }
        }
    });
    let prefix = query.filter_by_prefix.iter().map(|(key, text)| Expression::Text {
        key: key.clone(),
        place: Place::Start,
        text: text.clone(),
    });
    exact.chain(prefix).chain(query.filter.clone()).collect()
}

/// The rows for which the expression holds.
pub fn holds(expression: &Expression, batch: &RecordBatch) -> BooleanBuffer {
    let rows = batch.num_rows();
    match expression {
        Expression::Compare { key, comparison: Comparison::NotEqual, value } => {
            !&test(batch, key, &Test::Compare(Comparison::Equal, value))
        }
        Expression::Compare { key, comparison, value } => {
            test(batch, key, &Test::Compare(*comparison, value))
        }
        Expression::Range { key, low, high } => test(batch, key, &Test::Range(low, high)),
        Expression::OneOf { key, values } => test(batch, key, &Test::OneOf(values)),
        Expression::Text { key, place, text } => test(batch, key, &Test::Text(*place, text)),
        Expression::Has(key) => has(batch, key),
        Expression::Not(inner) => !&holds(inner, batch),
        Expression::All(parts) => {
            parts.iter().fold(BooleanBuffer::new_set(rows), |all, part| &all & &holds(part, batch))
        }
        Expression::Any(parts) => {
            parts.iter().fold(BooleanBuffer::new_unset(rows), |any, part| &any | &holds(part, batch))
        }
    }
}

/// What is asked of the value of a key. It is false of a record without the key.
#[derive(Debug)]
enum Test<'e> {
    Compare(Comparison, &'e Value),
    Range(&'e Value, &'e Value),
    OneOf(&'e [Value]),
    Text(Place, &'e str),
}

impl Test<'_> {
    fn admits(&self, own: &Value) -> bool {
        match self {
            Self::Compare(comparison, value) => comparison.admits(own.compare(value)),
            Self::Range(low, high) => {
                own.compare(low).is_some_and(|order| order.is_ge())
                    && own.compare(high).is_some_and(|order| order.is_le())
            }
            Self::OneOf(values) => {
                values.iter().any(|value| own.compare(value).is_some_and(|order| order.is_eq()))
            }
            Self::Text(..) => own.as_text().is_some_and(|own| self.admits_text(own)),
        }
    }

    fn admits_text(&self, own: &str) -> bool {
        let order = |value: &Value| value.as_text().map(|text| own.cmp(text));
        match self {
            Self::Compare(comparison, value) => comparison.admits(order(value)),
            Self::Range(low, high) => {
                order(low).is_some_and(|order| order.is_ge())
                    && order(high).is_some_and(|order| order.is_le())
            }
            Self::OneOf(values) => values.iter().any(|value| value.as_text() == Some(own)),
            Self::Text(Place::Anywhere, text) => own.contains(text),
            Self::Text(Place::Start, text) => own.starts_with(text),
            Self::Text(Place::End, text) => own.ends_with(text),
        }
    }

    /// The first and last float that it admits, where these are a range of floats.
    fn float_range(&self) -> Option<(f64, f64)> {
        let (comparison, value) = match self {
            Self::Compare(comparison, value) => (*comparison, float(value)?),
            Self::Range(low, high) => return Some((float(low)?, float(high)?)),
            Self::OneOf(_) | Self::Text(..) => return None,
        };
        Some(match comparison {
            Comparison::Equal => (value, value),
            Comparison::NotEqual => return None,
            Comparison::Less => (f64::NEG_INFINITY, value.next_down()),
            Comparison::LessOrEqual => (f64::NEG_INFINITY, value),
            Comparison::Greater => (value.next_up(), f64::INFINITY),
            Comparison::GreaterOrEqual => (value, f64::INFINITY),
        })
    }

    /// The whole numbers that it admits, where these are a range; `number` makes one of a value to compare with.
    fn range(&self, number: fn(&Value) -> Option<i64>) -> Option<RangeInclusive<i64>> {
        #[expect(clippy::reversed_empty_ranges, reason = "no number at all")]
        const NONE: RangeInclusive<i64> = 1..=0;
        let (comparison, value) = match self {
            Self::Compare(comparison, value) => (*comparison, number(value)?),
            Self::Range(low, high) => return Some(number(low)?..=number(high)?),
            Self::OneOf(_) | Self::Text(..) => return None,
        };
        Some(match comparison {
            Comparison::Equal => value..=value,
            Comparison::NotEqual => return None,
            Comparison::Less => value.checked_sub(1).map_or(NONE, |last| i64::MIN..=last),
            Comparison::LessOrEqual => i64::MIN..=value,
            Comparison::Greater => value.checked_add(1).map_or(NONE, |first| first..=i64::MAX),
            Comparison::GreaterOrEqual => value..=i64::MAX,
        })
    }
}

fn float(value: &Value) -> Option<f64> {
    const EXACT: i64 = 1 << 53;
    match value {
        Value::Float(number) => Some(*number),
        Value::Int(number) if number.abs() <= EXACT => Some(*number as f64),
        _ => None,
    }
}

fn integer(value: &Value) -> Option<i64> {
    if let Value::Int(number) = value { Some(*number) } else { None }
}

fn micros(value: &Value) -> Option<i64> {
    if let Value::Time(time) = value { Some(time.timestamp_micros()) } else { None }
}

fn source<'a>(batch: &'a RecordBatch, key: &str) -> Source<'a> {
    // The order of insertion is nobody's key.
    if key == SEQUENCE { Source { typed: None, off_type: None } } else { Source::of(batch, key) }
}

fn test(batch: &RecordBatch, key: &str, test: &Test<'_>) -> BooleanBuffer {
    let source = source(batch, key);
    let typed = match source.typed {
        Some(array) => test_typed(array, test),
        None => BooleanBuffer::new_unset(batch.num_rows()),
    };
    if source.off_type.is_none() {
        return typed;
    }
    let mut bits = BooleanBufferBuilder::new(batch.num_rows());
    bits.append_buffer(&typed);
    source.off_type_values().for_each(|(row, value)| bits.set_bit(row, test.admits(&value)));
    bits.finish()
}

fn test_typed(array: &ArrayRef, test: &Test<'_>) -> BooleanBuffer {
    let rows = array.len();
    let admitted = match array.data_type() {
        DataType::Int64 => {
            let numbers = array.as_primitive::<Int64Type>().values();
            match test.range(integer) {
                Some(range) => BooleanBuffer::collect_bool(rows, |row| range.contains(&numbers[row])),
                None => BooleanBuffer::collect_bool(rows, |row| test.admits(&Value::Int(numbers[row]))),
            }
        }
        DataType::Float64 => {
            let numbers = array.as_primitive::<Float64Type>().values();
            match test.float_range() {
                Some((first, last)) => {
                    BooleanBuffer::collect_bool(rows, |row| first <= numbers[row] && numbers[row] <= last)
                }
                None => BooleanBuffer::collect_bool(rows, |row| test.admits(&Value::Float(numbers[row]))),
            }
        }
        DataType::Timestamp(..) => {
            let times = array.as_primitive::<TimestampMicrosecondType>().values();
            match test.range(micros) {
                Some(range) => BooleanBuffer::collect_bool(rows, |row| range.contains(&times[row])),
                None => {
                    let alone = Source { typed: Some(array), off_type: None };
                    BooleanBuffer::collect_bool(rows, |row| {
                        alone.value(row).is_some_and(|own| test.admits(&own))
                    })
                }
            }
        }
        DataType::Boolean => {
            let flags = array.as_boolean().values();
            match [true, false].map(|flag| test.admits(&Value::Bool(flag))) {
                [true, true] => BooleanBuffer::new_set(rows),
                [true, false] => flags.clone(),
                [false, true] => !flags,
                [false, false] => BooleanBuffer::new_unset(rows),
            }
        }
        _ => match Texts::of(array) {
            Some(texts) => return test_texts(texts, rows, test),
            None => BooleanBuffer::new_unset(rows),
        },
    };
    match array.nulls() {
        Some(nulls) => &admitted & nulls.inner(),
        None => admitted,
    }
}

fn test_texts(texts: Texts<'_>, rows: usize, test: &Test<'_>) -> BooleanBuffer {
    match texts {
        // Each text of a dictionary is looked at once.
        Texts::Dictionary(places, entries) if entries.len() <= rows => {
            let admitted: Vec<bool> =
                entries.iter().map(|text| text.is_some_and(|text| test.admits_text(text))).collect();
            let places_of_rows = places.values();
            let holds = BooleanBuffer::collect_bool(rows, |row| {
                // What stands under a null may be no place at all.
                admitted.get(places_of_rows[row] as usize).copied().unwrap_or(false)
            });
            places.nulls().map_or(holds.clone(), |nulls| &holds & nulls.inner())
        }
        texts => {
            BooleanBuffer::collect_bool(rows, |row| texts.get(row).is_some_and(|text| test.admits_text(text)))
        }
    }
}

fn has(batch: &RecordBatch, key: &str) -> BooleanBuffer {
    let rows = batch.num_rows();
    let source = source(batch, key);
    let typed = match source.typed {
        None => BooleanBuffer::new_unset(rows),
        Some(array) => array.nulls().map_or(BooleanBuffer::new_set(rows), |nulls| nulls.inner().clone()),
    };
    match source.off_type {
        None => typed,
        Some(texts) => &typed | &BooleanBuffer::collect_bool(rows, |row| texts.get(row).is_some()),
    }
}
