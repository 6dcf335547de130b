//! Data groups, data types and data sets: their rules, and that they survive a restart.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::future::Future;
use std::task::Poll;

use chrono::DateTime;
use serde_json::json;
use stagecraft::{DataSetChanges, NewDataSet, Registry, RegistryError};

async fn registry() -> Registry {
    let registry = Registry::in_memory().await.unwrap();
    for group in ["carers-allowance", "a-b", "a"] {
        registry.create_data_group(group).await.unwrap();
    }
    for data_type in ["journey", "c", "b-c"] {
        registry.create_data_type(data_type, "").await.unwrap();
    }
    registry
}

fn pair(data_group: &str, data_type: &str) -> NewDataSet {
    NewDataSet::of(data_group, data_type)
}

#[tokio::test]
async fn a_data_set_is_named_after_its_group_and_type() {
    let registry = registry().await;
    let made = registry.create_data_set(pair("carers-allowance", "journey")).await.unwrap();
    assert_eq!(made.name, "carers_allowance_journey");
    assert_eq!(registry.data_set("carers_allowance_journey"), Some(made.clone()));
    assert_eq!(registry.data_set_by("carers-allowance", "journey"), Some(made));
    assert_eq!(registry.data_set_by("carers-allowance", "c"), None);
    assert_eq!(registry.data_set("carers-allowance-journey"), None);
}

#[tokio::test]
async fn pairs_that_lead_to_one_name_collide() {
    let registry = registry().await;
    registry.create_data_set(pair("a-b", "c")).await.unwrap();
    let refused = registry.create_data_set(pair("a", "b-c")).await.unwrap_err();
    assert!(matches!(&refused, RegistryError::Conflict(_)), "{refused}");
    assert!(refused.to_string().starts_with("error saving model: "));
    assert_eq!(registry.data_set_by("a", "b-c"), None);

    let named = NewDataSet { name: Some("other_name".into()), ..pair("a", "b-c") };
    assert_eq!(registry.create_data_set(named).await.unwrap().name, "other_name");
}

#[tokio::test]
async fn what_is_refused_says_why_and_changes_nothing() {
    let registry = registry().await;
    registry.create_data_set(pair("a", "c")).await.unwrap();
    let version = registry.config_version();
    let negative = NewDataSet {
        settings: DataSetChanges { capped_size: Some(Some(-5)), ..DataSetChanges::default() },
        ..pair("a", "journey")
    };
    for (new, message) in [
        (pair("nope", "c"), "No data group with name 'nope' found"),
        (pair("a", "nope"), "No data type with name 'nope' found"),
        (
            pair("a", "c"),
            "validation errors:\n__all__: Data set with this Data group and Data type already exists.",
        ),
        (negative, "validation errors:\ncapped_size: Ensure this value is greater than or equal to 0."),
    ] {
        assert_eq!(registry.create_data_set(new).await.unwrap_err().to_string(), message);
    }
    assert_eq!(registry.config_version(), version);
    assert_eq!(registry.data_sets().len(), 1);
}

#[tokio::test]
async fn a_change_leaves_the_other_settings_and_counts_the_version_up() {
    let registry = registry().await;
    let settings = DataSetChanges {
        bearer_token: Some("secret".into()),
        auto_ids: Some(vec!["_timestamp".into(), "channel".into()]),
        capped_size: Some(Some(4096)),
        ..DataSetChanges::default()
    };
    registry.create_data_set(NewDataSet { settings, ..pair("a", "c") }).await.unwrap();
    let version = registry.config_version();
    let changes =
        DataSetChanges { queryable: Some(false), capped_size: Some(None), ..DataSetChanges::default() };
    registry.update_data_set("a_c", &changes).await.unwrap();
    let data_set = registry.data_set("a_c").unwrap();
    assert!(registry.config_version() > version);
    assert!(!data_set.queryable);
    assert_eq!(data_set.capped_size, None);
    assert_eq!(data_set.auto_ids, ["_timestamp", "channel"]);
    assert!(data_set.accepts_token("secret", DateTime::UNIX_EPOCH));
    assert!(!data_set.accepts_token("secret2", DateTime::UNIX_EPOCH));
    assert!(!data_set.accepts_token("", DateTime::UNIX_EPOCH));
    assert!(!format!("{data_set:?}").contains("secret"));
}

#[tokio::test]
async fn a_data_set_without_a_token_accepts_none() {
    let registry = registry().await;
    let data_set = registry.create_data_set(pair("a", "c")).await.unwrap();
    assert!(!data_set.accepts_token("", DateTime::UNIX_EPOCH));
}

#[tokio::test]
async fn a_published_data_set_cannot_be_deleted() {
    let registry = registry().await;
    let published = |yes| DataSetChanges { published: Some(yes), ..DataSetChanges::default() };
    registry.create_data_set(NewDataSet { settings: published(true), ..pair("a", "c") }).await.unwrap();
    let refused = registry.delete_data_set("a_c").await.unwrap_err();
    assert_eq!(refused.to_string(), "cannot delete published resource");
    registry.update_data_set("a_c", &published(false)).await.unwrap();
    registry.delete_data_set("a_c").await.unwrap();
    assert_eq!(registry.data_set("a_c"), None);
    assert!(matches!(registry.delete_data_set("a_c").await, Err(RegistryError::NotFound(_))));
}

#[tokio::test]
async fn renaming_a_group_moves_its_data_sets_and_keeps_their_names() {
    let registry = registry().await;
    registry.create_data_set(pair("a", "c")).await.unwrap();
    registry.edit("", |edit| edit.rename_data_group("a", "z")).await.unwrap();
    assert_eq!(registry.data_set_by("a", "c"), None);
    assert_eq!(registry.data_set_by("z", "c").unwrap().name, "a_c");
}

#[tokio::test]
async fn an_edit_is_all_or_nothing() {
    let registry = registry().await;
    let refused = registry
        .edit("", |edit| {
            edit.create_data_group("half")?;
            edit.create_data_group("NOT ALLOWED")
        })
        .await;
    assert!(refused.is_err());
    assert!(registry.catalog().data_group("half").is_none());
}

#[tokio::test]
async fn everything_is_there_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.sqlite");
    let path = path.to_str().unwrap();
    let settings = DataSetChanges {
        bearer_token: Some("t".into()),
        realtime: Some(true),
        max_age_expected: Some(None),
        upload_filters: Some(vec!["first".into()]),
        schema: Some(Some(json!({"type": "object"}))),
        ..DataSetChanges::default()
    };
    let registry = Registry::open(path).await.unwrap();
    registry.create_data_group("g").await.unwrap();
    registry.create_data_type("t", "things").await.unwrap();
    let new = NewDataSet { settings, ..pair("g", "t") };
    let made = registry.edit("a@example.gov.uk", |edit| edit.create_data_set(&new)).await.unwrap();
    assert!(made.owners.contains("a@example.gov.uk"));
    registry.put_dashboard(&json!({"slug": "d", "title": "D", "modules": []})).await.unwrap();
    let version = registry.config_version();
    registry.close().await;

    let again = Registry::open(path).await.unwrap();
    assert_eq!(again.config_version(), version);
    assert_eq!(again.data_set("g_t"), Some(made));
    assert_eq!(again.data_set("g_t").unwrap().record_schema(), json!({"type": "object"}));
    assert_eq!(again.catalog().data_type("t").unwrap().description, "things");
    assert_eq!(again.dashboard("d").unwrap()["title"], "D");
    again.close().await;
}

#[tokio::test]
async fn a_second_process_sees_changes_and_does_not_overwrite_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.sqlite");
    let (one, two) = (
        Registry::open(path.to_str().unwrap()).await.unwrap(),
        Registry::open(path.to_str().unwrap()).await.unwrap(),
    );
    one.create_data_group("first").await.unwrap();
    // Two still has the state before; its change must come on top of the other one.
    let second = two.create_data_group("second").await.unwrap();
    assert_eq!(second.id, 2);
    assert!(two.catalog().data_group("first").is_some());
    assert!(two.create_data_group("first").await.is_err());
    assert!(one.refresh().await.unwrap());
    assert!(one.catalog().data_group("second").is_some());
    assert!(!one.refresh().await.unwrap());
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn a_change_whose_caller_goes_away_is_seen_if_it_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.sqlite");
    let registry = Registry::open_file(&path).await.unwrap();
    let stored = Registry::open_file(&path).await.unwrap();
    // Goes away before each of the steps that a change waits for, just when it could go on.
    for steps in 0..30 {
        let name = format!("group-{steps}");
        let mut change = Box::pin(registry.create_data_group(&name));
        let mut taken = 0;
        std::future::poll_fn(|context| {
            taken += 1;
            if taken > steps { Poll::Ready(()) } else { change.as_mut().poll(context).map(|_| ()) }
        })
        .await;
        drop(change);
        // A change of nothing waits for those that are still under way.
        registry.edit("", |_| Ok::<_, RegistryError>(())).await.unwrap();
        stored.refresh().await.unwrap();
        assert_eq!(registry.config_version(), stored.config_version(), "after {steps} steps");
    }
    assert!(registry.catalog().data_group("group-29").is_some());
}
