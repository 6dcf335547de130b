//! A list as JSON text, written while it is gone through: a large list never exists as a tree of values.

use std::ops::Range;

use serde::Serialize;

/// The things of a list, written one after another.
#[derive(Debug, Default)]
pub struct WrittenList {
    /// With a comma after each.
    text: Vec<u8>,
    /// Where each ends, before its comma.
    ends: Vec<usize>,
}

impl WrittenList {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Some of them as a JSON array; places past the end are left out.
    pub fn part(&self, places: Range<usize>) -> Vec<u8> {
        let end = places.end.min(self.len());
        let start = places.start.min(end);
        let after = |count: usize| count.checked_sub(1).and_then(|place| self.ends.get(place)).copied();
        let from = after(start).map_or(0, |end| end + 1);
        let to = if start == end { from } else { after(end).unwrap_or(from) };
        [b"[", &self.text[from..to], b"]"].concat()
    }

    /// All of them as a JSON array.
    pub fn into_array(mut self) -> Vec<u8> {
        if self.text.is_empty() {
            return b"[]".to_vec();
        }
        self.text.insert(0, b'[');
        if let Some(last) = self.text.last_mut() {
            *last = b']';
        }
        self.text
    }
}

impl<T: Serialize> FromIterator<T> for WrittenList {
    fn from_iter<I: IntoIterator<Item = T>>(things: I) -> WrittenList {
        let mut list = WrittenList::default();
        for thing in things {
            let start = list.text.len();
            if let Err(error) = serde_json::to_writer(&mut list.text, &thing) {
                // Only what has keys that are no texts cannot be written, and nothing of ours has.
                tracing::error!(%error, "a thing of a list cannot be written");
                list.text.truncate(start);
                list.text.extend_from_slice(b"null");
            }
            list.ends.push(list.text.len());
            list.text.push(b',');
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> WrittenList {
        ["a", "b,", "c"].into_iter().collect()
    }

    #[test]
    fn any_part_is_an_array() {
        let part = |places| String::from_utf8(list().part(places)).unwrap();
        assert_eq!(part(0..3), r#"["a","b,","c"]"#);
        assert_eq!(part(1..2), r#"["b,"]"#);
        assert_eq!(part(2..9), r#"["c"]"#);
        assert_eq!((part(0..0), part(3..5), part(7..9)), ("[]".into(), "[]".into(), "[]".into()));
        assert_eq!(WrittenList::default().part(0..5), b"[]");
    }

    #[test]
    fn the_whole_is_an_array() {
        assert_eq!(list().into_array(), br#"["a","b,","c"]"#);
        assert_eq!(WrittenList::default().into_array(), b"[]");
    }
}
