//! One data set: its segments and its buffer, and how writes become segments.
//!
//! Writes come as operations that the log has decided, in its order, and are applied one after another
//! ([`DataSet::catch_up`]). A row of a segment that is replaced or deleted is marked with the position of the write that did
//! it, so that a manifest says exactly what was true at its own position. Segments are written by [jobs](crate::job) while the
//! data set is used.
//!
//! Here is what a data set holds and what readers see of it; `search` finds records by their ids, `writes` applies operations,
//! `folder` names the folder.

mod folder;
mod search;
mod writes;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use crate::buffer::Buffer;
use crate::ids::IdKey;
use crate::job::Running;
use crate::live_segment::LiveSegment;
use crate::manifest::{self, Manifest};
use crate::merge::Sizes;
use crate::object::Objects;
use crate::resources::Resources;
use crate::segment::Segment;
use crate::snapshot::{Part, Snapshot};
use crate::store::StoreError;
use crate::trash::Trash;
use writes::{Done, Pending};

pub use folder::{data_set_name, folder_name};
pub use search::Search;

/// Where a data set is, and what it is kept with.
#[derive(Debug, Clone)]
pub struct Home {
    /// The files of the store.
    pub objects: Objects,
    /// The folder of the data set.
    pub folder: Arc<str>,
    /// Shared by all data sets.
    pub resources: Arc<Resources>,
    /// How large segments become.
    pub sizes: Sizes,
    /// Which holder of the lease on the store this is.
    pub epoch: u64,
}

/// One data set. Whoever uses it has it alone for as long as a method runs.
#[derive(Debug)]
pub struct DataSet {
    pub(crate) home: Home,
    /// As it was committed last.
    pub(crate) manifest: Manifest,
    /// The segments that count, oldest first.
    pub(crate) segments: Vec<LiveSegment>,
    pub(crate) buffer: Buffer,
    /// Operations that were handed to the log and are not applied, in the order of the log.
    pending: VecDeque<Pending>,
    /// Who waits for operations that are not pending any more, and what they are to be told.
    finished: Vec<(Done, Result<(), StoreError>)>,
    /// Whether somebody waits for the log to decide, to apply it.
    pub(crate) is_followed: bool,
    /// Segments that are being written.
    pub(crate) running: Vec<Running>,
    /// The log position of the last write.
    pub(crate) version: u64,
    /// The first write that is not in a segment, apart from those that are on their way to one.
    pub(crate) first_unflushed: Option<u64>,
    /// The first write that is on its way to a segment.
    pub(crate) first_flushing: Option<u64>,
    pub(crate) next_sequence: i64,
    pub(crate) dropped: bool,
    /// Grows when all rows go at once.
    pub(crate) generation: u64,
    /// The last snapshot, as long as nothing has changed.
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) trash: Trash,
}

impl DataSet {
    /// Opens the data set of a folder, which may be empty; reads no rows.
    ///
    /// # Errors
    /// When its manifest cannot be read.
    pub async fn open(home: Home, name: &str) -> io::Result<Self> {
        let (manifest, files) = manifest::newest(&home.objects, &home.folder).await?;
        let manifest = manifest.unwrap_or_else(|| Manifest::new(name));
        let trash = Trash::left_over(&home.folder, &manifest, &files);
        Ok(Self::of(home, manifest, trash))
    }

    fn of(home: Home, manifest: Manifest, trash: Trash) -> Self {
        let segments = manifest.segments.iter().map(|entry| LiveSegment::new(home.segment(entry), entry));
        Self {
            segments: segments.collect(),
            buffer: Buffer::new(manifest.schema(), manifest.id_key),
            pending: VecDeque::new(),
            finished: Vec::new(),
            is_followed: false,
            running: Vec::new(),
            version: manifest.position,
            first_unflushed: None,
            first_flushing: None,
            next_sequence: manifest.next_sequence,
            dropped: manifest.dropped,
            generation: 0,
            snapshot: None,
            trash,
            manifest,
            home,
        }
    }

    /// The name that the owner gave.
    pub fn name(&self) -> &str {
        &self.manifest.data_set
    }

    /// The log position of the last write.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether nothing has been written since the data set was made or dropped.
    pub fn is_dropped(&self) -> bool {
        self.dropped
    }

    /// What ids are hashed with.
    pub fn id_key(&self) -> IdKey {
        self.manifest.id_key
    }

    /// The lowest log position that a recovery would need.
    pub fn needs_from(&self) -> Option<u64> {
        let floors = self.pending.iter().map(|pending| pending.floor);
        floors.chain(self.first_unflushed).chain(self.first_flushing).min()
    }

    /// Whether there are writes that are in no segment.
    pub fn is_unflushed(&self) -> bool {
        self.first_unflushed.is_some()
    }

    /// Whether nothing is lost when it is forgotten: all is in files, and nobody is about to change it.
    pub fn can_be_closed(&self) -> bool {
        !self.is_followed && self.needs_from().is_none() && self.running.is_empty() && self.trash.is_empty()
    }

    /// What is needed to make a batch of so many records: the columns that there are, and the number of the first row.
    pub fn reserve(&mut self, rows: usize) -> (SchemaRef, i64) {
        let first = self.next_sequence;
        self.next_sequence += i64::try_from(rows).unwrap_or(0);
        (Arc::clone(self.buffer.schema()), first)
    }

    /// The rows as one version.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub async fn snapshot(&mut self) -> io::Result<Snapshot> {
        self.catch_up().await?;
        if let Some(snapshot) = &self.snapshot {
            return Ok(snapshot.clone());
        }
        let in_segments = self.segments.iter_mut().filter(|live| live.live_rows() > 0);
        let mut parts: Vec<Part> = in_segments.map(|live| Part::Segment(live.view())).collect();
        parts.extend(self.buffer.rows().map_err(io::Error::other)?.into_iter().map(Part::Rows));
        let schema = Arc::clone(self.buffer.schema());
        let snapshot = Snapshot { version: self.version, schema, parts };
        self.snapshot = Some(snapshot.clone());
        Ok(snapshot)
    }

    /// Bytes that the records take, as they count for what the data set may keep.
    pub fn bytes(&self) -> u64 {
        let share = |live: &LiveSegment| {
            let facts = live.segment.facts();
            u128::from(facts.memory) * u128::from(live.live_rows()) / u128::from(facts.rows.max(1))
        };
        let in_segments: u128 = self.segments.iter().map(share).sum();
        u64::try_from(in_segments).unwrap_or(u64::MAX) + self.buffer.row_bytes()
    }

    /// Bytes in memory that are in no segment, roughly.
    pub fn buffered_bytes(&self) -> usize {
        self.buffer.bytes()
    }

    /// Follows the manifests of another process. Whether there was a newer one.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn follow(&mut self) -> io::Result<bool> {
        let (newest, _) = manifest::newest(&self.home.objects, &self.home.folder).await?;
        let Some(newest) = newest.filter(|newest| newest.number > self.manifest.number) else {
            return Ok(false);
        };
        let mut known: Vec<LiveSegment> = std::mem::take(&mut self.segments);
        let home = self.home.clone();
        *self = Self::of(home, newest, Trash::default());
        for live in &mut self.segments {
            // what has been read of a segment stays in memory
            let same = known.iter().position(|old| old.segment.facts().file == live.segment.facts().file);
            if let Some(old) = same.map(|place| known.swap_remove(place)) {
                live.segment = old.segment;
            }
        }
        Ok(true)
    }
}

impl Home {
    /// A segment that a manifest names.
    pub fn segment(&self, entry: &manifest::SegmentEntry) -> Arc<Segment> {
        let resources = Arc::clone(&self.resources);
        Arc::new(Segment::new(self.objects.clone(), &self.folder, entry.clone(), resources))
    }
}
