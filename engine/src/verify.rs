//! Proving a store: every file is read, and everything that must be true of it is looked at.
//!
//! Nothing is changed and no lock is taken, so that a store can be proved while it is used.

use std::io;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use bytes::Bytes;

use crate::columns::record_at;
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
/// About how many ids are compared with each other at a time, so that memory does not grow with the data set.
const IDS_AT_A_TIME: u64 = 2_000_000;

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
    let (mut rows, mut problems, mut proved) = (0, Vec::new(), Vec::new());
    for entry in &manifest.segments {
        let path = format!("{}/{}", home.folder, entry.file);
        let of_ids = format!("{}/{}", home.folder, entry.ids);
        let (head, entries) = match read_ids(home, &of_ids, entry).await {
            Ok((head, entries)) => (Some(head), Some(entries)),
            Err(reason) => {
                problems.push(format!("the ids {} {reason}", home.objects.describe(&of_ids)));
                (None, None)
            }
        };
        match whole(home, &path, entry.bytes, entry.checksum).await {
            Ok(_) => {
                let mut proof =
                    Proof { entry, key: manifest.id_key, entries, row: 0, before: None, wrong: Vec::new() };
                if let Err(error) = proof.segment(&home.segment(entry)).await {
                    problems.push(error);
                }
                if proof.wrong.is_empty() {
                    proved.extend(head.map(|head| (entry, head)));
                }
                let named = |what: String| format!("the segment {} {what}", home.objects.describe(&path));
                problems.extend(proof.wrong.into_iter().map(named));
                rows += entry.live();
            }
            Err(reason) => problems.push(format!("the segment {} {reason}", home.objects.describe(&path))),
        }
    }
    if let Err(error) = second_records(home, &proved, IDS_AT_A_TIME, &mut problems).await {
        problems.push(error);
    }
    (rows, problems)
}

/// Looks for ids that several records have, in segments of which the files of ids are right.
async fn second_records(
    home: &Home,
    segments: &[(&SegmentEntry, IdHead)],
    at_a_time: u64,
    problems: &mut Vec<String>,
) -> Result<(), String> {
    let rows: u64 = segments.iter().map(|(entry, _)| entry.rows).sum();
    // hashes are spread evenly: a share of their range has about that share of the rows
    let shares = rows.div_ceil(at_a_time).max(1);
    let width = u64::MAX / shares;
    for share in 0..shares {
        let end = if share + 1 == shares { u64::MAX } else { width * (share + 1) - 1 };
        let range = width * share..=end;
        let mut found: Vec<(IdHash, usize, u32)> = Vec::new();
        for (place, (entry, head)) in segments.iter().enumerate() {
            let blocks = head.blocks_in(range.clone());
            if blocks.is_empty() {
                continue;
            }
            let path = format!("{}/{}", home.folder, entry.ids);
            let bytes = head.range_of(blocks.start).start..head.range_of(blocks.end - 1).end;
            let read = home.objects.ranges(&path, &[bytes]).await;
            let read = read.map_err(|error| format!("{}: {error}", home.objects.describe(&path)))?;
            for (hash, row) in read.iter().flat_map(|bytes| ids::entries(bytes)) {
                if range.contains(&hash.high) && entry.dead.binary_search(&row).is_err() {
                    found.push((hash, place, row));
                }
            }
        }
        found.sort_unstable();
        for pair in found.windows(2) {
            let [(before, ..), (hash, place, row)] = pair else { continue };
            if before == hash
                && let Some((entry, _)) = segments.get(*place)
            {
                let row = home.segment(entry).row(*row).await.map_err(|error| error.to_string())?;
                let record = record_at(&row, 0);
                let id = record.get(ID).and_then(|id| id.as_text()).unwrap_or_default();
                let path = home.objects.describe(&format!("{}/{}", home.folder, entry.file));
                problems.push(format!("the segment {path} has a second record with the id {id}"));
            }
        }
    }
    Ok(())
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

/// The head of a file of ids, and its entries in the order of the hashes.
async fn read_ids(home: &Home, path: &str, entry: &SegmentEntry) -> Result<(IdHead, Bytes), String> {
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
    Ok((head, entries))
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
    /// Looks at all rows.
    async fn segment(&mut self, segment: &Segment) -> Result<(), String> {
        let layout = segment.layout().await.map_err(|error| error.to_string())?;
        for row_group in 0..layout.row_groups.len() {
            let batch = segment.read_through(&layout, row_group).await.map_err(|error| error.to_string())?;
            if !self.rows(&batch) {
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
    fn rows(&mut self, batch: &RecordBatch) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{DecodeOptions, decode};
    use crate::store::{Store, StoreOptions};

    #[tokio::test]
    async fn an_id_that_two_records_have_is_named_however_few_are_compared_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::local(folder.path()).unwrap();
        let store = Store::open_at(place.clone(), StoreOptions::default()).await.unwrap();
        let rows: Vec<String> = (0..1_000).map(|n| format!(r#"{{"_id": "r{n}"}}"#)).collect();
        let options = DecodeOptions { auto_ids: &[], now: "2020-01-01T00:00:00Z".parse().unwrap() };
        store
            .append("set", decode(format!("[{}]", rows.join(",")).as_bytes(), &options).unwrap())
            .await
            .unwrap();
        store.flush().await.unwrap();
        let home = Home {
            objects: place.objects.clone(),
            folder: "data-sets/set".into(),
            resources: Resources::new(0).unwrap(),
            sizes: Sizes::default(),
            epoch: 0,
        };
        let (manifest, _) = manifest::newest(&home.objects, &home.folder).await.unwrap();
        let once = manifest.unwrap().segments.pop().unwrap();
        // the same rows a second time, all but one of them marked
        let twice = SegmentEntry { dead: (0..1_000).filter(|row| *row != 700).collect(), ..once.clone() };
        for at_a_time in [50, 300, 10_000] {
            let mut segments = Vec::new();
            for entry in [&once, &twice] {
                let path = format!("{}/{}", home.folder, entry.ids);
                segments.push((entry, read_ids(&home, &path, entry).await.unwrap().0));
            }
            let mut problems = Vec::new();
            second_records(&home, &segments[..1], at_a_time, &mut problems).await.unwrap();
            assert_eq!(problems, Vec::<String>::new());
            second_records(&home, &segments, at_a_time, &mut problems).await.unwrap();
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].ends_with("has a second record with the id r700"), "{problems:?}");
        }
    }
}
