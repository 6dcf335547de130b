//! Pairs of codes as codes: how several keys become one.
//!
//! While both keys have few values, a table with a place for every possible pair finds the code; beyond, a hash map.

use hashbrown::HashMap;

/// The greatest number of places of the table: 4 MiB.
const MAX_PLACES: usize = 1 << 20;

/// The codes of pairs, from 1 on in the order of first sight; 0 for a pair of which one side is 0.
#[derive(Debug, Default)]
pub struct Pairs {
    /// The pair of each code; that of code 1 is the first.
    pairs: Vec<(u32, u32)>,
    /// By first code times `1 << shift` plus second one; 0 where the pair has not been met.
    table: Vec<u32>,
    shift: u32,
    /// In the place of the table when that would be too large.
    map: Option<HashMap<(u32, u32), u32>>,
}

impl Pairs {
    /// How many pairs have codes.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// The pairs by code.
    pub fn pairs(&self) -> &[(u32, u32)] {
        &self.pairs
    }

    /// Bytes in memory, roughly.
    pub fn bytes(&self) -> usize {
        let map = self.map.as_ref().map_or(0, HashMap::capacity);
        self.pairs.capacity() * 8 + self.table.capacity() * 4 + map * 14
    }

    /// Makes sure that the table has a place for all pairs up to these codes, unless it would be too large.
    fn make_room(&mut self, first: usize, second: usize) {
        if self.map.is_some() {
            return;
        }
        let shift = (usize::BITS - second.leading_zeros()).max(self.shift);
        // Room for as many again, so that it is not made anew for every block of rows; and never for fewer than before.
        let rows = (first + 1).next_power_of_two().max(self.table.len() >> self.shift);
        let places = rows.checked_shl(shift).filter(|places| places >> shift == rows).unwrap_or(usize::MAX);
        if places > MAX_PLACES {
            let codes = self.pairs.iter().copied().zip(1..);
            self.map = Some(codes.collect());
            self.table = Vec::new();
        } else if shift > self.shift || places > self.table.len() {
            self.shift = shift;
            self.table = vec![0; places];
            for ((a, b), code) in self.pairs.iter().zip(1..) {
                self.table[((*a as usize) << shift) | *b as usize] = code;
            }
        }
    }

    /// Puts the code of every pair in the place of its first code. No first code is above `greatest_first`, no second one
    /// above `greatest_second`.
    pub fn codes(
        &mut self,
        first: &mut [u32],
        second: &[u32],
        greatest_first: usize,
        greatest_second: usize,
    ) {
        self.make_room(greatest_first, greatest_second);
        for (a, b) in first.iter_mut().zip(second) {
            *a = self.find(*a, *b);
        }
    }

    /// The code of one pair.
    pub fn code(&mut self, first: u32, second: u32) -> u32 {
        self.make_room(first as usize, second as usize);
        self.find(first, second)
    }

    fn find(&mut self, first: u32, second: u32) -> u32 {
        if first == 0 || second == 0 {
            return 0;
        }
        let next = self.pairs.len() as u32 + 1;
        let code = match &mut self.map {
            None => {
                let place = &mut self.table[((first as usize) << self.shift) | second as usize];
                if *place == 0 {
                    *place = next;
                }
                *place
            }
            Some(map) => *map.entry((first, second)).or_insert(next),
        };
        if code == next {
            self.pairs.push((first, second));
        }
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stay_the_same_when_the_table_grows_and_when_it_becomes_a_map() {
        let mut pairs = Pairs::default();
        let met: Vec<(u32, u32)> = (1..200).map(|n| (n * n % 50 + 1, n * n * n % 70_000 + 1)).collect();
        let codes: Vec<u32> = met.iter().map(|(a, b)| pairs.code(*a, *b)).collect();
        assert!(pairs.map.is_some(), "the largest pairs do not fit into a table");
        let again: Vec<u32> = met.iter().map(|(a, b)| pairs.code(*a, *b)).collect();
        assert_eq!(codes, again);
        for ((a, b), code) in met.iter().zip(codes) {
            assert_eq!(pairs.pairs()[code as usize - 1], (*a, *b));
        }
    }

    #[test]
    fn a_pair_with_nothing_is_nothing() {
        let mut pairs = Pairs::default();
        let mut first = [1, 0, 2, 1];
        pairs.codes(&mut first, &[1, 1, 0, 1], 2, 1);
        assert_eq!((first, pairs.len()), ([1, 0, 0, 1], 1));
    }
}
