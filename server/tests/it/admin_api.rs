//! The configuration API against what the older one answered, request by request, and against rules of its own.
//!
//! Recorded answers that are defects say so, and which status is better: that one is given.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::support::{ADMIN, Answer, TestServer};
use serde_json::{Value, json};

type Names = HashMap<String, String>;

fn admin_path(path: &str) -> String {
    format!("/admin-api{path}")
}

async fn administrator(server: &TestServer, method: &str, path: &str, body: &Value) -> Answer {
    server.json(method, &admin_path(path), ADMIN, body).await
}

/// Makes what a file needs, and answers the names by which its requests refer to it.
async fn set_up(server: &TestServer, setup: &Value) -> Names {
    let mut names = Names::from([("token:bad".to_owned(), "no-such-token".to_owned())]);
    let list = |key: &str| setup[key].as_array().cloned().unwrap_or_default();
    for name in list("data_types") {
        administrator(server, "POST", "/data-types", &json!({"name": name})).await;
    }
    for module_type in list("module_types") {
        let name = module_type["name"].as_str().unwrap();
        let mut answer = administrator(server, "POST", "/module-type", &module_type).await;
        if !answer.status.is_success() {
            answer = administrator(server, "PUT", &format!("/module-type/{name}"), &module_type).await;
        }
        let id = answer.value()["id"].as_str().unwrap().to_owned();
        names.insert(format!("module_type:{name}"), id);
    }
    for name in list("organisation_types") {
        let name = name.as_str().unwrap();
        administrator(server, "POST", "/organisation/type", &json!({"name": name})).await;
        let found =
            administrator(server, "GET", &format!("/organisation/type?name={name}"), &Value::Null).await;
        names
            .insert(format!("organisation_type:{name}"), found.value()[0]["id"].as_str().unwrap().to_owned());
    }
    for email in list("users") {
        administrator(server, "POST", "/users", &json!({"email": email})).await;
    }
    for (name, token) in setup["tokens"].as_object().into_iter().flatten() {
        administrator(server, "POST", "/users", &json!({"email": token["email"]})).await;
        let body = json!({"name": token["email"], "roles": token["roles"]});
        let answer = administrator(server, "POST", "/tokens", &body).await;
        names.insert(format!("token:{name}"), answer.value()["token"].as_str().unwrap().to_owned());
    }
    names
}

/// Puts values in the place of `{{name}}`, in texts anywhere in a value.
fn fill(value: &Value, names: &Names) -> Value {
    match value {
        Value::String(text) => fill_text(text, names).into(),
        Value::Array(items) => items.iter().map(|item| fill(item, names)).collect(),
        Value::Object(members) => {
            let filled = members.iter().map(|(key, value)| (fill_text(key, names), fill(value, names)));
            Value::Object(filled.collect())
        }
        other => other.clone(),
    }
}

fn fill_text(text: &str, names: &Names) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { break };
        filled += before;
        filled += names.get(name).map_or("", String::as_str);
        rest = after;
    }
    filled + rest
}

async fn send(server: &TestServer, step: &Value, names: &Names) -> Answer {
    let headers = fill(&step["headers"], names);
    let headers = headers.as_object().into_iter().flatten();
    let headers: Vec<(&str, &str)> =
        headers.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    let body = match (step.get("body"), step["body_text"].as_str()) {
        (Some(body), _) => fill(body, names).to_string(),
        (None, Some(text)) => fill_text(text, names),
        (None, None) => String::new(),
    };
    let path = admin_path(&fill_text(step["path"].as_str().unwrap(), names));
    let method = step["method"].as_str().unwrap();
    server.send(&server.everything, method, &path, &headers, body.into_bytes()).await
}

/// Python's mark of a text, which the original leaks.
fn tidy(text: &str) -> String {
    text.replace("u'", "'").replace("u\"", "\"")
}

fn sorted_lines(text: &str, separator: &str) -> Vec<String> {
    let mut lines: Vec<String> = tidy(text).split(separator).map(str::to_owned).collect();
    lines.sort();
    lines
}

fn texts_match(expected: &str, got: &str) -> bool {
    if expected == "<uuid>" {
        return got.len() == 36 && got == got.to_lowercase() && stagecraft::Uuid::parse_str(got).is_ok();
    }
    if let Some(end) = expected.strip_prefix("<prefix>") {
        return got.ends_with(end);
    }
    if let Some(start) = expected.strip_suffix("<text>") {
        return tidy(got).starts_with(&tidy(start));
    }
    if expected.starts_with("validation errors:\n") {
        return sorted_lines(expected, "\n") == sorted_lines(got, "\n");
    }
    tidy(expected) == tidy(got)
}

fn matches(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::String(expected), _) if expected == "<any>" => true,
        (Value::String(expected), Value::String(got)) => texts_match(expected, got),
        (Value::Object(expected), Value::Object(got)) => {
            expected.len() == got.len()
                && expected.iter().all(|(key, value)| got.get(key).is_some_and(|got| matches(value, got)))
        }
        (Value::Array(expected), Value::Array(got)) => {
            expected.len() == got.len() && expected.iter().zip(got).all(|(one, other)| matches(one, other))
        }
        (Value::Number(expected), Value::Number(got)) => expected.as_f64() == got.as_f64(),
        _ => expected == got,
    }
}

fn contains_all(expected: &[Value], got: &[Value]) -> bool {
    let mut left: Vec<&Value> = got.iter().collect();
    expected.iter().all(|item| match left.iter().position(|got| matches(item, got)) {
        Some(at) => {
            left.remove(at);
            true
        }
        None => false,
    })
}

fn bodies_match(expected: &Value, got: &Value, order: &str) -> bool {
    if expected == "<html>" {
        return true;
    }
    if let Some((how, member)) = order.split_once(":/") {
        let (mut expected, mut got) = (expected.clone(), got.clone());
        let inner = (expected[member].take(), got[member].take());
        return matches(&expected, &got) && bodies_match(&inner.0, &inner.1, how);
    }
    match (order, expected.as_array(), got.as_array()) {
        ("exact", _, _) => matches(expected, got),
        ("unordered", Some(expected), Some(got)) => {
            expected.len() == got.len() && contains_all(expected, got)
        }
        ("contains", Some(expected), Some(got)) => contains_all(expected, got),
        ("sequence", Some(expected), Some(got)) => {
            let mut got = got.iter();
            expected.iter().all(|item| got.any(|got| matches(item, got)))
        }
        _ => false,
    }
}

fn header_complaint(expected: &Value, answer: &Answer) -> Option<String> {
    for (name, expected) in expected.as_object().into_iter().flatten() {
        let expected = expected.as_str().unwrap();
        let Some(got) = answer.header(name) else { return Some(format!("no header {name}")) };
        // Some clients read only one line of a header.
        if answer.headers.get_all(name).iter().count() > 1 {
            return Some(format!("several lines of the header {name}"));
        }
        let parts = |text: &str| sorted_lines(&text.to_lowercase().replace(' ', ""), ",");
        let fits = match name.as_str() {
            "allow" | "cache-control" => parts(expected) == parts(got),
            "vary" => parts(expected).iter().all(|part| parts(got).contains(part)),
            "content-type" => expected.split(';').next() == got.split(';').next(),
            "location" => got.ends_with(expected),
            _ => expected == got,
        };
        if !fits {
            return Some(format!("header {name}: {got}"));
        }
    }
    None
}

/// Sends the steps of a file. Answers what is wrong, step by step.
async fn replay(server: &TestServer, file: &Value) -> Vec<String> {
    let mut names = set_up(server, &file["setup"]).await;
    let mut complaints = Vec::new();
    for step in file["sequence"].as_array().unwrap() {
        let answer = send(server, step, &names).await;
        let (id, status) = (step["id"].as_str().unwrap(), answer.status.as_u16());
        if step.get("quirk").is_some() {
            if step["recommended_status"] != status {
                complaints.push(format!("{id}: got {status}, recommended {}", step["recommended_status"]));
            }
            continue;
        }
        let got = answer.value();
        for (name, pointer) in step["capture"].as_object().into_iter().flatten() {
            if let Some(Value::String(text)) = got.pointer(pointer.as_str().unwrap()) {
                names.insert(name.clone(), text.clone());
            }
        }
        let expected = fill(&step["response"], &names);
        let order = step["order"].as_str().unwrap_or("exact");
        if step["status"] != status || !bodies_match(&expected, &got, order) {
            complaints.push(format!("{id}: got {status} {got}\n  expected {} {expected}", step["status"]));
        } else if let Some(complaint) = header_complaint(&step["response_headers"], &answer) {
            complaints.push(format!("{id}: {complaint}"));
        }
    }
    complaints
}

#[tokio::test]
async fn answers_what_the_older_api_answered_or_better() {
    let server = TestServer::start().await;
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../conformance/admin");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    let mut complaints = Vec::new();
    for path in paths {
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        complaints.extend(replay(&server, &file).await);
    }
    assert!(complaints.is_empty(), "{} steps differ:\n{}", complaints.len(), complaints.join("\n"));
}

/// A token for somebody with these roles.
async fn token(server: &TestServer, roles: &[&str]) -> String {
    let body = json!({"name": "somebody@example.gov.uk", "roles": roles});
    let answer = administrator(server, "POST", "/tokens", &body).await;
    answer.value()["token"].as_str().unwrap().to_owned()
}

async fn group_and_type(server: &TestServer) {
    administrator(server, "POST", "/data-groups", &json!({"name": "ferries"})).await;
    administrator(server, "POST", "/data-types", &json!({"name": "crossings"})).await;
}

#[tokio::test]
async fn only_the_administrator_chooses_the_name_and_schema_of_a_data_set() {
    let server = TestServer::start().await;
    group_and_type(&server).await;
    let body = json!({"data_group": "ferries", "data_type": "crossings", "name": "old_name",
        "schema": {"type": "object", "required": ["n"]}});
    let admin = token(&server, &["admin"]).await;
    let refused = server.json("POST", &admin_path("/data-sets"), &admin, &body).await;
    assert_eq!(refused.status, 400);
    let made = administrator(&server, "POST", "/data-sets", &body).await;
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(made.value()["name"], "old_name");
    assert_eq!(made.value()["schema"]["required"], json!(["n"]));
}

#[tokio::test]
async fn removing_a_data_set_removes_its_records() {
    let server = TestServer::start().await;
    group_and_type(&server).await;
    let body = json!({"data_group": "ferries", "data_type": "crossings", "bearer_token": "t"});
    administrator(&server, "POST", "/data-sets", &body).await;
    let written =
        server.json("POST", "/data/ferries/crossings", "t", &json!([{"_id": "a", "boats": 1}])).await;
    assert_eq!(written.status, 200, "{}", written.text());
    let removed = administrator(&server, "DELETE", "/data-sets/ferries_crossings", &Value::Null).await;
    assert_eq!(removed.status, 200, "{}", removed.text());
    assert_eq!(server.get("/data/ferries/crossings").await.status, 404);
    administrator(&server, "POST", "/data-sets", &body).await;
    assert_eq!(server.get("/data/ferries/crossings").await.value()["data"], json!([]));
}

#[tokio::test]
async fn a_token_is_told_once_and_can_be_taken_back() {
    let server = TestServer::start().await;
    let text = token(&server, &["signin"]).await;
    let path = admin_path("/data-sets");
    assert_eq!(server.json("GET", &path, &text, &Value::Null).await.status, 200);
    let refused =
        server.json("POST", &admin_path("/tokens"), &text, &json!({"name": "x", "roles": []})).await;
    assert_eq!(refused.status, 403);

    let list = administrator(&server, "GET", "/tokens", &Value::Null).await;
    assert!(!list.text().contains(&text));
    let id = list.value()[0]["id"].as_str().unwrap().to_owned();
    let removed = administrator(&server, "DELETE", &format!("/tokens/{id}"), &Value::Null).await;
    assert_eq!(removed.status, 200);
    assert_eq!(server.json("GET", &path, &text, &Value::Null).await.status, 401);
}

#[tokio::test]
async fn roles_that_do_not_exist_are_refused() {
    let server = TestServer::start().await;
    let body = json!({"name": "somebody@example.gov.uk", "roles": ["king"]});
    let refused = administrator(&server, "POST", "/tokens", &body).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("king"));
}

#[tokio::test]
async fn credentials_go_in_and_never_come_out() {
    let server = TestServer::start().await;
    let provider =
        administrator(&server, "POST", "/provider", &json!({"slug": "gate", "name": "Gate"})).await;
    let provider_id = provider.value()["id"].clone();
    let body =
        json!({"slug": "main", "name": "Main", "provider_id": provider_id, "credentials": {"key": "hush"}});
    let made = administrator(&server, "POST", "/data-source", &body).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let shown = administrator(&server, "GET", "/data-source/main", &Value::Null).await;
    assert!(!made.text().contains("hush") && !shown.text().contains("hush"));
    let catalog = server.state.registry.catalog();
    let source = catalog.data_sources().find(|source| source.slug == "main").unwrap();
    assert_eq!(server.state.registry.credentials(source).unwrap(), json!({"key": "hush"}));
}
