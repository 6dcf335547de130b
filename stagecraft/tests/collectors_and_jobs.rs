//! What every installation begins with, credentials, transforms, history and jobs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use stagecraft::{
    DataSetChanges, JobState, NewCollector, NewDataSet, NewDataSource, NewTransform, Registry, RegistryError,
    RegistryOptions, SecretKey,
};

/// A registry whose time is set by the test.
async fn registry_with_clock() -> (Registry, Arc<Mutex<DateTime<Utc>>>) {
    let now = Arc::new(Mutex::new("2016-06-15T10:00:00Z".parse().unwrap()));
    let shown = now.clone();
    let clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync> = Arc::new(move || *shown.lock().unwrap());
    let options = RegistryOptions { clock, secret_key: Some(SecretKey::generate()) };
    (Registry::open_with("sqlite::memory:", options).await.unwrap(), now)
}

#[tokio::test]
async fn a_new_registry_knows_what_there_has_always_been_and_an_old_one_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.sqlite");
    let registry = Registry::open_file(&path).await.unwrap();
    let catalog = registry.catalog();
    assert_eq!(catalog.providers().count(), 5);
    assert_eq!(catalog.data_sources().count(), 7);
    assert_eq!(catalog.collector_types().count(), 10);
    assert!(catalog.module_type("section").is_some());
    let version = registry.config_version();
    registry.close().await;
    let again = Registry::open_file(&path).await.unwrap();
    assert_eq!(again.config_version(), version);
    again.close().await;
}

#[tokio::test]
async fn credentials_are_what_the_provider_wants_and_are_never_stored_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.sqlite");
    let registry = Registry::open_file(&path).await.unwrap();
    let schema = json!({"type": "object", "required": ["key"]});
    let new = |provider_id, credentials| NewDataSource {
        slug: "gate-main".into(),
        name: "Gate".into(),
        provider_id,
        credentials: Some(credentials),
    };
    let provider =
        registry.edit("", |edit| edit.create_provider("gate", "Gate", Some(&schema))).await.unwrap().id;
    let wrong = new(provider, json!({"password": "hush-hush"}));
    let refused = registry.edit("", |edit| edit.create_data_source(&wrong)).await.unwrap_err();
    assert!(refused.to_string().starts_with("validation error: credentials are invalid: "));
    assert!(!refused.to_string().contains("hush-hush"));
    let right = new(provider, json!({"key": "hush-hush"}));
    let source = registry.edit("", |edit| edit.create_data_source(&right)).await.unwrap();
    assert_eq!(registry.credentials(&source).unwrap(), json!({"key": "hush-hush"}));
    registry.close().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(9).any(|window| window == b"hush-hush"));
    }
    let again = Registry::open_file(&path).await.unwrap();
    let source = again.catalog().data_source(source.id).unwrap();
    assert_eq!(again.credentials(&source).unwrap(), json!({"key": "hush-hush"}));
    again.close().await;
}

#[tokio::test]
async fn a_collector_and_its_data_source_have_one_provider() {
    let (registry, _) = registry_with_clock().await;
    registry.ensure_data_group("museum").await.unwrap();
    registry.ensure_data_type("visits").await.unwrap();
    registry.create_data_set(NewDataSet::of("museum", "visits")).await.unwrap();
    let catalog = registry.catalog();
    let kind = catalog.collector_types().find(|kind| kind.slug == "pingdom").unwrap();
    let source = |slug: &str| catalog.data_sources().find(|source| source.slug == slug).unwrap().id;
    let new = |slug: &str| NewCollector {
        slug: "museum".into(),
        type_id: kind.id,
        data_source_id: source(slug),
        data_group: "museum".into(),
        data_type: "visits".into(),
        query: Some(json!({"name": "museum"}).as_object().unwrap().clone()),
        options: None,
    };
    let refused = registry.edit("", |edit| edit.create_collector(&new("piwik-fco"))).await.unwrap_err();
    assert!(refused.to_string().ends_with("have different providers"), "{refused}");
    let new = new("pingdom-performanceplatform");
    let made = registry.edit("", |edit| edit.create_collector(&new)).await.unwrap();
    assert_eq!(made.name(&registry.catalog()), "Pingdom museum visits");
    // With the data set goes what fills it.
    registry.delete_data_set("museum_visits").await.unwrap();
    assert_eq!(registry.catalog().collectors().count(), 0);
}

#[tokio::test]
async fn a_transform_without_a_data_group_reads_every_data_set_of_its_type() {
    let (registry, _) = registry_with_clock().await;
    for group in ["canals", "rivers"] {
        registry.ensure_data_group(group).await.unwrap();
    }
    for data_type in ["boats", "rates"] {
        registry.ensure_data_type(data_type).await.unwrap();
    }
    let canals = registry.create_data_set(NewDataSet::of("canals", "boats")).await.unwrap();
    let rivers = registry.create_data_set(NewDataSet::of("rivers", "boats")).await.unwrap();
    let kind = registry.edit("", |edit| edit.create_transform_type("Rate", "tasks.rate", &json!({})));
    let type_id = kind.await.unwrap().id;
    let new = |group: Option<&str>| NewTransform {
        type_id,
        input: (group.map(str::to_owned), "boats".into()),
        query_parameters: Map::new(),
        options: Map::new(),
        output: (None, "rates".into()),
    };
    let (one, every) = (new(Some("canals")), new(None));
    let one = registry.edit("", |edit| edit.create_transform(&one)).await.unwrap();
    let every = registry.edit("", |edit| edit.create_transform(&every)).await.unwrap();
    assert!(one.reads(&canals) && !one.reads(&rivers));
    assert!(every.reads(&canals) && every.reads(&rivers));
    let unknown = new(Some("nowhere"));
    assert!(registry.edit("", |edit| edit.create_transform(&unknown)).await.is_err());
}

#[tokio::test]
async fn history_tells_who_changed_what_and_no_secrets() {
    let (registry, now) = registry_with_clock().await;
    registry.ensure_data_group("canals").await.unwrap();
    registry.ensure_data_type("boats").await.unwrap();
    let author = "ann@example.gov.uk";
    let new = NewDataSet {
        settings: DataSetChanges { bearer_token: Some("hush".into()), ..DataSetChanges::default() },
        ..NewDataSet::of("canals", "boats")
    };
    registry.edit(author, |edit| edit.create_data_set(&new)).await.unwrap();
    *now.lock().unwrap() += TimeDelta::hours(1);
    let hidden = DataSetChanges { queryable: Some(false), ..DataSetChanges::default() };
    registry.edit("bob@example.gov.uk", |edit| edit.update_data_set("canals_boats", &hidden)).await.unwrap();
    *now.lock().unwrap() += TimeDelta::hours(1);
    registry.delete_data_set("canals_boats").await.unwrap();

    let history = registry.history("data_set", Some("canals_boats"), 10).await.unwrap();
    let told: Vec<(&str, &Value)> =
        history.iter().map(|entry| (entry.author.as_str(), &entry.snapshot["queryable"])).collect();
    assert_eq!(told, [("", &Value::Null), ("bob@example.gov.uk", &json!(false)), (author, &json!(true))]);
    assert_eq!(history[0].snapshot, Value::Null);
    assert_eq!(history[2].at, "2016-06-15T10:00:00Z".parse::<DateTime<Utc>>().unwrap());
    assert!(history.iter().all(|entry| !entry.snapshot.to_string().contains("hush")));
    // The author became a user, which is history too.
    assert_eq!(registry.history("user", Some(author), 10).await.unwrap().len(), 1);
    assert_eq!(registry.history("data_set", None, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_job_is_taken_once_and_taken_again_if_its_worker_dies() {
    let (registry, now) = registry_with_clock().await;
    assert_eq!(registry.take_job().await.unwrap(), None);
    let first = registry.queue_job("run-collector", &json!({"collector": "a"})).await.unwrap();
    *now.lock().unwrap() += TimeDelta::seconds(1);
    let second = registry.queue_job("run-collector", &json!({"collector": "b"})).await.unwrap();
    let taken = registry.take_job().await.unwrap().unwrap();
    assert_eq!((taken.id, taken.argument), (first, json!({"collector": "a"})));
    assert_eq!(registry.take_job().await.unwrap().unwrap().id, second);
    assert_eq!(registry.take_job().await.unwrap(), None);

    registry.finish_job(first, Ok("12 records".into())).await.unwrap();
    *now.lock().unwrap() += TimeDelta::hours(1);
    let hour_ago = *now.lock().unwrap() - TimeDelta::minutes(30);
    assert_eq!(registry.requeue_jobs(hour_ago).await.unwrap(), 1);
    assert_eq!(registry.take_job().await.unwrap().unwrap().id, second);
    registry.finish_job(second, Err("no answer".into())).await.unwrap();
    let jobs = registry.jobs(10).await.unwrap();
    let states: Vec<JobState> = jobs.iter().map(|job| job.state).collect();
    assert_eq!(states, [JobState::Failed, JobState::Done]);
    assert_eq!(jobs[1].outcome.as_deref(), Some("12 records"));
}

#[tokio::test]
async fn a_user_keeps_what_is_owned_under_another_address() {
    let (registry, _) = registry_with_clock().await;
    registry.ensure_data_group("canals").await.unwrap();
    registry.ensure_data_type("boats").await.unwrap();
    let (old, new) = ("ann@example.gov.uk", "ann.lock@example.gov.uk");
    registry.edit(old, |edit| edit.create_data_set(&NewDataSet::of("canals", "boats"))).await.unwrap();
    registry.edit("", |edit| edit.rename_user(old, new)).await.unwrap();
    let owners = registry.data_set("canals_boats").unwrap().owners.clone();
    assert_eq!(owners.into_iter().collect::<Vec<_>>(), [new]);
    assert!(registry.catalog().user(old).is_none());
    let unknown = registry.edit("", |edit| edit.rename_user(old, new)).await;
    assert!(matches!(unknown, Err(RegistryError::NotFound(_))));
}
