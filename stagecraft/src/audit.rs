//! The audit log: every write and every administrative action, done or refused, with who, from where and when.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Registry, RegistryError};

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When; of several alike, when the first of them happened.
    pub at: DateTime<Utc>,
    /// Who: an e-mail address; empty if nobody in particular.
    pub actor: String,
    /// By what right, without telling a secret: `token ID`, `session`, `data set token`, `administrator`, `none`.
    pub credential: String,
    /// From where: an address of the network.
    pub address: String,
    /// What: a method and a path, or the name of an event such as `sign-in`.
    pub action: String,
    /// To what: the name of a data set or a user; empty if the action tells.
    pub subject: String,
    /// The HTTP status that was answered.
    pub status: u16,
    /// How often the same happened within a minute.
    pub times: u32,
    /// What the caller called the request; empty if nothing.
    pub request_id: String,
}

impl AuditEntry {
    /// Lines of which this is the same are one line that counts them: the same by the same within a minute.
    #[must_use]
    pub fn likeness(&self) -> String {
        let AuditEntry { at, actor, credential, address, action, subject, status, request_id, .. } = self;
        let minute = at.timestamp().div_euclid(60);
        format!("{minute}\0{actor}\0{credential}\0{address}\0{action}\0{subject}\0{status}\0{request_id}")
    }

    /// What there is to tell about it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "at": self.at,
            "actor": self.actor,
            "credential": self.credential,
            "address": self.address,
            "action": self.action,
            "subject": self.subject,
            "status": self.status,
            "times": self.times,
            "request_id": self.request_id,
        })
    }
}

/// Which lines to read; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// From this time on.
    pub since: Option<DateTime<Utc>>,
    /// Before this time.
    pub until: Option<DateTime<Utc>>,
    /// By this actor.
    pub actor: Option<String>,
    /// To this subject.
    pub subject: Option<String>,
    /// Without so many of the latest ones.
    pub skip: u32,
    /// At most so many.
    pub limit: u32,
}

impl Registry {
    /// Adds lines to the audit log: all of them, or none.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn add_to_audit_log(&self, entries: &[AuditEntry]) -> Result<(), RegistryError> {
        self.database().insert_audit_entries(entries).await
    }

    /// Reads the audit log, the latest line first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn audit_log(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, RegistryError> {
        self.database().audit_entries(filter).await
    }

    /// Removes the lines of the audit log from before a time. Returns how many they were.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn forget_audit_log(&self, before: DateTime<Utc>) -> Result<u64, RegistryError> {
        self.database().delete_audit_entries(before).await
    }

    /// Notes when tokens were used last.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn note_token_uses(&self, uses: &[(Uuid, DateTime<Utc>)]) -> Result<(), RegistryError> {
        self.database().put_token_uses(uses).await
    }

    /// When each token was used last, of those that were.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn token_uses(&self) -> Result<Vec<(Uuid, DateTime<Utc>)>, RegistryError> {
        self.database().token_uses().await
    }
}
