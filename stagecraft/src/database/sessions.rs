//! The table of sessions.

use chrono::{DateTime, Utc};

use super::{Database, RowReader, text};
use crate::RegistryError;
use crate::session::Session;

impl Database {
    pub(crate) async fn insert_session(&self, hash: &str, session: &Session) -> Result<(), RegistryError> {
        let sql = "INSERT INTO sessions (hash, email, form_token, started_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5)";
        sqlx::query(sql)
            .bind(hash)
            .bind(session.email.as_str())
            .bind(session.form_token.as_str())
            .bind(text(session.started_at))
            .bind(text(session.expires_at))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(crate) async fn session(&self, hash: &str) -> Result<Option<Session>, RegistryError> {
        let sql = "SELECT email, form_token, started_at, expires_at FROM sessions WHERE hash = $1";
        let Some(row) = sqlx::query(sql).bind(hash).fetch_optional(&self.pool).await? else {
            return Ok(None);
        };
        let mut row = RowReader::new(&row, "sessions");
        Ok(Some(Session {
            email: row.text()?,
            form_token: row.text()?,
            started_at: row.time()?,
            expires_at: row.time()?,
        }))
    }

    pub(crate) async fn delete_session(&self, hash: &str) -> Result<bool, RegistryError> {
        let query = sqlx::query("DELETE FROM sessions WHERE hash = $1").bind(hash);
        Ok(query.execute(&self.pool).await?.rows_affected() > 0)
    }

    pub(crate) async fn delete_sessions_of(&self, email: &str) -> Result<u64, RegistryError> {
        let query = sqlx::query("DELETE FROM sessions WHERE email = $1").bind(email);
        Ok(query.execute(&self.pool).await?.rows_affected())
    }

    pub(crate) async fn forget_sessions_before(&self, now: DateTime<Utc>) -> Result<(), RegistryError> {
        sqlx::query("DELETE FROM sessions WHERE expires_at < $1").bind(text(now)).execute(&self.pool).await?;
        Ok(())
    }
}
