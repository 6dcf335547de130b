//! From groups to the rows of an answer: by group, by period, both, nested or flat.
//!
//! Periods without records are there too, with a count of zero and null for what was collected. A relative query whose
//! edge is empty is moved to where there is data ([`shifted_window`]).

pub mod order;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use query_lang::{Collect, CollectMethod, Order, Periods, Query, Window};
use serde_json::{Map, Value};

use crate::output::Answer;
use crate::query::{Group, Groups, QueryFailure};
use order::compare_json;

/// The greatest number of rows in a flat answer by period and group.
const MAX_FLAT_ROWS: u64 = 1_000_000;

/// A row of an answer.
type Row = Map<String, Value>;

/// Where the window of a relative query has to move so that its edge has data; `None` where it stays.
pub fn shifted_window(groups: &Groups, window: &Window) -> Option<Window> {
    let periods = window.periods?;
    let starts: Vec<DateTime<Utc>> = periods.starts().collect();
    let steps = by_keys(&groups.parts)
        .into_iter()
        .map(|(_, parts)| {
            let full: Vec<Option<DateTime<Utc>>> =
                parts.iter().filter(|part| part.count > 0).map(|part| part.start).collect();
            window.shift.steps(starts.iter().map(|start| full.contains(&Some(*start))))
        })
        .min_by_key(|steps| steps.abs())?;
    if steps == 0 { None } else { window.shifted(steps) }
}

/// The answer of a query with groups, a period or both.
///
/// # Errors
/// When it is to be sorted by something that it does not have.
pub fn grouped(groups: Groups, query: &Query, window: &Window) -> Result<Answer, QueryFailure> {
    let mut rows: Vec<Row> = match window.periods {
        None => groups.parts.iter().map(|group| group_row(group, query)).collect(),
        Some(periods) if query.group_by.is_empty() => period_rows(&groups.parts, periods, query),
        Some(periods) if query.flatten => flat_rows(&groups.parts, periods, query)?,
        Some(periods) => nested_rows(&groups, periods, query),
    };
    sort(&mut rows, query)?;
    let skip = usize::try_from(query.offset).unwrap_or(usize::MAX);
    let limit = query.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Answer::new(rows.into_iter().skip(skip).take(limit).collect()))
}

/// Parts of the same group, in the order of first sight.
fn by_keys(parts: &[Group]) -> Vec<(&[Value], Vec<&Group>)> {
    let mut groups: Vec<(&[Value], Vec<&Group>)> = Vec::new();
    for part in parts {
        // Parts are sorted by their keys, so those of a group stand together.
        match groups.last_mut() {
            Some((keys, group)) if *keys == part.keys => group.push(part),
            _ => groups.push((&part.keys, vec![part])),
        }
    }
    groups
}

/// Keys in alphabetical order.
fn row(mut fields: Vec<(String, Value)>) -> Row {
    fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    fields.into_iter().collect()
}

fn group_row(group: &Group, query: &Query) -> Row {
    let mut fields = vec![("_count".to_owned(), group.count.into())];
    fields.extend(query.group_by.iter().cloned().zip(group.keys.iter().cloned()));
    collected(&query.collect, Some(group), &mut fields);
    row(fields)
}

/// The collected values; null for a period without records.
fn collected(collects: &[Collect], group: Option<&Group>, fields: &mut Vec<(String, Value)>) {
    for (index, collect) in collects.iter().enumerate() {
        let value = group.and_then(|group| group.collected.get(index).cloned());
        // The default method answers under two names; a period without records has one of them.
        if collect.method == CollectMethod::Default {
            fields.push((format!("{}:set", collect.key), value.clone().unwrap_or(Value::Null)));
            fields.extend(value.map(|value| (collect.key.clone(), value)));
        } else {
            fields.push((collect.output_name(), value.unwrap_or(Value::Null)));
        }
    }
}

fn period_row(
    periods: Periods,
    start: DateTime<Utc>,
    group: Option<&Group>,
    query: &Query,
) -> Vec<(String, Value)> {
    let end = periods.calendar.add(periods.period, start, 1).unwrap_or(periods.end);
    let mut fields = vec![
        ("_count".to_owned(), group.map_or(0, |group| group.count).into()),
        ("_start_at".to_owned(), periods.calendar.print(start).into()),
        ("_end_at".to_owned(), periods.calendar.print(end).into()),
    ];
    collected(&query.collect, group, &mut fields);
    fields
}

fn period_rows(parts: &[Group], periods: Periods, query: &Query) -> Vec<Row> {
    let by_start: HashMap<_, _> = parts.iter().map(|part| (part.start, part)).collect();
    periods
        .starts()
        .map(|start| row(period_row(periods, start, by_start.get(&Some(start)).copied(), query)))
        .collect()
}

/// One row for each period and combination of the values of the group keys, whether there are such records or not.
fn flat_rows(parts: &[Group], periods: Periods, query: &Query) -> Result<Vec<Row>, QueryFailure> {
    let mut values: Vec<Vec<&Value>> = vec![Vec::new(); query.group_by.len()];
    for part in parts {
        for (known, value) in values.iter_mut().zip(&part.keys) {
            if !known.contains(&value) {
                known.push(value);
            }
        }
    }
    let combinations =
        values.iter().try_fold(1u64, |product, values| product.checked_mul(values.len() as u64));
    let rows = combinations.and_then(|combinations| combinations.checked_mul(periods.count()));
    if rows.is_none_or(|rows| rows > MAX_FLAT_ROWS) {
        return Err(QueryFailure::TooManyRows { limit: MAX_FLAT_ROWS });
    }
    let mut combinations: Vec<Vec<&Value>> = vec![Vec::new()];
    for values in &values {
        let extended =
            combinations.iter().flat_map(|so_far| values.iter().map(move |value| with(so_far, value)));
        combinations = extended.collect();
    }
    let by_place: HashMap<(Vec<&Value>, Option<DateTime<Utc>>), &Group> =
        parts.iter().map(|part| ((part.keys.iter().collect(), part.start), part)).collect();
    let mut rows = Vec::new();
    for start in periods.starts() {
        for keys in &combinations {
            let part = by_place.get(&(keys.clone(), Some(start))).copied();
            let mut fields = period_row(periods, start, part, query);
            fields.extend(query.group_by.iter().cloned().zip(keys.iter().map(|value| (*value).clone())));
            rows.push(row(fields));
        }
    }
    Ok(rows)
}

fn with<'a>(so_far: &[&'a Value], value: &'a Value) -> Vec<&'a Value> {
    so_far.iter().copied().chain([value]).collect()
}

/// One row for each group, with its periods inside.
fn nested_rows(groups: &Groups, periods: Periods, query: &Query) -> Vec<Row> {
    let totals: HashMap<String, &Group> =
        groups.totals.iter().map(|total| (Value::from(total.keys.clone()).to_string(), total)).collect();
    by_keys(&groups.parts)
        .into_iter()
        .map(|(keys, parts)| {
            let full = parts.iter().filter(|part| part.count > 0).count();
            let count: i64 = parts.iter().map(|part| part.count).sum();
            let by_start: HashMap<_, _> = parts.iter().map(|part| (part.start, *part)).collect();
            let values: Vec<Value> = periods
                .starts()
                .map(|start| {
                    row(period_row(periods, start, by_start.get(&Some(start)).copied(), query)).into()
                })
                .collect();
            let mut fields = vec![
                ("_count".to_owned(), count.into()),
                ("_group_count".to_owned(), full.into()),
                ("values".to_owned(), values.into()),
            ];
            fields.extend(query.group_by.iter().cloned().zip(keys.iter().cloned()));
            let total = totals.get(&Value::from(keys.to_vec()).to_string()).copied();
            collected(&query.collect, total, &mut fields);
            row(fields)
        })
        .collect()
}

/// Sorts rows by a field of theirs; rows that are equal in it stay in the order of their groups.
fn sort(rows: &mut [Row], query: &Query) -> Result<(), QueryFailure> {
    let Some(sort) = &query.sort_by else { return Ok(()) };
    if !rows.is_empty() && !rows.iter().any(|row| row.contains_key(&sort.key)) {
        return Err(QueryFailure::InvalidSort { key: sort.key.clone() });
    }
    let value = |row: &Row| row.get(&sort.key).cloned().unwrap_or(Value::Null);
    rows.sort_by(|a, b| {
        let ordering = compare_json(&value(a), &value(b));
        if sort.order == Order::Ascending { ordering } else { ordering.reverse() }
    });
    Ok(())
}
