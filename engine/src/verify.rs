//! Proving a store: every file is read, and everything that must be true of it is looked at.
//!
//! Nothing is changed and no lock is taken, so that a store can be proved while it is used.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};

use crate::log;
use crate::manifest::{self, Manifest, SegmentEntry};
use crate::operation::Operation;
use crate::schema::{ID, SEQUENCE, TIMESTAMP};
use crate::segment;

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
/// When the folder is no store or cannot be listed; what is wrong inside is told as problems.
pub fn verify(folder: &Path, mut seen: impl FnMut(&Finding)) -> io::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut folders: Vec<_> = std::fs::read_dir(folder.join("data-sets"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    folders.sort();
    for folder in folders {
        let finding = data_set(&folder);
        seen(&finding);
        findings.push(finding);
    }
    let finding = write_ahead_log(&folder.join("log"));
    seen(&finding);
    findings.push(finding);
    Ok(findings)
}

fn data_set(folder: &Path) -> Finding {
    let fallback = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut finding = Finding { data_set: Some(fallback), files: 0, rows: 0, problems: Vec::new() };
    for attempt in 1..=ATTEMPTS {
        let manifest = match manifest::newest(folder) {
            Ok(manifest) => manifest,
            Err(error) => {
                finding.problems = vec![error.to_string()];
                return finding;
            }
        };
        if !manifest.data_set.is_empty() {
            finding.data_set = Some(manifest.data_set.clone());
        }
        finding.files = manifest.segments.len();
        (finding.rows, finding.problems) = segments(folder, &manifest);
        // segments that were put together in the meantime are gone, and no longer in the newest manifest
        let has_moved = manifest::newest(folder).is_ok_and(|newest| newest.number != manifest.number);
        if finding.problems.is_empty() || !has_moved || attempt == ATTEMPTS {
            break;
        }
    }
    finding
}

fn segments(folder: &Path, manifest: &Manifest) -> (u64, Vec<String>) {
    let (mut rows, mut problems, mut ids) = (0, Vec::new(), HashSet::new());
    for entry in &manifest.segments {
        match segment::write::read(&folder.join(&entry.file)) {
            Ok(batches) => {
                let problem =
                    |what: String| format!("the segment {} {what}", folder.join(&entry.file).display());
                problems.extend(wrong_with(entry, &batches, &mut ids).into_iter().map(problem));
                rows += entry.rows.saturating_sub(entry.dead.len() as u64);
            }
            Err(error) => problems.push(error.to_string()),
        }
    }
    (rows, problems)
}

/// What is wrong with the rows of a segment; `ids` are those of live rows before it.
fn wrong_with(entry: &SegmentEntry, batches: &[RecordBatch], ids: &mut HashSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    if rows as u64 != entry.rows {
        wrong.push(format!("has {rows} rows; its manifest says {}", entry.rows));
    }
    if entry.dead.iter().any(|row| u64::from(*row) >= entry.rows) || !entry.dead.is_sorted() {
        wrong.push("has marks for rows that it does not have".to_owned());
    }
    let (mut row, mut before) = (0u32, None);
    for batch in batches {
        let own_ids = batch.column_by_name(ID).and_then(|column| column.as_string_view_opt());
        let times = batch
            .column_by_name(TIMESTAMP)
            .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        let numbers =
            batch.column_by_name(SEQUENCE).and_then(|column| column.as_primitive_opt::<Int64Type>());
        let (Some(own_ids), Some(times), Some(numbers)) = (own_ids, times, numbers) else {
            wrong.push("lacks a column that every segment has".to_owned());
            return wrong;
        };
        for ((id, time), number) in own_ids.iter().zip(times).zip(numbers) {
            let place = Some((time, number));
            if before > place {
                wrong.push(format!("is not in order at row {row}"));
                return wrong;
            }
            before = place;
            let is_live = entry.dead.binary_search(&row).is_err();
            let id = id.unwrap_or_default();
            if is_live && !ids.insert(id.to_owned()) {
                wrong.push(format!("has a second record with the id {id}"));
            }
            row += 1;
        }
    }
    wrong
}

fn write_ahead_log(folder: &Path) -> Finding {
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
