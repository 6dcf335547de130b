//! The engine: records in, answers out. It knows nothing of HTTP, users or dashboards.
//!
//! ```text
//! body -> decode -> Record -> store: log (fsync) -> buffer -> segments (Parquet) + manifest
//!                                                     \________ snapshot ________/
//!                                                                   |
//!                                        query (plan, execute) -> shape -> JSON or CSV
//! ```

mod backup;
mod columns;
mod data_set;
mod decode;
mod log;
mod manifest;
mod object;
mod operation;
pub mod output;
pub mod query;
pub mod record;
mod resources;
mod retain;
pub mod schema;
pub mod segment;
pub mod shape;
pub mod snapshot;
mod store;
mod table;
mod verify;

pub use backup::{Copied, backup};
pub use columns::{off_type_value, record_at, to_batch};
pub use decode::{DecodeError, DecodeOptions, decode, decode_changes};
pub use log::Durability;
pub use record::{Record, Value, record_to_json};
pub use retain::Retention;
pub use snapshot::{Part, Rows, SegmentView, Snapshot};
pub use store::{DataSetStatistics, Store, StoreError, StoreOptions};
pub use verify::{Finding, verify};
