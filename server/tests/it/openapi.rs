//! The description of the APIs against the APIs: every route is described, and every guarded one is guarded.

use crate::support::scene::Scene;
use crate::support::{ADMIN, TestServer};
use serde_json::{Value, json};
use server::openapi::{Access, Operation, operations};

/// The paths in a source file's `.route("...")` calls.
fn routes(source: &str) -> Vec<String> {
    let calls = source.split(".route(").skip(1);
    calls
        .filter_map(|call| Some(call.trim_start().strip_prefix('"')?.split_once('"')?.0.to_owned()))
        .collect()
}

#[tokio::test]
async fn every_route_is_described() {
    let server = TestServer::start().await;
    let document = server.get("/openapi.json").await.value();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let described = |path: &str| document["paths"].get(path).is_some();
    let shared = routes(include_str!("../../src/router.rs"));
    assert!(shared.len() > 10, "the routes are found");
    // Pages for readers and files for browsers are no API.
    let pages = ["/", "/robots.txt"];
    for path in shared.iter().filter(|path| !pages.contains(&path.as_str()) && (!path.ends_with('/'))) {
        assert!(described(path), "{path}");
    }
    let admin = routes(include_str!("../../src/controllers/admin_api/mod.rs"));
    assert!(admin.len() > 10);
    for path in admin.iter().filter(|path| !path.ends_with('/')) {
        assert!(described(&format!("/admin-api{path}")), "{path}");
    }
    assert!(described("/admin-api/data-sets/{id}") && described("/admin-api/collector"));
    let new = &document["paths"]["/admin-api/users"]["post"]["requestBody"]["content"]["application/json"];
    assert_eq!(new["schema"]["required"], json!(["email"]));
}

#[tokio::test]
async fn every_filter_that_is_described_narrows_its_list() {
    let server = TestServer::start().await;
    let make = async |path: &str, body: Value| server.make(path, &body).await;
    make("/data-groups", json!({"name": "canals"})).await;
    make("/data-types", json!({"name": "boats"})).await;
    make("/data-sets", json!({"data_group": "canals", "data_type": "boats"})).await;
    make("/users", json!({"email": "a@example.gov.uk"})).await;
    make("/dashboard", json!({"slug": "board", "title": "Board"})).await;
    let kind = make("/organisation/type", json!({"name": "department"})).await["id"].clone();
    make("/organisation/node", json!({"type_id": kind, "name": "N", "slug": "n"})).await;
    let document = server.get("/openapi.json").await.value();
    let mut walked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        let names: Vec<&str> = parameters.iter().filter_map(|parameter| parameter["name"].as_str()).collect();
        if !names.contains(&"per-page") {
            continue;
        }
        let list = async |query: String| {
            let answer = server.json("GET", &format!("{path}{query}"), ADMIN, &Value::Null).await;
            assert_eq!(answer.status, 200, "{path}{query}: {}", answer.text());
            answer.value().as_array().unwrap().len()
        };
        let all = list(String::new()).await;
        assert_eq!(list("?per-page=1000&page=2".into()).await, 0, "{path}");
        for name in names.iter().filter(|name| !matches!(**name, "page" | "per-page")) {
            assert!(all > 0 || path.ends_with("/collector"), "{path}");
            assert_eq!(list(format!("?{name}=no-such-thing")).await, 0, "{path}: {name}");
            walked += 1;
        }
    }
    assert!(walked >= 15, "{walked}");
}

/// A schema of the description that takes an answer only if every field of it is described.
fn exactly(schema: &Value, document: &Value) -> jsonschema::Validator {
    fn close(value: &mut Value) {
        if value.get("properties").is_some() {
            value["additionalProperties"] = false.into();
        }
        match value {
            Value::Object(fields) => fields.values_mut().for_each(close),
            Value::Array(items) => items.iter_mut().for_each(close),
            _ => {}
        }
    }
    let mut whole = json!({"allOf": [schema], "components": document["components"]});
    close(&mut whole);
    jsonschema::validator_for(&whole).unwrap()
}

/// What is wrong with an answer to an operation, held against the description.
fn faults(operation: &Operation, answer: &Value, document: &Value) -> Vec<String> {
    let content = &document["paths"][operation.path][operation.method]["responses"]["200"]["content"];
    let schema = &content["application/json"]["schema"];
    assert!(schema.is_object(), "{} {} has no schema", operation.method, operation.path);
    let validator = exactly(schema, document);
    let request = format!("{} {}", operation.method, operation.path);
    validator
        .iter_errors(answer)
        .map(|error| format!("{request}: {error} at {}", error.instance_path()))
        .collect()
}

#[tokio::test]
async fn answers_are_as_they_are_described() {
    let scene = Scene::new().await;
    let server = &scene.server;
    let document = server.get("/openapi.json").await.value();
    let record = json!([{"_id": "absent", "_timestamp": "2026-01-01T00:00:00Z", "kind": "a"}]);
    assert_eq!(server.json("POST", "/data/canals/boats", "tok", &record).await.status, 200);
    let job = server.json("POST", "/admin-api/collector-run/c", ADMIN, &json!({})).await;
    let job = job.header("location").unwrap().replace("../", "/admin-api/");
    let group = operation("get", "/admin-api/data-groups/{id}");
    for other in [json!({"name": 1}), json!({}), json!({"name": "canals", "more": 1}), json!([])] {
        assert_eq!(faults(&group, &other, &document).len(), 1, "{other}");
    }
    let mut wrong = Vec::new();
    let mut walked = 0;
    for operation in operations().iter().filter(|operation| operation.method == "get") {
        let mut path = scene.path(operation, false);
        if let Some(list) = path.strip_suffix("/00000000-0000-4000-8000-000000000000") {
            let versions = server.json("GET", list, ADMIN, &Value::Null).await.value();
            path = format!("{list}/{}", versions[0]["version"].as_str().unwrap());
        }
        if operation.path == "/admin-api/jobs/{id}" {
            path.clone_from(&job);
        }
        let answer = server.json("GET", &path, ADMIN, &Value::Null).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        if matches!(operation.path, "/docs" | "/metrics") {
            continue;
        }
        walked += 1;
        wrong.extend(faults(operation, &answer.value(), &document));
    }
    assert!(walked > 60, "{walked}");
    // What is changed, and with what.
    let token = scene.path(&operation("delete", "/admin-api/tokens/{id}"), false);
    let owner = json!({"roles": ["admin"]});
    let changes = [
        ("post", "/data/{data_group}/{data_type}", "/data/canals/boats", record),
        ("put", "/data/{data_group}/{data_type}", "/data/canals/boats", json!([])),
        ("post", "/admin-api/data-groups", "/admin-api/data-groups", json!({"name": "docks"})),
        ("put", "/admin-api/data-groups/{id}", "/admin-api/data-groups/docks", json!({"name": "quays"})),
        ("delete", "/admin-api/data-groups/{id}", "/admin-api/data-groups/quays?if=unused", Value::Null),
        ("post", "/admin-api/dashboard", "/admin-api/dashboard", json!({"slug": "new", "title": "New"})),
        (
            "post",
            "/admin-api/dashboard/{id}/clone",
            "/admin-api/dashboard/new/clone",
            json!({"slug": "newer"}),
        ),
        ("put", "/admin-api/users/{email}/roles", "/admin-api/users/owner@example.gov.uk/roles", owner),
        ("post", "/admin-api/tokens", "/admin-api/tokens", json!({"name": "t@example.gov.uk", "roles": []})),
        ("post", "/admin-api/data-sets/{name}/token", "/admin-api/data-sets/canals_boats/token", json!({})),
        ("delete", "/admin-api/tokens/{id}", token.as_str(), Value::Null),
    ];
    for (method, described, path, body) in changes {
        let token = if path.starts_with("/data/") { "tok" } else { ADMIN };
        let answer = server.json(&method.to_uppercase(), path, token, &body).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
        wrong.extend(faults(&operation(method, described), &answer.value(), &document));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One operation of the description.
fn operation(method: &str, path: &str) -> Operation {
    *operations().iter().find(|operation| operation.method == method && operation.path == path).unwrap()
}

#[tokio::test]
async fn the_description_can_be_read_by_people() {
    let server = TestServer::start().await;
    let page = server.get("/docs").await;
    assert_eq!(page.status, 200);
    for operation in operations() {
        let request = format!("{} {}", operation.method.to_uppercase(), operation.path);
        assert!(page.text().contains(&request), "{request}");
    }
}

/// A path with something in the place of what varies: a data set that is there, and else anything.
fn filled(operation: &Operation) -> String {
    let names = [
        ("{data_group}", "canals"),
        ("{data_type}", "boats"),
        ("{data_set_name}", "canals_boats"),
        ("{name}", "canals_boats"),
        ("{record_id}", "1"),
        ("{id}", "8d7d4f60-0000-4000-8000-000000000000"),
        ("{slug}", "some"),
        ("{email}", "n@example.gov.uk"),
        ("{uid}", "some"),
    ];
    names.iter().fold(operation.path.to_owned(), |path, (name, value)| path.replace(name, value))
}

async fn token(server: &TestServer, body: Value) -> String {
    let answer = server.json("POST", "/admin-api/tokens", ADMIN, &body).await;
    answer.value()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn nothing_guarded_is_open_to_those_without_with_wrong_with_expired_or_with_too_narrow_credentials() {
    let server = TestServer::start().await;
    server.json("POST", "/admin-api/data-types", ADMIN, &json!({"name": "boats"})).await;
    server.json("POST", "/admin-api/data-groups", ADMIN, &json!({"name": "canals"})).await;
    let new = json!({"data_group": "canals", "data_type": "boats", "bearer_token": "own"});
    assert_eq!(server.json("POST", "/admin-api/data-sets", ADMIN, &new).await.status, 200);

    let of = |more: Value| {
        let mut body = json!({"name": "n@example.gov.uk", "roles": ["admin"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let expired = token(&server, of(json!({"expires": "2020-01-01T00:00:00Z"}))).await;
    // Good for writing other records, and for nothing else.
    let narrow = token(&server, of(json!({"scopes": ["data:write:roads/cars"]}))).await;
    let roleless = token(&server, of(json!({"roles": []}))).await;
    let credentials = [
        ("none", None),
        ("another scheme", Some("Basic b3duOm93bg==".to_owned())),
        ("wrong", Some("Bearer wrong".to_owned())),
        ("expired", Some(format!("Bearer {expired}"))),
        ("too narrow", Some(format!("Bearer {narrow}"))),
        ("without roles", Some(format!("Bearer {roleless}"))),
    ];
    let before = server.json("GET", "/admin-api/audit-log?limit=100000", ADMIN, &Value::Null).await.value();
    let mut walked = 0;
    for operation in operations().iter().filter(|operation| operation.access != Access::Everybody) {
        for (name, credential) in &credentials {
            let mut headers = vec![("content-type", "application/json")];
            headers.extend(credential.as_deref().map(|value| ("authorization", value)));
            let method = operation.method.to_uppercase();
            let body = if method == "GET" { Vec::new() } else { b"[]".to_vec() };
            let answer = server.send(&server.everything, &method, &filled(operation), &headers, body).await;
            let status = answer.status.as_u16();
            // What can never be changed says so to all.
            assert!(matches!(status, 401 | 403 | 405), "{name}: {method} {}: {status}", operation.path);
            assert!(!answer.text().contains(&expired) || operation.access == Access::DataSetToken);
            walked += 1;
        }
    }
    assert!(walked > 400, "{walked}");
    let after = server.json("GET", "/admin-api/audit-log?limit=100000", ADMIN, &Value::Null).await.value();
    let count =
        |log: &Value| log.as_array().unwrap().iter().map(|line| line["times"].as_u64().unwrap()).sum::<u64>();
    assert!(count(&after) > count(&before) + 300, "refusals are noted");
    let kept = server.json("GET", "/admin-api/data-sets/canals_boats", ADMIN, &Value::Null).await;
    assert_eq!(kept.status, 200, "nothing was removed");
}
