//! A data set as the store holds it: opened when it is asked for, used by many, and closed again when nobody uses it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{MappedMutexGuard, Mutex as AsyncMutex, MutexGuard, Notify, RwLock};
use tokio::time::{Instant, timeout};

use crate::data_set::{DataSet, Home};
use crate::job::{Job, Output};
use crate::manifest::{self, CommitError};
use crate::operation::Operation;

use super::{Store, StoreError};

/// The version of a data set that was not opened yet.
const UNKNOWN: u64 = u64::MAX;

/// How long a write that could not be applied is left alone: twice as long each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A data set, and its version where readers find it without waiting.
#[derive(Debug)]
pub struct Slot {
    name: String,
    home: Home,
    data_set: AsyncMutex<Option<DataSet>>,
    /// Shared by appends, which do not look at what is there; whoever changes what it has read has it alone.
    pub gate: RwLock<()>,
    /// Told when the log has decided about a write.
    pub decided: Arc<Notify>,
    /// Held while a flush is done: one at a time.
    flush: AsyncMutex<()>,
    /// Held while segments are put together: one at a time.
    compaction: AsyncMutex<()>,
    /// Held while a manifest is committed: one after another.
    commit: AsyncMutex<()>,
    /// Whether a flush was asked for that has not begun.
    pub flush_wanted: AtomicBool,
    /// Whether this holder of the lease has written a manifest.
    is_claimed: AtomicBool,
    version: AtomicU64,
    /// When a record was written last, with the version that it was found out for.
    pub last_updated: Mutex<(u64, Option<DateTime<Utc>>)>,
    /// When it was asked for last, by the clock of [`Store::tend`].
    pub used: AtomicU64,
    /// When newer manifests were looked for.
    looked: Mutex<Option<Instant>>,
    /// The first write in the log that could not be applied when the store was opened, and why.
    stuck: Mutex<Option<(u64, String)>>,
}

impl Slot {
    /// A data set that is not open yet.
    pub fn new(name: &str, home: Home) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            home,
            data_set: AsyncMutex::new(None),
            gate: RwLock::new(()),
            decided: Arc::new(Notify::new()),
            flush: AsyncMutex::new(()),
            compaction: AsyncMutex::new(()),
            commit: AsyncMutex::new(()),
            flush_wanted: AtomicBool::new(false),
            is_claimed: AtomicBool::new(false),
            version: AtomicU64::new(UNKNOWN),
            last_updated: Mutex::new((UNKNOWN, None)),
            used: AtomicU64::new(0),
            looked: Mutex::new(None),
            stuck: Mutex::new(None),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The data set; it is read from its manifest if it is not open.
    ///
    /// # Errors
    /// When the manifest cannot be read.
    pub async fn open(&self) -> io::Result<MappedMutexGuard<'_, DataSet>> {
        if let Some((_, reason)) = &*self.stuck.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason.clone()));
        }
        let mut slot = self.data_set.lock().await;
        if slot.is_none() {
            *slot = Some(DataSet::open(self.home.clone(), &self.name).await?);
        }
        MutexGuard::try_map(slot, Option::as_mut).map_err(|_| io::Error::other("a data set is not open"))
    }

    /// Applies a write that recovery has found in the log. If that cannot be done, nobody can use the data set, and the log is
    /// kept, until the store is opened once more.
    pub(super) async fn recover(&self, store: &Store, operation: &Operation, position: u64) {
        let recovered = self.try_to_recover(store, operation, position).await;
        let Err(error) = recovered else { return };
        let mut stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        if stuck.is_none() {
            tracing::error!(data_set = self.name, %error, "cannot bring back what the log holds of a data set");
            *stuck = Some((position, error.to_string()));
        }
    }

    async fn try_to_recover(
        &self,
        store: &Store,
        operation: &Operation,
        position: u64,
    ) -> Result<(), StoreError> {
        if self.open().await?.version() >= position {
            return Ok(());
        }
        self.claim(store).await?;
        let mut data_set = self.open().await?;
        data_set.recover(operation, position).await?;
        self.publish(&mut data_set);
        Ok(())
    }

    /// The lowest log position that a recovery would need.
    pub(super) async fn needs_from(&self) -> Option<u64> {
        let stuck =
            self.stuck.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(position, _)| *position);
        let own = self.if_open().await.and_then(|data_set| data_set.needs_from());
        stuck.into_iter().chain(own).min()
    }

    /// The data set, if it is open.
    pub async fn if_open(&self) -> Option<MappedMutexGuard<'_, DataSet>> {
        MutexGuard::try_map(self.data_set.lock().await, Option::as_mut).ok()
    }

    /// Notes the version that readers may see, and tells those who waited for it.
    pub fn publish(&self, data_set: &mut DataSet) {
        self.version.store(data_set.version(), Ordering::Release);
        data_set.tell();
    }

    /// Sees to it that writes that were handed to the log are applied as soon as it has decided, whether those who made them
    /// are still there or not. One task does it for all of them: writers need not wait for each other to look.
    pub fn follow_log(self: &Arc<Self>, data_set: &mut DataSet) {
        if !std::mem::replace(&mut data_set.is_followed, true) {
            tokio::spawn(apply_what_is_decided(Arc::downgrade(self), Arc::clone(&self.decided)));
        }
    }

    /// The version that readers may see.
    ///
    /// # Errors
    /// When the data set is not open and its manifest cannot be read.
    pub async fn version(&self) -> io::Result<u64> {
        match self.version.load(Ordering::Acquire) {
            UNKNOWN => {
                let mut data_set = self.open().await?;
                self.publish(&mut data_set);
                Ok(data_set.version())
            }
            version => Ok(version),
        }
    }

    /// Forgets the data set if nothing is lost by it. Whether it is closed now.
    pub async fn close(&self) -> bool {
        let mut slot = self.data_set.lock().await;
        if slot.as_ref().is_some_and(DataSet::can_be_closed) {
            *slot = None;
        }
        slot.is_none()
    }

    /// Looks for newer manifests of another process, unless somebody did so lately.
    pub async fn follow(&self, every: Duration) -> io::Result<()> {
        {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if looked.is_some_and(|looked| looked.elapsed() < every) {
                return Ok(());
            }
            *looked = Some(Instant::now());
        }
        let mut data_set = self.open().await?;
        data_set.follow().await?;
        self.publish(&mut data_set);
        Ok(())
    }

    /// Puts what is in no segment into one.
    pub(super) async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let _alone = self.flush.lock().await;
        self.flush_wanted.store(false, Ordering::Release);
        let _permit = store.permits.acquire().await.map_err(io::Error::other)?;
        let Some(mut data_set) = self.if_open().await else { return Ok(()) };
        let applied = data_set.catch_up().await;
        self.publish(&mut data_set);
        applied?;
        let Some(job) = data_set.begin_flush()? else { return Ok(()) };
        drop(data_set);
        self.run(store, job).await?;
        store.resources.counts.flushes.one();
        Ok(())
    }

    /// Puts segments together where that is worth it, or with `all` as far as it goes.
    pub(super) async fn compact(&self, store: &Store, all: bool) -> Result<(), StoreError> {
        /// Far more than any data set needs.
        const MOST_ROUNDS: usize = 1_000;
        let _alone = self.compaction.lock().await;
        for _ in 0..MOST_ROUNDS {
            let mut data_set = if all {
                self.open().await?
            } else {
                let Some(data_set) = self.if_open().await else { return Ok(()) };
                data_set
            };
            let Some(job) = data_set.begin_compaction(all) else { break };
            drop(data_set);
            self.run(store, job).await?;
            store.resources.counts.compactions.one();
        }
        Ok(())
    }

    async fn run(&self, store: &Store, job: Job) -> Result<(), StoreError> {
        let mut outputs = Vec::new();
        let written = job.write(&mut outputs).await;
        let finished = match written {
            Ok(()) => self.commit(store, job, &outputs).await,
            Err(error) => Err((job, error.into())),
        };
        let Err((job, error)) = finished else { return Ok(()) };
        store.resources.counts.failures.one();
        self.open().await?.abandon(&job, &outputs);
        Err(error)
    }

    /// Commits the segments of a job. If that fails, the job comes back.
    async fn commit(&self, store: &Store, job: Job, outputs: &[Output]) -> Result<(), (Job, StoreError)> {
        let _in_turn = self.commit.lock().await;
        if let Err(error) = store.sync_log().await {
            return Err((job, error));
        }
        loop {
            let manifest = match self.open().await {
                Ok(mut data_set) => match data_set.prepare(&job, outputs) {
                    Some(manifest) => manifest,
                    None => {
                        data_set.abandon(&job, outputs);
                        return Ok(());
                    }
                },
                Err(error) => return Err((job, error.into())),
            };
            match manifest::commit(&self.home.objects, &self.home.folder, &manifest).await {
                Ok(()) => {
                    if let Ok(mut data_set) = self.open().await {
                        data_set.settle(job, outputs, manifest);
                        self.publish(&mut data_set);
                    }
                    return Ok(());
                }
                Err(CommitError::Taken(found)) if found.epoch <= self.home.epoch => {
                    // one of ours of which the answer was lost; the next one has all that it has
                    if let Ok(mut data_set) = self.open().await {
                        data_set.skip(found.number);
                    }
                }
                Err(CommitError::Taken(found)) => return Err((job, store.lease_lost_to(found.epoch))),
                Err(CommitError::Io(error)) => return Err((job, error.into())),
            }
        }
    }

    /// Makes the data set that of this holder of the lease before it is written to for the first time: a holder before it
    /// cannot commit any more.
    pub(super) async fn claim(&self, store: &Store) -> Result<(), StoreError> {
        if self.is_claimed.load(Ordering::Acquire) {
            return Ok(());
        }
        let _in_turn = self.commit.lock().await;
        loop {
            let Some(manifest) = self.open().await?.claim() else { break };
            match manifest::commit(&self.home.objects, &self.home.folder, &manifest).await {
                Ok(()) => {
                    self.open().await?.claimed(manifest);
                    break;
                }
                // whoever had the lease before has committed once more
                Err(CommitError::Taken(found)) if found.epoch < self.home.epoch => {
                    self.open().await?.follow().await?;
                }
                Err(CommitError::Taken(found)) if found.epoch == self.home.epoch => {
                    self.open().await?.skip(found.number);
                }
                Err(CommitError::Taken(found)) => return Err(store.lease_lost_to(found.epoch)),
                Err(CommitError::Io(error)) => return Err(error.into()),
            }
        }
        self.is_claimed.store(true, Ordering::Release);
        Ok(())
    }

    /// Deletes files that nobody needs any more.
    pub(super) async fn clean(&self, store: &Store) -> io::Result<()> {
        let Some(mut data_set) = self.if_open().await else { return Ok(()) };
        let due = data_set.trash.take_due(store.options.grace);
        drop(data_set);
        for path in due {
            if let Err(error) = self.home.objects.delete(&path).await {
                // the next one who opens the data set finds it again
                tracing::warn!(file = self.home.objects.describe(&path), %error, "cannot delete a file that is not needed");
            } else {
                store.resources.counts.files_deleted.one();
            }
        }
        Ok(())
    }
}

/// Applies writes to a data set in the order of the log, until none is left or the store is gone. One that cannot be applied now is
/// tried again after a while, and those behind it wait for it. Whoever has waited for some seconds is let go, so that trouble with
/// one data set does not hold up what looks after all of them.
async fn apply_what_is_decided(slot: Weak<Slot>, decided: Arc<Notify>) {
    let mut again_in = None;
    loop {
        match again_in {
            None => decided.notified().await,
            Some(pause) => drop(timeout(pause, decided.notified()).await),
        }
        let Some(slot) = slot.upgrade() else { return };
        let Some(mut data_set) = slot.if_open().await else { return };
        again_in = data_set.catch_up().await.err().map(|error| {
            let pause = again_in.map_or(FIRST_PAUSE, |last| LONGEST_PAUSE.min(last * 2));
            tracing::error!(data_set = slot.name, %error, again_in = ?pause, "cannot apply what is in the log");
            slot.home.resources.counts.failures.one();
            if pause == LONGEST_PAUSE {
                data_set.let_go(&error);
            }
            pause
        });
        slot.publish(&mut data_set);
        // What is left and could have been applied was not decided when it was looked at, so that there will be word of it. To
        // ask the log once more would be wrong: what it has decided since then would be nobody's.
        if !data_set.is_anything_pending() {
            data_set.is_followed = false;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::TryStreamExt;
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use object_store::{ObjectStore, ObjectStoreExt};
    use tokio::sync::oneshot;

    use super::*;
    use crate::{Batch, DecodeOptions, Place, StoreOptions, Value, decode};

    fn record(value: i64) -> Batch {
        let options = DecodeOptions { auto_ids: &[], now: DateTime::UNIX_EPOCH };
        decode(format!(r#"{{"_id": "a", "nn": {value}}}"#).as_bytes(), &options).unwrap()
    }

    /// Two writes that are in the log and cannot be applied, since the segment with the record that they replace is gone.
    struct Stuck {
        store: Arc<Store>,
        slot: Arc<Slot>,
        told: Vec<oneshot::Receiver<Result<(), StoreError>>>,
        objects: Arc<InMemory>,
        taken_away: Vec<(Path, Bytes)>,
        _folder: tempfile::TempDir,
    }

    impl Stuck {
        async fn new() -> Stuck {
            let (objects, folder) = (Arc::new(InMemory::new()), tempfile::tempdir().unwrap());
            let place = Place::on(objects.clone(), "memory://bucket", folder.path());
            let flush_interval = Duration::from_secs(86_400);
            let options = StoreOptions { flush_interval, cache: 0, ..StoreOptions::default() };
            let store = Store::open_at(place, options).await.unwrap();
            store.append("set", record(1)).await.unwrap();
            let slot = store.slot("set").unwrap();
            // They have looked for the record before it is in a segment ...
            let mut writes = Vec::new();
            for value in [2, 3] {
                let mut data_set = slot.open().await.unwrap();
                let (known, first) = data_set.reserve(1);
                let operation = Operation::Append(record(value).numbered(&known, first).unwrap());
                let searched = data_set.search().run(&operation).await.unwrap();
                writes.push((operation, searched));
            }
            store.flush().await.unwrap();
            // ... which cannot be read when they are to be applied.
            let mut taken_away = Vec::new();
            let folder_of_data_set = Path::from(&*slot.home.folder);
            for file in objects.list(Some(&folder_of_data_set)).try_collect::<Vec<_>>().await.unwrap() {
                let bytes = objects.get(&file.location).await.unwrap().bytes().await.unwrap();
                objects.delete(&file.location).await.unwrap();
                taken_away.push((file.location, bytes));
            }
            let mut told = Vec::new();
            for (operation, searched) in writes {
                let mut data_set = slot.open().await.unwrap();
                let payload = operation.encode("set").unwrap();
                let ticket = store.log.as_ref().unwrap().submit(payload, &slot.decided).unwrap();
                told.push(data_set.expect(operation, searched, ticket));
                slot.follow_log(&mut data_set);
            }
            Stuck { store, slot, told, objects, taken_away, _folder: folder }
        }

        async fn bring_back(&mut self) {
            for (location, bytes) in self.taken_away.drain(..) {
                self.objects.put(&location, bytes.into()).await.unwrap();
            }
        }

        async fn stored(&self) -> Value {
            self.slot.open().await.unwrap().record("a").await.unwrap().unwrap()["nn"].clone()
        }
    }

    #[tokio::test]
    async fn a_write_that_cannot_be_applied_is_tried_again_although_nobody_asks() {
        let mut stuck = Stuck::new().await;
        while stuck.store.resources.counts.failures.get() == 0 {
            tokio::task::yield_now().await;
        }
        stuck.bring_back().await;
        for applied in stuck.told.drain(..) {
            applied.await.unwrap().unwrap();
        }
        assert_eq!(stuck.stored().await, Value::Int(3));
    }

    #[tokio::test]
    async fn who_waits_long_for_a_write_is_let_go_and_it_is_applied_later() {
        let mut stuck = Stuck::new().await;
        // From here on time passes as soon as nobody has anything to do.
        tokio::time::pause();
        for applied in stuck.told.drain(..) {
            assert!(matches!(applied.await.unwrap(), Err(StoreError::NotVisibleYet { .. })));
        }
        stuck.bring_back().await;
        tokio::time::sleep(LONGEST_PAUSE * 2).await;
        assert_eq!(stuck.stored().await, Value::Int(3));
    }
}
