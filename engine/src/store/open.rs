//! Opening a store, and bringing back what its log holds.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use chrono::Utc;
use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::sync::{Notify, Semaphore, mpsc};

use super::options::FLUSHES;
use super::{Store, StoreError, StoreOptions, tend};
use crate::data_set::{Home, data_set_name, folder_name};
use crate::lease::{self, Lease, Taken};
use crate::log::{self, Log, LogSettings};
use crate::manifest;
use crate::object::Objects;
use crate::operation::Operation;
use crate::place::Place;
use crate::resources::Resources;

/// The folder of all data sets.
pub(super) const DATA_SETS: &str = "data-sets";
/// Manifests that are read at the same time.
const READS: usize = 32;

impl Store {
    /// Opens the store in a local folder, creating it when it is not there, and brings back what the log holds.
    ///
    /// # Errors
    /// As [`Store::open_at`].
    pub async fn open(folder: &Path, options: StoreOptions) -> Result<Arc<Self>, StoreError> {
        Self::open_at(Place::local(folder)?, options).await
    }

    /// Opens the store at a place, creating it when it is not there, and brings back what the log holds.
    ///
    /// # Errors
    /// When another process has it open, or files cannot be read.
    pub async fn open_at(place: Place, options: StoreOptions) -> Result<Arc<Self>, StoreError> {
        std::fs::create_dir_all(place.log())?;
        let lock = lock(&place)?;
        let (lease, mut last) = if place.objects.is_remote() {
            let (lease, last) = take_lease(&place).await?;
            (Some(lease), last)
        } else if log::is_empty(&place.log())? {
            (None, newest_of_all(&place.objects).await?.0)
        } else {
            (None, 0)
        };
        let epoch = lease.as_ref().map_or(0, Lease::epoch);
        let mut store = Self { epoch, lease, _lock: Some(lock), ..Self::without_log(place, options)? };
        store.find_data_sets().await?;
        last = last.max(store.recover().await?);
        store.log = Some(Log::start(store.log_settings(), last + 1, Arc::clone(&store.resources))?);
        let store = Arc::new(store);
        tend::in_background(&store);
        Ok(store)
    }

    /// Opens a store for reading, whoever writes to it: manifests are followed.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn open_to_read(place: Place, options: StoreOptions) -> Result<Arc<Self>, StoreError> {
        let store = Self::without_log(place, options)?;
        store.find_data_sets().await?;
        let store = Arc::new(store);
        tend::in_background(&store);
        Ok(store)
    }

    /// A store without a log, a lease and data sets.
    fn without_log(place: Place, options: StoreOptions) -> io::Result<Self> {
        Ok(Self {
            epoch: 0,
            log: None,
            data_sets: Mutex::new(HashMap::new()),
            permits: Semaphore::new(FLUSHES),
            wake: Arc::new(Notify::new()),
            ticks: AtomicU64::new(1),
            resources: Resources::new(options.cache)?,
            lease: None,
            place,
            options,
            _lock: None,
        })
    }

    /// Gives up the lease of a process that is gone for good, and with it the writes that were only in its log. Says who that
    /// was; `None` if nobody has the store.
    ///
    /// # Errors
    /// When that process was seen within the last minute, or the store cannot be reached.
    pub async fn release(place: &Place) -> Result<Option<String>, StoreError> {
        lease::give_up(&place.objects, Utc::now()).await
    }

    /// Notes the data sets that there are; none is opened.
    async fn find_data_sets(&self) -> io::Result<()> {
        for folder in self.place.objects.folders(DATA_SETS).await? {
            self.slot_or_new(&data_set_name(&folder));
        }
        Ok(())
    }

    pub(super) fn home(&self, name: &str) -> Home {
        Home {
            objects: self.place.objects.clone(),
            folder: format!("{DATA_SETS}/{}", folder_name(name)).into(),
            resources: Arc::clone(&self.resources),
            sizes: self.options.sizes,
            epoch: self.epoch,
        }
    }

    fn log_settings(&self) -> LogSettings {
        LogSettings {
            folder: self.place.log(),
            disk: Arc::clone(&self.place.log_disk),
            durability: self.options.durability,
            file_bytes: self.options.log_file,
        }
    }

    /// Applies what is in the log and in no segment. The position of the last frame that there ever was.
    async fn recover(&self) -> Result<u64, StoreError> {
        let settings = self.log_settings();
        let mut last = log::last_before(&settings.folder)?;
        let (sender, mut frames) = mpsc::channel(16);
        let reading = tokio::task::spawn_blocking(move || {
            log::recover(&settings, |frame| sender.blocking_send(frame).map_err(io::Error::other))
        });
        while let Some(frame) = frames.recv().await {
            last = last.max(frame.position);
            let (name, operation) = Operation::decode(&frame.payload)?;
            self.slot_or_new(&name).recover(self, &operation, frame.position).await;
        }
        reading.await.map_err(io::Error::other)??;
        Ok(last)
    }
}

fn lock(place: &Place) -> Result<File, StoreError> {
    let lock = File::create(place.folder.join("lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
            place: place.folder.display().to_string(),
            holder: "another process".to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Takes the lease on a store that others can reach; with it the highest log position of its manifests, if it cannot be had
/// from the log.
async fn take_lease(place: &Place) -> Result<(Lease, u64), StoreError> {
    let path = place.folder.join("log-id");
    let id = match std::fs::read_to_string(&path) {
        Ok(id) => id,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let id = uuid::Uuid::new_v4().to_string();
            Objects::local(&place.folder)?.put("log-id", id.clone().into()).await?;
            id
        }
        Err(error) => return Err(error.into()),
    };
    let objects = &place.objects;
    let is_new = objects.folders("").await?.iter().all(|folder| folder != "lease");
    let (mut last, above) = if is_new { newest_of_all(objects).await? } else { (0, 0) };
    let Taken { lease, has_log } = Lease::take(objects, &id, above, Utc::now()).await?;
    if !is_new && !has_log && !log::is_empty(&place.log())? {
        // what is in it was given up, or is in segments: others have gone on since
        std::fs::rename(place.log(), place.folder.join(format!("log-before-lease-{}", lease.epoch())))?;
        std::fs::create_dir_all(place.log())?;
    }
    if !is_new && (!has_log || log::is_empty(&place.log())?) {
        last = newest_of_all(objects).await?.0;
    }
    Ok((lease, last))
}

/// The highest log position and the highest epoch of all manifests.
async fn newest_of_all(objects: &Objects) -> io::Result<(u64, u64)> {
    let folders = objects.folders(DATA_SETS).await?;
    let reads = folders.into_iter().map(|folder| {
        let folder = format!("{DATA_SETS}/{folder}");
        async move { manifest::newest(objects, &folder).await }
    });
    let newest = stream::iter(reads).buffer_unordered(READS);
    let highest = newest.try_fold((0, 0), async |highest, (manifest, _)| {
        let own = manifest.map_or((0, 0), |manifest| (manifest.position, manifest.epoch));
        Ok((highest.0.max(own.0), highest.1.max(own.1)))
    });
    highest.await
}
