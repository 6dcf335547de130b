//! Where the files of a store are: a local folder, or an object store.
//!
//! [`Objects`] is what the rest of the engine uses: paths are relative to the store, errors name the file. A local folder is
//! an object store as well ([`DurableFolder`]), one that puts a file and its name on disk before it says that it is there.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};

use crate::durable_folder::{DurableFolder, LocalPuts, PutDisk};

/// The files of a store.
#[derive(Debug, Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// What stands before a path in messages.
    root: Arc<str>,
    /// The same store, if it is a local folder.
    folder: Option<Arc<DurableFolder>>,
}

impl Objects {
    /// The files in a local folder.
    ///
    /// # Errors
    /// When the folder cannot be made or used.
    pub fn local(folder: &std::path::Path) -> io::Result<Self> {
        Self::local_on(folder, Arc::new(LocalPuts))
    }

    /// The same on a disk that may behave in another way when files are put.
    ///
    /// # Errors
    /// As [`Objects::local`].
    pub fn local_on(folder: &std::path::Path, disk: Arc<dyn PutDisk>) -> io::Result<Self> {
        let root = format!("{}/", folder.display()).into();
        let folder = Arc::new(DurableFolder::open(folder, disk)?);
        Ok(Self { store: folder.clone(), root, folder: Some(folder) })
    }

    /// What a person calls the file.
    pub fn describe(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }

    /// The files at a URL, or in a local folder. Credentials and settings come from the usual variables of the environment
    /// (`AWS_...`, `AZURE_...`, `GOOGLE_...`).
    ///
    /// # Errors
    /// When the URL is of no kind that is known, settings are missing, or the folder cannot be used.
    pub fn at(place: &str) -> io::Result<Self> {
        if !place.contains("://") {
            return Self::local(std::path::Path::new(place));
        }
        let invalid = |reason: String| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("cannot use the store {place}: {reason}"))
        };
        let url = url::Url::parse(place).map_err(|error| invalid(error.to_string()))?;
        if url.scheme() == "file" {
            let path = url.to_file_path().map_err(|()| invalid("it is no path".to_owned()))?;
            return Self::local(&path);
        }
        let is_setting =
            |name: &str| ["AWS_", "AZURE_", "GOOGLE_"].iter().any(|start| name.starts_with(start));
        let settings = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| is_setting(name));
        let (store, path) =
            object_store::parse_url_opts(&url, settings).map_err(|error| invalid(error.to_string()))?;
        let store: Arc<dyn ObjectStore> =
            if path.as_ref().is_empty() { store.into() } else { Arc::new(PrefixStore::new(store, path)) };
        Ok(Self::remote(store, place))
    }

    /// The files in an object store; `root` is what it is called.
    pub fn remote(store: Arc<dyn ObjectStore>, root: &str) -> Self {
        Self { store, root: format!("{}/", root.trim_end_matches('/')).into(), folder: None }
    }

    /// The local folder that the files are in, if it is one.
    pub fn local_folder(&self) -> Option<PathBuf> {
        self.folder.is_some().then(|| PathBuf::from(&*self.root))
    }

    /// Whether an answer may be lost on its way.
    pub fn is_remote(&self) -> bool {
        self.folder.is_none()
    }

    /// Makes durable that a file is there, which it is although putting it was told to have failed.
    ///
    /// # Errors
    /// When it is not known to be durable.
    pub async fn settle(&self, path: &str) -> io::Result<()> {
        match &self.folder {
            Some(folder) => folder.settle(&parsed(path)?).await,
            // What an object store shows is durable.
            None => Ok(()),
        }
    }

    /// A whole file.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be read.
    pub async fn get(&self, path: &str) -> io::Result<Bytes> {
        let found = self.store.get(&parsed(path)?).await.map_err(|error| io_error(&error))?;
        found.bytes().await.map_err(|error| io_error(&error))
    }

    /// Puts a file in its place, whether there was one or not. It is durable when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put(&self, path: &str, bytes: Bytes) -> io::Result<()> {
        let put = self.store.put(&parsed(path)?, bytes.into()).await;
        put.map(|_| ()).map_err(|error| io_error(&error))
    }

    /// Puts a file where there is none. It is durable when this returns.
    ///
    /// # Errors
    /// `AlreadyExists` if there is one, or when it cannot be written.
    pub async fn create(&self, path: &str, bytes: Bytes) -> io::Result<()> {
        let options = PutOptions::from(PutMode::Create);
        let put = self.store.put_opts(&parsed(path)?, bytes.into(), options).await;
        put.map(|_| ()).map_err(|error| io_error(&error))
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn delete(&self, path: &str) -> io::Result<()> {
        match self.store.delete(&parsed(path)?).await.map_err(|error| io_error(&error)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// The names of the files in a folder, without those in folders below.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let listed = self.store.list_with_delimiter(Some(&parsed(folder)?)).await;
        let objects = listed.map_err(|error| io_error(&error))?.objects;
        Ok(objects.iter().filter_map(|object| object.location.filename().map(str::to_owned)).collect())
    }

    /// The names of the folders in a folder.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn folders(&self, folder: &str) -> io::Result<Vec<String>> {
        let listed = self.store.list_with_delimiter(Some(&parsed(folder)?)).await;
        let folders = listed.map_err(|error| io_error(&error))?.common_prefixes;
        Ok(folders.iter().filter_map(|path| path.filename().map(str::to_owned)).collect())
    }

    /// Parts of a file.
    ///
    /// # Errors
    /// When there is no such file, it is too short, or it cannot be read.
    pub async fn ranges(&self, path: &str, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
        self.store.get_ranges(&parsed(path)?, ranges).await.map_err(|error| io_error(&error))
    }
}

fn parsed(path: &str) -> io::Result<Path> {
    Path::parse(path).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

/// The error as the file system would have told it, as far as it can be known.
pub(crate) fn io_error(error: &object_store::Error) -> io::Error {
    use object_store::Error as E;
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(io) = current.downcast_ref::<io::Error>() {
            return io::Error::new(io.kind(), io.to_string());
        }
        cause = current.source();
    }
    let kind = match error {
        E::NotFound { .. } => io::ErrorKind::NotFound,
        E::AlreadyExists { .. } | E::Precondition { .. } => io::ErrorKind::AlreadyExists,
        E::PermissionDenied { .. } | E::Unauthenticated { .. } => io::ErrorKind::PermissionDenied,
        E::NotSupported { .. } | E::NotImplemented { .. } => io::ErrorKind::Unsupported,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error.to_string())
}
