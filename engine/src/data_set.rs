//! One data set: its folder of segments and manifests, and its rows in memory once somebody asks for them.

use std::io;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;

use crate::columns::to_batch;
use crate::manifest::{self, Manifest, SegmentEntry};
use crate::operation::Operation;
use crate::record::Record;
use crate::segment;
use crate::snapshot::Snapshot;
use crate::table::Table;

/// One data set. Its methods block on files: a caller holds it for as long as one of them runs.
#[derive(Debug)]
pub struct DataSet {
    folder: PathBuf,
    manifest: Manifest,
    /// The rows; `None` until they are needed, and again after they were let go.
    table: Option<Table>,
    /// The log position of the last write.
    version: u64,
    /// The first write that is not in a segment.
    first_unflushed: Option<u64>,
    next_sequence: i64,
    dropped: bool,
}

impl DataSet {
    /// Makes the folder of a new data set.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(parent: &Path, name: &str) -> io::Result<Self> {
        let folder = parent.join(folder_name(name));
        std::fs::create_dir_all(&folder)?;
        crate::log::sync_folder(parent)?;
        Ok(Self::of(folder, Manifest { data_set: name.to_owned(), ..Manifest::default() }))
    }

    /// Opens the folder of a data set; reads no rows.
    ///
    /// # Errors
    /// When its manifest cannot be read.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let mut manifest = manifest::newest(folder)?;
        if manifest.data_set.is_empty() {
            manifest.data_set = data_set_name(folder);
        }
        manifest::clean(folder)?;
        Ok(Self::of(folder.to_owned(), manifest))
    }

    fn of(folder: PathBuf, manifest: Manifest) -> Self {
        let (version, next_sequence) = (manifest.position, manifest.next_sequence);
        let dropped = manifest.segments.is_empty();
        Self { folder, manifest, table: None, version, first_unflushed: None, next_sequence, dropped }
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

    /// The log position of the first write that is not in a segment.
    pub fn first_unflushed(&self) -> Option<u64> {
        self.first_unflushed
    }

    /// The operation that appends these records.
    ///
    /// # Errors
    /// When segments cannot be read, or columns not be built.
    pub fn append(&mut self, records: &[Record]) -> io::Result<Operation> {
        let first = self.next_sequence;
        let schema = std::sync::Arc::clone(self.table()?.schema());
        to_batch(records, &schema, first).map(Operation::Append).map_err(io::Error::other)
    }

    /// The record with this id.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub fn record(&mut self, id: &str) -> io::Result<Option<Record>> {
        Ok(self.table()?.record(id))
    }

    /// Applies an operation that is in the log at this position.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub fn apply(&mut self, operation: Operation, position: u64) -> io::Result<()> {
        let dropped = matches!(operation, Operation::Drop);
        let appended = match operation {
            Operation::Append(batch) => {
                let rows = i64::try_from(batch.num_rows()).unwrap_or(0);
                self.table()?.add(batch, false);
                rows
            }
            Operation::Delete(id) => {
                self.table()?.remove(&id);
                0
            }
            Operation::Empty => {
                self.table()?.clear();
                0
            }
            Operation::Drop => {
                self.table = Some(Table::new());
                0
            }
        };
        self.next_sequence += appended;
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
        let version = self.version;
        self.table()?.snapshot(version).map_err(io::Error::other)
    }

    /// Writes the rows to one sorted segment and commits it, with the log position that it covers.
    ///
    /// # Errors
    /// When files cannot be written: the data set is then as before.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.first_unflushed.is_none() {
            return Ok(());
        }
        let snapshot = self.snapshot()?;
        let rows =
            arrow::compute::concat_batches(&snapshot.schema, &snapshot.batches).map_err(io::Error::other)?;
        let rows = segment::sort(&rows).map_err(io::Error::other)?;
        let mut segments = Vec::new();
        if rows.num_rows() > 0 {
            let file = format!("{:020}.parquet", self.version);
            segment::write(&self.folder.join(&file), &rows)?;
            segments.push(SegmentEntry { file, rows: rows.num_rows() as u64, dead: Vec::new() });
        }
        self.manifest = manifest::commit(
            &self.folder,
            Manifest {
                position: self.version,
                next_sequence: self.next_sequence,
                segments,
                ..self.manifest.clone()
            },
        )?;
        self.first_unflushed = None;
        let mut table = Table::new();
        table.add(rows, true);
        self.table = Some(table);
        manifest::clean(&self.folder)
    }

    /// Forgets the rows in memory when all of them are in segments; how many bytes that gave back.
    pub fn let_go(&mut self) -> usize {
        if self.first_unflushed.is_some() {
            return 0;
        }
        self.table.take().map_or(0, |table| table.bytes())
    }

    /// Bytes in memory, roughly.
    pub fn bytes(&self) -> usize {
        self.table.as_ref().map_or(0, Table::bytes)
    }

    fn table(&mut self) -> io::Result<&mut Table> {
        match &mut self.table {
            Some(table) => Ok(table),
            empty => {
                let mut table = Table::new();
                for entry in &self.manifest.segments {
                    for batch in read_checked(&self.folder, entry)? {
                        table.add(batch, true);
                    }
                }
                Ok(empty.insert(table))
            }
        }
    }
}

fn read_checked(folder: &Path, entry: &SegmentEntry) -> io::Result<Vec<RecordBatch>> {
    let path = folder.join(&entry.file);
    let batches = segment::read(&path)?;
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
