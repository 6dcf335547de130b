//! Jobs: work that somebody asked for and a worker does, once. They are not configuration: the catalog does not hold them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::JobRow;
use crate::{Registry, RegistryError};

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Nobody has begun it.
    Waiting,
    /// A worker is at it.
    Running,
    /// It is done.
    Done,
    /// It could not be done.
    Failed,
}

impl JobState {
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

    fn of(name: &str) -> Option<JobState> {
        let all = [JobState::Waiting, JobState::Running, JobState::Done, JobState::Failed];
        all.into_iter().find(|state| state.name() == name)
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Identifies it.
    pub id: Uuid,
    /// What is to be done, for instance [`Job::RUN_COLLECTOR`].
    pub kind: String,
    /// To what, and how.
    pub argument: Value,
    /// How far it is.
    pub state: JobState,
    /// When somebody asked for it.
    pub queued_at: DateTime<Utc>,
    /// When a worker last began it.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was done, or failed.
    pub finished_at: Option<DateTime<Utc>>,
    /// What came of it, in words.
    pub outcome: Option<String>,
}

impl Job {
    /// Running a collector: `{"collector", "start_at", "end_at", "dry_run"}`, dates as `YYYY-MM-DD` or null.
    pub const RUN_COLLECTOR: &'static str = "run-collector";

    /// What there is to tell about it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "kind": self.kind,
            "argument": self.argument,
            "state": self.state.name(),
            "queued_at": self.queued_at,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "outcome": self.outcome,
        })
    }
}

impl Registry {
    /// Asks for a job.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn queue_job(&self, kind: &str, argument: &Value) -> Result<Uuid, RegistryError> {
        let id = Uuid::new_v4();
        self.database().insert_job(id, kind, &argument.to_string(), self.now()).await?;
        Ok(id)
    }

    /// Takes the job that has waited longest, for this worker alone; none if no job is waiting.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn take_job(&self) -> Result<Option<Job>, RegistryError> {
        let row = self.database().take_job(self.now()).await?;
        row.map(Job::try_from).transpose()
    }

    /// Tells what came of a job.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn finish_job(&self, id: Uuid, outcome: Result<String, String>) -> Result<(), RegistryError> {
        let (state, outcome) = match outcome {
            Ok(outcome) => (JobState::Done, outcome),
            Err(outcome) => (JobState::Failed, outcome),
        };
        self.database().finish_job(id, state.name(), &outcome, self.now()).await
    }

    /// Puts jobs back that were begun before a time and never finished, as those of a worker that died. Answers how many.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn requeue_jobs(&self, begun_before: DateTime<Utc>) -> Result<u64, RegistryError> {
        self.database().requeue_jobs(begun_before).await
    }

    /// The latest jobs, the last one asked for first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn jobs(&self, limit: u32) -> Result<Vec<Job>, RegistryError> {
        self.database().latest_jobs(limit).await?.into_iter().map(Job::try_from).collect()
    }
}

impl TryFrom<JobRow> for Job {
    type Error = RegistryError;

    fn try_from(row: JobRow) -> Result<Job, RegistryError> {
        let corrupt = |reason: String| RegistryError::Corrupt { table: "jobs", reason };
        let state = JobState::of(&row.state).ok_or_else(|| corrupt(format!("no state {:?}", row.state)))?;
        let argument = serde_json::from_str(&row.argument).map_err(|error| corrupt(error.to_string()))?;
        let JobRow { id, kind, queued_at, started_at, finished_at, outcome, .. } = row;
        Ok(Job { id, kind, argument, state, queued_at, started_at, finished_at, outcome })
    }
}
