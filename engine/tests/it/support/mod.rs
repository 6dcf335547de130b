//! What the tests of queries share: recorded vectors, and snapshots made of records.

pub mod faulty;
pub mod faulty_disk;
pub mod faulty_puts;
pub mod store;

use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::Schema;
use chrono::{DateTime, Utc};
use engine::{Batch, DecodeOptions, Part, Record, Rows, Snapshot, Value, decode};
use serde_json::Value as Json;

/// The folder of recorded requests and answers.
pub fn conformance() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../conformance")
}

/// Reads a file of vectors. Python wrote them; what is not a number for JSON stands only where nothing is compared.
pub fn read(path: &std::path::Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text.replace(": NaN", ": null").replace(": Infinity", ": null")).unwrap()
}

/// The records of a body, as they are stored; of several with one `_id` the last.
pub fn records(body: &[u8]) -> Vec<Record> {
    let now = "2020-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
    let decoded = decode(body, &DecodeOptions { auto_ids: &[], now }).unwrap();
    let mut by_id: indexmap::IndexMap<String, Record> = indexmap::IndexMap::new();
    for record in decoded.records() {
        let id = record.get("_id").and_then(Value::as_text).unwrap_or_default().to_owned();
        by_id.insert(id, record);
    }
    by_id.into_values().collect()
}

/// A snapshot of the records in so many batches, which all have the columns of the whole.
pub fn snapshot(records: &[Record], batches: usize) -> Snapshot {
    let whole = Batch::of_records(records).unwrap().numbered(&Arc::new(Schema::empty()), 0).unwrap();
    let schema = whole.schema();
    let size = whole.num_rows().div_ceil(batches.max(1)).max(1);
    let parts = (0..whole.num_rows())
        .step_by(size)
        .map(|offset| {
            let batch = whole.slice(offset, size.min(whole.num_rows() - offset));
            let times = batch.column_by_name("_timestamp").unwrap();
            let times =
                arrow::array::AsArray::as_primitive::<arrow::datatypes::TimestampMicrosecondType>(times);
            let range = arrow::compute::min(times).zip(arrow::compute::max(times));
            Part::Rows(Rows { batch, range })
        })
        .collect();
    Snapshot { version: 1, schema: Arc::clone(&schema), parts }
}
