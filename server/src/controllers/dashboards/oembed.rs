//! `GET /performance/oembed`: what other sites need to show a module inside their pages, as <https://oembed.com> asks for it.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::html;
use serde::Deserialize;
use serde_json::json;
use spotlight_renderer::definition::query::{decoded, decoded_pairs};
use spotlight_renderer::page::{EMBED_HEIGHT, plain_text};
use spotlight_renderer::site::Request;
use spotlight_renderer::view::Body;
use spotlight_renderer::view::page::Page;

use super::source::Source;
use super::{ROOT, site};
use crate::state::AppState;

/// How wide a module is unless the consumer has less room, in pixels.
const WIDTH: u32 = 800;

/// The parameters that consumers send.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    url: Option<String>,
    format: Option<String>,
    maxwidth: Option<u32>,
    maxheight: Option<u32>,
}

/// The frame of a module; 404 for an address that is no module's, 501 for another format than JSON.
pub async fn oembed(
    State(state): State<AppState>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Response {
    if wanted.format.as_deref().is_some_and(|format| format != "json") {
        return refused(StatusCode::NOT_IMPLEMENTED, "only format=json is known");
    }
    let Some(url) = wanted.url.as_deref() else {
        return refused(StatusCode::BAD_REQUEST, "`url` is missing: the address of a module's page");
    };
    let (origin, path, query) = parts(url);
    // another site's pages are not ours to show
    let is_own =
        state.branding.options.site.as_deref().is_none_or(|site| origin.is_empty() || origin == site);
    let Some(below) = path.strip_prefix(ROOT).filter(|below| is_own && below.len() > 1) else {
        return refused(StatusCode::NOT_FOUND, "there is no module at this address");
    };
    let below = below.strip_suffix("/embed").unwrap_or(below);
    let request = Request {
        path: decoded(below),
        parameters: decoded_pairs(query.trim_start_matches('?')),
        now: state.now(&headers),
    };
    let source = Source::new(&state, request.now);
    let answer = site(&state, &source).answer(&request).await;
    let Page::Module(page) = &answer.page else {
        return refused(StatusCode::NOT_FOUND, "there is no module at this address");
    };
    if !matches!(page.module.body, Body::Facts(_)) {
        return refused(StatusCode::NOT_FOUND, "this module cannot be shown alone");
    }
    let site = state.branding.options.site.as_deref().unwrap_or(origin);
    let title = plain_text(&page.module.title);
    let width = wanted.maxwidth.map_or(WIDTH, |most| most.clamp(1, WIDTH));
    let height = wanted.maxheight.map_or(EMBED_HEIGHT, |most| most.clamp(1, EMBED_HEIGHT));
    let frame = html! {
        iframe src={ (site) (page.path) "/embed" (query) } title=(title) width=(width) height=(height) style="border:0" loading="lazy" {}
    };
    let body = json!({
        "version": "1.0",
        "type": "rich",
        "title": format!("{title} - {}", page.heading),
        "provider_name": state.branding.options.product,
        "provider_url": format!("{site}{ROOT}"),
        "cache_age": 3600,
        "width": width,
        "height": height,
        "html": frame.into_string(),
    });
    ([(header::CACHE_CONTROL, "public, max-age=3600")], Json(body)).into_response()
}

/// The scheme and host of an address, its path, and its query, which says what of the module is shown, with the question mark.
fn parts(url: &str) -> (&str, &str, &str) {
    let begin = url.find("://").map_or(0, |at| at + 3);
    let at = url[begin..].find('/').map_or(url.len(), |at| begin + at);
    let (origin, rest) = if begin == 0 { ("", url) } else { url.split_at(at) };
    let rest = rest.split('#').next().unwrap_or(rest);
    let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    (origin, path, query)
}

fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({"error": why}))).into_response()
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn addresses_are_taken_apart() {
        let whole = parts("https://a.example/performance/x/y?z#w");
        assert_eq!(whole, ("https://a.example", "/performance/x/y", "?z"));
        assert_eq!(parts("/performance/x"), ("", "/performance/x", ""));
        assert_eq!(parts("https://a.example"), ("https://a.example", "", ""));
    }
}
