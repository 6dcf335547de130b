//! Segments: immutable Parquet files that any tool reads, sorted by `_timestamp` (rows without one first), then by order of
//! insertion.
//!
//! [`mod@write`] makes them. [`Segment`] reads them a piece at a time: the footer, and single columns of single row groups, which
//! are kept decoded in the bounded memory of [`crate::resources`].

mod find;
pub(crate) mod ids;
mod layout;
mod read;
pub(crate) mod write;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use ids::IdHead;
pub use layout::{Layout, RowGroup};

use crate::manifest::SegmentEntry;
use crate::object::Objects;
use crate::resources::{Piece, PieceKey, PieceName, Resources};

/// Why a segment cannot be read. Names the file.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the segment {file} cannot be read: {reason}")]
pub struct SegmentError {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

impl From<SegmentError> for std::io::Error {
    fn from(error: SegmentError) -> Self {
        std::io::Error::new(std::io::ErrorKind::InvalidData, error)
    }
}

/// One segment, read as far as somebody asks.
pub struct Segment {
    objects: Objects,
    /// The folder of its data set.
    folder: Arc<str>,
    path: Arc<str>,
    facts: SegmentEntry,
    resources: Arc<Resources>,
    number: u64,
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment({})", self.path)
    }
}

impl Segment {
    /// A segment of a folder, as a manifest names it.
    pub(crate) fn new(
        objects: Objects,
        folder: &Arc<str>,
        facts: SegmentEntry,
        resources: Arc<Resources>,
    ) -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let path = format!("{folder}/{}", facts.file).into();
        Self { objects, folder: Arc::clone(folder), path, facts, resources, number }
    }

    /// All rows of the file, those that no longer count included.
    pub fn rows(&self) -> u64 {
        self.facts.rows
    }

    /// The smallest and largest `_timestamp` in microseconds since 1970; `None` where no row has one. There may be rows
    /// without one beside.
    pub fn time_range(&self) -> Option<(i64, i64)> {
        self.facts.time_range
    }

    /// Where it is, from the root of the store.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its number in this process: no other segment has it.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// What its manifest said of it when it was opened; the marks may be others by now.
    pub(crate) fn facts(&self) -> &SegmentEntry {
        &self.facts
    }

    /// What the footer says: columns, row groups and statistics.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn layout(&self) -> Result<Arc<Layout>, SegmentError> {
        let key = self.key(PieceName::Layout);
        if let Some(Piece::Layout(layout)) = self.resources.piece(&key) {
            return Ok(layout);
        }
        let layout = Arc::new(self.read_layout().await?);
        self.resources.keep(key, Piece::Layout(Arc::clone(&layout)));
        Ok(layout)
    }

    /// Whether so many bytes of its columns, decoded, would take the place of much that others use.
    pub fn is_much(&self, bytes: usize) -> bool {
        self.resources.is_much(bytes)
    }

    fn key(&self, piece: PieceName) -> PieceKey {
        PieceKey { segment: self.number, piece }
    }

    pub(crate) fn error(&self, reason: impl fmt::Display) -> SegmentError {
        SegmentError { file: self.objects.describe(&self.path), reason: reason.to_string() }
    }
}
