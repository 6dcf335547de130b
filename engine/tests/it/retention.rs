//! Data sets that keep only a part of their past.

use chrono::{DateTime, Utc};
use engine::{DecodeOptions, Retention, Store, StoreOptions, decode, record_at};

fn time(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

async fn append(store: &Store, from: u32, to: u32) {
    let record =
        |n: u32| format!(r#"{{"_id":"{n}","_timestamp":"2026-01-{:02}T00:00:00Z","size":{n}}}"#, n % 28 + 1);
    let body = format!("[{}]", (from..to).map(record).collect::<Vec<_>>().join(","));
    let records =
        decode(body.as_bytes(), &DecodeOptions { auto_ids: &[], now: time("2026-02-01T00:00:00Z") });
    store.append("visits", records.unwrap()).await.unwrap();
}

async fn ids(store: &Store) -> Vec<u32> {
    let batches = store.snapshot("visits").await.unwrap().batches().await.unwrap();
    let mut ids = Vec::new();
    for batch in batches.iter().map(|rows| &rows.batch) {
        for row in 0..batch.num_rows() {
            let record = engine::record_to_json(&record_at(batch, row));
            ids.push(record["_id"].as_str().unwrap().parse().unwrap());
        }
    }
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn past_its_size_a_data_set_loses_what_came_first_and_a_restart_does_not_bring_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), StoreOptions::default()).await.unwrap();
    append(&store, 0, 500).await;
    store.flush().await.unwrap();
    append(&store, 500, 1_000).await;
    let all = store.statistics().await.unwrap()[0].bytes;
    let half = Retention { bytes: Some(all / 2), ..Retention::default() };
    let removed = store.retain("visits", &half).await.unwrap();
    assert!((480..=520).contains(&removed), "{removed}");
    let left = ids(&store).await;
    assert_eq!(left, (u32::try_from(removed).unwrap()..1_000).collect::<Vec<_>>(), "the oldest are gone");
    let roomy = Retention { bytes: Some(all), ..Retention::default() };
    assert_eq!(store.retain("visits", &roomy).await.unwrap(), 0);
    drop(store);
    let again = Store::open(folder.path(), StoreOptions::default()).await.unwrap();
    assert_eq!(ids(&again).await, left);
}

#[tokio::test]
async fn past_its_age_a_record_goes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), StoreOptions::default()).await.unwrap();
    append(&store, 0, 28).await;
    let young = Retention { not_before: Some(time("2026-01-20T00:00:00Z")), ..Retention::default() };
    assert_eq!(store.retain("visits", &young).await.unwrap(), 19);
    assert_eq!(ids(&store).await, (19..28).collect::<Vec<_>>());
    assert_eq!(store.retain("nothing", &young).await.unwrap(), 0);
    assert_eq!(store.retain("visits", &Retention::default()).await.unwrap(), 0);
}
