//! The engine: records in, answers out. It knows nothing of HTTP, users or dashboards.
//!
//! ```text
//! body -> decode -> Record -> store: log (fsync) -> buffer -> segments (Parquet) + manifest
//!                                                     \________ snapshot ________/
//!                                                                   |
//!                                        query (plan, execute) -> shape -> JSON or CSV
//! ```

pub mod query;
pub mod record;
pub mod schema;
pub mod shape;
pub mod snapshot;

pub use record::{Record, Value};
pub use snapshot::Snapshot;
