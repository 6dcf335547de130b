//! The store from outside: what is written is there, once, whatever happens in between.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::support::store::{flushed_by_hand, records, tiny};
use engine::{Backup, Batch, Place, Record, Sizes, Store, StoreError, StoreOptions};
use proptest::prelude::*;
use serde_json::{Value, json};

async fn open(folder: &Path) -> Arc<Store> {
    Store::open(folder, flushed_by_hand()).await.unwrap()
}

async fn problems(folder: &Path) -> Vec<String> {
    let findings = engine::verify(&Place::local(folder).unwrap(), |_| ()).await.unwrap();
    findings.into_iter().flat_map(|finding| finding.problems).collect()
}

/// The records by id, without `_updated_at`.
async fn contents(store: &Store, name: &str) -> BTreeMap<String, Value> {
    let batches = store.snapshot(name).await.unwrap().batches().await.unwrap();
    let mut found = BTreeMap::new();
    for batch in batches.iter().map(|rows| &rows.batch) {
        for row in 0..batch.num_rows() {
            let mut record = engine::record_at(batch, row);
            record.shift_remove("_updated_at");
            record.sort_keys();
            let id = record["_id"].as_text().unwrap().to_owned();
            assert!(found.insert(id, engine::record_to_json(&record)).is_none(), "an id is there twice");
        }
    }
    found
}

#[tokio::test]
async fn a_crash_loses_nothing_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    store.append("a", records(&json!([{"_id": "1", "nn": 1}, {"_id": "2", "nn": 2}]))).await.unwrap();
    store.flush().await.unwrap();
    store.append("a", records(&json!([{"_id": "2", "nn": 20}, {"_id": "3", "text": "x"}]))).await.unwrap();
    assert!(store.delete("a", "1").await.unwrap());
    assert!(
        store
            .patch("a", "3", records(&json!({"_id": "3", "nn": 3})).records().next().unwrap())
            .await
            .unwrap()
    );
    assert!(!store.patch("a", "9", Record::new()).await.unwrap());
    let before = contents(&store, "a").await;
    let version = store.version("a").await.unwrap();
    // A crash: dropped without a word.
    drop(store);
    for _ in 0..2 {
        let store = open(folder.path()).await;
        assert_eq!(contents(&store, "a").await, before);
        assert_eq!(store.version("a").await.unwrap(), version);
    }
    assert_eq!(before["3"], json!({"_id": "3", "nn": 3, "text": "x"}));
    assert_eq!(before.len(), 2);
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(folder.path()).await;
    let second = Store::open(folder.path(), StoreOptions::default()).await;
    assert!(matches!(second, Err(StoreError::InUse { .. })));
}

#[tokio::test]
async fn a_broken_segment_is_named_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    for name in ["a", "b"] {
        store.append(name, records(&json!([{"_id": "1", "nn": 1}]))).await.unwrap();
    }
    store.close().await.unwrap();
    drop(store);
    let segments = std::fs::read_dir(folder.path().join("data-sets/a")).unwrap();
    let segment = segments
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().unwrap() == "parquet")
        .unwrap();
    std::fs::write(&segment, "not parquet").unwrap();
    let store = open(folder.path()).await;
    let error = store.snapshot("a").await.unwrap().batches().await.unwrap_err().to_string();
    assert!(error.contains(segment.to_str().unwrap()), "{error}");
    assert_eq!(contents(&store, "b").await.len(), 1);
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<(u8, u8, u8)>),
    Patch(u8, u8, u8),
    Delete(u8),
    Empty,
    Drop,
    Flush,
    Compact,
    Clean,
    Reopen,
}

fn value(kind: u8) -> Value {
    match kind % 7 {
        0 => json!(kind),
        1 => json!(f64::from(kind) / 2.0),
        2 => json!(format!("text {kind}")),
        3 => json!(true),
        4 => Value::Null,
        5 => json!(9_007_199_254_740_993i64),
        _ => json!(""),
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let append = prop::collection::vec((0..24u8, 0..4u8, 0..40u8), 0..14).prop_map(Step::Append);
    let step = prop_oneof![
        6 => append,
        2 => (0..24u8, 0..4u8, 0..40u8).prop_map(|(id, key, kind)| Step::Patch(id, key, kind)),
        2 => (0..24u8).prop_map(Step::Delete),
        1 => Just(Step::Empty),
        1 => Just(Step::Drop),
        4 => Just(Step::Flush),
        1 => Just(Step::Compact),
        1 => Just(Step::Clean),
        3 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 0..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_history_reads_back_as_a_plain_map_says(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let mut store = Store::open(folder.path(), tiny()).await.unwrap();
            let mut model: BTreeMap<String, Value> = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Append(rows) => {
                        let rows: Vec<Value> = rows
                            .iter()
                            .map(|(id, key, kind)| json!({
                                "_id": format!("r{id}"),
                                // some without a time
                                "_timestamp": (kind % 5 > 0).then(|| format!("2014-01-{:02}T00:00:00+00:00", kind % 28 + 1)),
                                format!("key{key}"): value(*kind),
                            }))
                            .map(without_nothing)
                            .collect();
                        for row in &rows {
                            model.insert(row["_id"].as_str().unwrap().to_owned(), row.clone());
                        }
                        store.append("set", records(&rows.into())).await.unwrap();
                    }
                    Step::Patch(id, key, kind) => {
                        let (id, key) = (format!("r{id}"), format!("key{key}"));
                        let changes = json!({"_id": id.clone(), key.clone(): value(kind)});
                        let known = store.patch("set", &id, records(&changes).records().next().unwrap()).await.unwrap();
                        assert_eq!(known, model.contains_key(&id));
                        if let Some(record) = model.get_mut(&id) {
                            record[key] = value(kind);
                        }
                    }
                    Step::Delete(id) => {
                        let id = format!("r{id}");
                        assert_eq!(store.delete("set", &id).await.unwrap(), model.remove(&id).is_some());
                    }
                    Step::Empty => {
                        store.empty("set").await.unwrap();
                        model.clear();
                    }
                    Step::Drop => {
                        store.drop_data_set("set").await.unwrap();
                        model.clear();
                    }
                    Step::Flush => store.flush().await.unwrap(),
                    Step::Compact => {
                        store.compact("set").await.unwrap();
                    }
                    Step::Clean => store.clean().await.unwrap(),
                    Step::Reopen => {
                        drop(store);
                        store = Store::open(folder.path(), tiny()).await.unwrap();
                    }
                }
                assert_eq!(sorted(contents(&store, "set").await), sorted(model.clone()));
            }
            store.close().await.unwrap();
            assert_eq!(problems(folder.path()).await, [] as [String; 0]);
        });
    }
}

/// Without a `_timestamp` that is null: that would be no legal record.
fn without_nothing(mut record: Value) -> Value {
    record.as_object_mut().unwrap().retain(|key, value| key != "_timestamp" || !value.is_null());
    record
}

fn sorted(records: BTreeMap<String, Value>) -> String {
    let sort = |value: Value| value.as_object().unwrap().clone().into_iter().collect::<BTreeMap<_, _>>();
    format!("{:?}", records.into_values().map(sort).collect::<Vec<_>>())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_write_at_once_while_segments_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for n in 0..60 {
                    // every writer has ids of its own and one that all of them want
                    let body = json!([{"_id": format!("{writer}-{n}"), "nn": n}, {"_id": "shared", format!("k{writer}"): n}]);
                    store.append("set", records(&body)).await.unwrap();
                    if n % 3 == 0 {
                        let id = format!("{writer}-{n}");
                        assert!(store.patch("set", &id, records(&json!({"_id": id, "pp": n})).records().next().unwrap()).await.unwrap());
                    }
                    if n % 5 == 0 {
                        assert!(store.delete("set", &format!("{writer}-{n}")).await.unwrap());
                    }
                }
            })
        })
        .collect();
    let flusher = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for n in 0..40 {
                store.flush().await.unwrap();
                if n % 10 == 0 {
                    store.compact("set").await.unwrap();
                }
                // what a reader sees is whole: never an id twice
                contents(&store, "set").await;
                tokio::task::yield_now().await;
            }
        })
    };
    for writer in writers {
        writer.await.unwrap();
    }
    flusher.await.unwrap();
    let check = |found: &BTreeMap<String, Value>| {
        assert_eq!(found.len(), 8 * 48 + 1);
        for writer in 0..8 {
            for n in 0..60 {
                let record = found.get(&format!("{writer}-{n}"));
                assert_eq!(record.is_some(), n % 5 != 0, "{writer}-{n}");
                if let Some(record) = record {
                    assert_eq!(record["nn"], n);
                    assert_eq!(record.get("pp").is_some(), n % 3 == 0);
                }
            }
        }
    };
    let before = contents(&store, "set").await;
    check(&before);
    drop(store);
    let store = open(folder.path()).await;
    assert_eq!(contents(&store, "set").await, before);
    store.compact("set").await.unwrap();
    assert_eq!(contents(&store, "set").await, before);
    assert_eq!(store.statistics().await.unwrap()[0].segments, 1);
}

#[tokio::test]
async fn a_flush_writes_what_is_new_and_not_what_is_large() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let rows = |from: usize, count: usize| -> Batch {
        records(&(from..from + count).map(|n| json!({"_id": format!("r{n}"), "nn": n})).collect())
    };
    store.append("set", rows(0, 5_000)).await.unwrap();
    store.flush().await.unwrap();
    let files = || {
        let names = std::fs::read_dir(folder.path().join("data-sets/set")).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".parquet")).collect::<std::collections::BTreeSet<_>>()
    };
    let first = files();
    store.append("set", rows(0, 10)).await.unwrap();
    store.delete("set", "r77").await.unwrap();
    store.flush().await.unwrap();
    assert!(files().is_superset(&first) && files().len() == 2, "{:?}", files());
    let statistics = store.statistics().await.unwrap().remove(0);
    assert_eq!((statistics.rows_in_segments, statistics.dead_rows), (4_999, 11));
    drop(store);
    let store = open(folder.path()).await;
    assert_eq!(contents(&store, "set").await.len(), 4_999);
    // one that is mostly replaced is written anew
    store.append("set", rows(0, 3_000)).await.unwrap();
    store.flush().await.unwrap();
    let statistics = store.statistics().await.unwrap().remove(0);
    assert_eq!((statistics.segments, statistics.dead_rows), (1, 0));
}

#[tokio::test]
async fn a_store_that_is_full_refuses_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let options = StoreOptions { max_buffered: 1, ..flushed_by_hand() };
    let store = Store::open(folder.path(), options).await.unwrap();
    store.append("set", records(&json!([{"_id": "1"}]))).await.unwrap();
    let refused = store.append("set", records(&json!([{"_id": "2"}]))).await;
    assert!(matches!(refused, Err(StoreError::Busy { .. })));
    store.flush().await.unwrap();
    store.append("set", records(&json!([{"_id": "3"}]))).await.unwrap();
    assert_eq!(contents(&store, "set").await.into_keys().collect::<Vec<_>>(), ["1", "3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_made_while_records_come_in_has_all_that_were_there_before() {
    let folder = tempfile::tempdir().unwrap();
    let copies = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("store")).await;
    let writer = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for n in 0..300 {
                store.append("set", records(&json!([{"_id": format!("r{n}"), "nn": n}]))).await.unwrap();
                if n % 20 == 0 {
                    store.flush().await.unwrap();
                }
                if n % 70 == 0 {
                    store.compact("set").await.unwrap();
                }
            }
        })
    };
    let place = Place::local(&folder.path().join("store")).unwrap();
    for round in 0..5 {
        let before = contents(&store, "set").await;
        let saved = copies.path().join(format!("saved{round}"));
        let saved = Backup::at(saved.to_str().unwrap()).unwrap();
        engine::backup(&place, &saved, |_| ()).await.unwrap();
        let to = copies.path().join(format!("copy{round}"));
        engine::restore(&saved, &Place::local(&to).unwrap(), |_| ()).await.unwrap();
        assert_eq!(problems(&to).await, [] as [String; 0]);
        let copy = open(&to).await;
        let found = contents(&copy, "set").await;
        assert!(before.iter().all(|(id, record)| found.get(id) == Some(record)), "round {round}");
    }
    writer.await.unwrap();
    let saved = Backup::at(copies.path().join("saved0").to_str().unwrap()).unwrap();
    let refused = engine::backup(&place, &saved, |_| ()).await;
    assert!(refused.unwrap_err().to_string().contains("is not empty"));
}

#[tokio::test]
async fn whatever_is_wrong_with_a_file_is_found_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    for name in ["cut", "flipped", "good", "ids", "missing", "newer"] {
        let rows: Vec<Value> =
            (0..50).map(|n| json!({"_id": format!("r{n}"), "nn": n, "text": format!("text {n}")})).collect();
        store.append(name, records(&rows.into())).await.unwrap();
    }
    store.close().await.unwrap();
    store.append("good", records(&json!([{"_id": "last"}]))).await.unwrap();
    drop(store);
    let file = |name: &str, ending: &str| {
        let files = std::fs::read_dir(folder.path().join("data-sets").join(name)).unwrap();
        files
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_str().unwrap().ends_with(ending))
            .unwrap()
    };
    let clean = engine::verify(&Place::local(folder.path()).unwrap(), |_| ()).await.unwrap();
    assert!(clean.iter().all(|finding| finding.problems.is_empty()), "{clean:?}");
    assert_eq!(clean.iter().filter(|own| own.data_set.is_some()).map(|own| own.rows).sum::<u64>(), 300);
    let cut = file("cut", "parquet");
    let bytes = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let flipped = file("flipped", "parquet");
    let mut bytes = std::fs::read(&flipped).unwrap();
    // inside the pages of the first column, between the magic number and the metadata
    bytes[40] ^= 0x10;
    std::fs::write(&flipped, &bytes).unwrap();
    let ids = file("ids", "ids");
    let mut bytes = std::fs::read(&ids).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&ids, &bytes).unwrap();
    std::fs::remove_file(file("missing", "parquet")).unwrap();
    let newer = file("newer", "json");
    let text = std::fs::read_to_string(&newer).unwrap().replace("\"format\": 2", "\"format\": 7");
    std::fs::write(&newer, text).unwrap();
    let found = engine::verify(&Place::local(folder.path()).unwrap(), |_| ()).await.unwrap();
    for finding in &found {
        let name = finding.data_set.as_deref().unwrap_or("log");
        let wrong = ["cut", "flipped", "ids", "missing", "newer"].contains(&name);
        assert_eq!(!finding.problems.is_empty(), wrong, "{finding:?}");
        assert!(!wrong || finding.problems[0].contains(&format!("data-sets/{name}/")), "{finding:?}");
    }
    // who asks is told as well, and other data sets go on
    let store = open(folder.path()).await;
    for name in ["cut", "flipped", "missing", "newer"] {
        let error = match store.snapshot(name).await {
            Ok(snapshot) => snapshot.batches().await.unwrap_err().to_string(),
            Err(error) => error.to_string(),
        };
        assert!(error.contains(&format!("data-sets/{name}/")), "{error}");
    }
    let error = store.append("ids", records(&json!([{"_id": "r7"}]))).await.unwrap_err().to_string();
    assert!(error.contains("data-sets/ids/"), "{error}");
    assert_eq!(contents(&store, "good").await.len(), 51);
    // a data set that is broken can still be emptied
    store.empty("cut").await.unwrap();
    assert_eq!(contents(&store, "cut").await.len(), 0);
}

#[tokio::test]
async fn a_large_data_set_is_cut_by_time_and_what_is_replaced_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let sizes = Sizes { segment_rows: 100, row_group_rows: 40 };
    let store = Store::open(folder.path(), StoreOptions { sizes, ..tiny() }).await.unwrap();
    let day = |n: usize| format!("2014-{:02}-{:02}T00:00:00Z", n % 12 + 1, n % 28 + 1);
    let row = |n: usize, value: usize| json!({"_id": format!("r{n}"), "_timestamp": day(n), "nn": value});
    for flush in 0..6 {
        let rows: Vec<Value> = (0..60).map(|n| row(flush * 60 + n, 0)).collect();
        store.append("set", records(&rows.into())).await.unwrap();
        store.flush().await.unwrap();
    }
    store.compact("set").await.unwrap();
    let snapshot = store.snapshot("set").await.unwrap();
    let mut ranges: Vec<(i64, i64)> = snapshot.parts.iter().map(|part| part.range().unwrap()).collect();
    ranges.sort_unstable();
    assert_eq!(ranges.len(), 4);
    assert!(ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{ranges:?}");
    // a few are replaced: the segments stay, with marks
    let rows: Vec<Value> = (0..10).map(|n| row(n * 36, 1)).collect();
    store.append("set", records(&rows.into())).await.unwrap();
    store.flush().await.unwrap();
    let statistics = store.statistics().await.unwrap().remove(0);
    assert_eq!((statistics.rows_in_segments, statistics.dead_rows), (360, 10));
    // whoever read before goes on reading what was there, though it is cleaned up
    store.compact("set").await.unwrap();
    store.clean().await.unwrap();
    let old: usize = snapshot.batches().await.unwrap().iter().map(|rows| rows.batch.num_rows()).sum();
    assert_eq!(old, 360);
    drop(snapshot);
    store.clean().await.unwrap();
    let statistics = store.statistics().await.unwrap().remove(0);
    assert_eq!((statistics.rows_in_segments, statistics.dead_rows), (360, 0));
    let files = std::fs::read_dir(folder.path().join("data-sets/set")).unwrap().count();
    assert_eq!(files, statistics.segments * 2 + 3, "segments, their ids, and the last manifests");
    let found = contents(&store, "set").await;
    assert_eq!(found.values().filter(|record| record["nn"] == 1).count(), 10);
    assert_eq!(problems(folder.path()).await, [] as [String; 0]);
}

#[tokio::test]
async fn a_reader_follows_what_the_writer_commits_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), tiny()).await.unwrap();
    let place = || Place::local(folder.path()).unwrap();
    let reading = StoreOptions { poll_interval: Duration::ZERO, ..tiny() };
    let reader = Store::open_to_read(place(), reading).await.unwrap();
    assert_eq!(reader.version("set").await.unwrap(), 0);
    for round in 1..=5 {
        let rows: Vec<Value> =
            (0..10).map(|n| json!({"_id": format!("r{}", n * round), "nn": round})).collect();
        store.append("set", records(&rows.into())).await.unwrap();
        store.flush().await.unwrap();
        assert_eq!(contents(&reader, "set").await, contents(&store, "set").await);
        assert_eq!(reader.version("set").await.unwrap(), store.version("set").await.unwrap());
        // what is in no segment is not seen, and nothing of it is
        store.append("set", records(&json!([{"_id": "r0", "nn": 77}, {"_id": "late"}]))).await.unwrap();
        let seen = contents(&reader, "set").await;
        assert!(seen["r0"]["nn"] == round && !seen.contains_key("late"));
        store.delete("set", "late").await.unwrap();
    }
    let refused = reader.append("set", records(&json!([{"_id": "1"}]))).await;
    assert!(matches!(refused, Err(StoreError::ReadOnly)));
    reader.close().await.unwrap();
}
