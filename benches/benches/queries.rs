//! What the questions of the comparison cost in the engine: parsed, planned, executed, shaped and written as JSON, over 10,000
//! records in a segment, its columns decoded in memory.
//!
//! ```sh
//! cargo bench --workspace --bench queries
//! cargo bench --workspace --bench queries -- "set of services"
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that panics has failed")]
#![allow(missing_docs, reason = "the macros of criterion make public functions")]

use std::sync::Arc;

use benches::records::{QUESTIONS, fill};
use chrono::{DateTime, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use engine::query::QueryEngine;
use engine::{Snapshot, Store, StoreOptions};
use query_lang::{Format, Policy};
use serde_json::Value;

const RECORDS: u64 = 10_000;

async fn answer(engine: &QueryEngine, snapshot: &Snapshot, text: &str, now: DateTime<Utc>) -> Vec<u8> {
    let query = query_lang::parse(text, &Policy { raw_queries_allowed: true }, now).unwrap();
    let answer = Arc::new(engine.answer(snapshot.clone(), &query, now).await.unwrap());
    engine.write(&answer, Format::Json, Vec::new()).await.unwrap()
}

fn questions(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let now: DateTime<Utc> = "2026-06-01T00:00:00Z".parse().unwrap();
    let (store, snapshot) = runtime.block_on(async {
        let store = Store::open(folder.path(), StoreOptions::default()).await.unwrap();
        fill(&store, RECORDS, now).await.unwrap();
        let snapshot = store.snapshot("records").await.unwrap();
        (store, snapshot)
    });
    let engine = QueryEngine::default();
    let questions: Vec<Value> = serde_json::from_str(QUESTIONS).unwrap();
    let mut group = criterion.benchmark_group("10,000 records");
    for question in &questions {
        let (name, text) = (question["name"].as_str().unwrap(), question["query"].as_str().unwrap());
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(answer(&engine, &snapshot, text, now)));
        });
    }
    group.finish();
    runtime.block_on(store.close()).unwrap();
}

criterion_group!(benches, questions);
criterion_main!(benches);
