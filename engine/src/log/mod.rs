//! The write-ahead log: what makes an acknowledged write survive a crash.
//!
//! Writers hand their frame to one thread, which writes all that wait with one call and one `fsync` (group commit), and
//! only then tells them their positions. A file of the log is deleted when everything in it is in segments.
//!
//! Frame: length of the payload (u32), CRC-32 of position and payload (u32), position (u64), payload; little-endian.
//! Positions grow by one. The tail of the last file may be torn by a crash: recovery cuts it off. A broken frame
//! anywhere else is an error.

mod recover;

pub use recover::{check, recover};

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::oneshot;

/// A file of the log is closed when it has this many bytes.
const FILE_BYTES: u64 = 32 * 1024 * 1024;

/// A frame that waits to be written.
struct Waiting {
    payload: Vec<u8>,
    outcome: Outcome,
    written: oneshot::Sender<io::Result<()>>,
}

/// What became of a frame, for whoever looks. Frames are decided in the order in which they were submitted.
#[derive(Debug, Clone, Default)]
pub struct Outcome(Arc<AtomicU64>);

/// The outcome of a frame that is not in the log. No frame has this position.
const FAILED: u64 = u64::MAX;

impl Outcome {
    /// `None` as long as the frame waits; then its position, or `Some(None)` if it is not in the log.
    pub fn decided(&self) -> Option<Option<u64>> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            FAILED => Some(None),
            position => Some(Some(position)),
        }
    }
}

/// A frame on its way.
#[derive(Debug)]
pub struct Ticket {
    /// What becomes of it.
    pub outcome: Outcome,
    /// Its position will not be below this.
    pub floor: u64,
    written: oneshot::Receiver<io::Result<()>>,
}

impl Ticket {
    /// Waits until the frame is on disk.
    ///
    /// # Errors
    /// When it could not be written: then nothing of it is in the log, and the log can be used again.
    pub async fn wait(self) -> io::Result<()> {
        self.written.await.map_err(|_| stopped())?
    }
}

fn stopped() -> io::Error {
    io::Error::other("the log has stopped")
}

/// How safe a write is when it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// On disk: it survives a power cut.
    Fsync,
    /// With the operating system: it survives the end of this process, and after this time a power cut.
    Interval(Duration),
}

/// The open log.
#[derive(Debug)]
pub struct Log {
    queue: Sender<Waiting>,
    folder: PathBuf,
    /// The position of the next frame, or one before it.
    next: Arc<AtomicU64>,
    /// Bytes that wait to be written.
    waiting: Arc<AtomicUsize>,
}

impl Log {
    /// Starts the log in its folder; the next frame gets the position `next`.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn start(folder: &Path, next: u64, durability: Durability) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (queue, frames) = channel();
        let (position, waiting) = (Arc::new(AtomicU64::new(next)), Arc::new(AtomicUsize::new(0)));
        let mut writer = Writer::open(folder, next, durability)?;
        let (shared, written) = (Arc::clone(&position), Arc::clone(&waiting));
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || writer.run(&frames, &shared, &written))?;
        Ok(Self { queue, folder: folder.to_owned(), next: position, waiting })
    }

    /// Bytes that wait to be written.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Hands over a frame. Frames are written in the order in which they are handed over.
    ///
    /// # Errors
    /// When the log has stopped.
    pub fn submit(&self, payload: Vec<u8>) -> io::Result<Ticket> {
        let (sender, written) = oneshot::channel();
        let outcome = Outcome::default();
        let floor = self.next.load(Ordering::Acquire);
        self.waiting.fetch_add(payload.len(), Ordering::Relaxed);
        let waiting = Waiting { payload, outcome: outcome.clone(), written: sender };
        self.queue.send(waiting).map_err(|_| stopped())?;
        Ok(Ticket { outcome, floor, written })
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
    durability: Durability,
    /// Whether bytes beyond `bytes` may be in the file, which a recovery must not find.
    torn: bool,
    /// Whether bytes were written that are not known to be on disk.
    unsynced: bool,
}

impl Writer {
    fn open(folder: &Path, next: u64, durability: Durability) -> io::Result<Self> {
        let file =
            OpenOptions::new().create(true).write(true).truncate(true).open(file_path(folder, next))?;
        sync_folder(folder)?;
        Ok(Self { folder: folder.to_owned(), file, bytes: 0, next, durability, torn: false, unsynced: false })
    }

    fn run(&mut self, frames: &Receiver<Waiting>, next: &AtomicU64, waiting: &AtomicUsize) {
        while let Some(first) = self.receive(frames) {
            let mut group = vec![first];
            group.extend(frames.try_iter().take(4_095));
            let bytes: usize = group.iter().map(|waiting| waiting.payload.len()).sum();
            let mut buffer = Vec::with_capacity(bytes + 16 * group.len());
            for (position, waiting) in (self.next..).zip(&group) {
                write_frame(&mut buffer, position, &waiting.payload);
            }
            let result = self.write(&buffer);
            if result.is_err() {
                // what is left of it is cut off now or, if that fails too, before the next write
                let _ = self.mend();
            }
            // all are decided before anybody is told, so that whoever was told finds those before it decided
            for (position, waiting) in (self.next..).zip(&group) {
                let outcome = if result.is_ok() { position } else { FAILED };
                waiting.outcome.0.store(outcome, Ordering::Release);
            }
            if result.is_ok() {
                self.next += group.len() as u64;
                next.store(self.next, Ordering::Release);
            }
            waiting.fetch_sub(bytes, Ordering::Relaxed);
            for waiting in group {
                let answer = match &result {
                    Ok(()) => Ok(()),
                    Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
                };
                // A writer that has gone away does not change what is on disk.
                let _ = waiting.written.send(answer);
            }
        }
        if let Err(error) = self.file.sync_data() {
            tracing::error!(%error, "the end of the log could not be put on disk");
        }
    }

    /// The next frame; `None` when there will be none. What has waited long enough is put on disk.
    fn receive(&mut self, frames: &Receiver<Waiting>) -> Option<Waiting> {
        let Durability::Interval(interval) = self.durability else { return frames.recv().ok() };
        loop {
            match frames.recv_timeout(interval) {
                Ok(waiting) => return Some(waiting),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) if self.unsynced => match self.file.sync_data() {
                    Ok(()) => self.unsynced = false,
                    Err(error) => tracing::error!(%error, "the log could not be put on disk"),
                },
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn write(&mut self, buffer: &[u8]) -> io::Result<()> {
        self.mend()?;
        if self.bytes >= FILE_BYTES {
            self.file.sync_data()?;
            *self = Self::open(&self.folder, self.next, self.durability)?;
        }
        self.torn = true;
        self.file.write_all(buffer)?;
        if self.durability == Durability::Fsync {
            self.file.sync_data()?;
        } else {
            self.unsynced = true;
        }
        self.torn = false;
        self.bytes += buffer.len() as u64;
        Ok(())
    }

    /// Cuts off what a failed write has left; until that works nothing more is written.
    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.bytes)?;
            self.file.seek(SeekFrom::Start(self.bytes))?;
            self.file.sync_data()?;
            self.torn = false;
        }
        Ok(())
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
