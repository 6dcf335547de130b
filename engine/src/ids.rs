//! Ids as numbers: a keyed hash of 96 bits, so that records are found by their `_id` without holding all texts.
//!
//! The key is drawn for every data set and stands in its manifest: nobody outside can choose ids that fall together, and by
//! chance two of a thousand million ids do so once in a hundred thousand million data sets.

use std::hash::{BuildHasherDefault, Hasher};

use arrow::array::{AsArray, RecordBatch};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use siphasher::sip128::SipHasher13;

use crate::schema::ID;

/// An id as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdHash {
    /// The upper 64 bits.
    pub high: u64,
    /// The lower 32 bits.
    pub low: u32,
}

impl IdHash {
    /// Bytes of a hash in a file.
    pub const BYTES: usize = 12;

    /// As it stands in files; the order of the bytes is the order of the numbers.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (high, low) = bytes.split_at_mut(8);
        high.copy_from_slice(&self.high.to_be_bytes());
        low.copy_from_slice(&self.low.to_be_bytes());
        bytes
    }

    /// From the start of bytes in a file; `None` if they are too few.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (high, rest) = bytes.split_first_chunk::<8>()?;
        let (low, _) = rest.split_first_chunk::<4>()?;
        Some(Self { high: u64::from_be_bytes(*high), low: u32::from_be_bytes(*low) })
    }
}

/// What the ids of a data set are hashed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdKey([u8; 16]);

impl IdKey {
    /// One that nobody knows.
    pub fn random() -> Self {
        Self(*uuid::Uuid::new_v4().as_bytes())
    }

    /// The number of an id.
    pub fn hash(&self, id: &str) -> IdHash {
        let hash = SipHasher13::new_with_key(&self.0).hash(id.as_bytes());
        IdHash { high: hash.h1, low: (hash.h2 >> 32) as u32 }
    }

    /// The numbers of all rows of a batch.
    pub fn hashes(&self, batch: &RecordBatch) -> Vec<IdHash> {
        let ids = batch.column_by_name(ID).and_then(|ids| ids.as_string_view_opt());
        ids.into_iter().flatten().map(|id| self.hash(id.unwrap_or_default())).collect()
    }
}

impl Serialize for IdKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        uuid::Uuid::from_bytes(self.0).simple().to_string().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for IdKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let uuid = uuid::Uuid::try_parse(&text).map_err(serde::de::Error::custom)?;
        Ok(Self(*uuid.as_bytes()))
    }
}

/// Hashes what is a hash already.
#[derive(Debug, Default)]
pub struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 ^= number;
    }

    fn write_u32(&mut self, number: u32) {
        self.0 ^= u64::from(number);
    }
}

/// A map whose keys are hashes of ids.
pub type IdMap<V> = std::collections::HashMap<IdHash, V, BuildHasherDefault<AsItIs>>;
