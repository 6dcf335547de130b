//! One order for values of all types: null and missing, numbers, text by code point, booleans, times.

use std::cmp::Ordering;

use query_lang::Value;
use serde_json::Value as Json;

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Int(_) | Value::Float(_) => 1,
        Value::Text(_) => 2,
        Value::Bool(_) => 3,
        Value::Time(_) => 4,
    }
}

/// The order in which records are sorted by a key.
pub fn compare(a: &Value, b: &Value) -> Ordering {
    rank(a).cmp(&rank(b)).then_with(|| a.compare(b).unwrap_or(Ordering::Equal))
}

/// The order of groups and of collected values: as [`compare`], but booleans stand among the numbers as 0 and 1, false
/// before 0 and true before 1.
fn compare_grouped(a: &Value, b: &Value) -> Ordering {
    compare_as_numbers(a, b).then_with(|| rank(b).cmp(&rank(a)))
}

/// The same, but that false and 0 are equal, and true and 1.
fn compare_as_numbers(a: &Value, b: &Value) -> Ordering {
    static FLAGS: [Value; 2] = [Value::Int(0), Value::Int(1)];
    fn number(value: &Value) -> &Value {
        match value {
            Value::Bool(flag) => &FLAGS[usize::from(*flag)],
            other => other,
        }
    }
    compare(number(a), number(b))
}

/// Sorts collected values.
pub fn sort_values(values: &mut [Value]) {
    values.sort_by(compare_grouped);
}

/// The order of groups by the values of their keys.
pub fn compare_lists(a: &[Value], b: &[Value]) -> Ordering {
    a.iter()
        .zip(b)
        .map(|(a, b)| compare_grouped(a, b))
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// The order in which an answer is sorted. What is equal in it stays as it is, in both directions, as it always did.
pub fn compare_json(a: &Json, b: &Json) -> Ordering {
    match (a, b) {
        (Json::Array(a), Json::Array(b)) => {
            let first = a.iter().zip(b).map(|(a, b)| compare_json(a, b)).find(|ordering| ordering.is_ne());
            first.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Json::Array(_), _) => Ordering::Greater,
        (_, Json::Array(_)) => Ordering::Less,
        (Json::String(a), Json::String(b)) => a.cmp(b),
        _ => compare_as_numbers(&scalar(a), &scalar(b)),
    }
}

fn scalar(value: &Json) -> Value {
    match value {
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap_or(f64::MAX)),
        },
        Json::String(text) => Value::Text(text.clone()),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_place() {
        let mut values = [
            Value::Bool(true),
            "b".into(),
            "B".into(),
            Value::Int(9_007_199_254_740_993),
            Value::Float(0.5),
            Value::Int(-1),
            Value::Null,
        ];
        values.sort_by(compare);
        let shown: Vec<String> = values.iter().map(|value| value.to_json().to_string()).collect();
        assert_eq!(shown, ["null", "-1", "0.5", "9007199254740993", "\"B\"", "\"b\"", "true"]);
        sort_values(&mut values);
        let shown: Vec<String> = values.iter().map(|value| value.to_json().to_string()).collect();
        assert_eq!(shown, ["null", "-1", "0.5", "true", "9007199254740993", "\"B\"", "\"b\""]);
    }
}
