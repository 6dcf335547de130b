//! Reading the log after a stop or a crash.

use std::io;
use std::path::{Path, PathBuf};

use super::{LogSettings, checksum};

/// A frame of the log.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where it stands in the log.
    pub position: u64,
    /// What the writer gave.
    pub payload: Vec<u8>,
}

/// The files of a log and the first position of each, oldest first.
pub fn files(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let first = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        if let Some(first) = first.filter(|_| path.extension().is_some_and(|extension| extension == "log")) {
            files.push((first, path));
        }
    }
    files.sort();
    Ok(files)
}

/// Whether there never was a frame, as far as the folder tells.
///
/// # Errors
/// When the folder cannot be read.
pub fn is_empty(folder: &Path) -> io::Result<bool> {
    Ok(files(folder)?.is_empty())
}

/// The position before the first one of the newest file: frames up to it were there, even if their files are gone.
///
/// # Errors
/// When the folder cannot be read.
pub fn last_before(folder: &Path) -> io::Result<u64> {
    Ok(files(folder)?.last().map_or(0, |(first, _)| first.saturating_sub(1)))
}

/// Reads every frame in order, and cuts off a torn tail.
///
/// # Errors
/// When a file cannot be read, or is broken before its end: the error names it.
pub fn recover(settings: &LogSettings, mut take: impl FnMut(Frame) -> io::Result<()>) -> io::Result<()> {
    if !settings.folder.exists() {
        return Ok(());
    }
    let files = files(&settings.folder)?;
    for (index, (_, path)) in files.iter().enumerate() {
        let bytes = std::fs::read(path)?;
        let whole = frames(&bytes, &mut take)?;
        if whole == bytes.len() {
            continue;
        }
        let lost = bytes.len() - whole;
        let later_frames =
            files[index + 1..].iter().any(|(_, path)| path.metadata().is_ok_and(|file| file.len() > 0));
        if later_frames {
            let message = format!("the log file {} is broken at byte {whole}", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        tracing::warn!(file = %path.display(), bytes = lost, "cut an unfinished write off the end of the log");
        settings.disk.open(path)?.cut(whole as u64)?;
    }
    Ok(())
}

/// Reads every frame in order and changes nothing; an unfinished write at the very end is no mistake. How many files there are.
///
/// # Errors
/// As [`recover`].
pub fn check(folder: &Path, mut take: impl FnMut(Frame) -> io::Result<()>) -> io::Result<usize> {
    if !folder.exists() {
        return Ok(0);
    }
    let files = files(folder)?;
    for (index, (_, path)) in files.iter().enumerate() {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            // everything in it is in segments now
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let whole = frames(&bytes, &mut take)?;
        if whole < bytes.len() && index + 1 < files.len() {
            let message = format!("the log file {} is broken at byte {whole}", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
    }
    Ok(files.len())
}

/// Gives the whole frames at the start of the bytes; returns how many bytes they are.
pub fn frames(bytes: &[u8], take: &mut impl FnMut(Frame) -> io::Result<()>) -> io::Result<usize> {
    let mut at = 0;
    while let Some((frame, length)) = frame_at(&bytes[at..]) {
        take(frame)?;
        at += length;
    }
    Ok(at)
}

fn frame_at(bytes: &[u8]) -> Option<(Frame, usize)> {
    let number = |range: std::ops::Range<usize>| bytes.get(range)?.try_into().ok();
    let length = u32::from_le_bytes(number(0..4)?) as usize;
    let expected = u32::from_le_bytes(number(4..8)?);
    let position = u64::from_le_bytes(bytes.get(8..16)?.try_into().ok()?);
    let payload = bytes.get(16..16usize.checked_add(length)?)?;
    if checksum(position, payload) != expected {
        return None;
    }
    Some((Frame { position, payload: payload.to_vec() }, 16 + length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use tokio::sync::Notify;

    use crate::log::{Durability, Log, write_frame};
    use crate::resources::Resources;

    fn recovered(folder: &Path) -> Vec<Frame> {
        let mut frames = Vec::new();
        recover(&LogSettings::new(folder, Durability::Fsync), |frame| {
            frames.push(frame);
            Ok(())
        })
        .unwrap();
        frames
    }

    #[tokio::test]
    async fn what_was_acknowledged_is_recovered_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let log =
            Log::start(LogSettings::new(folder.path(), Durability::Fsync), 1, Resources::new(0).unwrap())
                .unwrap();
        let decided = Arc::new(Notify::new());
        let tickets: Vec<_> =
            (0..100u8).map(|n| log.submit(vec![n; usize::from(n)], &decided).unwrap()).collect();
        while tickets.iter().any(|ticket| ticket.outcome.decided().is_none()) {
            decided.notified().await;
        }
        let positions: Vec<u64> =
            tickets.iter().map(|ticket| ticket.outcome.decided().unwrap().unwrap()).collect();
        assert_eq!(positions, (1..=100).collect::<Vec<u64>>());
        let frames = recovered(folder.path());
        assert_eq!(frames.len(), 100);
        assert!(frames.iter().zip(0u8..).all(|(frame, n)| frame.payload == vec![n; usize::from(n)]));
    }

    #[test]
    fn a_log_cut_anywhere_gives_the_frames_before_the_cut() {
        let mut bytes = Vec::new();
        let mut ends = vec![0];
        for position in 1..=4u64 {
            write_frame(&mut bytes, position, b"payload");
            ends.push(bytes.len());
        }
        for cut in 0..=bytes.len() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(format!("{:020}.log", 1));
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let whole = ends.iter().filter(|end| **end > 0 && **end <= cut).count();
            assert_eq!(recovered(folder.path()).len(), whole, "cut at {cut}");
            assert_eq!(path.metadata().unwrap().len(), ends[whole] as u64);
        }
    }

    #[test]
    fn a_broken_file_in_the_middle_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        write_frame(&mut bytes, 1, b"payload");
        bytes[17] ^= 1;
        std::fs::write(folder.path().join(format!("{:020}.log", 1)), &bytes).unwrap();
        let mut good = Vec::new();
        write_frame(&mut good, 2, b"payload");
        std::fs::write(folder.path().join(format!("{:020}.log", 2)), &good).unwrap();
        let settings = LogSettings::new(folder.path(), Durability::Fsync);
        let error = recover(&settings, |_| Ok(())).unwrap_err().to_string();
        assert!(error.contains("00000000000000000001.log is broken at byte 0"), "{error}");
    }
}
