//! Entity tags under compression: the same answer in other bytes has the same tag, but weakly (RFC 9110, section 8.8.3).

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

/// Makes the tag of a compressed answer weak, and that of a 304 to a client that knows the weak one.
pub async fn weak_when_compressed(request: Request, next: Next) -> Response {
    let known: Vec<HeaderValue> = request.headers().get_all(header::IF_NONE_MATCH).iter().cloned().collect();
    let mut response = next.run(request).await;
    if let Some(weak) = weak_tag(response.headers())
        && (response.headers().contains_key(header::CONTENT_ENCODING)
            || response.status() == StatusCode::NOT_MODIFIED && names(&known, &weak))
    {
        response.headers_mut().insert(header::ETAG, weak);
    }
    response
}

/// The weak form of the tag of an answer; `None` without a tag, or when it is weak already.
fn weak_tag(headers: &HeaderMap) -> Option<HeaderValue> {
    let tag = headers.get(header::ETAG)?.to_str().ok().filter(|tag| !tag.starts_with("W/"))?;
    HeaderValue::from_str(&format!("W/{tag}")).ok()
}

fn names(known: &[HeaderValue], tag: &HeaderValue) -> bool {
    let lists = known.iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|known| known.trim().as_bytes() == tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weak_tag_is_named_in_lists() {
        let headers = HeaderMap::from_iter([(header::ETAG, HeaderValue::from_static("\"ab\""))]);
        let weak = weak_tag(&headers).unwrap();
        assert_eq!(weak, "W/\"ab\"");
        let known = |value: &'static str| names(&[HeaderValue::from_static(value)], &weak);
        assert!(known("\"x\", W/\"ab\"") && !known("\"ab\"") && !known("*"));
        assert_eq!(weak_tag(&HeaderMap::from_iter([(header::ETAG, weak)])), None);
    }
}
