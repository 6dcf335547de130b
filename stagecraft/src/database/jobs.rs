//! The table of jobs, of which workers in several processes take their work.
//!
//! Every step is one conditional statement, or one transaction of such, that says what it found the job to be: of two processes
//! that try the same, one succeeds. The number of attempts tells one worker of a job from the one that took it afterwards.

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use uuid::Uuid;

use super::{Database, RowReader, text};
use crate::RegistryError;
use crate::job::{Job, JobState, NewJob, QueuedJob};

const COLUMNS: &str = "id, kind, subject, argument, earliest, latest, depth, state, queued_at, due_at, attempts, \
                       started_at, finished_at, outcome";

/// A row of the table.
#[derive(Debug, Clone)]
pub(crate) struct JobRow {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) argument: String,
    pub(crate) earliest: Option<DateTime<Utc>>,
    pub(crate) latest: Option<DateTime<Utc>>,
    pub(crate) depth: i64,
    pub(crate) state: String,
    pub(crate) queued_at: DateTime<Utc>,
    pub(crate) due_at: DateTime<Utc>,
    pub(crate) attempts: i64,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    pub(crate) outcome: Option<String>,
}

/// A row to be written.
#[derive(Debug, Clone)]
pub(crate) struct NewJobRow {
    kind: &'static str,
    subject: String,
    argument: String,
    earliest: Option<String>,
    latest: Option<String>,
    depth: i64,
    queued_at: String,
    due_at: String,
}

impl NewJobRow {
    pub(crate) fn new(job: &NewJob, now: DateTime<Utc>) -> NewJobRow {
        NewJobRow {
            kind: job.kind,
            subject: job.subject.clone(),
            argument: job.argument.to_string(),
            earliest: job.range.map(|(earliest, _)| text(earliest)),
            latest: job.range.map(|(_, latest)| text(latest)),
            depth: i64::from(job.depth),
            queued_at: text(now),
            due_at: text(job.due_at),
        }
    }
}

impl JobRow {
    fn read(row: &AnyRow) -> Result<JobRow, RegistryError> {
        let mut row = RowReader::new(row, "jobs");
        Ok(JobRow {
            id: row.uuid()?,
            kind: row.text()?,
            subject: row.text()?,
            argument: row.text()?,
            earliest: row.nullable_time()?,
            latest: row.nullable_time()?,
            depth: row.integer()?,
            state: row.text()?,
            queued_at: row.time()?,
            due_at: row.time()?,
            attempts: row.integer()?,
            started_at: row.nullable_time()?,
            finished_at: row.nullable_time()?,
            outcome: row.nullable_text()?,
        })
    }
}

impl Database {
    pub(crate) async fn insert_jobs(&self, rows: &[NewJobRow]) -> Result<Vec<QueuedJob>, RegistryError> {
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        // Always in one order, so that no two processes wait for each other's rows.
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|index| (rows[*index].kind, &rows[*index].subject));
        let mut queued = Vec::with_capacity(rows.len());
        for index in order {
            queued.push((index, insert(&mut transaction, &rows[index]).await?));
        }
        transaction.commit().await?;
        queued.sort_by_key(|(index, _)| *index);
        Ok(queued.into_iter().map(|(_, job)| job).collect())
    }

    /// Takes the job that has been due longest, unless another worker is faster each time.
    pub(crate) async fn take_job(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<JobRow>, RegistryError> {
        loop {
            // One that waits behind a running one about the same is not taken, even if that one's worker has died: then that
            // one is taken again first.
            let due = "SELECT id, state, attempts FROM jobs AS job \
                       WHERE (state = 'waiting' AND due_at <= $1 AND (subject = '' OR NOT EXISTS \
                         (SELECT 1 FROM jobs AS other WHERE other.state = 'running' \
                          AND other.kind = job.kind AND other.subject = job.subject))) \
                       OR (state = 'running' AND leased_until <= $1) \
                       ORDER BY due_at, queued_at LIMIT 1";
            let row = sqlx::query(due).bind(text(now)).fetch_optional(&self.pool).await?;
            let Some(row) = row else { return Ok(None) };
            let mut row = RowReader::new(&row, "jobs");
            let (id, state, attempts) = (row.text()?, row.text()?, row.integer()?);
            let take = "UPDATE jobs SET state = 'running', attempts = attempts + 1, started_at = $1, \
                        leased_until = $2 WHERE id = $3 AND state = $4 AND attempts = $5";
            let take = sqlx::query(take).bind(text(now)).bind(text(until)).bind(id.clone());
            let taken = take.bind(state).bind(attempts).execute(&self.pool).await?;
            if taken.rows_affected() == 1 {
                let sql = AssertSqlSafe(format!("SELECT {COLUMNS} FROM jobs WHERE id = $1"));
                let row = sqlx::query(sql).bind(id).fetch_one(&self.pool).await?;
                return JobRow::read(&row).map(Some);
            }
        }
    }

    pub(crate) async fn keep_job(
        &self,
        id: Uuid,
        attempts: u32,
        until: DateTime<Utc>,
    ) -> Result<bool, RegistryError> {
        let sql = "UPDATE jobs SET leased_until = $1 WHERE id = $2 AND state = 'running' AND attempts = $3";
        let query = sqlx::query(sql).bind(text(until)).bind(id.to_string()).bind(i64::from(attempts));
        Ok(query.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Ends a job, and forgets those of its kind and about its subject that ended so before.
    pub(crate) async fn end_job(
        &self,
        job: &Job,
        state: JobState,
        outcome: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, RegistryError> {
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        let sql = "UPDATE jobs SET state = $1, outcome = $2, finished_at = $3 \
                   WHERE id = $4 AND state = 'running' AND attempts = $5";
        let query = sqlx::query(sql).bind(state.name()).bind(outcome).bind(text(now));
        let query = query.bind(job.id.to_string()).bind(i64::from(job.attempts));
        let ended = query.execute(&mut *transaction).await?.rows_affected() == 1;
        if ended && !job.subject.is_empty() {
            let sql = "DELETE FROM jobs WHERE kind = $1 AND subject = $2 AND state = $3 AND id <> $4";
            let query = sqlx::query(sql).bind(job.kind.clone()).bind(job.subject.clone());
            let query = query.bind(state.name()).bind(job.id.to_string());
            query.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(ended)
    }

    pub(crate) async fn put_off_job(
        &self,
        job: &Job,
        reason: &str,
        until: DateTime<Utc>,
    ) -> Result<bool, RegistryError> {
        loop {
            let mut connection = self.pool.acquire().await?;
            let mut transaction = connection.begin().await?;
            match put_off(&mut transaction, job, reason, until).await {
                Ok(was_ours) => {
                    transaction.commit().await?;
                    return Ok(was_ours);
                }
                // Somebody has asked for the same in this moment: now there is one that it can become part of.
                Err(error) if error.as_database_error().is_some_and(|error| error.is_unique_violation()) => {
                    transaction.rollback().await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(crate) async fn forget_jobs(&self, finished_before: DateTime<Utc>) -> Result<u64, RegistryError> {
        let sql = "DELETE FROM jobs WHERE state IN ('done', 'failed') AND finished_at < $1";
        Ok(sqlx::query(sql).bind(text(finished_before)).execute(&self.pool).await?.rows_affected())
    }

    pub(crate) async fn latest_jobs(
        &self,
        state: Option<&str>,
        limit: u32,
    ) -> Result<Vec<JobRow>, RegistryError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM jobs WHERE $1 = '' OR state = $1 ORDER BY queued_at DESC, id LIMIT $2"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(state.unwrap_or_default().to_owned());
        let query = query.bind(i64::from(limit));
        query.fetch_all(&self.pool).await?.iter().map(JobRow::read).collect()
    }

    pub(crate) async fn job(&self, id: Uuid) -> Result<Option<JobRow>, RegistryError> {
        let sql = AssertSqlSafe(format!("SELECT {COLUMNS} FROM jobs WHERE id = $1"));
        let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(&self.pool).await?;
        row.as_ref().map(JobRow::read).transpose()
    }

    pub(crate) async fn due_job_count(&self, now: DateTime<Utc>) -> Result<u64, RegistryError> {
        let query = sqlx::query("SELECT COUNT(*) FROM jobs WHERE state = 'waiting' AND due_at <= $1");
        let row = query.bind(text(now)).fetch_one(&self.pool).await?;
        Ok(u64::try_from(RowReader::new(&row, "jobs").integer()?).unwrap_or(0))
    }

    pub(crate) async fn job_count(&self, state: &str) -> Result<u64, RegistryError> {
        let query = sqlx::query("SELECT COUNT(*) FROM jobs WHERE state = $1").bind(state.to_owned());
        let row = query.fetch_one(&self.pool).await?;
        Ok(u64::try_from(RowReader::new(&row, "jobs").integer()?).unwrap_or(0))
    }
}

/// Inserts a job, or widens the one of its kind and about its subject that waits.
async fn insert(connection: &mut AnyConnection, row: &NewJobRow) -> Result<QueuedJob, RegistryError> {
    let sql = "INSERT INTO jobs (id, kind, subject, argument, earliest, latest, depth, state, queued_at, due_at, attempts) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $9, 0) \
               ON CONFLICT (kind, subject) WHERE state = 'waiting' AND subject <> '' DO UPDATE SET \
               argument = excluded.argument, \
               earliest = CASE WHEN excluded.earliest < jobs.earliest THEN excluded.earliest ELSE jobs.earliest END, \
               latest = CASE WHEN excluded.latest > jobs.latest THEN excluded.latest ELSE jobs.latest END, \
               depth = CASE WHEN excluded.depth < jobs.depth THEN excluded.depth ELSE jobs.depth END \
               RETURNING id, due_at";
    let query = sqlx::query(sql).bind(Uuid::new_v4().to_string()).bind(row.kind).bind(row.subject.clone());
    let query = query.bind(row.argument.clone()).bind(row.earliest.clone()).bind(row.latest.clone());
    let query = query.bind(row.depth).bind(row.queued_at.clone()).bind(row.due_at.clone());
    let row = query.fetch_one(connection).await?;
    let mut row = RowReader::new(&row, "jobs");
    Ok(QueuedJob { id: row.uuid()?, due_at: row.time()? })
}

/// Lets a job wait again or, where one of its kind and about its subject waits already, makes it part of that one.
async fn put_off(
    connection: &mut AnyConnection,
    job: &Job,
    reason: &str,
    until: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let ours = "id = $1 AND state = 'running' AND attempts = $2";
    let (id, attempts) = (job.id.to_string(), i64::from(job.attempts));
    let wait = format!(
        "UPDATE jobs SET state = 'waiting', leased_until = NULL, outcome = $3, due_at = $4 WHERE {ours} \
         AND NOT EXISTS (SELECT 1 FROM jobs AS other WHERE other.state = 'waiting' AND other.subject <> '' \
         AND other.kind = jobs.kind AND other.subject = jobs.subject)"
    );
    let wait = sqlx::query(AssertSqlSafe(wait)).bind(id.clone()).bind(attempts);
    let wait = wait.bind(reason.to_owned()).bind(text(until));
    if wait.execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok(true);
    }
    let leave = sqlx::query(AssertSqlSafe(format!("DELETE FROM jobs WHERE {ours}"))).bind(id).bind(attempts);
    if leave.execute(&mut *connection).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let widen = "UPDATE jobs SET outcome = $1, attempts = $2, \
                 due_at = CASE WHEN due_at < $3 THEN $3 ELSE due_at END, \
                 earliest = CASE WHEN earliest > $4 THEN $4 ELSE earliest END, \
                 latest = CASE WHEN latest < $5 THEN $5 ELSE latest END \
                 WHERE kind = $6 AND subject = $7 AND state = 'waiting'";
    let widen = sqlx::query(widen).bind(reason.to_owned()).bind(attempts).bind(text(until));
    let widen = widen.bind(job.range.map(|(earliest, _)| text(earliest)));
    let widen = widen.bind(job.range.map(|(_, latest)| text(latest)));
    widen.bind(job.kind.clone()).bind(job.subject.clone()).execute(connection).await?;
    Ok(true)
}
