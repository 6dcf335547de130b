//! The grouping kernel: from batches of records to groups with what was collected.
//!
//! ```text
//! block of rows -> coder: a code for each value of a key   \
//!               -> starts: a code for each period           > pairs: a code for each group -> gather
//!               -> coder of the next key ...               /
//! ```
//!
//! Everything is done for a block of rows at a time, and everything known about groups is kept in flat lists with a place for
//! each code. Code 0 stands for "in no group": records that lack a key, have null in it, or have no time in a query by period.
//! Kernels of several threads are [merged](Kernel::merge) by their values, since each gives codes of its own.

mod coder;
mod gather;
mod order;
mod pairs;
mod source;
mod starts;

use std::borrow::Cow;
use std::fmt;

use arrow::array::RecordBatch;
use chrono::DateTime;
use query_lang::{Calendar, Collect, Period, Query, Value};

use super::QueryFailure;
use super::group::{Groups, Part};
use crate::output::Cell;
use crate::schema::{SEQUENCE, TIMESTAMP};
use coder::Coder;
use gather::{Gather, Places};
use pairs::Pairs;
pub use source::{Source, Texts};
use starts::Starts;

/// Rows that are looked at together: few enough for their codes to stay near the processor.
const BLOCK: usize = 16_384;

/// What groups are made by, and what is collected.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouping {
    keys: Vec<String>,
    period: Option<(Calendar, Period)>,
    collect: Vec<Collect>,
}

impl Grouping {
    /// The grouping of a query.
    pub fn of(query: &Query) -> Self {
        Self {
            keys: query.group_by.clone(),
            period: query.period.map(|period| (query.calendar(), period)),
            collect: query.collect.clone(),
        }
    }

    /// The keys of the records that it looks at.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let shown = |key: &&String| marked_period(key).is_none();
        let keys = self.keys.iter().filter(shown).chain(self.collect.iter().map(|collect| &collect.key));
        keys.map(String::as_str)
    }

    /// How many values it looks at of each record, roughly.
    pub fn width(&self) -> usize {
        // A few cost no more than the rows themselves.
        (self.keys.len() + self.collect.len()).div_ceil(4).max(1)
    }

    /// Whether it looks at the time of records.
    pub fn needs_time(&self) -> bool {
        self.period.is_some()
            || self.keys.iter().any(|key| marked_period(key).is_some())
            || self.needs_order()
    }

    /// Whether it looks at the order of records in time.
    pub fn needs_order(&self) -> bool {
        use query_lang::CollectMethod::{First, Last};
        self.collect.iter().any(|collect| matches!(collect.method, First | Last))
    }
}

/// For people: what is grouped by, and what is collected.
impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let period = self.period.map(|(calendar, period)| match calendar.zone {
            Some(zone) => format!("{period} in {zone}"),
            None => period.to_string(),
        });
        let by: Vec<String> = self.keys.iter().cloned().chain(period).collect();
        let collected: Vec<String> = self.collect.iter().map(Collect::output_name).collect();
        write!(f, "group by {}", by.join(", "))?;
        if !collected.is_empty() {
            write!(f, ": {}", collected.join(", "))?;
        }
        Ok(())
    }
}

/// The period whose start the key shows.
fn marked_period(key: &str) -> Option<Period> {
    Period::ALL.into_iter().find(|period| period.start_key() == key)
}

/// Where the codes of a key come from.
#[derive(Debug)]
enum Key {
    Stored(String, Box<Coder>),
    /// The starts of periods are not stored, but may be grouped by.
    Start(Starts),
}

impl Key {
    fn codes(&mut self, block: &RecordBatch, codes: &mut Vec<u32>) {
        match self {
            // The order of insertion is nobody's key.
            Self::Stored(key, _) if key == SEQUENCE => {
                codes.clear();
                codes.resize(block.num_rows(), 0);
            }
            Self::Stored(key, coder) => coder.codes(&Source::of(block, key), block.num_rows(), codes),
            Self::Start(starts) => starts.codes(block.column_by_name(TIMESTAMP), block.num_rows(), codes),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Stored(_, coder) => coder.values().len(),
            Self::Start(starts) => starts.starts().len(),
        }
    }

    fn values(&self) -> Cow<'_, [Value]> {
        match self {
            Self::Stored(_, coder) => Cow::Borrowed(coder.values()),
            Self::Start(starts) => Cow::Owned(starts.values()),
        }
    }

    /// For each code of another the one here, beginning with code 0.
    fn merge(&mut self, other: &Self) -> Vec<u32> {
        let mut map = vec![0];
        match (self, other) {
            (Self::Stored(_, mine), Self::Stored(_, theirs)) => {
                map.extend(theirs.values().iter().map(|value| mine.code(value)));
            }
            (Self::Start(mine), Self::Start(theirs)) => {
                map.extend(theirs.starts().iter().map(|start| mine.code_of_start(*start)));
            }
            // Both are of one query.
            _ => {}
        }
        map
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Stored(_, coder) => coder.bytes(),
            Self::Start(starts) => starts.bytes(),
        }
    }
}

/// Groups in the making.
#[derive(Debug)]
pub struct Kernel {
    /// What records are grouped by, outermost first, the period last; at least one.
    keys: Vec<Key>,
    by_period: bool,
    /// The codes of the first two keys together, of these and the third, and so on.
    pairs: Vec<Pairs>,
    counts: Vec<u64>,
    gathers: Vec<Gather>,
    codes: [Vec<u32>; 2],
}

impl Kernel {
    /// No groups yet.
    pub fn new(grouping: &Grouping) -> Self {
        let key = |key: &String| match marked_period(key) {
            Some(period) => Key::Start(Starts::new(Calendar::default(), period)),
            None => Key::Stored(key.clone(), Box::default()),
        };
        let period = grouping.period.map(|(calendar, period)| Key::Start(Starts::new(calendar, period)));
        let keys: Vec<Key> = grouping.keys.iter().map(key).chain(period).collect();
        Self {
            pairs: keys.iter().skip(1).map(|_| Pairs::default()).collect(),
            keys,
            by_period: grouping.period.is_some(),
            counts: Vec::new(),
            gathers: grouping.collect.iter().map(Gather::new).collect(),
            codes: [Vec::new(), Vec::new()],
        }
    }

    /// Adds records.
    ///
    /// # Errors
    /// When something is collected that does not suit the values.
    pub fn update(&mut self, batch: &RecordBatch) -> Result<(), QueryFailure> {
        let mut offset = 0;
        while offset < batch.num_rows() {
            let rows = BLOCK.min(batch.num_rows() - offset);
            self.add_block(&batch.slice(offset, rows))?;
            offset += rows;
        }
        Ok(())
    }

    fn add_block(&mut self, block: &RecordBatch) -> Result<(), QueryFailure> {
        let [groups, codes] = &mut self.codes;
        let mut known = 0;
        for (level, key) in self.keys.iter_mut().enumerate() {
            if level == 0 {
                key.codes(block, groups);
                known = key.len();
                continue;
            }
            key.codes(block, codes);
            let pairs = &mut self.pairs[level - 1];
            pairs.codes(groups, codes, known, key.len());
            known = pairs.len();
        }
        let first = groups.first().copied();
        let only = first.filter(|first| groups.iter().all(|group| group == first));
        let places = Places { groups, only, size: known + 1 };
        self.counts.resize(places.size.max(self.counts.len()), 0);
        match only {
            Some(group) => self.counts[group as usize] += groups.len() as u64,
            None => groups.iter().for_each(|group| self.counts[*group as usize] += 1),
        }
        for gather in &mut self.gathers {
            gather
                .update(&places, block)
                .map_err(|_| QueryFailure::InvalidCollect { key: gather.collect().key.clone() })?;
        }
        Ok(())
    }

    /// Adds the groups of another kernel of the same query.
    pub fn merge(&mut self, other: &Self) {
        let mut map = Vec::new();
        for (level, (mine, theirs)) in self.keys.iter_mut().zip(&other.keys).enumerate() {
            let own = mine.merge(theirs);
            if level == 0 {
                map = own;
                continue;
            }
            let pairs = &mut self.pairs[level - 1];
            let theirs = other.pairs[level - 1].pairs();
            let codes = theirs.iter().map(|(a, b)| pairs.code(map[*a as usize], own[*b as usize]));
            map = std::iter::once(0).chain(codes).collect();
        }
        let size = self.groups() + 1;
        self.counts.resize(size.max(self.counts.len()), 0);
        other.counts.iter().zip(&map).for_each(|(count, group)| self.counts[*group as usize] += count);
        for (mine, theirs) in self.gathers.iter_mut().zip(&other.gathers) {
            mine.merge(theirs, &map, size);
        }
    }

    /// How many groups there are, those of different periods counted apart.
    pub fn groups(&self) -> usize {
        match self.pairs.last() {
            Some(pairs) => pairs.len(),
            None => self.keys.first().map_or(0, Key::len),
        }
    }

    /// Bytes in memory, roughly.
    pub fn bytes(&self) -> usize {
        self.keys.iter().map(Key::bytes).sum::<usize>()
            + self.pairs.iter().map(Pairs::bytes).sum::<usize>()
            + self.counts.capacity() * 8
            + self.gathers.iter().map(Gather::bytes).sum::<usize>()
    }

    /// All groups, sorted by their keys, then by period.
    pub fn finish(mut self) -> Groups {
        let size = self.groups() + 1;
        let count = |code: u32| i64::try_from(self.counts[code as usize]).unwrap_or(i64::MAX);
        let last = if self.by_period { self.keys.pop() } else { None };
        let Some(Key::Start(starts)) = last else {
            let codes = codes_in_order(&self.ranks());
            let part =
                |(group, code): (u32, &u32)| Part { group, start: None, count: count(*code), place: *code };
            let parts = (0..).zip(&codes).map(part).collect();
            let (keys, width) = (self.keys_of(&codes), self.keys.len());
            let (collected, totals) = finished(self.gathers, size, None);
            return Groups { parts, width, keys, collected, totals };
        };
        let start = |code: u32| DateTime::from_timestamp_micros(starts.starts()[code as usize - 1]);
        let Some(periods) = self.pairs.pop() else {
            let part = |code| Part { group: 0, start: start(code), count: count(code), place: code };
            let codes = codes_in_order(&order::ranks_of_times(starts.starts()));
            let parts = codes.into_iter().map(part).collect();
            let (collected, totals) = finished(self.gathers, size, None);
            return Groups { parts, collected, totals, ..Groups::default() };
        };

        // By keys and period. A group whose records have no time, and so no period, is none.
        let ranks = self.ranks();
        let mut numbers = vec![0; ranks.len() + 1];
        periods.pairs().iter().for_each(|(group, _)| numbers[*group as usize] = 1);
        let codes: Vec<u32> =
            codes_in_order(&ranks).into_iter().filter(|code| numbers[*code as usize] > 0).collect();
        (1..).zip(&codes).for_each(|(number, code)| numbers[*code as usize] = number);
        // What is collected over all periods of a group is gathered from its parts.
        let map: Vec<u32> = std::iter::once(0)
            .chain(periods.pairs().iter().map(|(group, _)| numbers[*group as usize]))
            .collect();
        let part_ranks =
            order::ranks_of_pairs(periods.pairs(), &ranks, &order::ranks_of_times(starts.starts()));
        let part = |code: u32| {
            let group = map[code as usize] - 1;
            let (_, period) = periods.pairs()[code as usize - 1];
            Part { group, start: start(period), count: count(code), place: code }
        };
        let parts = codes_in_order(&part_ranks).into_iter().map(part).collect();
        let (keys, width) = (self.keys_of(&codes), self.keys.len());
        let (collected, mut totals) = finished(self.gathers, size, Some((&map, codes.len() + 1)));
        // Groups are numbered from 0 on.
        totals.iter_mut().for_each(|totals| drop(totals.remove(0)));
        Groups { parts, width, keys, collected, totals }
    }

    /// The ranks of groups by their keys, the period aside; by code, that of code 1 first.
    fn ranks(&self) -> Vec<u32> {
        let mut keys = self.keys.iter().map(|key| order::ranks(&key.values()));
        let first = keys.next().unwrap_or_default();
        let pairs = self.pairs.iter().zip(keys);
        pairs.fold(first, |ranks, (pairs, last)| order::ranks_of_pairs(pairs.pairs(), &ranks, &last))
    }

    /// The values of the keys of some groups, one group after another.
    fn keys_of(&self, codes: &[u32]) -> Vec<Cell> {
        let width = self.keys.len();
        let values: Vec<Vec<Cell>> =
            self.keys.iter().map(|key| key.values().iter().map(Cell::from).collect()).collect();
        let mut cells = vec![Cell::Null; width * codes.len()];
        if width == 0 {
            return cells;
        }
        for (cells, code) in cells.chunks_mut(width).zip(codes) {
            // A code stands for a pair of the code of all keys but the last one, and of the last one.
            let mut code = *code;
            for level in (1..width).rev() {
                let (others, last) = self.pairs[level - 1].pairs()[code as usize - 1];
                cells[level] = values[level][last as usize - 1].clone();
                code = others;
            }
            cells[0] = values[0][code as usize - 1].clone();
        }
        cells
    }
}

/// The codes of ranked groups in the order of their ranks.
fn codes_in_order(ranks: &[u32]) -> Vec<u32> {
    order::inverse(ranks).into_iter().map(|place| place + 1).collect()
}

/// For each of what was gathered the cells by code, and those of groups of groups (see [`Gather::finish`]).
fn finished(
    gathers: Vec<Gather>,
    size: usize,
    totals: Option<(&[u32], usize)>,
) -> (Vec<Vec<Cell>>, Vec<Vec<Cell>>) {
    gathers.into_iter().map(|gather| gather.finish(size, totals)).unzip()
}
