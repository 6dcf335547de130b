//! Where the files of a store are: a local folder, or an object store.
//!
//! [`Objects`] is what the rest of the engine uses: paths are relative to the store, errors name the file. A local folder is
//! an object store as well ([`DurableFolder`]), one that puts a file and its name on disk before it says that it is there.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};

use crate::log::sync_folder;

/// The files of a store.
#[derive(Debug, Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// What stands before a path in messages.
    root: Arc<str>,
    is_remote: bool,
}

impl Objects {
    /// The files in a local folder.
    ///
    /// # Errors
    /// When the folder cannot be made or used.
    pub fn local(folder: &std::path::Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let inner = LocalFileSystem::new_with_prefix(folder).map_err(|error| io_error(&error))?;
        let root = format!("{}/", folder.display()).into();
        Ok(Self { store: Arc::new(DurableFolder(inner)), root, is_remote: false })
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
        Self { store, root: format!("{}/", root.trim_end_matches('/')).into(), is_remote: true }
    }

    /// The local folder that the files are in, if it is one.
    pub fn local_folder(&self) -> Option<PathBuf> {
        (!self.is_remote).then(|| PathBuf::from(&*self.root))
    }

    /// Whether an answer may be lost on its way.
    pub fn is_remote(&self) -> bool {
        self.is_remote
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
fn io_error(error: &object_store::Error) -> io::Error {
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

/// A local folder whose files are on disk, names included, when a put has succeeded.
#[derive(Debug)]
struct DurableFolder(LocalFileSystem);

impl fmt::Display for DurableFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Tells drafts of one process apart.
static DRAFTS: AtomicU64 = AtomicU64::new(0);

/// A file is put on disk in pieces of so many bytes: a file system that orders its writes lets whoever waits for the log wait for
/// what is not on disk of other files as well.
const PIECE: usize = 1 << 20;

fn put_durably(target: &std::path::Path, payload: &PutPayload, mode: &PutMode) -> io::Result<()> {
    let folder = target.parent().ok_or_else(|| io::Error::other("a file needs a folder"))?;
    if !folder.is_dir() {
        fs::create_dir_all(folder)?;
        folder.parent().map_or(Ok(()), sync_folder)?;
    }
    // Listings leave out names of this form.
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    let draft = PathBuf::from(format!("{}#{number}", target.display()));
    let write = || {
        let mut file = File::create(&draft)?;
        for (number, piece) in payload.iter().flat_map(|part| part.chunks(PIECE)).enumerate() {
            if number > 0 {
                file.sync_data()?;
            }
            file.write_all(piece)?;
        }
        file.sync_all()?;
        match mode {
            // A hard link fails when the name is taken, which a rename does not.
            PutMode::Create => fs::hard_link(&draft, target).and_then(|()| fs::remove_file(&draft)),
            _ => fs::rename(&draft, target),
        }?;
        sync_folder(folder)
    };
    write().inspect_err(|_| {
        // The first error is the one to tell; a draft that stays is no file of the store.
        let _ = fs::remove_file(&draft);
    })
}

#[async_trait]
impl ObjectStore for DurableFolder {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        if matches!(options.mode, PutMode::Update(_)) {
            return self.0.put_opts(location, payload, options).await;
        }
        let target = self.0.path_to_filesystem(location)?;
        let mode = options.mode;
        let written = tokio::task::spawn_blocking(move || put_durably(&target, &payload, &mode)).await?;
        match written {
            Ok(()) => Ok(PutResult { e_tag: None, version: None }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(object_store::Error::AlreadyExists { path: location.to_string(), source: error.into() })
            }
            Err(error) => Err(object_store::Error::Generic { store: "folder", source: error.into() }),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> object_store::Result<Vec<Bytes>> {
        self.0.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}
