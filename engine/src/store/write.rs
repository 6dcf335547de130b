//! Writing: appends, patches, removals. Each is admitted, logged and applied, and only then answered.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::MappedMutexGuard;

use super::options::FLUSH_BYTES;
use super::slot::Slot;
use super::{Store, StoreError};
use crate::batch::Batch;
use crate::data_set::{DataSet, Search};
use crate::operation::Operation;
use crate::record::Record;
use crate::retain::Retention;
use crate::schema;

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
        applied.await.map_err(|_| io::Error::other("the store is closing"))?
    }
}
