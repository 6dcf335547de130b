//! What is noted of what was done and refused, how it is read, and how long it is kept.

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::access::{PASSWORD, form, get_with, welcomed};
use crate::support::{ADMIN, TestServer};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use server::access::Access;
use server::retention::forget_audit_log;

#[tokio::test]
async fn what_was_done_and_refused_is_in_the_audit_log_and_no_secret_is() {
    let (server, session) = welcomed().await;
    server.json("POST", "/admin-api/users", ADMIN, &json!({"email": "b@example.gov.uk"})).await;
    server.json("POST", "/admin-api/users", "stolen-token", &json!({"email": "c@example.gov.uk"})).await;
    for _ in 0..3 {
        server.json("POST", "/data/no/such", "data-token", &json!([])).await;
    }
    get_with(&server, "/admin-api/tokens", &session).await;
    let log = server.json("GET", "/admin-api/audit-log?limit=50", ADMIN, &Value::Null).await;
    assert_eq!(log.status, 200, "{}", log.text());
    let lines = log.value();
    let find = |action: &str, status: u16| {
        let is_it = |line: &&Value| line["action"] == action && line["status"] == status;
        lines.as_array().unwrap().iter().find(is_it).cloned()
    };
    assert_eq!(find("POST /admin-api/users", 200).unwrap()["credential"], "administrator");
    assert!(find("POST /admin-api/users", 401).is_some());
    let writes: i64 = lines
        .as_array()
        .unwrap()
        .iter()
        .filter(|l| l["subject"] == "no/such")
        .map(|l| l["times"].as_i64().unwrap())
        .sum();
    assert_eq!(writes, 3, "alike requests are counted");
    assert_eq!(find("first administrator", 200).unwrap()["actor"], "ann@example.gov.uk");
    for secret in [ADMIN, "stolen-token", "data-token", PASSWORD] {
        assert!(!log.text().contains(secret));
    }
    let csv = server
        .json("GET", "/admin-api/audit-log?format=csv&actor=ann@example.gov.uk", ADMIN, &Value::Null)
        .await;
    assert!(csv.text().starts_with("at,actor,credential") && csv.text().contains("first administrator"));
    assert_eq!(server.get("/admin-api/audit-log").await.status, 401);
    let bad = server.json("GET", "/admin-api/audit-log?since=yesterday", ADMIN, &Value::Null).await;
    assert!(bad.status == 400 && bad.text().contains("since"));
}

#[tokio::test]
async fn the_audit_log_is_kept_for_ever_or_as_long_as_the_server_is_told() {
    let mut server = TestServer::start().await;
    let lines = async |server: &TestServer| {
        let log = server.json("GET", "/admin-api/audit-log", ADMIN, &Value::Null).await.value();
        log.as_array().unwrap().len()
    };
    server.json("POST", "/admin-api/users", ADMIN, &json!({"email": "b@example.gov.uk"})).await;
    let (soon, late) = (Utc::now() + TimeDelta::days(29), Utc::now() + TimeDelta::days(31));
    forget_audit_log(&server.state, late).await;
    assert_eq!(lines(&server).await, 1, "nothing was said about it");
    let access = Access { audit_days: NonZeroU32::new(30), ..Access::default() };
    server.state.access = Arc::new(access);
    forget_audit_log(&server.state, soon).await;
    assert_eq!(lines(&server).await, 1, "it is not that old");
    forget_audit_log(&server.state, late).await;
    assert_eq!(lines(&server).await, 0);
}

#[tokio::test]
async fn the_audit_log_is_exported_in_parts_that_fit_together() {
    let server = TestServer::start().await;
    let log = async |query: &str| {
        server.json("GET", &format!("/admin-api/audit-log{query}"), ADMIN, &Value::Null).await
    };
    for n in 0..7 {
        let path = format!("/data/canals/boats-{}", n % 2);
        server.json("POST", &path, &format!("guessed-{n}"), &json!([])).await;
        form(&server, "/admin/sign-in", "", &format!("email=%3D1%2B{n}&password=wrong+wrong+wrong")).await;
    }
    let all = log("?format=ndjson").await;
    assert_eq!(all.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<Value> = all.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Seven attempts to sign in, each as somebody else, and two data sets that do not exist.
    assert_eq!(lines.len(), 9, "{}", all.text());
    assert_eq!(log("").await.value(), json!(lines), "the same as one list");
    let written = lines.iter().filter(|line| line["subject"] == "canals/boats-0").collect::<Vec<_>>();
    assert_eq!((written.len(), &written[0]["times"], &written[0]["status"]), (1, &json!(4), &json!(404)));

    // Pages follow each other and show every line once, also when new ones come in between.
    let (mut paged, mut next) = (Vec::new(), "?format=ndjson&limit=4".to_owned());
    for page in 1..=3 {
        let answer = log(&next).await;
        paged.extend(answer.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        server.json("POST", "/data/rivers/boats", &format!("late-{page}"), &json!([])).await;
        match answer.header("link") {
            Some(link) => {
                let link = link.strip_suffix(">; rel=\"next\"").unwrap();
                next = link.strip_prefix("</admin-api/audit-log").unwrap().to_owned();
            }
            None => assert_eq!(page, 3),
        }
    }
    assert_eq!(paged, lines);

    let csv = log("?format=csv&subject=canals/boats-1").await;
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"audit-log.csv\""));
    let rows: Vec<String> = csv.text().lines().map(str::to_owned).collect();
    assert_eq!(rows.len(), 2);
    assert!(rows[1].contains(",POST /data/canals/boats-1,canals/boats-1,404,3,"), "{}", rows[1]);
    let csv = log("?format=csv&actor=%3D1%2B3").await.text();
    assert!(csv.contains(",'=1+3,"), "no spreadsheet computes what somebody calls themselves: {csv}");

    let (first, last) = (lines[8]["at"].as_str().unwrap(), lines[0]["at"].as_str().unwrap());
    let span = log(&format!("?since={first}&until={last}")).await.value();
    assert_eq!(span.as_array().unwrap().len(), 8, "from the one time until before the other");
    for (query, word) in [
        ("?limit=0", "limit"),
        ("?limit=100001", "limit"),
        ("?page=0", "page"),
        ("?page=4294967295", "page"),
        ("?until=later", "until"),
        ("?format=xml", "format"),
        ("?colour=red", "colour"),
    ] {
        let refused = log(query).await;
        assert!(refused.status == 400 && refused.text().contains(word), "{query}: {}", refused.text());
    }
}
