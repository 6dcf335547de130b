//! Replays what the older services answered, request by request, against this one.
//!
//! Vectors that do not pass yet are listed in `conformance/failing.txt`. The list may only shrink: a vector that fails and
//! is not listed breaks the test, and so does one that is listed and passes.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::support::{ADMIN, Answer, TestServer};
use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../conformance")
}

fn files(kind: &str) -> Vec<Value> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder().join(kind)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let parse = |path: &PathBuf| {
        // Python wrote the files; what is not a number for JSON only stands in answers that are not compared.
        let text =
            std::fs::read_to_string(path).unwrap().replace(": NaN", ": null").replace(": Infinity", ": null");
        serde_json::from_str(&text).unwrap()
    };
    paths.iter().map(parse).collect()
}

/// Checks the failures of one kind of vectors against the list.
fn judge(kind: &str, total: usize, failed: &[(String, String)]) {
    let listed: BTreeSet<String> = std::fs::read_to_string(folder().join("failing.txt"))
        .unwrap()
        .lines()
        .filter_map(|line| {
            line.split('#').next()?.trim().strip_prefix(&format!("{kind} ")).map(str::to_owned)
        })
        .collect();
    let found: BTreeSet<String> = failed.iter().map(|(id, _)| id.clone()).collect();
    let new: Vec<String> = failed
        .iter()
        .filter(|(id, _)| !listed.contains(id))
        .map(|(id, why)| format!("{id}\n    {}", why.chars().take(1_200).collect::<String>()))
        .collect();
    println!("{kind}: {} of {total} vectors pass", total - failed.len());
    assert!(new.is_empty(), "{} vectors fail that are not listed:\n{}", new.len(), new.join("\n"));
    let mended: Vec<&String> = listed.difference(&found).collect();
    assert!(mended.is_empty(), "these pass now: take them off conformance/failing.txt: {mended:?}");
}

/// Creates the data set or replaces its configuration, through the admin API.
async fn configure(server: &TestServer, data_set: &Value) {
    for (path, name) in [("data-groups", &data_set["data_group"]), ("data-types", &data_set["data_type"])] {
        server.json("POST", &format!("/admin-api/{path}"), ADMIN, &json!({"name": name})).await;
    }
    let mut body = Map::new();
    for (key, value) in data_set.as_object().unwrap() {
        match key.as_str() {
            "auto_ids" => {
                let names = value
                    .as_array()
                    .map(|list| list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","));
                body.insert(key.clone(), names.unwrap_or_default().into());
            }
            "bearer_token" => {
                body.insert(key.clone(), value.as_str().unwrap_or_default().into());
            }
            _ if value.is_null() => {}
            _ => {
                body.insert(key.clone(), value.clone());
            }
        }
    }
    let name = data_set["name"].as_str().unwrap();
    let path = format!("/admin-api/data-sets/{name}");
    let known = server.json("GET", &path, ADMIN, &Value::Null).await.status.is_success();
    let answer = if known {
        body.remove("name");
        server.json("PUT", &path, ADMIN, &body.into()).await
    } else {
        server.json("POST", "/admin-api/data-sets", ADMIN, &body.into()).await
    };
    assert!(answer.status.is_success(), "configuring {name}: {}", answer.text());
}

async fn empty(server: &TestServer, data_set: &Value) {
    let path = format!("/data-sets/{}", data_set["name"].as_str().unwrap());
    server.json("DELETE", &path, ADMIN, &Value::Null).await;
}

async fn load(server: &TestServer, data_set: &Value, records: &Value) {
    let path = format!("/{}", data_set["name"].as_str().unwrap());
    let token = data_set["bearer_token"].as_str().unwrap();
    let answer = server.json("POST", &path, token, records).await;
    assert!(answer.status.is_success(), "loading {path}: {}", answer.text());
}

async fn send(server: &TestServer, router: &Router, vector: &Value, path: &str, headers: &Value) -> Answer {
    let mut sent: Vec<(String, String)> = Vec::new();
    for (name, value) in headers.as_object().into_iter().flatten() {
        let value = value.as_str().unwrap().replace("dev-create-endpoint-token", ADMIN);
        sent.push((name.clone(), value.trim_end().to_owned()));
    }
    if let Some(now) = vector["now"].as_str() {
        sent.push(("x-test-now".to_owned(), now.to_owned()));
    }
    let body = match (vector["body_base64"].as_str(), vector["body"].as_str()) {
        (Some(text), _) => STANDARD.decode(text).unwrap(),
        (None, Some(text)) if vector.get("target").is_some() => text.as_bytes().to_vec(),
        _ => Vec::new(),
    };
    let headers: Vec<(&str, &str)> =
        sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    server.send(router, vector["method"].as_str().unwrap_or("GET"), path, &headers, body).await
}

/// Why the answer is not the expected one.
fn difference(vector: &Value, body_key: &str, headers_key: Option<&str>, answer: &Answer) -> Option<String> {
    let got = answer.value();
    let order = vector["order"].as_str().unwrap_or("exact");
    let plain = (&vector["status"], &vector[body_key]);
    let public = vector.get("mongo").map(|mongo| (&mongo["status"], &mongo[body_key]));
    // Either of the two storage engines of the older system may be followed.
    let fits = [Some(plain), public]
        .into_iter()
        .flatten()
        .any(|(status, body)| *status == answer.status.as_u16() && bodies_match(body, &got, order));
    if !fits {
        return Some(format!("got {} {got}\n    expected {} {}", answer.status, plain.0, plain.1));
    }
    let expected = headers_key.and_then(|key| vector[key].as_object());
    expected.into_iter().flatten().find_map(|(name, value)| header_difference(name, value.as_str()?, answer))
}

fn header_difference(name: &str, expected: &str, answer: &Answer) -> Option<String> {
    let got = answer.header(name).unwrap_or_default();
    let set = |text: &str| text.split(',').map(|part| part.trim().to_owned()).collect::<BTreeSet<_>>();
    let bare = |text: &str| text.split(';').next().unwrap_or_default().to_owned();
    let fits = match name {
        _ if expected == "<etag>" => !got.is_empty(),
        "allow" => set(expected) == set(got),
        "content-type" => bare(expected) == bare(got),
        _ => expected == got,
    };
    (!fits).then(|| format!("header {name}: {got:?}, not {expected:?}"))
}

fn bodies_match(expected: &Value, got: &Value, order: &str) -> bool {
    if let (Some(rows), Some(got_rows)) = (expected["data"].as_array(), got["data"].as_array()) {
        let rest = |value: &Value| {
            let mut object = value.as_object().unwrap().clone();
            object.remove("data");
            Value::Object(object)
        };
        return same(&rest(expected), &rest(got)) && rows_match(rows, got_rows, order);
    }
    if let (Some(messages), Some(got)) = (expected["messages"].as_array(), got["messages"].as_array()) {
        return same_bag(messages, got);
    }
    match (expected.as_str(), got.as_str()) {
        (Some(expected), Some(_)) if expected.starts_with("<!DOCTYPE") => true,
        (Some(expected), Some(got)) => text_matches(expected, got, order),
        (Some(expected), None) => expected.starts_with("<!DOCTYPE"),
        _ => {
            let broken_json = |value: &Value| {
                value["message"].as_str().is_some_and(|message| message.starts_with("Error parsing JSON: "))
            };
            same(expected, got) || broken_json(expected) && broken_json(got)
        }
    }
}

fn rows_match(expected: &[Value], got: &[Value], order: &str) -> bool {
    match order {
        "exact" => expected.len() == got.len() && expected.iter().zip(got).all(|(a, b)| same(a, b)),
        "count" => expected.len() == got.len(),
        _ => {
            let ties = order
                .strip_prefix("ties:")
                .is_none_or(|field| expected.iter().zip(got).all(|(a, b)| same(&a[field], &b[field])));
            ties && same_bag(expected, got)
        }
    }
}

fn text_matches(expected: &str, got: &str, order: &str) -> bool {
    let (expected, got) = (cells(expected), cells(got));
    if order == "count" {
        return expected.len() == got.len();
    }
    if order == "exact" {
        return expected.len() == got.len() && expected.iter().zip(&got).all(|(a, b)| same(a, b));
    }
    expected.first() == got.first() && same_bag(&expected, &got)
}

/// The lines of a CSV text; numbers by value, times in one form.
fn cells(text: &str) -> Vec<Value> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let cell = |text: &str| match text.parse::<f64>() {
        Ok(number) if text != "NaN" && text != "inf" => json!(number),
        _ => {
            let bytes = text.as_bytes();
            let spaced_time = bytes.len() > 18 && bytes[4] == b'-' && bytes[10] == b' ' && bytes[13] == b':';
            if spaced_time { text.replacen(' ', "T", 1).into() } else { text.into() }
        }
    };
    reader.records().map(|record| record.unwrap().iter().map(cell).collect()).collect()
}

fn same_bag(expected: &[Value], got: &[Value]) -> bool {
    let mut left: Vec<&Value> = got.iter().collect();
    expected.len() == got.len()
        && expected.iter().all(|value| match left.iter().position(|other| same(value, other)) {
            Some(index) => {
                left.swap_remove(index);
                true
            }
            None => false,
        })
}

fn same(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::String(mark), _) if mark == "<updated_at>" => {
            got.as_str().is_some_and(|text| text.len() > 18)
        }
        (Value::String(mark), _) if mark == "<generated_id>" => {
            got.as_str().is_some_and(|text| !text.is_empty())
        }
        (Value::String(mark), _) if mark == "<seconds>" => got.is_number(),
        (Value::Number(a), Value::Number(b)) => {
            let (exact_a, exact_b) = (a.as_i64(), b.as_i64());
            if exact_a.is_some() && exact_b.is_some() {
                return exact_a == exact_b;
            }
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            a == b || format!("{a:.11e}") == format!("{b:.11e}")
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => expected == got,
    }
}

#[tokio::test]
async fn the_read_api_answers_as_recorded() {
    let server = TestServer::start().await;
    let (mut total, mut failed) = (0, Vec::new());
    let mut loaded = Value::Null;
    for file in files("read") {
        let data_set = &file["data_set"];
        configure(&server, data_set).await;
        let source = json!([file["records"], data_set["auto_ids"], data_set["name"]]);
        if loaded != source {
            empty(&server, data_set).await;
            let records = std::fs::read(folder().join(file["records"].as_str().unwrap())).unwrap();
            load(&server, data_set, &serde_json::from_slice(&records).unwrap()).await;
            loaded = source;
        }
        let text = |name: &str| data_set[name].as_str().unwrap();
        let base = format!("/data/{}/{}", text("data_group"), text("data_type"));
        for vector in file["vectors"].as_array().unwrap() {
            if vector.get("quirk").is_some() && vector.get("mongo").is_none() {
                continue;
            }
            total += 1;
            let path = vector["path"].as_str().unwrap_or(&base);
            let query_string = vector["query_string"].as_str().unwrap();
            let uri =
                if query_string.is_empty() { path.to_owned() } else { format!("{path}?{query_string}") };
            let mut headers = vector["request_headers"].clone();
            if headers.to_string().contains("<etag>") {
                let tag = server.send(&server.read, "GET", &uri, &[], Vec::new()).await;
                let tag = tag.header("etag").unwrap_or_default().to_owned();
                for value in headers.as_object_mut().unwrap().values_mut() {
                    *value = value.as_str().unwrap().replace("<etag>", &tag).into();
                }
            }
            let answer = send(&server, &server.read, vector, &uri, &headers).await;
            if let Some(why) = difference(vector, "body", Some("headers"), &answer) {
                failed
                    .push((vector["id"].as_str().unwrap().to_owned(), format!("{query_string}\n    {why}")));
            }
        }
    }
    judge("read", total, &failed);
}

#[tokio::test]
async fn the_write_api_answers_as_recorded() {
    let (mut total, mut failed) = (0, Vec::new());
    for file in files("write") {
        let server = TestServer::start().await;
        for data_set in file["data_sets"].as_array().unwrap() {
            configure(&server, data_set).await;
        }
        for vector in file["sequence"].as_array().unwrap() {
            if let Some(data_set) = vector.get("reconfigure") {
                configure(&server, data_set).await;
                continue;
            }
            let router = if vector["target"] == "read" { &server.read } else { &server.write };
            let path = vector["path"].as_str().unwrap();
            let answer = send(&server, router, vector, path, &vector["headers"]).await;
            if vector.get("quirk").is_some() || vector.get("after_quirk").is_some() {
                continue;
            }
            total += 1;
            let headers_key = (vector["target"] == "write").then_some("response_headers");
            let headers_key = headers_key.filter(|_| answer.status.as_u16() != 413);
            if let Some(why) = difference(vector, "response", headers_key, &answer) {
                let body = vector["body"].as_str().unwrap_or_default();
                failed.push((vector["id"].as_str().unwrap().to_owned(), format!("{path} {body}\n    {why}")));
            }
        }
    }
    judge("write", total, &failed);
}
