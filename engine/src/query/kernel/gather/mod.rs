//! What `collect` gathers, for all groups at once: flat lists with a place for each group, none allocated apart.
//!
//! Groups have codes from 1 on. Rows in no group have code 0; where it costs nothing they are gathered too, and nobody
//! looks at what was.

mod deviation;
mod distinct;
mod edge;
mod extreme;
mod percentile;
mod sum;

use arrow::array::RecordBatch;
use query_lang::{Collect, CollectMethod, Percentile, Value};

use super::source::Source;
use deviation::Deviations;
use distinct::Members;
use edge::{Edge, Edges};
use extreme::{Extreme, Extremes};
use percentile::Numbers;
use sum::Sums;

use crate::output::Cell;

/// A value that is no number where only numbers make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANumber;

/// The groups of a block of rows.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The code of every row's group.
    pub groups: &'a [u32],
    /// The group of all rows, where they share one.
    pub only: Option<u32>,
    /// One more than the greatest code.
    pub size: usize,
}

/// One `collect` over all groups.
#[derive(Debug)]
pub struct Gather {
    collect: Collect,
    state: State,
}

#[derive(Debug)]
enum State {
    Counts(Vec<u64>),
    Sums(Sums),
    Means(Sums),
    Extremes(Extremes),
    Edges(Edges),
    Members(Box<Members>),
    /// How many members, in the end.
    Distinct(Box<Members>),
    Deviations(Deviations),
    Percentile(Percentile, Numbers),
}

impl Gather {
    /// Nothing gathered yet.
    pub fn new(collect: &Collect) -> Self {
        let state = match collect.method {
            CollectMethod::Count => State::Counts(Vec::new()),
            CollectMethod::Sum => State::Sums(Sums::default()),
            CollectMethod::Mean => State::Means(Sums::default()),
            CollectMethod::Min => State::Extremes(Extremes::new(Extreme::Smallest)),
            CollectMethod::Max => State::Extremes(Extremes::new(Extreme::Largest)),
            CollectMethod::First => State::Edges(Edges::new(Edge::First)),
            CollectMethod::Last => State::Edges(Edges::new(Edge::Last)),
            CollectMethod::Default | CollectMethod::Set => State::Members(Box::default()),
            CollectMethod::Distinct => State::Distinct(Box::default()),
            CollectMethod::Stddev => State::Deviations(Deviations::default()),
            CollectMethod::Percentile(percentile) => State::Percentile(percentile, Numbers::default()),
        };
        Self { collect: collect.clone(), state }
    }

    /// What is gathered, and how.
    pub fn collect(&self) -> &Collect {
        &self.collect
    }

    /// Adds a block of rows.
    ///
    /// # Errors
    /// When a value in a group is no number and has to be one.
    pub fn update(&mut self, places: &Places<'_>, block: &RecordBatch) -> Result<(), NotANumber> {
        let source = Source::of(block, &self.collect.key);
        match &mut self.state {
            State::Counts(counts) => count(counts, places, &source),
            State::Sums(sums) | State::Means(sums) => sums.update(places, &source)?,
            State::Extremes(extremes) => extremes.update(places, &source),
            State::Edges(edges) => edges.update(places, &source, block),
            State::Members(members) | State::Distinct(members) => members.update(places, &source),
            State::Deviations(deviations) => deviations.update(places, &source)?,
            State::Percentile(_, numbers) => numbers.update(places, &source)?,
        }
        Ok(())
    }

    /// Adds what another has gathered; `map` has for each of its groups by code the one here.
    pub fn merge(&mut self, other: &Self, map: &[u32], size: usize) {
        match (&mut self.state, &other.state) {
            (State::Counts(mine), State::Counts(theirs)) => {
                mine.resize(size.max(mine.len()), 0);
                theirs.iter().zip(map).for_each(|(count, group)| mine[*group as usize] += count);
            }
            (State::Sums(mine), State::Sums(theirs)) | (State::Means(mine), State::Means(theirs)) => {
                mine.merge(theirs, map, size);
            }
            (State::Extremes(mine), State::Extremes(theirs)) => mine.merge(theirs, map, size),
            (State::Edges(mine), State::Edges(theirs)) => mine.merge(theirs, map, size),
            (State::Members(mine), State::Members(theirs))
            | (State::Distinct(mine), State::Distinct(theirs)) => mine.merge(theirs, map, size),
            (State::Deviations(mine), State::Deviations(theirs)) => mine.merge(theirs, map, size),
            (State::Percentile(_, mine), State::Percentile(_, theirs)) => mine.merge(theirs, map),
            // Both are of one query.
            _ => {}
        }
    }

    /// The collected value of every group by code, that of code 0 included. And the same of groups of groups, where `totals`
    /// says for each group by code the one that it belongs to, and how many these are.
    pub fn finish(self, size: usize, totals: Option<(&[u32], usize)>) -> (Vec<Cell>, Vec<Cell>) {
        match self.state {
            State::Members(members) => members.lists(size, totals),
            State::Distinct(members) => members.counts(size, totals),
            _ => {
                let totals = totals.map(|(map, size)| {
                    let mut total = Self::new(&self.collect);
                    total.merge(&self, map, size);
                    total.cells(size)
                });
                (self.cells(size), totals.unwrap_or_default())
            }
        }
    }

    fn cells(self, size: usize) -> Vec<Cell> {
        match self.state {
            State::Counts(mut counts) => {
                counts.resize(size, 0);
                counts.into_iter().map(Cell::from).collect()
            }
            State::Sums(sums) => sums.finish(size, sum::Sum::total),
            State::Means(sums) => sums.finish(size, sum::Sum::mean),
            State::Extremes(extremes) => extremes.finish(size),
            State::Edges(edges) => edges.finish(size),
            State::Members(members) => members.lists(size, None).0,
            State::Distinct(members) => members.counts(size, None).0,
            State::Deviations(deviations) => deviations.finish(size),
            State::Percentile(percentile, numbers) => numbers.finish(percentile, size),
        }
    }

    /// Bytes in memory, roughly.
    pub fn bytes(&self) -> usize {
        match &self.state {
            State::Counts(counts) => counts.capacity() * 8,
            State::Sums(sums) | State::Means(sums) => sums.bytes(),
            State::Extremes(extremes) => extremes.bytes(),
            State::Edges(edges) => edges.bytes(),
            State::Members(members) | State::Distinct(members) => members.bytes(),
            State::Deviations(deviations) => deviations.bytes(),
            State::Percentile(_, numbers) => numbers.bytes(),
        }
    }
}

fn count(counts: &mut Vec<u64>, places: &Places<'_>, source: &Source<'_>) {
    counts.resize(places.size.max(counts.len()), 0);
    if let Some(typed) = source.typed {
        match typed.nulls() {
            None => places.groups.iter().for_each(|group| counts[*group as usize] += 1),
            Some(nulls) => {
                let present = places.groups.iter().zip(nulls);
                present.for_each(|(group, valid)| counts[*group as usize] += u64::from(valid));
            }
        }
    }
    for (row, _) in source.off_type_values() {
        counts[places.groups[row] as usize] += 1;
    }
}

/// Numbers and booleans count as numbers, as they did in the older system.
fn as_float(value: &Value) -> Result<f64, NotANumber> {
    match value {
        Value::Int(number) => Ok(*number as f64),
        Value::Float(number) => Ok(*number),
        Value::Bool(flag) => Ok(f64::from(u8::from(*flag))),
        _ => Err(NotANumber),
    }
}

/// Hands every number in a group to `add`, with the group.
fn each_float(
    places: &Places<'_>,
    source: &Source<'_>,
    mut add: impl FnMut(u32, f64),
) -> Result<(), NotANumber> {
    use arrow::array::AsArray;
    use arrow::datatypes::{DataType, Float64Type, Int64Type};

    let groups = places.groups.iter().copied();
    match source.typed.map(|typed| (typed, typed.data_type())) {
        None => {}
        Some((typed, DataType::Int64)) => {
            let numbers = groups.zip(typed.as_primitive::<Int64Type>());
            numbers.for_each(|(group, number)| number.into_iter().for_each(|n| add(group, n as f64)));
        }
        Some((typed, DataType::Float64)) => {
            let numbers = groups.zip(typed.as_primitive::<Float64Type>());
            numbers.for_each(|(group, number)| number.into_iter().for_each(|n| add(group, n)));
        }
        Some((typed, DataType::Boolean)) => {
            let flags = groups.zip(typed.as_boolean());
            flags.for_each(|(group, flag)| flag.into_iter().for_each(|f| add(group, f64::from(u8::from(f)))));
        }
        Some((typed, _)) => no_values(places, typed)?,
    }
    for (row, value) in source.off_type_values() {
        let group = places.groups[row];
        if group > 0 {
            add(group, as_float(&value)?);
        }
    }
    Ok(())
}

/// Refuses a column that holds no numbers, unless no row of a group has a value there.
fn no_values(places: &Places<'_>, typed: &arrow::array::ArrayRef) -> Result<(), NotANumber> {
    let found = places.groups.iter().enumerate().any(|(row, group)| *group > 0 && typed.is_valid(row));
    if found { Err(NotANumber) } else { Ok(()) }
}
