//! For those who run the server: whether it works, and how it is doing.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;
use serde_json::json;

use crate::error::ApiError;
use crate::state::AppState;

/// `GET /metrics`: counters and gauges in the text format of Prometheus.
pub async fn metrics(State(state): State<AppState>) -> Result<Response, ApiError> {
    let text = state.metrics.text(&state).await.map_err(|_| {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written down")
    })?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")], text).into_response())
}

/// `GET /_health`: 200 while the configuration can be read and writes can be taken; 503 with the reason when they cannot, so that a
/// proxy sends requests elsewhere.
pub async fn health(State(state): State<AppState>) -> Response {
    let registry = state.registry.refresh().await.err().map(|error| {
        tracing::error!(%error, "the configuration cannot be read");
        "the configuration cannot be read"
    });
    let log = state.store.log_fault().map(|fault| format!("writes cannot be put on disk: {fault}"));
    let faults: Vec<String> = registry.map(str::to_owned).into_iter().chain(log).collect();
    let (status, word) = match faults.is_empty() {
        true => (StatusCode::OK, "ok"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "error"),
    };
    let body = Json(json!({"status": word, "faults": faults}));
    (status, [(header::CACHE_CONTROL, "no-store")], body).into_response()
}
