//! What an expression means, one record at a time.

use std::cmp::Ordering;

use super::{Comparison, Expression, Place};
use crate::Value;

impl Expression {
    /// Whether the condition holds for a record, given what it has under each key.
    pub fn matches<'v>(&self, value_of: &dyn Fn(&str) -> Option<&'v Value>) -> bool {
        match self {
            Self::Compare { key, comparison, value } => {
                let ordering = value_of(key).and_then(|own| own.compare(value));
                comparison.admits(ordering)
            }
            Self::Range { key, low, high } => value_of(key).is_some_and(|own| {
                own.compare(low).is_some_and(Ordering::is_ge)
                    && own.compare(high).is_some_and(Ordering::is_le)
            }),
            Self::OneOf { key, values } => value_of(key)
                .is_some_and(|own| values.iter().any(|value| own.compare(value) == Some(Ordering::Equal))),
            Self::Text { key, place, text } => {
                value_of(key).and_then(Value::as_text).is_some_and(|own| match place {
                    Place::Anywhere => own.contains(text),
                    Place::Start => own.starts_with(text),
                    Place::End => own.ends_with(text),
                })
            }
            Self::Has(key) => value_of(key).is_some(),
            Self::Not(inner) => !inner.matches(value_of),
            Self::All(parts) => parts.iter().all(|part| part.matches(value_of)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(value_of)),
        }
    }
}

impl Comparison {
    /// Whether values in that order compare so; `None` when they cannot be compared.
    pub fn admits(self, ordering: Option<Ordering>) -> bool {
        match self {
            Self::Equal => ordering == Some(Ordering::Equal),
            Self::NotEqual => ordering != Some(Ordering::Equal),
            Self::Less => ordering == Some(Ordering::Less),
            Self::LessOrEqual => ordering.is_some_and(Ordering::is_le),
            Self::Greater => ordering == Some(Ordering::Greater),
            Self::GreaterOrEqual => ordering.is_some_and(Ordering::is_ge),
        }
    }
}

impl Value {
    /// The order of two values of one kind, `None` for values of different kinds. Integers and floats are one kind and
    /// compare exactly, whatever their size.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, Self::Null) => Some(Ordering::Equal),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b),
            (Self::Int(a), Self::Float(b)) => compare_exactly(*a, *b),
            (Self::Float(a), Self::Int(b)) => compare_exactly(*b, *a).map(Ordering::reverse),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Time(a), Self::Time(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

/// Compares without turning the integer into a float, which would lose digits beyond 2^53.
fn compare_exactly(integer: i64, float: f64) -> Option<Ordering> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0; // 2^63
    if float.is_nan() {
        return None;
    }
    if float >= BEYOND {
        return Some(Ordering::Less);
    }
    if float < -BEYOND {
        return Some(Ordering::Greater);
    }
    let whole = float.trunc();
    // In range, so the conversion is exact.
    let order = integer.cmp(&(whole as i64));
    Some(order.then_with(|| 0.0_f64.total_cmp(&(float - whole + 0.0))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::read;

    fn record() -> Vec<(&'static str, Value)> {
        vec![
            ("fee", Value::Int(10)),
            ("share", Value::Float(0.5)),
            ("channel", "online".into()),
            ("done", Value::Bool(true)),
            ("officer", Value::Null),
            ("at", Value::Time("2014-01-06T10:00:00Z".parse().unwrap())),
        ]
    }

    fn holds(text: &str) -> bool {
        let record = record();
        let value_of = |key: &str| record.iter().find(|(own, _)| *own == key).map(|(_, value)| value);
        read(text).unwrap().matches(&value_of)
    }

    #[test]
    fn says_what_holds() {
        for text in [
            "fee = 10",
            "fee = 10.0",
            "fee >= 10 and fee <= 10 and fee > 9.5 and fee < 1e3",
            "fee != 11",
            "fee in 10..20",
            "fee in (1, 'x', 10)",
            "share in 0.5..0.5",
            "channel > 'o' and channel contains 'nlin' and channel starts with 'on' and channel ends with 'ne'",
            "done = true",
            "officer = null and has officer",
            "at >= 2014-01-06 and at < 2014-01-07",
            "at in 2014-01-06T10:00:00Z..2014-01-06T10:00:00Z",
            "not has absent",
            "absent != 5",
            "not absent > 5",
            "fee = 1 or fee = 10",
            "fee = 10 or fee = 1 and fee = 2",
        ] {
            assert!(holds(text), "{text}");
        }
    }

    #[test]
    fn says_what_does_not_hold() {
        for text in [
            "fee = '10'",
            "fee > 'a'",
            "absent = null",
            "absent < 5",
            "channel contains 'Online'",
            "fee contains '1'",
            "channel not in ('online')",
            "fee in 20..10",
            "(fee = 10 or fee = 1) and fee = 2",
            "not (fee = 10 or fee = 1)",
        ] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn numbers_compare_exactly() {
        let order = |integer, float: f64| Value::Int(integer).compare(&Value::Float(float));
        assert_eq!(order(9_007_199_254_740_993, 9_007_199_254_740_992.0), Some(Ordering::Greater));
        assert_eq!(order(i64::MAX, 9_223_372_036_854_775_808.0), Some(Ordering::Less));
        assert_eq!(order(i64::MIN, -9_223_372_036_854_775_808.0), Some(Ordering::Equal));
        assert_eq!(order(-1, -1.5), Some(Ordering::Greater));
        assert_eq!(order(-2, -1.5), Some(Ordering::Less));
        assert_eq!(order(0, -0.0), Some(Ordering::Equal));
        assert_eq!(order(1, f64::INFINITY), Some(Ordering::Less));
        assert_eq!(order(1, f64::NAN), None);
    }
}
