//! Endpoints that are not resources: the status pages, and who owns a data set.

use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use stagecraft::Role;

use super::answer::{Refusal, never_cached, ok, same_frame, set, vary};
use super::caller::Caller;
use crate::state::AppState;

/// `GET /_status`: alive. Touches no database.
pub async fn status() -> Response {
    never_cached(ok(&json!({"status": "ok"})))
}

/// `GET /_status/data-sets`: how many data sets there are.
pub async fn data_set_count(State(state): State<AppState>) -> Response {
    let count = state.registry.data_sets().len();
    ok(&json!({"message": format!("Got {count} data sets.")}))
}

/// `GET /data-sets/<name>/users`: who owns it. An unknown data set is owned by nobody.
pub async fn data_set_users(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let owners = || {
        Caller::of(&state, &headers)?.must_be(&[Role::Admin])?;
        let data_set = state.registry.data_set(&name);
        let owners = data_set.iter().flat_map(|data_set| &data_set.owners);
        Ok(owners.map(|email| json!({"email": email})).collect::<Value>())
    };
    match owners() {
        Ok(body) => {
            let mut response = ok(&body);
            set(&mut response, header::CACHE_CONTROL, "max-age=31536000");
            vary(&mut response, "Authorization");
            response
        }
        Err(refusal) => Refusal::into_response(refusal, &headers),
    }
}

/// `GET /data-sets/<name>/dashboard`: the dashboards that show it, whatever their status.
pub async fn data_set_dashboards(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let dashboards = || {
        Caller::of(&state, &headers)?.must_be(&[Role::Dashboard, Role::Admin])?;
        let catalog = state.registry.catalog();
        let data_set = catalog.data_set(&name).ok_or_else(|| no_data_set(&name))?;
        let showing = catalog.dashboards_showing(&data_set);
        Ok(showing.iter().map(|dashboard| dashboard.to_full_json(&catalog)).collect::<Value>())
    };
    match dashboards() {
        Ok(body) => never_cached(ok(&body)),
        Err(refusal) => Refusal::into_response(refusal, &headers),
    }
}

/// `GET /data-sets/<name>/transform`: the transforms that read it. Everybody may know.
pub async fn data_set_transforms(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let catalog = state.registry.catalog();
    let Some(data_set) = catalog.data_set(&name) else {
        return no_data_set(&name).into_response(&headers);
    };
    let reading = catalog.transforms().filter(|transform| transform.reads(&data_set));
    never_cached(ok(&reading.map(|transform| transform.to_json(&catalog)).collect()))
}

/// `GET /transactions-explorer-service/<id>/dashboard`: the published dashboards of a service.
pub async fn service_dashboards(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        return Refusal::not_found("Not Found").into_response(&headers);
    }
    let catalog = state.registry.catalog();
    let dashboards = catalog.dashboards_of_service(&id);
    ok(&dashboards.iter().map(|dashboard| dashboard.to_full_json(&catalog)).collect())
}

fn no_data_set(name: &str) -> Refusal {
    Refusal::not_found(format!("No Data Set named '{name}' exists"))
}

/// Leads from a path with a slash at the end to the one without.
pub async fn without_slash(OriginalUri(uri): OriginalUri) -> Response {
    let path = uri.path().trim_end_matches('/');
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut response = StatusCode::MOVED_PERMANENTLY.into_response();
    set(&mut response, header::LOCATION, &target);
    same_frame(response)
}

/// Endpoints are only read.
pub async fn only_read(method: Method, headers: HeaderMap) -> Response {
    let mut response = match method {
        Method::OPTIONS => same_frame(StatusCode::OK.into_response()),
        _ => Refusal::not_allowed("only GET is allowed here").into_response(&headers),
    };
    set(&mut response, header::ALLOW, "GET, HEAD, OPTIONS");
    response
}

/// There is nothing at this path.
pub async fn nothing_here(headers: HeaderMap) -> Response {
    Refusal::not_found("Not Found").into_response(&headers)
}
