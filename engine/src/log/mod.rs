//! The write-ahead log: what makes an acknowledged write survive a crash.
//!
//! Writers hand their frame to one thread, which writes all that wait with one call and one `fsync` (group commit), and
//! only then tells them their positions. A file of the log is deleted when everything in it is in segments.
//!
//! Frame: length of the payload (u32), CRC-32 of position and payload (u32), position (u64), payload; little-endian.
//! Positions grow by one. The tail of the last file may be torn by a crash: recovery cuts it off. A broken frame
//! anywhere else is an error.

pub mod batch_form;
mod recover;

pub use recover::{check, frames, is_empty, last_before, recover};

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::resources::Resources;

/// A file of the log is closed when it has this many bytes.
const FILE_BYTES: u64 = 32 * 1024 * 1024;

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
    queue: Sender<Request>,
    folder: PathBuf,
    durability: Durability,
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

impl Log {
    /// Starts the log in its folder; the next frame gets the position `next`.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn start(
        folder: &Path,
        next: u64,
        durability: Durability,
        resources: Arc<Resources>,
    ) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut file_bytes = 0;
        for (_, path) in recover::files(folder)? {
            file_bytes += path.metadata()?.len();
        }
        let (queue, requests) = channel();
        let shared = Arc::new(Shared {
            next: AtomicU64::new(next),
            waiting: AtomicUsize::new(0),
            fault: Mutex::default(),
            file_bytes: AtomicU64::new(file_bytes),
            resources,
        });
        let mut writer = Writer::open(folder, next, durability, Arc::clone(&shared))?;
        std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.run(&requests))?;
        Ok(Self { queue, folder: folder.to_owned(), durability, shared })
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

    /// Hands over a frame. Frames are written in the order in which they are handed over.
    ///
    /// # Errors
    /// When the log has stopped.
    pub fn submit(&self, payload: Vec<u8>) -> io::Result<Ticket> {
        let (sender, written) = oneshot::channel();
        let outcome = Outcome::default();
        let floor = self.next();
        self.shared.waiting.fetch_add(payload.len(), Ordering::Relaxed);
        let waiting = Waiting { payload, outcome: outcome.clone(), written: sender };
        self.queue.send(Request::Frame(waiting)).map_err(|_| stopped())?;
        Ok(Ticket { outcome, floor, written })
    }

    /// Waits until all that was acknowledged is on disk, whatever the durability.
    ///
    /// # Errors
    /// When it cannot be put there.
    pub async fn sync(&self) -> io::Result<()> {
        if self.durability == Durability::Fsync {
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
        let files = recover::files(&self.folder)?;
        // A file ends where the next one begins; the last is still being written.
        for pair in files.windows(2) {
            if let [(_, path), (next_first, _)] = pair
                && *next_first <= needed
            {
                let bytes = path.metadata()?.len();
                std::fs::remove_file(path)?;
                self.shared.file_bytes.fetch_sub(bytes, Ordering::Relaxed);
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
    shared: Arc<Shared>,
    /// Whether bytes beyond `bytes` may be in the file, which a recovery must not find.
    torn: bool,
    /// Since when there are bytes that are not known to be on disk.
    unsynced: Option<Instant>,
}

impl Writer {
    fn open(folder: &Path, next: u64, durability: Durability, shared: Arc<Shared>) -> io::Result<Self> {
        let file =
            OpenOptions::new().create(true).write(true).truncate(true).open(file_path(folder, next))?;
        sync_folder(folder)?;
        let folder = folder.to_owned();
        Ok(Self { folder, file, bytes: 0, next, durability, shared, torn: false, unsynced: None })
    }

    fn run(&mut self, requests: &Receiver<Request>) {
        while let Some(first) = self.receive(requests) {
            let (mut group, mut syncs) = (Vec::new(), Vec::new());
            for request in std::iter::once(first).chain(requests.try_iter().take(4_095)) {
                match request {
                    Request::Frame(waiting) => group.push(waiting),
                    Request::Sync(sender) => syncs.push(sender),
                }
            }
            if !group.is_empty() {
                self.write_group(group);
            }
            for sender in syncs {
                let synced = if self.unsynced.is_some() { self.sync() } else { Ok(()) };
                // whoever asked may have gone away
                let _ = sender.send(synced);
            }
        }
        if let Err(error) = self.file.sync_data() {
            tracing::error!(%error, "the end of the log could not be put on disk");
        }
    }

    fn write_group(&mut self, group: Vec<Waiting>) {
        let bytes: usize = group.iter().map(|waiting| waiting.payload.len()).sum();
        let mut buffer = Vec::with_capacity(bytes + 16 * group.len());
        for (position, waiting) in (self.next..).zip(&group) {
            write_frame(&mut buffer, position, &waiting.payload);
        }
        let result = self.write(&buffer);
        let fault = result.as_ref().err().map(ToString::to_string);
        *self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
        let counts = &self.shared.resources.counts;
        if result.is_err() {
            counts.log_failures.one();
        } else {
            counts.log_frames.add(group.len() as u64);
            counts.log_bytes.add(buffer.len() as u64);
            self.shared.file_bytes.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        }
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
            self.shared.next.store(self.next, Ordering::Release);
        }
        self.shared.waiting.fetch_sub(bytes, Ordering::Relaxed);
        for waiting in group {
            let answer = match &result {
                Ok(()) => Ok(()),
                Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
            };
            // A writer that has gone away does not change what is on disk.
            let _ = waiting.written.send(answer);
        }
    }

    /// The next request; `None` when there will be none. What has waited long enough is put on disk.
    fn receive(&mut self, requests: &Receiver<Request>) -> Option<Request> {
        let Durability::Interval(interval) = self.durability else { return requests.recv().ok() };
        loop {
            let left = self.unsynced.map_or(interval, |since| interval.saturating_sub(since.elapsed()));
            if left.is_zero() {
                if let Err(error) = self.sync() {
                    tracing::error!(%error, "the log could not be put on disk");
                    // not again at once
                    self.unsynced = Some(Instant::now());
                }
                continue;
            }
            match requests.recv_timeout(left) {
                Ok(request) => return Some(request),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.shared.resources.counts.log_syncs.one();
        self.file.sync_data()?;
        self.unsynced = None;
        Ok(())
    }

    fn write(&mut self, buffer: &[u8]) -> io::Result<()> {
        self.mend()?;
        if self.bytes >= FILE_BYTES {
            self.file.sync_data()?;
            *self = Self::open(&self.folder, self.next, self.durability, Arc::clone(&self.shared))?;
        }
        self.torn = true;
        self.file.write_all(buffer)?;
        self.unsynced.get_or_insert_with(Instant::now);
        if self.durability == Durability::Fsync {
            self.sync()?;
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

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_refuses_a_write_and_what_it_left_is_cut_off_before_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let shared = Arc::new(Shared {
            next: AtomicU64::new(1),
            waiting: AtomicUsize::new(0),
            file_bytes: AtomicU64::new(0),
            fault: Mutex::default(),
            resources: Resources::new(0).unwrap(),
        });
        let mut writer = Writer::open(folder.path(), 1, Durability::Fsync, shared).unwrap();
        let frame = |position: u64| {
            let mut bytes = Vec::new();
            write_frame(&mut bytes, position, b"payload");
            bytes
        };
        writer.write(&frame(1)).unwrap();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut good = std::mem::replace(&mut writer.file, full);
        assert_eq!(writer.write(&frame(2)).unwrap_err().kind(), io::ErrorKind::StorageFull);
        // half of the frame came to the disk, and as long as it cannot be cut off nothing is written after it
        good.write_all(&frame(2)[..9]).unwrap();
        assert!(writer.write(&frame(2)).is_err());
        writer.file = good;
        writer.write(&frame(2)).unwrap();
        let mut positions = Vec::new();
        recover(folder.path(), |found| {
            positions.push(found.position);
            Ok(())
        })
        .unwrap();
        assert_eq!(positions, [1, 2]);
    }
}
