//! Sums and means. Sums of integers are exact, with all digits.

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use query_lang::Value;

use super::super::source::Source;
use super::{NotANumber, Places, no_values};
use crate::output::Cell;

/// The sum of one group.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    whole: i128,
    broken: f64,
    /// How many integers and booleans.
    wholes: u64,
    /// How many floats.
    brokens: u64,
}

impl Sum {
    fn add_whole(&mut self, number: i64) {
        self.whole += i128::from(number);
        self.wholes += 1;
    }

    fn add_broken(&mut self, number: f64) {
        self.broken += number;
        self.brokens += 1;
    }

    fn as_f64(&self) -> f64 {
        if self.brokens == 0 { self.whole as f64 } else { self.whole as f64 + self.broken }
    }

    /// The sum; of nothing it is zero.
    pub fn total(&self) -> Cell {
        if self.brokens > 0 {
            // JSON has no number for a sum beyond all floats: that is null.
            return self.as_f64().into();
        }
        match (i64::try_from(self.whole), u64::try_from(self.whole)) {
            (Ok(sum), _) => sum.into(),
            (_, Ok(sum)) => sum.into(),
            _ => (self.whole as f64).into(),
        }
    }

    /// The mean; of nothing it is null.
    pub fn mean(&self) -> Cell {
        match self.wholes + self.brokens {
            0 => Cell::Null,
            count => (self.as_f64() / count as f64).into(),
        }
    }
}

/// The sums of all groups.
#[derive(Debug, Default)]
pub struct Sums(Vec<Sum>);

impl Sums {
    pub fn update(&mut self, places: &Places<'_>, source: &Source<'_>) -> Result<(), NotANumber> {
        let sums = &mut self.0;
        sums.resize(places.size.max(sums.len()), Sum::default());
        match source.typed.map(|typed| (typed, typed.data_type())) {
            None => {}
            Some((typed, DataType::Int64)) => {
                let numbers = typed.as_primitive::<Int64Type>();
                match (typed.nulls(), places.only) {
                    (None, Some(group)) => {
                        let sum = &mut sums[group as usize];
                        sum.whole += numbers.values().iter().map(|number| i128::from(*number)).sum::<i128>();
                        sum.wholes += numbers.values().len() as u64;
                    }
                    (None, None) => {
                        let rows = places.groups.iter().zip(numbers.values());
                        rows.for_each(|(group, number)| sums[*group as usize].add_whole(*number));
                    }
                    (Some(nulls), _) => {
                        for ((group, number), valid) in places.groups.iter().zip(numbers.values()).zip(nulls)
                        {
                            if valid {
                                sums[*group as usize].add_whole(*number);
                            }
                        }
                    }
                }
            }
            Some((typed, DataType::Float64)) => {
                let rows = places.groups.iter().zip(typed.as_primitive::<Float64Type>().values());
                match typed.nulls() {
                    None => rows.for_each(|(group, number)| sums[*group as usize].add_broken(*number)),
                    Some(nulls) => {
                        for ((group, number), valid) in rows.zip(nulls) {
                            if valid {
                                sums[*group as usize].add_broken(*number);
                            }
                        }
                    }
                }
            }
            Some((typed, DataType::Boolean)) => {
                for (group, flag) in places.groups.iter().zip(typed.as_boolean()) {
                    flag.into_iter().for_each(|flag| sums[*group as usize].add_whole(i64::from(flag)));
                }
            }
            Some((typed, _)) => no_values(places, typed)?,
        }
        for (row, value) in source.off_type_values() {
            let group = places.groups[row] as usize;
            match value {
                _ if group == 0 => {}
                Value::Int(number) => sums[group].add_whole(number),
                Value::Float(number) => sums[group].add_broken(number),
                Value::Bool(flag) => sums[group].add_whole(i64::from(flag)),
                _ => return Err(NotANumber),
            }
        }
        Ok(())
    }

    pub fn merge(&mut self, other: &Self, map: &[u32], size: usize) {
        self.0.resize(size.max(self.0.len()), Sum::default());
        for (theirs, group) in other.0.iter().zip(map) {
            let mine = &mut self.0[*group as usize];
            mine.whole += theirs.whole;
            mine.broken += theirs.broken;
            mine.wholes += theirs.wholes;
            mine.brokens += theirs.brokens;
        }
    }

    pub fn finish(mut self, size: usize, value: fn(&Sum) -> Cell) -> Vec<Cell> {
        self.0.resize(size, Sum::default());
        self.0.iter().map(value).collect()
    }

    pub fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Sum>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_all_digits() {
        let mut sum = Sum::default();
        assert_eq!((sum.total(), sum.mean()), (Cell::Whole(0), Cell::Null));
        sum.add_whole(i64::MAX);
        sum.add_whole(i64::MAX);
        assert_eq!(sum.total().to_text(), "18446744073709551614");
        sum.add_broken(0.5);
        assert_eq!(sum.total(), Cell::from(18_446_744_073_709_551_615.0));
    }
}
