//! Tokens: what is presented is known again, and nothing that is stored can be presented.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;

use chrono::{TimeDelta, Utc};
use stagecraft::{NewToken, Registry, RegistryError, Role};

fn token(email: &str) -> NewToken {
    NewToken { email: email.into(), roles: BTreeSet::from([Role::Signin]), ..NewToken::default() }
}

#[tokio::test]
async fn a_token_is_known_again_after_a_restart_but_is_not_stored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.sqlite");
    let registry = Registry::open_file(&path).await.unwrap();
    let (_, text) = registry.edit("", |edit| edit.create_token(&token("a@example.gov.uk"))).await.unwrap();
    registry.close().await;

    let again = Registry::open_file(&path).await.unwrap();
    let known = again.catalog().access_token(&text, Utc::now()).unwrap();
    assert_eq!(known.email, "a@example.gov.uk");
    assert_eq!(known.roles, BTreeSet::from([Role::Signin]));
    assert!(again.catalog().access_token("another", Utc::now()).is_none());
    again.close().await;
    let stored = std::fs::read(&path).unwrap();
    assert!(!stored.windows(text.len()).any(|window| window == text.as_bytes()));
}

#[tokio::test]
async fn a_token_ends() {
    let registry = Registry::in_memory().await.unwrap();
    let now = Utc::now();
    let short = NewToken { expires_at: Some(now + TimeDelta::minutes(15)), ..token("a@example.gov.uk") };
    let (_, text) = registry.edit("", |edit| edit.create_token(&short)).await.unwrap();
    assert!(registry.catalog().access_token(&text, now).is_some());
    assert!(registry.catalog().access_token(&text, now + TimeDelta::minutes(15)).is_none());
}

#[tokio::test]
async fn the_sign_on_service_can_have_a_users_tokens_forgotten() {
    let registry = Registry::in_memory().await.unwrap();
    let theirs = NewToken { uid: Some("uid-1".into()), ..token("a@example.gov.uk") };
    registry.edit("", |edit| edit.keep_token("from-sign-on", &theirs)).await.unwrap();
    registry.edit("", |edit| edit.keep_token("from-sign-on", &theirs)).await.unwrap();
    assert_eq!(registry.catalog().access_tokens().count(), 1);
    let forget =
        |uid: &'static str| registry.edit("", move |edit| Ok::<_, RegistryError>(edit.forget_tokens_of(uid)));
    assert_eq!(forget("uid-2").await.unwrap(), 0);
    assert_eq!(forget("uid-1").await.unwrap(), 1);
    assert!(registry.catalog().access_token("from-sign-on", Utc::now()).is_none());
}
