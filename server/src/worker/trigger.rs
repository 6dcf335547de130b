//! What a write brings about: a job for every transform that reads the data set.
//!
//! Jobs are on disk before the write is answered. Writers that come at the same time hand theirs over together, so that they
//! share one commit, as they share one in the log of records. What cannot be handed over, because the registry's database does
//! not answer, stays here and is tried again: the records are stored, and the writer is not told to send them again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use stagecraft::{DataSet, Job, NewJob, TimeRange};
use tokio::time::timeout;

use super::asked_for::AskedFor;
use crate::state::AppState;

/// How long a job waits for others about the same before it is done.
pub(super) const SETTLE: TimeDelta = TimeDelta::seconds(1);

/// How long a writer waits for its jobs to be on disk.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most transforms, one after another, that one write brings about: a chain that is longer is a circle.
pub const LONGEST_CHAIN: u32 = 8;

/// What is on its way into the queue, and what jobs share.
#[derive(Debug, Default)]
pub struct Worker {
    waiting: Mutex<BTreeMap<String, NewJob>>,
    pub(super) asked_for: AskedFor,
    handing_over: Arc<tokio::sync::Mutex<()>>,
    /// Held by a job that compares its records with those that are there before it writes them.
    pub(super) comparing: tokio::sync::Mutex<()>,
}

/// Asks for the transforms that read a data set, after records of this range of time were written to it. `depth` is by how many
/// transforms these were brought about. Returns how many jobs were asked for.
pub async fn written(
    state: &AppState,
    data_set: &DataSet,
    range: Option<TimeRange>,
    depth: u32,
    now: DateTime<Utc>,
) -> usize {
    let Some((earliest, latest)) = range else { return 0 };
    let catalog = state.registry.catalog();
    let (mut count, mut is_new) = (0, false);
    for transform in catalog.transforms_of(data_set) {
        for due in transforms::due(&transform.query_parameters, earliest, latest, now) {
            let (id, name) = (transform.id.to_string(), &data_set.name);
            // What has to wait for the end of its period must not hold up what has not.
            let later = (due.at > now).then(|| format!(" from {}", due.range.0.to_rfc3339()));
            let job = NewJob {
                kind: Job::RUN_TRANSFORM,
                subject: format!("{id} {name}{}", later.unwrap_or_default()),
                argument: json!({"transform": id, "data_set": name}),
                range: Some(due.range),
                depth,
                due_at: if due.at > now { due.at } else { now } + SETTLE,
            };
            count += 1;
            // One that only reads is not told when another process begins a job.
            let sees_begin = !state.store.is_read_only();
            if !(sees_begin && state.worker.asked_for.covers(&job, Instant::now())) {
                state.worker.note(job);
                is_new = true;
            }
        }
    }
    // A database that does not answer must not keep the writer for long, whose records are stored.
    if is_new && timeout(PATIENCE, state.worker.queue(state)).await.is_err() {
        tracing::warn!(data_set = data_set.name, "a write was answered before its jobs were on disk");
    }
    count
}

impl Worker {
    fn note(&self, job: NewJob) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.get_mut(&job.subject) {
            Some(known) => known.widen(&job),
            None => {
                waiting.insert(job.subject.clone(), job);
            }
        }
    }

    /// Hands over what waits. When this returns, whatever was noted before is on disk, unless that failed.
    pub async fn queue(&self, state: &AppState) {
        // Whoever comes while others hand over finds that they took its jobs along, or takes along those of all behind it.
        let turn = Arc::clone(&self.handing_over).lock_owned().await;
        let jobs = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if jobs.is_empty() {
            return;
        }
        // In a task of its own: a writer that goes away must not take the jobs of others along.
        let state = state.clone();
        let task = tokio::spawn(async move {
            let _turn = turn;
            let jobs: Vec<NewJob> = jobs.into_values().collect();
            let begun = state.worker.asked_for.begun();
            match state.registry.queue_jobs(&jobs).await {
                Ok(queued) => {
                    state.metrics.jobs_queued(Job::RUN_TRANSFORM, jobs.len());
                    for (job, queued) in jobs.into_iter().zip(queued) {
                        let due_in = queued.due_at - Utc::now();
                        state.worker.asked_for.add(job, due_in, begun, Instant::now());
                    }
                }
                Err(error) => {
                    tracing::error!(%error, jobs = jobs.len(), "jobs cannot be queued now and are tried again");
                    jobs.into_iter().for_each(|job| state.worker.note(job));
                }
            }
        });
        if let Err(error) = task.await {
            tracing::error!(%error, "queueing jobs was broken off");
        }
    }
}
