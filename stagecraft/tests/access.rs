//! Users who sign in, their sessions, tokens that change, and the audit log.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use stagecraft::session::LONGEST_SESSION;
use stagecraft::{
    AuditEntry, AuditFilter, NewDataSet, NewToken, Registry, RegistryOptions, Role, Uuid, password,
};

fn start() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-05-04T09:00:00Z").unwrap().with_timezone(&Utc)
}

/// A registry, and its clock in seconds after the start.
async fn registry() -> (Registry, Arc<AtomicI64>) {
    let seconds = Arc::new(AtomicI64::new(0));
    let clock = seconds.clone();
    let clock = Arc::new(move || start() + TimeDelta::seconds(clock.load(Ordering::SeqCst)));
    let options = RegistryOptions { clock, ..RegistryOptions::default() };
    (Registry::open_with("sqlite::memory:", options).await.unwrap(), seconds)
}

#[tokio::test]
async fn a_user_with_a_password_and_roles_until_revoked() {
    let (registry, _) = registry().await;
    let email = "ann@example.gov.uk";
    let hash = password::hash("three short words", email).unwrap();
    registry
        .edit("", |edit| {
            edit.set_roles(email, BTreeSet::from([Role::Admin]))?;
            edit.create_token(&NewToken { email: email.into(), ..NewToken::default() })?;
            edit.set_password_hash(email, Some(hash.clone()))
        })
        .await
        .unwrap();
    let user = registry.catalog().user(email).unwrap();
    assert!(user.can_sign_in() && user.roles.contains(&Role::Admin));
    assert!(password::verify("three short words", user.password_hash.as_deref()));
    assert!(!format!("{user:?}").contains("argon2"), "the hash is nobody's business");

    registry.edit("", |edit| edit.revoke_user(email)).await.unwrap();
    let user = registry.catalog().user(email).unwrap();
    assert!(!user.can_sign_in() && user.roles.is_empty());
    assert_eq!(registry.catalog().access_tokens().count(), 0);
}

#[tokio::test]
async fn the_sign_on_service_knows_a_user_by_one_name() {
    let (registry, _) = registry().await;
    let email = "ann@example.gov.uk";
    registry.edit("", |edit| edit.set_sign_on(email, "https://id.example 1")).await.unwrap();
    registry.edit("", |edit| edit.set_sign_on(email, "https://id.example 1")).await.unwrap();
    let other = registry.edit("", |edit| edit.set_sign_on(email, "https://id.example 2")).await;
    assert!(other.unwrap_err().to_string().contains("another person"));
}

#[tokio::test]
async fn a_session_lasts_until_it_is_ended_or_too_old() {
    let (registry, seconds) = registry().await;
    let (session, secret) = registry.start_session("ann@example.gov.uk").await.unwrap();
    let (_, other) = registry.start_session("ann@example.gov.uk").await.unwrap();
    assert_eq!(registry.session(&secret).await.unwrap(), Some(session.clone()));
    assert_eq!(registry.session(&session.form_token).await.unwrap(), None);
    assert!(registry.end_session(&secret).await.unwrap());
    assert_eq!(registry.session(&secret).await.unwrap(), None);
    seconds.store(LONGEST_SESSION.num_seconds(), Ordering::SeqCst);
    assert_eq!(registry.session(&other).await.unwrap(), None);
    assert_eq!(registry.end_sessions_of("ann@example.gov.uk").await.unwrap(), 1);
}

#[tokio::test]
async fn a_data_set_gets_a_new_token_and_keeps_the_old_one_for_a_while() {
    let (registry, _) = registry().await;
    registry.ensure_data_group("canals").await.unwrap();
    registry.ensure_data_type("boats").await.unwrap();
    registry.create_data_set(NewDataSet::of("canals", "boats")).await.unwrap();
    let rotate = || registry.edit("", |edit| edit.rotate_data_set_token("canals_boats", TimeDelta::days(1)));
    let (first, one) = rotate().await.unwrap();
    assert_eq!((&first.bearer_token, &first.previous_token), (&Some(one.clone()), &None));
    let (second, two) = rotate().await.unwrap();
    assert_ne!(one, two);
    assert_eq!(second.previous_token, Some((one, start() + TimeDelta::days(1))));
    assert!(registry.refresh().await.is_ok());
}

#[tokio::test]
async fn the_audit_log_is_read_by_time_and_actor_and_forgotten_by_time() {
    let (registry, _) = registry().await;
    let entry = |minute: i64, actor: &str| AuditEntry {
        at: start() + TimeDelta::minutes(minute),
        actor: actor.into(),
        credential: "session".into(),
        address: "192.0.2.1".into(),
        action: "POST /admin-api/users".into(),
        subject: String::new(),
        status: 200,
        times: 3,
        request_id: "r".into(),
    };
    let entries =
        [entry(0, "ann@example.gov.uk"), entry(1, "bob@example.gov.uk"), entry(2, "ann@example.gov.uk")];
    registry.add_to_audit_log(&entries).await.unwrap();
    let registry = &registry;
    let read = async |filter: AuditFilter| registry.audit_log(&filter).await.unwrap();
    let all = read(AuditFilter { limit: 10, ..AuditFilter::default() }).await;
    assert_eq!(all, [entries[2].clone(), entries[1].clone(), entries[0].clone()]);
    let of_ann = AuditFilter { actor: Some("ann@example.gov.uk".into()), limit: 1, ..AuditFilter::default() };
    assert_eq!(read(of_ann).await, [entries[2].clone()]);
    let span = AuditFilter {
        since: Some(start() + TimeDelta::minutes(1)),
        until: Some(start() + TimeDelta::minutes(2)),
        limit: 10,
        ..AuditFilter::default()
    };
    assert_eq!(read(span).await, [entries[1].clone()]);
    assert_eq!(registry.forget_audit_log(start() + TimeDelta::minutes(1)).await.unwrap(), 1);
    let rest = read(AuditFilter { limit: 10, ..AuditFilter::default() }).await;
    assert_eq!(rest, [entries[2].clone(), entries[1].clone()]);
}

#[tokio::test]
async fn when_a_token_was_used_last() {
    let (registry, _) = registry().await;
    let id = Uuid::new_v4();
    registry.note_token_uses(&[(id, start())]).await.unwrap();
    registry.note_token_uses(&[(id, start() + TimeDelta::minutes(5))]).await.unwrap();
    assert_eq!(registry.token_uses().await.unwrap(), [(id, start() + TimeDelta::minutes(5))]);
}
