//! Percentiles: all numbers are kept, each with its group, and put in order in the end.

use query_lang::Percentile;

use super::super::source::Source;
use super::{NotANumber, Places, each_float};
use crate::output::Cell;

/// The numbers of all groups, in the order of the rows.
#[derive(Debug, Default)]
pub struct Numbers {
    groups: Vec<u32>,
    numbers: Vec<f64>,
}

impl Numbers {
    pub fn update(&mut self, places: &Places<'_>, source: &Source<'_>) -> Result<(), NotANumber> {
        each_float(places, source, |group, number| {
            if group > 0 {
                self.groups.push(group);
                self.numbers.push(number);
            }
        })
    }

    pub fn merge(&mut self, other: &Self, map: &[u32]) {
        self.groups.extend(other.groups.iter().map(|group| map[*group as usize]));
        self.numbers.extend(&other.numbers);
    }

    pub fn finish(self, percentile: Percentile, size: usize) -> Vec<Cell> {
        let mut ends = vec![0; size];
        self.groups.iter().for_each(|group| ends[*group as usize] += 1);
        let mut end = 0;
        for place in &mut ends {
            end += *place;
            *place = end;
        }
        // From the back, so that every number finds its place before the end of its group.
        let mut sorted = vec![0.0; self.numbers.len()];
        let mut next = ends.clone();
        for (group, number) in self.groups.iter().zip(&self.numbers) {
            next[*group as usize] -= 1;
            sorted[next[*group as usize]] = *number;
        }
        let starts = next;
        let groups = starts.into_iter().zip(ends);
        groups.map(|(start, end)| percentile_of(&mut sorted[start..end], percentile).into()).collect()
    }

    pub fn bytes(&self) -> usize {
        // Half of it again is needed in the end.
        self.groups.capacity() * 4 + self.numbers.capacity() * 16
    }
}

/// Between two values it is interpolated linearly.
fn percentile_of(numbers: &mut [f64], percentile: Percentile) -> Option<f64> {
    let place = percentile.fraction() * numbers.len().checked_sub(1)? as f64;
    let (below, share) = (place.floor() as usize, place.fract());
    let (_, low, above) = numbers.select_nth_unstable_by(below, f64::total_cmp);
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(*low);
    Some(*low + (high - *low) * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_values() {
        let p50 = Percentile::from_thousandths(50_000).unwrap();
        assert_eq!(percentile_of(&mut [4.0, 1.0], p50), Some(2.5));
        assert_eq!(percentile_of(&mut [], p50), None);
        let numbers = Numbers { groups: vec![2, 1, 2, 2], numbers: vec![3.0, 10.0, 1.0, 2.0] };
        assert_eq!(numbers.finish(p50, 4), [Cell::Null, 10.0.into(), 2.0.into(), Cell::Null]);
    }
}
