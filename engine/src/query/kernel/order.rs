//! The order of groups: by the values of their keys, outermost first, then by period.
//!
//! Values are compared once each; from then on ranks are.

use query_lang::Value;

use crate::shape::order::compare_lists;

/// The rank of each of some distinct values, by place.
pub fn ranks(values: &[Value]) -> Vec<u32> {
    let mut places: Vec<u32> = (0..values.len() as u32).collect();
    let value = |place: &u32| std::slice::from_ref(&values[*place as usize]);
    places.sort_by(|a, b| compare_lists(value(a), value(b)));
    inverse(&places)
}

/// The rank of each pair of codes, given the ranks of both sides.
pub fn ranks_of_pairs(pairs: &[(u32, u32)], first: &[u32], second: &[u32]) -> Vec<u32> {
    let mut places: Vec<u32> = (0..pairs.len() as u32).collect();
    places.sort_unstable_by_key(|place| {
        let (a, b) = pairs[*place as usize];
        (first[a as usize - 1], second[b as usize - 1])
    });
    inverse(&places)
}

/// From places in order of rank to ranks in order of place, and back.
pub fn inverse(places: &[u32]) -> Vec<u32> {
    let mut ranks = vec![0; places.len()];
    places.iter().zip(0..).for_each(|(place, rank)| ranks[*place as usize] = rank);
    ranks
}
