//! Pages that are about all dashboards: what they are for, how accessible they are, what else there is.

use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value;
use spotlight_renderer::page;
use spotlight_renderer::page::model::{Head, Link};

use super::ROOT;
use crate::state::AppState;

const ABOUT: &str = "
<p>Dashboards show how services perform: how many people use them, how well they work, and what they cost. The figures come
from the services themselves and are the same that those who run them use.</p>
<h2>Who they are for</h2>
<ul>
<li>People who run services, to see what to improve.</li>
<li>Journalists and researchers, who may use all figures.</li>
<li>Everybody who wants to know how public services do.</li>
</ul>
<h2>The figures</h2>
<p>Each chart has a table with its values. Every module can be downloaded as CSV and JSON, its chart as SVG, and be shown
inside other sites. Figures of a period are shown once it has ended.</p>";

const ACCESSIBILITY: &str = "
<p>These pages are made to meet the Web Content Accessibility Guidelines 2.2 at level AA.</p>
<ul>
<li>Everything works without scripts, with a keyboard, and at 400% zoom.</li>
<li>Every chart is described in a sentence and has a table with all its values.</li>
<li>Colour is never the only way to tell things apart. There are colours for light, dark and high-contrast screens.</li>
<li>Nothing moves for readers who ask for less motion.</li>
</ul>
<p>If you cannot read something, please tell those who run this site: that is a mistake and they want to mend it.</p>";

/// `GET /performance/about`.
pub async fn about(State(state): State<AppState>) -> Response {
    text(&state, "About dashboards", "about", ABOUT)
}

/// `GET /performance/accessibility`.
pub async fn accessibility(State(state): State<AppState>) -> Response {
    text(&state, "Accessibility", "accessibility", ACCESSIBILITY)
}

/// `GET /performance/prototypes`: dashboards that are not published.
pub async fn prototypes(State(state): State<AppState>) -> Response {
    let unpublished = state
        .registry
        .dashboards()
        .into_iter()
        .filter(|definition| definition["published"] != Value::Bool(true));
    let entries: String = unpublished
        .filter_map(|definition| {
            let slug = definition["slug"].as_str()?;
            let title = definition["title"].as_str().unwrap_or(slug);
            Some(format!("<li><a href=\"{ROOT}/{slug}\">{}</a></li>", escaped(title)))
        })
        .collect();
    let body = if entries.is_empty() {
        "<p>There are no prototypes at the moment.</p>".to_owned()
    } else {
        format!("<p>Prototypes show demonstration data. They may change or go away.</p><ul>{entries}</ul>")
    };
    let mut response = text(&state, "Prototypes", "prototypes", &body);
    response.headers_mut().insert("x-robots-tag", axum::http::HeaderValue::from_static("none"));
    response
}

/// `GET /performance/sitemap.xml`: the lists and all published dashboards.
pub async fn sitemap(State(state): State<AppState>, headers: axum::http::HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let site = state.branding.options.site.clone().unwrap_or_else(|| format!("https://{host}"));
    let list = state.registry.catalog().public_list();
    let slugs = list["items"].as_array().into_iter().flatten().filter_map(|item| item["slug"].as_str());
    let pages = ["", "/services", "/web-traffic", "/other", "/about", "/accessibility"];
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

fn text(state: &AppState, heading: &str, path: &str, body: &str) -> Response {
    let options = &state.branding.options;
    let head = Head {
        title: format!("{heading} - {}", options.product),
        path: format!("{ROOT}/{path}"),
        breadcrumbs: vec![Link::new(options.product.clone(), ROOT)],
        ..Head::default()
    };
    let html = page::text(&head, heading, body, options);
    ([(header::CACHE_CONTROL, "public, max-age=7200")], Html(html)).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
