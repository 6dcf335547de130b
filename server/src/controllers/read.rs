//! The read API: `GET /data/{group}/{type}` and `GET /{data_set_name}`.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use query_lang::{Policy, Query};
use sha2::{Digest, Sha256};
use spotlight_renderer::view::provenance::Licence;
use stagecraft::DataSet;

use super::read_body;
use crate::auth::allow_write;
use crate::error::ApiError;
use crate::state::AppState;

/// `GET /data/{group}/{type}`.
pub async fn by_group_and_type(
    State(state): State<AppState>,
    Path((data_group, data_type)): Path<(String, String)>,
    RawQuery(query_string): RawQuery,
    headers: HeaderMap,
) -> Response {
    let data_set = state.registry.data_set_by(&data_group, &data_type);
    with_cors(answer(&state, data_set, query_string, &headers).await.unwrap_or_else(refused))
}

/// `GET /{data_set_name}`: the older way. All its answers carry an ETag, refusals too.
pub async fn by_name(
    State(state): State<AppState>,
    Path(name): Path<String>,
    RawQuery(query_string): RawQuery,
    headers: HeaderMap,
) -> Response {
    let data_set = state.registry.data_set(&name);
    let response = match answer(&state, data_set, query_string, &headers).await {
        Ok(response) => response,
        Err(error) => {
            let tag = entity_tag(&[error.body().to_string().as_bytes()]);
            with_tag(refused(error), &tag)
        }
    };
    with_cors(response)
}

/// `OPTIONS /data/{group}/{type}`.
pub async fn options_by_group_and_type(
    State(state): State<AppState>,
    Path((data_group, data_type)): Path<(String, String)>,
) -> Response {
    with_cors(options(state.registry.data_set_by(&data_group, &data_type)))
}

/// `OPTIONS /{data_set_name}`.
pub async fn options_by_name(State(state): State<AppState>, Path(name): Path<String>) -> Response {
    with_cors(with_tag(options(state.registry.data_set(&name)), &entity_tag(&[b""])))
}

/// 405 of the read API.
pub async fn method_not_allowed() -> Response {
    with_cors(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed").into_response())
}

/// 404 of the read API.
pub async fn not_found() -> Response {
    with_cors(ApiError::not_found("Not Found").into_response())
}

/// The data set, when it is there and may be queried.
fn queryable(data_set: Option<Arc<DataSet>>) -> Result<Arc<DataSet>, ApiError> {
    data_set.filter(|data_set| data_set.queryable).ok_or_else(|| ApiError::not_found("data_set not found"))
}

async fn answer(
    state: &AppState,
    data_set: Option<Arc<DataSet>>,
    query_string: Option<String>,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let data_set = queryable(data_set)?;
    let now = state.now(headers);
    let policy = Policy { raw_queries_allowed: data_set.raw_queries_allowed };
    let query = query_lang::parse(query_string.as_deref().unwrap_or_default(), &policy, now)
        .map_err(|error| ApiError::bad_query(&error))?;

    if query.explain {
        return explain(state, &data_set, &query, headers).await;
    }

    // The answer is a function of these, so its tag is known before the query runs.
    let window = query.is_relative().then(|| format!("{:?}", query.window(now)));
    let version = state.store.version(&data_set.name).await?;
    let tag = entity_tag(&[
        data_set.name.as_bytes(),
        &version.to_le_bytes(),
        &[u8::from(data_set.published)],
        query.to_string().as_bytes(),
        window.unwrap_or_default().as_bytes(),
    ]);
    if already_known(headers, &tag) {
        let response = finish(StatusCode::NOT_MODIFIED.into_response(), &data_set, &tag);
        return Ok(with_licence(response, &data_set, state));
    }

    let format = read_body::shown_format(query.format, data_set.published);
    let reply = state.queries.reply(&state.store, &data_set.name, &query, format, now).await;
    let reply = reply.map_err(ask_failure)?;
    let response = read_body::write(&state.queries, reply, &query, data_set.published).await?;
    Ok(with_licence(finish(response, &data_set, &tag), &data_set, state))
}

/// How the answer is found. It tells of the store, so it takes the token of the data set.
async fn explain(
    state: &AppState,
    data_set: &DataSet,
    query: &Query,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    allow_write(state, headers, data_set)?;
    let snapshot = state.store.snapshot(&data_set.name).await?;
    let explanation = state.queries.explain(snapshot, query, state.now(headers)).await;
    let body = axum::Json(explanation.map_err(query_failure)?);
    Ok(([(header::CACHE_CONTROL, "no-store")], body).into_response())
}

/// How a question without an answer is told.
fn ask_failure(failure: engine::query::AskError) -> ApiError {
    match failure {
        engine::query::AskError::Store(error) => error.into(),
        engine::query::AskError::Query(failure) => query_failure(failure),
    }
}

/// How a query that could not be answered is told.
pub fn query_failure(failure: engine::query::QueryFailure) -> ApiError {
    use engine::query::QueryFailure;
    match failure {
        QueryFailure::InvalidCollect { .. } => ApiError::bad_request(failure.to_string()).naming("collect"),
        QueryFailure::InvalidSort { .. } => ApiError::bad_request(failure.to_string()).naming("sort_by"),
        QueryFailure::TooSlow { .. } => ApiError::new(StatusCode::GATEWAY_TIMEOUT, failure.to_string()),
        QueryFailure::OutOfMemory => ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, failure.to_string()),
        other if other.is_callers_fault() => ApiError::bad_request(other.to_string()),
        other => {
            tracing::error!(error = %other, "query failed");
            ApiError::busy("the query could not be answered now: try again, or ask for less")
        }
    }
}

fn finish(mut response: Response, data_set: &DataSet, tag: &str) -> Response {
    let cache = match (data_set.published, data_set.realtime) {
        (false, _) => "no-cache",
        (true, true) => "max-age=120, must-revalidate",
        (true, false) => "max-age=1800, must-revalidate",
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    with_tag(response, tag)
}

/// An answer with a link to the terms on which its records may be used (RFC 8288): those of the data set, else those of the site.
fn with_licence(mut response: Response, data_set: &DataSet, state: &AppState) -> Response {
    let usual = || state.branding.options.licence.as_ref().and_then(|usual| Licence::of("", &usual.href));
    let licence = Licence::of(&data_set.licence, &data_set.licence_url).or_else(usual);
    let link = licence.and_then(|licence| HeaderValue::from_str(&licence.link()?).ok());
    if let Some(link) = link {
        response.headers_mut().append(header::LINK, link);
    }
    response
}

fn refused(error: ApiError) -> Response {
    error.into_response()
}

fn options(data_set: Option<Arc<DataSet>>) -> Response {
    if let Err(error) = queryable(data_set) {
        return error.into_response();
    }
    let headers = [
        (header::ALLOW, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "cache-control, govuk-request-id, request-id"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    ];
    (headers, "").into_response()
}

/// What scripts of other sites may read of an answer besides its body.
const EXPOSED: &str = "content-disposition, etag, link, retry-after, warning, x-refused-parameter, \
    x-refused-position, x-unknown-keys";

fn with_cors(mut response: Response) -> Response {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    response
}

fn with_tag(mut response: Response, tag: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// A quoted tag of 128 bits over the parts.
pub fn entity_tag(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let digits: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
}

/// Whether `If-None-Match` names the tag (weakly, as RFC 9110 has it) or is `*`.
pub fn already_known(headers: &HeaderMap, tag: &str) -> bool {
    let names_it = |value: &str| {
        value.split(',').map(str::trim).any(|given| given == "*" || given.trim_start_matches("W/") == tag)
    };
    headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(names_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_weakly_or_by_star() {
        let known = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(value))]);
            already_known(&headers, "\"ab\"")
        };
        assert!(known("\"ab\"") && known("W/\"ab\"") && known("*") && known("\"x\", \"ab\""));
        assert!(!known("\"x\"") && !known("ab"));
    }

    #[test]
    fn tags_tell_where_parts_begin() {
        assert_ne!(entity_tag(&[b"ab", b"c"]), entity_tag(&[b"a", b"bc"]));
    }
}
