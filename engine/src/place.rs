//! Where a store is.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;

use crate::durable_folder::PutDisk;
use crate::log::{LocalDisk, LogDisk};
use crate::object::Objects;

/// Where a store is: its files, and the folder for its log, which is always local.
#[derive(Debug, Clone)]
pub struct Place {
    pub(crate) objects: Objects,
    pub(crate) folder: PathBuf,
    pub(crate) log_disk: Arc<dyn LogDisk>,
}

impl Place {
    /// Everything in one local folder, which is made if it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made or used.
    pub fn local(folder: &Path) -> io::Result<Self> {
        Ok(Self::of(Objects::local(folder)?, folder))
    }

    /// The same, with files put on a disk that may behave in another way.
    ///
    /// # Errors
    /// As [`Place::local`].
    pub fn local_on(folder: &Path, disk: Arc<dyn PutDisk>) -> io::Result<Self> {
        Ok(Self::of(Objects::local_on(folder, disk)?, folder))
    }

    /// Files at a URL, with the log in a local folder; or everything in the local folder that `store` names. Credentials and settings come from the usual
    /// variables of the environment (`AWS_...`, `AZURE_...`, `GOOGLE_...`).
    ///
    /// # Errors
    /// When the URL is of no kind that is known, settings are missing, or a folder cannot be used.
    pub fn at(store: &str, folder: &Path) -> io::Result<Self> {
        let objects = Objects::at(store)?;
        if let Some(own) = objects.local_folder() {
            // one lock for all who use it, wherever else they keep things
            return Self::local(&own);
        }
        std::fs::create_dir_all(folder)?;
        Ok(Self::of(objects, folder))
    }

    /// Files in any object store, which is called `name`, and the log in a local folder.
    pub fn on(store: Arc<dyn ObjectStore>, name: &str, folder: &Path) -> Self {
        Self::of(Objects::remote(store, name), folder)
    }

    fn of(objects: Objects, folder: &Path) -> Self {
        Self { objects, folder: folder.to_owned(), log_disk: Arc::new(LocalDisk) }
    }

    /// The same place with the files of its log on a disk that may behave in another way.
    #[must_use]
    pub fn with_log_disk(self, log_disk: Arc<dyn LogDisk>) -> Self {
        Self { log_disk, ..self }
    }

    /// What a person calls it.
    pub fn describe(&self) -> String {
        self.objects.describe("").trim_end_matches('/').to_owned()
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
}
