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
//! [`slot`] holds a data set, [`open`](mod@open) opens the store, [`tend`] is what goes on in the background.

mod error;
mod open;
mod options;
mod slot;
mod tend;

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::{MappedMutexGuard, Notify, Semaphore};

pub use error::StoreError;
pub use options::StoreOptions;

use self::options::FLUSH_BYTES;
use self::slot::Slot;
use crate::batch::Batch;
use crate::counters::StoreCounters;
use crate::data_set::{DataSet, Search};
use crate::lease::Lease;
use crate::log::Log;
use crate::operation::Operation;
use crate::place::Place;
use crate::record::Record;
use crate::resources::Resources;
use crate::retain::Retention;
use crate::schema;
use crate::snapshot::Snapshot;

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
    /// Bytes that the records take, as they count for [`Retention`]: as they lie decoded.
    pub bytes: u64,
    /// Bytes in memory that are in no segment, roughly.
    pub buffered_bytes: usize,
    /// Whether some of its records are only in the log and in memory.
    pub is_unflushed: bool,
}

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
    /// Appends records; those with a known `_id` replace it. When this returns they are on disk and visible.
    ///
    /// # Errors
    /// When they could not be logged, or the store takes no more for now: then none of them is there.
    pub async fn append(&self, name: &str, records: Batch) -> Result<(), StoreError> {
        if records.rows() == 0 {
            return Ok(());
        }
        let slot = self.slot_or_new(name);
        let _shared = slot.gate.read().await;
        let mut data_set = self.admit(&slot).await?;
        let (known, first) = data_set.reserve(records.rows());
        let search = data_set.search();
        drop(data_set);
        if records.has_too_many_keys_for(&known) {
            return Err(StoreError::TooManyKeys);
        }
        self.commit(&slot, Operation::Append(records.numbered(&known, first)?), search).await
    }

    /// Merges changes into a record: its other keys stay. Whether there is such a record.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn patch(&self, name: &str, id: &str, changes: Record) -> Result<bool, StoreError> {
        let Some(slot) = self.slot(name) else { return Ok(false) };
        let _alone = slot.gate.write().await;
        let mut data_set = self.admit(&slot).await?;
        data_set.catch_up().await?;
        let Some(mut record) = data_set.record(id).await? else { return Ok(false) };
        let previous_id = record.get(schema::ID).cloned();
        record.extend(changes);
        if record.get(schema::ID) != previous_id.as_ref() {
            // The id is what the record is found by; a patch does not move it.
            record.extend(previous_id.map(|id| (schema::ID.to_owned(), id)));
        }
        let (known, first) = data_set.reserve(1);
        let search = data_set.search();
        drop(data_set);
        let changed = Batch::of_records([&record])?;
        if changed.has_too_many_keys_for(&known) {
            return Err(StoreError::TooManyKeys);
        }
        self.commit(&slot, Operation::Append(changed.numbered(&known, first)?), search).await?;
        Ok(true)
    }

    /// Removes a record. Whether there was one.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn delete(&self, name: &str, id: &str) -> Result<bool, StoreError> {
        let Some(slot) = self.slot(name) else { return Ok(false) };
        let _alone = slot.gate.write().await;
        let mut data_set = self.admit(&slot).await?;
        data_set.catch_up().await?;
        if !data_set.contains(id).await? {
            return Ok(false);
        }
        let search = data_set.search();
        drop(data_set);
        self.commit(&slot, Operation::Delete(id.to_owned()), search).await?;
        Ok(true)
    }

    /// Removes what a data set is not to keep. Returns how many records that were.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn retain(&self, name: &str, retention: &Retention) -> Result<usize, StoreError> {
        /// Records that are removed at a time.
        const AT_A_TIME: usize = 100_000;
        let Some(slot) = self.slot(name).filter(|_| *retention != Retention::default()) else { return Ok(0) };
        let _alone = slot.gate.write().await;
        let mut data_set = self.admit(&slot).await?;
        let snapshot = data_set.snapshot().await?;
        let bytes = data_set.bytes();
        drop(data_set);
        let gone = retention.excess(&snapshot, bytes).await?;
        for ids in gone.chunks(AT_A_TIME) {
            let search = slot.open().await?.search();
            self.commit(&slot, Operation::Trim(ids.to_vec()), search).await?;
        }
        Ok(gone.len())
    }

    /// Removes all records of a data set. Files that cannot be read are no hindrance.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn empty(&self, name: &str) -> Result<(), StoreError> {
        let Some(slot) = self.slot(name) else { return Ok(()) };
        let _alone = slot.gate.write().await;
        let search = self.admit(&slot).await?.search();
        self.commit(&slot, Operation::Empty, search).await
    }

    /// Removes a data set with all its records. Whether it had been written since it was last removed.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn drop_data_set(&self, name: &str) -> Result<bool, StoreError> {
        let Some(slot) = self.slot(name) else { return Ok(false) };
        let _alone = slot.gate.write().await;
        let mut data_set = self.admit(&slot).await?;
        data_set.catch_up().await?;
        if data_set.is_dropped() {
            return Ok(false);
        }
        let search = data_set.search();
        drop(data_set);
        self.commit(&slot, Operation::Drop, search).await?;
        Ok(true)
    }

    /// The data set, to be written to. Refuses a write that may not be done, or for which there is no room now.
    async fn admit<'a>(&self, slot: &'a Slot) -> Result<MappedMutexGuard<'a, DataSet>, StoreError> {
        let busy = |reason: &str| StoreError::Busy { reason: reason.to_owned() };
        let log = self.log.as_ref().ok_or(StoreError::ReadOnly)?;
        if let Some(lease) = &self.lease {
            lease.check()?;
            slot.claim(self).await?;
        }
        if log.waiting() > self.options.max_waiting {
            return Err(busy("too many writes wait for the disk"));
        }
        let data_set = slot.open().await?;
        let buffered = data_set.buffered_bytes();
        let is_much = buffered > FLUSH_BYTES.min(self.options.max_buffered) || self.log_is_long();
        if is_much && !slot.flush_wanted.swap(true, Ordering::AcqRel) {
            self.wake.notify_one();
        }
        if buffered > self.options.max_buffered {
            return Err(busy("too many records of this data set wait to be put into files"));
        }
        Ok(data_set)
    }

    /// Logs an operation; when this returns it is on disk and applied. Others may log theirs in the meantime.
    async fn commit(&self, slot: &Arc<Slot>, operation: Operation, search: Search) -> Result<(), StoreError> {
        let log = self.log.as_ref().ok_or(StoreError::ReadOnly)?;
        let payload = operation.encode(slot.name())?;
        // what cannot be read is found out before anything is promised
        let searched = search.run(&operation).await?;
        let mut data_set = slot.open().await?;
        let ticket = log.submit(payload, &slot.decided)?;
        let applied = data_set.expect(operation, searched, ticket);
        slot.follow_log(&mut data_set);
        drop(data_set);
        Ok(applied.await.map_err(|_| io::Error::other("the store is closing"))??)
    }

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

    /// Why the last write to the log failed; `None` when it did not, so that writes can be taken.
    pub fn log_fault(&self) -> Option<String> {
        self.log.as_ref().and_then(Log::fault)
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
