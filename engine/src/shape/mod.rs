//! From groups to the rows of an answer: by group, by period, both, nested or flat.
//!
//! Periods without records are there too, with a count of zero and null for what was collected. A relative query whose
//! edge is empty is moved to where there is data ([`shifted_window`]).

pub mod order;
mod series;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use query_lang::{Collect, Order, Periods, Query, Window};
use serde_json::{Map, Value};

use crate::output::Answer;
use crate::query::{Group, Groups, QueryFailure};
use order::compare_json;
use series::{Fields, by_start, collected};

/// The greatest number of rows in an answer by period, those without records included.
const MAX_ROWS: u64 = 1_000_000;
/// The greatest number of counts and collected values in them, which take the memory.
const MAX_VALUES: u64 = 4_000_000;

/// A row of an answer.
type Row = Map<String, Value>;

/// Where the window of a relative query has to move so that its edge has data; `None` where it stays.
pub fn shifted_window(groups: &Groups, window: &Window) -> Option<Window> {
    let periods = window.periods?;
    let starts: Vec<DateTime<Utc>> = periods.starts().collect();
    let steps = by_keys(&groups.parts)
        .into_iter()
        .map(|(_, parts)| {
            let full: HashSet<Option<DateTime<Utc>>> =
                parts.iter().filter(|part| part.count > 0).map(|part| part.start).collect();
            window.shift.steps(starts.iter().map(|start| full.contains(&Some(*start))))
        })
        .min_by_key(|steps| steps.abs())?;
    if steps == 0 { None } else { window.shifted(steps) }
}

/// Refuses an answer of too many rows before anything is made of it.
///
/// # Errors
/// [`QueryFailure::TooManyRows`].
pub fn bounded(rows: Option<u64>, query: &Query) -> Result<(), QueryFailure> {
    let beside = query.compare.map_or(0, |_| 2) + u64::from(query.cumulative);
    let values_a_row = (1 + query.collect.len() as u64) * (1 + beside);
    let limit = MAX_ROWS.min(MAX_VALUES / values_a_row);
    match rows {
        Some(rows) if rows <= limit => Ok(()),
        _ => Err(QueryFailure::TooManyRows { limit }),
    }
}

/// The answer of a query with groups, a period or both. `earlier` has the groups that a query compares with.
///
/// # Errors
/// When it is to be sorted by something that it does not have, or would be too large.
pub fn grouped(
    groups: Groups,
    earlier: &Groups,
    query: &Query,
    window: &Window,
) -> Result<Answer, QueryFailure> {
    let skip = usize::try_from(query.offset).unwrap_or(usize::MAX);
    let limit = query.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut rows: Vec<Row> = match window.periods {
        // Rows are made only of the groups that are answered.
        None => {
            let shown = sorted_groups(groups.parts, query)?.into_iter().skip(skip).take(limit);
            let names = shown_names(query);
            return Ok(Answer::new(shown.map(|group| group_row(group, query, &names)).collect()));
        }
        Some(periods) if query.group_by.is_empty() => {
            let marks = series::marks(periods, query);
            series::rows(&marks, &by_start(&groups.parts), &by_start(&earlier.parts), query)
                .into_iter()
                .map(row)
                .collect()
        }
        Some(periods) if query.flatten => flat_rows(&groups, earlier, periods, query)?,
        Some(periods) => nested_rows(&groups, earlier, periods, query)?,
    };
    sort(&mut rows, query)?;
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
fn row(mut fields: Fields) -> Row {
    fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    fields.into_iter().collect()
}

/// The name under which each collect is shown.
fn shown_names(query: &Query) -> Vec<String> {
    query.collect.iter().map(Collect::shown_name).collect()
}

fn group_row(group: Group, query: &Query, names: &[String]) -> Row {
    let mut fields = Vec::with_capacity(1 + query.group_by.len() + 2 * names.len());
    fields.push(("_count".to_owned(), group.count.into()));
    fields.extend(query.group_by.iter().cloned().zip(group.keys));
    for ((collect, name), value) in query.collect.iter().zip(names).zip(group.collected) {
        collected(collect, name, Some(value), &mut fields);
    }
    row(fields)
}

/// Parts of groups by the text of their keys, since JSON has no hash.
fn by_text(parts: &[Group]) -> HashMap<String, Vec<&Group>> {
    by_keys(parts).into_iter().map(|(keys, parts)| (text_of(keys), parts)).collect()
}

/// A text that is the same for equal keys: of `1` and `1.0`, which are one group, each may stand for it in another time.
fn text_of(keys: &[Value]) -> String {
    let print = |key: &Value| match key.as_f64().filter(|number| number.fract() == 0.0 && key.is_f64()) {
        // minus zero is zero
        Some(whole) => format!("{:.0}", whole + 0.0),
        None => key.to_string(),
    };
    keys.iter().map(print).collect::<Vec<_>>().join("\n")
}

fn at<'a>(groups: &HashMap<String, Vec<&'a Group>>, text: &str) -> Vec<&'a Group> {
    groups.get(text).cloned().unwrap_or_default()
}

/// One row for each period and combination of the values of the group keys, whether there are such records or not.
fn flat_rows(
    groups: &Groups,
    earlier: &Groups,
    periods: Periods,
    query: &Query,
) -> Result<Vec<Row>, QueryFailure> {
    let mut values: Vec<Vec<&Value>> = vec![Vec::new(); query.group_by.len()];
    for (keys, _) in by_keys(&groups.parts) {
        for (known, value) in values.iter_mut().zip(keys) {
            if !known.contains(&value) {
                known.push(value);
            }
        }
    }
    let combinations =
        values.iter().try_fold(1u64, |product, values| product.checked_mul(values.len() as u64));
    bounded(combinations.and_then(|combinations| combinations.checked_mul(periods.count())), query)?;
    let mut combinations: Vec<Vec<Value>> = vec![Vec::new()];
    for values in &values {
        let extended =
            combinations.iter().flat_map(|so_far| values.iter().map(move |value| with(so_far, value)));
        combinations = extended.collect();
    }
    let (parts, before) = (by_text(&groups.parts), by_text(&earlier.parts));
    let marks = series::marks(periods, query);
    let series = combinations.into_iter().map(|keys| {
        let text = text_of(&keys);
        let rows = series::rows(&marks, &by_start(at(&parts, &text)), &by_start(at(&before, &text)), query);
        (keys, rows.into_iter())
    });
    let mut series: Vec<_> = series.collect();
    let mut rows = Vec::new();
    for _ in &marks {
        for (keys, series) in &mut series {
            let mut fields = series.next().unwrap_or_default();
            fields.extend(query.group_by.iter().cloned().zip(keys.iter().cloned()));
            rows.push(row(fields));
        }
    }
    Ok(rows)
}

fn with(so_far: &[Value], value: &Value) -> Vec<Value> {
    so_far.iter().chain([value]).cloned().collect()
}

/// One row for each group, with its periods inside.
fn nested_rows(
    groups: &Groups,
    earlier: &Groups,
    periods: Periods,
    query: &Query,
) -> Result<Vec<Row>, QueryFailure> {
    let (totals, before) = (by_text(&groups.totals), by_text(&earlier.parts));
    let parts = by_keys(&groups.parts);
    bounded((parts.len() as u64).checked_mul(periods.count()), query)?;
    let (marks, names) = (series::marks(periods, query), shown_names(query));
    let rows = parts.into_iter().map(|(keys, parts)| {
        let text = text_of(keys);
        let full = parts.iter().filter(|part| part.count > 0).count();
        let count: i64 = parts.iter().map(|part| part.count).sum();
        let before = by_start(at(&before, &text));
        let values: Vec<Value> = series::rows(&marks, &by_start(parts), &before, query)
            .into_iter()
            .map(|fields| row(fields).into())
            .collect();
        let mut fields = vec![
            ("_count".to_owned(), count.into()),
            ("_group_count".to_owned(), full.into()),
            ("values".to_owned(), values.into()),
        ];
        fields.extend(query.group_by.iter().cloned().zip(keys.iter().cloned()));
        let total = totals.get(&text).and_then(|total| total.first());
        for (index, (collect, name)) in query.collect.iter().zip(&names).enumerate() {
            let value = total.and_then(|total| total.collected.get(index));
            collected(collect, name, value.cloned(), &mut fields);
        }
        row(fields)
    });
    Ok(rows.collect())
}

/// Groups sorted by a field that their rows will have; groups that are equal in it stay in their order.
fn sorted_groups(groups: Vec<Group>, query: &Query) -> Result<Vec<Group>, QueryFailure> {
    let Some(sort) = query.sort_by.as_ref().filter(|_| !groups.is_empty()) else { return Ok(groups) };
    let key = query.group_by.iter().position(|key| *key == sort.key);
    let collected = query.collect.iter().position(|collect| series::has_name(collect, &sort.key));
    if key.is_none() && collected.is_none() && sort.key != "_count" {
        return Err(QueryFailure::InvalidSort { key: sort.key.clone() });
    }
    let value = |group: &Group| match (key, collected) {
        (Some(place), _) => group.keys.get(place).cloned().unwrap_or_default(),
        (None, Some(place)) => group.collected.get(place).cloned().unwrap_or_default(),
        (None, None) => group.count.into(),
    };
    let mut sorted: Vec<(Value, Group)> = groups.into_iter().map(|group| (value(&group), group)).collect();
    sorted.sort_by(|(a, _), (b, _)| {
        let ordering = compare_json(a, b);
        if sort.order == Order::Ascending { ordering } else { ordering.reverse() }
    });
    Ok(sorted.into_iter().map(|(_, group)| group).collect())
}

/// Sorts rows by a field of theirs; rows that are equal in it stay in the order of their groups.
fn sort(rows: &mut [Row], query: &Query) -> Result<(), QueryFailure> {
    let Some(sort) = &query.sort_by else { return Ok(()) };
    if !rows.is_empty() && !rows.iter().any(|row| row.contains_key(&sort.key)) {
        return Err(QueryFailure::InvalidSort { key: sort.key.clone() });
    }
    rows.sort_by(|a, b| {
        let [a, b] = [a, b].map(|row| row.get(&sort.key).unwrap_or(&Value::Null));
        let ordering = compare_json(a, b);
        if sort.order == Order::Ascending { ordering } else { ordering.reverse() }
    });
    Ok(())
}
