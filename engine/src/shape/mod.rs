//! From groups to the rows of an answer: by group, by period, both, nested or flat.
//!
//! Periods without records are there too, with a count of zero and null for what was collected. A relative query whose
//! edge is empty is moved to where there is data ([`shifted_window`]).

pub mod order;
mod series;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use query_lang::{Order, Periods, Query, Shift, Window};

use crate::output::{Answer, Cell, Columns, Layout, Rows};
use crate::query::{Groups, Part, QueryFailure};
use order::compare_cells;
use series::{Mark, PartsOfGroup, Series, cells_of, names_of};

/// The greatest number of rows in an answer by period, those without records included.
const MAX_ROWS: u64 = 1_000_000;
/// The greatest number of counts and collected values in them, which take the memory.
const MAX_VALUES: u64 = 4_000_000;

/// Where the window of a relative query has to move so that its edge has data; `None` where it stays.
pub fn shifted_window(groups: &Groups, window: &Window) -> Option<Window> {
    let periods = window.periods.filter(|_| window.shift != Shift::Never)?;
    let starts: Vec<DateTime<Utc>> = periods.starts().collect();
    let steps = groups.by_group().map(|parts| {
        let is_full =
            |start: &DateTime<Utc>| parts.binary_search_by_key(&Some(*start), |part| part.start).is_ok();
        window.shift.steps(starts.iter().map(is_full))
    });
    match steps.min_by_key(|steps| steps.abs())? {
        0 => None,
        steps => window.shifted(steps),
    }
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
    groups: &Groups,
    earlier: &Groups,
    query: &Query,
    window: &Window,
) -> Result<Answer, QueryFailure> {
    let skip = usize::try_from(query.offset).unwrap_or(usize::MAX);
    let limit = query.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let rows = match window.periods {
        // Rows are made only of the groups that are answered.
        None => {
            let shown = sorted_parts(groups, query)?.into_iter().skip(skip).take(limit);
            return Ok(group_rows(groups, shown, query).into());
        }
        Some(periods) if query.group_by.is_empty() => {
            let parts = |groups| PartsOfGroup { groups, parts: &groups.parts };
            let (layout, columns) = Layout::sorted(&series::names(query));
            let marks = series::marks(periods, query);
            period_rows(&marks, Series::new(query, parts(groups), parts(earlier)), layout, &columns)
        }
        Some(periods) if query.flatten => flat_rows(groups, earlier, periods, query)?,
        Some(periods) => nested_rows(groups, earlier, periods, query)?,
    };
    let places = sorted_places(&rows, query)?;
    if places.is_none() && skip == 0 && limit >= rows.len() {
        return Ok(rows.into());
    }
    let places = places.unwrap_or_else(|| (0..rows.len()).collect());
    Ok(rows.select(places.into_iter().skip(skip).take(limit)).into())
}

/// A row for each group.
fn group_rows(groups: &Groups, shown: impl ExactSizeIterator<Item = Part>, query: &Query) -> Rows {
    let mut names = vec!["_count".to_owned()];
    names.extend(query.group_by.iter().cloned());
    names.extend(query.collect.iter().flat_map(names_of));
    let (layout, columns) = Layout::sorted(&names);
    let mut rows = Rows::new(layout, shown.len());
    let mut cells = Vec::with_capacity(names.len());
    for part in shown {
        cells.push(Some(part.count.into()));
        cells.extend(groups.keys(part.group).iter().cloned().map(Some));
        for (index, collect) in query.collect.iter().enumerate() {
            cells_of(collect, Some(groups.collected(&part, index).clone()), &mut cells);
        }
        rows.push(&columns, &mut cells);
    }
    rows
}

/// A row for each period of one group.
fn period_rows(marks: &[Mark], mut series: Series<'_>, layout: Arc<Layout>, columns: &Columns) -> Rows {
    let mut rows = Rows::new(layout, marks.len());
    let mut cells = Vec::new();
    for mark in marks {
        series.row(mark, &mut cells);
        rows.push(columns, &mut cells);
    }
    rows
}

/// Parts of groups, found by the values of their keys.
struct KnownParts<'a> {
    groups: &'a Groups,
    parts: HashMap<String, &'a [Part]>,
}

impl<'a> KnownParts<'a> {
    fn new(groups: &'a Groups) -> Self {
        let text = |parts: &[Part]| parts.first().map(|part| text_of(groups.keys(part.group)));
        Self { groups, parts: groups.by_group().filter_map(|parts| Some((text(parts)?, parts))).collect() }
    }

    fn of(&self, keys: &[Cell]) -> PartsOfGroup<'a> {
        let parts = if self.parts.is_empty() { None } else { self.parts.get(&text_of(keys)) };
        PartsOfGroup { groups: self.groups, parts: parts.copied().unwrap_or_default() }
    }
}

/// A text that is the same for equal keys: of `1` and `1.0`, which are one group, each may stand for it in another time.
fn text_of(keys: &[Cell]) -> String {
    let print = |key: &Cell| match key {
        // minus zero is zero
        Cell::Broken(number) if number.fract() == 0.0 => format!("{:.0}", number + 0.0),
        key => key.to_text(),
    };
    keys.iter().map(print).collect::<Vec<_>>().join("\n")
}

/// One row for each period and combination of the values of the group keys, whether there are such records or not.
fn flat_rows(
    groups: &Groups,
    earlier: &Groups,
    periods: Periods,
    query: &Query,
) -> Result<Rows, QueryFailure> {
    let mut values: Vec<Vec<&Cell>> = vec![Vec::new(); query.group_by.len()];
    for part in groups.by_group().filter_map(<[Part]>::first) {
        for (known, value) in values.iter_mut().zip(groups.keys(part.group)) {
            if !known.contains(&value) {
                known.push(value);
            }
        }
    }
    let combinations =
        values.iter().try_fold(1u64, |product, values| product.checked_mul(values.len() as u64));
    bounded(combinations.and_then(|combinations| combinations.checked_mul(periods.count())), query)?;
    let mut combinations: Vec<Vec<Cell>> = vec![Vec::new()];
    for values in &values {
        let extended =
            combinations.iter().flat_map(|so_far| values.iter().map(move |value| with(so_far, value)));
        combinations = extended.collect();
    }
    let (own, earlier) = (KnownParts::new(groups), KnownParts::new(earlier));
    let series = |keys: Vec<Cell>| (Series::new(query, own.of(&keys), earlier.of(&keys)), keys);
    let mut series: Vec<(Series, Vec<Cell>)> = combinations.into_iter().map(series).collect();

    let mut names = series::names(query);
    names.extend(query.group_by.iter().cloned());
    let (layout, columns) = Layout::sorted(&names);
    let marks = series::marks(periods, query);
    let mut rows = Rows::new(layout, marks.len() * series.len());
    let mut cells = Vec::with_capacity(names.len());
    for mark in &marks {
        for (series, keys) in &mut series {
            series.row(mark, &mut cells);
            cells.extend(keys.iter().cloned().map(Some));
            rows.push(&columns, &mut cells);
        }
    }
    Ok(rows)
}

fn with(so_far: &[Cell], value: &Cell) -> Vec<Cell> {
    so_far.iter().chain([value]).cloned().collect()
}

/// One row for each group, with its periods inside.
fn nested_rows(
    groups: &Groups,
    earlier: &Groups,
    periods: Periods,
    query: &Query,
) -> Result<Rows, QueryFailure> {
    let count = groups.by_group().count();
    bounded((count as u64).checked_mul(periods.count()), query)?;
    let marks = series::marks(periods, query);
    let earlier = KnownParts::new(earlier);
    let (inner, inner_columns) = Layout::sorted(&series::names(query));
    let mut names = vec!["_count".to_owned(), "_group_count".to_owned(), "values".to_owned()];
    names.extend(query.group_by.iter().cloned());
    names.extend(query.collect.iter().flat_map(names_of));
    let (layout, columns) = Layout::sorted(&names);

    let mut rows = Rows::new(layout, count);
    let mut cells = Vec::with_capacity(names.len());
    for parts in groups.by_group() {
        let Some(group) = parts.first().map(|part| part.group) else { continue };
        let keys = groups.keys(group);
        let series = Series::new(query, PartsOfGroup { groups, parts }, earlier.of(keys));
        let values = period_rows(&marks, series, Arc::clone(&inner), &inner_columns);
        cells.push(Some(parts.iter().map(|part| part.count).sum::<i64>().into()));
        cells.push(Some(Cell::from(parts.len() as u64)));
        cells.push(Some(Cell::Rows(Arc::new(values))));
        cells.extend(keys.iter().cloned().map(Some));
        for (index, collect) in query.collect.iter().enumerate() {
            cells_of(collect, Some(groups.total(group, index).clone()), &mut cells);
        }
        rows.push(&columns, &mut cells);
    }
    Ok(rows)
}

/// Parts of groups sorted by a field that their rows will have; those that are equal in it stay in their order.
fn sorted_parts(groups: &Groups, query: &Query) -> Result<Vec<Part>, QueryFailure> {
    let parts = groups.parts.clone();
    let Some(sort) = query.sort_by.as_ref().filter(|_| !parts.is_empty()) else { return Ok(parts) };
    let key = query.group_by.iter().position(|key| *key == sort.key);
    let collected = query.collect.iter().position(|collect| names_of(collect).any(|name| name == sort.key));
    if key.is_none() && collected.is_none() && sort.key != "_count" {
        return Err(QueryFailure::InvalidSort { key: sort.key.clone() });
    }
    let value = |part: &Part| match (key, collected) {
        (Some(place), _) => groups.keys(part.group)[place].clone(),
        (None, Some(place)) => groups.collected(part, place).clone(),
        (None, None) => part.count.into(),
    };
    let mut sorted: Vec<(Cell, Part)> = parts.iter().map(|part| (value(part), *part)).collect();
    sorted.sort_by(|(a, _), (b, _)| directed(compare_cells(a, b), sort.order));
    Ok(sorted.into_iter().map(|(_, part)| part).collect())
}

/// The places of rows sorted by a field of theirs, where that is asked; rows that are equal in it stay in the order of their groups.
fn sorted_places(rows: &Rows, query: &Query) -> Result<Option<Vec<usize>>, QueryFailure> {
    let Some(sort) = query.sort_by.as_ref().filter(|_| rows.len() > 0) else { return Ok(None) };
    let cells = rows.column(&sort.key).ok_or_else(|| QueryFailure::InvalidSort { key: sort.key.clone() })?;
    let mut places: Vec<usize> = (0..rows.len()).collect();
    places.sort_by(|a, b| {
        let [a, b] = [*a, *b].map(|place| cells[place].unwrap_or(&Cell::Null));
        directed(compare_cells(a, b), sort.order)
    });
    Ok(Some(places))
}

fn directed(ordering: Ordering, order: Order) -> Ordering {
    if order == Order::Ascending { ordering } else { ordering.reverse() }
}
