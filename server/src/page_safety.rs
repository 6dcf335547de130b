//! What answers tell browsers not to do with them: pages run no scripts but ours and send nothing elsewhere, and other sites may
//! frame only what is meant to be framed.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::access::client::Client;
use crate::state::AppState;

/// For pages, without who may frame them.
const PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                    connect-src 'self'; form-action 'self'; base-uri 'none'";
/// For pictures that could hold scripts.
const PICTURE: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Says to browsers what every answer of its kind should, unless the answer says it itself.
pub async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let secure = Client::of(&state.access, &request).secure;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    set_if_absent(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if secure {
        set_if_absent(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("image/svg+xml") {
        set_if_absent(headers, header::CONTENT_SECURITY_POLICY, PICTURE);
    } else if kind.starts_with("text/html") {
        guard_page(headers);
    }
    response
}

fn guard_page(headers: &mut HeaderMap) {
    let own = headers.get(header::CONTENT_SECURITY_POLICY).cloned();
    // A page may say no more than who may frame it; one that says more has said all.
    let frames = own.as_ref().map_or(Ok("frame-ancestors 'self'"), HeaderValue::to_str).unwrap_or_default();
    if frames.starts_with("frame-ancestors")
        && let Ok(policy) = HeaderValue::from_str(&format!("{PAGE}; {frames}"))
    {
        if own.is_none() {
            set_if_absent(headers, header::X_FRAME_OPTIONS, "SAMEORIGIN");
        }
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    set_if_absent(headers, header::REFERRER_POLICY, "strict-origin-when-cross-origin");
}

fn set_if_absent(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}
