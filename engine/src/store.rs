//! All data sets of one folder: opening, writing, reading, flushing, closing.
//!
//! ```text
//! append -> log (fsync) -> table in memory -> visible; later: flush -> segment -> manifest -> log cut
//! open   -> manifests, then the frames of the log after each manifest's position
//! ```
//!
//! Invariants: a write returns only when it is in the log and in the table; writes to one data set take effect in the
//! order of the log; a manifest names the log position that its segments cover, so that recovery applies every frame
//! exactly once.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, Utc};
use tokio::sync::{Mutex as AsyncMutex, RwLock, Semaphore};

use crate::columns::to_batch;
use crate::data_set::DataSet;
use crate::log::{Durability, Log, recover};
use crate::object::Objects;
use crate::operation::Operation;
use crate::record::Record;
use crate::resources::Resources;
use crate::retain::Retention;
use crate::schema;
use crate::segment::SegmentError;
use crate::snapshot::{Part, Snapshot};

/// Settings of a store.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// How often the background looks for data sets to flush.
    pub flush_interval: Duration,
    /// Bytes that data sets may take in memory before idle ones are let go.
    pub memory: usize,
    /// Bytes that decoded pieces of segments may take in memory.
    pub cache: usize,
    /// Bytes that may wait for the log before writes are refused for a while.
    pub max_waiting: usize,
    /// Bytes of one data set that may be in no segment before writes to it are refused for a while.
    pub max_buffered: usize,
    /// What an acknowledged write survives.
    pub durability: Durability,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            flush_interval: Duration::from_secs(10),
            memory: 1 << 30,
            cache: 256 << 20,
            max_waiting: 128 << 20,
            max_buffered: 512 << 20,
            durability: Durability::Fsync,
        }
    }
}

/// Bytes of one data set in no segment that are flushed without waiting for the next time.
const FLUSH_BYTES: usize = 64 << 20;
/// How many segments are written at the same time.
const FLUSHES: usize = 2;

/// Why the store could not do something. Whatever it was, nothing of it is half-done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder belongs to another process.
    #[error("{} is in use by another process: stop it first, or talk to it over HTTP", .0.display())]
    InUse(PathBuf),
    /// The store takes no more for now.
    #[error("the store is busy: {reason}")]
    Busy {
        /// What is full.
        reason: String,
    },
    /// Disk or file trouble.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A file of records is broken or gone.
    #[error(transparent)]
    Segment(#[from] SegmentError),
    /// Columns could not be built.
    #[error("records could not be put into columns: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
}

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
    /// Bytes that it takes in memory, roughly; 0 if it was not used lately.
    pub bytes_in_memory: usize,
    /// Whether some of its records are only in the log and in memory.
    pub is_unflushed: bool,
}

/// The records of all data sets in one folder. One process at a time.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    options: StoreOptions,
    log: Log,
    data_sets: Mutex<HashMap<String, Arc<Slot>>>,
    /// One permit a segment that is written.
    flushes: Arc<Semaphore>,
    objects: Objects,
    resources: Arc<Resources>,
    /// Held for as long as the store is open.
    _lock: File,
}

/// A data set, and its version where readers find it without waiting.
#[derive(Debug)]
struct Slot {
    data_set: AsyncMutex<DataSet>,
    /// Shared by appends, which do not look at what is there; whoever changes what it has read has it alone.
    gate: RwLock<()>,
    /// Held while a segment is written: one at a time.
    flush: AsyncMutex<()>,
    /// Whether a flush was asked for that has not begun.
    flush_wanted: AtomicBool,
    version: AtomicU64,
    /// When a record was written last, with the version that it was found out for.
    last_updated: Mutex<(u64, Option<DateTime<Utc>>)>,
}

impl Slot {
    fn new(data_set: DataSet) -> Arc<Self> {
        Arc::new(Self {
            version: AtomicU64::new(data_set.version()),
            data_set: AsyncMutex::new(data_set),
            gate: RwLock::new(()),
            flush: AsyncMutex::new(()),
            flush_wanted: AtomicBool::new(false),
            last_updated: Mutex::default(),
        })
    }

    /// Writes what is in no segment to one, on a thread that may block; the data set can be used meanwhile.
    async fn flush(&self, permits: &Semaphore, all: bool) -> Result<(), StoreError> {
        let _alone = self.flush.lock().await;
        self.flush_wanted.store(false, Ordering::Release);
        let _permit = permits.acquire().await.map_err(io::Error::other)?;
        let Some(flush) = self.data_set.lock().await.begin_flush(all)? else { return Ok(()) };
        let flush = Arc::new(flush);
        let writing = Arc::clone(&flush);
        let written = tokio::task::spawn_blocking(move || writing.write()).await;
        let written = written.map_err(io::Error::other).and_then(|written| written);
        let mut data_set = self.data_set.lock().await;
        data_set.catch_up()?;
        let finished = data_set.finish_flush(&flush, written);
        self.version.store(data_set.version(), Ordering::Release);
        Ok(finished?)
    }
}

impl Store {
    /// Opens the store in a folder, creating it when it is not there, and brings back what the log holds.
    ///
    /// # Errors
    /// When another process has it open, or files cannot be read.
    pub async fn open(folder: &Path, options: StoreOptions) -> Result<Arc<Self>, StoreError> {
        let folder = folder.to_owned();
        let opening = tokio::task::spawn_blocking(move || Self::open_blocking(folder, options));
        let store = Arc::new(opening.await.map_err(io::Error::other)??);
        tokio::spawn(flush_in_background(Arc::downgrade(&store)));
        Ok(store)
    }

    fn open_blocking(folder: PathBuf, options: StoreOptions) -> Result<Self, StoreError> {
        std::fs::create_dir_all(folder.join("data-sets"))?;
        let lock = File::create(folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(folder)),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let objects = Objects::local(&folder)?;
        let resources = Resources::new(options.cache as u64)?;
        let mut data_sets: HashMap<String, DataSet> = HashMap::new();
        let mut last = 0;
        for entry in std::fs::read_dir(folder.join("data-sets"))? {
            let path = entry?.path();
            let data_set = DataSet::open(&path, objects.clone(), Arc::clone(&resources))?;
            last = last.max(data_set.version());
            data_sets.insert(data_set.name().to_owned(), data_set);
        }
        recover(&folder.join("log"), |frame| {
            last = last.max(frame.position);
            let (name, operation) = Operation::decode(&frame.payload)?;
            if !data_sets.contains_key(&name) {
                let (objects, resources) = (objects.clone(), Arc::clone(&resources));
                let data_set = DataSet::create(&folder.join("data-sets"), &name, objects, resources)?;
                data_sets.insert(name.clone(), data_set);
            }
            match data_sets.get_mut(&name) {
                Some(data_set) if data_set.version() < frame.position => {
                    data_set.apply(operation, frame.position)
                }
                _ => Ok(()),
            }
        })?;
        let log = Log::start(&folder.join("log"), last + 1, options.durability)?;
        let data_sets = data_sets.into_iter().map(|(name, data_set)| (name, Slot::new(data_set))).collect();
        let flushes = Arc::new(Semaphore::new(FLUSHES));
        let data_sets = Mutex::new(data_sets);
        Ok(Self { folder, options, log, data_sets, flushes, objects, resources, _lock: lock })
    }

    /// Appends records; those with a known `_id` replace it. When this returns they are on disk and visible.
    ///
    /// # Errors
    /// When they could not be logged, or the store takes no more for now: then none of them is there.
    pub async fn append(&self, name: &str, records: Vec<Record>) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let slot = self.slot_or_new(name)?;
        let _shared = slot.gate.read().await;
        self.admit(&slot).await?;
        let (schema, first) = slot.data_set.lock().await.reserve(records.len())?;
        let operation = Operation::Append(to_batch(&records, &schema, first)?);
        self.commit(&slot, name, operation).await
    }

    /// Merges changes into a record: its other keys stay. Whether there is such a record.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn patch(&self, name: &str, id: &str, changes: Record) -> Result<bool, StoreError> {
        let Some(slot) = self.slot(name) else { return Ok(false) };
        let _alone = slot.gate.write().await;
        self.admit(&slot).await?;
        let mut data_set = slot.data_set.lock().await;
        data_set.catch_up()?;
        let Some(mut record) = data_set.record(id)? else { return Ok(false) };
        let previous_id = record.get(schema::ID).cloned();
        record.extend(changes);
        if record.get(schema::ID) != previous_id.as_ref() {
            // The id is what the record is found by; a patch does not move it.
            record.extend(previous_id.map(|id| (schema::ID.to_owned(), id)));
        }
        let (known, first) = data_set.reserve(1)?;
        drop(data_set);
        self.commit(&slot, name, Operation::Append(to_batch(&[record], &known, first)?)).await?;
        Ok(true)
    }

    /// Removes a record. Whether there was one.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn delete(&self, name: &str, id: &str) -> Result<bool, StoreError> {
        let Some(slot) = self.slot(name) else { return Ok(false) };
        let _alone = slot.gate.write().await;
        let mut data_set = slot.data_set.lock().await;
        data_set.catch_up()?;
        if data_set.record(id)?.is_none() {
            return Ok(false);
        }
        drop(data_set);
        self.commit(&slot, name, Operation::Delete(id.to_owned())).await?;
        Ok(true)
    }

    /// Removes what a data set is not to keep, all at once. Returns how many records that were.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn retain(&self, name: &str, retention: &Retention) -> Result<usize, StoreError> {
        let Some(slot) = self.slot(name).filter(|_| *retention != Retention::default()) else { return Ok(0) };
        let _alone = slot.gate.write().await;
        let mut data_set = slot.data_set.lock().await;
        let snapshot = data_set.snapshot()?;
        let bytes = data_set.bytes();
        drop(data_set);
        let gone = retention.excess(&snapshot, bytes).await?;
        let count = gone.len();
        if count > 0 {
            self.commit(&slot, name, Operation::Trim(gone)).await?;
        }
        Ok(count)
    }

    /// Removes all records of a data set.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn empty(&self, name: &str) -> Result<(), StoreError> {
        let Some(slot) = self.slot(name) else { return Ok(()) };
        let _alone = slot.gate.write().await;
        // what cannot be read would otherwise come back
        slot.data_set.lock().await.reserve(0)?;
        self.commit(&slot, name, Operation::Empty).await
    }

    /// Removes a data set with all its records. Whether it had been written since it was last removed.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn drop_data_set(&self, name: &str) -> Result<bool, StoreError> {
        let Some(slot) = self.slot(name) else { return Ok(false) };
        let _alone = slot.gate.write().await;
        let mut data_set = slot.data_set.lock().await;
        data_set.catch_up()?;
        if data_set.is_dropped() {
            return Ok(false);
        }
        data_set.reserve(0)?;
        drop(data_set);
        self.commit(&slot, name, Operation::Drop).await?;
        Ok(true)
    }

    /// Refuses a write for which there is no room now.
    async fn admit(&self, slot: &Arc<Slot>) -> Result<(), StoreError> {
        let busy = |reason: &str| StoreError::Busy { reason: reason.to_owned() };
        if self.log.waiting() > self.options.max_waiting {
            return Err(busy("too many writes wait for the disk"));
        }
        let buffered = slot.data_set.lock().await.buffered_bytes();
        if buffered > FLUSH_BYTES && !slot.flush_wanted.swap(true, Ordering::AcqRel) {
            let (slot, permits) = (Arc::clone(slot), Arc::clone(&self.flushes));
            tokio::spawn(async move {
                if let Err(error) = slot.flush(&permits, false).await {
                    tracing::error!(%error, "cannot flush; records stay in the log");
                }
            });
        }
        if buffered > self.options.max_buffered {
            return Err(busy("too many records of this data set wait to be put into files"));
        }
        Ok(())
    }

    /// Logs an operation; when this returns it is on disk and applied. Others may log theirs in the meantime.
    async fn commit(&self, slot: &Slot, name: &str, operation: Operation) -> Result<(), StoreError> {
        let payload = operation.encode(name)?;
        let mut data_set = slot.data_set.lock().await;
        let ticket = self.log.submit(payload)?;
        data_set.expect(operation, &ticket);
        drop(data_set);
        let logged = ticket.wait().await;
        let mut data_set = slot.data_set.lock().await;
        data_set.catch_up()?;
        slot.version.store(data_set.version(), Ordering::Release);
        Ok(logged?)
    }

    /// One version of a data set, for a query to see from beginning to end. Empty for one that was never written.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub async fn snapshot(&self, name: &str) -> Result<Snapshot, StoreError> {
        let Some(slot) = self.slot(name) else { return Ok(Snapshot::empty()) };
        let mut data_set = slot.data_set.lock().await;
        let snapshot = data_set.snapshot()?;
        slot.version.store(data_set.version(), Ordering::Release);
        Ok(snapshot)
    }

    /// The version of a data set: grows with every write and survives restarts. 0 for one that was never written.
    ///
    /// # Errors
    /// When what is known of the data set cannot be read.
    #[allow(clippy::unused_async, reason = "data sets will be opened when they are asked for")]
    pub async fn version(&self, name: &str) -> Result<u64, StoreError> {
        Ok(self.slot(name).map_or(0, |slot| slot.version.load(Ordering::Acquire)))
    }

    /// The newest `_timestamp` of a data set.
    ///
    /// # Errors
    /// As [`Store::snapshot`].
    pub async fn last_timestamp(&self, name: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let snapshot = self.snapshot(name).await?;
        let last = snapshot.parts.iter().filter_map(Part::range).map(|(_, last)| last).max();
        Ok(last.and_then(DateTime::from_timestamp_micros))
    }

    /// When a record of a data set was written or changed last.
    ///
    /// # Errors
    /// As [`Store::snapshot`].
    pub async fn last_updated(&self, name: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let Some(slot) = self.slot(name) else { return Ok(None) };
        let version = slot.version.load(Ordering::Acquire);
        let known = || slot.last_updated.lock().unwrap_or_else(PoisonError::into_inner);
        let (of_version, last) = *known();
        if of_version == version {
            return Ok(last);
        }
        let snapshot = self.snapshot(name).await?;
        let batches = snapshot.batches().await?;
        let times = batches.iter().filter_map(|rows| {
            let times = rows.batch.column_by_name(schema::UPDATED_AT)?;
            arrow::compute::max(times.as_primitive_opt::<TimestampMicrosecondType>()?)
        });
        let newest = times.max();
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
            slot.flush(&self.flushes, false).await?;
        }
        self.cut_log().await
    }

    /// Puts the segments of a data set together, as far as they are not large already. Whether there is such a data set.
    ///
    /// # Errors
    /// When a file cannot be read or written: the data set is then as before.
    pub async fn compact(&self, name: &str) -> Result<bool, StoreError> {
        let Some(slot) = self.slot(name) else { return Ok(false) };
        slot.flush(&self.flushes, true).await?;
        self.cut_log().await?;
        Ok(true)
    }

    /// What there is of every data set, by name. Reads no rows.
    pub async fn statistics(&self) -> Vec<DataSetStatistics> {
        let mut statistics = Vec::new();
        for slot in self.slots() {
            let data_set = slot.data_set.lock().await;
            let manifest = data_set.manifest();
            let dead: u64 = manifest.segments.iter().map(|entry| entry.dead.len() as u64).sum();
            statistics.push(DataSetStatistics {
                name: data_set.name().to_owned(),
                version: data_set.version(),
                segments: manifest.segments.len(),
                rows_in_segments: manifest.segments.iter().map(|entry| entry.rows).sum::<u64>() - dead,
                dead_rows: dead,
                bytes_in_memory: data_set.bytes(),
                is_unflushed: data_set.is_unflushed(),
            });
        }
        statistics.sort_by(|a, b| a.name.cmp(&b.name));
        statistics
    }

    /// Deletes the files of the log that no data set needs.
    async fn cut_log(&self) -> Result<(), StoreError> {
        let mut needed = u64::MAX;
        for slot in self.slots() {
            if let Some(first) = slot.data_set.lock().await.needs_from() {
                needed = needed.min(first);
            }
        }
        Ok(self.log.forget_below(needed)?)
    }

    /// Flushes everything; the last thing to do with a store.
    ///
    /// # Errors
    /// As [`Store::flush`].
    pub async fn close(&self) -> Result<(), StoreError> {
        self.flush().await
    }

    /// Flushes data sets that have waited, and lets idle ones go when memory is short.
    async fn tend(&self) -> Result<(), StoreError> {
        let mut bytes = 0;
        for slot in self.slots() {
            slot.flush(&self.flushes, false).await?;
            let mut data_set = slot.data_set.lock().await;
            bytes += data_set.bytes();
            if bytes > self.options.memory {
                bytes -= data_set.let_go();
            }
        }
        self.cut_log().await
    }

    fn slot(&self, name: &str) -> Option<Arc<Slot>> {
        self.data_sets.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn slots(&self) -> Vec<Arc<Slot>> {
        self.data_sets.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn slot_or_new(&self, name: &str) -> Result<Arc<Slot>, StoreError> {
        let mut data_sets = self.data_sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = data_sets.get(name) {
            return Ok(Arc::clone(slot));
        }
        let (objects, resources) = (self.objects.clone(), Arc::clone(&self.resources));
        let slot = Slot::new(DataSet::create(&self.folder.join("data-sets"), name, objects, resources)?);
        data_sets.insert(name.to_owned(), Arc::clone(&slot));
        Ok(slot)
    }
}

/// Tends the store until nobody holds it any more.
async fn flush_in_background(store: std::sync::Weak<Store>) {
    loop {
        let Some(interval) = store.upgrade().map(|store| store.options.flush_interval) else { return };
        tokio::time::sleep(interval).await;
        let Some(store) = store.upgrade() else { return };
        if let Err(error) = store.tend().await {
            tracing::error!(%error, "cannot flush; records stay in the log");
        }
    }
}
