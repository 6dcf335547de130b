//! What a write brings about: a job for every transform that reads the data set.
//!
//! Jobs are on disk before the write is answered. Writers that come at the same time hand theirs over together, so that they
//! share one commit, as they share one in the log of records. What cannot be handed over, because the registry's database does
//! not answer, stays here and is tried again: the records are stored, and the writer is not told to send them again.
//!
//! What a job does that is known to wait need not be asked for again, so that of many small writes most pay nothing. The
//! job is this process's to take, as the store is, and it is forgotten here when it is taken and before it looks at any record.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use stagecraft::{DataSet, Job, NewJob, TimeRange};
use tokio::time::timeout;

use crate::state::AppState;

/// How long a job waits for others about the same before it is done.
pub(super) const SETTLE: TimeDelta = TimeDelta::seconds(1);

/// How long after its time a job is relied on to wait for this process, which usually takes it sooner. After that, something has
/// happened to it, or there is too much to do for it to matter.
const RELIANCE: TimeDelta = TimeDelta::seconds(5);

/// How long a writer waits for its jobs to be on disk.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most transforms, one after another, that one write brings about: a chain that is longer is a circle.
pub const LONGEST_CHAIN: u32 = 8;

/// What is on its way into the queue, and what jobs share.
#[derive(Debug, Default)]
pub struct Worker {
    waiting: Mutex<BTreeMap<String, NewJob>>,
    /// Jobs that are on disk and that nobody has begun, by subject, and until when that is relied on.
    asked_for: Mutex<HashMap<String, (NewJob, Instant)>>,
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
            if !state.worker.is_asked_for(&job) {
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

    /// Whether a job does all that this one is to do.
    fn is_asked_for(&self, job: &NewJob) -> bool {
        let asked_for = self.asked_for.lock().unwrap_or_else(PoisonError::into_inner);
        asked_for.get(&job.subject).is_some_and(|(known, until)| known.covers(job) && Instant::now() < *until)
    }

    /// A job is on disk.
    fn is_on_disk(&self, job: NewJob, due_at: DateTime<Utc>) {
        let mut asked_for = self.asked_for.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        asked_for.retain(|_, (_, until)| now < *until);
        let Ok(wait) = (due_at + RELIANCE - Utc::now()).to_std() else { return };
        match asked_for.get_mut(&job.subject) {
            // It has become part of that one.
            Some((known, _)) => known.widen(&job),
            None => {
                asked_for.insert(job.subject.clone(), (job, now + wait));
            }
        }
    }

    /// A job has been taken: it may look at the records at any moment.
    pub(super) fn begun(&self, job: &Job) {
        self.asked_for.lock().unwrap_or_else(PoisonError::into_inner).remove(&job.subject);
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
            match state.registry.queue_jobs(&jobs).await {
                Ok(queued) => {
                    state.metrics.jobs_queued(Job::RUN_TRANSFORM, jobs.len());
                    for (job, queued) in jobs.into_iter().zip(queued) {
                        state.worker.is_on_disk(job, queued.due_at);
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
