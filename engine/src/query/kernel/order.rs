//! The order of groups: by the values of their keys, outermost first, then by period.
//!
//! Values are compared once each; from then on ranks are.

use query_lang::Value;

use crate::shape::order::compare_lists;

/// The rank of each of some distinct values, by place.
pub fn ranks(values: &[Value]) -> Vec<u32> {
    let texts: Option<Vec<&str>> = values.iter().map(Value::as_text).collect();
    if let Some(texts) = texts {
        return ranks_of_texts(&texts);
    }
    let mut places: Vec<u32> = (0..values.len() as u32).collect();
    let value = |place: &u32| std::slice::from_ref(&values[*place as usize]);
    places.sort_by(|a, b| compare_lists(value(a), value(b)));
    inverse(&places)
}

/// Texts of one key mostly begin alike: they are compared by the first eight bytes from where they differ, and as a whole only
/// where these are equal.
fn ranks_of_texts(texts: &[&str]) -> Vec<u32> {
    let first = texts.first().map_or(&[][..], |first| first.as_bytes());
    let alike = |text: &&str| text.bytes().zip(first).take_while(|(a, b)| a == *b).count();
    let shared = texts.iter().map(alike).min().unwrap_or(0);
    let head = |text: &str| {
        let mut head = [0; 8];
        let rest = &text.as_bytes()[shared..];
        let length = rest.len().min(8);
        head[..length].copy_from_slice(&rest[..length]);
        u64::from_be_bytes(head)
    };
    let mut places: Vec<(u64, u32)> = texts.iter().map(|text| head(text)).zip(0..).collect();
    places.sort_unstable_by(|(a, first), (b, second)| {
        a.cmp(b).then_with(|| texts[*first as usize].cmp(texts[*second as usize]))
    });
    inverse(&places.into_iter().map(|(_, place)| place).collect::<Vec<_>>())
}

/// The rank of each of some distinct times, by place.
pub fn ranks_of_times(times: &[i64]) -> Vec<u32> {
    let mut places: Vec<u32> = (0..times.len() as u32).collect();
    places.sort_unstable_by_key(|place| times[*place as usize]);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_ranked_by_code_point() {
        let texts = ["ab", "a", "abcdefghi", "abcdefghj", "ab\0", "\u{e9}", "", "abcdefgh"];
        let mut sorted = texts;
        sorted.sort_unstable();
        let expected = texts.map(|text| sorted.iter().position(|other| *other == text).unwrap() as u32);
        assert_eq!(ranks_of_texts(&texts), expected);
        assert_eq!(ranks_of_texts(&["service-10", "service-9", "service-1"]), [1, 2, 0]);
        assert_eq!(ranks(&["b".into(), Value::Int(5), "a".into()]), [2, 0, 1]);
    }
}
