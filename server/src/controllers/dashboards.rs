//! Public dashboards: `/performance` and below.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use query_lang::Policy;
use serde_json::Value;
use spotlight_renderer::compose::{self, Context};
use spotlight_renderer::data::{DataError, DataSource, Row};
use spotlight_renderer::page::model::{Head, Home, Link};
use spotlight_renderer::page::{self, Failure, PageOptions};

use super::read::{already_known, entity_tag};
use crate::state::AppState;

/// Where dashboards begin.
const ROOT: &str = "/performance";

/// Paths below `/performance`.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(home))
        .route("/assets/{name}", get(asset))
        .route("/{slug}", get(dashboard))
        .fallback(unknown)
}

/// `GET /`: to the dashboards.
pub async fn to_dashboards() -> Redirect {
    Redirect::temporary(ROOT)
}

/// `GET /performance`: all published dashboards.
pub async fn home(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let published: Vec<Arc<Value>> =
        state.registry.dashboards().into_iter().filter(|definition| is_published(definition)).collect();
    let showcase = published
        .iter()
        .filter_map(|definition| {
            let slug = definition["slug"].as_str()?;
            let mut link = Link::new(definition["title"].as_str().unwrap_or(slug), format!("{ROOT}/{slug}"));
            link.note_html = definition["tagline"].as_str().map(str::to_owned);
            Some(link)
        })
        .collect();
    let home = Home {
        head: Head { title: "Performance".to_owned(), path: ROOT.to_owned(), ..Head::default() },
        lists: Vec::new(),
        showcase,
    };
    cacheable(&headers, page::home(&home, &options()))
}

/// `GET /performance/{slug}`: a dashboard.
async fn dashboard(State(state): State<AppState>, Path(slug): Path<String>, headers: HeaderMap) -> Response {
    let definition = state.registry.dashboard(&slug).filter(|definition| is_published(definition));
    let Some(definition) = definition else { return failure(404, &format!("{ROOT}/{slug}")) };
    let now = state.now(&headers);
    let context = Context { now, root: ROOT.to_owned(), data_root: "/data".to_owned() };
    let data = Store { state, now };
    let model = compose::dashboard(&definition, &data, &context).await;
    cacheable(&headers, page::dashboard(&model, &options()))
}

/// `GET /performance/assets/{name}`: style, script and icon. Names change with their content.
async fn asset(Path(name): Path<String>) -> Response {
    let Some(asset) = page::assets().iter().find(|asset| asset.name == name) else {
        return failure(404, &format!("{ROOT}/assets/{name}"));
    };
    let headers = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, asset.body).into_response()
}

async fn unknown(uri: axum::http::Uri) -> Response {
    failure(404, &format!("{ROOT}{}", uri.path()))
}

fn is_published(definition: &Value) -> bool {
    definition["published"] == Value::Bool(true)
}

fn options() -> PageOptions {
    // The lists come with the search of dashboards.
    PageOptions { menu: Vec::new(), support: Vec::new(), ..PageOptions::default() }
}

/// A page that may be kept for a while, with a tag of its content.
fn cacheable(headers: &HeaderMap, html: String) -> Response {
    let tag = entity_tag(&[html.as_bytes()]);
    let mut response = if already_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Html(html).into_response()
    };
    let cache = "public, max-age=60, stale-while-revalidate=600, stale-if-error=86400";
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn failure(status: u16, path: &str) -> Response {
    let html = page::error(Failure::of_status(status), path, &options());
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CACHE_CONTROL, "public, max-age=5")], Html(html)).into_response()
}

/// Figures for pages, from this process's own store.
struct Store {
    state: AppState,
    now: DateTime<Utc>,
}

#[async_trait]
impl DataSource for Store {
    async fn query(&self, group: &str, data_type: &str, query_string: &str) -> Result<Vec<Row>, DataError> {
        let failed = |why: String| {
            tracing::warn!(group, data_type, query_string, %why, "a module has no figures");
            DataError(why)
        };
        let data_set = self.state.registry.data_set_by(group, data_type);
        let data_set = data_set.ok_or_else(|| failed("there is no such data set".to_owned()))?;
        // Whoever edits a dashboard decides what it shows.
        let policy = Policy { raw_queries_allowed: true };
        let query =
            query_lang::parse(query_string, &policy, self.now).map_err(|error| failed(error.to_string()))?;
        let snapshot =
            self.state.store.snapshot(&data_set.name).await.map_err(|error| failed(error.to_string()))?;
        let answer = self.state.queries.answer(snapshot, &query, self.now).await;
        Ok(answer.map_err(|error| failed(error.to_string()))?.rows)
    }
}
