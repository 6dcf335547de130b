//! Proving a store: every file is read, and everything that must be true of it is looked at.
//!
//! Nothing is changed and no lock is taken, so that a store can be proved while it is used.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use bytes::Bytes;

use crate::data_set::{Home, data_set_name};
use crate::ids::{IdHash, IdKey};
use crate::log;
use crate::manifest::{self, Manifest, SegmentEntry};
use crate::merge::Sizes;
use crate::operation::Operation;
use crate::place::Place;
use crate::resources::Resources;
use crate::schema::{ID, SEQUENCE, TIMESTAMP};
use crate::segment::{IdHead, Segment, ids};

/// How often a data set is read anew when its files change while they are read.
const ATTEMPTS: usize = 5;

/// What was found about one data set, or about the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the data set; `None` is the log.
    pub data_set: Option<String>,
    /// Its files.
    pub files: usize,
    /// Rows that count; for the log, writes.
    pub rows: u64,
    /// What is wrong, each in a sentence that names the file. Empty is good.
    pub problems: Vec<String>,
}

/// Reads a whole store. `seen` is told each finding as it comes.
///
/// # Errors
/// When there is no store or it cannot be listed; what is wrong inside is told as problems.
pub async fn verify(place: &Place, mut seen: impl FnMut(&Finding)) -> io::Result<Vec<Finding>> {
    // what is read is read once
    let resources = Resources::new(0)?;
    let mut findings = Vec::new();
    let mut folders = place.objects.folders("data-sets").await?;
    folders.sort();
    for folder in folders {
        let home = Home {
            objects: place.objects.clone(),
            folder: format!("data-sets/{folder}").into(),
            resources: Arc::clone(&resources),
            sizes: Sizes::default(),
            epoch: 0,
        };
        let finding = data_set(&home, &data_set_name(&folder)).await;
        seen(&finding);
        findings.push(finding);
    }
    let folder = place.log();
    let finding =
        tokio::task::spawn_blocking(move || write_ahead_log(&folder)).await.map_err(io::Error::other)?;
    seen(&finding);
    findings.push(finding);
    Ok(findings)
}

async fn data_set(home: &Home, name: &str) -> Finding {
    let mut finding = Finding { data_set: Some(name.to_owned()), files: 0, rows: 0, problems: Vec::new() };
    for attempt in 1..=ATTEMPTS {
        let manifest = match manifest::newest(&home.objects, &home.folder).await {
            Ok((Some(manifest), _)) => manifest,
            Ok((None, _)) => return finding,
            Err(error) => {
                finding.problems = vec![error.to_string()];
                return finding;
            }
        };
        finding.files = manifest.segments.len();
        (finding.rows, finding.problems) = segments(home, &manifest).await;
        // segments that were put together in the meantime are gone, and no longer in the newest manifest
        let newest = manifest::newest(&home.objects, &home.folder).await;
        let has_moved = matches!(newest, Ok((Some(newest), _)) if newest.number != manifest.number);
        if finding.problems.is_empty() || !has_moved || attempt == ATTEMPTS {
            break;
        }
    }
    finding
}

async fn segments(home: &Home, manifest: &Manifest) -> (u64, Vec<String>) {
    let (mut rows, mut problems, mut known) = (0, Vec::new(), HashSet::new());
    for entry in &manifest.segments {
        let path = format!("{}/{}", home.folder, entry.file);
        let of_ids = format!("{}/{}", home.folder, entry.ids);
        let entries = match read_ids(home, &of_ids, entry).await {
            Ok(entries) => Some(entries),
            Err(reason) => {
                problems.push(format!("the ids {} {reason}", home.objects.describe(&of_ids)));
                None
            }
        };
        match whole(home, &path, entry.bytes, entry.checksum).await {
            Ok(_) => {
                let mut proof =
                    Proof { entry, key: manifest.id_key, entries, row: 0, before: None, wrong: Vec::new() };
                if let Err(error) = proof.segment(&home.segment(entry), &mut known).await {
                    problems.push(error);
                }
                let named = |what: String| format!("the segment {} {what}", home.objects.describe(&path));
                problems.extend(proof.wrong.into_iter().map(named));
                rows += entry.live();
            }
            Err(reason) => problems.push(format!("the segment {} {reason}", home.objects.describe(&path))),
        }
    }
    (rows, problems)
}

/// A file that has the bytes that its manifest says, or what is wrong with it.
async fn whole(home: &Home, path: &str, bytes: u64, checksum: u32) -> Result<Bytes, String> {
    let file = home.objects.get(path).await.map_err(|error| format!("cannot be read: {error}"))?;
    if file.len() as u64 != bytes {
        return Err(format!("has {} bytes; its manifest says {bytes}", file.len()));
    }
    if crc32fast::hash(&file) != checksum {
        return Err("has another checksum than its manifest says".to_owned());
    }
    Ok(file)
}

/// The entries of a file of ids, in the order of the hashes.
async fn read_ids(home: &Home, path: &str, entry: &SegmentEntry) -> Result<Bytes, String> {
    let file = whole(home, path, entry.ids_bytes, entry.ids_checksum).await?;
    let head_bytes = usize::try_from(entry.ids_head).unwrap_or(usize::MAX).min(file.len());
    let head = IdHead::parse(&file[..head_bytes]).map_err(|reason| format!("cannot be read: {reason}"))?;
    let entries = file.slice(head_bytes..);
    for block in 0..head.blocks() {
        let range = head.range_of(block);
        let bytes = file.get(range.start as usize..range.end as usize).unwrap_or_default();
        if !head.is_whole(block, bytes) {
            return Err(format!("has a wrong checksum in block {block}"));
        }
    }
    if !ids::entries(&entries).is_sorted() {
        return Err("are not in order".to_owned());
    }
    Ok(entries)
}

/// What is being found out about one segment.
struct Proof<'a> {
    entry: &'a SegmentEntry,
    key: IdKey,
    entries: Option<Bytes>,
    row: u32,
    before: Option<(Option<i64>, Option<i64>)>,
    wrong: Vec<String>,
}

impl Proof<'_> {
    /// Looks at all rows; `known` are the ids of live rows before them.
    async fn segment(&mut self, segment: &Segment, known: &mut HashSet<IdHash>) -> Result<(), String> {
        let layout = segment.layout().await.map_err(|error| error.to_string())?;
        for row_group in 0..layout.row_groups.len() {
            let batch = segment.read_through(row_group).await.map_err(|error| error.to_string())?;
            if !self.rows(&batch, known) {
                return Ok(());
            }
        }
        if u64::from(self.row) != self.entry.rows {
            self.wrong.push(format!("has {} rows; its manifest says {}", self.row, self.entry.rows));
        }
        let places = self.entries.as_ref().map(|entries| ids::entries(entries).count() as u64);
        if places.is_some_and(|places| places != self.entry.rows) {
            self.wrong.push("has not as many rows as its file of ids".to_owned());
        }
        Ok(())
    }

    /// Whether it is worth looking at more rows.
    fn rows(&mut self, batch: &RecordBatch, known: &mut HashSet<IdHash>) -> bool {
        let own_ids = batch.column_by_name(ID).and_then(|column| column.as_string_view_opt());
        let times = batch
            .column_by_name(TIMESTAMP)
            .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        let numbers =
            batch.column_by_name(SEQUENCE).and_then(|column| column.as_primitive_opt::<Int64Type>());
        let (Some(own_ids), Some(times), Some(numbers)) = (own_ids, times, numbers) else {
            self.wrong.push("lacks a column that every segment has".to_owned());
            return false;
        };
        for ((id, time), number) in own_ids.iter().zip(times).zip(numbers) {
            let (row, id) = (self.row, id.unwrap_or_default());
            let place = Some((time, number));
            if self.before > place {
                self.wrong.push(format!("is not in order at row {row}"));
                return false;
            }
            self.before = place;
            let hash = self.key.hash(id);
            if self.entries.as_ref().is_some_and(|entries| ids::find(entries, hash) != Some(row)) {
                self.wrong.push(format!("has the id {id} in row {row}, which its file of ids does not say"));
                return false;
            }
            if self.entry.dead.binary_search(&row).is_err() && !known.insert(hash) {
                self.wrong.push(format!("has a second record with the id {id}"));
            }
            self.row += 1;
        }
        true
    }
}

fn write_ahead_log(folder: &std::path::Path) -> Finding {
    let mut finding = Finding { data_set: None, files: 0, rows: 0, problems: Vec::new() };
    let checked = log::check(folder, |frame| {
        finding.rows += 1;
        Operation::decode(&frame.payload).map(|_| ())
    });
    match checked {
        Ok(files) => finding.files = files,
        Err(error) => finding.problems.push(error.to_string()),
    }
    finding
}
