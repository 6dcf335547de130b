//! Where a store is.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;

use crate::object::Objects;

/// Where a store is: its files, and the folder for its log, which is always local.
#[derive(Debug, Clone)]
pub struct Place {
    pub(crate) objects: Objects,
    pub(crate) folder: PathBuf,
}

impl Place {
    /// Everything in one local folder, which is made if it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made or used.
    pub fn local(folder: &Path) -> io::Result<Self> {
        Ok(Self { objects: Objects::local(folder)?, folder: folder.to_owned() })
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
        Ok(Self { objects, folder: folder.to_owned() })
    }

    /// Files in any object store, which is called `name`, and the log in a local folder.
    pub fn on(store: Arc<dyn ObjectStore>, name: &str, folder: &Path) -> Self {
        Self { objects: Objects::remote(store, name), folder: folder.to_owned() }
    }

    /// What a person calls it.
    pub fn describe(&self) -> String {
        self.objects.describe("").trim_end_matches('/').to_owned()
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
}
