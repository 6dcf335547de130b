//! The clients that exist, byte for byte as they send their requests, over a real socket: what they ask must be answered in the
//! way that they can read. Their requests are those of the Python library 0.11.5, the JavaScript library 0.1.0, the
//! command-line sender, and the programs that use plain HTTP.

use std::io::{Read, Write};
use std::net::SocketAddr;

use crate::support::old_clients::{Deployment, Python, connect, exchange, gzip};
use crate::support::process::{Server, WRITER};
use serde_json::{Value, json};
use server::worker::run_due;

#[tokio::test]
async fn the_python_library_writes_and_reads_a_data_set() {
    let deployment = Deployment::start().await;
    deployment.data_set("example", "visits").await;
    let mut python = Python::new(deployment.everything, "/data/example/visits", Some("tok"), true).await;
    let two = r#"[{"_timestamp": "2014-01-01T00:00:00+00:00", "value": 0}, {"_timestamp": "2014-01-01T00:00:00+00:00", "value": 1}]"#;
    assert_eq!(python.send("POST", "", two).await.json(), json!({"status": "ok"}));
    let one = r#"{"_timestamp": "2014-01-02T10:00:00.123000+00:00", "value": 2, "kind": "a:b", "name": "caf\u00e9"}"#;
    assert_eq!(python.send("POST", "", one).await.json(), json!({"status": "ok"}));
    assert_eq!(python.send("POST", "", "[]").await.json(), json!({"status": "ok"}));
    let many: Vec<Value> =
        (0..100).map(|n| json!({"_timestamp": "2014-01-03T00:00:00+00:00", "value": 10 + n})).collect();
    // In chunks: one request after another on the same connection.
    for chunk in many.chunks(60) {
        let body = Value::from(chunk).to_string();
        assert!(body.len() > 2048, "this one is packed");
        assert_eq!(python.send("POST", "", &body).await.json(), json!({"status": "ok"}));
    }
    let all = python.get("").await.json();
    assert_eq!(all["data"].as_array().unwrap().len(), 103);
    // Lists are repeated keys, values are percent-encoded.
    let some = python.get("?filter_by=kind%3Aa%3Ab&filter_by=name%3Acaf%C3%A9&flatten=true").await;
    let some = some.json();
    assert_eq!((some["data"].as_array().unwrap().len(), &some["data"][0]["name"]), (1, &json!("café")));
    let emptied = python.send("PUT", "", "[]").await.json();
    assert_eq!(emptied, json!({"status": "ok", "message": "example_visits now contains 0 records"}));
    assert_eq!(python.get("").await.json()["data"], json!([]));
    // By the name of the data set, which has another base URL and no token of its own.
    let mut by_name = Python::new(deployment.everything, "/example_visits", Some("tok"), true).await;
    assert_eq!(by_name.send("POST", "", two).await.json()["status"], "ok");
    assert_eq!(by_name.get("").await.json()["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_retry_that_has_lost_its_body_is_not_taken_for_success() {
    let deployment = Deployment::start().await;
    deployment.data_set("example", "visits").await;
    let mut python = Python::new(deployment.everything, "/data/example/visits", Some("tok"), true).await;
    let lost = python.retry_without_body("").await;
    assert_eq!(lost.status, 400, "{}", lost.text());
    assert!(serde_json::from_slice::<Value>(&lost.body).unwrap()["message"].is_string());
    let empty = "Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n";
    let empty = python.head("POST", "", empty);
    assert_eq!(exchange(&mut python.stream, empty.as_bytes()).await.status, 400);
    let nothing = gzip(b"");
    let more = format!(
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n",
        nothing.len()
    );
    let mut packed = python.head("POST", "", &more).into_bytes();
    packed.extend(&nothing);
    assert_eq!(exchange(&mut python.stream, &packed).await.status, 400, "nothing, packed");
    let plain = python.head("POST", "", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n")
        + "0\r\n\r\n";
    assert_eq!(exchange(&mut python.stream, plain.as_bytes()).await.status, 400);
    // A chunked body that is there is taken.
    let record = r#"{"_timestamp": "2014-01-01T00:00:00Z", "value": "abc"}"#;
    let chunks = ["[", record, "]"].map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).concat();
    let head = python.head("POST", "", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n");
    let chunked = format!("{head}{chunks}0\r\n\r\n");
    let taken = exchange(&mut python.stream, chunked.as_bytes()).await;
    assert_eq!(taken.status, 200, "{}", taken.text());
    assert_eq!(python.get("").await.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_write_is_never_worth_a_retry() {
    let deployment = Deployment::start().await;
    deployment.data_set("example", "visits").await;
    let mut python = Python::new(deployment.everything, "/data/example/visits", Some("tok"), true).await;
    for body in [
        "",
        "{",
        "nonsense",
        "null",
        "17",
        "\"text\"",
        "[[]]",
        "[1]",
        r#"{"_timestamp": "yesterday"}"#,
        r#"{"a-b": {}}"#,
    ] {
        let refused = python.send("POST", "", body).await;
        assert_eq!(refused.status, 400, "{body}: {}", refused.text());
        let told: Value = serde_json::from_slice(&refused.body).unwrap();
        assert!(told["message"].is_string() || told["messages"].is_array(), "{body}: {told}");
    }
    let more = "Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n";
    let broken = python.head("POST", "", more) + "notgzip";
    assert_eq!(exchange(&mut python.stream, broken.as_bytes()).await.status, 400);
    let bomb = gzip(&vec![b' '; 10 * 1024 * 1024 + 1]);
    let more = format!(
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n",
        bomb.len()
    );
    let mut bytes = python.head("POST", "", &more).into_bytes();
    bytes.extend(bomb);
    assert_eq!(exchange(&mut python.stream, &bytes).await.status, 413);
    python.token = Some("wrong".to_owned());
    let refused = python.send("POST", "", "[]").await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("bearer")));
    python.token = None;
    assert_eq!(python.send("POST", "", "[]").await.status, 401);
}

#[tokio::test]
async fn the_python_library_configures_the_platform() {
    let deployment = Deployment::start().await;
    deployment.make("/data-types", json!({"name": "visits"})).await;
    deployment.make("/data-types", json!({"name": "digital-takeup"})).await;
    deployment.make("/organisation/type", json!({"name": "department"})).await;
    deployment.make("/users", json!({"email": "a+b@c.uk"})).await;
    let token = deployment
        .make("/tokens", json!({"name": "client@example.gov.uk", "roles": ["admin", "dashboard"]}))
        .await;
    let token = token["token"].as_str().unwrap().to_owned();
    // On the shared listener below its prefix, and on its own at the root.
    for (address, base, n) in [(deployment.everything, "/admin-api", 1), (deployment.admin_api, "", 2)] {
        let mut python = Python::new(address, base, Some(&token), false).await;
        let group = format!("example-{n}");
        assert_eq!(python.get(&format!("/data-groups?name={group}")).await.json(), json!([]));
        let body = format!(r#"{{"name": "{group}"}}"#);
        assert_eq!(python.send("POST", "/data-groups", &body).await.json()["name"], *group);
        assert_eq!(python.get(&format!("/data-groups?name={group}")).await.json()[0]["name"], *group);
        let absent = python.get(&format!("/data-sets?data-group={group}&data-type=visits")).await.json();
        assert_eq!(absent, json!([]));
        let body = format!(
            r#"{{"data_group": "{group}", "data_type": "visits", "bearer_token": "t", "auto_ids": "area, kind", "max_age_expected": 300}}"#
        );
        let made = python.send("POST", "/data-sets", &body).await.json();
        assert_eq!(
            (&made["name"], &made["auto_ids"]),
            (&json!(format!("example_{n}_visits")), &json!(["area", "kind"]))
        );
        let name = made["name"].as_str().unwrap().to_owned();
        let found = python.get(&format!("/data-sets?data-group={group}&data-type=visits")).await.json();
        assert_eq!(found[0]["name"], *name);
        assert_eq!(python.get(&format!("/data-sets/{name}")).await.json()["bearer_token"], "t");
        assert_eq!(python.get("/data-sets/no_such_set").await.status, 404);
        // Two of each round, but the second of this one is made by its transform.
        assert_eq!(python.get("/data-sets").await.json().as_array().unwrap().len(), 2 * n - 1);
        assert_eq!(python.get(&format!("/data-sets/{name}/transform")).await.json(), json!([]));
        assert_eq!(python.get(&format!("/data-sets/{name}/dashboard")).await.json(), json!([]));
        assert_eq!(python.get("/users/a%2Bb%40c.uk").await.json(), json!({"email": "a+b@c.uk"}));

        let kind = format!(r#"{{"name": "kind_{}", "schema": {{"type": "object"}}}}"#, ["a", "b"][n - 1]);
        let kind = python.send("POST", "/module-type", &kind).await.json()["id"].as_str().unwrap().to_owned();
        assert!(
            python.get("/module-type").await.json().as_array().unwrap().iter().any(|one| one["id"] == *kind)
        );
        let slug = format!("board-{n}");
        // As the admin application sends it: hyphens and underscores side by side.
        let body = format!(
            r#"{{"slug": "{slug}", "title": "Board", "page-type": "dashboard", "dashboard-type": "transaction", "customer_type": "Business"}}"#
        );
        let board = python.send("POST", "/dashboard", &body).await.json();
        let id = board["id"].as_str().unwrap().to_owned();
        assert_eq!(
            (&board["dashboard_type"], &board["customer_type"]),
            (&json!("transaction"), &json!("Business"))
        );
        for path in ["/dashboard", "/dashboards", "/dashboard/", "/dashboards?x=y"] {
            assert!(
                python.get(path).await.json().as_array().unwrap().iter().any(|one| one["id"] == *id),
                "{path}"
            );
        }
        let module = format!(
            r#"{{"type_id": "{kind}", "slug": "m", "title": "M", "description": "", "info": [], "options": {{}}, "order": 1, "data_group": "{group}", "data_type": "visits", "query_parameters": {{"period": "week", "group_by": "channel"}}}}"#
        );
        for place in [&id, &slug] {
            let made = python
                .send(
                    "POST",
                    &format!("/dashboard/{place}/module"),
                    &module.replace("\"m\"", &format!("\"m-{}\"", place.len())),
                )
                .await
                .json();
            assert_eq!(made["query_parameters"]["group_by"], json!(["channel"]));
            assert_eq!(
                python.get(&format!("/module/{}", made["id"].as_str().unwrap())).await.json()["id"],
                made["id"]
            );
        }
        let again = python
            .send(
                "POST",
                &format!("/dashboard/{id}/module"),
                &module.replace("\"m\"", &format!("\"m-{}\"", id.len())),
            )
            .await;
        assert_eq!(again.status, 400);
        assert!(
            again.text().contains("Module with this Dashboard and Slug already exists"),
            "{}",
            again.text()
        );
        let modules = python.get(&format!("/dashboard/{id}/module")).await.json();
        assert_eq!(modules.as_array().unwrap().len(), 2);
        for path in [format!("/dashboard/{id}"), format!("/dashboard/{slug}"), format!("/dashboard/{slug}/")]
        {
            assert_eq!(python.get(&path).await.json()["modules"].as_array().unwrap().len(), 2);
        }
        assert_eq!(python.get(&format!("/data-sets/{name}/dashboard")).await.json()[0]["slug"], *slug);
        let body = format!(r#"{{"status": "in-review", "slug": "{slug}", "title": "Board"}}"#);
        assert_eq!(
            python.send("PUT", &format!("/dashboard/{id}"), &body).await.json()["status"],
            "in-review"
        );
        assert_eq!(python.get("/transactions-explorer-service/some-id/dashboard").await.json(), json!([]));
        // The wizard of the admin application looks for the type by its name.
        let types = python.get("/transform-type").await.json();
        let rate = types.as_array().unwrap().iter().find(|kind| kind["name"] == "rate").unwrap();
        assert_eq!(rate["function"], "backdrop.transformers.tasks.rate.compute");
        let transform = format!(
            r#"{{"type_id": {}, "input": {{"data-type": "visits", "data-group": "{group}"}}, "query-parameters": {{"collect": ["count:sum"], "group_by": "channel", "period": "week"}}, "options": {{"denominatorMatcher": ".+", "numeratorMatcher": "^digital$", "matchingAttribute": "channel", "valueAttribute": "count:sum"}}, "output": {{"data-type": "digital-takeup", "data-group": "{group}"}}}}"#,
            rate["id"]
        );
        let made = python.send("POST", "/transform", &transform).await.json();
        assert_eq!(python.get(&format!("/data-sets/{name}/transform")).await.json(), json!([made]));
        let mut data_set =
            Python::new(deployment.everything, &format!("/data/{group}/visits"), Some("t"), true).await;
        let records = r#"[{"_timestamp": "2014-01-06T00:00:00+00:00", "area": "1", "kind": "x", "channel": "digital", "count": 3}, {"_timestamp": "2014-01-06T00:00:00+00:00", "area": "2", "kind": "x", "channel": "paper", "count": 1}]"#;
        assert_eq!(data_set.send("POST", "", records).await.json(), json!({"status": "ok"}));
        assert_eq!(run_due(&deployment.server.state, chrono::Utc::now()).await, 1);
        let mut takeup =
            Python::new(deployment.everything, &format!("/data/{group}/digital-takeup"), None, true).await;
        assert_eq!(takeup.get("").await.json()["data"][0]["rate"], json!(0.75));
        assert_eq!(python.get("/organisation/node?type=department&type=agency").await.json(), json!([]));
        assert_eq!(python.get("/_status").await.json()["status"], "ok");
        let gone = python.send("DELETE", &format!("/dashboard/{id}"), "").await;
        assert_eq!(gone.json()["id"], *id);
        assert_eq!(python.get(&format!("/dashboard/{id}")).await.status, 404);
        assert!(python.get("/collector-type").await.json().is_array());
        assert_eq!(python.get("/collector-type/ga").await.json()["slug"], "ga");
        assert_eq!(python.get("/collector").await.json(), json!([]));
        assert_eq!(python.get("/collector/none").await.status, 404);
        let mut anonymous = Python::new(address, base, None, false).await;
        assert_eq!(anonymous.get("/organisation/node?type=department").await.json(), json!([]));
    }
}

#[tokio::test]
async fn the_sign_on_service_is_answered_without_a_body() {
    let deployment = Deployment::start().await;
    let token = deployment
        .make("/tokens", json!({"name": "sso@example.gov.uk", "roles": ["user_update_permission"]}))
        .await;
    let mut python = Python::new(deployment.admin_api, "", token["token"].as_str(), false).await;
    let head = python.head("POST", "/auth/gds/api/users/some-uid/reauth", "Content-Length: 0\r\n");
    let reply = exchange(&mut python.stream, head.as_bytes()).await;
    assert_eq!((reply.status, reply.json()), (204, Value::Null));
}

#[tokio::test]
async fn the_javascript_library_resolves_a_dashboard() {
    let deployment = Deployment::start().await;
    deployment.data_set("g", "t").await;
    let mut python = Python::new(deployment.everything, "/data/g/t", Some("tok"), true).await;
    let records = r#"[{"_timestamp": "2014-01-06T00:00:00+00:00", "channel": "x", "count": 1}, {"_timestamp": "2014-01-13T00:00:00+00:00", "channel": "y", "count": 2}]"#;
    python.send("POST", "", records).await.json();
    let document = json!({"slug": "board", "title": "Board", "published": true, "modules": [
        {"slug": "k", "module-type": "kpi", "title": "K", "value-attribute": "count",
         "data-source": {"data-group": "g", "data-type": "t", "query-params": {}}},
        {"slug": "w", "module-type": "grouped_timeseries", "title": "W", "value-attribute": "count",
         "data-source": {"data-group": "g", "data-type": "t", "query-params": {"period": "week", "group_by": ["channel"]}}}]});
    deployment.server.state.registry.put_dashboard(&document).await.unwrap();
    let ask = async |address: SocketAddr, path: String| {
        let request = format!(
            "GET {path} HTTP/1.1\r\naccept: application/json\r\nhost: localhost\r\nConnection: keep-alive\r\n\r\n"
        );
        exchange(&mut connect(address).await, request.as_bytes()).await
    };
    // Both as an older deployment has it and below the prefix.
    for (address, base) in [(deployment.admin_api, "/"), (deployment.everything, "/admin-api/")] {
        let dashboard = ask(address, format!("{base}public/dashboards?slug=board")).await;
        assert_eq!(dashboard.header("access-control-allow-origin"), Some("*"));
        let dashboard = dashboard.json();
        assert_eq!(dashboard["modules"][1]["data-source"]["query-params"]["group_by"], json!(["channel"]));
        // All modules at once.
        let (k, w) = tokio::join!(
            ask(deployment.everything, "/data/g/t?flatten=true&sort_by=_timestamp%3Adescending&limit=6".to_owned()),
            ask(deployment.everything, "/data/g/t?period=week&group_by=channel&flatten=true&start_at=2014-01-06T00%3A00%3A00Z&end_at=2014-01-20T00%3A00%3A00Z&collect=count%3Asum".to_owned()),
        );
        for reply in [&k, &w] {
            assert_eq!(
                (reply.status, reply.header("access-control-allow-origin")),
                (200, Some("*")),
                "{}",
                reply.text()
            );
        }
        assert_eq!(k.json()["data"][0]["count"], 2);
        assert_eq!(w.json()["data"].as_array().unwrap().len(), 4);
        assert_eq!(ask(address, format!("{base}public/dashboards?slug=none")).await.status, 404);
    }
}

#[tokio::test]
async fn the_sender_of_the_command_line_gets_the_statuses_that_it_knows() {
    let deployment = Deployment::start().await;
    deployment.data_set("group", "type").await;
    let send = async |token: &str, path: &str, body: &str| {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: python-requests/2.27.1\r\n\
             Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n\
             Authorization: Bearer {token}\r\nContent-type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        exchange(&mut connect(deployment.everything).await, request.as_bytes()).await.status
    };
    let record = "{\"_timestamp\": \"2014-01-01T00:00:00Z\", \"value\": 1}\n";
    assert_eq!(send("tok", "/data/group/type", record).await, 200);
    assert_eq!(send("wrong", "/data/group/type", record).await, 401);
    assert_eq!(send("tok", "/data/group/none", record).await, 404);
    assert_eq!(send("tok", "/data/group/type", "no json").await, 400);
}

#[test]
fn our_own_sender_ends_with_the_codes_that_scripts_know() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    server.make_data_set("group", "type");
    let file = folder.path().join("records.json");
    std::fs::write(&file, r#"[{"_timestamp": "2014-01-01T00:00:00Z", "value": 1}]"#).unwrap();
    let send = |url: &str, token: &str, more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_performance-platform"));
        command.args(["send", "--url", url, "--token", token, "--failfast"]).args(more).arg(&file);
        let done = command.output().unwrap();
        (done.status.code().unwrap(), String::from_utf8(done.stderr).unwrap())
    };
    let url = format!("http://{}/data/group/type", server.host);
    assert_eq!(send(&url, WRITER, &[]), (0, String::new()));
    let (code, said) = send(&url, "wrong", &[]);
    assert!(code == 8 && said.contains("the server answered 401"), "{code} {said}");
    assert_eq!(send(&format!("{url}s"), WRITER, &[]).0, 8);
    // Answers that a server of ours does not give, or not in time; the last one is for a connection that is refused.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let other = format!("http://{}/data/group/type", listener.local_addr().unwrap());
    let forbidding = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        while !request.windows(2).any(|bytes| bytes == b"}]") {
            let _ = stream.read(&mut request).unwrap();
        }
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").unwrap();
        listener
    });
    assert_eq!(send(&other, WRITER, &[]).0, 4);
    let listener = forbidding.join().unwrap();
    assert_eq!(send(&other, WRITER, &["--timeout", "0.2"]).0, 32);
    drop(listener);
    let (code, said) = send(&other, WRITER, &["--sleep", "0", "--attempts", "2"]);
    assert!(code == 16 && said.starts_with("attempt 1 of 1: cannot reach the server"), "{said}");
    let mut tries = std::process::Command::new(env!("CARGO_BIN_EXE_performance-platform"));
    tries.args(["send", "--url", &other, "--token", "t", "--sleep", "0", "--attempts", "2"]).arg(&file);
    let done = tries.output().unwrap();
    assert!(String::from_utf8_lossy(&done.stderr).contains("attempt 2 of 2"));
    assert_eq!(done.status.code(), Some(16));
}

#[tokio::test]
async fn the_notifier_and_scripts_are_answered() {
    let deployment = Deployment::start().await;
    deployment.data_set("performance-platform", "notifier").await;
    let token = deployment
        .make("/tokens", json!({"name": "n@example.gov.uk", "roles": ["admin", "dashboard"]}))
        .await;
    let mut notifier = Python::new(deployment.everything, "", token["token"].as_str(), false).await;
    for path in ["/_status/data-sets/", "/_status/data-sets", "/_status", "/_status/"] {
        let reply = notifier.get(path).await;
        assert_eq!(reply.status, 200, "{path}");
        reply.json();
    }
    assert_eq!(notifier.get("/data/performance-platform/notifier").await.json()["data"], json!([]));
    for path in [
        "/admin-api/data-sets/performance_platform_notifier/users",
        "/admin-api/data-sets/performance_platform_notifier/dashboard",
        "/admin-api/_status/data-sets/",
    ] {
        let reply = notifier.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    }
}
