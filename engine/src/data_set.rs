//! One data set: its folder of segments and manifests, and its rows in memory once somebody asks for them.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, SchemaRef};

use crate::log::{Outcome, Ticket};
use crate::manifest::{self, Manifest, SegmentEntry};
use crate::object::Objects;
use crate::operation::Operation;
use crate::record::Record;
use crate::resources::Resources;
use crate::schema::SEQUENCE;
use crate::segment::{self, Segment};
use crate::snapshot::Snapshot;
use crate::table::{Frozen, Table};

/// Rows of one batch of a segment in memory.
const BATCH_ROWS: usize = 65_536;
/// Segments of more rows are not written anew to be put together with others.
const LARGE_ROWS: usize = 1 << 20;

/// One data set. Its methods block on files: a caller holds it for as long as one of them runs.
#[derive(Debug)]
pub struct DataSet {
    folder: PathBuf,
    manifest: Manifest,
    /// The rows; `None` until they are needed, and again after they were let go.
    table: Option<Table>,
    /// Operations that were handed to the log and are not in the table, in the order of the log.
    pending: VecDeque<Pending>,
    /// The log position of the last write.
    version: u64,
    /// The first write that is not in a segment, apart from those that are on their way to one.
    first_unflushed: Option<u64>,
    /// The first write that is on its way to a segment.
    first_flushing: Option<u64>,
    next_sequence: i64,
    dropped: bool,
    /// How often a segment was begun, so that no two have one name.
    attempts: u64,
    objects: Objects,
    resources: Arc<Resources>,
    /// The segments that were read, by their files.
    open: Vec<(String, Arc<Segment>)>,
}

#[derive(Debug)]
struct Pending {
    operation: Operation,
    outcome: Outcome,
    /// Its position will not be below this.
    floor: u64,
}

/// Rows that are written to a new segment while the data set is used.
#[derive(Debug)]
pub struct Flush {
    folder: PathBuf,
    file: Arc<str>,
    frozen: Frozen,
    /// The log position that the segment covers.
    position: u64,
    next_sequence: i64,
}

/// A segment that is on disk and not yet in a manifest.
#[derive(Debug)]
pub struct Written {
    batches: Vec<RecordBatch>,
    rows: u64,
}

impl Flush {
    /// Sorts the rows and writes them. Takes its time and needs nothing of the data set.
    ///
    /// # Errors
    /// When the file cannot be written; nothing of it is left.
    pub fn write(&self) -> io::Result<Written> {
        let rows = arrow::compute::concat_batches(&self.frozen.schema, &self.frozen.batches)
            .map_err(io::Error::other)?;
        if rows.num_rows() == 0 {
            return Ok(Written { batches: Vec::new(), rows: 0 });
        }
        let rows = segment::write::sort(&rows).map_err(io::Error::other)?;
        segment::write::write(&self.folder.join(&*self.file), &rows)?;
        let starts = (0..rows.num_rows()).step_by(BATCH_ROWS);
        let batches = starts.map(|start| rows.slice(start, BATCH_ROWS.min(rows.num_rows() - start)));
        Ok(Written { batches: batches.collect(), rows: rows.num_rows() as u64 })
    }
}

impl DataSet {
    /// Makes the folder of a new data set.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(
        parent: &Path,
        name: &str,
        objects: Objects,
        resources: Arc<Resources>,
    ) -> io::Result<Self> {
        let folder = parent.join(folder_name(name));
        std::fs::create_dir_all(&folder)?;
        crate::log::sync_folder(parent)?;
        let manifest = Manifest { data_set: name.to_owned(), ..Manifest::default() };
        Ok(Self::of(folder, manifest, objects, resources))
    }

    /// Opens the folder of a data set; reads no rows.
    ///
    /// # Errors
    /// When its manifest cannot be read.
    pub fn open(folder: &Path, objects: Objects, resources: Arc<Resources>) -> io::Result<Self> {
        let mut manifest = manifest::newest(folder)?;
        if manifest.data_set.is_empty() {
            manifest.data_set = data_set_name(folder);
        }
        manifest::clean(folder)?;
        Ok(Self::of(folder.to_owned(), manifest, objects, resources))
    }

    fn of(folder: PathBuf, manifest: Manifest, objects: Objects, resources: Arc<Resources>) -> Self {
        Self {
            folder,
            table: None,
            pending: VecDeque::new(),
            version: manifest.position,
            first_unflushed: None,
            first_flushing: None,
            next_sequence: manifest.next_sequence,
            dropped: manifest.segments.is_empty(),
            attempts: 0,
            manifest,
            objects,
            resources,
            open: Vec::new(),
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

    /// The lowest log position that a recovery would need.
    pub fn needs_from(&self) -> Option<u64> {
        let floors = self.pending.iter().map(|pending| pending.floor);
        floors.chain(self.first_unflushed).chain(self.first_flushing).min()
    }

    /// Whether there are writes that are in no segment.
    pub fn is_unflushed(&self) -> bool {
        self.first_unflushed.is_some()
    }

    /// What is needed to make a batch of so many records: the columns that there are, and the number of the first row.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub fn reserve(&mut self, rows: usize) -> io::Result<(SchemaRef, i64)> {
        let schema = Arc::clone(self.table()?.schema());
        let first = self.next_sequence;
        self.next_sequence += i64::try_from(rows).unwrap_or(0);
        Ok((schema, first))
    }

    /// The record with this id.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub fn record(&mut self, id: &str) -> io::Result<Option<Record>> {
        Ok(self.table()?.record(id))
    }

    /// Notes an operation that was handed to the log; the table must have been read.
    pub fn expect(&mut self, operation: Operation, ticket: &Ticket) {
        let outcome = ticket.outcome.clone();
        self.pending.push_back(Pending { operation, outcome, floor: ticket.floor });
    }

    /// Applies what the log has decided since the last time, in its order.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub fn catch_up(&mut self) -> io::Result<()> {
        while let Some(decided) = self.pending.front().and_then(|pending| pending.outcome.decided()) {
            let Some(Pending { operation, .. }) = self.pending.pop_front() else { break };
            if let Some(position) = decided {
                self.apply(operation, position)?;
            }
        }
        Ok(())
    }

    /// Applies an operation that is in the log at this position.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub fn apply(&mut self, operation: Operation, position: u64) -> io::Result<()> {
        let dropped = matches!(operation, Operation::Drop);
        match operation {
            Operation::Append(batch) => {
                let numbers =
                    batch.column_by_name(SEQUENCE).and_then(|column| column.as_primitive_opt::<Int64Type>());
                let last = numbers.and_then(|numbers| numbers.values().last().copied());
                self.next_sequence = self.next_sequence.max(last.map_or(0, |last| last + 1));
                self.table()?.add(batch).map_err(io::Error::other)?;
            }
            Operation::Delete(id) => {
                self.table()?.remove(&id);
            }
            Operation::Trim(ids) => {
                let table = self.table()?;
                for id in &ids {
                    table.remove(id);
                }
            }
            Operation::Empty => self.table()?.clear(),
            Operation::Drop => {
                let table = self.table()?;
                table.clear();
                table.forget_columns();
            }
        }
        self.dropped = dropped;
        self.version = position;
        self.first_unflushed.get_or_insert(position);
        Ok(())
    }

    /// The rows as one version.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub fn snapshot(&mut self) -> io::Result<Snapshot> {
        self.catch_up()?;
        let version = self.version;
        self.table()?;
        self.open_segments();
        let segments: Vec<Arc<Segment>> = self.open.iter().map(|(_, segment)| Arc::clone(segment)).collect();
        self.table()?.snapshot(version, &segments).map_err(io::Error::other)
    }

    /// Makes the open segments those of the manifest.
    fn open_segments(&mut self) {
        let entries = &self.manifest.segments;
        self.open.retain(|(file, _)| entries.iter().any(|entry| entry.file == *file));
        for entry in entries {
            if self.open.iter().any(|(file, _)| *file == entry.file) {
                continue;
            }
            let folder = self.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let path = format!("data-sets/{folder}/{}", entry.file);
            let range = self.table.as_ref().and_then(|table| table.time_range_of(&entry.file));
            let segment =
                Segment::new(self.objects.clone(), path, entry.rows, range, Arc::clone(&self.resources));
            self.open.push((entry.file.clone(), Arc::new(segment)));
        }
    }

    /// Takes the buffer, and the segments that are to be put together with it, to be written by [`Flush::write`]; `None` if
    /// there is nothing to write.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub fn begin_flush(&mut self, all: bool) -> io::Result<Option<Flush>> {
        self.catch_up()?;
        if self.first_unflushed.is_none() && !(all && self.manifest.segments.len() > 1) {
            return Ok(None);
        }
        let merged = self.merge_candidates(all)?;
        let frozen = self.table()?.freeze(&merged).map_err(io::Error::other)?;
        self.first_flushing = self.first_unflushed.take();
        self.attempts += 1;
        let file = format!("{:020}-{}-{}.parquet", self.version, self.manifest.number + 1, self.attempts);
        Ok(Some(Flush {
            folder: self.folder.clone(),
            file: file.into(),
            frozen,
            position: self.version,
            next_sequence: self.next_sequence,
        }))
    }

    /// The segments that a flush writes anew: those that are small beside what is written, so that there never are more than
    /// a few dozen, and those of which most rows no longer count.
    fn merge_candidates(&mut self, all: bool) -> io::Result<Vec<Arc<str>>> {
        let entries = self.manifest.segments.clone();
        let table = self.table()?;
        let counts = table.segments();
        let live = |entry: &SegmentEntry| counts.get(entry.file.as_str()).map_or(0, |(_, live)| *live);
        let (mut rows, _) = table.buffered();
        let mut merged = Vec::new();
        for entry in entries.iter().rev() {
            let own = live(entry);
            let is_small = own <= 2 * rows.max(1) && rows + own <= LARGE_ROWS;
            let is_mostly_dead = own * 2 < entry.rows as usize && own <= LARGE_ROWS;
            if all && own < LARGE_ROWS || is_small || is_mostly_dead {
                rows += own;
                merged.push(Arc::from(entry.file.as_str()));
            }
        }
        Ok(merged)
    }

    /// Commits a segment that was written, and marks what was replaced since.
    ///
    /// # Errors
    /// When the manifest cannot be written: the data set is then as before, and its writes are still in the log.
    pub fn finish_flush(&mut self, flush: &Flush, written: io::Result<Written>) -> io::Result<()> {
        let committed = written.and_then(|written| self.commit(flush, written));
        if committed.is_err() {
            if let Some(table) = &mut self.table {
                table.thaw(&flush.frozen);
            }
            self.first_unflushed = self.first_flushing.or(self.first_unflushed);
        }
        self.first_flushing = None;
        committed?;
        manifest::clean(&self.folder)
    }

    fn commit(&mut self, flush: &Flush, written: Written) -> io::Result<()> {
        let first_flushing = self.first_flushing;
        let table = self.table()?;
        if !table.settle(&flush.frozen, &flush.file, written.batches) {
            // all rows went while they were written: the operation that removed them is in the log
            table.thaw(&flush.frozen);
            self.first_unflushed = first_flushing.or(self.first_unflushed);
            return Ok(());
        }
        let mut kept = table.segments();
        let mut entries = self.manifest.segments.clone();
        entries.push(SegmentEntry { file: flush.file.to_string(), rows: written.rows, dead: Vec::new() });
        let segments = entries
            .into_iter()
            .filter_map(|entry| {
                let (dead, live) = kept.remove(entry.file.as_str())?;
                (live > 0).then_some(SegmentEntry { dead, ..entry })
            })
            .collect();
        let manifest = Manifest {
            position: flush.position,
            next_sequence: flush.next_sequence,
            segments,
            ..self.manifest.clone()
        };
        match manifest::commit(&self.folder, manifest) {
            Ok(manifest) => {
                self.manifest = manifest;
                Ok(())
            }
            Err(error) => match manifest::newest(&self.folder) {
                // it was written all the same, only something after it failed
                Ok(found) if found.segments.iter().any(|entry| *entry.file == *flush.file) => {
                    self.manifest = found;
                    Ok(())
                }
                _ => {
                    self.table()?.unsettle(&flush.file);
                    Err(error)
                }
            },
        }
    }

    /// Forgets the rows in memory when all of them are in segments; how many bytes that gave back.
    pub fn let_go(&mut self) -> usize {
        if self.needs_from().is_some() {
            return 0;
        }
        self.table.take().map_or(0, |table| table.bytes())
    }

    /// Bytes in memory, roughly.
    pub fn bytes(&self) -> usize {
        self.table.as_ref().map_or(0, Table::bytes)
    }

    /// Bytes in memory that are in no segment, roughly.
    pub fn buffered_bytes(&self) -> usize {
        self.table.as_ref().map_or(0, |table| table.buffered().1)
    }

    /// What is known without reading rows.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn table(&mut self) -> io::Result<&mut Table> {
        match &mut self.table {
            Some(table) => Ok(table),
            empty => {
                let mut table = Table::new();
                for entry in &self.manifest.segments {
                    let file: Arc<str> = entry.file.as_str().into();
                    let mut first_row = 0;
                    for batch in read_checked(&self.folder, entry)? {
                        let rows = u32::try_from(batch.num_rows()).unwrap_or(u32::MAX);
                        table.load(&file, first_row, batch, &entry.dead);
                        first_row += rows;
                    }
                }
                Ok(empty.insert(table))
            }
        }
    }
}

fn read_checked(folder: &Path, entry: &SegmentEntry) -> io::Result<Vec<RecordBatch>> {
    let path = folder.join(&entry.file);
    let batches = segment::write::read(&path)?;
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    if rows as u64 != entry.rows {
        let message =
            format!("the segment {} has {rows} rows; its manifest says {}", path.display(), entry.rows);
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(batches)
}

/// A name that every file system takes: letters, digits, `-` and `_` as they are, other bytes as `%XX`.
fn folder_name(name: &str) -> String {
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
fn data_set_name(folder: &Path) -> String {
    let text = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
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
            assert_eq!(data_set_name(Path::new(&folder)), name);
        }
    }
}
