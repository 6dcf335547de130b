//! What was done and refused, on its way to the audit log: gathered in memory, written about once a second, and counted where
//! the same happens many times a minute.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, Method, StatusCode};
use chrono::{DateTime, Utc};
use stagecraft::{AuditEntry, Registry, Uuid};

use super::Actor;
use super::client::Client;

/// The most lines that wait; past them, lines go to the process's own log only.
const MOST: usize = 50_000;

/// The most characters of what somebody calls themselves: those of an e-mail address.
const MOST_NAME: usize = 254;

/// Lines that wait to be written.
#[derive(Debug, Default)]
pub struct AuditLog {
    waiting: Mutex<Waiting>,
    /// Held while lines are written, so that nobody who reads misses lines that are on their way.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// By what makes lines alike.
    entries: HashMap<String, AuditEntry>,
    uses: HashMap<Uuid, DateTime<Utc>>,
}

impl AuditLog {
    /// Notes a request that was to change something, or was refused.
    pub fn request(
        &self,
        actor: &Actor,
        client: &Client,
        method: &Method,
        path: &str,
        status: StatusCode,
        headers: &HeaderMap,
    ) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // Writers of records call every request something else, which would tell alike requests apart.
        let is_data = path.starts_with("/data/");
        let request_id = match text("request-id") {
            _ if is_data => "",
            "" => text("govuk-request-id"),
            id => id,
        };
        self.add(AuditEntry {
            at: Utc::now(),
            actor: actor.email.clone(),
            credential: actor.credential.clone(),
            address: client.name(),
            action: format!("{method} {path}").chars().take(300).collect(),
            subject: path.strip_prefix("/data/").unwrap_or_default().to_owned(),
            status: status.as_u16(),
            times: 1,
            request_id: request_id.chars().take(100).collect(),
        });
    }

    /// Notes something that happened to a user, such as `sign-in`.
    pub fn event(&self, action: &str, email: &str, client: &Client, status: StatusCode) {
        self.add(AuditEntry {
            at: Utc::now(),
            actor: email.chars().take(MOST_NAME).collect(),
            credential: "none".to_owned(),
            address: client.name(),
            action: action.to_owned(),
            subject: email.chars().take(MOST_NAME).collect(),
            status: status.as_u16(),
            times: 1,
            request_id: String::new(),
        });
    }

    /// Notes that a token was used.
    pub fn used(&self, token: Uuid, at: DateTime<Utc>) {
        self.lock().uses.insert(token, at);
    }

    fn add(&self, entry: AuditEntry) {
        let key = entry.likeness();
        let mut waiting = self.lock();
        if let Some(alike) = waiting.entries.get_mut(&key) {
            alike.times = alike.times.saturating_add(entry.times);
        } else if waiting.entries.len() < MOST {
            waiting.entries.insert(key, entry);
        } else {
            tracing::error!(target: "audit", ?entry, "the audit log cannot take this line");
        }
    }

    /// Brings what waits to the registry. What cannot be written waits on.
    pub async fn write(&self, registry: &Registry) {
        let _writing = self.writing.lock().await;
        let Waiting { entries, uses } = std::mem::take(&mut *self.lock());
        let entries: Vec<AuditEntry> = entries.into_values().collect();
        if !entries.is_empty()
            && let Err(error) = registry.add_to_audit_log(&entries).await
        {
            tracing::error!(%error, lines = entries.len(), "the audit log cannot be written now");
            entries.into_iter().for_each(|entry| self.add(entry));
        }
        let uses: Vec<(Uuid, DateTime<Utc>)> = uses.into_iter().collect();
        if !uses.is_empty()
            && let Err(error) = registry.note_token_uses(&uses).await
        {
            tracing::warn!(%error, "cannot note which tokens were used");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
