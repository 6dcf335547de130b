//! Whether the server is up, and which data sets have fallen behind.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use query_lang::print_time;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::state::AppState;

const HEADERS: [(header::HeaderName, &str); 2] =
    [(header::CACHE_CONTROL, "no-cache"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];

/// `GET /_status`.
pub async fn app() -> Response {
    (HEADERS, Json(json!({"status": "ok", "message": "app is up"}))).into_response()
}

/// `GET /_status/data-sets`: the published data sets whose newest record is older than their owners promised.
pub async fn data_sets(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, ApiError> {
    let now = state.now(&headers);
    let mut late: Vec<Value> = Vec::new();
    for data_set in state.registry.data_sets() {
        let Some(promised) = data_set.max_age_expected.filter(|_| data_set.published && data_set.queryable)
        else {
            continue;
        };
        let Some(last) = state.store.last_timestamp(&data_set.name).await? else { continue };
        let age = (now - last).num_seconds();
        if age > promised {
            late.push(json!({
                "name": data_set.name,
                "last-updated": print_time(last),
                "max-age-expected": promised,
                "seconds-out-of-date": age - promised,
            }));
        }
    }
    let body = match late.len() {
        0 => json!({"status": "ok", "message": "All data-sets are in date"}),
        1 => json!({"status": "not okay", "message": "1 data-set is out of date", "data_sets": late}),
        count => {
            json!({"status": "not okay", "message": format!("{count} data-sets are out of date"), "data_sets": late})
        }
    };
    Ok((HEADERS, Json(body)).into_response())
}
