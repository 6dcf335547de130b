//! What the log does to the disk, step by step. Each can fail or be the last before a crash, and tests put a disk in this place
//! that does so.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

/// The disk that the files of the log are on.
pub trait LogDisk: Debug + Send + Sync {
    /// A new file without bytes. Its name is durable when this returns.
    ///
    /// # Errors
    /// When it cannot be made; there may be an empty file then.
    fn create(&self, path: &Path) -> io::Result<Box<dyn LogFile>>;

    /// A file that is there, to be cut.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>>;

    /// Removes a file.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// A file of the log.
pub trait LogFile: Send {
    /// Adds bytes at its end. They need not be durable when this returns.
    ///
    /// # Errors
    /// When not all could be added; some may have been.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes durable what was added.
    ///
    /// # Errors
    /// When it is not known to be.
    fn sync(&mut self) -> io::Result<()>;

    /// Takes away what is beyond so many bytes, for good.
    ///
    /// # Errors
    /// When it may still be there.
    fn cut(&mut self, bytes: u64) -> io::Result<()>;
}

/// The disk of the machine.
#[derive(Debug)]
pub struct LocalDisk;

impl LogDisk for LocalDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        let file = OpenOptions::new().create(true).write(true).truncate(true).open(path)?;
        path.parent().map_or(Ok(()), sync_folder)?;
        Ok(Box::new(file))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        Ok(Box::new(OpenOptions::new().write(true).open(path)?))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }
}

impl LogFile for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)?;
        self.seek(SeekFrom::Start(bytes))?;
        self.sync_all()
    }
}

/// Makes names in a folder durable.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
