//! Jobs: segments that are written while the data set is used.
//!
//! ```text
//! begin (flush or compaction) -> Job::write -> prepare -> commit of the manifest -> settle
//!                                                  \--------------------------------> abandon
//! ```
//!
//! A job takes rows as they are at its beginning. Rows of it that are replaced or deleted before it is settled are noted, with
//! the position of the write that did it ([`Running::gone`]), and marked in the new segments.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use crate::buffer::Frozen;
use crate::compact::{Candidate, choose};
use crate::data_set::{DataSet, Home};
use crate::ids::IdHash;
use crate::live_segment::LiveSegment;
use crate::manifest::{Column, Manifest, SegmentEntry, columns_of};
use crate::merge::Merge;
use crate::segment::write::Encoded;
use crate::segment::{Segment, ids};
use crate::snapshot::SegmentView;

/// What a data set knows of a job.
#[derive(Debug)]
pub struct Running {
    number: u64,
    /// Whether it writes the buffer.
    pub is_flush: bool,
    /// The segments that it puts together.
    pub files: HashSet<String>,
    /// Rows of it that no longer count, and since which position of the log.
    pub gone: Vec<(u64, IdHash)>,
}

/// A job.
#[derive(Debug)]
pub struct Job {
    number: u64,
    home: Home,
    generation: u64,
    files: HashSet<String>,
    merge: Merge,
    /// The number of the manifest that will name the segments, for their names.
    next_manifest: u64,
    flush: Option<Flush>,
}

/// What a flush brings into the manifest.
#[derive(Debug)]
struct Flush {
    frozen: Frozen,
    position: u64,
    next_sequence: i64,
    dropped: bool,
    columns: Vec<Column>,
}

/// A segment that is in its place and in no manifest yet.
#[derive(Debug)]
pub struct Output {
    segment: Arc<Segment>,
    /// The entries of its file of ids.
    entries: Bytes,
}

impl Job {
    /// Whether it writes the buffer.
    pub fn is_flush(&self) -> bool {
        self.flush.is_some()
    }

    /// Writes the segments; those that were written are in `outputs` even if it fails.
    ///
    /// # Errors
    /// When a segment cannot be read or written.
    pub async fn write(&self, outputs: &mut Vec<Output>) -> io::Result<()> {
        let mut merger = self.merge.clone().start(Arc::clone(&self.home.resources)).await?;
        while let Some(encoded) = merger.next().await? {
            outputs.push(self.put(encoded).await?);
        }
        Ok(())
    }

    async fn put(&self, encoded: Encoded) -> io::Result<Output> {
        let Encoded { parquet, ids, ids_head, facts } = encoded;
        let stem = format!("{:010}-{}", self.next_manifest, uuid::Uuid::new_v4().simple());
        let entry = SegmentEntry {
            file: format!("{stem}.parquet"),
            bytes: parquet.len() as u64,
            checksum: crc32fast::hash(&parquet),
            ids: format!("{stem}.ids"),
            ids_head: ids_head as u64,
            ids_bytes: ids.len() as u64,
            ids_checksum: crc32fast::hash(&ids),
            rows: facts.rows,
            memory: facts.memory,
            time_range: facts.time_range,
            sequence: facts.sequence.unwrap_or_default(),
            dead: Arc::default(),
        };
        let Home { objects, folder, resources, .. } = &self.home;
        let (of_rows, of_ids) = (format!("{folder}/{}", entry.file), format!("{folder}/{}", entry.ids));
        let bytes = entry.bytes + entry.ids_bytes;
        futures::try_join!(objects.put(&of_rows, parquet), objects.put(&of_ids, ids.clone()))?;
        resources.counts.rows_written.add(entry.rows);
        resources.counts.bytes_written.add(bytes);
        Ok(Output { segment: self.home.segment(&entry), entries: ids.slice(ids_head..) })
    }
}

impl DataSet {
    /// Takes the buffer to be written, together with segments that are small beside it or mostly dead; `None` if there is
    /// nothing that is not in a segment.
    ///
    /// # Errors
    /// Only when Arrow cannot filter a batch.
    pub fn begin_flush(&mut self) -> io::Result<Option<Job>> {
        if self.first_unflushed.is_none() || self.running.iter().any(|job| job.is_flush) {
            return Ok(None);
        }
        let position = self.version;
        let places = self.small_beside(self.buffer.thawed_rows());
        let frozen = self.buffer.freeze().map_err(io::Error::other)?;
        self.first_flushing = self.first_unflushed.take();
        let merge = Merge {
            schema: Arc::clone(self.buffer.schema()),
            key: self.id_key(),
            batches: frozen.batches.clone(),
            segments: self.views(&places, position),
            sizes: self.home.sizes,
        };
        let flush = Flush {
            frozen,
            position,
            next_sequence: self.next_sequence,
            dropped: self.dropped,
            columns: columns_of(self.buffer.schema()),
        };
        Ok(Some(self.begin(merge, &places, Vec::new(), Some(flush))))
    }

    /// Segments to be written anew with a buffer of so many rows: those that are small beside it, so that there never are more
    /// than a few dozen, and small ones of which most rows no longer count.
    fn small_beside(&self, mut rows: usize) -> Vec<usize> {
        let most = self.home.sizes.segment_rows / 4;
        let mut places = Vec::new();
        for (place, live) in self.segments.iter().enumerate().rev() {
            let own = usize::try_from(live.live_rows()).unwrap_or(usize::MAX);
            let is_small = own <= 2 * rows.max(1);
            let is_mostly_dead = (own as u64) * 2 < live.segment.rows();
            if rows.saturating_add(own) <= most && (is_small || is_mostly_dead) && !self.is_busy(live) {
                rows += own;
                places.push(place);
            }
        }
        places
    }

    fn is_busy(&self, live: &LiveSegment) -> bool {
        self.running.iter().any(|job| job.files.contains(&live.segment.facts().file))
    }

    /// Takes segments that should be put together; with `all` whatever can be. `None` if they are as they should be.
    pub fn begin_compaction(&mut self, all: bool) -> Option<Job> {
        let candidate = |live: &LiveSegment| Candidate {
            rows: live.segment.rows(),
            live: live.live_rows(),
            time_range: live.segment.time_range(),
            is_busy: self.is_busy(live),
        };
        let candidates: Vec<Candidate> = self.segments.iter().map(candidate).collect();
        let places = choose(&candidates, self.home.sizes.segment_rows, all);
        if places.is_empty() {
            return None;
        }
        let position = self.manifest.position;
        let merge = Merge {
            schema: self.manifest.schema(),
            key: self.id_key(),
            batches: Vec::new(),
            segments: self.views(&places, position),
            sizes: self.home.sizes,
        };
        // rows that went after the manifest was written are merged, and marked
        let chosen = places.iter().filter_map(|place| self.segments.get(*place));
        let gone = chosen.flat_map(|live| live.marks_after(position)).collect();
        Some(self.begin(merge, &places, gone, None))
    }

    fn views(&self, places: &[usize], position: u64) -> Vec<SegmentView> {
        let chosen = places.iter().filter_map(|place| self.segments.get(*place));
        let view = |live: &LiveSegment| SegmentView {
            segment: Arc::clone(&live.segment),
            dead: live.dead_at(position),
        };
        chosen.map(view).collect()
    }

    fn begin(
        &mut self,
        merge: Merge,
        places: &[usize],
        gone: Vec<(u64, IdHash)>,
        flush: Option<Flush>,
    ) -> Job {
        let chosen = places.iter().filter_map(|place| self.segments.get(*place));
        let files: HashSet<String> = chosen.map(|live| live.segment.facts().file.clone()).collect();
        let number = self.running.iter().map(|job| job.number + 1).max().unwrap_or(0);
        self.running.push(Running { number, is_flush: flush.is_some(), files: files.clone(), gone });
        Job {
            number,
            home: self.home.clone(),
            generation: self.generation,
            files,
            merge,
            next_manifest: self.manifest.number + 1,
            flush,
        }
    }

    /// The manifest that names the segments of a job; `None` if all rows have gone in the meantime.
    pub fn prepare(&self, job: &Job, outputs: &[Output]) -> Option<Manifest> {
        if job.generation != self.generation {
            return None;
        }
        let position = job.flush.as_ref().map_or(self.manifest.position, |flush| flush.position);
        let gone =
            self.running.iter().find(|running| running.number == job.number).map(|running| &running.gone);
        let mut segments: Vec<SegmentEntry> = Vec::new();
        for live in self.segments.iter().filter(|live| !job.files.contains(&live.segment.facts().file)) {
            segments.push(SegmentEntry { dead: live.dead_at(position), ..live.segment.facts().clone() });
        }
        for output in outputs {
            let gone = gone.into_iter().flatten().filter(|(since, _)| *since <= position);
            let mut dead: Vec<u32> = gone.filter_map(|(_, id)| ids::find(&output.entries, *id)).collect();
            dead.sort_unstable();
            dead.dedup();
            segments.push(SegmentEntry { dead: dead.into(), ..output.segment.facts().clone() });
        }
        segments.retain(|entry| entry.live() > 0);
        segments.sort_by_key(|entry| entry.sequence);
        let mut manifest = Manifest {
            number: self.manifest.number + 1,
            epoch: self.home.epoch,
            segments,
            ..self.manifest.clone()
        };
        if let Some(flush) = &job.flush {
            manifest.position = flush.position;
            manifest.next_sequence = flush.next_sequence;
            manifest.dropped = flush.dropped;
            manifest.columns.clone_from(&flush.columns);
        }
        Some(manifest)
    }

    /// The manifest of a job was committed.
    pub fn settle(&mut self, job: Job, outputs: &[Output], manifest: Manifest) {
        let folder = Arc::clone(&self.home.folder);
        let running = self.running.iter().position(|running| running.number == job.number);
        let running = running.map(|place| self.running.swap_remove(place));
        for entry in &self.manifest.segments {
            if manifest.segments.iter().all(|kept| kept.file != entry.file) {
                let live = self.segments.iter().find(|live| live.segment.facts().file == entry.file);
                let held = live.map(|live| Arc::downgrade(&live.segment)).unwrap_or_default();
                self.trash.add(format!("{folder}/{}", entry.file), held.clone());
                self.trash.add(format!("{folder}/{}", entry.ids), held);
            }
        }
        self.trash.is_certain();
        self.trash.add_manifest_before(&folder, manifest.number);
        if job.is_flush() {
            self.first_flushing = None;
        }
        self.manifest = manifest;
        self.home.resources.counts.commits.one();
        if job.generation != self.generation {
            // all rows have gone while it was committed; the next manifest will say so
            return;
        }
        if let Some(flush) = &job.flush {
            self.buffer.release(&flush.frozen);
        }
        self.snapshot = None;
        let mut known = std::mem::take(&mut self.segments);
        for entry in &self.manifest.segments {
            if let Some(place) = known.iter().position(|live| live.segment.facts().file == entry.file) {
                let mut live = known.swap_remove(place);
                live.settle(&entry.dead, self.manifest.position);
                self.segments.push(live);
            }
            let Some(output) = outputs.iter().find(|output| output.segment.facts().file == entry.file) else {
                continue;
            };
            let mut live = LiveSegment::new(Arc::clone(&output.segment), entry);
            for (since, id) in running.iter().flat_map(|running| &running.gone) {
                if let Some(row) = ids::find(&output.entries, *id).filter(|_| *since > self.manifest.position)
                {
                    live.mark(row, *since, *id);
                }
            }
            self.segments.push(live);
        }
    }

    /// A job came to nothing: the data set is as before, and its writes are still in the log.
    pub fn abandon(&mut self, job: &Job, outputs: &[Output]) {
        self.running.retain(|running| running.number != job.number);
        if let Some(flush) = &job.flush {
            self.buffer.thaw(&flush.frozen);
            self.first_unflushed = self.first_flushing.take().or(self.first_unflushed);
        }
        for output in outputs {
            let facts = output.segment.facts();
            for file in [&facts.file, &facts.ids] {
                self.trash.add_uncertain(format!("{}/{file}", self.home.folder));
            }
        }
    }

    /// The manifest that makes a data set that of this holder of the lease, before it writes to it.
    pub fn claim(&self) -> Option<Manifest> {
        let is_claimed = self.manifest.epoch >= self.home.epoch;
        (!is_claimed).then(|| Manifest {
            number: self.manifest.number + 1,
            epoch: self.home.epoch,
            ..self.manifest.clone()
        })
    }

    /// It was committed.
    pub fn claimed(&mut self, manifest: Manifest) {
        self.trash.is_certain();
        self.trash.add_manifest_before(&self.home.folder, manifest.number);
        self.manifest = manifest;
    }

    /// A manifest of this number is there already.
    pub fn skip(&mut self, number: u64) {
        self.manifest.number = self.manifest.number.max(number);
    }
}
