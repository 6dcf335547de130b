//! Why the store could not do something.

use std::io;

use crate::batch::MAX_KEYS;
use crate::segment::SegmentError;

/// Why the store could not do something. Whatever it was, nothing of it is half-done, and nothing but [`StoreError::NotVisibleYet`] is
/// done at all.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store belongs to another process.
    #[error("{place} is in use by {holder}: stop it first, or talk to it over HTTP")]
    InUse {
        /// Where the store is.
        place: String,
        /// Who has it.
        holder: String,
    },
    /// Another process has taken the store over.
    #[error("this process may no longer write to {place}: {reason}")]
    LostLease {
        /// Where the store is.
        place: String,
        /// Who has it, or why nobody knows.
        reason: String,
    },
    /// The store was opened for reading.
    #[error("this process only reads: send writes to the one that has the store")]
    ReadOnly,
    /// The store takes no more for now.
    #[error("the store is busy: {reason}")]
    Busy {
        /// What is full.
        reason: String,
    },
    /// A write is in the log, and a file of its data set cannot be read.
    #[error("the write is kept, and becomes visible as soon as the data set can be read: {reason}")]
    NotVisibleYet {
        /// What is the matter with it.
        reason: String,
    },
    /// With these records the data set would have too many keys.
    #[error(
        "the records of a data set can have {MAX_KEYS} different keys together, and these would make more"
    )]
    TooManyKeys,
    /// Disk, network or file trouble.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A file of records is broken or gone.
    #[error(transparent)]
    Segment(#[from] SegmentError),
    /// Columns could not be built.
    #[error("records could not be put into columns: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
}
