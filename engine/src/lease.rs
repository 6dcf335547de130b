//! Who may write to a store that several machines can reach.
//!
//! A lease is a numbered file that its holder renews; the number is its epoch. Whoever wants to write takes the next number,
//! which must not be there yet, and only when the holder before has given its lease back, has not renewed it for long, or had
//! the same log (which one process at a time can have). Manifests carry the epoch: a holder that was followed by another
//! cannot commit any more, whatever the clocks say.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::object::Objects;
use crate::store::StoreError;

const FOLDER: &str = "lease";
/// For how long a lease is good after it was renewed.
const GOOD_FOR: Duration = Duration::from_secs(15);
/// How often it is renewed.
pub const RENEWED_EVERY: Duration = Duration::from_secs(4);
/// How long a holder that does not renew its lease is waited for: clocks may differ.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);

/// What stands in the file of a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    epoch: u64,
    /// The machine and process, for people.
    holder: String,
    /// The log of the holder: writes that are in no segment are only there.
    log: String,
    renewed_at: DateTime<Utc>,
    /// Whether it was given back, with nothing left in the log.
    released: bool,
}

/// A lease that is held.
#[derive(Debug)]
pub struct Lease {
    objects: Objects,
    record: Record,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    good_until: Instant,
    lost: Option<String>,
}

/// A lease that was taken, and what that means.
#[derive(Debug)]
pub struct Taken {
    /// The lease.
    pub lease: Lease,
    /// Whether the log of this process is that of the last holder, so that its positions go on.
    pub has_log: bool,
}

async fn newest(objects: &Objects) -> io::Result<Option<Record>> {
    let epochs = objects.names(FOLDER).await?;
    let Some(epoch) = epochs.iter().filter_map(|name| name.strip_suffix(".json")?.parse::<u64>().ok()).max()
    else {
        return Ok(None);
    };
    let path = path_of(epoch);
    let record = serde_json::from_slice(&objects.get(&path).await?);
    record.map(Some).map_err(|error| {
        let message = format!("the lease {} is broken: {error}", objects.describe(&path));
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}

fn path_of(epoch: u64) -> String {
    format!("{FOLDER}/{epoch:020}.json")
}

fn holder() -> String {
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "this machine" } else { host.trim() };
    format!("process {} on {host}", std::process::id())
}

impl Lease {
    /// Takes the lease on a store for a process with this log, with an epoch above `above`.
    ///
    /// # Errors
    /// When another process has it, or left writes in a log that is elsewhere; or the store cannot be reached.
    pub async fn take(
        objects: &Objects,
        log: &str,
        above: u64,
        now: DateTime<Utc>,
    ) -> Result<Taken, StoreError> {
        loop {
            let before = newest(objects).await?;
            if let Some(before) = &before {
                refuse(objects, before, log, now)?;
            }
            let epoch = before.as_ref().map_or(0, |before| before.epoch).max(above) + 1;
            let record =
                Record { epoch, holder: holder(), log: log.to_owned(), renewed_at: now, released: false };
            let good_until = Instant::now() + GOOD_FOR;
            let bytes = serde_json::to_vec(&record).map_err(io::Error::from)?;
            let bytes = Bytes::from(bytes);
            match objects.create(&path_of(epoch), bytes.clone()).await {
                Ok(()) => {
                    keeps_the_first(objects, &path_of(epoch), bytes).await?;
                    for name in objects.names(FOLDER).await? {
                        let old = name.strip_suffix(".json").and_then(|name| name.parse::<u64>().ok());
                        if old.is_some_and(|old| old + 1 < epoch) {
                            objects.delete(&format!("{FOLDER}/{name}")).await?;
                        }
                    }
                    let has_log = before.is_some_and(|before| before.log == log);
                    let state = Mutex::new(State { good_until, lost: None });
                    return Ok(Taken { lease: Self { objects: objects.clone(), record, state }, has_log });
                }
                // somebody else was faster, or it was this process and the answer was lost: look again
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Its number.
    pub fn epoch(&self) -> u64 {
        self.record.epoch
    }

    /// Says that the holder is still there.
    ///
    /// # Errors
    /// When the store cannot be reached, or the lease is lost.
    pub async fn renew(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.check()?;
        let good_until = Instant::now() + GOOD_FOR;
        let record = Record { renewed_at: now, ..self.record.clone() };
        let bytes = serde_json::to_vec(&record).map_err(io::Error::from)?;
        self.objects.put(&path_of(record.epoch), bytes.into()).await?;
        if let Some(newest) = newest(&self.objects).await?.filter(|newest| newest.epoch > record.epoch) {
            return Err(self.lost_to(&newest.holder));
        }
        self.state.lock().unwrap_or_else(PoisonError::into_inner).good_until = good_until;
        Ok(())
    }

    /// Whether a write may be taken.
    ///
    /// # Errors
    /// When the lease is lost, or could not be renewed in time.
    pub fn check(&self) -> Result<(), StoreError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.lost {
            Some(reason) => Err(self.lost(reason.clone())),
            None if state.good_until < Instant::now() => {
                Err(StoreError::Busy { reason: "the lease on it could not be renewed".to_owned() })
            }
            None => Ok(()),
        }
    }

    /// Notes that another process has the lease now.
    pub fn lost_to(&self, holder: &str) -> StoreError {
        let reason = format!("{holder} has taken it over");
        self.state.lock().unwrap_or_else(PoisonError::into_inner).lost = Some(reason.clone());
        tracing::error!(store = self.objects.describe(""), holder, "the lease on the store is lost");
        self.lost(reason)
    }

    fn lost(&self, reason: String) -> StoreError {
        StoreError::LostLease { place: self.objects.describe(""), reason }
    }

    /// Gives it back: nothing is left in the log.
    ///
    /// # Errors
    /// When the store cannot be reached, or the lease is lost.
    pub async fn release(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.check()?;
        let record = Record { renewed_at: now, released: true, ..self.record.clone() };
        let bytes = serde_json::to_vec(&record).map_err(io::Error::from)?;
        // nothing is written from now on, the lease included
        let reason = "it has given the store back".to_owned();
        self.state.lock().unwrap_or_else(PoisonError::into_inner).lost = Some(reason);
        Ok(self.objects.put(&path_of(record.epoch), bytes.into()).await?)
    }
}

/// Gives up the lease of a process that is gone, and with it what was only in its log. Who that was, if there was one.
///
/// # Errors
/// When that process is still there, or the store cannot be reached.
pub async fn give_up(objects: &Objects, now: DateTime<Utc>) -> Result<Option<String>, StoreError> {
    let Some(record) = newest(objects).await?.filter(|record| !record.released) else { return Ok(None) };
    if now < record.renewed_at + PATIENCE {
        return Err(in_use(objects, &record));
    }
    let released = Record { epoch: record.epoch + 1, released: true, renewed_at: now, ..record.clone() };
    let bytes = serde_json::to_vec(&released).map_err(io::Error::from)?;
    objects.create(&path_of(released.epoch), bytes.into()).await?;
    Ok(Some(record.holder))
}

/// An object store that takes a second file of a name would let two processes commit the same manifest: it cannot be used.
async fn keeps_the_first(objects: &Objects, path: &str, bytes: Bytes) -> io::Result<()> {
    match objects.create(path, bytes).await {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            let message = format!(
                "{} was overwritten though it was to be written only if it is not there: this object store does not know \
                 conditional puts, and nothing would keep two processes from writing to it",
                objects.describe(path)
            );
            Err(io::Error::new(io::ErrorKind::Unsupported, message))
        }
    }
}

fn refuse(objects: &Objects, before: &Record, log: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    if before.released || before.log == log {
        return Ok(());
    }
    if now < before.renewed_at + PATIENCE {
        return Err(in_use(objects, before));
    }
    let message = format!(
        "{} was last written to by {}, which did not close it: writes may be only in its log. Start it there once more, \
         or give them up with `performance-platform store release`",
        objects.describe(""),
        before.holder
    );
    Err(io::Error::other(message).into())
}

fn in_use(objects: &Objects, record: &Record) -> StoreError {
    let holder = format!("{} (seen at {})", record.holder, record.renewed_at.format("%Y-%m-%d %H:%M:%S UTC"));
    StoreError::InUse { place: objects.describe(""), holder }
}
