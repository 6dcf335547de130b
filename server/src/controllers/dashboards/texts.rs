//! Pages that are about all dashboards: what they are for, how accessible they are, what else there is.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use spotlight_renderer::page::model::Link;
use spotlight_renderer::page::{self, Prototype};
use spotlight_renderer::view::page::State as Progress;

use super::cache::Made;
use super::source::definition;
use super::{ROOT, tag};
use crate::access::client::Client;
use crate::state::AppState;

/// `GET /performance/about`.
pub async fn about(State(state): State<AppState>, headers: HeaderMap) -> Response {
    text(page::about(&state.branding.options)).respond(&headers)
}

/// `GET /performance/accessibility`.
pub async fn accessibility(State(state): State<AppState>, headers: HeaderMap) -> Response {
    text(page::accessibility(&state.branding.options)).respond(&headers)
}

/// `GET /performance/prototypes`: dashboards that are not published yet.
pub async fn prototypes(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let dashboards = state.registry.dashboards();
    let slugs = dashboards.iter().filter_map(|document| document["slug"].as_str());
    let unpublished = slugs
        .filter_map(|slug| definition(&state.registry, slug))
        .filter(|own| matches!(Progress::of(own), Progress::Prototype | Progress::InReview));
    let prototypes = unpublished.filter_map(|definition| {
        let slug = definition["slug"].as_str()?;
        let mut link = Link::new(definition["title"].as_str().unwrap_or(slug), format!("{ROOT}/{slug}"));
        let said = ["tagline", "description"].iter().filter_map(|field| definition[field].as_str());
        link.note_html = said.into_iter().find(|text| !text.is_empty()).map(str::to_owned);
        Some(Prototype { link, state: Progress::of(&definition) })
    });
    let mut made = text(page::prototypes(&prototypes.collect::<Vec<_>>(), &state.branding.options));
    made.headers.insert("x-robots-tag", HeaderValue::from_static("none"));
    made.respond(&headers)
}

/// `GET /performance/sitemap.xml`: the lists and all published dashboards.
pub async fn sitemap(State(state): State<AppState>, request: Request) -> Response {
    let site = state.branding.options.site.clone().unwrap_or_else(|| {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let scheme = if Client::of(&state.access, &request).secure { "https" } else { "http" };
        format!("{scheme}://{}", host.unwrap_or("localhost"))
    });
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
    kept_for_long("application/xml", body).respond(request.headers())
}

/// `GET /robots.txt`: pages may be indexed, data and configuration not.
pub async fn robots() -> Response {
    let body = "User-agent: *\nAllow: /performance\nDisallow: /data/\nDisallow: /admin-api/\n";
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

fn text(html: String) -> Made {
    kept_for_long("text/html; charset=utf-8", html)
}

fn kept_for_long(content_type: &'static str, body: String) -> Made {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=7200"));
    headers.extend(HeaderValue::from_str(&tag(body.as_bytes())).ok().map(|tag| (header::ETAG, tag)));
    Made::new(StatusCode::OK, headers, body.into_bytes())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
