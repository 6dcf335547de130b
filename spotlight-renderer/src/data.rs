//! How figures come in: the one thing that this library asks of its surroundings.

use async_trait::async_trait;
use serde_json::{Map, Value};

/// A row of an answer.
pub type Row = Map<String, Value>;

/// Why there are no figures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DataError(pub String);

/// Whoever can answer queries.
#[async_trait]
pub trait DataSource: Send + Sync {
    /// The rows of the answer to a query (a percent-encoded query string) over the data set of this group and type.
    async fn query(&self, group: &str, data_type: &str, query_string: &str) -> Result<Vec<Row>, DataError>;
}
