//! Which jobs are known to wait in the queue, so that of many small writes about the same most need not ask for anything.
//!
//! A job is this process's to take, as the store is. It is forgotten here when it is taken and before it looks at any record:
//! whoever writes afterwards asks for another one, and what was written before it will see.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use stagecraft::NewJob;

/// How long after its time a job is relied on to wait for this process, which usually takes it sooner. After that, something has
/// happened to it, or there is too much to do for it to matter.
const RELIANCE: Duration = Duration::from_secs(5);

/// Jobs that are on disk and that nobody has begun.
#[derive(Debug, Default)]
pub struct AskedFor(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// By subject, each with the time until when it is relied on.
    jobs: HashMap<String, (NewJob, Instant)>,
    begun: u64,
}

impl AskedFor {
    /// Whether a job that waits does all that this one is to do.
    pub fn covers(&self, job: &NewJob, now: Instant) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.jobs.get(&job.subject).is_some_and(|(waiting, until)| waiting.covers(job) && now < *until)
    }

    /// How many jobs have been begun so far. Asked for before jobs are put into the queue.
    pub fn begun(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).begun
    }

    /// A job is on disk and due in so long, negative for one that has been due for that long. If one has been begun since
    /// `begun` were, this may be the one, and it is not relied on.
    pub fn add(&self, job: NewJob, due_in: chrono::TimeDelta, begun: u64, now: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.jobs.retain(|_, (_, until)| now < *until);
        let wait = chrono::TimeDelta::from_std(RELIANCE).map(|reliance| (due_in + reliance).to_std());
        let (Ok(Ok(wait)), true) = (wait, known.begun == begun) else { return };
        match known.jobs.get_mut(&job.subject) {
            // It has become part of that one.
            Some((waiting, _)) => waiting.widen(&job),
            None => {
                known.jobs.insert(job.subject.clone(), (job, now + wait));
            }
        }
    }

    /// The job about a subject has been taken: it may look at the records at any moment.
    pub fn begin(&self, subject: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.begun += 1;
        known.jobs.remove(subject);
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use serde_json::Value;
    use stagecraft::Job;

    use super::*;

    fn job(days: (i64, i64)) -> NewJob {
        let day = |day: i64| DateTime::UNIX_EPOCH + TimeDelta::days(day);
        NewJob {
            kind: Job::RUN_TRANSFORM,
            subject: "a".into(),
            argument: Value::Null,
            range: Some((day(days.0), day(days.1))),
            depth: 0,
            due_at: day(0),
        }
    }

    const SECOND: TimeDelta = TimeDelta::seconds(1);

    #[test]
    fn what_waits_need_not_be_asked_for_again() {
        let (asked_for, now) = (AskedFor::default(), Instant::now());
        assert!(!asked_for.covers(&job((1, 2)), now));
        asked_for.add(job((1, 2)), SECOND, 0, now);
        assert!(asked_for.covers(&job((1, 2)), now) && !asked_for.covers(&job((1, 5)), now));
        asked_for.add(job((4, 5)), SECOND, 0, now);
        assert!(asked_for.covers(&job((1, 5)), now) && asked_for.covers(&job((3, 3)), now));
        let deep = NewJob { depth: 3, ..job((1, 2)) };
        assert!(asked_for.covers(&deep, now));
        assert!(!asked_for.covers(&job((1, 2)), now + Duration::from_secs(6)), "not for ever");
    }

    #[test]
    fn what_has_been_begun_is_not_relied_on() {
        let (asked_for, now) = (AskedFor::default(), Instant::now());
        asked_for.add(job((1, 2)), SECOND, asked_for.begun(), now);
        asked_for.begin("a");
        assert!(!asked_for.covers(&job((1, 2)), now));
        // Begun between the moment when it was on disk and the one when that was noted.
        let before = asked_for.begun();
        asked_for.begin("a");
        asked_for.add(job((1, 2)), SECOND, before, now);
        assert!(!asked_for.covers(&job((1, 2)), now));
        asked_for.add(job((1, 2)), SECOND * -10, asked_for.begun(), now);
        assert!(!asked_for.covers(&job((1, 2)), now), "it should have been begun long ago");
    }
}
