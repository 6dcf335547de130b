//! The periods of one group in order of time: filled where there are no records, beside those of earlier, added up.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use query_lang::{Collect, CollectMethod, Fill, Periods, Query};

use crate::output::Cell;
use crate::query::{Groups, Part};

/// A period as it is shown.
#[derive(Debug, Clone)]
pub struct Mark {
    start: DateTime<Utc>,
    shown_start: Cell,
    shown_end: Cell,
    /// The start of the one that it is compared with.
    before: Option<DateTime<Utc>>,
}

/// The periods of an answer, which are the same for all of its groups.
pub fn marks(periods: Periods, query: &Query) -> Vec<Mark> {
    let Periods { period, calendar, .. } = periods;
    let printed = |time| Cell::from(calendar.print(time).as_str());
    // The end of one is mostly the start of the next.
    let mut shown: Option<(DateTime<Utc>, Cell)> = None;
    let mark = |start| {
        let known = shown.take().filter(|(time, _)| *time == start);
        let shown_start = known.map_or_else(|| printed(start), |(_, text)| text);
        let end = calendar.add(period, start, 1).unwrap_or(periods.end);
        let shown_end = printed(end);
        shown = Some((end, shown_end.clone()));
        let before = query.compare.and_then(|by| by.before(calendar, period, start));
        Mark { start, shown_start, shown_end, before }
    };
    periods.starts().map(mark).collect()
}

/// The parts of a group in order of time, and what was collected in them.
#[derive(Debug, Clone, Copy)]
pub struct PartsOfGroup<'a> {
    pub groups: &'a Groups,
    pub parts: &'a [Part],
}

impl<'a> PartsOfGroup<'a> {
    fn at(self, start: DateTime<Utc>) -> Option<&'a Part> {
        let place = self.parts.binary_search_by_key(&Some(start), |part| part.start).ok()?;
        self.parts.get(place)
    }
}

/// The names of a period's row, in the order in which [`Series::row`] has their cells.
pub fn names(query: &Query) -> Vec<String> {
    let mut names = vec!["_count".to_owned(), "_start_at".to_owned(), "_end_at".to_owned()];
    if query.compare.is_some() {
        names.extend(["_count:previous".to_owned(), "_count:change".to_owned()]);
    }
    names.extend(query.cumulative.then(|| "_count:cumulative".to_owned()));
    for collect in &query.collect {
        let name = collect.shown_name();
        names.extend(names_of(collect));
        if query.compare.is_some() {
            names.push(format!("{name}:previous"));
            names.extend(changes(collect).then(|| format!("{name}:change")));
        }
        names.extend(adds_up(query, collect).then(|| format!("{name}:cumulative")));
    }
    names
}

/// Makes the rows of one group's periods, one after another.
pub struct Series<'a> {
    query: &'a Query,
    own: PartsOfGroup<'a>,
    /// What the query compares with.
    earlier: PartsOfGroup<'a>,
    /// The last value of each collect that a period had.
    last: Vec<Option<&'a Cell>>,
    /// The sum of each collect so far.
    totals: Vec<Cell>,
    /// The number of records so far.
    count: i64,
}

impl<'a> Series<'a> {
    /// Before the first period.
    pub fn new(query: &'a Query, own: PartsOfGroup<'a>, earlier: PartsOfGroup<'a>) -> Self {
        let collects = query.collect.len();
        Self {
            query,
            own,
            earlier,
            last: vec![None; collects],
            totals: vec![Cell::Whole(0); collects],
            count: 0,
        }
    }

    /// Appends the cells of the next period (see [`names`]).
    pub fn row(&mut self, mark: &Mark, cells: &mut Vec<Option<Cell>>) {
        let query = self.query;
        let part = self.own.at(mark.start);
        let before = mark.before.and_then(|before| self.earlier.at(before));
        let count = part.map_or(0, |part| part.count);
        cells.extend([Some(count.into()), Some(mark.shown_start.clone()), Some(mark.shown_end.clone())]);
        if query.compare.is_some() {
            let before = before.map_or(0, |before| before.count);
            cells.extend([Some(before.into()), Some((count - before).into())]);
        }
        if query.cumulative {
            self.count += count;
            cells.push(Some(self.count.into()));
        }
        for (index, collect) in query.collect.iter().enumerate() {
            let own = part.map(|part| self.own.groups.collected(part, index));
            let value = own.cloned().or_else(|| self.filling(index, collect));
            self.last[index] = own.or(self.last[index]);
            cells_of(collect, value.clone(), cells);
            let value = value.unwrap_or(Cell::Null);
            if query.compare.is_some() {
                let before = before.map(|before| self.earlier.groups.collected(before, index).clone());
                let before = before.or_else(|| zero(query.fill, collect)).unwrap_or(Cell::Null);
                let change = changes(collect).then(|| Some(difference(&value, &before)));
                cells.push(Some(before));
                cells.extend(change);
            }
            if adds_up(query, collect) {
                self.totals[index] = sum(&self.totals[index], &value);
                cells.push(Some(self.totals[index].clone()));
            }
        }
    }

    /// What stands for a value in a period without records.
    fn filling(&self, index: usize, collect: &Collect) -> Option<Cell> {
        match self.query.fill {
            Fill::Previous => self.last[index].cloned(),
            fill => zero(fill, collect),
        }
    }
}

fn zero(fill: Fill, collect: &Collect) -> Option<Cell> {
    let nothing = || match collect.method {
        CollectMethod::Default | CollectMethod::Set => Cell::List(Arc::default()),
        _ => Cell::Whole(0),
    };
    (fill == Fill::Zero).then(nothing)
}

/// Whether there is a difference between two of its values.
fn changes(collect: &Collect) -> bool {
    !matches!(collect.method, CollectMethod::Default | CollectMethod::Set)
}

/// Whether it is added up from period to period.
fn adds_up(query: &Query, collect: &Collect) -> bool {
    query.cumulative && matches!(collect.method, CollectMethod::Sum | CollectMethod::Count)
}

/// The names of a collected value in a row, of which the last one is that which is always there.
pub fn names_of(collect: &Collect) -> impl Iterator<Item = String> {
    // The default method answers under two names; a period without records has one of them.
    let plain = (collect.method == CollectMethod::Default).then(|| collect.key.clone());
    plain.into_iter().chain([collect.shown_name()])
}

/// A collected value under its [names](names_of); null where there is none.
pub fn cells_of(collect: &Collect, value: Option<Cell>, cells: &mut Vec<Option<Cell>>) {
    if collect.method == CollectMethod::Default {
        cells.push(value.clone());
    }
    cells.push(Some(value.unwrap_or(Cell::Null)));
}

fn difference(value: &Cell, before: &Cell) -> Cell {
    combine(value, before, i64::checked_sub, |a, b| a - b)
}

/// Null adds nothing.
fn sum(total: &Cell, value: &Cell) -> Cell {
    if *value == Cell::Null { total.clone() } else { combine(total, value, i64::checked_add, |a, b| a + b) }
}

/// Whole numbers stay whole where they fit; what is no number makes null.
fn combine(a: &Cell, b: &Cell, whole: fn(i64, i64) -> Option<i64>, broken: fn(f64, f64) -> f64) -> Cell {
    let exact = a.as_whole().zip(b.as_whole()).and_then(|(a, b)| whole(a, b));
    match (exact, a.as_float().zip(b.as_float())) {
        (Some(number), _) => number.into(),
        (None, Some((a, b))) => broken(a, b).into(),
        (None, None) => Cell::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_whole_where_they_fit() {
        let (one, half) = (Cell::Whole(1), Cell::Broken(0.5));
        assert_eq!(difference(&Cell::Whole(5), &Cell::Whole(7)), Cell::Whole(-2));
        assert_eq!(
            difference(&Cell::Whole(i64::MAX), &Cell::Whole(-1)),
            Cell::Broken(9_223_372_036_854_775_808.0)
        );
        assert_eq!(difference(&half, &Cell::Null), Cell::Null);
        assert_eq!(difference(&"a".into(), &one), Cell::Null);
        assert_eq!(sum(&one, &Cell::Null), one);
        assert_eq!(sum(&one, &half), Cell::Broken(1.5));
    }
}
