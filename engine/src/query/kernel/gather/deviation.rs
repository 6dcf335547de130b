//! Sample standard deviations, by Welford's method, which does not lose digits where numbers are large and close.

use super::super::source::Source;
use super::{NotANumber, Places, each_float};
use crate::output::Cell;

#[derive(Debug, Clone, Copy, Default)]
struct Deviation {
    count: u64,
    mean: f64,
    /// The sum of the squares of the differences from the mean.
    squares: f64,
}

/// The deviations of all groups.
#[derive(Debug, Default)]
pub struct Deviations(Vec<Deviation>);

impl Deviations {
    pub fn update(&mut self, places: &Places<'_>, source: &Source<'_>) -> Result<(), NotANumber> {
        self.0.resize(places.size.max(self.0.len()), Deviation::default());
        each_float(places, source, |group, number| {
            let own = &mut self.0[group as usize];
            own.count += 1;
            let before = number - own.mean;
            own.mean += before / own.count as f64;
            own.squares += before * (number - own.mean);
        })
    }

    pub fn merge(&mut self, other: &Self, map: &[u32], size: usize) {
        self.0.resize(size.max(self.0.len()), Deviation::default());
        for (theirs, group) in other.0.iter().zip(map).filter(|(theirs, _)| theirs.count > 0) {
            let mine = &mut self.0[*group as usize];
            let (own, new) = (mine.count as f64, theirs.count as f64);
            let distance = theirs.mean - mine.mean;
            mine.count += theirs.count;
            mine.mean += distance * new / (own + new);
            mine.squares += theirs.squares + distance * distance * own * new / (own + new);
        }
    }

    pub fn finish(mut self, size: usize) -> Vec<Cell> {
        self.0.resize(size, Deviation::default());
        let value = |own: &Deviation| match own.count {
            0 | 1 => Cell::Null,
            count => (own.squares / (count - 1) as f64).sqrt().into(),
        };
        self.0.iter().map(value).collect()
    }

    pub fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Deviation>()
    }
}
