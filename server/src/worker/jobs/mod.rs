//! The kinds of jobs, one file each.

mod collector;
mod transform;

use chrono::{DateTime, Utc};
use stagecraft::{Job, RegistryError};

use crate::state::AppState;

/// Why a job was not done.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// Another time it may be.
    ForNow(String),
    /// It will not be, whatever the time.
    ForGood(String),
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Invalid(reason) | RegistryError::NotFound(reason) => Self::ForGood(reason),
            RegistryError::Conflict(_) => Self::ForGood(error.to_string()),
            _ => Self::ForNow(error.to_string()),
        }
    }
}

/// Does a job. Returns what came of it, in words.
///
/// # Errors
/// Why it was not done.
pub async fn run(state: &AppState, job: &Job, now: DateTime<Utc>) -> Result<String, Failure> {
    match job.kind.as_str() {
        Job::RUN_TRANSFORM => transform::run(state, job, now).await,
        Job::RUN_COLLECTOR => collector::run(state, job),
        // A newer program may have asked for it, and may be there to do it.
        unknown => Err(Failure::ForNow(format!("this program knows no jobs of the kind {unknown}"))),
    }
}

/// The kind of a job, or `other`, for counting.
pub fn known_kind(kind: &str) -> &'static str {
    let known = [Job::RUN_TRANSFORM, Job::RUN_COLLECTOR].into_iter().find(|known| *known == kind);
    known.unwrap_or("other")
}
