//! How definitions and figures come in: the two things that this library asks of its surroundings.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use crate::definition::Module;
use crate::definition::query::Query;
use crate::view::Facts;
use crate::view::provenance::Licence;
use crate::words::Language;

/// A row of an answer.
pub type Row = Map<String, Value>;

/// Why there are no figures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DataError(pub String);

/// What a module makes of the rows of an answer.
pub type Make<'a> = &'a (dyn Fn(Vec<Row>) -> Facts + Send + Sync);

/// Whoever can answer queries.
#[async_trait]
pub trait DataSource: Send + Sync {
    /// The rows of the answer to a query.
    ///
    /// # Errors
    /// When the query has no answer, or none in time.
    async fn rows(&self, query: &Query) -> Result<Vec<Row>, DataError>;

    /// What `make` makes of the answer to a query. Whoever knows that an answer is the same as before may give the same facts
    /// again under the same `name`, which tells apart all that can be made of one answer at one time.
    ///
    /// # Errors
    /// As [`DataSource::rows`].
    async fn facts(&self, query: &Query, _name: &str, make: Make<'_>) -> Result<Arc<Facts>, DataError> {
        Ok(Arc::new(make(self.rows(query).await?)))
    }

    /// What was made last of answers to a query under this name, where the answer cannot be had now, and when that was.
    fn last_known(&self, _query: &Query, _name: &str) -> Option<(Arc<Facts>, DateTime<Utc>)> {
        None
    }

    /// When the data of a query changed last, if anybody knows.
    async fn updated(&self, _query: &Query) -> Option<DateTime<Utc>> {
        None
    }

    /// On what terms the data of a query may be used, where they are terms of its own.
    fn licence(&self, _query: &Query) -> Option<Licence> {
        None
    }

    /// How much time may pass between two changes of the data of a query, if somebody said so.
    fn usual_pause(&self, _query: &Query) -> Option<TimeDelta> {
        None
    }
}

/// Why there is no definition, as an HTTP status: 404 if nobody knows it, otherwise what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no definition: status {0}")]
pub struct NoDefinition(pub u16);

/// Whoever knows the stored dashboards.
#[async_trait]
pub trait Definitions: Send + Sync {
    /// The whole definition of a dashboard.
    ///
    /// # Errors
    /// When there is none of this name, or it could not be had.
    async fn dashboard(&self, slug: &str) -> Result<Arc<Value>, NoDefinition>;

    /// The modules of a dashboard in a language, as `read` reads them from its definition. Whoever knows that the definition is
    /// the same as before may give the same modules again.
    fn modules(&self, _slug: &str, _language: Language, read: &dyn Fn() -> Vec<Module>) -> Arc<Vec<Module>> {
        Arc::new(read())
    }

    /// What lists show of every published dashboard: `slug`, `title`, `dashboard-type`, `department`, `agency`.
    ///
    /// # Errors
    /// When they could not be had.
    async fn published(&self) -> Result<Vec<Value>, NoDefinition>;
}
