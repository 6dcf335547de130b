//! The worker: does the jobs that were asked for, a few at a time, while requests are answered.
//!
//! ```text
//!   a write -> trigger: which transforms read the data set, over what time -> queue in the registry (on disk)
//!   every half second: take what is due -> jobs/ (one file a kind) -> done, put off, or failed
//! ```
//!
//! Jobs ask and write by the ways that requests take, and wait there for their turn like requests. A server that only reads does
//! none.

mod asked_for;
mod jobs;
mod trigger;
mod types;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use stagecraft::Job;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::metrics::JobEnd;
use crate::state::AppState;
use jobs::Failure;

use trigger::SETTLE;
pub use trigger::{Worker, written};
pub use types::ensure_transform_types;

/// The most jobs at the same time.
const AT_ONCE: usize = 2;
/// How often the queue is looked at.
const EVERY: Duration = Duration::from_millis(500);
/// How often what came of jobs long ago is forgotten.
const FORGET_EVERY: TimeDelta = TimeDelta::hours(1);
/// How long a job is this process's without a word from it, and how often it says that it is still at it.
const LEASE: TimeDelta = TimeDelta::seconds(60);
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// How long jobs that have begun may take when the server stops. What is not done then is done by the next process.
const PATIENCE: Duration = Duration::from_secs(10);

/// Does jobs until the server stops.
pub async fn keep_up(state: AppState, mut stopping: watch::Receiver<bool>) {
    if state.store.is_read_only() {
        return;
    }
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut running = JoinSet::new();
    let mut forgotten_at = DateTime::<Utc>::MIN_UTC;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            Some(ended) = running.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a job was broken off");
                }
            }
            _ = stopping.wait_for(|stopping| *stopping) => break,
        }
        let now = Utc::now();
        state.worker.queue(&state).await;
        while running.len() < AT_ONCE
            && let Some(job) = take(&state, now).await
        {
            let state = state.clone();
            running.spawn(async move { work(&state, &job, now).await });
        }
        if now.signed_duration_since(forgotten_at) > FORGET_EVERY {
            forgotten_at = now;
            if let Err(error) = state.registry.forget_jobs(now).await {
                tracing::warn!(%error, "cannot forget old jobs");
            }
        }
    }
    let rest = async { while running.join_next().await.is_some() {} };
    if timeout(PATIENCE, rest).await.is_err() {
        tracing::warn!("a job was broken off: the next process begins it again");
    }
    state.worker.queue(&state).await;
}

/// Does all jobs that are due, one after another, and those that they bring about, without waiting for more of the same. Returns
/// how many.
pub async fn run_due(state: &AppState, now: DateTime<Utc>) -> usize {
    let mut count = 0;
    state.worker.queue(state).await;
    while let Some(job) = take(state, now + SETTLE).await {
        work(state, &job, now).await;
        count += 1;
    }
    count
}

async fn take(state: &AppState, now: DateTime<Utc>) -> Option<Job> {
    match state.registry.take_job(now, LEASE).await {
        Ok(job) => {
            // Before it looks at anything: whoever writes from now on asks for another one.
            job.iter().for_each(|job| state.worker.asked_for.begin(&job.subject));
            job
        }
        Err(error) => {
            tracing::warn!(%error, "cannot look for jobs");
            None
        }
    }
}

/// Does a job and tells what came of it.
async fn work(state: &AppState, job: &Job, now: DateTime<Utc>) {
    let begun = Instant::now();
    let outcome = tokio::select! {
        outcome = jobs::run(state, job, now) => outcome,
        () = stay_at_it(state, job) => {
            tracing::warn!(id = %job.id, kind = job.kind, "another process has taken this job");
            return;
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    let (end, told) = match outcome {
        Ok(outcome) => {
            tracing::info!(id = %job.id, kind = job.kind, argument = %job.argument, seconds, outcome, "job done");
            (JobEnd::Done, state.registry.finish_job(job, &outcome).await)
        }
        Err(Failure::ForNow(reason)) if let Some(pause) = job.pause() => {
            let again_in = pause.num_seconds();
            tracing::warn!(id = %job.id, kind = job.kind, argument = %job.argument, reason, again_in, "job put off");
            (JobEnd::PutOff, state.registry.put_off_job(job, &reason, now + pause).await)
        }
        Err(Failure::ForNow(reason) | Failure::ForGood(reason)) => {
            tracing::error!(id = %job.id, kind = job.kind, argument = %job.argument, reason, "job failed");
            (JobEnd::Failed, state.registry.fail_job(job, &reason).await)
        }
    };
    state.metrics.job_ended(jobs::known_kind(&job.kind), end, seconds);
    match told {
        Ok(true) => {}
        Ok(false) => tracing::warn!(id = %job.id, "another process had taken this job"),
        // Nobody knows that it is done: it will be done again, which changes nothing.
        Err(error) => tracing::warn!(id = %job.id, %error, "cannot tell what came of a job"),
    }
}

/// Says every now and then that this process is still at a job. Returns when the job is no longer its own.
async fn stay_at_it(state: &AppState, job: &Job) {
    let mut lost_at = Instant::now() + LEASE.to_std().unwrap_or_default();
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        match state.registry.keep_job(job, Utc::now() + LEASE).await {
            Ok(true) => lost_at = Instant::now() + LEASE.to_std().unwrap_or_default(),
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(id = %job.id, %error, "cannot keep a job");
                if lost_at <= Instant::now() + RENEW_EVERY {
                    return sleep_until(lost_at).await;
                }
            }
        }
    }
}
