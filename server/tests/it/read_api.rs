//! The read API over HTTP: formats, tags, compression, pages, explanations.

use crate::support::{ADMIN, Answer, TestServer};
use serde_json::{Value, json};

/// A server with one published data set of five records.
async fn server(published: bool) -> TestServer {
    let server = TestServer::start().await;
    let definition = json!({
        "name": "boats", "data_group": "harbour", "data_type": "boats", "bearer_token": "boat-token",
        "raw_queries_allowed": true, "queryable": true, "published": published, "realtime": false,
    });
    for (path, name) in [("data-groups", "harbour"), ("data-types", "boats")] {
        server.json("POST", &format!("/admin-api/{path}"), ADMIN, &json!({"name": name})).await;
    }
    let created = server.json("POST", "/admin-api/data-sets", ADMIN, &definition).await;
    assert!(created.status.is_success(), "{}", created.text());
    let records: Vec<Value> = (1..=5)
        .map(|day| {
            json!({
                "_id": format!("b{day}"), "_timestamp": format!("2014-01-0{day}T00:00:00Z"),
                "kind": if day % 2 == 0 { "sail" } else { "row" }, "length": day * 2,
            })
        })
        .collect();
    let answer = server.json("POST", "/data/harbour/boats", "boat-token", &records.into()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    server
}

async fn get(server: &TestServer, query: &str, headers: &[(&str, &str)]) -> Answer {
    server.send(&server.everything, "GET", &format!("/data/harbour/boats?{query}"), headers, Vec::new()).await
}

#[tokio::test]
async fn every_format_has_its_content_type_and_file_name() {
    let server = server(true).await;
    for (format, content_type, file, start) in [
        ("json", "application/json", None, "{\"data\":["),
        ("csv", "text/csv", Some("attachment; filename=export.csv"), "_count,kind\r\n"),
        ("ndjson", "application/x-ndjson", None, "{\"_count\":3,"),
        ("parquet", "application/vnd.apache.parquet", Some("attachment; filename=export.parquet"), "PAR1"),
        ("arrow", "application/vnd.apache.arrow.stream", Some("attachment; filename=export.arrows"), ""),
    ] {
        let answer = get(&server, &format!("group_by=kind&format={format}"), &[]).await;
        assert_eq!(answer.status, 200, "{format}");
        assert_eq!(answer.header("content-type"), Some(content_type));
        assert_eq!(answer.header("content-disposition"), file, "{format}");
        assert!(answer.text().starts_with(start), "{format}: {}", answer.text());
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
}

#[tokio::test]
async fn what_is_not_published_carries_a_warning() {
    let server = server(false).await;
    for (format, content_type) in [
        ("json", "application/json"),
        ("csv", "application/json"),
        ("ndjson", "application/x-ndjson"),
        ("arrow", "application/vnd.apache.arrow.stream"),
        ("parquet", "application/vnd.apache.parquet"),
    ] {
        let answer = get(&server, &format!("group_by=kind&format={format}"), &[]).await;
        assert_eq!(answer.header("content-type"), Some(content_type), "{format}");
        assert!(answer.header("warning").unwrap().starts_with("299 - \"This data-set is unpublished."));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_eq!(answer.header("content-disposition").is_some(), matches!(format, "arrow" | "parquet"));
        if content_type == "application/json" {
            assert!(answer.value()["warning"].as_str().unwrap().contains("unpublished"), "{format}");
        }
    }
}

#[tokio::test]
async fn refusals_name_the_parameter_and_its_place() {
    let server = server(true).await;
    for (query, message, parameter, position) in [
        ("limit=2&colour=red", "An unrecognised parameter was provided", "colour", Some("8")),
        ("group_by=kind&collect=length:smu", "Unknown collection method", "collect", Some("14")),
        (
            "filter=length+is+2",
            "filter is not a valid expression: expected a comparison such as '=' at character 8, found 'is'",
            "filter",
            Some("0"),
        ),
        (
            "group_by=kind&sort_by=colour:ascending",
            "Cannot sort by colour: the answer has no such field",
            "sort_by",
            None,
        ),
    ] {
        let answer = get(&server, query, &[]).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.value(), json!({"status": "error", "message": message}));
        assert_eq!(answer.header("x-refused-parameter"), Some(parameter), "{query}");
        assert_eq!(answer.header("x-refused-position"), position, "{query}");
        assert!(answer.header("access-control-expose-headers").unwrap().contains("x-refused-parameter"));
    }
}

#[tokio::test]
async fn answers_are_compressed_as_the_client_likes() {
    let server = server(true).await;
    for (accepted, used) in
        [("br", Some("br")), ("zstd", Some("zstd")), ("gzip", Some("gzip")), ("identity", None)]
    {
        let answer = get(&server, "", &[("accept-encoding", accepted)]).await;
        assert_eq!(answer.header("content-encoding"), used);
        let tag = answer.header("etag").unwrap();
        assert_eq!(tag.starts_with("W/"), used.is_some(), "{tag}");
        let known = [("accept-encoding", accepted), ("if-none-match", tag)];
        let again = get(&server, "", &known).await;
        assert_eq!((again.status.as_u16(), again.header("etag")), (304, Some(tag)));
        assert!(answer.header("vary").unwrap().contains("accept-encoding"));
    }
}

#[tokio::test]
async fn a_known_tag_is_answered_304_on_both_paths_until_the_data_change() {
    let server = server(true).await;
    for path in ["/data/harbour/boats", "/boats"] {
        let path = format!("{path}?group_by=kind&format=csv");
        let first = server.get(&path).await;
        let tag = first.header("etag").unwrap().to_owned();
        assert_eq!(first.header("cache-control"), Some("max-age=1800, must-revalidate"));
        let known = [("if-none-match", tag.as_str())];
        let second = server.send(&server.everything, "GET", &path, &known, Vec::new()).await;
        assert_eq!((second.status.as_u16(), second.body.len()), (304, 0));
        assert_eq!(
            (second.header("etag"), second.header("cache-control")),
            (Some(&*tag), first.header("cache-control"))
        );
        let head = server.send(&server.everything, "HEAD", &path, &[], Vec::new()).await;
        assert_eq!((head.status.as_u16(), head.body.len(), head.header("etag")), (200, 0, Some(&*tag)));
        let record = json!({"_id": path, "_timestamp": "2014-02-01T00:00:00Z", "kind": "sail"});
        server.json("POST", "/data/harbour/boats", "boat-token", &record).await;
        let third = server.send(&server.everything, "GET", &path, &known, Vec::new()).await;
        assert_eq!(third.status, 200);
        assert_ne!(third.header("etag"), Some(&*tag));
    }
}

#[tokio::test]
async fn pages_follow_each_other_by_cursor_until_there_are_no_more() {
    let server = server(true).await;
    for query in ["limit=2", "limit=2&sort_by=kind:descending", "limit=2&sort_by=_timestamp:ascending"] {
        let (mut cursor, mut seen, mut pages) = ("first".to_owned(), Vec::new(), 0);
        loop {
            let answer = get(&server, &format!("{query}&cursor={cursor}"), &[]).await;
            let body = answer.value();
            seen.extend(body["data"].as_array().unwrap().iter().map(|row| row["_id"].clone()));
            pages += 1;
            let Some(next) = body["cursor"].as_str() else {
                assert!(body["cursor"].is_null() && answer.header("link").is_none());
                break;
            };
            let link = answer.header("link").unwrap();
            assert!(link.contains(next) && link.ends_with("rel=\"next\""), "{link}");
            next.clone_into(&mut cursor);
        }
        assert_eq!(pages, 3, "{query}");
        let all = get(&server, query.trim_start_matches("limit=2"), &[]).await.value();
        let all: Vec<Value> = all["data"].as_array().unwrap().iter().map(|row| row["_id"].clone()).collect();
        assert_eq!(seen, all, "{query}");
    }
    let refused = get(&server, "cursor=W10", &[]).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn explanations_are_for_those_with_a_token() {
    let server = server(true).await;
    let query = "group_by=kind&explain=true";
    assert_eq!(get(&server, query, &[]).await.status, 401);
    assert_eq!(get(&server, query, &[("authorization", "Bearer wrong")]).await.status, 401);
    for token in ["boat-token", ADMIN] {
        let answer = get(&server, query, &[("authorization", &format!("Bearer {token}"))]).await;
        let explanation = answer.value();
        assert_eq!(explanation["query"], "group_by=kind");
        assert_eq!(explanation["rows"], json!({"all": 5, "scanned": 5, "selected": 5, "answered": 2}));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn records_past_the_age_or_the_size_of_their_data_set_go() {
    let server = TestServer::start().await;
    server.json("POST", "/admin-api/data-types", ADMIN, &json!({"name": "boats"})).await;
    for (group, limit) in
        [("canals", json!({"retention_days": 30})), ("rivers", json!({"capped_size": 2_000}))]
    {
        server.json("POST", "/admin-api/data-groups", ADMIN, &json!({"name": group})).await;
        let mut new = json!({"data_group": group, "data_type": "boats", "bearer_token": "own"});
        new.as_object_mut().unwrap().extend(limit.as_object().unwrap().clone());
        let made = server.json("POST", "/admin-api/data-sets", ADMIN, &new).await;
        assert_eq!(made.status, 200, "{}", made.text());
        let record =
            |n: i32| json!({"_timestamp": format!("2026-03-{:02}T00:00:00Z", n % 28 + 1), "count": n});
        let records: Vec<_> = (0..56).map(record).collect();
        server.json("POST", &format!("/data/{group}/boats"), "own", &json!(records)).await;
    }
    let now = chrono::DateTime::parse_from_rfc3339("2026-04-15T00:00:00Z").unwrap().to_utc();
    server::retention::remove_excess(&server.state, now).await;
    let left = async |path: &str| server.get(path).await.value()["data"].as_array().unwrap().clone();
    let young = left("/data/canals/boats?sort_by=_timestamp:ascending").await;
    assert_eq!(young.len(), 26, "the 16th to the 28th, twice");
    assert_eq!(young[0]["_timestamp"], "2026-03-16T00:00:00+00:00");
    let small = left("/data/rivers/boats").await;
    assert!(!small.is_empty() && small.len() < 56, "{}", small.len());
    assert!(small.iter().any(|record| record["count"] == 55), "what came last is kept");
}
