//! The distinct values of a key in each group: one bit for each group and value while they are few, a set of pairs beyond.

use hashbrown::HashSet;
use query_lang::Value;
use serde_json::Value as Json;

use super::super::coder::Coder;
use super::super::order::{inverse, ranks};
use super::super::source::Source;
use super::Places;

/// The greatest size of the table of bits, in words of 64 bits: 8 MiB.
const MAX_WORDS: usize = 1 << 20;

/// Which group has which values.
#[derive(Debug)]
pub struct Members {
    coder: Coder,
    /// Bits by group and code of the value.
    bits: Vec<u64>,
    /// Words a group.
    width: usize,
    /// In the place of the bits when these would be too many.
    pairs: Option<HashSet<(u32, u32)>>,
    codes: Vec<u32>,
}

impl Default for Members {
    fn default() -> Self {
        Self { coder: Coder::with_nulls(), bits: Vec::new(), width: 0, pairs: None, codes: Vec::new() }
    }
}

impl Members {
    pub fn update(&mut self, places: &Places<'_>, source: &Source<'_>) {
        let mut codes = std::mem::take(&mut self.codes);
        self.coder.codes(source, places.groups.len(), &mut codes);
        self.make_room(places.size);
        for (group, code) in places.groups.iter().zip(&codes) {
            self.set(*group, *code);
        }
        self.codes = codes;
    }

    /// Makes sure that there is a bit for every group and value, unless they would be too many.
    fn make_room(&mut self, size: usize) {
        if self.pairs.is_some() {
            return;
        }
        // Codes begin with 1.
        let width = (self.coder.values().len() + 1).div_ceil(64).next_power_of_two();
        let words = size.saturating_mul(width);
        if words > MAX_WORDS {
            self.pairs = Some(self.members().collect());
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

    /// All pairs of group and code in the table of bits.
    fn members(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let width = self.width.max(1);
        self.bits.iter().enumerate().flat_map(move |(place, word)| {
            let (group, base) = ((place / width) as u32, (place % width) as u32 * 64);
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| (group, base + bit))
        })
    }

    pub fn merge(&mut self, other: &Self, map: &[u32], size: usize) {
        let codes: Vec<u32> = other.coder.values().iter().map(|value| self.coder.code(value)).collect();
        self.make_room(size);
        let mut set = |(group, code): (u32, u32)| self.set(map[group as usize], codes[code as usize - 1]);
        match &other.pairs {
            None => other.members().for_each(&mut set),
            Some(pairs) => pairs.iter().copied().for_each(&mut set),
        }
    }

    /// How many values each group has.
    pub fn counts(self, size: usize) -> Vec<Json> {
        let mut counts = vec![0u64; size];
        match &self.pairs {
            None => self.members().for_each(|(group, _)| counts[group as usize] += 1),
            Some(pairs) => pairs.iter().for_each(|(group, _)| counts[*group as usize] += 1),
        }
        counts.into_iter().map(Json::from).collect()
    }

    /// The values of each group, sorted.
    pub fn lists(self, size: usize) -> Vec<Json> {
        let ranks = ranks(self.coder.values());
        let values: Vec<Json> = self.coder.values().iter().map(Value::to_json).collect();
        let mut lists: Vec<Vec<Json>> = vec![Vec::new(); size];
        match &self.pairs {
            None => {
                // Every bit is looked at once, in the order of the values.
                let in_order = inverse(&ranks);
                for (list, bits) in lists.iter_mut().zip(self.bits.chunks(self.width.max(1))) {
                    list.reserve_exact(bits.iter().map(|word| word.count_ones() as usize).sum());
                    let is_member =
                        |place: &&u32| bits[(**place as usize + 1) / 64] >> ((**place + 1) % 64) & 1 == 1;
                    list.extend(
                        in_order.iter().filter(is_member).map(|place| values[*place as usize].clone()),
                    );
                }
            }
            Some(pairs) => {
                let ranked = |(group, code): &(u32, u32)| (*group, ranks[*code as usize - 1], *code);
                let mut sorted: Vec<(u32, u32, u32)> = pairs.iter().map(ranked).collect();
                sorted.sort_unstable();
                for (group, _, code) in sorted {
                    lists[group as usize].push(values[code as usize - 1].clone());
                }
            }
        }
        lists.into_iter().map(Json::Array).collect()
    }

    pub fn bytes(&self) -> usize {
        let pairs = self.pairs.as_ref().map_or(0, HashSet::capacity);
        self.coder.bytes() + self.bits.capacity() * 8 + pairs * 10 + self.codes.capacity() * 4
    }
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
        assert!(members.pairs.is_some(), "the bits would be too many");
        let mut expected = vec![std::collections::BTreeSet::new(); 9_001];
        groups.iter().zip(&numbers).for_each(|(group, number)| {
            expected[*group as usize].insert(*number);
        });
        let expected: Vec<Json> = expected.into_iter().map(|set| set.into_iter().collect()).collect();
        assert_eq!(members.lists(9_001), expected);
    }
}
