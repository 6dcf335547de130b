//! What the configuration API answers: the headers of each kind of path, and the one form of refusals.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use stagecraft::RegistryError;

use crate::controllers::read::{already_known, entity_tag};

/// What is never kept by anybody.
const NEVER_CACHE: &str = "no-cache, no-store, must-revalidate, max-age=0";

/// A refusal: a status and a sentence. The rest of the body follows from them and the request.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    /// A refusal with a status and a sentence for people.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal { status, message: message.into() }
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, message)
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, message)
    }

    /// 405.
    pub fn not_allowed(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message)
    }

    /// 401: the token is unknown, or one is needed.
    pub fn unauthorized() -> Refusal {
        Refusal::new(StatusCode::UNAUTHORIZED, "Unauthorized: invalid access token.")
    }

    /// 403: the caller may not do this.
    pub fn forbidden() -> Refusal {
        Refusal::new(StatusCode::FORBIDDEN, "Forbidden: user lacks permission.")
    }

    /// 412: what the caller wants to change is not what the caller has seen.
    pub fn changed_since() -> Refusal {
        Refusal::new(
            StatusCode::PRECONDITION_FAILED,
            "it has changed since: look at it again, then change it",
        )
    }

    /// The item is absent, or hidden from the caller.
    pub fn no_such_item() -> Refusal {
        RegistryError::no_such_item().into()
    }

    /// The response to a request with these headers.
    pub fn into_response(self, request: &HeaderMap) -> Response {
        let id = request.get("request-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
        let status = self.status.as_u16();
        let body = json!({
            "status": status,
            "message": self.message,
            "errors": [{
                "id": id,
                "status": status.to_string(),
                "code": "",
                "title": "",
                "detail": self.message,
            }],
        });
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            set(&mut response, header::WWW_AUTHENTICATE, "Bearer");
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            set(&mut response, header::RETRY_AFTER, "1");
        }
        same_frame(response)
    }
}

impl From<RegistryError> for Refusal {
    fn from(error: RegistryError) -> Refusal {
        match error {
            RegistryError::Invalid(_) | RegistryError::Conflict(_) => Refusal::bad_request(error.to_string()),
            RegistryError::NotFound(message) => Refusal::not_found(message),
            RegistryError::Secret(_) => Refusal::bad_request(error.to_string()),
            RegistryError::Database(_)
            | RegistryError::Migration(_)
            | RegistryError::Interrupted
            | RegistryError::Key { .. }
            | RegistryError::Corrupt { .. } => {
                tracing::error!(%error, "registry error");
                let message = "the configuration cannot be read or changed now";
                Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message)
            }
        }
    }
}

/// A JSON answer.
pub fn ok(body: &Value) -> Response {
    same_frame((StatusCode::OK, Json(body)).into_response())
}

/// What is told to this caller alone, or why it is not.
pub fn told(answer: Result<Value, Refusal>, method: &Method, request: &HeaderMap) -> Response {
    private(answer.map_or_else(|refusal| refusal.into_response(request), |body| ok(&body)), method)
}

/// A JSON answer with its tag, or just the tag if the caller has that answer already.
pub fn tagged(body: &Value, tag: &str, request: &HeaderMap) -> Response {
    if already_known(request, tag) {
        return unchanged(tag);
    }
    let mut response = ok(body);
    set(&mut response, header::ETAG, tag);
    response
}

/// A JSON answer that is written already, with its tag.
pub fn written(json: Vec<u8>, tag: &str) -> Response {
    let mut response = same_frame(json.into_response());
    set(&mut response, header::CONTENT_TYPE, "application/json");
    set(&mut response, header::ETAG, tag);
    response
}

/// The caller has the answer with this tag already.
pub fn unchanged(tag: &str) -> Response {
    let mut response = same_frame(StatusCode::NOT_MODIFIED.into_response());
    set(&mut response, header::ETAG, tag);
    response
}

/// A JSON answer to a change, with the tag that the thing has now.
pub fn changed(body: &Value) -> Response {
    let mut response = ok(body);
    set(&mut response, header::ETAG, &tag_of(body));
    response
}

/// The tag of one thing: that of what is told about it.
pub fn tag_of(body: &Value) -> String {
    entity_tag(&[body.to_string().as_bytes()])
}

/// 405 without a word, to a method that nothing is known by here.
pub fn not_allowed(methods: &str) -> Response {
    let mut response = StatusCode::METHOD_NOT_ALLOWED.into_response();
    set(&mut response, header::ALLOW, methods);
    same_frame(response)
}

/// Marks a resource's answer, also a refusal, as nobody's to keep and as different for every caller.
pub fn private(mut response: Response, method: &Method) -> Response {
    vary(&mut response, if method.is_safe() { "Authorization" } else { "Authorization, Cookie" });
    never_cached(response)
}

/// Says which headers of a request an answer depends on. Compression is said here too: it would add a header line of its
/// own otherwise, and some clients read only one.
pub fn vary(response: &mut Response, names: &str) {
    set(response, header::VARY, &format!("{names}, Accept-Encoding"));
}

/// Marks an answer as nobody's to keep.
pub fn never_cached(mut response: Response) -> Response {
    let now = chrono::Utc::now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    set(&mut response, header::EXPIRES, &now);
    set(&mut response, header::CACHE_CONTROL, NEVER_CACHE);
    response
}

/// No other site may frame an answer.
pub fn same_frame(mut response: Response) -> Response {
    set(&mut response, header::X_FRAME_OPTIONS, "SAMEORIGIN");
    response
}

/// Sets a header of an answer.
pub fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
