//! Copying a store while it is used, and bringing a copy back.
//!
//! The log is copied first, the data sets after it: what the log had at that time is in the copy, in the log or in a
//! segment. Files never change once they are named by a manifest, so that copying needs no lock; what is put together or
//! cut off in the meantime is found in the newer files.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::log::sync_folder;
use crate::manifest;

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

/// Copies a store to a folder that is empty or does not exist. `seen` is told what has been copied after every data set.
///
/// # Errors
/// When a file cannot be read or written, or the folder is not empty.
pub fn backup(store: &Path, to: &Path, mut seen: impl FnMut(Copied)) -> io::Result<Copied> {
    if !store.join("data-sets").is_dir() {
        let message = format!("{} holds no store", store.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    ensure_empty(to)?;
    let mut copied = Copied::default();
    copy_log(&store.join("log"), &to.join("log"), &mut copied)?;
    fs::create_dir_all(to.join("data-sets"))?;
    for entry in fs::read_dir(store.join("data-sets"))? {
        let entry = entry?;
        copy_data_set(&entry.path(), &to.join("data-sets").join(entry.file_name()), &mut copied)?;
        copied.data_sets += 1;
        seen(copied);
    }
    sync_folder(&to.join("data-sets"))?;
    sync_folder(to)?;
    Ok(copied)
}

fn ensure_empty(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    if fs::read_dir(folder)?.next().is_some() {
        let message = format!("{} is not empty", folder.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
    }
    Ok(())
}

fn copy_log(from: &Path, to: &Path, copied: &mut Copied) -> io::Result<()> {
    fs::create_dir_all(to)?;
    if !from.is_dir() {
        return Ok(());
    }
    let mut files: Vec<PathBuf> =
        fs::read_dir(from)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    files.sort();
    for file in files {
        // a file that has gone is in segments, which are copied later
        copy_unless_gone(&file, to, copied)?;
    }
    sync_folder(to)
}

fn copy_data_set(from: &Path, to: &Path, copied: &mut Copied) -> io::Result<()> {
    for _ in 0..ATTEMPTS {
        let before = *copied;
        fs::create_dir_all(to)?;
        let (manifest, path) = match manifest::newest_with_path(from)? {
            Some(found) => found,
            None => return Ok(()),
        };
        let mut is_whole = true;
        for entry in &manifest.segments {
            is_whole &= copy_unless_gone(&from.join(&entry.file), to, copied)?;
        }
        // the manifest last: a copy without one has nothing half-done
        if is_whole && copy_unless_gone(&path, to, copied)? {
            return sync_folder(to);
        }
        fs::remove_dir_all(to)?;
        *copied = before;
    }
    let message = format!("{} changes faster than it can be copied", from.display());
    Err(io::Error::other(message))
}

/// Copies a file into a folder and makes it durable. Whether it was there.
fn copy_unless_gone(file: &Path, to: &Path, copied: &mut Copied) -> io::Result<bool> {
    let Some(name) = file.file_name() else { return Ok(false) };
    let target = to.join(name);
    match fs::copy(file, &target) {
        Ok(bytes) => {
            File::open(&target)?.sync_all()?;
            copied.files += 1;
            copied.bytes += bytes;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", file.display()))),
    }
}
