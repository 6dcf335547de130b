//! What there is, and what was done, in numbers.

use super::{Store, StoreError};
use crate::counters::StoreCounters;
use crate::data_set::DataSet;
use crate::log::Log;

/// What there is of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSetStatistics {
    /// Its name.
    pub name: String,
    /// The log position of its last write.
    pub version: u64,
    /// Its segments.
    pub segments: usize,
    /// Rows in them that count.
    pub rows_in_segments: u64,
    /// Rows in them that were replaced or deleted since.
    pub dead_rows: u64,
    /// Bytes of the segments and what belongs to them.
    pub bytes_on_disk: u64,
    /// Bytes that the records take, as they count for [`Retention`](crate::Retention): as they lie decoded.
    pub bytes: u64,
    /// Bytes in memory that are in no segment, roughly.
    pub buffered_bytes: usize,
    /// Whether some of its records are only in the log and in memory.
    pub is_unflushed: bool,
}

impl Store {
    /// What there is of every data set, by name. Reads no rows.
    ///
    /// # Errors
    /// When a manifest cannot be read.
    pub async fn statistics(&self) -> Result<Vec<DataSetStatistics>, StoreError> {
        let mut statistics = Vec::new();
        for slot in self.slots() {
            statistics.push(statistics_of(&*slot.open().await?));
        }
        statistics.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(statistics)
    }

    /// The numbers of the store as they are now.
    pub async fn counters(&self) -> StoreCounters {
        let counts = &self.resources.counts;
        let slots = self.slots();
        let (mut open_data_sets, mut buffered_bytes) = (0, 0);
        for slot in &slots {
            if let Some(data_set) = slot.if_open().await {
                open_data_sets += 1;
                buffered_bytes += data_set.buffered_bytes() as u64;
            }
        }
        StoreCounters {
            log_syncs: counts.log_syncs.get(),
            log_frames: counts.log_frames.get(),
            log_bytes: counts.log_bytes.get(),
            log_failures: counts.log_failures.get(),
            log_waiting_bytes: self.log.as_ref().map_or(0, |log| log.waiting() as u64),
            log_file_bytes: self.log.as_ref().map_or(0, Log::file_bytes),
            flushes: counts.flushes.get(),
            compactions: counts.compactions.get(),
            failures: counts.failures.get(),
            rows_written: counts.rows_written.get(),
            bytes_written: counts.bytes_written.get(),
            commits: counts.commits.get(),
            files_deleted: counts.files_deleted.get(),
            cache_hits: counts.cache_hits.get(),
            cache_misses: counts.cache_misses.get(),
            cache_bytes: self.resources.kept_bytes(),
            data_sets: slots.len() as u64,
            open_data_sets,
            buffered_bytes,
        }
    }
}

fn statistics_of(data_set: &DataSet) -> DataSetStatistics {
    let segments = &data_set.segments;
    let rows: u64 = segments.iter().map(|live| live.segment.rows()).sum();
    let live: u64 = segments.iter().map(|live| live.live_rows()).sum();
    let facts = segments.iter().map(|live| live.segment.facts());
    DataSetStatistics {
        name: data_set.name().to_owned(),
        version: data_set.version(),
        segments: segments.len(),
        rows_in_segments: live,
        dead_rows: rows - live,
        bytes_on_disk: facts.map(|facts| facts.bytes + facts.ids_bytes).sum(),
        bytes: data_set.bytes(),
        buffered_bytes: data_set.buffered_bytes(),
        is_unflushed: data_set.is_unflushed(),
    }
}
