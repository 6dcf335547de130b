//! Large answers come in pieces that together are the whole answer, and explanations say how answers are found.

use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use engine::query::{QueryEngine, QueryFailure, QueryLimits};
use engine::{DecodeOptions, Snapshot, Store, StoreOptions, decode};
use futures::TryStreamExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use query_lang::{Format, Policy, Query};
use serde_json::{Value, json};
use tempfile::TempDir;

fn now() -> DateTime<Utc> {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn query(text: &str) -> Query {
    query_lang::parse(text, &Policy { raw_queries_allowed: true }, now()).unwrap()
}

/// Records in each third of the store.
const PART: u32 = 4_500;

/// A store whose records are in two segments and in memory; some keys come late, or in several types.
async fn store() -> (TempDir, Arc<Store>, Snapshot) {
    store_with(StoreOptions::default()).await
}

async fn store_with(options: StoreOptions) -> (TempDir, Arc<Store>, Snapshot) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), options).await.unwrap();
    for part in 0..3 {
        let record = |n: u32| {
            let mut record = json!({
                "_id": format!("{n:05}"), "_timestamp": format!("2026-0{}-{:02}T10:00:00Z", part + 1, n % 28 + 1),
                "page": format!("/page/{}", n % 7), "size": n, "share": f64::from(n) / 8.0, "mixed": n,
            });
            if n % 1_000 == 999 {
                record["mixed"] = json!("a \"word\", quoted");
            }
            if n == 3 * PART - 1 {
                record["late"] = json!(true);
            }
            record
        };
        let records: Vec<Value> = (part * PART..(part + 1) * PART).map(record).collect();
        let body = Value::from(records).to_string();
        let records = decode(body.as_bytes(), &DecodeOptions { auto_ids: &[], now: now() }).unwrap();
        store.append("visits", records).await.unwrap();
        if part < 2 {
            store.flush().await.unwrap();
        }
    }
    store.delete("visits", "00005").await.unwrap();
    let snapshot = store.snapshot("visits").await.unwrap();
    (folder, store, snapshot)
}

/// The rows of a Parquet file.
fn table(file: Vec<u8>) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file)).unwrap();
    let schema = Arc::clone(reader.schema());
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    arrow::compute::concat_batches(&schema, &batches).unwrap()
}

#[tokio::test]
async fn a_stream_has_the_bytes_of_the_whole_answer() {
    let (_folder, store, snapshot) = store().await;
    let engine = QueryEngine::default();
    for text in [
        "",
        "sort_by=size:descending",
        "sort_by=mixed:ascending&limit=11000&offset=100",
        "fields=late,page,_week_start_at",
        "filter=size > 100&start_at=2026-01-02T00:00:00Z&end_at=2026-03-28T00:00:00Z",
    ] {
        let query = query(text);
        let whole = engine.answer(snapshot.clone(), &query, now()).await.unwrap();
        assert!(whole.len() > 10_000, "{text}");
        for format in Format::ALL {
            let stream = engine.stream(&snapshot, &query, format, now()).await.unwrap().unwrap();
            let pieces: Vec<bytes::Bytes> = stream.try_collect().await.unwrap();
            assert!(pieces.len() > 1 || format == Format::Parquet, "{text} {format:?}");
            let whole = whole.write(format).unwrap();
            if format == Format::Parquet {
                // How pages are cut depends on how the memory of the columns was made.
                assert!(table(pieces.concat()) == table(whole), "{text}");
            } else {
                assert!(pieces.concat() == whole, "{text} {format:?}");
            }
        }
    }
    assert!(engine.stream(&snapshot, &query("limit=10"), Format::Csv, now()).await.unwrap().is_none());
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_large_export_leaves_in_memory_what_others_use() {
    let (_folder, store, snapshot) =
        store_with(StoreOptions { cache: 1 << 20, ..StoreOptions::default() }).await;
    let engine = QueryEngine::default();
    let grouped = query("group_by=page&collect=size:sum");
    let ask = async || {
        let before = store.counters().await;
        engine.answer(snapshot.clone(), &grouped, now()).await.unwrap();
        store.counters().await.cache_misses - before.cache_misses
    };
    assert!(ask().await > 0, "the columns are read from their segments");
    assert_eq!(ask().await, 0, "and are in memory from then on");
    let kept = store.counters().await.cache_bytes;
    let export = engine.stream(&snapshot, &query(""), Format::Ndjson, now()).await.unwrap().unwrap();
    let pieces: Vec<bytes::Bytes> = export.try_collect().await.unwrap();
    let lines = pieces.concat().iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(lines, 3 * PART as usize - 1);
    assert_eq!((ask().await, store.counters().await.cache_bytes), (0, kept));
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_stream_whose_first_piece_cannot_be_read_is_refused() {
    let (folder, _store, snapshot) = store().await;
    for entry in std::fs::read_dir(folder.path().join("data-sets/visits")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            let mut bytes = std::fs::read(&path).unwrap();
            // The columns, not the footer.
            let end = bytes.len() - 8;
            let footer = u32::from_le_bytes(bytes[end..end + 4].try_into().unwrap()) as usize;
            bytes[4..end - footer].fill(0xAA);
            std::fs::write(&path, bytes).unwrap();
        }
    }
    let failure = QueryEngine::default().stream(&snapshot, &query("fields=size"), Format::Json, now()).await;
    assert!(matches!(failure.err(), Some(QueryFailure::Segment(_))));
}

#[tokio::test]
async fn a_stream_past_its_deadline_fails_before_it_begins() {
    let (_folder, store, snapshot) = store().await;
    let engine =
        QueryEngine::new(QueryLimits { deadline: std::time::Duration::ZERO, ..QueryLimits::default() });
    let failure = engine.stream(&snapshot, &query("sort_by=size:descending"), Format::Csv, now()).await;
    assert!(matches!(failure.err(), Some(QueryFailure::TooSlow { .. })));
    store.close().await.unwrap();
}

async fn explained(snapshot: &Snapshot, text: &str) -> Value {
    let mut explanation =
        QueryEngine::default().explain(snapshot.clone(), &query(text), now()).await.unwrap();
    let times = explanation["milliseconds"].take();
    assert!(times["answer"].as_f64().unwrap() > 0.0 && times["plan"].is_f64(), "{times}");
    explanation
}

fn lines(explanation: &Value) -> Vec<&str> {
    explanation["plan"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
}

#[tokio::test]
async fn plans_say_what_is_done() {
    let (_folder, store, snapshot) = store().await;
    let grouped = explained(
        &snapshot,
        "period=week&group_by=page&collect=size:sum&filter=share > 2&start_at=2026-01-05T00:00:00Z&end_at=2026-02-02T00:00:00Z",
    )
    .await;
    assert_eq!(
        lines(&grouped),
        [
            "group by page, week: size:sum",
            "  scan: _timestamp, page, size, from 2026-01-05T00:00:00+00:00, to 2026-02-01T23:59:59.999999+00:00, where share > 2",
        ]
    );
    assert_eq!(grouped["segments"]["pruned"], 1, "{grouped}");
    assert_eq!(grouped["rows"]["scanned"], 2 * PART, "{grouped}");

    let newest = explained(&snapshot, "sort_by=_timestamp:descending&limit=5&fields=page").await;
    assert_eq!(lines(&newest), ["the newest 5 records, stopping early", "  scan: _timestamp, page"]);
    assert_eq!(newest["rows"]["scanned"], PART, "the newest records are in memory");

    let sorted = explained(&snapshot, "sort_by=size:descending&limit=5&fields=size").await;
    assert_eq!(
        lines(&sorted),
        [
            "SortExec: TopK(fetch=5), expr=[sort0@3 DESC NULLS LAST, _seq@2 ASC], preserve_partitioning=[false]",
            "  StreamingTableExec: partition_sizes=1, projection=[size, _timestamp, _seq, sort0]",
            "  scan: size, _timestamp",
        ]
    );
    store.close().await.unwrap();
}
