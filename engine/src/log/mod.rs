//! The write-ahead log: what makes an acknowledged write survive a crash.
//!
//! Writers hand their frame to one thread, which writes all that wait with one call and one `fsync` (group commit), and
//! only then decides their positions. A file of the log is deleted when everything in it is in segments.
//!
//! Frame: length of the payload (u32), CRC-32 of position and payload (u32), position (u64), payload; little-endian.
//! Positions grow by one. The tail of the last file may be torn by a crash: recovery cuts it off. A broken frame
//! anywhere else is an error.

pub mod batch_form;
mod disk;
mod recover;
mod writer;

pub use disk::{LocalDisk, LogDisk, LogFile, sync_folder};
pub use recover::{check, frames, is_empty, last_before, recover};

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

use self::writer::Writer;
use crate::resources::Resources;

/// A file of the log is closed when it has this many bytes.
pub const FILE_BYTES: u64 = 32 * 1024 * 1024;

/// What the thread of the log is asked for.
enum Request {
    Frame(Waiting),
    /// What was written before is to be on disk.
    Sync(oneshot::Sender<io::Result<()>>),
}

/// A frame that waits to be written.
struct Waiting {
    payload: Vec<u8>,
    outcome: Outcome,
    /// Told when it is decided.
    decided: Arc<Notify>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // nobody waits for ever for a log that is gone
        self.outcome.decide(|| Err(stopped()));
        self.decided.notify_one();
    }
}

/// What became of a frame, for whoever looks. Frames are decided in the order in which they were submitted.
#[derive(Debug, Clone, Default)]
pub struct Outcome(Arc<OnceLock<io::Result<u64>>>);

impl Outcome {
    /// `None` as long as the frame waits; then its position, at which it is on disk, or why nothing of it is in the log, which
    /// can be used again.
    pub fn decided(&self) -> Option<io::Result<u64>> {
        self.0.get().map(|outcome| match outcome {
            Ok(position) => Ok(*position),
            Err(error) => Err(copy(error)),
        })
    }

    /// Decides it, unless it is decided.
    fn decide(&self, outcome: impl FnOnce() -> io::Result<u64>) {
        self.0.get_or_init(outcome);
    }
}

/// A frame on its way.
#[derive(Debug)]
pub struct Ticket {
    /// What becomes of it.
    pub outcome: Outcome,
    /// Its position will not be below this.
    pub floor: u64,
}

/// The same error for somebody else.
fn copy(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
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

/// Where a log is, and how it is written.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// The folder of its files.
    pub folder: PathBuf,
    /// The disk that the folder is on.
    pub disk: Arc<dyn LogDisk>,
    /// How safe a write is when it is acknowledged.
    pub durability: Durability,
    /// A file is closed when it has this many bytes.
    pub file_bytes: u64,
}

#[cfg(test)]
impl LogSettings {
    /// A log in a folder of this machine.
    pub fn new(folder: &Path, durability: Durability) -> Self {
        Self { folder: folder.to_owned(), disk: Arc::new(LocalDisk), durability, file_bytes: FILE_BYTES }
    }
}

/// The open log.
#[derive(Debug)]
pub struct Log {
    queue: Sender<Request>,
    settings: LogSettings,
    shared: Arc<Shared>,
}

/// What others see of the thread of the log.
#[derive(Debug)]
struct Shared {
    /// The position of the next frame, or one before it.
    next: AtomicU64,
    /// Bytes that wait to be written.
    waiting: AtomicUsize,
    /// Why the last write failed, if it did.
    fault: Mutex<Option<String>>,
    /// Bytes of the files that there are.
    file_bytes: AtomicU64,
    resources: Arc<Resources>,
}

impl Shared {
    fn new(next: u64, file_bytes: u64, resources: Arc<Resources>) -> Self {
        Self {
            next: AtomicU64::new(next),
            waiting: AtomicUsize::new(0),
            fault: Mutex::default(),
            file_bytes: AtomicU64::new(file_bytes),
            resources,
        }
    }
}

impl Log {
    /// Starts the log in its folder; the next frame gets the position `next`.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn start(settings: LogSettings, next: u64, resources: Arc<Resources>) -> io::Result<Self> {
        std::fs::create_dir_all(&settings.folder)?;
        let mut file_bytes = 0;
        for (_, path) in recover::files(&settings.folder)? {
            file_bytes += path.metadata()?.len();
        }
        let (queue, requests) = channel();
        let shared = Arc::new(Shared::new(next, file_bytes, resources));
        let mut writer = Writer::open(settings.clone(), next, Arc::clone(&shared))?;
        std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.run(&requests))?;
        Ok(Self { queue, settings, shared })
    }

    /// Frames from now on have this position or a higher one.
    pub fn next(&self) -> u64 {
        self.shared.next.load(Ordering::Acquire)
    }

    /// Bytes that wait to be written.
    pub fn waiting(&self) -> usize {
        self.shared.waiting.load(Ordering::Relaxed)
    }

    /// Bytes of its files.
    pub fn file_bytes(&self) -> u64 {
        self.shared.file_bytes.load(Ordering::Relaxed)
    }

    /// Why the last write failed; `None` after one that did not.
    pub fn fault(&self) -> Option<String> {
        self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hands over a frame. Frames are written in the order in which they are handed over. `decided` is told when there is an
    /// outcome.
    ///
    /// # Errors
    /// When the log has stopped.
    pub fn submit(&self, payload: Vec<u8>, decided: &Arc<Notify>) -> io::Result<Ticket> {
        let outcome = Outcome::default();
        let floor = self.next();
        self.shared.waiting.fetch_add(payload.len(), Ordering::Relaxed);
        let waiting = Waiting { payload, outcome: outcome.clone(), decided: Arc::clone(decided) };
        self.queue.send(Request::Frame(waiting)).map_err(|_| stopped())?;
        Ok(Ticket { outcome, floor })
    }

    /// Waits until all that was acknowledged is on disk, whatever the durability.
    ///
    /// # Errors
    /// When it cannot be put there.
    pub async fn sync(&self) -> io::Result<()> {
        if self.settings.durability == Durability::Fsync {
            return Ok(());
        }
        let (sender, synced) = oneshot::channel();
        self.queue.send(Request::Sync(sender)).map_err(|_| stopped())?;
        synced.await.map_err(|_| stopped())?
    }

    /// Deletes the files of which every frame has a position below `needed`.
    ///
    /// # Errors
    /// When a file cannot be deleted.
    pub fn forget_below(&self, needed: u64) -> io::Result<()> {
        let files = recover::files(&self.settings.folder)?;
        // A file ends where the next one begins; the last is still being written.
        for pair in files.windows(2) {
            if let [(_, path), (next_first, _)] = pair
                && *next_first <= needed
            {
                let bytes = path.metadata()?.len();
                self.settings.disk.remove(path)?;
                self.shared.file_bytes.fetch_sub(bytes, Ordering::Relaxed);
            }
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
