//! Queries that ask for too much: they are refused, and the engine goes on.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::num::NonZeroUsize;
use std::time::Duration;

use chrono::{DateTime, Utc};
use engine::query::{QueryEngine, QueryFailure, QueryLimits};
use engine::{DecodeOptions, Snapshot, Store, StoreOptions, decode};
use query_lang::{Policy, Query};
use tempfile::TempDir;

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-06-01T00:00:00Z").unwrap().with_timezone(&Utc)
}

fn query(text: &str) -> Query {
    query_lang::parse(text, &Policy { raw_queries_allowed: true }, now()).unwrap()
}

/// A data set with many groups.
async fn snapshot() -> (TempDir, Snapshot) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), StoreOptions::default()).await.unwrap();
    let record = |n: u32| {
        format!(r#"{{"_timestamp":"2026-01-01T00:00:00Z","page":"/a/rather/long/page/{n}","size":{n}}}"#)
    };
    let body = format!("[{}]", (0..20_000).map(record).collect::<Vec<_>>().join(","));
    let records = decode(body.as_bytes(), &DecodeOptions { auto_ids: &[], now: now() }).unwrap();
    store.append("visits", records).await.unwrap();
    let snapshot = store.snapshot("visits").await.unwrap();
    store.close().await.unwrap();
    (folder, snapshot)
}

#[tokio::test]
async fn a_query_past_its_deadline_is_stopped_and_the_next_one_runs() {
    let (_folder, snapshot) = snapshot().await;
    let none = QueryLimits { deadline: Duration::ZERO, ..QueryLimits::default() };
    let failure = QueryEngine::new(none).answer(snapshot.clone(), &query("group_by=page"), now()).await;
    assert!(matches!(failure, Err(QueryFailure::TooSlow { .. })), "{failure:?}");

    let one = QueryLimits { concurrent: NonZeroUsize::MIN, ..QueryLimits::default() };
    let engine = QueryEngine::new(one);
    let question = query("group_by=page");
    let questions = (0..4).map(|_| engine.answer(snapshot.clone(), &question, now()));
    for answer in futures::future::join_all(questions).await {
        assert_eq!(answer.unwrap().rows.len(), 20_000, "each has its turn");
    }
}

#[tokio::test]
async fn a_query_that_needs_too_much_memory_is_refused_and_a_modest_one_is_answered() {
    let (_folder, snapshot) = snapshot().await;
    let with = |memory: usize| QueryEngine::new(QueryLimits { memory, ..QueryLimits::default() });
    let by_way_of_the_disk = with(1 << 20).answer(snapshot.clone(), &query("group_by=page"), now()).await;
    assert_eq!(by_way_of_the_disk.unwrap().rows.len(), 20_000);
    let engine = with(16 << 10);
    let failure = engine.answer(snapshot.clone(), &query("group_by=page&collect=size:set"), now()).await;
    assert!(
        matches!(failure, Err(QueryFailure::OutOfMemory)),
        "{:?}",
        failure.map(|answer| answer.rows.len())
    );
    let modest = engine
        .answer(snapshot, &query("filter_by=page:none&collect=size:sum&group_by=page"), now())
        .await
        .unwrap();
    assert_eq!(modest.rows.len(), 0);
}
