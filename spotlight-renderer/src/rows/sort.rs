//! Rows in an order that a reader or a definition asked for.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use crate::data::Row;
use crate::definition::merge::is_date_key;
use crate::format::{amount, date};

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// The smallest first.
    Ascending,
    /// The largest first.
    #[default]
    Descending,
}

impl Direction {
    /// The direction that a word stands for; anything but `ascending` is descending.
    pub fn parse(word: Option<&str>) -> Direction {
        if word == Some("ascending") { Direction::Ascending } else { Direction::Descending }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Direction::Ascending => "ascending",
            Direction::Descending => "descending",
        }
    }
}

/// By what and which way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// The key of a column.
    pub key: String,
    /// The direction.
    pub direction: Direction,
}

/// Sorts rows by the values that `value` finds for the key. What has no value comes last whichever way; equals keep their
/// order, except that rows without a value are in the order of their dates.
pub fn sort<'a>(rows: &mut [&'a Row], sort: &Sort, value: impl Fn(&'a Row) -> Cow<'a, Value>) {
    rows.sort_by(|a, b| {
        let (left, right) = (value(a), value(b));
        match (left.is_null(), right.is_null()) {
            (true, true) => directed(compare(&when(a), &when(b)), sort.direction),
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => directed(compare_of(&sort.key, &left, &right), sort.direction),
        }
    });
}

/// Sorts anything by a value of it, by the same rules; what has no value keeps its order.
pub fn by_value<T>(items: &mut [T], direction: Direction, value: impl Fn(&T) -> Value) {
    items.sort_by(|a, b| {
        let (left, right) = (value(a), value(b));
        match (left.is_null(), right.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => directed(compare(&left, &right), direction),
        }
    });
}

fn directed(ordering: Ordering, direction: Direction) -> Ordering {
    match direction {
        Direction::Ascending => ordering,
        Direction::Descending => ordering.reverse(),
    }
}

fn when(row: &Row) -> Value {
    row.get("_timestamp").or_else(|| row.get("_start_at")).cloned().unwrap_or(Value::Null)
}

fn compare_of(key: &str, left: &Value, right: &Value) -> Ordering {
    let is_date = is_date_key(&Value::String(key.to_owned()));
    match (date::parse(left), date::parse(right)) {
        (Some(left), Some(right)) if is_date => left.cmp(&right),
        _ => compare(left, right),
    }
}

fn compare(left: &Value, right: &Value) -> Ordering {
    if left.is_number()
        && right.is_number()
        && let (Some(left), Some(right)) = (amount(left), amount(right))
    {
        return left.total_cmp(&right);
    }
    let text = |value: &Value| crate::format::plain(value).to_lowercase();
    text(left).cmp(&text(right))
}
