//! Copying a store while it is used, and bringing a copy back.
//!
//! The log is copied first, the data sets after it: what the log had at that time is in the copy, in the log or in a
//! segment. Files never change once they are named by a manifest, so that copying needs no lock; what is put together or
//! cut off in the meantime is found in the newer files.

use std::io;
use std::path::Path;

use bytes::Bytes;

use crate::manifest;
use crate::object::Objects;
use crate::place::Place;

/// How often a data set is copied anew when its files change while they are copied.
const ATTEMPTS: usize = 20;

/// What was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Data sets.
    pub data_sets: usize,
    /// Files of all kinds.
    pub files: usize,
    /// Bytes of all files.
    pub bytes: u64,
}

/// Where a backup is: all of it in one folder, local or of an object store.
#[derive(Debug, Clone)]
pub struct Backup {
    files: Objects,
}

impl Backup {
    /// A backup at a URL, or in a local folder.
    ///
    /// # Errors
    /// When the URL is of no kind that is known, or the folder cannot be used.
    pub fn at(place: &str) -> io::Result<Self> {
        Ok(Self { files: Objects::at(place)? })
    }

    /// What a person calls it.
    pub fn describe(&self) -> String {
        self.files.describe("").trim_end_matches('/').to_owned()
    }

    /// Puts a further file into it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put(&self, name: &str, bytes: impl Into<Bytes>) -> io::Result<()> {
        self.files.put(name, bytes.into()).await
    }

    /// A further file that was put into it; `None` if there is none of that name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn get(&self, name: &str) -> io::Result<Option<Bytes>> {
        match self.files.get(name).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Copies a store to an empty place. `seen` is told what has been copied after every data set.
///
/// # Errors
/// When a file cannot be read or written, or there is something at the place already.
pub async fn backup(store: &Place, to: &Backup, seen: impl FnMut(Copied)) -> io::Result<Copied> {
    let logs = Objects::local(&store.folder)?;
    copy(Files { records: &store.objects, logs: &logs }, Files { records: &to.files, logs: &to.files }, seen)
        .await
}

/// Makes a store of a backup, at an empty place.
///
/// # Errors
/// As [`backup`].
pub async fn restore(from: &Backup, store: &Place, seen: impl FnMut(Copied)) -> io::Result<Copied> {
    let logs = Objects::local(&store.folder)?;
    copy(
        Files { records: &from.files, logs: &from.files },
        Files { records: &store.objects, logs: &logs },
        seen,
    )
    .await
}

/// Where the two kinds of files are.
#[derive(Clone, Copy)]
struct Files<'a> {
    records: &'a Objects,
    logs: &'a Objects,
}

async fn copy(from: Files<'_>, to: Files<'_>, mut seen: impl FnMut(Copied)) -> io::Result<Copied> {
    let folders = from.records.folders("data-sets").await?;
    if folders.is_empty() && from.logs.names("log").await?.is_empty() {
        let message = format!("{} holds no store", from.records.describe(""));
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    if !to.records.folders("data-sets").await?.is_empty() || !to.logs.names("log").await?.is_empty() {
        let message = format!("{} is not empty", to.records.describe(""));
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
    }
    let mut copied = Copied::default();
    for name in from.logs.names("log").await? {
        if is_log(&name) {
            // a file that has gone is in segments, which are copied later
            copy_unless_gone(from.logs, to.logs, &format!("log/{name}"), &mut copied).await?;
        }
    }
    for folder in folders {
        copy_data_set(from.records, to.records, &format!("data-sets/{folder}"), &mut copied).await?;
        copied.data_sets += 1;
        seen(copied);
    }
    Ok(copied)
}

fn is_log(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "log")
}

async fn copy_data_set(from: &Objects, to: &Objects, folder: &str, copied: &mut Copied) -> io::Result<()> {
    for _ in 0..ATTEMPTS {
        let before = *copied;
        let (Some(manifest), _) = manifest::newest(from, folder).await? else { return Ok(()) };
        let mut is_whole = true;
        for file in manifest.segments.iter().flat_map(|entry| [&entry.file, &entry.ids]) {
            is_whole &= copy_unless_gone(from, to, &format!("{folder}/{file}"), copied).await?;
        }
        // the manifest last: a copy without one has nothing half-done
        let path = format!("{folder}/{}", manifest::file_name(manifest.number));
        if is_whole && copy_unless_gone(from, to, &path, copied).await? {
            return Ok(());
        }
        *copied = before;
    }
    Err(io::Error::other(format!("{} changes faster than it can be copied", from.describe(folder))))
}

/// Copies a file and makes it durable. Whether it was there.
async fn copy_unless_gone(from: &Objects, to: &Objects, path: &str, copied: &mut Copied) -> io::Result<bool> {
    match from.get(path).await {
        Ok(bytes) => {
            copied.files += 1;
            copied.bytes += bytes.len() as u64;
            to.put(path, bytes).await?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", from.describe(path)))),
    }
}
