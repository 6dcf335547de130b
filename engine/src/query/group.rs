//! What an aggregation yields, before it is shaped.

use chrono::{DateTime, Utc};

use crate::output::Cell;

/// All groups of an answer, in the order of their keys.
#[derive(Debug, Default)]
pub struct Groups {
    /// One for each group and, in a period query, period; by group, then by period.
    pub parts: Vec<Part>,
    /// How many keys there are to a group.
    pub(super) width: usize,
    /// The values of the keys, group after group.
    pub(super) keys: Vec<Cell>,
    /// For each `collect` in the order asked what was collected, by the place of the part.
    pub(super) collected: Vec<Vec<Cell>>,
    /// For a query with groups and a period the same over all periods, by group.
    pub(super) totals: Vec<Vec<Cell>>,
}

/// The records that share the values of the group keys and, in a period query, the period. There is at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which group, from 0 on; 0 in a query by period alone.
    pub group: u32,
    /// The start of the period; `None` where no period was asked for.
    pub start: Option<DateTime<Utc>>,
    /// How many records.
    pub count: i64,
    /// Where what was collected stands.
    pub(super) place: u32,
}

impl Groups {
    /// The values of the keys of a group, in the order asked.
    pub fn keys(&self, group: u32) -> &[Cell] {
        &self.keys[group as usize * self.width..][..self.width]
    }

    /// What a `collect`, by its place among those asked, has collected in a part.
    pub fn collected(&self, part: &Part, collect: usize) -> &Cell {
        &self.collected[collect][part.place as usize]
    }

    /// What a `collect` has collected in a group over all periods.
    pub fn total(&self, group: u32, collect: usize) -> &Cell {
        &self.totals[collect][group as usize]
    }

    /// The parts of each group, in order of time.
    pub fn by_group(&self) -> impl Iterator<Item = &[Part]> {
        self.parts.chunk_by(|a, b| a.group == b.group)
    }
}
