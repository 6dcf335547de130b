//! Stores whose files are in an object store: one writer, and nothing lost or doubled whatever fails.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::support::faulty::Faulty;
use crate::support::store::{contents, records, tiny};
use engine::{Backup, Place, Store, StoreError, StoreOptions};
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::{Value, json};

fn options() -> StoreOptions {
    StoreOptions { poll_interval: Duration::ZERO, ..tiny() }
}

fn place(objects: Arc<dyn ObjectStore>, folder: &Path) -> Place {
    Place::on(objects, "memory://bucket", folder)
}

#[tokio::test]
async fn a_second_writer_is_refused_and_told_who_has_the_store() {
    let objects = Arc::new(InMemory::new());
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Store::open_at(place(objects.clone(), one.path()), options()).await.unwrap();
    first.append("set", records(&json!({"_id": "a", "nn": 1}))).await.unwrap();
    let refused = Store::open_at(place(objects.clone(), two.path()), options()).await.unwrap_err();
    assert!(matches!(refused, StoreError::InUse { .. }));
    let message = refused.to_string();
    assert!(message.contains("memory://bucket/ is in use by process"), "{message}");
    // given back, another machine can have it, and goes on where the first has ended
    first.close().await.unwrap();
    let version = first.version("set").await.unwrap();
    drop(first);
    let second = Store::open_at(place(objects.clone(), two.path()), options()).await.unwrap();
    assert_eq!(contents(&second, "set").await.unwrap(), BTreeMap::from([("a".to_owned(), 1)]));
    second.append("set", records(&json!({"_id": "b", "nn": 2}))).await.unwrap();
    assert!(second.version("set").await.unwrap() > version);
    second.close().await.unwrap();
    drop(second);
    // and the first one again
    let first = Store::open_at(place(objects, one.path()), options()).await.unwrap();
    assert_eq!(contents(&first, "set").await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_object_store_that_overwrites_what_it_should_not_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let careless = Faulty::over(&Arc::new(InMemory::new()), 1, 0);
    careless.forget_conditions();
    let refused = Store::open_at(place(careless, folder.path()), options()).await.unwrap_err().to_string();
    assert!(refused.contains("does not know conditional puts"), "{refused}");
}

#[tokio::test]
async fn after_a_crash_the_same_machine_goes_on_at_once_and_another_one_does_not() {
    let objects = Arc::new(InMemory::new());
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Store::open_at(place(objects.clone(), one.path()), options()).await.unwrap();
    first.append("set", records(&json!({"_id": "a", "nn": 1}))).await.unwrap();
    drop(first);
    let other = Store::open_at(place(objects.clone(), two.path()), options()).await;
    assert!(matches!(other, Err(StoreError::InUse { .. })));
    let first = Store::open_at(place(objects, one.path()), options()).await.unwrap();
    assert_eq!(contents(&first, "set").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_writer_that_lost_its_lease_cannot_commit_any_more() {
    let objects = Arc::new(InMemory::new());
    let folder = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let old = Store::open_at(place(objects.clone(), folder.path()), options()).await.unwrap();
    old.append("set", records(&json!({"_id": "a", "nn": 1}))).await.unwrap();
    old.flush().await.unwrap();
    old.append("set", records(&json!({"_id": "late", "nn": 2}))).await.unwrap();
    // a machine that was thought dead comes back while its twin, with the same log, has taken over
    std::fs::copy(folder.path().join("log-id"), copy.path().join("log-id")).unwrap();
    std::fs::create_dir(copy.path().join("log")).unwrap();
    for file in std::fs::read_dir(folder.path().join("log")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join("log").join(file.file_name())).unwrap();
    }
    let new = Store::open_at(place(objects.clone(), copy.path()), options()).await.unwrap();
    new.append("set", records(&json!({"_id": "b", "nn": 3}))).await.unwrap();
    let refused = old.flush().await;
    assert!(matches!(refused, Err(StoreError::LostLease { .. })), "{refused:?}");
    let refused = old.append("set", records(&json!({"_id": "c", "nn": 4}))).await;
    assert!(matches!(refused, Err(StoreError::LostLease { .. })), "{refused:?}");
    new.flush().await.unwrap();
    let found = contents(&new, "set").await.unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["a", "b", "late"]);
}

#[tokio::test]
async fn the_log_of_a_machine_that_was_given_up_is_set_aside_when_it_comes_back() {
    let objects = Arc::new(InMemory::new());
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Store::open_at(place(objects.clone(), one.path()), options()).await.unwrap();
    first.append("set", records(&json!({"_id": "in-a-segment", "nn": 1}))).await.unwrap();
    first.flush().await.unwrap();
    first.append("set", records(&json!({"_id": "only-in-the-log", "nn": 2}))).await.unwrap();
    drop(first);
    // it does not come back, and somebody gives up what is only in its log
    let gone = place(objects.clone(), two.path());
    assert!(matches!(Store::release(&gone).await, Err(StoreError::InUse { .. })), "it was seen just now");
    let lease = object_store::path::Path::from("lease/00000000000000000001.json");
    let mut seen: Value =
        serde_json::from_slice(&objects.get(&lease).await.unwrap().bytes().await.unwrap()).unwrap();
    seen["renewed_at"] = json!("2020-01-01T00:00:00Z");
    objects.put(&lease, seen.to_string().into()).await.unwrap();
    assert!(Store::release(&gone).await.unwrap().unwrap().starts_with("process "));
    let second = Store::open_at(place(objects.clone(), two.path()), options()).await.unwrap();
    second.append("set", records(&json!({"_id": "later", "nn": 3}))).await.unwrap();
    second.close().await.unwrap();
    drop(second);
    // then it does come back: what others have done since stays as it is, and its log can be looked at
    let first = Store::open_at(place(objects.clone(), one.path()), options()).await.unwrap();
    let there: Vec<String> = contents(&first, "set").await.unwrap().into_keys().collect();
    assert_eq!(there, ["in-a-segment", "later"]);
    first.append("set", records(&json!({"_id": "last", "nn": 4}))).await.unwrap();
    first.close().await.unwrap();
    let aside: Vec<_> = std::fs::read_dir(one.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("log-before-lease-"))
        .collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    let logs = std::fs::read_dir(&aside[0]).unwrap().map(|entry| entry.unwrap().path());
    let bytes: Vec<u8> = logs.flat_map(|path| std::fs::read(path).unwrap()).collect();
    assert!(bytes.windows(15).any(|text| text == b"only-in-the-log"));
    let findings = engine::verify(&place(objects, one.path()), |_| ()).await.unwrap();
    assert!(findings.iter().all(|finding| finding.problems.is_empty()), "{findings:?}");
}

#[tokio::test]
async fn a_store_moves_from_a_folder_to_an_object_store_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Arc::new(InMemory::new());
    let local = Place::local(&folder.path().join("local")).unwrap();
    let store = Store::open_at(local.clone(), options()).await.unwrap();
    for n in 0..30 {
        store.append("a/b c", records(&json!({"_id": format!("r{n}"), "nn": n}))).await.unwrap();
        if n % 7 == 0 {
            store.flush().await.unwrap();
        }
    }
    let before = contents(&store, "a/b c").await.unwrap();
    let saved = Backup::at(folder.path().join("saved").to_str().unwrap()).unwrap();
    engine::backup(&local, &saved, |_| ()).await.unwrap();
    drop(store);
    let remote = place(objects.clone(), &folder.path().join("remote"));
    engine::restore(&saved, &remote, |_| ()).await.unwrap();
    let store = Store::open_at(remote.clone(), options()).await.unwrap();
    assert_eq!(contents(&store, "a/b c").await.unwrap(), before);
    store.append("a/b c", records(&json!({"_id": "r0", "nn": 99}))).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let again = Backup::at(folder.path().join("again").to_str().unwrap()).unwrap();
    engine::backup(&remote, &again, |_| ()).await.unwrap();
    let back = Place::local(&folder.path().join("back")).unwrap();
    engine::restore(&again, &back, |_| ()).await.unwrap();
    let store = Store::open_at(back, options()).await.unwrap();
    let found = contents(&store, "a/b c").await.unwrap();
    assert_eq!((found.len(), found["r0"]), (30, 99));
}

/// A stream of writes to a store that fails now and then, checked against what was acknowledged.
struct Checker {
    /// For each id, what may be there: one value if the last write was answered, else also what was there before.
    model: BTreeMap<String, Vec<Option<i64>>>,
    next: i64,
}

impl Checker {
    async fn write(&mut self, store: &Store, random: u64) {
        let id = format!("r{}", random % 40);
        let before = self.model.get(&id).cloned().unwrap_or_else(|| vec![None]);
        self.next += 1;
        let (result, value) = if random.is_multiple_of(7) {
            (store.delete("set", &id).await.map(|_| ()), None)
        } else {
            let record = json!({"_id": id, "nn": self.next, "text": "x".repeat((random % 50) as usize)});
            (store.append("set", records(&record)).await, Some(self.next))
        };
        let after = match result {
            Ok(()) => vec![value],
            Err(_) => before.into_iter().chain([value]).collect(),
        };
        self.model.insert(id, after);
    }

    fn check(&self, found: &BTreeMap<String, i64>) {
        for (id, may_be) in &self.model {
            assert!(
                may_be.contains(&found.get(id).copied()),
                "{id}: {:?}, not one of {may_be:?}",
                found.get(id)
            );
        }
        assert!(found.keys().all(|id| self.model.contains_key(id)));
    }
}

#[tokio::test]
async fn whatever_the_object_store_does_nothing_is_lost_or_doubled() {
    for seed in 1..=12u64 {
        let (objects, folder) = (Arc::new(InMemory::new()), tempfile::tempdir().unwrap());
        let mut checker = Checker { model: BTreeMap::new(), next: 0 };
        let mut random = seed;
        for _ in 0..4 {
            let faulty = Faulty::over(&objects, random, 15);
            // some cannot even be opened
            let Ok(store) = Store::open_at(place(faulty.clone(), folder.path()), options()).await else {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed);
                continue;
            };
            for _ in 0..40 {
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                match (random >> 33) % 8 {
                    0 => drop(store.flush().await),
                    1 => drop(store.compact("set").await),
                    2 => drop(store.clean().await),
                    _ => checker.write(&store, random >> 35).await,
                }
                if let Ok(found) = contents(&store, "set").await {
                    checker.check(&found);
                }
            }
            faulty.heal();
            // what could not be brought back when it was opened is not there before it is opened once more
            if let Ok(found) = contents(&store, "set").await {
                checker.check(&found);
            }
        }
        let place = place(objects.clone(), folder.path());
        let store = Store::open_at(place.clone(), options()).await.unwrap();
        checker.check(&contents(&store, "set").await.unwrap());
        store.close().await.unwrap();
        let findings = engine::verify(&place, |_| ()).await.unwrap();
        assert!(findings.iter().all(|finding| finding.problems.is_empty()), "seed {seed}: {findings:?}");
    }
}

#[tokio::test]
async fn a_crash_before_any_write_to_the_object_store_is_recovered_from() {
    // every point between the log, the segments, the manifest and the clean-up is a write to the object store
    for writes in 0..26 {
        let (objects, folder) = (Arc::new(InMemory::new()), tempfile::tempdir().unwrap());
        let mut checker = Checker { model: BTreeMap::new(), next: 0 };
        let faulty = Faulty::over(&objects, 1, 0);
        let store = Store::open_at(place(faulty.clone(), folder.path()), options()).await.unwrap();
        faulty.cut_off_after(writes);
        for round in 0..6 {
            for n in 0..6 {
                checker.write(&store, round * 3 + n + 8).await;
            }
            drop(store.flush().await);
            if round % 3 == 2 {
                drop(store.compact("set").await);
                drop(store.clean().await);
            }
        }
        assert!(faulty.is_cut_off(), "after {writes} writes");
        drop(store);
        let place = place(objects.clone(), folder.path());
        let store = Store::open_at(place.clone(), options()).await.unwrap();
        checker.check(&contents(&store, "set").await.unwrap());
        store.close().await.unwrap();
        let findings = engine::verify(&place, |_| ()).await.unwrap();
        assert!(findings.iter().all(|finding| finding.problems.is_empty()), "{writes}: {findings:?}");
    }
}
