//! Public pages: `/performance` and below.
//!
//! What is at an address and what it looks like is the renderer's business; here it gets its definitions and figures
//! ([`source`]), its texts that belong to nobody's dashboard ([`texts`]), and the other forms of a page ([`forms`]): a path that
//! ends in `.json`, `.csv` or `.svg`, or in `/embed`.

mod forms;
mod source;
pub mod texts;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use spotlight_renderer::definition::query::{decoded, decoded_pairs};
use spotlight_renderer::page::{self, Failure, PageOptions};
use spotlight_renderer::present::Presenter;
use spotlight_renderer::site::{Request, Site};
use spotlight_renderer::view::page::{Answer, Page};
use spotlight_renderer::view::{Body, Module};

use super::read::{already_known, entity_tag};
use crate::state::AppState;
use forms::Form;
use source::Source;

/// Where dashboards begin.
const ROOT: &str = "/performance";
/// For how long a page may be kept in which something is missing.
const BRIEFLY: u32 = 30;

/// Paths below `/performance`.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(visit))
        .route("/about", get(texts::about))
        .route("/accessibility", get(texts::accessibility))
        .route("/prototypes", get(texts::prototypes))
        .route("/sitemap.xml", get(texts::sitemap))
        .route("/data/transaction-volumes.csv", get(services_as_csv))
        .route("/assets/{name}", get(asset))
        .route("/{*path}", get(visit))
        .fallback(unknown)
}

/// `GET /`: to the dashboards.
pub async fn to_dashboards() -> Response {
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, ROOT)]).into_response()
}

/// Any page, in any of its forms.
pub async fn visit(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    let given = uri.path().strip_prefix(ROOT).unwrap_or(uri.path());
    let (path, form) = Form::of(given);
    let request = Request {
        path: decoded(path),
        parameters: decoded_pairs(uri.query().unwrap_or_default()),
        now: state.now(&headers),
    };
    let source = Source::new(&state, request.now);
    let site = Site { definitions: &source, data: &source, root: ROOT };
    let answer = site.answer(&request).await;
    let options = options();
    let presenter = Presenter { options: &options, read_api: "", request: &request };
    let (content_type, body) = match forms::write(form, &answer, &presenter) {
        Some(written) => written,
        None => return failure(404, uri.path()),
    };
    respond(&headers, &answer, form, content_type, body)
}

/// The transaction volumes of all services, at the address where they used to be.
async fn services_as_csv() -> Redirect {
    Redirect::permanent("/performance/services.csv?measure=all")
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

async fn unknown(uri: Uri) -> Response {
    failure(404, uri.path())
}

fn options() -> PageOptions {
    PageOptions::default()
}

/// An answer with its tag, and what caches and search engines may do with it.
fn respond(
    headers: &HeaderMap,
    answer: &Answer,
    form: Form,
    content_type: &'static str,
    body: Vec<u8>,
) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = if let Page::Moved(path) = &answer.page {
        (status, [(header::LOCATION, path.as_str())]).into_response()
    } else {
        let tag = entity_tag(&[&body]);
        let mut response = if status == StatusCode::OK && already_known(headers, &tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
        };
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    };
    if let Some(cache) = cache_control(answer).and_then(|cache| HeaderValue::from_str(&cache).ok()) {
        response.headers_mut().insert(header::CACHE_CONTROL, cache);
    }
    if answer.hidden {
        response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("none"));
    }
    if form == Form::Embed {
        // this one page may be shown inside those of others
        let anybody = HeaderValue::from_static("frame-ancestors *");
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, anybody);
    }
    response
}

fn cache_control(answer: &Answer) -> Option<String> {
    let age = answer.max_age?;
    Some(match answer.status {
        200 if has_gaps(answer) => format!("public, max-age={}", age.min(BRIEFLY)),
        200 => format!("public, max-age={age}, stale-while-revalidate={age}, stale-if-error=86400"),
        _ => format!("public, max-age={age}"),
    })
}

/// Whether a module of the page has no data for now.
fn has_gaps(answer: &Answer) -> bool {
    fn failed(module: &Module) -> bool {
        match &module.body {
            Body::Failed => true,
            Body::Section(children) | Body::Tabs(children) => children.iter().any(failed),
            Body::Facts(_) | Body::Unknown => false,
        }
    }
    match &answer.page {
        Page::Dashboard(page) => page.modules.iter().any(failed),
        Page::Module(page) => failed(&page.module),
        Page::List(list) => list.without_measures,
        _ => false,
    }
}

fn failure(status: u16, path: &str) -> Response {
    let html = page::error(Failure::of_status(status), path, &options());
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CACHE_CONTROL, "public, max-age=5")], axum::response::Html(html)).into_response()
}
