//! Table of contents: every path that the server answers, surface by surface.
//!
//! All surfaces share one listener. Each can also have one of its own, at the root, so that the base URLs of an older
//! deployment can point here unchanged; what a path answers to a wrong method then is what that service answered.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::routing::{delete, get, patch, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::trace::TraceLayer;

use crate::access::{self, Surface};
use crate::body::MAX_BODY;
use crate::controllers::{admin, admin_api, dashboards, operations, read, status, write};
use crate::error::ApiError;
use crate::metrics;
use crate::one_vary::one_vary;
use crate::openapi;
use crate::page_safety;
use crate::state::AppState;
use crate::weak_tags::weak_when_compressed;

/// Every surface under one roof.
pub fn everything(state: AppState) -> Router {
    let data = Router::new()
        .route(
            "/data/{data_group}/{data_type}",
            get(read::by_group_and_type)
                .options(read::options_by_group_and_type)
                .post(write::append)
                .put(write::replace_all)
                .fallback(write::method_not_allowed),
        )
        .merge(status_routes(write::method_not_allowed))
        .route(
            "/{data_set_name}",
            get(read::by_name)
                .options(read::options_by_name)
                .post(write::append_by_name)
                .fallback(write::method_not_allowed),
        )
        .merge(write_only_routes());
    let router = guarded(data, &state, Surface::Data)
        .route("/", get(dashboards::to_dashboards))
        .route("/performance/", get(dashboards::to_dashboards))
        .route("/metrics", get(operations::metrics))
        .route("/_health", get(operations::health))
        .route("/openapi.json", get(openapi::json))
        .route("/docs", get(openapi::page))
        .route("/robots.txt", get(dashboards::texts::robots))
        .merge(dashboards::home_for_machines(&state))
        .nest("/performance", dashboards::routes(&state))
        .nest("/admin-api", guarded(admin_api::routes(), &state, Surface::AdminApi))
        .nest("/admin", admin::routes())
        .fallback(not_found);
    finish(router, state)
}

/// The read API alone.
pub fn read_only(state: AppState) -> Router {
    let router = Router::new()
        .route(
            "/data/{data_group}/{data_type}",
            get(read::by_group_and_type)
                .options(read::options_by_group_and_type)
                .fallback(read::method_not_allowed),
        )
        .merge(status_routes(read::method_not_allowed))
        .route(
            "/{data_set_name}",
            get(read::by_name).options(read::options_by_name).fallback(read::method_not_allowed),
        );
    let router = guarded(router, &state, Surface::Data).fallback(read::not_found);
    finish(router, state)
}

/// The write API alone.
pub fn write_only(state: AppState) -> Router {
    let router = Router::new()
        .route(
            "/data/{data_group}/{data_type}",
            post(write::append)
                .put(write::replace_all)
                .options(write::options)
                .fallback(write::method_not_allowed),
        )
        .route("/_status", get(status::app).fallback(write::method_not_allowed))
        .route("/{data_set_name}", post(write::append_by_name).fallback(write::method_not_allowed))
        .merge(write_only_routes());
    let router = guarded(router, &state, Surface::Data).fallback(write::not_found);
    finish(router, state)
}

/// The admin API alone.
pub fn admin_api_only(state: AppState) -> Router {
    finish(guarded(admin_api::routes(), &state, Surface::AdminApi), state)
}

/// Stands before a surface that is not for everybody.
fn guarded(routes: Router<AppState>, state: &AppState, surface: Surface) -> Router<AppState> {
    routes.layer(middleware::from_fn_with_state(access::before(state, surface), access::admit))
}

/// The status pages, with or without a slash at the end. What else than `GET` is answered is up to the surface.
fn status_routes<H, T>(other_methods: H) -> Router<AppState>
where
    H: axum::handler::Handler<T, AppState>,
    T: 'static,
{
    Router::new()
        .route("/_status", get(status::app).fallback(other_methods.clone()))
        .route("/_status/", get(status::app).fallback(other_methods.clone()))
        .route("/_status/data-sets", get(status::data_sets).fallback(other_methods.clone()))
        .route("/_status/data-sets/", get(status::data_sets).fallback(other_methods))
}

/// Paths of the write API that no other surface has.
fn write_only_routes() -> Router<AppState> {
    Router::new()
        .route(
            "/data/{data_group}/{data_type}/transform",
            post(write::transform).fallback(write::method_not_allowed),
        )
        .route(
            "/data/{data_group}/{data_type}/{record_id}",
            patch(write::patch_record).delete(write::delete_record).fallback(write::method_not_allowed),
        )
        .route("/data-sets/{data_set_name}", delete(write::drop_data_set).fallback(write::method_not_allowed))
}

/// An unknown path, in the words of the surface that would have had the method.
async fn not_found(method: Method) -> ApiError {
    if matches!(method, Method::GET | Method::HEAD | Method::OPTIONS) {
        ApiError::not_found("Not Found")
    } else {
        ApiError::not_found(write::UNKNOWN_URL)
    }
}

/// What every surface has: limits, compression, counts, a log line a request, and no way for a panic to reach the process.
fn finish(router: Router<AppState>, state: AppState) -> Router {
    let panicked = |_: Box<dyn std::any::Any + Send>| {
        use axum::response::IntoResponse;
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response()
    };
    // Not the query string: it can hold what is told once, such as the key of a link or the code of a sign-in.
    let span = |request: &axum::extract::Request| tracing::debug_span!("request", method = %request.method(), path = request.uri().path());
    // Layers are cloned for every request: the state is shared once more, so that this counts one thing up and not a dozen. As lists
    // they are one service each, not one in a box in another.
    let shared = Arc::new(state.clone());
    router
        .layer((
            CompressionLayer::new(),
            middleware::from_fn_with_state(Arc::clone(&shared), page_safety::guard),
            DefaultBodyLimit::max(MAX_BODY),
        ))
        .layer((
            TraceLayer::new_for_http().make_span_with(span),
            middleware::from_fn_with_state(shared, metrics::count),
            CatchPanicLayer::custom(panicked),
            middleware::from_fn(weak_when_compressed),
            middleware::map_response(one_vary),
        ))
        .with_state(state)
}
