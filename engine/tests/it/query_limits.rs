//! Queries that ask for too much: they are refused, and the engine goes on.

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
    snapshot_of(20_000).await
}

async fn snapshot_of(records: u32) -> (TempDir, Snapshot) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), StoreOptions::default()).await.unwrap();
    let record = |n: u32| {
        format!(r#"{{"_timestamp":"2026-01-01T00:00:00Z","page":"/a/rather/long/page/{n}","size":{n}}}"#)
    };
    let body = format!("[{}]", (0..records).map(record).collect::<Vec<_>>().join(","));
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
        assert_eq!(answer.unwrap().len(), 20_000, "each has its turn");
    }
}

#[tokio::test]
async fn groups_that_need_too_much_memory_are_refused_and_modest_ones_are_answered() {
    let (_folder, snapshot) = snapshot().await;
    let engine = QueryEngine::new(QueryLimits { memory: 1 << 20, ..QueryLimits::default() });
    let failure = engine.answer(snapshot.clone(), &query("group_by=page&collect=size:set"), now()).await;
    assert!(matches!(failure, Err(QueryFailure::OutOfMemory)), "{:?}", failure.map(|answer| answer.len()));
    let modest = query("filter=size < 100&collect=size:sum&group_by=page");
    assert_eq!(engine.answer(snapshot.clone(), &modest, now()).await.unwrap().len(), 100);
    let enough = QueryEngine::new(QueryLimits { memory: 64 << 20, ..QueryLimits::default() });
    let answer = enough.answer(snapshot, &query("group_by=page&collect=size:set"), now()).await.unwrap();
    assert_eq!(answer.len(), 20_000);
}

#[tokio::test]
async fn records_that_do_not_fit_into_memory_are_sorted_by_way_of_the_disk() {
    let (_folder, snapshot) = snapshot().await;
    let engine = QueryEngine::new(QueryLimits { memory: 2 << 20, ..QueryLimits::default() });
    let sorted = query("sort_by=size:descending&fields=size,page");
    let answer = engine.answer(snapshot.clone(), &sorted, now()).await.unwrap();
    let sizes: Vec<_> = answer.rows().iter().map(|row| row["size"].as_u64().unwrap()).collect();
    assert_eq!(sizes, (0..20_000).rev().collect::<Vec<_>>());
    // With all their columns, and as much of them as several threads would share.
    let (_folder, many) = snapshot_of(70_000).await;
    let engine = QueryEngine::new(QueryLimits { memory: 8 << 20, ..QueryLimits::default() });
    let answer = engine.answer(many, &query("sort_by=page:ascending"), now()).await.unwrap();
    assert_eq!(answer.len(), 70_000);
    let failure = QueryEngine::new(QueryLimits { memory: 16 << 10, ..QueryLimits::default() });
    let failure = failure.answer(snapshot, &sorted, now()).await;
    assert!(matches!(failure, Err(QueryFailure::OutOfMemory)), "{:?}", failure.map(|answer| answer.len()));
}

#[tokio::test]
async fn an_answer_of_too_many_values_is_refused_before_it_is_made() {
    let (_folder, snapshot) = snapshot().await;
    let engine = QueryEngine::default();
    let hours = "period=hour&start_at=2006-01-01T00:00:00Z&end_at=2026-01-01T00:00:00Z";
    let collects: String = (0..99).map(|n| format!("&collect=size:p{n}")).collect();
    let failure = engine.answer(snapshot.clone(), &query(&format!("{hours}{collects}")), now()).await;
    assert!(matches!(failure, Err(QueryFailure::TooManyRows { limit: 40_000 })), "{failure:?}");
    let beside = format!("{hours}{collects}&compare=previous_year&cumulative=true");
    let failure = engine.answer(snapshot, &query(&beside), now()).await;
    assert!(matches!(failure, Err(QueryFailure::TooManyRows { limit: 10_000 })), "{failure:?}");
}
