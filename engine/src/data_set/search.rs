//! Finding records by their ids: in the segments while others use the data set, then in what is there when it counts.

use std::collections::HashMap;
use std::sync::Arc;

use super::DataSet;
use crate::columns::record_at;
use crate::ids::{IdHash, IdKey};
use crate::operation::Operation;
use crate::record::Record;
use crate::segment::{Segment, SegmentError};

/// Looks for records in the segments that there are now, while others use the data set.
#[derive(Debug)]
pub struct Search {
    key: IdKey,
    segments: Vec<Arc<Segment>>,
}

/// Where the records of an operation are, as far as it was looked for.
#[derive(Debug, Default)]
pub struct Searched {
    pub(super) ids: Vec<IdHash>,
    /// For each segment that was looked into, by its number: places in `ids`, and rows.
    hits: HashMap<u64, Vec<(usize, u32)>>,
}

impl Search {
    /// Looks for the records that an operation is about.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub async fn run(self, operation: &Operation) -> Result<Searched, SegmentError> {
        let ids = match operation {
            Operation::Append(batch) => self.key.hashes(batch),
            Operation::Delete(id) => vec![self.key.hash(id)],
            Operation::Trim(ids) => ids.iter().map(|id| self.key.hash(id)).collect(),
            Operation::Empty | Operation::Drop => Vec::new(),
        };
        let mut hits = HashMap::new();
        if !ids.is_empty() {
            let found = self.segments.iter().map(|segment| segment.find(&ids));
            let found = futures::future::try_join_all(found).await?;
            hits = self.segments.iter().map(|segment| segment.number()).zip(found).collect();
        }
        Ok(Searched { ids, hits })
    }
}

/// A live row in a segment.
pub struct Found {
    pub(super) id: IdHash,
    pub(super) segment: usize,
    pub(super) row: u32,
}

impl DataSet {
    /// The record with this id.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub async fn record(&self, id: &str) -> Result<Option<Record>, SegmentError> {
        let hash = self.id_key().hash(id);
        if let Some(record) = self.buffer.record(hash) {
            return Ok(Some(record));
        }
        let Some(found) = self.find(hash).await? else { return Ok(None) };
        let Some(live) = self.segments.get(found.segment) else { return Ok(None) };
        Ok(Some(record_at(&live.segment.row(found.row).await?, 0)))
    }

    /// Whether there is a record with this id.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub async fn contains(&self, id: &str) -> Result<bool, SegmentError> {
        let hash = self.id_key().hash(id);
        Ok(self.buffer.holds(hash) || self.find(hash).await?.is_some())
    }

    /// What looks for records in the segments that there are now.
    pub fn search(&self) -> Search {
        let segments = self.segments.iter().map(|live| Arc::clone(&live.segment)).collect();
        Search { key: self.id_key(), segments }
    }

    /// The live row in a segment that has this id.
    async fn find(&self, id: IdHash) -> Result<Option<Found>, SegmentError> {
        let searched = Searched { ids: vec![id], hits: HashMap::new() };
        Ok(self.found(&searched).await?.pop())
    }

    /// The live rows in segments that were searched for. Segments that have come since are looked into now.
    pub(super) async fn found(&self, searched: &Searched) -> Result<Vec<Found>, SegmentError> {
        let mut found = Vec::new();
        for (segment, live) in self.segments.iter().enumerate() {
            let fresh;
            let hits = match searched.hits.get(&live.segment.number()) {
                Some(hits) => hits,
                None => {
                    fresh = live.segment.find(&searched.ids).await?;
                    &fresh
                }
            };
            for (place, row) in hits.iter().filter(|(_, row)| !live.is_dead(*row)) {
                found.extend(searched.ids.get(*place).map(|id| Found { id: *id, segment, row: *row }));
            }
        }
        Ok(found)
    }
}
