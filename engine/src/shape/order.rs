//! One order for values of all types: null and missing, numbers, text by code point, booleans, times.

use std::cmp::Ordering;

use query_lang::Value;

use crate::output::Cell;

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

/// The order of groups by the values of their keys.
pub fn compare_lists(a: &[Value], b: &[Value]) -> Ordering {
    a.iter()
        .zip(b)
        .map(|(a, b)| compare_grouped(a, b))
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// The order in which an answer is sorted. What is equal in it stays as it is, in both directions, as it always did.
pub fn compare_cells(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        (Cell::List(a), Cell::List(b)) => {
            let pairs = a.iter().zip(b.iter());
            let first = pairs.map(|(a, b)| compare_cells(a, b)).find(|ordering| ordering.is_ne());
            first.unwrap_or_else(|| a.iter().len().cmp(&b.iter().len()))
        }
        (Cell::Rows(a), Cell::Rows(b)) => a.len().cmp(&b.len()),
        (Cell::List(_) | Cell::Rows(_), _) => Ordering::Greater,
        (_, Cell::List(_) | Cell::Rows(_)) => Ordering::Less,
        (Cell::Text(a), Cell::Text(b)) => a.plain().cmp(&b.plain()),
        (Cell::Whole(a), Cell::Whole(b)) => a.cmp(b),
        _ => compare_as_numbers(&scalar(a), &scalar(b)),
    }
}

fn scalar(cell: &Cell) -> Value {
    match cell {
        Cell::Flag(flag) => Value::Bool(*flag),
        Cell::Whole(number) => Value::Int(*number),
        Cell::Large(number) => Value::Float(*number as f64),
        Cell::Broken(number) => Value::Float(*number),
        Cell::Text(text) => Value::Text(text.plain().into_owned()),
        Cell::Null | Cell::List(_) | Cell::Rows(_) => Value::Null,
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
        values.sort_by(compare_grouped);
        let shown: Vec<String> = values.iter().map(|value| value.to_json().to_string()).collect();
        assert_eq!(shown, ["null", "-1", "0.5", "true", "9007199254740993", "\"B\"", "\"b\""]);
    }
}
