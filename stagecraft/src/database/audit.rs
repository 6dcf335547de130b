//! The tables of what was done: the audit log, and when tokens were used.

use chrono::{DateTime, Utc};
use sqlx::Connection;
use uuid::Uuid;

use super::{Database, RowReader, text};
use crate::RegistryError;
use crate::audit::{AuditEntry, AuditFilter};

impl Database {
    pub(crate) async fn insert_audit_entries(&self, entries: &[AuditEntry]) -> Result<(), RegistryError> {
        let sql = "INSERT INTO audit_log \
                   (id, at, actor, credential, address, action, subject, status, times, request_id) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                   ON CONFLICT (id) DO UPDATE SET times = audit_log.times + excluded.times";
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        for entry in entries {
            sqlx::query(sql)
                .bind(crate::token::hash(&entry.likeness()))
                .bind(text(entry.at))
                .bind(entry.actor.as_str())
                .bind(entry.credential.as_str())
                .bind(entry.address.as_str())
                .bind(entry.action.as_str())
                .bind(entry.subject.as_str())
                .bind(i64::from(entry.status))
                .bind(i64::from(entry.times))
                .bind(entry.request_id.as_str())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    pub(crate) async fn audit_entries(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, RegistryError> {
        let sql = "SELECT at, actor, credential, address, action, subject, status, times, request_id \
                   FROM audit_log WHERE ($1 = '' OR at >= $1) AND ($2 = '' OR at < $2) \
                   AND ($3 = '' OR actor = $3) AND ($4 = '' OR subject = $4) ORDER BY at DESC, id LIMIT $5 OFFSET $6";
        let time = |time: Option<DateTime<Utc>>| time.map(text).unwrap_or_default();
        let rows = sqlx::query(sql)
            .bind(time(filter.since))
            .bind(time(filter.until))
            .bind(filter.actor.clone().unwrap_or_default())
            .bind(filter.subject.clone().unwrap_or_default())
            .bind(i64::from(filter.limit))
            .bind(i64::from(filter.skip))
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                let mut row = RowReader::new(row, "audit_log");
                Ok(AuditEntry {
                    at: row.time()?,
                    actor: row.text()?,
                    credential: row.text()?,
                    address: row.text()?,
                    action: row.text()?,
                    subject: row.text()?,
                    status: u16::try_from(row.integer()?).unwrap_or_default(),
                    times: u32::try_from(row.integer()?).unwrap_or(u32::MAX),
                    request_id: row.text()?,
                })
            })
            .collect()
    }

    pub(crate) async fn delete_audit_entries(&self, before: DateTime<Utc>) -> Result<u64, RegistryError> {
        let query = sqlx::query("DELETE FROM audit_log WHERE at < $1").bind(text(before));
        Ok(query.execute(&self.pool).await?.rows_affected())
    }

    pub(crate) async fn put_token_uses(&self, uses: &[(Uuid, DateTime<Utc>)]) -> Result<(), RegistryError> {
        let sql = "INSERT INTO token_uses (token_id, last_used_at) VALUES ($1, $2) \
                   ON CONFLICT (token_id) DO UPDATE SET last_used_at = excluded.last_used_at";
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        for (id, at) in uses {
            let query = sqlx::query(sql).bind(id.to_string()).bind(text(*at));
            query.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    pub(crate) async fn token_uses(&self) -> Result<Vec<(Uuid, DateTime<Utc>)>, RegistryError> {
        let rows = sqlx::query("SELECT token_id, last_used_at FROM token_uses").fetch_all(&self.pool).await?;
        rows.iter()
            .map(|row| {
                let mut row = RowReader::new(row, "token_uses");
                Ok((row.uuid()?, row.time()?))
            })
            .collect()
    }
}
