//! What answers tell browsers not to do with them: pages run no scripts but ours and send nothing elsewhere, and other sites may
//! frame only what is meant to be framed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::access::client::Client;
use crate::state::AppState;

/// For pages, without where forms go and who may frame them.
const PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                    base-uri 'none'";
/// For pictures that could hold scripts.
const PICTURE: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Says to browsers what every answer of its kind should, unless the answer says it itself.
pub async fn guard(State(state): State<Arc<AppState>>, request: Request, next: Next) -> Response {
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
        guard_page(headers, state.branding.options.problem_reports.as_deref());
    }
    response
}

fn guard_page(headers: &mut HeaderMap, problem_reports: Option<&str>) {
    let own = headers.get(header::CONTENT_SECURITY_POLICY).cloned();
    // A page may say no more than who may frame it; one that says more has said all.
    let frames = own.as_ref().map_or(Ok("frame-ancestors 'self'"), HeaderValue::to_str).unwrap_or_default();
    if frames.starts_with("frame-ancestors")
        && let Ok(policy) = HeaderValue::from_str(&format!("{PAGE}; {}; {frames}", sends_to(problem_reports)))
    {
        if own.is_none() {
            set_if_absent(headers, header::X_FRAME_OPTIONS, "SAMEORIGIN");
        }
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    set_if_absent(headers, header::REFERRER_POLICY, "strict-origin-when-cross-origin");
}

/// Where forms go, with scripts or without: back to us, and reports of problems to the site that takes them.
fn sends_to(problem_reports: Option<&str>) -> String {
    let site = problem_reports.and_then(origin).map(|site| format!(" {site}")).unwrap_or_default();
    format!("connect-src 'self'{site}; form-action 'self'{site}")
}

/// The site of an address of the web: what comes before its path.
fn origin(address: &str) -> Option<&str> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ['.', '-', ':', '[', ']'].contains(&c);
    let is_site = matches!(scheme, "http" | "https") && !host.is_empty() && host.chars().all(is_plain);
    is_site.then(|| &address[..scheme.len() + "://".len() + host.len()])
}

fn set_if_absent(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use super::sends_to;

    #[test]
    fn forms_go_to_us_and_to_whoever_takes_reports_of_problems() {
        assert_eq!(sends_to(None), "connect-src 'self'; form-action 'self'");
        let elsewhere = sends_to(Some("https://tidewater.example:8443/problems?from=pages"));
        let site = "https://tidewater.example:8443";
        assert_eq!(elsewhere, format!("connect-src 'self' {site}; form-action 'self' {site}"));
        for odd in ["/problems", "javascript:alert(1)", "https://", "https://a b/", "https://a;script-src *"]
        {
            assert_eq!(sends_to(Some(odd)), sends_to(None), "{odd}");
        }
    }
}
