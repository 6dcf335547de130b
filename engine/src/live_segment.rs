//! A segment as it counts now: which of its rows were replaced or deleted, and when.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ids::IdHash;
use crate::manifest::SegmentEntry;
use crate::segment::Segment;
use crate::snapshot::SegmentView;

/// A segment with its marks.
#[derive(Debug)]
pub struct LiveSegment {
    /// The file.
    pub segment: Arc<Segment>,
    /// Rows that no longer count in the newest manifest, ascending.
    dead: Arc<[u32]>,
    /// Rows that were replaced or deleted since: by which write, and whose they were.
    recent: HashMap<u32, (u64, IdHash)>,
    /// All of them, ascending, as long as none was added.
    all: Option<Arc<[u32]>>,
}

impl LiveSegment {
    /// A segment as a manifest says.
    pub fn new(segment: Arc<Segment>, entry: &SegmentEntry) -> Self {
        Self { segment, dead: Arc::clone(&entry.dead), recent: HashMap::new(), all: None }
    }

    /// Whether a row no longer counts.
    pub fn is_dead(&self, row: u32) -> bool {
        self.recent.contains_key(&row) || self.dead.binary_search(&row).is_ok()
    }

    /// A row no longer counts from this position of the log on.
    pub fn mark(&mut self, row: u32, position: u64, id: IdHash) {
        if !self.is_dead(row) {
            self.recent.insert(row, (position, id));
            self.all = None;
        }
    }

    /// Rows that count.
    pub fn live_rows(&self) -> u64 {
        self.segment.rows() - self.dead.len() as u64 - self.recent.len() as u64
    }

    /// Rows that do not count at a position of the log that is not before that of the newest manifest.
    pub fn dead_at(&self, position: u64) -> Arc<[u32]> {
        let recent = self.recent.iter().filter(|(_, (since, _))| *since <= position).map(|(row, _)| *row);
        let mut recent: Vec<u32> = recent.collect();
        if recent.is_empty() {
            return Arc::clone(&self.dead);
        }
        recent.extend(self.dead.iter());
        recent.sort_unstable();
        recent.into()
    }

    /// Marks that are younger than a position.
    pub fn marks_after(&self, position: u64) -> Vec<(u64, IdHash)> {
        self.recent.values().filter(|(since, _)| *since > position).copied().collect()
    }

    /// What a reader sees.
    pub fn view(&mut self) -> SegmentView {
        let dead = self.all.get_or_insert_with(|| {
            let mut rows: Vec<u32> = self.recent.keys().copied().chain(self.dead.iter().copied()).collect();
            rows.sort_unstable();
            rows.into()
        });
        SegmentView { segment: Arc::clone(&self.segment), dead: Arc::clone(dead) }
    }

    /// A manifest of this position was committed, with these marks.
    pub fn settle(&mut self, dead: &Arc<[u32]>, position: u64) {
        self.dead = Arc::clone(dead);
        self.recent.retain(|_, (since, _)| *since > position);
    }
}
