//! Sessions: people who have signed in with a browser. They are not configuration: the catalog does not hold them.

use chrono::{DateTime, TimeDelta, Utc};

use crate::token::{hash, random};
use crate::{Registry, RegistryError};

/// How long a session lasts, however it is used.
pub const LONGEST_SESSION: TimeDelta = TimeDelta::hours(12);

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The e-mail address of whose it is.
    pub email: String,
    /// What a form or script of ours must send along, so that no other site can act in the user's name.
    pub form_token: String,
    /// Since when.
    pub started_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

impl Registry {
    /// Signs a user in. Answers the session and, once only, what the browser is to present. Sessions that are over are
    /// forgotten on the way.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn start_session(&self, email: &str) -> Result<(Session, String), RegistryError> {
        let (secret, now) = (random(), self.now());
        let session = Session {
            email: email.to_owned(),
            form_token: random(),
            started_at: now,
            expires_at: now + LONGEST_SESSION,
        };
        self.database().forget_sessions_before(now).await?;
        self.database().insert_session(&hash(&secret), &session).await?;
        Ok((session, secret))
    }

    /// The session of a browser, unless it is unknown or over.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn session(&self, secret: &str) -> Result<Option<Session>, RegistryError> {
        let found = self.database().session(&hash(secret)).await?;
        Ok(found.filter(|session| self.now() < session.expires_at))
    }

    /// Signs a browser out. Answers whether it was signed in.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn end_session(&self, secret: &str) -> Result<bool, RegistryError> {
        self.database().delete_session(&hash(secret)).await
    }

    /// Signs a user out everywhere. Answers how many sessions ended.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn end_sessions_of(&self, email: &str) -> Result<u64, RegistryError> {
        self.database().delete_sessions_of(email).await
    }
}
