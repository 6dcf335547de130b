//! A local folder whose files are on disk, names included, when a put has succeeded.
//!
//! A file is a draft under another name first, is written and synced, gets its name, and its name is synced. Each of these steps can
//! fail or be the last before a crash, and tests put a disk in this place that does so ([`PutDisk`]).

use std::fmt::{self, Debug};
use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};

use crate::log::sync_folder;
use crate::object::io_error;

/// What putting a file does to a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PutStep {
    /// A new file without bytes, under another name.
    Draft,
    /// Bytes are added to it.
    Write,
    /// What was added is made durable.
    Sync,
    /// It gets its name.
    Name,
    /// The name is made durable.
    SyncName,
}

/// The disk that files are put on.
pub trait PutDisk: Debug + Send + Sync {
    /// Takes a step with a file, or with the folder of names.
    ///
    /// # Errors
    /// When it was not taken, or is not known to have been.
    fn take(&self, step: PutStep, path: &FilePath, how: &mut dyn FnMut() -> io::Result<()>)
    -> io::Result<()>;
}

/// The disk of the machine.
#[derive(Debug)]
pub struct LocalPuts;

impl PutDisk for LocalPuts {
    fn take(&self, _: PutStep, _: &FilePath, how: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        how()
    }
}

/// The folder.
#[derive(Debug)]
pub struct DurableFolder {
    files: LocalFileSystem,
    disk: Arc<dyn PutDisk>,
}

impl DurableFolder {
    /// Opens a folder, which is made if it is not there.
    ///
    /// # Errors
    /// When it cannot be made or used.
    pub fn open(folder: &FilePath, disk: Arc<dyn PutDisk>) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let files = LocalFileSystem::new_with_prefix(folder).map_err(|error| io_error(&error))?;
        Ok(Self { files, disk })
    }

    /// Makes the name of a file durable.
    ///
    /// # Errors
    /// When it is not known to be.
    pub async fn settle(&self, location: &Path) -> io::Result<()> {
        let target = self.files.path_to_filesystem(location).map_err(|error| io_error(&error))?;
        let disk = Arc::clone(&self.disk);
        let settling = tokio::task::spawn_blocking(move || sync_name(&target, &*disk));
        settling.await.map_err(io::Error::other)?
    }
}

impl fmt::Display for DurableFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.files, f)
    }
}

/// Tells drafts of one process apart.
static DRAFTS: AtomicU64 = AtomicU64::new(0);

/// A file is put on disk in pieces of so many bytes: a file system that orders its writes lets whoever waits for the log wait for
/// what is not on disk of other files as well.
const PIECE: usize = 1 << 20;

fn put_durably(
    target: &FilePath,
    payload: &PutPayload,
    mode: &PutMode,
    disk: &dyn PutDisk,
) -> io::Result<()> {
    let folder = folder_of(target)?;
    if !folder.is_dir() {
        fs::create_dir_all(folder)?;
        folder.parent().map_or(Ok(()), sync_folder)?;
    }
    // Listings leave out names of this form.
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    let draft = PathBuf::from(format!("{}#{number}", target.display()));
    write_draft(&draft, payload, disk)
        .and_then(|()| disk.take(PutStep::Name, target, &mut || name(&draft, target, mode)))
        .and_then(|()| sync_name(target, disk))
        .inspect_err(|_| {
            // The first error is the one to tell; a draft that stays is no file of the store.
            let _ = fs::remove_file(&draft);
        })
}

fn write_draft(draft: &FilePath, payload: &PutPayload, disk: &dyn PutDisk) -> io::Result<()> {
    let mut made = None;
    disk.take(PutStep::Draft, draft, &mut || {
        made = Some(File::create(draft)?);
        Ok(())
    })?;
    let mut file = made.ok_or_else(|| io::Error::other("a file was not made"))?;
    for (number, piece) in payload.iter().flat_map(|part| part.chunks(PIECE)).enumerate() {
        if number > 0 {
            disk.take(PutStep::Sync, draft, &mut || file.sync_data())?;
        }
        disk.take(PutStep::Write, draft, &mut || file.write_all(piece))?;
    }
    disk.take(PutStep::Sync, draft, &mut || file.sync_all())
}

fn name(draft: &FilePath, target: &FilePath, mode: &PutMode) -> io::Result<()> {
    match mode {
        // A hard link fails when the name is taken, which a rename does not.
        PutMode::Create => fs::hard_link(draft, target).and_then(|()| fs::remove_file(draft)),
        _ => fs::rename(draft, target),
    }
}

fn sync_name(target: &FilePath, disk: &dyn PutDisk) -> io::Result<()> {
    let folder = folder_of(target)?;
    disk.take(PutStep::SyncName, folder, &mut || sync_folder(folder))
}

fn folder_of(target: &FilePath) -> io::Result<&FilePath> {
    target.parent().ok_or_else(|| io::Error::other("a file needs a folder"))
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
            return self.files.put_opts(location, payload, options).await;
        }
        let target = self.files.path_to_filesystem(location)?;
        let (mode, disk) = (options.mode, Arc::clone(&self.disk));
        let written =
            tokio::task::spawn_blocking(move || put_durably(&target, &payload, &mode, &*disk)).await?;
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
        self.files.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> object_store::Result<Vec<Bytes>> {
        self.files.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.files.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.files.copy_opts(from, to, options).await
    }
}
