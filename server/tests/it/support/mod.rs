//! What the tests of the server share: a state in a temporary folder, and requests without a socket.

pub mod browser;
pub mod old_clients;
pub mod process;
pub mod scene;
pub mod sign_on_service;

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use server::auth::Token;
use server::cli::open::open;
use server::clock::Clock;
use server::router;
use server::state::AppState;
use tempfile::TempDir;
use tower::ServiceExt;

/// The administrator's token in tests.
pub const ADMIN: &str = "administrator-of-tests";

/// A server without sockets, in a folder that goes away with it.
pub struct TestServer {
    pub state: AppState,
    pub everything: Router,
    pub read: Router,
    pub write: Router,
    folder: TempDir,
}

/// A whole answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON when its content type says so, else as text.
    pub fn value(&self) -> serde_json::Value {
        let is_json = self.header("content-type").is_some_and(|value| value.starts_with("application/json"));
        if is_json && !self.body.is_empty() {
            serde_json::from_slice(&self.body)
                .unwrap_or_else(|error| panic!("not JSON: {error}: {}", self.text()))
        } else {
            self.text().into()
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl TestServer {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = open(folder.path(), Token::new(ADMIN), Clock::TestHeader).await.unwrap();
        Self {
            everything: router::everything(state.clone()),
            read: router::read_only(state.clone()),
            write: router::write_only(state.clone()),
            state,
            folder,
        }
    }

    /// Where its records and its configuration are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Sends a request to one of the routers.
    pub async fn send(
        &self,
        router: &Router,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, value.as_bytes());
        }
        let response = router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(&self.everything, "GET", path, &[], Vec::new()).await
    }

    /// A request with a JSON body and a bearer token.
    pub async fn json(&self, method: &str, path: &str, token: &str, body: &serde_json::Value) -> Answer {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        self.send(&self.everything, method, path, &headers, body.to_string().into_bytes()).await
    }

    /// Makes something as the administrator, which must succeed: a path below the admin API, and what is answered.
    pub async fn make(&self, path: &str, body: &serde_json::Value) -> serde_json::Value {
        let answer = self.json("POST", &format!("/admin-api{path}"), ADMIN, body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.value()
    }
}
