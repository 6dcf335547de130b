//! Manifests: numbered files, each the complete truth about the segments of one data set.
//!
//! A commit puts the next number, which must not be there yet, so that two writers cannot both win and a reader always sees one
//! whole version. A file that the newest manifest does not name is left over, and goes when nobody can be reading it any more.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use serde::{Deserialize, Serialize};

use crate::ids::IdKey;
use crate::object::Objects;
use crate::schema::{system_fields, time_type};

/// The form of the manifests that this program writes and reads.
const FORMAT: u32 = 2;

/// How often a commit is tried when the answer is lost.
const ATTEMPTS: u32 = 4;

/// The segments of a data set, and how far in the log they go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of this file.
    pub format: u32,
    /// The name of the data set.
    pub data_set: String,
    /// Its own number.
    pub number: u64,
    /// Which holder of the lease on the store wrote it: grows from one to the next.
    pub epoch: u64,
    /// Writes up to this position of the log are in the segments.
    pub position: u64,
    /// The sequence number of the next row.
    pub next_sequence: i64,
    /// Whether nothing was written since the data set was made or dropped.
    pub dropped: bool,
    /// What ids are hashed with.
    pub id_key: IdKey,
    /// The columns that rows may have, without those that all rows have.
    pub columns: Vec<Column>,
    /// The live segments, oldest first.
    pub segments: Vec<SegmentEntry>,
}

/// A column of the owner's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name in the segments.
    pub name: String,
    /// The type of its values.
    pub kind: Kind,
}

/// The types that columns have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// True or false.
    Boolean,
    /// 64-bit integers.
    Integer,
    /// 64-bit floating point.
    Number,
    /// Text.
    Text,
    /// Moments in UTC, to the microsecond.
    Time,
}

/// One live segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentEntry {
    /// The name of the file in the folder of the data set.
    pub file: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// CRC-32 of the file.
    pub checksum: u32,
    /// The name of the file of ids.
    pub ids: String,
    /// Bytes of the head of the file of ids.
    pub ids_head: u64,
    /// Bytes of the file of ids.
    pub ids_bytes: u64,
    /// CRC-32 of the file of ids.
    pub ids_checksum: u32,
    /// Rows in the file.
    pub rows: u64,
    /// Bytes that the rows take in memory.
    pub memory: u64,
    /// The smallest and largest `_timestamp` in microseconds; none where no row has one.
    pub time_range: Option<(i64, i64)>,
    /// The smallest and largest sequence number.
    pub sequence: (i64, i64),
    /// Rows that no longer count: replaced or deleted since the file was written.
    #[serde(default = "nothing", skip_serializing_if = "is_empty", with = "crate::mask")]
    pub dead: Arc<[u32]>,
}

fn nothing() -> Arc<[u32]> {
    Arc::default()
}

fn is_empty(rows: &Arc<[u32]>) -> bool {
    rows.is_empty()
}

impl SegmentEntry {
    /// Rows that count.
    pub fn live(&self) -> u64 {
        self.rows.saturating_sub(self.dead.len() as u64)
    }
}

impl Manifest {
    /// That of a data set that was never written.
    pub fn new(data_set: &str) -> Self {
        Self {
            format: FORMAT,
            data_set: data_set.to_owned(),
            number: 0,
            epoch: 0,
            position: 0,
            next_sequence: 0,
            dropped: true,
            id_key: IdKey::random(),
            columns: Vec::new(),
            segments: Vec::new(),
        }
    }

    /// All columns, those that all rows have first.
    pub fn schema(&self) -> SchemaRef {
        let mut fields = system_fields();
        fields.extend(
            self.columns.iter().map(|column| Field::new(&column.name, column.kind.data_type(), true)),
        );
        Arc::new(Schema::new(fields))
    }
}

/// The owner's columns of a schema.
pub fn columns_of(schema: &Schema) -> Vec<Column> {
    let own = schema.fields().iter().skip(system_fields().len());
    own.map(|field| Column { name: field.name().clone(), kind: Kind::of(field.data_type()) }).collect()
}

impl Kind {
    fn of(kind: &DataType) -> Self {
        match kind {
            DataType::Boolean => Self::Boolean,
            DataType::Int64 => Self::Integer,
            DataType::Float64 => Self::Number,
            DataType::Timestamp(..) => Self::Time,
            _ => Self::Text,
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Number => DataType::Float64,
            Self::Text => DataType::Utf8View,
            Self::Time => time_type(),
        }
    }
}

/// The name of a manifest's file.
pub fn file_name(number: u64) -> String {
    format!("manifest-{number:020}.json")
}

/// The number in the name of a manifest's file.
pub fn number_of(file: &str) -> Option<u64> {
    file.strip_prefix("manifest-")?.strip_suffix(".json")?.parse().ok()
}

/// The newest manifest of a folder, and the names of all files there.
///
/// # Errors
/// When it cannot be read or was written by another version of the program: the error names the file.
pub async fn newest(objects: &Objects, folder: &str) -> io::Result<(Option<Manifest>, Vec<String>)> {
    // a manifest that goes between the listing and the reading has been followed by others
    for _ in 0..ATTEMPTS {
        let files = objects.names(folder).await?;
        let Some(number) = files.iter().filter_map(|file| number_of(file)).max() else {
            return Ok((None, files));
        };
        match read(objects, folder, number).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(manifest) => return Ok((Some(manifest), files)),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!("the manifests in {} change too fast", objects.describe(folder))))
}

async fn read(objects: &Objects, folder: &str, number: u64) -> io::Result<Manifest> {
    let path = format!("{folder}/{}", file_name(number));
    parse(&objects.get(&path).await?).map_err(|reason| {
        let message = format!("the manifest {} {reason}", objects.describe(&path));
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}

/// Reads a manifest.
///
/// # Errors
/// What is wrong with it.
pub fn parse(bytes: &[u8]) -> Result<Manifest, String> {
    #[derive(Deserialize)]
    struct Form {
        format: u32,
    }
    let form: Form = serde_json::from_slice(bytes).map_err(|error| format!("is broken: {error}"))?;
    if form.format != FORMAT {
        return Err(format!("has format {}; this program reads format {FORMAT}", form.format));
    }
    let manifest: Manifest = serde_json::from_slice(bytes).map_err(|error| format!("is broken: {error}"))?;
    for entry in &manifest.segments {
        if entry.dead.last().is_some_and(|row| u64::from(*row) >= entry.rows) {
            return Err(format!("is broken: it marks rows that {} does not have", entry.file));
        }
    }
    Ok(manifest)
}

/// Why a manifest was not committed.
#[derive(Debug)]
pub enum CommitError {
    /// Its number is taken by this one.
    Taken(Box<Manifest>),
    /// It cannot be known whether it was written.
    Io(io::Error),
}

/// Commits a manifest under its number and makes it durable. Where the answer is lost, it is found out whether it is there.
///
/// # Errors
/// [`CommitError`].
pub async fn commit(objects: &Objects, folder: &str, manifest: &Manifest) -> Result<(), CommitError> {
    let text = serde_json::to_vec_pretty(manifest).map_err(|error| CommitError::Io(error.into()))?;
    let path = format!("{folder}/{}", file_name(manifest.number));
    let mut pause = Duration::from_millis(10);
    let mut attempt = 1;
    loop {
        let error = match objects.create(&path, text.clone().into()).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        match read(objects, folder, manifest.number).await {
            Ok(found) if found == *manifest => {
                return objects.settle(&path).await.map_err(CommitError::Io);
            }
            Ok(found) => return Err(CommitError::Taken(Box::new(found))),
            Err(_) if attempt == ATTEMPTS || !objects.is_remote() => return Err(CommitError::Io(error)),
            Err(_) => {}
        }
        tokio::time::sleep(pause).await;
        pause *= 4;
        attempt += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_two_writers_one_wins_and_who_asks_again_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::local(folder.path()).unwrap();
        let first = Manifest { number: 1, position: 7, ..Manifest::new("a") };
        commit(&objects, "data-sets/a", &first).await.unwrap();
        let late = Manifest { number: 1, position: 9, ..Manifest::new("a") };
        let taken = commit(&objects, "data-sets/a", &late).await;
        assert!(matches!(taken, Err(CommitError::Taken(found)) if *found == first));
        commit(&objects, "data-sets/a", &first).await.unwrap();
        assert_eq!(newest(&objects, "data-sets/a").await.unwrap().0, Some(first));
    }

    #[tokio::test]
    async fn broken_and_newer_manifests_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::local(folder.path()).unwrap();
        let path = folder.path().join("a");
        std::fs::create_dir(&path).unwrap();
        let path = path.join(file_name(1));
        let cases = [
            ("{", "manifest-00000000000000000001.json is broken"),
            (r#"{"format": 99, "whatever": 1}"#, "has format 99; this program reads format 2"),
            (r#"{"format": 2}"#, "is broken: missing field"),
        ];
        for (text, expected) in cases {
            std::fs::write(&path, text).unwrap();
            let error = newest(&objects, "a").await.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn columns_and_marks_come_back() {
        let fields = [
            ("flag", DataType::Boolean),
            ("nn", DataType::Int64),
            ("ratio", DataType::Float64),
            ("text\u{1}", DataType::Utf8View),
            ("_start_at", time_type()),
        ];
        let own = fields.map(|(name, kind)| Field::new(name, kind, true));
        let schema = Schema::new(system_fields().into_iter().chain(own).collect::<Vec<_>>());
        let manifest = Manifest { columns: columns_of(&schema), ..Manifest::new("a") };
        let read = parse(&serde_json::to_vec(&manifest).unwrap()).unwrap();
        assert_eq!(read, manifest);
        assert_eq!(*read.schema(), schema);
    }
}
