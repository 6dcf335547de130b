//! What the tests of the store share: records in, and what is there by id.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{Batch, DecodeOptions, Place, Sizes, Store, StoreError, StoreOptions, decode};
use serde_json::Value;

/// Options of a store that flushes when a test wants it to.
pub fn flushed_by_hand() -> StoreOptions {
    StoreOptions { flush_interval: Duration::from_secs(86_400), ..StoreOptions::default() }
}

/// The same with segments so small that a few records are many, no memory for what was read, and files that go as soon as nobody
/// needs them.
pub fn tiny() -> StoreOptions {
    let sizes = Sizes { segment_rows: 8, row_group_rows: 3 };
    StoreOptions { sizes, cache: 0, grace: Duration::ZERO, ..flushed_by_hand() }
}

/// The records of a JSON value.
pub fn records(body: &Value) -> Batch {
    let options = DecodeOptions { auto_ids: &[], now: "2020-01-01T00:00:00Z".parse().unwrap() };
    decode(body.to_string().as_bytes(), &options).unwrap()
}

/// The value of `nn` of every record, by its id; -1 where there is none. No id is there twice.
pub async fn contents(store: &Store, name: &str) -> Result<BTreeMap<String, i64>, StoreError> {
    let batches = store.snapshot(name).await?.batches().await?;
    let mut found = BTreeMap::new();
    for batch in batches.iter().map(|rows| &rows.batch) {
        for row in 0..batch.num_rows() {
            let record = engine::record_to_json(&engine::record_at(batch, row));
            let id = record["_id"].as_str().unwrap().to_owned();
            let value = record.get("nn").and_then(Value::as_i64).unwrap_or(-1);
            assert!(found.insert(id, value).is_none(), "an id is there twice");
        }
    }
    Ok(found)
}

/// Reads every file of a store that is closed. The first data set in which something is wrong, if there is one.
pub async fn is_whole(place: &Place) -> Result<(), String> {
    let findings = engine::verify(place, |_| ()).await.map_err(|error| error.to_string())?;
    match findings.into_iter().find(|finding| !finding.problems.is_empty()) {
        Some(finding) => Err(format!("{finding:?}")),
        None => Ok(()),
    }
}
