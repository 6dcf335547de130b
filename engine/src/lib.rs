//! The engine: records in, answers out. It knows nothing of HTTP, users or dashboards.
//!
//! ```text
//! body -> decode -> Batch -> store: log (fsync) -> buffer -> segments (Parquet) + manifest
//!                                                     \________ snapshot ________/
//!                                                                   |
//!                                        query (plan, execute) -> shape -> JSON or CSV
//! ```

mod backup;
mod batch;
mod buffer;
mod columns;
mod compact;
mod counters;
mod data_set;
mod decode;
mod durable_folder;
#[doc(hidden)]
pub mod fuzzing;
mod ids;
mod job;
mod lease;
mod live_segment;
mod log;
mod manifest;
mod mask;
mod merge;
mod object;
mod operation;
pub mod output;
mod place;
pub mod query;
pub mod record;
mod resources;
mod retain;
pub mod schema;
pub mod segment;
mod shape;
pub mod snapshot;
mod store;
mod trash;
mod verify;

pub use backup::{Backup, Copied, backup, restore};
pub use batch::Batch;
pub use columns::{off_type_value, record_at};
pub use counters::StoreCounters;
pub use decode::{Complaints, DecodeError, DecodeOptions, decode, decode_changes};
pub use durable_folder::{PutDisk, PutStep};
pub use log::{Durability, LocalDisk, LogDisk, LogFile};
pub use merge::Sizes;
pub use place::Place;
pub use record::{Record, Value, record_to_json};
pub use retain::Retention;
pub use snapshot::{Part, Rows, SegmentView, Snapshot};
pub use store::{DataSetStatistics, Store, StoreError, StoreOptions};
pub use verify::{Finding, verify};
