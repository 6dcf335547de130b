//! The distinct values of a key in each group: one bit for each group and value while they are few, a set of pairs beyond.

use std::sync::Arc;

use hashbrown::HashSet;

use super::super::coder::Coder;
use super::super::order::{inverse, ranks};
use super::super::source::Source;
use super::Places;
use crate::output::{Cell, List};

/// The greatest size of the table of bits, in words of 64 bits: 8 MiB.
const MAX_WORDS: usize = 1 << 20;

/// Which group has which values.
#[derive(Debug)]
pub struct Members {
    coder: Coder,
    sets: Sets,
    codes: Vec<u32>,
}

/// The codes of the values of each group.
#[derive(Debug, Default)]
struct Sets {
    /// Bits by group and code of the value.
    bits: Vec<u64>,
    /// Words a group.
    width: usize,
    /// In the place of the bits when these would be too many.
    pairs: Option<HashSet<(u32, u32)>>,
}

impl Default for Members {
    fn default() -> Self {
        Self { coder: Coder::with_nulls(), sets: Sets::default(), codes: Vec::new() }
    }
}

impl Members {
    pub fn update(&mut self, places: &Places<'_>, source: &Source<'_>) {
        let mut codes = std::mem::take(&mut self.codes);
        self.coder.codes(source, places.groups.len(), &mut codes);
        self.sets.make_room(self.coder.values().len(), places.size);
        for (group, code) in places.groups.iter().zip(&codes) {
            self.sets.set(*group, *code);
        }
        self.codes = codes;
    }

    pub fn merge(&mut self, other: &Self, map: &[u32], size: usize) {
        let codes: Vec<u32> = other.coder.values().iter().map(|value| self.coder.code(value)).collect();
        self.sets.make_room(self.coder.values().len(), size);
        other.sets.each(|group, code| self.sets.set(map[group as usize], codes[code as usize - 1]));
    }

    /// How many values each group has, and each group of groups where `totals` says for each group by code the one that it
    /// belongs to, and how many these are.
    pub fn counts(self, size: usize, totals: Option<(&[u32], usize)>) -> (Vec<Cell>, Vec<Cell>) {
        let totals = totals.map(|(map, size)| self.sets.regrouped(map, size).counts(size));
        (self.sets.counts(size), totals.unwrap_or_default())
    }

    /// The values of each group, sorted; and as [`Members::counts`] those of groups of groups.
    pub fn lists(self, size: usize, totals: Option<(&[u32], usize)>) -> (Vec<Cell>, Vec<Cell>) {
        let ranks = ranks(self.coder.values());
        let by_rank = inverse(&ranks).into_iter();
        let values: Arc<[Cell]> =
            by_rank.map(|place| Cell::from(&self.coder.values()[place as usize])).collect();
        let totals = totals.map(|(map, size)| self.sets.regrouped(map, size).lists(size, &ranks, &values));
        (self.sets.lists(size, &ranks, &values), totals.unwrap_or_default())
    }

    pub fn bytes(&self) -> usize {
        let pairs = self.sets.pairs.as_ref().map_or(0, HashSet::capacity);
        self.coder.bytes() + self.sets.bits.capacity() * 8 + pairs * 10 + self.codes.capacity() * 4
    }
}

impl Sets {
    /// Makes sure that there is a bit for every group and value, unless they would be too many.
    fn make_room(&mut self, values: usize, size: usize) {
        if self.pairs.is_some() {
            return;
        }
        // Codes begin with 1.
        let width = (values + 1).div_ceil(64).next_power_of_two();
        let words = size.saturating_mul(width);
        if words > MAX_WORDS {
            let mut pairs = HashSet::new();
            self.each(|group, code| {
                pairs.insert((group, code));
            });
            self.pairs = Some(pairs);
            self.bits = Vec::new();
        } else if width > self.width {
            let mut wider = vec![0; words.max(self.bits.len() / self.width.max(1) * width)];
            if self.width > 0 {
                for (old, new) in self.bits.chunks(self.width).zip(wider.chunks_mut(width)) {
                    new[..old.len()].copy_from_slice(old);
                }
            }
            (self.bits, self.width) = (wider, width);
        } else if words > self.bits.len() {
            self.bits.resize(words, 0);
        }
    }

    fn set(&mut self, group: u32, code: u32) {
        if code == 0 || group == 0 {
            return;
        }
        match &mut self.pairs {
            None => self.bits[group as usize * self.width + (code / 64) as usize] |= 1 << (code % 64),
            Some(pairs) => {
                pairs.insert((group, code));
            }
        }
    }

    /// The bits of each group by code.
    fn by_group(&self) -> impl Iterator<Item = &[u64]> {
        self.bits.chunks(self.width.max(1))
    }

    /// Hands every group and code that belong together to `take`.
    fn each(&self, mut take: impl FnMut(u32, u32)) {
        match &self.pairs {
            None => {
                for (group, bits) in (0..).zip(self.by_group()) {
                    places_of(bits).for_each(|code| take(group, code));
                }
            }
            Some(pairs) => pairs.iter().for_each(|(group, code)| take(*group, *code)),
        }
    }

    /// The sets of groups of groups; `map` has for each group by code the one that it belongs to.
    fn regrouped(&self, map: &[u32], size: usize) -> Self {
        if let Some(pairs) = &self.pairs {
            let pairs = pairs.iter().map(|(group, code)| (map[*group as usize], *code)).collect();
            return Self { pairs: Some(pairs), ..Self::default() };
        }
        let mut bits = vec![0; size * self.width];
        for (from, group) in self.by_group().zip(map) {
            let to = &mut bits[*group as usize * self.width..][..self.width];
            to.iter_mut().zip(from).for_each(|(to, from)| *to |= from);
        }
        Self { bits, width: self.width, pairs: None }
    }

    fn counts(&self, size: usize) -> Vec<Cell> {
        let mut counts = vec![0u64; size];
        match &self.pairs {
            None => {
                for (count, bits) in counts.iter_mut().zip(self.by_group()) {
                    *count = bits.iter().map(|word| u64::from(word.count_ones())).sum();
                }
            }
            Some(pairs) => pairs.iter().for_each(|(group, _)| counts[*group as usize] += 1),
        }
        counts.into_iter().map(Cell::from).collect()
    }

    /// The values of each group in the order of their ranks, which are those of the codes.
    fn lists(&self, size: usize, ranks: &[u32], values: &Arc<[Cell]>) -> Vec<Cell> {
        let mut lists: Vec<Vec<u32>> = vec![Vec::new(); size];
        match &self.pairs {
            None => {
                let mut ranked = vec![0; self.width];
                for (list, bits) in lists.iter_mut().zip(self.by_group()) {
                    ranked.fill(0);
                    for code in places_of(bits) {
                        let rank = ranks[code as usize - 1];
                        ranked[(rank / 64) as usize] |= 1 << (rank % 64);
                    }
                    list.reserve_exact(bits.iter().map(|word| word.count_ones() as usize).sum());
                    list.extend(places_of(&ranked));
                }
            }
            Some(pairs) => {
                let mut sorted: Vec<(u32, u32)> =
                    pairs.iter().map(|(group, code)| (*group, ranks[*code as usize - 1])).collect();
                sorted.sort_unstable();
                sorted.into_iter().for_each(|(group, rank)| lists[group as usize].push(rank));
            }
        }
        let list = |ranks| Cell::List(Arc::new(List::new(Arc::clone(values), ranks)));
        lists.into_iter().map(list).collect()
    }
}

/// The places of the bits that are set, in order.
fn places_of(bits: &[u64]) -> impl Iterator<Item = u32> {
    (0..).step_by(64).zip(bits).flat_map(|(base, word)| {
        let mut rest = *word;
        std::iter::from_fn(move || {
            let place = base + rest.trailing_zeros();
            (rest != 0).then(|| rest &= rest - 1).map(|()| place)
        })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array};

    use super::*;

    #[test]
    fn many_groups_and_values_are_kept_as_few_are() {
        let numbers: Vec<i64> = (0..20_000).map(|n| n * 7_919 % 10_007).collect();
        let groups: Vec<u32> = (0..20_000).map(|n| n * 31 % 9_000 + 1).collect();
        let mut members = Members::default();
        for (numbers, groups) in numbers.chunks(1_000).zip(groups.chunks(1_000)) {
            let array: ArrayRef = Arc::new(Int64Array::from(numbers.to_vec()));
            let places = Places { groups, only: None, size: 9_001 };
            members.update(&places, &Source { typed: Some(&array), off_type: None });
        }
        assert!(members.sets.pairs.is_some(), "the bits would be too many");
        let mut expected = vec![std::collections::BTreeSet::new(); 9_001];
        groups.iter().zip(&numbers).for_each(|(group, number)| {
            expected[*group as usize].insert(*number);
        });
        let list = |set: std::collections::BTreeSet<i64>| {
            Cell::List(Arc::new(set.into_iter().map(Cell::from).collect()))
        };
        let expected: Vec<Cell> = expected.into_iter().map(list).collect();
        assert_eq!(members.lists(9_001, None).0, expected);
    }

    #[test]
    fn groups_of_groups_have_the_values_of_all() {
        for many in [false, true] {
            let numbers: ArrayRef = Arc::new(Int64Array::from(vec![70, 5, 6, 5, 8]));
            let mut members = Members::default();
            let places = Places { groups: &[1, 1, 2, 3, 0], only: None, size: 4 };
            members.update(&places, &Source { typed: Some(&numbers), off_type: None });
            if many {
                members.sets.make_room(MAX_WORDS * 64, 4);
            }
            let (lists, totals) = members.lists(4, Some((&[0, 1, 1, 2], 3)));
            let text = |cells: Vec<Cell>| cells.iter().map(Cell::to_text).collect::<Vec<_>>().join(" ");
            assert_eq!(
                (text(lists).as_str(), text(totals).as_str()),
                ("[] [5,70] [6] [5]", "[] [5,6,70] [5]")
            );
        }
    }
}
