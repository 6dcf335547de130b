//! Every refusal that the description names does occur: each is provoked, operation by operation. Those of a store that is busy
//! (503) or whose disk is full (507) are proved in `error.rs`, and what leads to them in the engine.

use std::sync::Arc;
use std::time::Duration;

use crate::support::ADMIN;
use crate::support::scene::Scene;
use engine::query::{QueryEngine, QueryLimits};
use serde_json::{Value, json};
use server::openapi::{Body, Operation, operations};
use server::router;

impl Scene {
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
