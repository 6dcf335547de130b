//! Pages that are about all dashboards: what they are for, how accessible they are, what else there is.

use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use spotlight_renderer::page;
use spotlight_renderer::page::model::Link;
use spotlight_renderer::view::page::State as Progress;

use super::ROOT;
use super::source::definition;
use crate::state::AppState;

/// `GET /performance/about`.
pub async fn about(State(state): State<AppState>) -> Response {
    text(page::about(&state.branding.options))
}

/// `GET /performance/accessibility`.
pub async fn accessibility(State(state): State<AppState>) -> Response {
    text(page::accessibility(&state.branding.options))
}

/// `GET /performance/prototypes`: dashboards that are not published yet.
pub async fn prototypes(State(state): State<AppState>) -> Response {
    let dashboards = state.registry.dashboards();
    let slugs = dashboards.iter().filter_map(|document| document["slug"].as_str());
    let unpublished = slugs
        .filter_map(|slug| definition(&state.registry, slug))
        .filter(|own| matches!(Progress::of(own), Progress::Prototype | Progress::InReview));
    let links = unpublished.filter_map(|definition| {
        let slug = definition["slug"].as_str()?;
        Some(Link::new(definition["title"].as_str().unwrap_or(slug), format!("{ROOT}/{slug}")))
    });
    let mut response = text(page::prototypes(&links.collect::<Vec<_>>(), &state.branding.options));
    response.headers_mut().insert("x-robots-tag", axum::http::HeaderValue::from_static("none"));
    response
}

/// `GET /performance/sitemap.xml`: the lists and all published dashboards.
pub async fn sitemap(State(state): State<AppState>, headers: axum::http::HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let site = state.branding.options.site.clone().unwrap_or_else(|| format!("https://{host}"));
    let list = state.registry.catalog().public_list();
    let slugs = list["items"].as_array().into_iter().flatten().filter_map(|item| item["slug"].as_str());
    let pages = ["", "/services", "/departments", "/web-traffic", "/other", "/about", "/accessibility"];
    let paths = pages.iter().map(|page| (*page).to_owned()).chain(slugs.map(|slug| format!("/{slug}")));
    let urls: String = paths
        .map(|path| format!("<url><loc>{}{ROOT}{}</loc></url>", escaped(&site), escaped(&path)))
        .collect();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{urls}</urlset>\n"
    );
    ([(header::CONTENT_TYPE, "application/xml"), (header::CACHE_CONTROL, "public, max-age=7200")], body)
        .into_response()
}

/// `GET /robots.txt`: pages may be indexed, data and configuration not.
pub async fn robots() -> Response {
    let body = "User-agent: *\nAllow: /performance\nDisallow: /data/\nDisallow: /admin-api/\n";
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

fn text(html: String) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=7200")], Html(html)).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
