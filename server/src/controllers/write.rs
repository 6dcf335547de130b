//! The write API: records in, changed and out, by bearer token.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::SubsecRound;
use serde_json::{Value, json};
use stagecraft::DataSet;

use crate::auth::allow_write;
use crate::body::{BodyError, MAX_BODY, Received, json_text};
use crate::error::ApiError;
use crate::ingest;
use crate::state::AppState;
use crate::worker::written;

/// The sentence for a path that the write API does not have.
pub const UNKNOWN_URL: &str = "The requested URL was not found on the server.  If you entered the URL manually please \
                               check your spelling and try again.";

/// The sentence that goes with every answer to a write by name.
const DEPRECATED: &str = "Deprecation Warning: accessing by data-set name is deprecated, Please use the \
                          /data-group/data-type form";

/// `POST /data/{group}/{type}`: appends one record or a list.
pub async fn append(
    State(state): State<AppState>,
    Path((data_group, data_type)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let data_set = writable(&state, &headers, state.registry.data_set_by(&data_group, &data_type))?;
    let appended = take_records(&state, &data_set, &headers, body).await?;
    written(&state, &data_set, appended.range, 0, state.now(&headers)).await;
    Ok(done(json!({"status": "ok"})))
}

/// `POST /{data_set_name}`: the older way to append, which never ran transforms.
pub async fn append_by_name(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    if !is_data_set_name(&name) {
        return Err(ApiError::not_found(UNKNOWN_URL));
    }
    let data_set = writable(&state, &headers, state.registry.data_set(&name))?;
    take_records(&state, &data_set, &headers, body).await?;
    Ok(done(json!({"status": "ok", "message": DEPRECATED})))
}

async fn take_records(
    state: &AppState,
    data_set: &Arc<DataSet>,
    headers: &HeaderMap,
    body: Body,
) -> Result<ingest::Appended, ApiError> {
    let json = json_body(state, headers, body).await.map_err(BodyError::into_messages)?;
    ingest::append(state, data_set, json.bytes.clone(), state.now(headers)).await
}

/// `PUT /data/{group}/{type}` with an empty list: removes all records.
pub async fn replace_all(
    State(state): State<AppState>,
    Path((data_group, data_type)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let data_set = writable(&state, &headers, state.registry.data_set_by(&data_group, &data_type))?;
    if parse(&state, &headers, body).await? != json!([]) {
        return Err(ApiError::bad_request("Not implemented: you can only pass an empty JSON list"));
    }
    state.store.empty(&data_set.name).await?;
    Ok(done(json!({"status": "ok", "message": format!("{} now contains 0 records", data_set.name)})))
}

/// `PATCH /data/{group}/{type}/{id}`: merges fields into a record.
pub async fn patch_record(
    State(state): State<AppState>,
    Path((data_group, data_type, id)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let data_set = writable(&state, &headers, state.registry.data_set_by(&data_group, &data_type))?;
    let json = json_body(&state, &headers, body).await.map_err(BodyError::into_message)?;
    let changes = ingest::decode_changes(&json.bytes, state.now(&headers))?;
    if state.store.patch(&data_set.name, &id, changes).await? {
        Ok(done(json!({"status": "ok"})))
    } else {
        no_record(&id)
    }
}

/// `DELETE /data/{group}/{type}/{id}`: removes a record.
pub async fn delete_record(
    State(state): State<AppState>,
    Path((data_group, data_type, id)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let data_set = writable(&state, &headers, state.registry.data_set_by(&data_group, &data_type))?;
    if state.store.delete(&data_set.name, &id).await? {
        Ok(done(json!({"status": "ok"})))
    } else {
        no_record(&id)
    }
}

fn no_record(id: &str) -> Result<Response, ApiError> {
    let body = Json(json!({"messages": format!("No record found with id {id}")}));
    Ok((StatusCode::BAD_REQUEST, body).into_response())
}

/// `POST /data/{group}/{type}/transform`: asks for the transforms of the data set to run over a time range, up to now
/// if no end is given. A range that ends before it begins has nothing in it.
pub async fn transform(
    State(state): State<AppState>,
    Path((data_group, data_type)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let data_set = writable(&state, &headers, state.registry.data_set_by(&data_group, &data_type))?;
    let request = parse(&state, &headers, body).await?;
    let Some(start) = request.get("_start_at") else {
        return Err(ApiError::bad_request("You must specify a _start_at timestamp"));
    };
    let now = state.now(&headers);
    let time = |name: &str, value: &Value| {
        let message = || format!("{name} must be a date in the format yyyy-MM-ddT00:00:00Z");
        value.as_str().and_then(query_lang::parse_timestamp).ok_or_else(|| ApiError::bad_request(message()))
    };
    let start = time("_start_at", start)?;
    let end = request.get("_end_at").map(|value| time("_end_at", value)).transpose()?;
    let end = end.unwrap_or_else(|| now.trunc_subsecs(0));
    written(&state, &data_set, Some((start, end)), 0, now).await;
    Ok(done(json!({"status": "ok"})))
}

/// `DELETE /data-sets/{name}`: removes the records of a data set; its configuration stays. For the administrator.
pub async fn drop_data_set(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if !state.is_admin(&headers) {
        let message = format!("Unauthorized: invalid or no token given for \"{name}\".");
        return Err(ApiError::unauthorized(message));
    }
    if !state.store.drop_data_set(&name).await? {
        return Err(ApiError::not_found(format!("No collection exists with name \"{name}\"")));
    }
    Ok(done(json!({"status": "ok", "message": format!("Deleted {name}")})))
}

/// `OPTIONS` of the write API.
pub async fn options() -> Response {
    let headers = [(header::ALLOW, "OPTIONS, POST, PUT"), (header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (headers, "").into_response()
}

/// 405 of the write API.
pub async fn method_not_allowed() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "The method is not allowed for the requested URL.")
}

/// 404 of the write API.
pub async fn not_found() -> ApiError {
    ApiError::not_found(UNKNOWN_URL)
}

/// The data set that was found, if there is one and the request may write to it.
fn writable(
    state: &AppState,
    headers: &HeaderMap,
    found: Option<Arc<DataSet>>,
) -> Result<Arc<DataSet>, ApiError> {
    let data_set = found.ok_or_else(|| ApiError::not_found("Could not find data_set_config"))?;
    allow_write(state, headers, &data_set)?;
    Ok(data_set)
}

/// The JSON text of a body.
async fn json_body(state: &AppState, headers: &HeaderMap, body: Body) -> Result<Received, BodyError> {
    let mut received = state.bodies.receive(headers, body, MAX_BODY).await?;
    received.bytes = json_text(&state.store, headers, received.bytes).await?;
    Ok(received)
}

/// The JSON value of a small body.
async fn parse(state: &AppState, headers: &HeaderMap, body: Body) -> Result<Value, ApiError> {
    let json = json_body(state, headers, body).await.map_err(BodyError::into_message)?;
    serde_json::from_slice(&json.bytes)
        .map_err(|error| ApiError::bad_request(format!("Error parsing JSON: \"{error}\"")))
}

/// Names of data sets in a URL: a letter or digit, then letters, digits and underscores.
fn is_data_set_name(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && !name.starts_with('_') && name.chars().all(legal)
}

fn done(body: Value) -> Response {
    ([(header::CACHE_CONTROL, "no-cache")], Json(body)).into_response()
}
