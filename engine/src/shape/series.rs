//! The periods of one group in order of time: filled where there are no records, beside those of earlier, added up.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use query_lang::{Collect, CollectMethod, Fill, Periods, Query};
use serde_json::Value;

use crate::query::Group;

/// Names and values of a row, not yet in order.
pub type Fields = Vec<(String, Value)>;

/// The parts of a group by the start of their period.
pub type ByStart<'a> = HashMap<DateTime<Utc>, &'a Group>;

/// Parts by the start of their period.
pub fn by_start<'a>(parts: impl IntoIterator<Item = &'a Group>) -> ByStart<'a> {
    parts.into_iter().filter_map(|part| Some((part.start?, part))).collect()
}

/// A period as it is shown.
#[derive(Debug, Clone)]
pub struct Mark {
    start: DateTime<Utc>,
    shown_start: Value,
    shown_end: Value,
    /// The start of the one that it is compared with.
    before: Option<DateTime<Utc>>,
}

/// The periods of an answer, which are the same for all of its groups.
pub fn marks(periods: Periods, query: &Query) -> Vec<Mark> {
    let Periods { period, calendar, .. } = periods;
    // The end of one is mostly the start of the next.
    let mut shown: Option<(DateTime<Utc>, Value)> = None;
    let mark = |start| {
        let known = shown.take().filter(|(time, _)| *time == start);
        let shown_start = known.map_or_else(|| calendar.print(start).into(), |(_, text)| text);
        let end = calendar.add(period, start, 1).unwrap_or(periods.end);
        let shown_end = Value::from(calendar.print(end));
        shown = Some((end, shown_end.clone()));
        let before = query.compare.and_then(|by| by.before(calendar, period, start));
        Mark { start, shown_start, shown_end, before }
    };
    periods.starts().map(mark).collect()
}

/// A row for each period, in order. `earlier` has what the query compares with.
pub fn rows(marks: &[Mark], parts: &ByStart, earlier: &ByStart, query: &Query) -> Vec<Fields> {
    let mut writer = Writer {
        query,
        names: query.collect.iter().map(Collect::shown_name).collect(),
        last: vec![None; query.collect.len()],
        totals: vec![Value::from(0); query.collect.len()],
        count: 0,
    };
    marks.iter().map(|mark| writer.row(mark, parts.get(&mark.start).copied(), earlier)).collect()
}

struct Writer<'q> {
    query: &'q Query,
    /// Under which each collect is shown.
    names: Vec<String>,
    /// The last value of each collect that a period had.
    last: Vec<Option<Value>>,
    /// The sum of each collect so far.
    totals: Vec<Value>,
    /// The number of records so far.
    count: i64,
}

impl Writer<'_> {
    fn row(&mut self, mark: &Mark, part: Option<&Group>, earlier: &ByStart) -> Fields {
        let before = self.query.compare.map(|_| mark.before.and_then(|before| earlier.get(&before).copied()));
        let count = part.map_or(0, |part| part.count);
        let mut fields = vec![
            ("_count".to_owned(), count.into()),
            ("_start_at".to_owned(), mark.shown_start.clone()),
            ("_end_at".to_owned(), mark.shown_end.clone()),
        ];
        if let Some(before) = before {
            let before = before.map_or(0, |before| before.count);
            fields.push(("_count:previous".to_owned(), before.into()));
            fields.push(("_count:change".to_owned(), (count - before).into()));
        }
        if self.query.cumulative {
            self.count += count;
            fields.push(("_count:cumulative".to_owned(), self.count.into()));
        }
        let query = self.query;
        for (index, collect) in query.collect.iter().enumerate() {
            let own = part.and_then(|part| part.collected.get(index).cloned());
            let value = own.clone().or_else(|| self.filling(index, collect));
            self.last[index] = own.or(self.last[index].take());
            let before = before.map(|before| {
                let before = before.and_then(|before| before.collected.get(index).cloned());
                before.or_else(|| zero(query.fill, collect)).unwrap_or(Value::Null)
            });
            let name = &self.names[index];
            collected(collect, name, value.clone(), &mut fields);
            if let Some(before) = before {
                let is_number = !matches!(collect.method, CollectMethod::Default | CollectMethod::Set);
                if is_number {
                    let change = value.as_ref().map_or(Value::Null, |value| difference(value, &before));
                    fields.push((format!("{name}:change"), change));
                }
                fields.push((format!("{name}:previous"), before));
            }
            if query.cumulative && matches!(collect.method, CollectMethod::Sum | CollectMethod::Count) {
                self.totals[index] = sum(&self.totals[index], value.as_ref().unwrap_or(&Value::Null));
                fields.push((format!("{name}:cumulative"), self.totals[index].clone()));
            }
        }
        fields
    }

    /// What stands for a value in a period without records.
    fn filling(&self, index: usize, collect: &Collect) -> Option<Value> {
        match self.query.fill {
            Fill::Previous => self.last[index].clone(),
            fill => zero(fill, collect),
        }
    }
}

fn zero(fill: Fill, collect: &Collect) -> Option<Value> {
    let nothing = match collect.method {
        CollectMethod::Default | CollectMethod::Set => Value::Array(Vec::new()),
        _ => 0.into(),
    };
    (fill == Fill::Zero).then_some(nothing)
}

/// Whether a collected value has this name in the row of a group.
pub fn has_name(collect: &Collect, name: &str) -> bool {
    collect.shown_name() == name || collect.method == CollectMethod::Default && collect.key == name
}

/// A collected value under its names, of which `name` is the one that is always there; null where there is none.
pub fn collected(collect: &Collect, name: &str, value: Option<Value>, fields: &mut Fields) {
    // The default method answers under two names; a period without records has one of them.
    if collect.method == CollectMethod::Default {
        fields.extend(value.clone().map(|value| (collect.key.clone(), value)));
    }
    fields.push((name.to_owned(), value.unwrap_or(Value::Null)));
}

fn difference(value: &Value, before: &Value) -> Value {
    combine(value, before, i64::checked_sub, |a, b| a - b)
}

/// Null adds nothing.
fn sum(total: &Value, value: &Value) -> Value {
    if value.is_null() { total.clone() } else { combine(total, value, i64::checked_add, |a, b| a + b) }
}

/// Whole numbers stay whole where they fit; what is no number makes null.
fn combine(a: &Value, b: &Value, whole: fn(i64, i64) -> Option<i64>, broken: fn(f64, f64) -> f64) -> Value {
    let exact = a.as_i64().zip(b.as_i64()).and_then(|(a, b)| whole(a, b));
    match (exact, a.as_f64().zip(b.as_f64())) {
        (Some(number), _) => number.into(),
        (None, Some((a, b))) => broken(a, b).into(),
        (None, None) => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_whole_where_they_fit() {
        assert_eq!(difference(&5.into(), &7.into()), Value::from(-2));
        assert_eq!(difference(&i64::MAX.into(), &(-1).into()), Value::from(9_223_372_036_854_775_808.0));
        assert_eq!(difference(&1.5.into(), &Value::Null), Value::Null);
        assert_eq!(difference(&"a".into(), &1.into()), Value::Null);
        assert_eq!(sum(&1.into(), &Value::Null), Value::from(1));
        assert_eq!(sum(&1.into(), &0.5.into()), Value::from(1.5));
    }
}
