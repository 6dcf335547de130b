//! The thread of the log: it writes the frames that wait, and tells what became of them.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::disk::LogFile;
use super::{Durability, LogSettings, Request, Shared, Waiting, copy, file_path, write_frame};

/// The most frames that are written at a time.
const MOST_FRAMES: usize = 4_096;

pub struct Writer {
    settings: LogSettings,
    file: Box<dyn LogFile>,
    bytes: u64,
    next: u64,
    shared: Arc<Shared>,
    /// Whether bytes beyond `bytes` may be in the file, which a recovery must not find.
    torn: bool,
    /// Since when there are bytes that are not known to be on disk.
    unsynced: Option<Instant>,
}

impl Writer {
    /// Begins a file whose first frame has the position `next`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(settings: LogSettings, next: u64, shared: Arc<Shared>) -> io::Result<Self> {
        let file = settings.disk.create(&file_path(&settings.folder, next))?;
        Ok(Self { settings, file, bytes: 0, next, shared, torn: false, unsynced: None })
    }

    /// Does what is asked for until nobody is left to ask.
    pub fn run(&mut self, requests: &Receiver<Request>) {
        while let Some(first) = self.receive(requests) {
            let (mut group, mut syncs) = (Vec::new(), Vec::new());
            for request in std::iter::once(first).chain(requests.try_iter().take(MOST_FRAMES - 1)) {
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
        if let Err(error) = self.file.sync() {
            tracing::error!(%error, "the end of the log could not be put on disk");
        }
    }

    /// Writes frames; those who wait for them are told when this returns.
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
            waiting.outcome.decide(|| match &result {
                Ok(()) => Ok(position),
                Err(error) => Err(copy(error)),
            });
        }
        if result.is_ok() {
            self.next += group.len() as u64;
            self.shared.next.store(self.next, Ordering::Release);
        }
        self.shared.waiting.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The next request; `None` when there will be none. What has waited long enough is put on disk.
    fn receive(&mut self, requests: &Receiver<Request>) -> Option<Request> {
        let Durability::Interval(interval) = self.settings.durability else { return requests.recv().ok() };
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
        self.file.sync()?;
        self.unsynced = None;
        Ok(())
    }

    fn write(&mut self, buffer: &[u8]) -> io::Result<()> {
        self.mend()?;
        if self.bytes >= self.settings.file_bytes {
            self.file.sync()?;
            *self = Self::open(self.settings.clone(), self.next, Arc::clone(&self.shared))?;
        }
        self.torn = true;
        self.file.append(buffer)?;
        self.unsynced.get_or_insert_with(Instant::now);
        if self.settings.durability == Durability::Fsync {
            self.sync()?;
        }
        self.torn = false;
        self.bytes += buffer.len() as u64;
        Ok(())
    }

    /// Cuts off what a failed write has left; until that works nothing more is written.
    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.cut(self.bytes)?;
            self.torn = false;
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;
    use crate::log::recover;
    use crate::resources::Resources;

    #[test]
    fn a_full_disk_refuses_a_write_and_what_it_left_is_cut_off_before_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let settings = LogSettings::new(folder.path(), Durability::Fsync);
        let shared = Arc::new(Shared::new(1, 0, Resources::new(0).unwrap()));
        let mut writer = Writer::open(settings.clone(), 1, shared).unwrap();
        let frame = |position: u64| {
            let mut bytes = Vec::new();
            write_frame(&mut bytes, position, b"payload");
            bytes
        };
        writer.write(&frame(1)).unwrap();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let good = std::mem::replace(&mut writer.file, Box::new(full));
        assert_eq!(writer.write(&frame(2)).unwrap_err().kind(), io::ErrorKind::StorageFull);
        // half of the frame came to the disk, and as long as it cannot be cut off nothing is written after it
        let mut other = OpenOptions::new().append(true).open(file_path(folder.path(), 1)).unwrap();
        other.write_all(&frame(2)[..9]).unwrap();
        assert!(writer.write(&frame(2)).is_err());
        writer.file = good;
        writer.write(&frame(2)).unwrap();
        let mut positions = Vec::new();
        recover(&settings, |found| {
            positions.push(found.position);
            Ok(())
        })
        .unwrap();
        assert_eq!(positions, [1, 2]);
    }
}
