//! What every request handler shares.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use engine::Store;
use engine::query::QueryEngine;
use stagecraft::Registry;

use crate::access::SharedAccess;
use crate::auth::{Token, bearer};
use crate::body::Bodies;
use crate::branding::Branding;
use crate::clock::Clock;
use crate::controllers::dashboards::cache::Pages;
use crate::controllers::dashboards::door::Door;
use crate::metrics::Metrics;
use crate::record_schema::RecordSchemas;
use crate::worker::Worker;

/// Shared by all handlers; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The records.
    pub store: Arc<Store>,
    /// The configuration.
    pub registry: Arc<Registry>,
    /// Answers queries.
    pub queries: Arc<QueryEngine>,
    /// JSON schemas of data sets, compiled.
    pub schemas: Arc<RecordSchemas>,
    /// The token with every permission, if one is configured.
    pub admin_token: Option<Token>,
    /// Pages that were made before.
    pub pages: Arc<Pages>,
    /// How long a page waits for the data of a module.
    pub module_deadline: Duration,
    /// Who may see pages, and how many.
    pub door: Arc<Door>,
    /// What pages show on behalf of the installation.
    pub branding: Arc<Branding>,
    /// Who is signed in, what was done, and how much of it is allowed.
    pub access: SharedAccess,
    /// What writing brings about, on its way to the worker.
    pub worker: Arc<Worker>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How much of request bodies is taken.
    pub bodies: Arc<Bodies>,
    /// Where the present comes from.
    pub clock: Clock,
}

impl AppState {
    /// Whether the request carries the administrator's token.
    pub fn is_admin(&self, headers: &HeaderMap) -> bool {
        match (&self.admin_token, bearer(headers)) {
            (Some(admin), Some(given)) => admin.matches(given),
            _ => false,
        }
    }

    /// The present for this request.
    pub fn now(&self, headers: &HeaderMap) -> DateTime<Utc> {
        self.clock.now(headers)
    }
}
