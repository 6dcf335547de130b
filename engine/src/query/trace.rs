//! What a query did: its plan, what it looked at and how long each step took. Kept for [explanations](super::explain).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::scan::{Pruned, Scan};

/// The trace of one query.
#[derive(Debug, Default)]
pub struct Trace {
    /// Whether somebody will read the plan, which takes a while to write.
    is_read: bool,
    plan: Mutex<Vec<String>>,
    steps: Mutex<Vec<(&'static str, Duration)>>,
    pruned: Mutex<Pruned>,
    rows_scanned: AtomicU64,
    rows_selected: AtomicU64,
    bytes: AtomicU64,
}

impl Trace {
    /// A trace that somebody will read; the default one nobody will.
    pub fn to_be_read() -> Self {
        Self { is_read: true, ..Self::default() }
    }

    /// Notes what was planned to be looked at, and a part of the plan as `describe` tells it.
    ///
    /// # Errors
    /// Those of `describe`.
    pub fn plan<E>(&self, scan: &Scan, describe: impl FnOnce() -> Result<Vec<String>, E>) -> Result<(), E> {
        if self.is_read {
            lock(&self.plan).extend(describe()?);
            let mut pruned = lock(&self.pruned);
            *pruned = pruned.plus(scan.pruned);
        }
        Ok(())
    }

    /// Notes that a step has taken from `begin` until now.
    pub fn step(&self, name: &'static str, begin: Instant) {
        let mut steps = lock(&self.steps);
        match steps.iter_mut().find(|(known, _)| *known == name) {
            Some((_, time)) => *time += begin.elapsed(),
            None => steps.push((name, begin.elapsed())),
        }
    }

    /// Notes rows that were read, of which so many were selected.
    pub fn rows(&self, scanned: usize, selected: usize) {
        self.rows_scanned.fetch_add(scanned as u64, Ordering::Relaxed);
        self.rows_selected.fetch_add(selected as u64, Ordering::Relaxed);
    }

    /// Notes columns that were read, in decoded bytes.
    pub fn bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The lines of the plan.
    pub fn lines(&self) -> Vec<String> {
        lock(&self.plan).clone()
    }

    /// Every step in the order of its first time, with the time of all times together.
    pub fn steps(&self) -> Vec<(&'static str, Duration)> {
        lock(&self.steps).clone()
    }

    /// What was passed over, by all scans together.
    pub fn pruned(&self) -> Pruned {
        *lock(&self.pruned)
    }

    /// Rows scanned, rows selected, and bytes read.
    pub fn extent(&self) -> (u64, u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&self.rows_scanned), read(&self.rows_selected), read(&self.bytes))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
