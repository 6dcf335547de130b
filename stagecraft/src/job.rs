//! Jobs: work that was asked for and that a worker does, once. They are not configuration: the catalog does not hold them.
//!
//! ```text
//!   queue_jobs -> waiting -> take_job -> running -> finish_job -> done
//!                    ^                      | \---> fail_job ---> failed
//!                    '---- put_off_job -----'
//! ```
//!
//! Workers of several processes take jobs from one queue. A worker has a job for a time only and has to say that it is still at
//! it ([`Registry::keep_job`]); when it does not, it has died, and the job is taken again. Whatever it says after that does not
//! count.
//!
//! Jobs of one kind about one subject follow each other. While one waits, whoever asks for the same asks for that one: its range
//! of time becomes as wide as both need.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{JobRow, NewJobRow};
use crate::{Registry, RegistryError};

/// How long to wait after the first failure, after the second and so on. After one more, that is enough.
const PAUSES: [TimeDelta; 4] =
    [TimeDelta::seconds(10), TimeDelta::minutes(1), TimeDelta::minutes(10), TimeDelta::hours(1)];

/// How long is told what came of a job.
const MEMORY: TimeDelta = TimeDelta::days(30);

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Nobody has begun it, or it is to be tried again.
    Waiting,
    /// A worker is at it.
    Running,
    /// It is done.
    Done,
    /// It could not be done.
    Failed,
}

impl JobState {
    /// All of them.
    pub const ALL: [JobState; 4] = [JobState::Waiting, JobState::Running, JobState::Done, JobState::Failed];

    /// Its name, as it is stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            JobState::Waiting => "waiting",
            JobState::Running => "running",
            JobState::Done => "done",
            JobState::Failed => "failed",
        }
    }
}

impl std::str::FromStr for JobState {
    type Err = String;

    fn from_str(name: &str) -> Result<JobState, String> {
        let found = JobState::ALL.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| format!("a job is waiting, running, done or failed, not '{name}'"))
    }
}

/// A range of time; whether its end belongs to it is up to the kind of job.
pub type TimeRange = (DateTime<Utc>, DateTime<Utc>);

/// A job to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// What is to be done, for instance [`Job::RUN_TRANSFORM`].
    pub kind: &'static str,
    /// What it is about, for jobs that can be put together; empty for one that is to be done by itself.
    pub subject: String,
    /// To what, and how.
    pub argument: Value,
    /// The time that it is about.
    pub range: Option<TimeRange>,
    /// By how many jobs, one after another, it was brought about.
    pub depth: u32,
    /// When it may be taken.
    pub due_at: DateTime<Utc>,
}

impl NewJob {
    /// Makes it do what another of its kind about its subject asks for, too. The queue does the same with jobs that wait.
    pub fn widen(&mut self, other: &NewJob) {
        self.range = match (self.range, other.range) {
            (Some(own), Some(theirs)) => Some((own.0.min(theirs.0), own.1.max(theirs.1))),
            (own, _) => own,
        };
        self.depth = self.depth.min(other.depth);
    }

    /// Whether it does all that another of its kind about its subject asks for.
    #[must_use]
    pub fn covers(&self, other: &NewJob) -> bool {
        let range = match (self.range, other.range) {
            (Some(own), Some(theirs)) => own.0 <= theirs.0 && theirs.1 <= own.1,
            (own, theirs) => own == theirs,
        };
        range && self.depth <= other.depth && self.argument == other.argument
    }
}

/// A job that will do what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuedJob {
    /// Identifies it.
    pub id: Uuid,
    /// When it may be taken.
    pub due_at: DateTime<Utc>,
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Identifies it.
    pub id: Uuid,
    /// See [`NewJob::kind`].
    pub kind: String,
    /// See [`NewJob::subject`].
    pub subject: String,
    /// See [`NewJob::argument`].
    pub argument: Value,
    /// The time that it is about, as all who asked for it need it.
    pub range: Option<TimeRange>,
    /// The smallest of those who asked for it.
    pub depth: u32,
    /// How far it is.
    pub state: JobState,
    /// When somebody first asked for it.
    pub queued_at: DateTime<Utc>,
    /// When it may be taken.
    pub due_at: DateTime<Utc>,
    /// How many times a worker has begun it.
    pub attempts: u32,
    /// When a worker last began it.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was done, or failed for good.
    pub finished_at: Option<DateTime<Utc>>,
    /// What came of it, in words; while it waits, why it was put off.
    pub outcome: Option<String>,
}

impl Job {
    /// Running a collector: `{"collector", "start_at", "end_at", "dry_run"}`, dates as `YYYY-MM-DD` or null.
    pub const RUN_COLLECTOR: &'static str = "run-collector";
    /// Running a transform over what a data set has in the job's range of time: `{"transform", "data_set"}`, the identifier
    /// and the name.
    pub const RUN_TRANSFORM: &'static str = "run-transform";

    /// How long to wait before the next attempt; none when there have been enough.
    #[must_use]
    pub fn pause(&self) -> Option<TimeDelta> {
        let failures = usize::try_from(self.attempts).unwrap_or(usize::MAX);
        PAUSES.get(failures.saturating_sub(1)).copied()
    }

    /// What there is to tell about it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "kind": self.kind,
            "argument": self.argument,
            "earliest": self.range.map(|(earliest, _)| earliest),
            "latest": self.range.map(|(_, latest)| latest),
            "depth": self.depth,
            "state": self.state.name(),
            "queued_at": self.queued_at,
            "due_at": self.due_at,
            "attempts": self.attempts,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "outcome": self.outcome,
        })
    }
}

impl Registry {
    /// Asks for jobs: when this returns, all of them are on disk. Returns which jobs will do them and from when on, in the same
    /// order; a job that waits already does what another asks of the same kind about the same subject.
    ///
    /// # Errors
    /// If the database cannot be written, and then none of them will be done.
    pub async fn queue_jobs(&self, jobs: &[NewJob]) -> Result<Vec<QueuedJob>, RegistryError> {
        let rows: Vec<NewJobRow> = jobs.iter().map(|job| NewJobRow::new(job, self.now())).collect();
        self.database().insert_jobs(&rows).await
    }

    /// Takes the job that has been due longest, for this worker alone and for so long; none if no job is due. What has to run
    /// longer is kept with [`Registry::keep_job`].
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn take_job(&self, now: DateTime<Utc>, lease: TimeDelta) -> Result<Option<Job>, RegistryError> {
        loop {
            let Some(row) = self.database().take_job(now, now + lease).await? else { return Ok(None) };
            let job = Job::try_from(row)?;
            if usize::try_from(job.attempts).unwrap_or(usize::MAX) <= PAUSES.len() + 1 {
                return Ok(Some(job));
            }
            // It takes its workers with it: it must not do that for ever.
            self.fail_job(&job, "every process that began it ended before it was done").await?;
        }
    }

    /// Says that the worker is still at a job and needs so long. False if the job is no longer the worker's.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn keep_job(&self, job: &Job, until: DateTime<Utc>) -> Result<bool, RegistryError> {
        self.database().keep_job(job.id, job.attempts, until).await
    }

    /// A job is done. What came of earlier ones of its kind about its subject that were done is forgotten. False if the job was
    /// no longer the worker's.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn finish_job(&self, job: &Job, outcome: &str) -> Result<bool, RegistryError> {
        self.database().end_job(job, JobState::Done, outcome, self.now()).await
    }

    /// A job cannot be done. What came of earlier ones of its kind about its subject that failed is forgotten. False if the job
    /// was no longer the worker's.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn fail_job(&self, job: &Job, reason: &str) -> Result<bool, RegistryError> {
        self.database().end_job(job, JobState::Failed, reason, self.now()).await
    }

    /// A job could not be done now and is to be tried again. False if the job was no longer the worker's.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn put_off_job(
        &self,
        job: &Job,
        reason: &str,
        until: DateTime<Utc>,
    ) -> Result<bool, RegistryError> {
        self.database().put_off_job(job, reason, until).await
    }

    /// Forgets what came of jobs more than 30 days ago. Returns of how many.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn forget_jobs(&self, now: DateTime<Utc>) -> Result<u64, RegistryError> {
        self.database().forget_jobs(now - MEMORY).await
    }

    /// The latest jobs, or the latest of those that are so far; the last one asked for first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn jobs(&self, state: Option<JobState>, limit: u32) -> Result<Vec<Job>, RegistryError> {
        let rows = self.database().latest_jobs(state.map(JobState::name), limit).await?;
        rows.into_iter().map(Job::try_from).collect()
    }

    /// The job with this identifier.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn job(&self, id: Uuid) -> Result<Option<Job>, RegistryError> {
        self.database().job(id).await?.map(Job::try_from).transpose()
    }

    /// How many jobs wait for nothing but a worker, or for another about the same that runs.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn due_job_count(&self) -> Result<u64, RegistryError> {
        self.database().due_job_count(self.now()).await
    }

    /// How many jobs are so far.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn job_count(&self, state: JobState) -> Result<u64, RegistryError> {
        self.database().job_count(state.name()).await
    }
}

impl TryFrom<JobRow> for Job {
    type Error = RegistryError;

    fn try_from(row: JobRow) -> Result<Job, RegistryError> {
        let corrupt = |reason: String| RegistryError::Corrupt { table: "jobs", reason };
        let count = |number: i64| u32::try_from(number).map_err(|error| corrupt(error.to_string()));
        Ok(Job {
            id: row.id,
            argument: serde_json::from_str(&row.argument).map_err(|error| corrupt(error.to_string()))?,
            range: row.earliest.zip(row.latest),
            depth: count(row.depth)?,
            state: row.state.parse().map_err(corrupt)?,
            attempts: count(row.attempts)?,
            kind: row.kind,
            subject: row.subject,
            queued_at: row.queued_at,
            due_at: row.due_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            outcome: row.outcome,
        })
    }
}
