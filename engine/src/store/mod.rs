//! All data sets of one place: opening, writing, reading, flushing, closing.
//!
//! ```text
//! append -> log (fsync) -> buffer -> visible; later: flush -> segment -> manifest -> log cut
//! open   -> names of data sets; manifests when they are asked for; the frames of the log after each manifest's position
//! ```
//!
//! Invariants: a write returns only when it is in the log and visible; writes to one data set take effect in the order of the
//! log; a manifest says what was true at the log position that it names, so that recovery applies every frame exactly once.
//!
//! [`slot`] holds a data set, [`open`](mod@open) opens the store, [`write`](mod@write) takes records in, [`tend`] is what goes on
//! in the background, [`statistics`](mod@statistics) has the numbers of it all.

mod error;
mod open;
mod options;
mod slot;
mod statistics;
mod tend;
mod write;

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, Semaphore};

pub use error::StoreError;
pub use options::StoreOptions;
pub use statistics::DataSetStatistics;

use self::slot::Slot;
use crate::lease::Lease;
use crate::log::Log;
use crate::place::Place;
use crate::resources::Resources;
use crate::schema;
use crate::snapshot::Snapshot;

/// The records of all data sets of one place. One process at a time writes; others may read.
#[derive(Debug)]
pub struct Store {
    place: Place,
    options: StoreOptions,
    /// `None` for a store that was opened for reading.
    log: Option<Log>,
    data_sets: Mutex<HashMap<String, Arc<Slot>>>,
    /// One permit a flush.
    permits: Semaphore,
    /// Told when something is to be flushed at once.
    wake: Arc<Notify>,
    /// Grows each time that the store is tended.
    ticks: AtomicU64,
    resources: Arc<Resources>,
    /// On places that others can reach.
    lease: Option<Lease>,
    epoch: u64,
    /// Held for as long as the store is open.
    _lock: Option<File>,
}

impl Store {
    /// One version of a data set, for a query to see from beginning to end. Empty for one that was never written.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub async fn snapshot(&self, name: &str) -> Result<Snapshot, StoreError> {
        let Some(slot) = self.slot_to_read(name).await? else { return Ok(Snapshot::empty()) };
        let mut data_set = slot.open().await?;
        let snapshot = data_set.snapshot().await?;
        slot.publish(&mut data_set);
        Ok(snapshot)
    }

    /// The version of a data set: grows with every write and survives restarts. 0 for one that was never written.
    ///
    /// # Errors
    /// When what is known of the data set cannot be read.
    pub async fn version(&self, name: &str) -> Result<u64, StoreError> {
        match self.slot_to_read(name).await? {
            Some(slot) => Ok(slot.version().await?),
            None => Ok(0),
        }
    }

    /// The newest `_timestamp` of a data set.
    ///
    /// # Errors
    /// As [`Store::snapshot`].
    pub async fn last_timestamp(&self, name: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let newest = self.snapshot(name).await?.newest(schema::TIMESTAMP).await?;
        Ok(newest.and_then(DateTime::from_timestamp_micros))
    }

    /// When a record of a data set was written or changed last.
    ///
    /// # Errors
    /// As [`Store::snapshot`].
    pub async fn last_updated(&self, name: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let Some(slot) = self.slot_to_read(name).await? else { return Ok(None) };
        let version = slot.version().await?;
        let known = || slot.last_updated.lock().unwrap_or_else(PoisonError::into_inner);
        let (of_version, last) = *known();
        if of_version == version {
            return Ok(last);
        }
        let snapshot = self.snapshot(name).await?;
        let newest = snapshot.newest(schema::UPDATED_AT).await?;
        let last = newest.and_then(DateTime::from_timestamp_micros);
        *known() = (snapshot.version, last);
        Ok(last)
    }

    /// Puts everything into segments and cuts the log.
    ///
    /// # Errors
    /// When a file cannot be written; what was flushed before stays flushed.
    pub async fn flush(&self) -> Result<(), StoreError> {
        for slot in self.slots() {
            slot.flush(self).await?;
        }
        Ok(self.cut_log().await?)
    }

    /// Puts the segments of a data set together, as far as they are not large already. Whether there is such a data set.
    ///
    /// # Errors
    /// When a file cannot be read or written: the data set is then as before.
    pub async fn compact(&self, name: &str) -> Result<bool, StoreError> {
        let Some(slot) = self.slot(name) else { return Ok(false) };
        slot.flush(self).await?;
        slot.compact(self, true).await?;
        self.cut_log().await?;
        Ok(true)
    }

    /// Deletes the files that no data set needs any more, once their time of grace is over.
    ///
    /// # Errors
    /// When a data set cannot be opened.
    pub async fn clean(&self) -> Result<(), StoreError> {
        for slot in self.slots() {
            drop(slot.open().await?);
            slot.clean(self).await?;
        }
        Ok(())
    }

    /// Why the last write to the log failed; `None` when it did not, so that writes can be taken.
    pub fn log_fault(&self) -> Option<String> {
        self.log.as_ref().and_then(Log::fault)
    }

    /// Does work for somebody who waits, on the threads of the store, of which there are as many as cores: those that answer
    /// requests stay free.
    ///
    /// # Errors
    /// When the work panics.
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        self.resources.compute(work).await
    }

    /// Whether it was opened for reading.
    pub fn is_read_only(&self) -> bool {
        self.log.is_none()
    }

    /// Flushes everything and gives the lease back; the last thing to do with a store.
    ///
    /// # Errors
    /// As [`Store::flush`].
    pub async fn close(&self) -> Result<(), StoreError> {
        if self.is_read_only() {
            return Ok(());
        }
        self.flush().await?;
        match &self.lease {
            Some(lease) => lease.release(Utc::now()).await,
            None => Ok(()),
        }
    }

    fn lease_lost_to(&self, epoch: u64) -> StoreError {
        let holder = format!("the holder of lease {epoch}");
        match &self.lease {
            Some(lease) => lease.lost_to(&holder),
            None => StoreError::LostLease {
                place: self.place.describe(),
                reason: format!("{holder} writes to it"),
            },
        }
    }

    async fn sync_log(&self) -> Result<(), StoreError> {
        match &self.log {
            Some(log) => Ok(log.sync().await?),
            None => Err(StoreError::ReadOnly),
        }
    }

    fn log_is_long(&self) -> bool {
        self.log.as_ref().is_some_and(|log| log.file_bytes() > self.options.max_log)
    }

    /// The data set for a reader, as new as it should be.
    async fn slot_to_read(&self, name: &str) -> io::Result<Option<Arc<Slot>>> {
        if !self.is_read_only() {
            return Ok(self.slot(name));
        }
        let slot = self.slot_or_new(name);
        slot.follow(self.options.poll_interval).await?;
        Ok(Some(slot))
    }

    fn slot(&self, name: &str) -> Option<Arc<Slot>> {
        let slot = self.data_sets.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        slot.inspect(|slot| self.note_use(slot))
    }

    fn slots(&self) -> Vec<Arc<Slot>> {
        self.data_sets.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn slot_or_new(&self, name: &str) -> Arc<Slot> {
        let mut data_sets = self.data_sets.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = data_sets.entry(name.to_owned()).or_insert_with(|| Slot::new(name, self.home(name)));
        self.note_use(slot);
        Arc::clone(slot)
    }

    fn note_use(&self, slot: &Slot) {
        slot.used.store(self.ticks.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}
