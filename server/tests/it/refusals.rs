//! Every refusal that the description names does occur: each is provoked, operation by operation. Those of a store that is busy
//! (503) or whose disk is full (507) are proved in `error.rs`, and what leads to them in the engine.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{ADMIN, TestServer};
use engine::query::{QueryEngine, QueryLimits};
use serde_json::{Value, json};
use server::openapi::{Body, Operation, operations};
use server::router;

/// A server with one of everything, each used by another, so that none may be removed.
struct Scene {
    server: TestServer,
    /// A token without roles.
    roleless: String,
    /// What `{id}` stands for, by the path of the resource.
    ids: Vec<(&'static str, String)>,
    /// A token that can be taken back.
    token_id: String,
}

impl Scene {
    async fn new() -> Scene {
        let server = TestServer::start().await;
        let make = async |path: &str, body: Value| {
            let answer = server.json("POST", &format!("/admin-api{path}"), ADMIN, &body).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            answer.value()
        };
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        make("/data-groups", json!({"name": "canals"})).await;
        make("/data-types", json!({"name": "boats"})).await;
        make("/data-types", json!({"name": "ferries"})).await;
        make("/users", json!({"email": "owner@example.gov.uk"})).await;
        let owner = make("/tokens", json!({"name": "owner@example.gov.uk", "roles": ["admin"]})).await;
        let owner_token = owner["token"].as_str().unwrap();
        let data_set =
            json!({"data_group": "canals", "data_type": "boats", "bearer_token": "tok", "published": true});
        let made = server.json("POST", "/admin-api/data-sets", owner_token, &data_set).await;
        assert_eq!(made.status, 200, "{}", made.text());
        let department = make("/organisation/type", json!({"name": "department"})).await;
        let node =
            make("/organisation/node", json!({"type_id": department["id"], "name": "N", "slug": "n"})).await;
        let kind = make("/module-type", json!({"name": "gauge", "schema": {"type": "object"}})).await;
        let module = |slug: &str, inside: Value| {
            json!({"type_id": kind["id"], "slug": slug, "title": slug, "description": "", "info": [], "options": {},
                "order": 1, "modules": inside})
        };
        let board = json!({"slug": "board", "title": "Board", "published": true, "organisation": node["id"],
            "modules": [module("outer", json!([module("inner", json!([]))]))]});
        let board = make("/dashboard", board).await;
        let transform_type =
            make("/transform-type", json!({"name": "t", "function": "a.b", "schema": {}})).await;
        let transform = json!({"type_id": transform_type["id"], "query-parameters": {}, "options": {},
            "input": {"data-type": "boats"}, "output": {"data-type": "ferries"}});
        let transform = make("/transform", transform).await;
        let provider = make("/provider", json!({"slug": "gate", "name": "Gate"})).await;
        let source =
            make("/data-source", json!({"slug": "main", "name": "Main", "provider_id": provider["id"]}))
                .await;
        let collector_type =
            json!({"slug": "gate", "name": "Gate", "provider_id": provider["id"], "entry_point": "gate"});
        let collector_type = make("/collector-type", collector_type).await;
        let collector = json!({"slug": "c", "type_id": collector_type["id"], "data_source_id": source["id"],
            "data_set": {"data_group": "canals", "data_type": "boats"}});
        let collector = make("/collector", collector).await;
        let roleless = make("/tokens", json!({"name": "r@example.gov.uk", "roles": []})).await;
        let ids = vec![
            ("/data-groups", "canals".to_owned()),
            ("/data-types", "boats".to_owned()),
            ("/data-sets", "canals_boats".to_owned()),
            ("/users", "owner@example.gov.uk".to_owned()),
            ("/dashboards", id(&board)),
            ("/dashboard", id(&board)),
            ("/modules", id(&board["modules"][0])),
            ("/module-type", "gauge".to_owned()),
            ("/module", id(&board["modules"][0])),
            ("/organisation/type", id(&department)),
            ("/organisation/node", id(&node)),
            ("/transform-type", id(&transform_type)),
            ("/transform", id(&transform)),
            ("/provider", id(&provider)),
            ("/data-source", id(&source)),
            ("/collector-type", id(&collector_type)),
            ("/collector", id(&collector)),
        ];
        Scene { roleless: roleless["token"].as_str().unwrap().to_owned(), token_id: id(&owner), ids, server }
    }

    /// The path of an operation on things that are there or, with `missing`, are not.
    fn path(&self, operation: &Operation, missing: bool) -> String {
        let nothing = "00000000-0000-4000-8000-000000000000";
        let resource = operation.path.strip_prefix("/admin-api").unwrap_or_default();
        let of_resource = self.ids.iter().find(|(path, _)| {
            resource.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("/{id}"))
        });
        let id = match of_resource {
            None if missing && resource.starts_with("/transactions-explorer-service") => "NO-ID",
            _ if missing => nothing,
            Some((_, id)) => id,
            None if resource.starts_with("/transactions-explorer-service") => "any",
            None => &self.token_id,
        };
        let there = |name: &'static str| if missing { "none" } else { name };
        operation
            .path
            .replace("{id}", id)
            .replace("{version}", nothing)
            .replace("{data_group}", there("canals"))
            .replace("{data_type}", "boats")
            .replace("{data_set_name}", there("canals_boats"))
            .replace("{name}", there("canals_boats"))
            .replace("{record_id}", "absent")
            .replace("{email}", there("owner@example.gov.uk"))
            .replace("{slug}", there("c"))
            .replace("{uid}", "some")
    }

    /// What is answered to a request that should be refused with this status.
    async fn provoke(&self, operation: &Operation, status: u16) -> u16 {
        let data = !operation.path.starts_with("/admin-api");
        let method = operation.method.to_uppercase();
        let mut path = self.path(operation, status == 404);
        let good =
            if data && operation.access == server::openapi::Access::DataSetToken { "tok" } else { ADMIN };
        let token = match status {
            401 => "wrong",
            403 => self.roleless.as_str(),
            _ => good,
        };
        let mut content_type = "application/json";
        let mut more = ("accept", "*/*");
        let mut body = b"{}".to_vec();
        match (status, method.as_str()) {
            (400, "GET") => {
                path += if data { "?period=fortnight" } else { "?page=0&limit=0&format=x&start-at=x" }
            }
            (400, "DELETE") if !data => path += "?if=unused",
            (400, "POST") if path.contains("/collector-run/") => path += "?start-at=2026-01-01",
            (400, _) => body = b"nonsense".to_vec(),
            (404, "GET") if path.contains("/public/dashboards") => path += "?slug=none",
            (404, _) => body = self.body_for_404(operation),
            (412, _) => {
                more = ("if-match", "\"of-another-version\"");
                body = self.body_for_404(operation);
            }
            (413, _) if data => body = too_much(),
            (413, _) => body = vec![b' '; 8 * 1024 * 1024 + 1],
            (415, _) => content_type = "text/plain",
            _ => {}
        }
        let authorization = format!("Bearer {token}");
        let mut headers =
            vec![("authorization", authorization.as_str()), ("content-type", content_type), more];
        if status == 413 && data {
            headers.push(("content-encoding", "gzip"));
        }
        let router = &self.server.everything;
        self.server.send(router, &method, &path, &headers, body).await.status.as_u16()
    }

    /// A body that has the right shape, so that what is refused is something else.
    fn body_for_404(&self, operation: &Operation) -> Vec<u8> {
        let nothing = "00000000-0000-4000-8000-000000000000";
        let Body::Shaped(shape) = operation.body else {
            return b"{\"_start_at\": \"2026-01-01T00:00:00Z\"}".to_vec();
        };
        let mut body = serde_json::Map::new();
        for (name, kind) in shape.required {
            use server::controllers::admin_api::shape::Kind;
            let value = match kind {
                Kind::Uuid | Kind::UuidOrNull => json!(nothing),
                Kind::Object | Kind::ObjectOrNull => json!({}),
                Kind::Integer | Kind::Amount => json!(1),
                Kind::Truth => json!(true),
                Kind::List | Kind::Texts => json!([]),
                Kind::Text => json!("x"),
            };
            body.insert((*name).to_owned(), value);
        }
        if shape.optional.iter().any(|(name, _)| *name == "organisation") {
            body.insert("organisation".to_owned(), json!(nothing));
        }
        Value::Object(body).to_string().into_bytes()
    }
}

/// A packed body that is small as sent and too large once unpacked.
fn too_much() -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&vec![b' '; 10 * 1024 * 1024 + 1]).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn every_refusal_that_is_described_occurs() {
    let scene = Scene::new().await;
    let mut wrong = Vec::new();
    let mut provoked = 0;
    for operation in &operations() {
        for status in operation.refusals.iter().filter(|status| !matches!(status, 422 | 503 | 504 | 507)) {
            let got = scene.provoke(operation, *status).await;
            provoked += 1;
            if got != *status {
                wrong.push(format!("{} {}: {got} instead of {status}", operation.method, operation.path));
            }
        }
    }
    assert!(provoked > 300, "{provoked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a query is answered on a server with these limits.
async fn with_limits(limits: QueryLimits) -> u16 {
    let mut scene = Scene::new().await;
    let record = json!([{"_timestamp": "2026-01-01T00:00:00Z", "kind": "a"}, {"_timestamp": "2026-01-02T00:00:00Z", "kind": "b"}]);
    assert_eq!(scene.server.json("POST", "/data/canals/boats", "tok", &record).await.status, 200);
    scene.server.state.queries = Arc::new(QueryEngine::new(limits));
    scene.server.everything = router::everything(scene.server.state.clone());
    scene.server.get("/data/canals/boats?group_by=kind").await.status.as_u16()
}

#[tokio::test]
async fn a_query_that_takes_too_long_or_too_much_is_refused_as_described() {
    let usual = QueryLimits::default();
    assert_eq!(with_limits(QueryLimits { deadline: Duration::ZERO, ..usual }).await, 504);
    assert_eq!(with_limits(QueryLimits { memory: 1, ..usual }).await, 422);
}
