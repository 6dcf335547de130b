//! Files that no manifest names any more, and may be deleted when nobody can be reading them.
//!
//! Queries of this process hold the segments that they read. Queries of others, and backups, have as long as the grace period.

use std::sync::Weak;
use std::time::Duration;

use tokio::time::Instant;

use crate::manifest::{Manifest, file_name, number_of};
use crate::segment::Segment;

/// Files that wait to be deleted.
#[derive(Debug, Default)]
pub struct Trash {
    waiting: Vec<Waste>,
    /// Files of which it is not known whether a manifest names them: one that is on its way may. They can go when another
    /// manifest has its number.
    uncertain: Vec<Waste>,
}

#[derive(Debug)]
struct Waste {
    path: String,
    since: Instant,
    /// Whoever reads the file holds this.
    segment: Weak<Segment>,
}

impl Trash {
    /// What is in a folder beside what its newest manifest names. Manifests just before it stay.
    pub fn left_over(folder: &str, manifest: &Manifest, files: &[String]) -> Self {
        let mut trash = Self::default();
        for file in files {
            let is_wanted = match number_of(file) {
                Some(number) => number + KEPT > manifest.number,
                None => manifest.segments.iter().any(|entry| entry.file == *file || entry.ids == *file),
            };
            if !is_wanted {
                trash.add(format!("{folder}/{file}"), Weak::new());
            }
        }
        trash
    }

    /// Whether there is nothing to delete.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.uncertain.is_empty()
    }

    /// A file that nobody needs any more, unless they hold the segment.
    pub fn add(&mut self, path: String, segment: Weak<Segment>) {
        self.waiting.push(Waste { path, since: Instant::now(), segment });
    }

    /// A file that no manifest names, unless one does that is still on its way.
    pub fn add_uncertain(&mut self, path: String) {
        self.uncertain.push(Waste { path, since: Instant::now(), segment: Weak::new() });
    }

    /// A manifest was committed: whatever was on its way comes too late.
    pub fn is_certain(&mut self) {
        self.waiting.append(&mut self.uncertain);
    }

    /// The manifest that is old enough to go when another one is committed.
    pub fn add_manifest_before(&mut self, folder: &str, number: u64) {
        if let Some(old) = number.checked_sub(KEPT).filter(|old| *old > 0) {
            self.add(format!("{folder}/{}", file_name(old)), Weak::new());
        }
    }

    /// Takes what can be deleted now.
    pub fn take_due(&mut self, grace: Duration) -> Vec<String> {
        let is_due = |waste: &mut Waste| waste.since.elapsed() >= grace && waste.segment.strong_count() == 0;
        self.waiting.extract_if(.., is_due).map(|waste| waste.path).collect()
    }
}

/// How many manifests are kept.
const KEPT: u64 = 3;
