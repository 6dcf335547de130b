//! The ids of a segment: a file beside it that says in which row an id is.
//!
//! ```text
//! head:    magic (8 bytes), bytes of the head, rows, blocks of the filter, CRC-32 of all of these and the rest (u32 each)
//!          for each block of entries its first hash (12 bytes), then for each its CRC-32 (u32)
//!          the filter: a split block Bloom filter, 32 bytes a block
//! entries: for each row the hash of its id (12 bytes) and the row (u32), in the order of the hashes, 256 a block
//! ```
//!
//! Numbers are little-endian, hashes big-endian. The head is small (2 bytes a row) and kept in memory while there is room. An
//! id that is not there costs one look at the filter; one that is there, one block of 4 KiB.

use std::ops::{Range, RangeInclusive};

use bytes::Bytes;

use crate::ids::IdHash;

const MAGIC: &[u8; 8] = b"PP-ids\x00\x01";
const FIXED_BYTES: usize = 24;
const BLOCK_ROWS: usize = 256;
const ENTRY_BYTES: usize = IdHash::BYTES + 4;
const FILTER_BLOCK_BYTES: usize = 32;
/// One id in a hundred that is not there passes the filter.
const FILTER_BITS_PER_ROW: usize = 11;
/// As in Parquet's specification.
const SALT: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// The head of a file of ids, decoded.
#[derive(Debug, PartialEq, Eq)]
pub struct IdHead {
    bytes: usize,
    rows: usize,
    fences: Vec<IdHash>,
    checksums: Vec<u32>,
    filter: Vec<[u32; 8]>,
}

/// Makes the file of a segment whose rows have these ids. Gives the file and how long its head is.
pub fn encode(mut entries: Vec<(IdHash, u32)>) -> (Bytes, usize) {
    entries.sort_unstable();
    let filter_blocks = (entries.len() * FILTER_BITS_PER_ROW).div_ceil(FILTER_BLOCK_BYTES * 8).max(1);
    let mut filter = vec![[0u32; 8]; filter_blocks];
    let mut body = Vec::with_capacity(entries.len() * ENTRY_BYTES);
    for (hash, row) in &entries {
        if let Some(block) = filter.get_mut(filter_block(*hash, filter_blocks)) {
            block.iter_mut().zip(filter_bits(*hash)).for_each(|(word, bit)| *word |= bit);
        }
        body.extend(hash.to_bytes());
        body.extend(row.to_le_bytes());
    }
    let mut rest = Vec::new();
    entries.chunks(BLOCK_ROWS).filter_map(<[_]>::first).for_each(|(hash, _)| rest.extend(hash.to_bytes()));
    for block in body.chunks(BLOCK_ROWS * ENTRY_BYTES) {
        rest.extend(crc32fast::hash(block).to_le_bytes());
    }
    filter.iter().flatten().for_each(|word| rest.extend(word.to_le_bytes()));
    let head_bytes = FIXED_BYTES + rest.len();
    let mut file = Vec::with_capacity(head_bytes + body.len());
    file.extend(MAGIC);
    for number in [head_bytes, entries.len(), filter_blocks] {
        file.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    }
    let checksum = head_checksum(&file[MAGIC.len()..], &rest);
    file.extend(checksum.to_le_bytes());
    file.extend(rest);
    file.extend(body);
    (file.into(), head_bytes)
}

fn head_checksum(numbers: &[u8], rest: &[u8]) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(numbers);
    hash.update(rest);
    hash.finalize()
}

fn filter_block(hash: IdHash, blocks: usize) -> usize {
    usize::try_from((u128::from(hash.high) * blocks as u128) >> 64).unwrap_or(0)
}

fn filter_bits(hash: IdHash) -> impl Iterator<Item = u32> {
    SALT.iter().map(move |salt| 1 << (hash.low.wrapping_mul(*salt) >> 27))
}

impl IdHead {
    /// Reads a head.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let number = |at: usize| -> Option<usize> {
            let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        if bytes.get(..8) != Some(MAGIC.as_slice()) {
            return Err("it is no file of ids".to_owned());
        }
        let head = (number(8), number(12), number(16), number(20));
        let (Some(head_bytes), Some(rows), Some(filter_blocks), Some(checksum)) = head else {
            return Err("its head is too short".to_owned());
        };
        let rest = bytes.get(FIXED_BYTES..head_bytes).ok_or("its head is too short")?;
        if head_checksum(&bytes[MAGIC.len()..FIXED_BYTES - 4], rest) as usize != checksum {
            return Err("the checksum of its head is wrong".to_owned());
        }
        let blocks = rows.div_ceil(BLOCK_ROWS);
        let (fences, rest) = rest.split_at_checked(blocks * IdHash::BYTES).ok_or("its head is too short")?;
        let (checksums, filter) = rest.split_at_checked(blocks * 4).ok_or("its head is too short")?;
        if filter.len() != filter_blocks * FILTER_BLOCK_BYTES || filter_blocks == 0 {
            return Err("its filter has the wrong length".to_owned());
        }
        let words = |bytes: &[u8]| -> Vec<u32> {
            bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
        };
        Ok(Self {
            bytes: head_bytes,
            rows,
            fences: fences.chunks(IdHash::BYTES).filter_map(IdHash::from_bytes).collect(),
            checksums: words(checksums),
            filter: words(filter).as_chunks::<8>().0.to_vec(),
        })
    }

    /// Bytes in memory, roughly.
    pub fn memory(&self) -> usize {
        self.fences.len() * 20 + self.filter.len() * FILTER_BLOCK_BYTES + 64
    }

    /// Rows of the segment.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many blocks of entries there are.
    pub fn blocks(&self) -> usize {
        self.fences.len()
    }

    /// The block in which a hash must be; `None` if it is nowhere.
    pub fn block_of(&self, hash: IdHash) -> Option<usize> {
        let block = self.filter.get(filter_block(hash, self.filter.len()))?;
        if !block.iter().zip(filter_bits(hash)).all(|(word, bit)| word & bit != 0) {
            return None;
        }
        self.fences.partition_point(|first| *first <= hash).checked_sub(1)
    }

    /// The blocks in which hashes are whose upper 64 bits are in a range.
    pub fn blocks_in(&self, high: RangeInclusive<u64>) -> Range<usize> {
        let start = self.fences.partition_point(|first| first.high < *high.start()).saturating_sub(1);
        start..self.fences.partition_point(|first| first.high <= *high.end())
    }

    /// Where in the file a block is.
    pub fn range_of(&self, block: usize) -> Range<u64> {
        let first = block * BLOCK_ROWS;
        let last = (first + BLOCK_ROWS).min(self.rows);
        let at = |row: usize| (self.bytes + row * ENTRY_BYTES) as u64;
        at(first)..at(last)
    }

    /// Whether a block is as it was written.
    pub fn is_whole(&self, block: usize, bytes: &[u8]) -> bool {
        self.checksums.get(block) == Some(&crc32fast::hash(bytes))
    }
}

/// The entries of a block, in the order of the hashes.
pub fn entries(block: &[u8]) -> impl Iterator<Item = (IdHash, u32)> {
    (0..block.len() / ENTRY_BYTES).filter_map(|place| entry(block, place))
}

fn entry(block: &[u8], place: usize) -> Option<(IdHash, u32)> {
    let bytes = block.get(place * ENTRY_BYTES..(place + 1) * ENTRY_BYTES)?;
    let row = bytes.get(IdHash::BYTES..)?.try_into().ok()?;
    Some((IdHash::from_bytes(bytes)?, u32::from_le_bytes(row)))
}

/// The row of a hash in entries that are in order.
pub fn find(entries: &[u8], hash: IdHash) -> Option<u32> {
    let (mut low, mut high) = (0, entries.len() / ENTRY_BYTES);
    while low < high {
        let middle = low + (high - low) / 2;
        let (found, row) = entry(entries, middle)?;
        match found.cmp(&hash) {
            std::cmp::Ordering::Equal => return Some(row),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::IdKey;

    fn file(rows: u32) -> (Vec<IdHash>, Bytes, usize) {
        let key = IdKey::random();
        let hashes: Vec<IdHash> = (0..rows).map(|row| key.hash(&format!("id {row}"))).collect();
        let (bytes, head) = encode(hashes.iter().copied().zip(0..).collect());
        (hashes, bytes, head)
    }

    #[test]
    fn every_id_is_found_in_its_row_and_others_are_not() {
        for rows in [1, 255, 256, 257, 3_000] {
            let (hashes, bytes, head_bytes) = file(rows);
            let head = IdHead::parse(&bytes[..head_bytes]).unwrap();
            assert_eq!((head.rows(), head.blocks()), (rows as usize, (rows as usize).div_ceil(256)));
            let row_of = |hash: IdHash| {
                let block = head.block_of(hash)?;
                let range = head.range_of(block);
                let block_bytes = &bytes[range.start as usize..range.end as usize];
                assert!(head.is_whole(block, block_bytes));
                find(block_bytes, hash)
            };
            for (row, hash) in (0..).zip(&hashes) {
                assert_eq!(row_of(*hash), Some(row));
                assert_eq!(find(&bytes[head_bytes..], *hash), Some(row));
            }
            let other = IdKey::random();
            let strangers: Vec<IdHash> = (0..2_000).map(|n| other.hash(&format!("id {n}"))).collect();
            assert!(strangers.iter().all(|hash| row_of(*hash).is_none()));
            let passed = strangers.iter().filter(|hash| head.block_of(**hash).is_some()).count();
            assert!(passed < 100, "{passed} of 2,000 passed the filter");
        }
    }

    #[test]
    fn what_is_cut_or_flipped_is_noticed() {
        let (_, bytes, head_bytes) = file(300);
        for end in 0..head_bytes {
            assert!(IdHead::parse(&bytes[..end]).is_err(), "cut at {end}");
        }
        for at in 0..head_bytes {
            let mut broken = bytes[..head_bytes].to_vec();
            broken[at] ^= 4;
            assert!(IdHead::parse(&broken).is_err(), "flipped at {at}");
        }
        let head = IdHead::parse(&bytes[..head_bytes]).unwrap();
        let mut block = bytes[head_bytes..head_bytes + 4096].to_vec();
        assert!(head.is_whole(0, &block));
        block[77] ^= 1;
        assert!(!head.is_whole(0, &block));
    }
}
