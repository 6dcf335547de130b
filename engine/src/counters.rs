//! What the store has done since it was opened, for those who watch it.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// One more.
    pub fn one(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What is counted as it happens.
#[derive(Debug, Default)]
pub struct Counts {
    /// Times that the log was put on disk.
    pub log_syncs: Count,
    /// Frames in the log.
    pub log_frames: Count,
    /// Bytes written to the log.
    pub log_bytes: Count,
    /// Writes to the log that failed.
    pub log_failures: Count,
    /// Buffers that became segments.
    pub flushes: Count,
    /// Times that segments were put together.
    pub compactions: Count,
    /// Flushes and compactions that failed, and attempts to apply what is in the log.
    pub failures: Count,
    /// Rows in segments that were written.
    pub rows_written: Count,
    /// Bytes of segments that were written.
    pub bytes_written: Count,
    /// Manifests that were committed.
    pub commits: Count,
    /// Files that were deleted because nobody needs them any more.
    pub files_deleted: Count,
    /// Pieces of segments that were in memory when they were asked for.
    pub cache_hits: Count,
    /// Pieces of segments that had to be read.
    pub cache_misses: Count,
}

/// The numbers of a store at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreCounters {
    /// Times that the log was put on disk, since the store was opened.
    pub log_syncs: u64,
    /// Frames written to the log, since the store was opened.
    pub log_frames: u64,
    /// Bytes written to the log, since the store was opened.
    pub log_bytes: u64,
    /// Writes to the log that failed, since the store was opened.
    pub log_failures: u64,
    /// Bytes that wait for the log now.
    pub log_waiting_bytes: u64,
    /// Bytes of the files of the log now.
    pub log_file_bytes: u64,
    /// Buffers that became segments, since the store was opened.
    pub flushes: u64,
    /// Times that segments were put together, since the store was opened.
    pub compactions: u64,
    /// Flushes and compactions that failed, and attempts to apply what is in the log, since the store was opened.
    pub failures: u64,
    /// Rows in segments that were written, since the store was opened.
    pub rows_written: u64,
    /// Bytes of segments that were written, since the store was opened.
    pub bytes_written: u64,
    /// Manifests that were committed, since the store was opened.
    pub commits: u64,
    /// Files deleted because nobody needs them any more, since the store was opened.
    pub files_deleted: u64,
    /// Pieces of segments that were in memory when they were asked for, since the store was opened.
    pub cache_hits: u64,
    /// Pieces of segments that had to be read, since the store was opened.
    pub cache_misses: u64,
    /// Bytes of pieces of segments in memory now.
    pub cache_bytes: u64,
    /// Data sets that there are.
    pub data_sets: u64,
    /// Data sets of which the manifest is in memory now.
    pub open_data_sets: u64,
    /// Bytes of records that are in no segment now.
    pub buffered_bytes: u64,
}
