//! The smallest and the largest value, in the order in which records are sorted.

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use query_lang::Value;

use super::super::source::{Source, Texts};
use super::Places;
use crate::output::Cell;
use crate::shape::order::compare;

/// Which of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extreme {
    Smallest,
    Largest,
}

/// The extremes of all groups: integers and floats apart from values of other kinds, so that the common columns cost a
/// comparison a row.
#[derive(Debug)]
pub struct Extremes {
    which: Extreme,
    integers: Vec<Option<i64>>,
    floats: Vec<Option<f64>>,
    others: Vec<Option<Value>>,
}

impl Extremes {
    pub fn new(which: Extreme) -> Self {
        Self { which, integers: Vec::new(), floats: Vec::new(), others: Vec::new() }
    }

    pub fn update(&mut self, places: &Places<'_>, source: &Source<'_>) {
        let which = self.which;
        match source.typed.map(|typed| (typed, typed.data_type())) {
            None => {}
            Some((typed, DataType::Int64)) => {
                self.integers.resize(places.size.max(self.integers.len()), None);
                for (group, number) in places.groups.iter().zip(typed.as_primitive::<Int64Type>()) {
                    let best = &mut self.integers[*group as usize];
                    *best = better(which, *best, number, |a, b| a < b);
                }
            }
            Some((typed, DataType::Float64)) => {
                self.floats.resize(places.size.max(self.floats.len()), None);
                for (group, number) in places.groups.iter().zip(typed.as_primitive::<Float64Type>()) {
                    let best = &mut self.floats[*group as usize];
                    *best = better(which, *best, number, |a, b| a < b);
                }
            }
            Some((typed, _)) => match Texts::of(typed) {
                Some(texts) => self.add_texts(places, texts),
                None => {
                    let alone = Source { typed: Some(typed), off_type: None };
                    let values = (0..typed.len()).filter_map(|row| Some((row, alone.value(row)?)));
                    values.for_each(|(row, value)| self.add(places.groups[row], places.size, value));
                }
            },
        }
        for (row, value) in source.off_type_values() {
            self.add(places.groups[row], places.size, value);
        }
    }

    fn add_texts(&mut self, places: &Places<'_>, texts: Texts<'_>) {
        self.others.resize(places.size.max(self.others.len()), None);
        for (row, group) in places.groups.iter().enumerate() {
            let Some(text) = texts.get(row) else { continue };
            let best = &mut self.others[*group as usize];
            let is_better = match (&*best, self.which) {
                (Some(Value::Text(best)), Extreme::Smallest) => text < best.as_str(),
                (Some(Value::Text(best)), Extreme::Largest) => text > best.as_str(),
                (Some(best), which) => is_better(which, &Value::from(text), best),
                (None, _) => true,
            };
            if is_better {
                *best = Some(text.into());
            }
        }
    }

    fn add(&mut self, group: u32, size: usize, value: Value) {
        self.others.resize(size.max(self.others.len()), None);
        let best = &mut self.others[group as usize];
        if best.as_ref().is_none_or(|best| is_better(self.which, &value, best)) {
            *best = Some(value);
        }
    }

    fn best(&self, group: usize) -> Option<Value> {
        let integer = self.integers.get(group).copied().flatten().map(Value::Int);
        let float = self.floats.get(group).copied().flatten().map(Value::Float);
        let other = self.others.get(group).cloned().flatten();
        let values = [integer, float, other].into_iter().flatten();
        values.reduce(|best, value| if is_better(self.which, &value, &best) { value } else { best })
    }

    pub fn merge(&mut self, other: &Self, map: &[u32], size: usize) {
        let which = self.which;
        if !other.integers.is_empty() {
            self.integers.resize(size.max(self.integers.len()), None);
            for (theirs, group) in other.integers.iter().zip(map) {
                let mine = &mut self.integers[*group as usize];
                *mine = better(which, *mine, *theirs, |a, b| a < b);
            }
        }
        if !other.floats.is_empty() {
            self.floats.resize(size.max(self.floats.len()), None);
            for (theirs, group) in other.floats.iter().zip(map) {
                let mine = &mut self.floats[*group as usize];
                *mine = better(which, *mine, *theirs, |a, b| a < b);
            }
        }
        for (theirs, group) in other.others.iter().zip(map) {
            theirs.iter().for_each(|value| self.add(*group, size, value.clone()));
        }
    }

    pub fn finish(self, size: usize) -> Vec<Cell> {
        (0..size).map(|group| self.best(group).as_ref().into()).collect()
    }

    pub fn bytes(&self) -> usize {
        let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_text).map_or(0, str::len);
        self.integers.capacity() * 16
            + self.floats.capacity() * 16
            + self.others.capacity() * size_of::<Option<Value>>()
            + self.others.iter().map(text).sum::<usize>()
    }
}

fn better<T: Copy>(which: Extreme, best: Option<T>, new: Option<T>, less: fn(&T, &T) -> bool) -> Option<T> {
    match (best, new) {
        (Some(best), Some(new)) => {
            let wins = if which == Extreme::Smallest { less(&new, &best) } else { less(&best, &new) };
            Some(if wins { new } else { best })
        }
        (best, new) => best.or(new),
    }
}

fn is_better(which: Extreme, new: &Value, best: &Value) -> bool {
    let order = compare(new, best);
    if which == Extreme::Smallest { order.is_lt() } else { order.is_gt() }
}
