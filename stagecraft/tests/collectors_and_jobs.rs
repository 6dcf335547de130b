//! What every installation begins with, credentials, transforms, history and jobs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use stagecraft::{
    DataSetChanges, Job, JobState, NewCollector, NewDataSet, NewDataSource, NewJob, NewTransform, Registry,
    RegistryError, RegistryOptions, SecretKey, Uuid,
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
    let catalog = registry.catalog();
    let of = |data_set| catalog.transforms_of(data_set).map(|transform| transform.id).collect::<Vec<_>>();
    assert_eq!((of(&canals).len(), of(&rivers)), (2, vec![every.id]));
    assert_eq!(one.output_of(&canals, &catalog), ("canals".into(), "rates".into()));

    // What writes its own input would run for ever.
    let into_itself = NewTransform { output: (None, "boats".into()), ..new(Some("canals")) };
    let refused = registry.edit("", |edit| edit.create_transform(&into_itself)).await.unwrap_err();
    assert!(refused.to_string().contains("would run for ever"), "{refused}");
    let together = NewTransform { output: (Some("rivers".into()), "boats".into()), ..new(None) };
    let together = registry.edit("", |edit| edit.create_transform(&together)).await.unwrap();
    let catalog = registry.catalog();
    assert!(catalog.transforms_of(&canals).any(|transform| transform.id == together.id));
    assert!(catalog.transforms_of(&rivers).all(|transform| transform.id != together.id));
    let removed = registry.edit("", |edit| {
        edit.delete_transform(one.id);
        Ok::<_, RegistryError>(())
    });
    removed.await.unwrap();
    assert_eq!(registry.catalog().transforms_of(&canals).count(), 2);

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

const LEASE: TimeDelta = TimeDelta::minutes(1);

/// A job that is about a time of June 2016, from one day to another.
fn job(subject: &str, days: (u32, u32), now: DateTime<Utc>) -> NewJob {
    NewJob {
        kind: Job::RUN_TRANSFORM,
        subject: subject.into(),
        argument: json!({"transform": subject}),
        range: Some((day(days.0), day(days.1))),
        depth: 0,
        due_at: now,
    }
}

/// Asks for jobs, and says which ones will do them.
async fn queue(registry: &Registry, jobs: &[NewJob]) -> Vec<Uuid> {
    registry.queue_jobs(jobs).await.unwrap().iter().map(|job| job.id).collect()
}

fn day(day: u32) -> DateTime<Utc> {
    format!("2016-06-{day:02}T00:00:00Z").parse().unwrap()
}

#[tokio::test]
async fn a_job_is_taken_once_and_taken_again_if_its_worker_dies() {
    let (registry, clock) = registry_with_clock().await;
    let now = *clock.lock().unwrap();
    assert_eq!(registry.take_job(now, LEASE).await.unwrap(), None);
    let jobs = [job("a", (1, 2), now), job("b", (1, 2), now + TimeDelta::seconds(1))];
    let ids = queue(&registry, &jobs).await;
    let first = registry.take_job(now, LEASE).await.unwrap().unwrap();
    assert_eq!((first.id, &first.argument), (ids[0], &json!({"transform": "a"})));
    assert_eq!(registry.take_job(now, LEASE).await.unwrap(), None, "the other one is not due");
    let waiting = registry.job_count(JobState::Waiting).await.unwrap();
    assert_eq!((waiting, registry.due_job_count().await.unwrap()), (1, 0));
    let later = now + TimeDelta::seconds(1);
    let second = registry.take_job(later, LEASE).await.unwrap().unwrap();
    assert_eq!((second.id, second.attempts), (ids[1], 1));
    assert_eq!(registry.take_job(later, LEASE).await.unwrap(), None);
    assert!(registry.finish_job(&first, "12 records").await.unwrap());

    // One that says that it is still at it keeps its job; one that does not, loses it.
    assert!(registry.keep_job(&second, later + LEASE * 2).await.unwrap());
    assert_eq!(registry.take_job(later + LEASE, LEASE).await.unwrap(), None);
    let again = registry.take_job(later + LEASE * 2, LEASE).await.unwrap().unwrap();
    assert_eq!((again.id, again.attempts), (second.id, 2));
    assert!(!registry.keep_job(&second, later + LEASE * 9).await.unwrap());
    assert!(!registry.finish_job(&second, "too late").await.unwrap());
    assert!(registry.fail_job(&again, "no answer").await.unwrap());
    let jobs = registry.jobs(None, 10).await.unwrap();
    let mut told: Vec<_> = jobs.iter().map(|job| (job.state, job.outcome.as_deref().unwrap())).collect();
    told.sort_by_key(|(_, outcome)| *outcome);
    assert_eq!(told, [(JobState::Done, "12 records"), (JobState::Failed, "no answer")]);
    assert_eq!(registry.jobs(Some(JobState::Failed), 10).await.unwrap().len(), 1);
    assert_eq!(registry.job(again.id).await.unwrap().unwrap().state, JobState::Failed);
}

#[tokio::test]
async fn jobs_about_the_same_are_put_together_while_they_wait() {
    let (registry, clock) = registry_with_clock().await;
    let now = *clock.lock().unwrap();
    let deep = NewJob { depth: 3, ..job("a", (10, 12), now) };
    let ids = queue(&registry, &[deep, job("b", (1, 2), now)]).await;
    for days in [(11, 11), (14, 15), (8, 9)] {
        assert_eq!(queue(&registry, &[job("a", days, now)]).await, [ids[0]]);
    }
    let taken = registry.take_job(now, LEASE).await.unwrap().unwrap();
    assert_eq!((taken.id, taken.range, taken.depth), (ids[0], Some((day(8), day(15))), 0));

    // What is asked for while it runs may have come too late for it, and is done afterwards.
    let next = queue(&registry, &[job("a", (3, 3), now)]).await;
    assert_ne!(next, [ids[0]]);
    assert_eq!(registry.take_job(now, LEASE).await.unwrap().unwrap().id, ids[1]);
    assert_eq!(registry.take_job(now, LEASE).await.unwrap(), None);
    registry.finish_job(&taken, "done").await.unwrap();
    let next = registry.take_job(now, LEASE).await.unwrap().unwrap();
    assert_eq!(next.range, Some((day(3), day(3))));
    registry.finish_job(&next, "done again").await.unwrap();
    // Of those that were done, the last one is told.
    let done = registry.jobs(Some(JobState::Done), 10).await.unwrap();
    assert_eq!(done.iter().map(|job| job.id).collect::<Vec<_>>(), [next.id]);
    // Jobs about nothing in particular are each done by itself.
    let ids = queue(&registry, &[job("", (1, 1), now), job("", (1, 1), now)]).await;
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_job_is_tried_again_after_growing_pauses_until_that_is_enough() {
    let (registry, clock) = registry_with_clock().await;
    let mut now = *clock.lock().unwrap();
    registry.queue_jobs(&[job("a", (1, 2), now)]).await.unwrap();
    let mut pauses = Vec::new();
    let last = loop {
        let taken = registry.take_job(now, LEASE).await.unwrap().unwrap();
        let Some(pause) = taken.pause() else { break taken };
        pauses.push(pause.num_seconds());
        registry.put_off_job(&taken, "the disk is full", now + pause).await.unwrap();
        let waiting = registry.job(taken.id).await.unwrap().unwrap();
        assert_eq!(
            (waiting.state, waiting.outcome.as_deref()),
            (JobState::Waiting, Some("the disk is full"))
        );
        assert_eq!(registry.take_job(now, LEASE).await.unwrap(), None);
        now += pause;
    };
    assert_eq!((pauses, last.attempts), (vec![10, 60, 600, 3600], 5));
    assert!(registry.fail_job(&last, "the disk is still full").await.unwrap());
}

#[tokio::test]
async fn a_job_that_is_put_off_becomes_part_of_one_about_the_same() {
    let (registry, clock) = registry_with_clock().await;
    let mut now = *clock.lock().unwrap();
    registry.queue_jobs(&[job("a", (1, 2), now)]).await.unwrap();
    let first = registry.take_job(now, LEASE).await.unwrap().unwrap();
    registry.queue_jobs(&[job("a", (7, 8), now)]).await.unwrap();
    assert!(registry.put_off_job(&first, "the disk is full", now + LEASE).await.unwrap());
    assert_eq!(registry.job(first.id).await.unwrap(), None);
    assert_eq!(registry.take_job(now, LEASE).await.unwrap(), None, "it waits as long");
    now += LEASE;
    let both = registry.take_job(now, LEASE).await.unwrap().unwrap();
    assert_eq!((both.range, both.attempts), (Some((day(1), day(8))), 2));
    assert!(!registry.put_off_job(&first, "late", now).await.unwrap());

    // One that takes every worker with it is given up.
    for attempts in 3..=5 {
        now += LEASE;
        assert_eq!(registry.take_job(now, LEASE).await.unwrap().unwrap().attempts, attempts);
    }
    assert_eq!(registry.take_job(now + LEASE, LEASE).await.unwrap(), None);
    let failed = registry.job(both.id).await.unwrap().unwrap();
    assert_eq!(failed.outcome.as_deref(), Some("every process that began it ended before it was done"));
    let month_later = *clock.lock().unwrap() + TimeDelta::days(31);
    assert_eq!(registry.forget_jobs(month_later - TimeDelta::days(2)).await.unwrap(), 0);
    assert_eq!(registry.forget_jobs(month_later).await.unwrap(), 1);
    assert_eq!(registry.job_count(JobState::Failed).await.unwrap(), 0);
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
