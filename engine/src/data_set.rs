//! One data set: its segments and its buffer, and how writes become segments.
//!
//! Writes come as operations that the log has decided, in its order, and are applied one after another
//! ([`DataSet::catch_up`]). A row of a segment that is replaced or deleted is marked with the position of the write that did
//! it, so that a manifest says exactly what was true at its own position. Segments are written by [jobs](crate::job) while the
//! data set is used.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, Schema, SchemaRef};
use tokio::sync::oneshot;

use crate::buffer::Buffer;
use crate::columns::record_at;
use crate::ids::{IdHash, IdKey};
use crate::job::Running;
use crate::live_segment::LiveSegment;
use crate::log::{Outcome, Ticket, copy};
use crate::manifest::{self, Manifest};
use crate::merge::Sizes;
use crate::object::Objects;
use crate::operation::Operation;
use crate::record::Record;
use crate::resources::Resources;
use crate::schema::{SEQUENCE, system_fields};
use crate::segment::{Segment, SegmentError};
use crate::snapshot::{Part, Snapshot};
use crate::trash::Trash;

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
    finished: Vec<(Done, io::Result<()>)>,
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

#[derive(Debug)]
struct Pending {
    operation: Operation,
    searched: Searched,
    outcome: Outcome,
    /// Its position will not be below this.
    floor: u64,
    /// Who waits for it to be applied.
    done: Option<Done>,
}

/// Whoever waits for a write.
type Done = oneshot::Sender<io::Result<()>>;

/// What is needed to apply an operation, so that nothing can fail any more and nothing has to be waited for.
struct Ready {
    /// The rows of an append in the types of the data set.
    rows: Option<RecordBatch>,
    /// The rows in segments that no longer count.
    found: Vec<Found>,
}

/// Looks for records in the segments that there are now, while others use the data set.
#[derive(Debug)]
pub struct Search {
    key: IdKey,
    segments: Vec<Arc<Segment>>,
}

/// Where the records of an operation are, as far as it was looked for.
#[derive(Debug, Default)]
pub struct Searched {
    ids: Vec<IdHash>,
    /// For each segment that was looked into, by its number: places in `ids`, and rows.
    hits: HashMap<u64, Vec<(usize, u32)>>,
}

impl Search {
    /// Looks for the records that an operation is about.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub async fn run(self, operation: &Operation) -> Result<Searched, SegmentError> {
        let ids = match operation {
            Operation::Append(batch) => self.key.hashes(batch),
            Operation::Delete(id) => vec![self.key.hash(id)],
            Operation::Trim(ids) => ids.iter().map(|id| self.key.hash(id)).collect(),
            Operation::Empty | Operation::Drop => Vec::new(),
        };
        let mut hits = HashMap::new();
        if !ids.is_empty() {
            let found = self.segments.iter().map(|segment| segment.find(&ids));
            let found = futures::future::try_join_all(found).await?;
            hits = self.segments.iter().map(|segment| segment.number()).zip(found).collect();
        }
        Ok(Searched { ids, hits })
    }
}

/// A live row in a segment.
struct Found {
    id: IdHash,
    segment: usize,
    row: u32,
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

    /// The record with this id.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub async fn record(&self, id: &str) -> Result<Option<Record>, SegmentError> {
        let hash = self.id_key().hash(id);
        if let Some(record) = self.buffer.record(hash) {
            return Ok(Some(record));
        }
        let Some(found) = self.find(hash).await? else { return Ok(None) };
        let Some(live) = self.segments.get(found.segment) else { return Ok(None) };
        Ok(Some(record_at(&live.segment.row(found.row).await?, 0)))
    }

    /// Whether there is a record with this id.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub async fn contains(&self, id: &str) -> Result<bool, SegmentError> {
        let hash = self.id_key().hash(id);
        Ok(self.buffer.holds(hash) || self.find(hash).await?.is_some())
    }

    /// What looks for records in the segments that there are now.
    pub fn search(&self) -> Search {
        let segments = self.segments.iter().map(|live| Arc::clone(&live.segment)).collect();
        Search { key: self.id_key(), segments }
    }

    /// Notes an operation that was handed to the log, and where its records were found. What is returned tells when it is applied
    /// and readers may see it, or why it is not.
    pub fn expect(
        &mut self,
        operation: Operation,
        searched: Searched,
        ticket: Ticket,
    ) -> oneshot::Receiver<io::Result<()>> {
        let (done, applied) = oneshot::channel();
        let Ticket { outcome, floor } = ticket;
        self.pending.push_back(Pending { operation, searched, outcome, floor, done: Some(done) });
        applied
    }

    /// Whether something that was handed to the log is not applied.
    pub fn is_anything_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether the log has not decided yet about all that was handed to it.
    pub fn waits_for_log(&self) -> bool {
        self.pending.back().is_some_and(|pending| pending.outcome.decided().is_none())
    }

    /// Applies what the log has decided since the last time, in its order. Who waited is told by [`DataSet::tell`]. When this is
    /// broken off, nothing is applied by halves.
    ///
    /// # Errors
    /// When segments cannot be read: what could not be applied is tried again the next time.
    pub async fn catch_up(&mut self) -> io::Result<()> {
        while let Some((pending, decided)) =
            self.pending.front().and_then(|pending| Some((pending, pending.outcome.decided()?)))
        {
            let ready = match decided {
                Ok(position) => {
                    self.ready(&pending.operation, &pending.searched).await.map(|ready| (position, ready))
                }
                Err(error) => {
                    let failed = self.pending.pop_front();
                    self.finished
                        .extend(failed.and_then(|failed| failed.done).map(|done| (done, Err(error))));
                    continue;
                }
            };
            match ready {
                Ok((position, ready)) => {
                    let Some(pending) = self.pending.pop_front() else { break };
                    self.apply(&pending.operation, &pending.searched, ready, position);
                    self.finished.extend(pending.done.map(|done| (done, Ok(()))));
                }
                Err(error) => {
                    let done = self.pending.front_mut().and_then(|pending| pending.done.take());
                    self.finished.extend(done.map(|done| (done, Err(copy(&error)))));
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Tells those whose writes are decided; to be called when readers may see them.
    pub fn tell(&mut self) {
        for (done, result) in self.finished.drain(..) {
            // A writer that has gone away does not change what is there.
            let _ = done.send(result);
        }
    }

    /// Applies an operation that recovery found in the log at this position.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub async fn recover(&mut self, operation: &Operation, position: u64) -> io::Result<()> {
        let searched = self.search().run(operation).await?;
        let ready = self.ready(operation, &searched).await?;
        self.apply(operation, &searched, ready, position);
        Ok(())
    }

    async fn ready(&self, operation: &Operation, searched: &Searched) -> io::Result<Ready> {
        let rows = match operation {
            Operation::Append(batch) => Some(self.buffer.reconciled(batch).map_err(io::Error::other)?),
            _ => None,
        };
        Ok(Ready { rows, found: self.found(searched).await? })
    }

    /// Applies an operation that is in the log at this position.
    fn apply(&mut self, operation: &Operation, searched: &Searched, ready: Ready, position: u64) {
        self.mark(ready.found, position);
        match operation {
            Operation::Append(_) => {
                if let Some(rows) = ready.rows {
                    self.add(rows, &searched.ids, position);
                }
            }
            Operation::Delete(_) | Operation::Trim(_) => {
                for id in &searched.ids {
                    if self.buffer.remove(*id) == Some(true) {
                        self.note_frozen(*id, position);
                    }
                }
            }
            Operation::Empty => self.clear(),
            Operation::Drop => {
                self.clear();
                self.buffer.set_schema(Arc::new(Schema::new(system_fields())));
            }
        }
        self.dropped = matches!(operation, Operation::Drop);
        self.version = position;
        self.snapshot = None;
        self.first_unflushed.get_or_insert(position);
    }

    fn add(&mut self, rows: RecordBatch, ids: &[IdHash], position: u64) {
        let numbers = rows.column_by_name(SEQUENCE).and_then(|column| column.as_primitive_opt::<Int64Type>());
        let last = numbers.and_then(|numbers| numbers.values().last().copied());
        self.next_sequence = self.next_sequence.max(last.map_or(0, |last| last + 1));
        for id in self.buffer.add(rows, ids) {
            self.note_frozen(id, position);
        }
    }

    fn clear(&mut self) {
        self.buffer.clear();
        self.segments.clear();
        self.generation += 1;
    }

    /// The live row in a segment that has this id.
    async fn find(&self, id: IdHash) -> Result<Option<Found>, SegmentError> {
        let searched = Searched { ids: vec![id], hits: HashMap::new() };
        Ok(self.found(&searched).await?.pop())
    }

    /// The live rows in segments that were searched for. Segments that have come since are looked into now.
    async fn found(&self, searched: &Searched) -> Result<Vec<Found>, SegmentError> {
        let mut found = Vec::new();
        for (segment, live) in self.segments.iter().enumerate() {
            let fresh;
            let hits = match searched.hits.get(&live.segment.number()) {
                Some(hits) => hits,
                None => {
                    fresh = live.segment.find(&searched.ids).await?;
                    &fresh
                }
            };
            for (place, row) in hits.iter().filter(|(_, row)| !live.is_dead(*row)) {
                found.extend(searched.ids.get(*place).map(|id| Found { id: *id, segment, row: *row }));
            }
        }
        Ok(found)
    }

    /// Marks rows of segments that no longer count from this position on.
    fn mark(&mut self, found: Vec<Found>, position: u64) {
        for Found { id, segment, row } in found {
            let Some(live) = self.segments.get_mut(segment) else { continue };
            live.mark(row, position, id);
            let file = &live.segment.facts().file;
            for job in self.running.iter_mut().filter(|job| job.files.contains(file)) {
                job.gone.push((position, id));
            }
        }
    }

    /// Tells the job that is writing the buffer that one of its rows no longer counts.
    fn note_frozen(&mut self, id: IdHash, position: u64) {
        for job in self.running.iter_mut().filter(|job| job.is_flush) {
            job.gone.push((position, id));
        }
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

/// The folder of a data set: a name that every file system takes. Letters, digits, `-` and `_` are as they are, other bytes
/// `%XX`.
pub fn folder_name(name: &str) -> String {
    let mut folder = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => folder.push(byte as char),
            other => folder.push_str(&format!("%{other:02X}")),
        }
    }
    folder
}

/// The name behind a folder name.
pub fn data_set_name(folder: &str) -> String {
    let mut bytes = Vec::with_capacity(folder.len());
    let mut rest = folder;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend(before.as_bytes());
        let (digits, tail) = after.split_at_checked(2).unwrap_or((after, ""));
        bytes.extend(u8::from_str_radix(digits, 16).ok());
        rest = tail;
    }
    bytes.extend(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_makes_a_folder_and_back() {
        for name in ["licence_applications", "../../etc", "a b%c", "été", "."] {
            let folder = folder_name(name);
            assert!(!folder.contains(['/', '.', ' ']), "{folder}");
            assert_eq!(data_set_name(&folder), name);
        }
    }
}
