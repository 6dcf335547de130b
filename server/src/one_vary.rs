//! One `Vary` header in an answer: some clients read only the last of several.

use axum::http::{HeaderValue, header};
use axum::response::Response;

/// Joins several `Vary` headers into one.
pub async fn one_vary(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let names: Vec<&str> =
        headers.get_all(header::VARY).iter().filter_map(|value| value.to_str().ok()).collect();
    if names.len() > 1
        && let Ok(joined) = HeaderValue::from_str(&names.join(", "))
    {
        headers.insert(header::VARY, joined);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[tokio::test]
    async fn several_become_one() {
        let response = Response::builder().header("vary", "authorization").header("vary", "accept-encoding");
        let response = one_vary(response.body(Body::empty()).unwrap()).await;
        let values: Vec<_> = response.headers().get_all(header::VARY).iter().collect();
        assert_eq!(values, ["authorization, accept-encoding"]);
    }
}
