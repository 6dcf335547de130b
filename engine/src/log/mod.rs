//! The write-ahead log: what makes an acknowledged write survive a crash.
//!
//! Writers hand their frame to one thread, which writes all that wait with one call and one `fsync` (group commit), and
//! only then tells them their positions. A file of the log is deleted when everything in it is in segments.
//!
//! Frame: length of the payload (u32), CRC-32 of position and payload (u32), position (u64), payload; little-endian.
//! Positions grow by one. The tail of the last file may be torn by a crash: recovery cuts it off. A broken frame
//! anywhere else is an error.

mod recover;

pub use recover::recover;

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::oneshot;

/// A file of the log is closed when it has this many bytes.
const FILE_BYTES: u64 = 32 * 1024 * 1024;

/// A frame that waits to be written.
struct Waiting {
    payload: Vec<u8>,
    written: oneshot::Sender<io::Result<u64>>,
}

/// The open log.
#[derive(Debug)]
pub struct Log {
    queue: Sender<Waiting>,
    folder: PathBuf,
}

impl Log {
    /// Starts the log in its folder; the next frame gets the position `next`.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn start(folder: &Path, next: u64) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (queue, frames) = channel();
        let mut writer = Writer::open(folder, next)?;
        std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.run(&frames))?;
        Ok(Self { queue, folder: folder.to_owned() })
    }

    /// Writes a frame; when this returns it is on disk. Gives its position.
    ///
    /// # Errors
    /// When it could not be written: then nothing of it is in the log, and the log can be used again.
    pub async fn append(&self, payload: Vec<u8>) -> io::Result<u64> {
        let (written, wait) = oneshot::channel();
        let stopped = || io::Error::other("the log has stopped");
        self.queue.send(Waiting { payload, written }).map_err(|_| stopped())?;
        wait.await.map_err(|_| stopped())?
    }

    /// Deletes the files of which every frame has a position below `needed`.
    ///
    /// # Errors
    /// When a file cannot be deleted.
    pub fn forget_below(&self, needed: u64) -> io::Result<()> {
        let files = recover::files(&self.folder)?;
        // A file ends where the next one begins; the last is still being written.
        for pair in files.windows(2) {
            if let [(_, path), (next_first, _)] = pair
                && *next_first <= needed
            {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

struct Writer {
    folder: PathBuf,
    file: File,
    bytes: u64,
    next: u64,
}

impl Writer {
    fn open(folder: &Path, next: u64) -> io::Result<Self> {
        let file =
            OpenOptions::new().create(true).write(true).truncate(true).open(file_path(folder, next))?;
        sync_folder(folder)?;
        Ok(Self { folder: folder.to_owned(), file, bytes: 0, next })
    }

    fn run(&mut self, frames: &Receiver<Waiting>) {
        while let Ok(first) = frames.recv() {
            let mut group = vec![first];
            group.extend(frames.try_iter().take(4_095));
            let mut buffer = Vec::with_capacity(group.iter().map(|waiting| waiting.payload.len() + 16).sum());
            for (position, waiting) in (self.next..).zip(&group) {
                write_frame(&mut buffer, position, &waiting.payload);
            }
            let result = self.write(&buffer);
            let count = group.len() as u64;
            for (position, waiting) in (self.next..).zip(group) {
                let answer = match &result {
                    Ok(()) => Ok(position),
                    Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
                };
                // A writer that has gone away does not change what is on disk.
                let _ = waiting.written.send(answer);
            }
            if result.is_ok() {
                self.next += count;
            }
        }
    }

    fn write(&mut self, buffer: &[u8]) -> io::Result<()> {
        if self.bytes >= FILE_BYTES {
            *self = Self::open(&self.folder, self.next)?;
        }
        let result = self.file.write_all(buffer).and_then(|()| self.file.sync_data());
        match result {
            Ok(()) => self.bytes += buffer.len() as u64,
            // What was written of it must not be found by a recovery.
            Err(_) => {
                self.file.set_len(self.bytes)?;
                self.file.seek(SeekFrom::Start(self.bytes))?;
            }
        }
        result
    }
}

fn write_frame(buffer: &mut Vec<u8>, position: u64, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    buffer.extend(length.to_le_bytes());
    buffer.extend(checksum(position, payload).to_le_bytes());
    buffer.extend(position.to_le_bytes());
    buffer.extend(payload);
}

fn checksum(position: u64, payload: &[u8]) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(&position.to_le_bytes());
    hash.update(payload);
    hash.finalize()
}

fn file_path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.log"))
}

/// Makes names in a folder durable.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
