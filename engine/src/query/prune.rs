//! Row groups that cannot have a record of a condition, by the smallest and largest values that their footers name.

use std::cmp::Ordering;

use arrow::datatypes::DataType;
use chrono::DateTime;
use parquet::file::statistics::Statistics;
use query_lang::{Comparison, Expression, Place, Value};

use crate::schema::{SEQUENCE, off_type_name};
use crate::segment::Layout;

/// Whether a row group may have a record for which the expression holds. Where nothing is known, it may.
pub fn may_hold(expression: &Expression, layout: &Layout, row_group: usize) -> bool {
    let bounds = |key: &str| Bounds::of(layout, row_group, key);
    match expression {
        Expression::All(parts) => parts.iter().all(|part| may_hold(part, layout, row_group)),
        Expression::Any(parts) => parts.iter().any(|part| may_hold(part, layout, row_group)),
        Expression::Compare { key, comparison, value } => bounds(key).may_compare(*comparison, value),
        Expression::Range { key, low, high } => {
            let bounds = bounds(key);
            bounds.may_compare(Comparison::GreaterOrEqual, low)
                && bounds.may_compare(Comparison::LessOrEqual, high)
        }
        Expression::OneOf { key, values } => {
            let bounds = bounds(key);
            values.iter().any(|value| bounds.may_compare(Comparison::Equal, value))
        }
        Expression::Text { key, place: Place::Start, text } => bounds(key).may_start_with(text),
        Expression::Text { .. } | Expression::Has(_) | Expression::Not(_) => true,
    }
}

/// What is known of the values of a key.
#[derive(Debug, PartialEq)]
enum Bounds {
    Unknown,
    /// No record has a value.
    None,
    /// All values lie between these two, of one kind; they need not be values themselves.
    Between(Value, Value),
}

impl Bounds {
    fn of(layout: &Layout, row_group: usize, key: &str) -> Self {
        let rows = layout.row_groups.get(row_group).map_or(0, |group| group.rows as u64);
        let is_empty = |column: &str| {
            let nulls = || layout.statistics(row_group, column)?.null_count_opt();
            layout.column(column).is_none() || nulls() == Some(rows)
        };
        if key == SEQUENCE || !is_empty(&off_type_name(key)) {
            return Self::Unknown;
        }
        if is_empty(key) {
            return Self::None;
        }
        let kind = layout.schema.field_with_name(key).map(|field| field.data_type().clone());
        let statistics = layout.statistics(row_group, key);
        kind.ok().zip(statistics).and_then(|(kind, known)| between(&kind, known)).unwrap_or(Self::Unknown)
    }

    fn may_compare(&self, comparison: Comparison, value: &Value) -> bool {
        let (smallest, largest) = match self {
            // A record without the key differs from everything.
            _ if comparison == Comparison::NotEqual => return true,
            Self::Unknown => return true,
            Self::None => return false,
            Self::Between(smallest, largest) => (smallest, largest),
        };
        // Values of another kind never compare so.
        let Some((low, high)) = smallest.compare(value).zip(largest.compare(value)) else { return false };
        match comparison {
            Comparison::Equal => low != Ordering::Greater && high != Ordering::Less,
            Comparison::NotEqual => true,
            Comparison::Less => low == Ordering::Less,
            Comparison::LessOrEqual => low != Ordering::Greater,
            Comparison::Greater => high == Ordering::Greater,
            Comparison::GreaterOrEqual => high != Ordering::Less,
        }
    }

    fn may_start_with(&self, text: &str) -> bool {
        match self {
            Self::Unknown => true,
            Self::None => false,
            Self::Between(Value::Text(smallest), Value::Text(largest)) => {
                largest.as_str() >= text && (smallest.as_str() <= text || smallest.starts_with(text))
            }
            Self::Between(..) => false,
        }
    }
}

fn between(kind: &DataType, statistics: &Statistics) -> Option<Bounds> {
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(Value::from);
    let time = |micros: i64| DateTime::from_timestamp_micros(micros).map(Value::Time);
    Some(match (kind, statistics) {
        (DataType::Int64, Statistics::Int64(known)) => {
            Bounds::Between(Value::Int(*known.min_opt()?), Value::Int(*known.max_opt()?))
        }
        (DataType::Timestamp(..), Statistics::Int64(known)) => {
            Bounds::Between(time(*known.min_opt()?)?, time(*known.max_opt()?)?)
        }
        (DataType::Float64, Statistics::Double(known)) => {
            Bounds::Between(Value::Float(*known.min_opt()?), Value::Float(*known.max_opt()?))
        }
        (DataType::Boolean, Statistics::Boolean(known)) => {
            Bounds::Between(Value::Bool(*known.min_opt()?), Value::Bool(*known.max_opt()?))
        }
        (DataType::Utf8View, Statistics::ByteArray(known)) => {
            Bounds::Between(text(known.min_opt()?.data())?, text(known.max_opt()?.data())?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_rule_out_what_lies_beside_them() {
        let numbers = Bounds::Between(Value::Int(3), Value::Int(7));
        for (comparison, value, expected) in [
            (Comparison::Equal, Value::Float(3.0), true),
            (Comparison::Equal, Value::Int(8), false),
            (Comparison::Equal, "5".into(), false),
            (Comparison::NotEqual, "5".into(), true),
            (Comparison::Less, Value::Int(3), false),
            (Comparison::LessOrEqual, Value::Int(3), true),
            (Comparison::Greater, Value::Float(6.5), true),
            (Comparison::Greater, Value::Int(7), false),
            (Comparison::GreaterOrEqual, Value::Int(7), true),
        ] {
            assert_eq!(numbers.may_compare(comparison, &value), expected, "{comparison:?} {value:?}");
        }
        let texts = Bounds::Between("ma".into(), "mo".into());
        let starts = ["l", "m", "mab", "moo", "n"].map(|text| texts.may_start_with(text));
        assert_eq!(starts, [false, true, true, false, false]);
        assert!(
            !Bounds::None.may_compare(Comparison::Equal, &Value::Null) && Bounds::Unknown.may_start_with("x")
        );
    }
}
