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

use std::fmt;

use arrow::array::RecordBatch;
use chrono::DateTime;
use query_lang::{Calendar, Collect, Period, Query, Value};
use serde_json::Value as Json;

use super::QueryFailure;
use super::group::{Group, Groups};
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

    fn values(&self) -> Vec<Value> {
        match self {
            Self::Stored(_, coder) => coder.values().to_vec(),
            Self::Start(starts) => starts.values(),
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
        let starts = if self.by_period { self.keys.pop() } else { None };
        let periods = if starts.is_some() { self.pairs.pop() } else { None };
        let starts = starts.map(|starts| starts.values()).unwrap_or_default();

        // The groups by their keys alone: of each its values and its rank.
        let values: Vec<Vec<Value>> = self.keys.iter().map(Key::values).collect();
        let mut keys: Vec<Vec<Json>> = values
            .first()
            .map_or(Vec::new(), |first| first.iter().map(|value| vec![value.to_json()]).collect());
        let mut ranks = values.first().map_or(Vec::new(), |first| order::ranks(first));
        for (pairs, values) in self.pairs.iter().zip(values.iter().skip(1)) {
            let with = |(a, b): &(u32, u32)| {
                let mut keys = keys[*a as usize - 1].clone();
                keys.push(values[*b as usize - 1].to_json());
                keys
            };
            let joined = pairs.pairs().iter().map(with).collect();
            keys = joined;
            ranks = order::ranks_of_pairs(pairs.pairs(), &ranks, &order::ranks(values));
        }

        let gathers = std::mem::take(&mut self.gathers);
        let Some(periods) = periods else {
            // By keys alone, or by period alone.
            let by_start = self.by_period;
            let ranks = if by_start { order::ranks(&starts) } else { ranks };
            let group = |code: usize| match by_start {
                true => (Vec::new(), starts.get(code - 1)),
                false => (std::mem::take(&mut keys[code - 1]), None),
            };
            return Groups {
                parts: in_order(&ranks, size, &self.counts, gathers, group),
                totals: Vec::new(),
            };
        };

        // By both: what is collected over all periods of a group is gathered from its parts.
        let map: Vec<u32> =
            std::iter::once(0).chain(periods.pairs().iter().map(|(group, _)| *group)).collect();
        let total_size = keys.len() + 1;
        let mut counts = vec![0; total_size];
        self.counts.iter().zip(&map).for_each(|(count, group)| counts[*group as usize] += count);
        let totals = gathers.iter().map(|gather| {
            let mut total = Gather::new(gather.collect());
            total.merge(gather, &map, total_size);
            total
        });
        let totals =
            in_order(&ranks, total_size, &counts, totals.collect(), |code| (keys[code - 1].clone(), None));
        // A group whose records have no time, and so no period, is none.
        let totals = totals.into_iter().filter(|total| total.count > 0).collect();
        let part_ranks = order::ranks_of_pairs(periods.pairs(), &ranks, &order::ranks(&starts));
        let parts = in_order(&part_ranks, size, &self.counts, gathers, |code| {
            let (group, start) = periods.pairs()[code - 1];
            (keys[group as usize - 1].clone(), starts.get(start as usize - 1))
        });
        Groups { parts, totals }
    }
}

/// Groups in the order of their ranks; `group` has the keys and the start of each code.
fn in_order<'v>(
    ranks: &[u32],
    size: usize,
    counts: &[u64],
    gathers: Vec<Gather>,
    mut group: impl FnMut(usize) -> (Vec<Json>, Option<&'v Value>),
) -> Vec<Group> {
    let mut collected: Vec<Vec<Json>> = gathers.into_iter().map(|gather| gather.finish(size)).collect();
    let codes = order::inverse(ranks).into_iter().map(|place| place as usize + 1);
    codes
        .map(|code| {
            let (keys, start) = group(code);
            let start: Option<DateTime<_>> = start.and_then(|start| match start {
                Value::Time(time) => Some(*time),
                _ => None,
            });
            Group {
                keys,
                start,
                count: i64::try_from(counts[code]).unwrap_or(i64::MAX),
                collected: collected.iter_mut().map(|values| std::mem::take(&mut values[code])).collect(),
            }
        })
        .collect()
}
