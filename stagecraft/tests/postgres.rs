//! The registry on PostgreSQL: the same steps as on SQLite, and the same outcome.
//! A real server is started for it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

mod support;

use chrono::SubsecRound;
use serde_json::json;
use stagecraft::{
    AuditEntry, AuditFilter, DataSetChanges, Job, JobState, NewDataSet, NewJob, NewToken, Registry,
    RegistryError, RegistryOptions, SecretKey,
};
use support::Postgres;

async fn open(url: &str, key: &SecretKey) -> Registry {
    let options = RegistryOptions { secret_key: Some(key.clone()), ..RegistryOptions::default() };
    Registry::open_with(url, options).await.unwrap()
}

#[tokio::test]
async fn the_same_code_serves_postgresql() {
    let Some(server) = Postgres::start() else { return };
    let url = server.url();
    let key = SecretKey::generate();
    let (one, two) = (open(&url, &key).await, open(&url, &key).await);
    one.ensure_data_group("canals").await.unwrap();
    // The second process has an older state, and its change comes on top of the first one's.
    two.ensure_data_type("boats").await.unwrap();
    let settings = DataSetChanges {
        capped_size: Some(Some(4096)),
        max_age_expected: Some(None),
        schema: Some(Some(json!({"type": "object"}))),
        ..DataSetChanges::default()
    };
    let new = NewDataSet { settings, ..NewDataSet::of("canals", "boats") };
    let made = two.edit("ann@example.gov.uk", |edit| edit.create_data_set(&new)).await.unwrap();
    let taken = one.create_data_set(NewDataSet::of("canals", "boats")).await;
    assert!(matches!(taken, Err(RegistryError::Invalid(_))), "{taken:?}");

    let document = json!({"slug": "canals", "title": "Canals", "published": true, "modules": [
        {"slug": "m", "module-type": "realtime", "title": "M", "info": null,
         "data-source": {"data-group": "canals", "data-type": "boats", "query-params": {}}}]});
    one.put_dashboard(&document).await.unwrap();
    let token = NewToken { email: "ann@example.gov.uk".into(), ..NewToken::default() };
    let (_, text) = one.edit("", |edit| edit.create_token(&token)).await.unwrap();
    let now = chrono::Utc::now().trunc_subsecs(6);
    let job = NewJob {
        kind: Job::RUN_COLLECTOR,
        subject: String::new(),
        argument: json!({"collector": "c"}),
        range: None,
        depth: 0,
        due_at: now,
    };
    one.queue_jobs(std::slice::from_ref(&job)).await.unwrap();

    assert!(two.refresh().await.unwrap());
    assert_eq!(two.dashboard("canals"), one.dashboard("canals"));
    assert!(two.catalog().access_token(&text, chrono::Utc::now()).is_some());
    let minute = chrono::TimeDelta::minutes(1);
    let taken = two.take_job(now, minute).await.unwrap().unwrap();
    assert_eq!(one.take_job(now, minute).await.unwrap(), None);
    two.finish_job(&taken, "done").await.unwrap();
    assert_eq!(one.jobs(None, 5).await.unwrap()[0].outcome.as_deref(), Some("done"));
    assert_eq!(one.history("data_set", Some("canals_boats"), 5).await.unwrap().len(), 1);
    let (session, secret) = one.start_session("ann@example.gov.uk").await.unwrap();
    assert_eq!(two.session(&secret).await.unwrap(), Some(session));
    let entry = AuditEntry {
        at: chrono::Utc::now().trunc_subsecs(6),
        actor: "ann@example.gov.uk".into(),
        credential: "session".into(),
        address: "192.0.2.1".into(),
        action: "sign-in".into(),
        subject: String::new(),
        status: 200,
        times: 2,
        request_id: String::new(),
    };
    one.add_to_audit_log(std::slice::from_ref(&entry)).await.unwrap();
    two.add_to_audit_log(std::slice::from_ref(&entry)).await.unwrap();
    let filter = AuditFilter { limit: 5, ..AuditFilter::default() };
    assert_eq!(one.audit_log(&filter).await.unwrap(), [AuditEntry { times: 4, ..entry }]);
    one.note_token_uses(&[(taken.id, chrono::Utc::now())]).await.unwrap();
    assert_eq!(two.token_uses().await.unwrap().len(), 1);
    one.close().await;
    two.close().await;

    let again = open(&url, &key).await;
    assert_eq!(again.data_set("canals_boats"), Some(made));
    assert_eq!(again.dashboard("canals").unwrap()["modules"][0]["slug"], "m");
    again.close().await;
}

#[tokio::test]
async fn workers_of_several_processes_do_each_job_once() {
    let Some(server) = Postgres::start() else { return };
    let (url, key) = (server.url(), SecretKey::generate());
    let (one, two) = (open(&url, &key).await, open(&url, &key).await);
    let now = chrono::Utc::now().trunc_subsecs(6);
    let job = |number: usize, day: i64| NewJob {
        kind: Job::RUN_TRANSFORM,
        subject: format!("transform {number}"),
        argument: json!({"transform": number}),
        range: Some((now - chrono::TimeDelta::days(day), now - chrono::TimeDelta::days(day))),
        depth: 0,
        due_at: now,
    };
    // Both ask for the same twenty at the same time.
    let jobs = |day| (0..20).map(|number| job(number, day)).collect::<Vec<_>>();
    let (first, second) = (jobs(1), jobs(2));
    let (first, second) = tokio::join!(one.queue_jobs(&first), two.queue_jobs(&second));
    assert_eq!(first.unwrap(), second.unwrap());
    let minute = chrono::TimeDelta::minutes(1);
    let work = async |registry: &Registry| {
        let mut done = Vec::new();
        while let Some(job) = registry.take_job(now, minute).await.unwrap() {
            let (earliest, latest) = job.range.unwrap();
            assert_eq!(latest - earliest, chrono::TimeDelta::days(1));
            assert!(registry.finish_job(&job, "done").await.unwrap());
            done.push(job.id);
        }
        done
    };
    let (mut all, others) = tokio::join!(work(&one), work(&two));
    all.extend(others);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 20);
    assert_eq!(one.job_count(JobState::Done).await.unwrap(), 20);

    // Put off by one while the other asks for the same.
    two.queue_jobs(&[job(1, 3)]).await.unwrap();
    let taken = one.take_job(now, minute).await.unwrap().unwrap();
    let asked = [job(1, 4)];
    let (asked, put_off) = tokio::join!(two.queue_jobs(&asked), one.put_off_job(&taken, "busy", now));
    assert!(put_off.unwrap() && asked.is_ok());
    let again = two.take_job(now, minute).await.unwrap().unwrap();
    let days = |days| now - chrono::TimeDelta::days(days);
    assert_eq!(again.range, Some((days(4), days(3))));
    assert_eq!(one.job_count(JobState::Waiting).await.unwrap(), 0);
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn postgresql_is_reached_by_tls_and_its_certificate_is_checked_where_that_is_asked_for() {
    let Some(server) = Postgres::start_with_tls() else { return };
    let (url, authority) = (server.url(), server.authority());
    let opens = async |options: &str| match Registry::open(&format!("{url}?{options}")).await {
        Ok(registry) => {
            registry.ensure_data_group("canals").await.unwrap();
            registry.close().await;
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    };
    // This server answers nobody without TLS.
    assert!(opens("sslmode=disable").await.unwrap_err().contains("no pg_hba.conf entry"));
    opens("sslmode=require").await.unwrap();
    opens(&format!("sslmode=verify-full&sslrootcert={authority}")).await.unwrap();
    assert!(
        opens("sslmode=verify-full").await.unwrap_err().contains("certificate"),
        "nobody knows this authority"
    );
    let by_number = url.replace("localhost", "127.0.0.1");
    let other_name =
        Registry::open(&format!("{by_number}?sslmode=verify-full&sslrootcert={authority}")).await;
    assert!(other_name.unwrap_err().to_string().contains("certificate"), "it is another server's");
}
