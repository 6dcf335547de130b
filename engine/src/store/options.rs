//! Settings of a store.

use std::time::Duration;

use crate::log::{Durability, FILE_BYTES};
use crate::merge::Sizes;

/// Settings of a store.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// How often what is in no segment is put into one.
    pub flush_interval: Duration,
    /// Bytes of decoded pieces of segments that may be kept in memory, for all data sets together.
    pub cache: u64,
    /// Bytes that may wait for the log before writes are refused for a while.
    pub max_waiting: usize,
    /// Bytes of one data set that may be in no segment before writes to it are refused for a while.
    pub max_buffered: usize,
    /// Bytes of the log from which on data sets are flushed without waiting for the next time.
    pub max_log: u64,
    /// Bytes of a file of the log from which on another one is begun.
    pub log_file: u64,
    /// What an acknowledged write survives.
    pub durability: Durability,
    /// How large segments become.
    pub sizes: Sizes,
    /// How long files stay that no manifest names any more, for readers in other processes and for backups.
    pub grace: Duration,
    /// How often a process that only reads looks for newer manifests.
    pub poll_interval: Duration,
    /// Data sets that stay open though nobody uses them.
    pub max_open: usize,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            flush_interval: Duration::from_secs(10),
            cache: 256 << 20,
            max_waiting: 128 << 20,
            max_buffered: 256 << 20,
            max_log: 512 << 20,
            log_file: FILE_BYTES,
            durability: Durability::Fsync,
            sizes: Sizes::default(),
            grace: Duration::from_secs(120),
            poll_interval: Duration::from_secs(2),
            max_open: 1_000,
        }
    }
}

/// Bytes of one data set in no segment that are flushed without waiting for the next time.
pub(super) const FLUSH_BYTES: usize = 64 << 20;
/// How many flushes are done at the same time.
pub(super) const FLUSHES: usize = 2;
