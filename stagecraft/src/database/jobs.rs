//! The table of jobs, of which workers in several processes take their work.

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::{Database, RowReader, text};
use crate::RegistryError;

const COLUMNS: &str = "id, kind, argument, state, queued_at, started_at, finished_at, outcome";

/// A row of the table.
#[derive(Debug, Clone)]
pub(crate) struct JobRow {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) argument: String,
    pub(crate) state: String,
    pub(crate) queued_at: DateTime<Utc>,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    pub(crate) outcome: Option<String>,
}

impl JobRow {
    fn read(row: &AnyRow) -> Result<JobRow, RegistryError> {
        let mut row = RowReader::new(row, "jobs");
        Ok(JobRow {
            id: row.uuid()?,
            kind: row.text()?,
            argument: row.text()?,
            state: row.text()?,
            queued_at: row.time()?,
            started_at: row.nullable_time()?,
            finished_at: row.nullable_time()?,
            outcome: row.nullable_text()?,
        })
    }
}

impl Database {
    pub(crate) async fn insert_job(
        &self,
        id: Uuid,
        kind: &str,
        argument: &str,
        now: DateTime<Utc>,
    ) -> Result<(), RegistryError> {
        let sql =
            "INSERT INTO jobs (id, kind, argument, state, queued_at) VALUES ($1, $2, $3, 'waiting', $4)";
        let query = sqlx::query(sql).bind(id.to_string()).bind(kind).bind(argument).bind(text(now));
        query.execute(&self.pool).await?;
        Ok(())
    }

    /// Takes the job that has waited longest, unless another worker is faster each time.
    pub(crate) async fn take_job(&self, now: DateTime<Utc>) -> Result<Option<JobRow>, RegistryError> {
        loop {
            let sql = "SELECT id FROM jobs WHERE state = 'waiting' ORDER BY queued_at LIMIT 1";
            let Some(row) = sqlx::query(sql).fetch_optional(&self.pool).await? else { return Ok(None) };
            let id = RowReader::new(&row, "jobs").text()?;
            let sql =
                "UPDATE jobs SET state = 'running', started_at = $1 WHERE id = $2 AND state = 'waiting'";
            let taken = sqlx::query(sql).bind(text(now)).bind(id.clone()).execute(&self.pool).await?;
            if taken.rows_affected() == 1 {
                let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM jobs WHERE id = $1"));
                let row = sqlx::query(sql).bind(id).fetch_one(&self.pool).await?;
                return JobRow::read(&row).map(Some);
            }
        }
    }

    pub(crate) async fn finish_job(
        &self,
        id: Uuid,
        state: &str,
        outcome: &str,
        now: DateTime<Utc>,
    ) -> Result<(), RegistryError> {
        let sql = "UPDATE jobs SET state = $1, outcome = $2, finished_at = $3 WHERE id = $4";
        let query = sqlx::query(sql).bind(state).bind(outcome).bind(text(now)).bind(id.to_string());
        query.execute(&self.pool).await?;
        Ok(())
    }

    pub(crate) async fn requeue_jobs(&self, begun_before: DateTime<Utc>) -> Result<u64, RegistryError> {
        let sql = "UPDATE jobs SET state = 'waiting' WHERE state = 'running' AND started_at < $1";
        Ok(sqlx::query(sql).bind(text(begun_before)).execute(&self.pool).await?.rows_affected())
    }

    pub(crate) async fn latest_jobs(&self, limit: u32) -> Result<Vec<JobRow>, RegistryError> {
        let sql = format!("SELECT {COLUMNS} FROM jobs ORDER BY queued_at DESC LIMIT $1");
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(i64::from(limit));
        query.fetch_all(&self.pool).await?.iter().map(JobRow::read).collect()
    }
}
