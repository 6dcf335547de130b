//! From the rows of an answer to the rows that a module shows.
//!
//! [`group`] brings flat and nested answers into one form, lays groups side by side along time, or keeps the newest row of each;
//! this file runs the steps that most types share, and has the small questions that modules ask of rows; [`sort`] puts rows in
//! order.

pub mod group;
pub mod sort;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::data::Row;
use crate::definition::Module;
use crate::definition::axes::Axes;
use crate::format::{amount, date};
use group::Group;

/// Does for a module's answer what most types need.
///
/// Groups are laid side by side if the x axis is one of time, else reduced to their newest row. Dates that can be told from
/// others are filled in. Rows whose period has not ended are dropped: their figures are not complete.
pub fn prepare(module: &Module, axes: &Axes, rows: Vec<Row>, now: DateTime<Utc>) -> Vec<Row> {
    let value = module.value_attribute();
    let group_by = module.group_by();
    let mut rows = if group_by.is_empty() || rows.is_empty() {
        rows
    } else {
        let groups = group::groups(rows, &group_by);
        if axes.over_time {
            group::side_by_side(&groups, value)
        } else {
            let keys: Vec<&str> = axes.y.iter().map(|axis| axis.key()).chain([value]).collect();
            group::newest(groups, &keys)
        }
    };
    // lines of one value have the period of their query where they have none of their own
    let period = match module.kind.as_str() {
        "single_timeseries" => Some(module.period()),
        "user_satisfaction_graph" => module.text("axis-period").or(module.query_period()),
        _ => module.text("axis-period"),
    };
    for row in &mut rows {
        fill_in(row, period, value);
    }
    rows.retain(|row| !ends_after(row, now));
    rows
}

/// The field that marks a row whose period has not ended.
pub const UNENDED: &str = "_unended";

/// The same, and after them, where the definition wants it to be shown, the row of the period that has not ended.
pub fn prepare_with_unended(module: &Module, axes: &Axes, rows: Vec<Row>, now: DateTime<Utc>) -> Vec<Row> {
    if !module.shows_unended() {
        return prepare(module, axes, rows, now);
    }
    // as if all that has begun had ended
    let mut rows = prepare(module, axes, rows, DateTime::<Utc>::MAX_UTC);
    mark_unended(module, &mut rows, now);
    rows
}

/// Drops rows of periods that have not ended, but where the definition wants the one that has begun to be shown: that one is
/// marked, and comes last.
pub fn mark_unended(module: &Module, rows: &mut Vec<Row>, now: DateTime<Utc>) {
    let begun = |row: &Row| row.get("_start_at").and_then(date::parse).is_some_and(|start| start <= now);
    rows.retain(|row| !ends_after(row, now) || (module.shows_unended() && begun(row)));
    for row in rows.iter_mut().filter(|row| ends_after(row, now)) {
        row.insert(UNENDED.to_owned(), Value::Bool(true));
    }
    rows.sort_by_key(|row| row.contains_key(UNENDED));
}

fn fill_in(row: &mut Row, axis_period: Option<&str>, value: &str) {
    let copy = |row: &mut Row, to: &str, from: &str| {
        if row.get(to).is_none_or(Value::is_null)
            && let Some(found) = row.get(from).filter(|found| !found.is_null()).cloned()
        {
            row.insert(to.to_owned(), found);
        }
    };
    if let Some(period) = axis_period {
        copy(row, "_start_at", &format!("_{period}_start_at"));
    }
    copy(row, "_end_at", "end_at");
    copy(row, "_timestamp", "_start_at");
    row.entry(value).or_insert(Value::Null);
}

/// Whether the period of a row has not ended.
pub fn ends_after(row: &Row, now: DateTime<Utc>) -> bool {
    row.get("_end_at").and_then(date::parse).is_some_and(|end| end > now)
}

/// The amount in a field.
pub fn number(row: &Row, key: &str) -> Option<f64> {
    row.get(key).and_then(amount)
}

/// The sum of the amounts in a field; `None` if no row has one.
pub fn total<'a>(rows: impl IntoIterator<Item = &'a Row>, key: &str) -> Option<f64> {
    rows.into_iter().filter_map(|row| number(row, key)).reduce(|sum, next| sum + next)
}

/// The last row of a period that has ended with an amount in a field.
pub fn last_defined<'a>(rows: &'a [Row], key: &str) -> Option<&'a Row> {
    rows.iter().rev().find(|row| !row.contains_key(UNENDED) && number(row, key).is_some())
}

/// A number as rows hold it; what is not finite is not there.
pub fn value(number: Option<f64>) -> Value {
    let Some(number) = number.filter(|number| number.is_finite()) else { return Value::Null };
    // whole numbers stay whole, so that they are written without a fraction
    if number.fract() == 0.0 && number.abs() < 9e15 {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

/// Every row of an answer on its own, with the fields of the groups that it was in.
pub fn flat(rows: Vec<Row>, group_by: &[String]) -> Vec<Row> {
    if !rows.iter().any(|row| row.contains_key("values") || row.contains_key("_subgroup")) {
        return rows;
    }
    let ungroup = |group: Group| {
        let names: Vec<(String, Value)> = group_by.iter().cloned().zip(group.names).collect();
        group.values.into_iter().map(move |mut row| {
            row.extend(names.clone());
            row
        })
    };
    group::groups(rows, group_by).into_iter().flat_map(ungroup).collect()
}
