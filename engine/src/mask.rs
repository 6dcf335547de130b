//! Places of rows that no longer count, as they stand in a manifest: the gaps between them, seven bits a byte, as base64.
//!
//! A thousand rows that are spread over a million take two kilobytes.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

fn encode(rows: &[u32]) -> String {
    let mut bytes = Vec::with_capacity(rows.len() * 2);
    let mut next = 0;
    for row in rows {
        let mut gap = row.wrapping_sub(next);
        next = row.wrapping_add(1);
        while gap >= 0x80 {
            bytes.push((gap & 0x7f) as u8 | 0x80);
            gap >>= 7;
        }
        bytes.push(gap as u8);
    }
    STANDARD_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Option<Vec<u32>> {
    let mut rows = Vec::new();
    let (mut next, mut gap, mut shift) = (0u32, 0u32, 0);
    for byte in STANDARD_NO_PAD.decode(text).ok()? {
        let bits = u32::from(byte & 0x7f);
        gap |= bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits)?;
        if byte & 0x80 != 0 {
            shift += 7;
            continue;
        }
        let row = next.checked_add(gap)?;
        rows.push(row);
        (next, gap, shift) = (row.checked_add(1)?, 0, 0);
    }
    (shift == 0).then_some(rows)
}

/// Writes places, which are in ascending order.
pub fn serialize<S: Serializer>(rows: &Arc<[u32]>, serializer: S) -> Result<S::Ok, S::Error> {
    encode(rows).serialize(serializer)
}

/// Reads places back, in ascending order.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[u32]>, D::Error> {
    let text = String::deserialize(deserializer)?;
    decode(&text).map(Into::into).ok_or_else(|| serde::de::Error::custom("marks of rows that cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_and_take_little() {
        for rows in [vec![], vec![0], vec![7, 8, 9, 300, 70_000, u32::MAX - 1], (0..1_000).collect()] {
            assert_eq!(decode(&encode(&rows)), Some(rows));
        }
        let spread: Vec<u32> = (0..1_000).map(|n| n * 1_000 + 7).collect();
        assert!(encode(&spread).len() < 2_700);
    }

    #[test]
    fn nonsense_is_no_places() {
        for text in ["*", "gA", "/////w8", "//////////8B", "/////w8A"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
