//! Groups of rows.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::data::Row;
use crate::format::{amount, date, plain};

/// The rows that share the values of the fields that a query groups by.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The shared values, in the order of the fields.
    pub names: Vec<Value>,
    /// The group as a row: the shared values and the sums.
    pub row: Row,
    /// The rows, in their order.
    pub values: Vec<Row>,
}

impl Group {
    /// The shared values as one text.
    pub fn name(&self) -> String {
        let text = |name: &Value| if name.is_null() { "null".to_owned() } else { plain(name) };
        self.names.iter().map(text).collect::<Vec<_>>().join(":")
    }
}

/// The groups of an answer in the order in which they come, be it nested or flat.
pub fn groups(rows: Vec<Row>, group_by: &[String]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut flat = false;
    for row in rows.into_iter().flat_map(ungrouped) {
        let names: Vec<Value> =
            group_by.iter().map(|field| row.get(field).cloned().unwrap_or(Value::Null)).collect();
        if let Some(Value::Array(values)) = row.get("values") {
            let values = values.iter().filter_map(Value::as_object).cloned().collect();
            let row = row
                .iter()
                .filter(|(key, _)| *key != "values")
                .map(|(key, value)| (key.clone(), value.clone()));
            groups.push(Group { names, row: row.collect(), values });
            continue;
        }
        flat = true;
        let values = row.into_iter().filter(|(key, _)| !group_by.contains(key)).collect();
        let key = Value::Array(names.clone()).to_string();
        let place = *places.entry(key).or_insert_with(|| {
            let row = group_by.iter().cloned().zip(names.iter().cloned()).collect();
            groups.push(Group { names, row, values: Vec::new() });
            groups.len() - 1
        });
        groups[place].values.push(values);
    }
    if flat {
        groups.iter_mut().filter(|group| !group.row.contains_key("_group_count")).for_each(add_up);
    }
    groups
}

/// The innermost groups of a group within which others are nested, with the fields of all around them.
fn ungrouped(mut row: Row) -> Vec<Row> {
    let Some(Value::Array(inner)) = row.remove("_subgroup") else { return vec![row] };
    let outer: Row = row.into_iter().filter(|(key, _)| !key.starts_with('_')).collect();
    let inner = inner.into_iter().filter_map(|inner| match inner {
        Value::Object(inner) => Some(outer.clone().into_iter().chain(inner).collect::<Map<_, _>>()),
        _ => None,
    });
    inner.flat_map(ungrouped).collect()
}

/// Gives a group the sums of its rows, as a nested answer has them.
fn add_up(group: &mut Group) {
    let mut sums: Map<String, Value> = Map::new();
    for row in &group.values {
        for (key, value) in row {
            let summable = key == "_count" || !key.starts_with('_') && (value.is_null() || value.is_number());
            if !summable {
                continue;
            }
            let sum = match (sums.get(key).and_then(amount), amount(value)) {
                (Some(sum), Some(next)) => super::value(Some(sum + next)),
                (Some(one), None) | (None, Some(one)) => super::value(Some(one)),
                (None, None) => Value::Null,
            };
            sums.insert(key.clone(), sum);
        }
    }
    sums.insert("_group_count".to_owned(), group.values.len().into());
    group.row.extend(sums);
}

/// One row for each period, in which every group has a field `<group>:<value>`.
///
/// The rows are those of the first group, so that other fields stay its. Groups are matched by date; a period that only
/// other groups have gets a row of its own. Without dates they are matched by position.
pub fn side_by_side(groups: &[Group], value: &str) -> Vec<Row> {
    let Some(first) = groups.first() else { return Vec::new() };
    let dated = groups.iter().flat_map(|group| &group.values).all(|row| start(row).is_some());
    let mut rows = first.values.clone();
    let mut places: HashMap<DateTime<Utc>, usize> = HashMap::new();
    for (place, row) in rows.iter().enumerate() {
        if let Some(start) = start(row) {
            places.entry(start).or_insert(place);
        }
    }
    let mut added = false;
    for group in groups {
        let key = format!("{}:{value}", group.name());
        for (position, own) in group.values.iter().enumerate() {
            let place = match start(own).filter(|_| dated) {
                Some(start) => *places.entry(start).or_insert(rows.len()),
                None => position,
            };
            if place >= rows.len() {
                let mut row = own.clone();
                row.insert(value.to_owned(), Value::Null);
                rows.push(row);
                added = true;
            }
            if let Some(row) = rows.get_mut(place) {
                row.insert(key.clone(), own.get(value).cloned().unwrap_or(Value::Null));
            }
        }
    }
    if added && dated {
        rows.sort_by_key(start);
    }
    rows
}

fn start(row: &Row) -> Option<DateTime<Utc>> {
    ["_start_at", "_timestamp"].iter().find_map(|key| row.get(*key).and_then(date::parse))
}

/// One row for each group, with the figures of its newest period, and all of them under `values`.
pub fn newest(groups: Vec<Group>, keys: &[&str]) -> Vec<Row> {
    let several = groups.first().is_some_and(|group| group.values.len() > 1);
    let newest = |group: Group| {
        let mut row = group.row;
        if several {
            for key in keys {
                if let Some(value) = group.values.last().and_then(|last| last.get(*key)) {
                    row.insert((*key).to_owned(), value.clone());
                }
            }
        }
        row.insert("values".to_owned(), group.values.into_iter().map(Value::Object).collect());
        row
    };
    groups.into_iter().map(newest).collect()
}

/// The rows that [`newest`] was made of.
pub fn values(row: &Row) -> Vec<&Row> {
    match row.get("values") {
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_object).collect(),
        _ => Vec::new(),
    }
}
