//! What those who run the server see of it.

use crate::support::{ADMIN, TestServer};
use serde_json::json;

#[tokio::test]
async fn requests_and_the_store_are_counted_and_nothing_secret_is_told() {
    let server = TestServer::start().await;
    for (path, body) in [
        ("data-groups", json!({"name": "harbour"})),
        ("data-types", json!({"name": "boats"})),
        (
            "data-sets",
            json!({"data_group": "harbour", "data_type": "boats", "bearer_token": "boat-token", "queryable": true}),
        ),
    ] {
        assert_eq!(server.json("POST", &format!("/admin-api/{path}"), ADMIN, &body).await.status, 200);
    }
    let records = json!([{"_id": "a", "length": 1}, {"_id": "b", "length": 2}]);
    for (token, status) in [("boat-token", 200), ("wrong-token", 401)] {
        assert_eq!(server.json("POST", "/data/harbour/boats", token, &records).await.status, status);
    }
    for _ in 0..2 {
        let answer = server.get("/data/harbour/boats?collect=length:sum&group_by=kind").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    server.send(&server.everything, "BREW", "/data/harbour/boats", &[], Vec::new()).await;
    server.state.store.flush().await.unwrap();

    let answer = server.get("/metrics").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = answer.text();
    for expected in [
        r#"pp_http_requests_total{surface="admin-api",method="POST",status="200"} 3"#,
        r#"pp_http_requests_total{surface="write",method="POST",status="200"} 1"#,
        r#"pp_http_requests_total{surface="write",method="POST",status="401"} 1"#,
        r#"pp_http_requests_total{surface="write",method="other",status="405"} 1"#,
        r#"pp_http_request_duration_seconds_count{surface="admin-api"} 3"#,
        r#"pp_http_request_duration_seconds_bucket{surface="write",le="+Inf"} 3"#,
        "pp_http_requests_in_flight 1",
        "pp_store_data_sets 1",
        "pp_store_flushes_total 1",
        "pp_store_rows_written_total 2",
        "pp_store_log_frames_total 1",
        "pp_store_log_failures_total 0",
        "pp_store_log_waiting_bytes 0",
        "pp_queries_running 0",
        "pp_queries_streaming 0",
        "pp_queries_answered_total 1",
        "pp_answer_cache_hits_total 1",
    ] {
        assert!(text.lines().any(|line| line == expected), "no line {expected} in\n{text}");
    }
    for some in
        ["pp_answer_cache_misses", "pp_answer_cache_bytes", "pp_store_log_bytes", "pp_process_threads"]
    {
        let line = text.lines().find(|line| line.starts_with(some)).unwrap();
        assert!(!line.ends_with(" 0"), "{line}");
    }
    for secret in ["token", ADMIN, "harbour", "boats"] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
}

#[tokio::test]
async fn a_server_that_works_is_healthy() {
    let server = TestServer::start().await;
    let answer = server.get("/_health").await;
    assert_eq!((answer.status.as_u16(), answer.value()), (200, json!({"status": "ok", "faults": []})));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}
