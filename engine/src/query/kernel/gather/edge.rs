//! The values of the earliest and the latest record. Records without a time are neither.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use query_lang::Value;

use super::super::source::Source;
use super::Places;
use crate::output::Cell;
use crate::schema::{SEQUENCE, TIMESTAMP};

/// Which of the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    First,
    Last,
}

/// A record's place in time, and in the order of insertion among those of the same time.
type Moment = (i64, i64);

/// The edges of all groups.
#[derive(Debug)]
pub struct Edges {
    which: Edge,
    places: Vec<Option<(Moment, Value)>>,
    /// For a block of rows: the best row of each group met so far, and the groups met.
    rows: Vec<Option<(Moment, u32)>>,
    met: Vec<u32>,
}

impl Edges {
    pub fn new(which: Edge) -> Self {
        Self { which, places: Vec::new(), rows: Vec::new(), met: Vec::new() }
    }

    pub fn update(&mut self, places: &Places<'_>, source: &Source<'_>, block: &RecordBatch) {
        let times =
            block.column_by_name(TIMESTAMP).map(|times| times.as_primitive::<TimestampMicrosecondType>());
        let numbers = block.column_by_name(SEQUENCE).map(|numbers| numbers.as_primitive::<Int64Type>());
        let (Some(times), Some(numbers)) = (times, numbers) else { return };
        self.rows.resize(places.size.max(self.rows.len()), None);
        for (row, group) in places.groups.iter().enumerate() {
            let has_value = source.typed.is_some_and(|typed| typed.is_valid(row))
                || source.off_type.is_some_and(|texts| texts.get(row).is_some());
            if *group == 0 || times.is_null(row) || !has_value {
                continue;
            }
            let moment = (times.value(row), numbers.value(row));
            let best = &mut self.rows[*group as usize];
            match best {
                None => self.met.push(*group),
                Some((known, _)) if !wins(self.which, moment, *known) => continue,
                Some(_) => {}
            }
            *best = Some((moment, row as u32));
        }
        // Values are made only of rows that are the best of their block.
        for group in std::mem::take(&mut self.met) {
            let Some((moment, row)) = self.rows[group as usize].take() else { continue };
            if let Some(value) = source.value(row as usize) {
                self.add(group, places.size, moment, value);
            }
        }
    }

    fn add(&mut self, group: u32, size: usize, moment: Moment, value: Value) {
        self.places.resize(size.max(self.places.len()), None);
        let place = &mut self.places[group as usize];
        if place.as_ref().is_none_or(|(known, _)| wins(self.which, moment, *known)) {
            *place = Some((moment, value));
        }
    }

    pub fn merge(&mut self, other: &Self, map: &[u32], size: usize) {
        for (place, group) in other.places.iter().zip(map) {
            if let Some((moment, value)) = place {
                self.add(*group, size, *moment, value.clone());
            }
        }
    }

    pub fn finish(mut self, size: usize) -> Vec<Cell> {
        self.places.resize(size, None);
        self.places.iter().map(|place| place.as_ref().map(|(_, value)| value).into()).collect()
    }

    pub fn bytes(&self) -> usize {
        let text = |place: &Option<(Moment, Value)>| {
            place.as_ref().and_then(|(_, value)| value.as_text()).map_or(0, str::len)
        };
        self.places.capacity() * size_of::<Option<(Moment, Value)>>()
            + self.rows.capacity() * size_of::<Option<(Moment, u32)>>()
            + self.places.iter().map(text).sum::<usize>()
    }
}

fn wins(which: Edge, new: Moment, known: Moment) -> bool {
    if which == Edge::First { new < known } else { new > known }
}
