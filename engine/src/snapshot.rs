//! What a query sees: one version of one data set, from beginning to end.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};

use crate::schema::system_fields;

/// All live rows of a data set at one version. Cheap to clone: batches are reference-counted.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Grows with every write and survives a restart; 0 for a data set that was never written.
    pub version: u64,
    /// The layout of every batch (see [`crate::schema`]).
    pub schema: SchemaRef,
    /// Live rows only, each batch in the layout of `schema`; upserted and deleted rows are already gone.
    pub batches: Vec<RecordBatch>,
    /// For each batch the smallest and largest `_timestamp` in microseconds since 1970; `None` where no row has one.
    /// A batch may also hold rows without `_timestamp`.
    pub ranges: Vec<Option<(i64, i64)>>,
}

impl Snapshot {
    /// A data set that was never written.
    pub fn empty() -> Self {
        let schema = Arc::new(Schema::new(system_fields()));
        Self { version: 0, schema, batches: Vec::new(), ranges: Vec::new() }
    }
}
