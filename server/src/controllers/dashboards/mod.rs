//! Public pages: `/performance` and below.
//!
//! What is at an address and what it looks like is the renderer's business; here it gets its definitions and figures
//! ([`source`]), texts that belong to nobody's dashboard ([`texts`]), a memory of what it made ([`cache`]), and the other forms of a page ([`forms`]): that
//! which the end of the path names (`.json`, `.csv`, `.svg`, `/embed`, ...), or else the one that the request accepts.

pub mod cache;
pub mod door;
mod forms;
mod oembed;
pub mod source;
pub mod texts;

use std::hash::BuildHasher;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use foldhash::quality::FixedState;
use spotlight_renderer::definition::query::{decoded, decoded_pairs};
use spotlight_renderer::page::{self, Failure};
use spotlight_renderer::present::{Presenter, card};
use spotlight_renderer::site::{Request, Site};
use spotlight_renderer::view::form::Form;
use spotlight_renderer::view::page::{Answer, Page};
use spotlight_renderer::view::{Body, Module};
use spotlight_renderer::words::Language;

use crate::state::AppState;
use cache::Made;
use forms::{FormError, Written, accept};
use source::Source;

/// Where dashboards begin.
const ROOT: &str = "/performance";
/// For how long a page may be kept in which something is missing.
const BRIEFLY: u32 = 30;
/// How long what readers choose may be, in bytes: every link of a page to itself repeats it.
const LONGEST_QUERY: usize = 8192;
/// How long the header with the links to other forms may be, in bytes: usual proxies have room for four kilobytes of headers.
const LONGEST_LINKS: usize = 2048;

/// Paths below `/performance`.
pub fn routes(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/", get(visit))
        .route("/about", get(texts::about))
        .route("/accessibility", get(texts::accessibility))
        .route("/prototypes", get(texts::prototypes))
        .route("/sitemap.xml", get(texts::sitemap))
        .route("/oembed", get(oembed::oembed))
        .route("/data/transaction-volumes.csv", get(services_as_csv))
        .route("/assets/{name}", get(asset))
        .route("/assets/cards/{name}", get(social_card))
        .route("/{*path}", get(visit))
        .fallback(unknown)
        .method_not_allowed_fallback(only_read)
        .layer(axum::middleware::from_fn_with_state(state.clone(), door::pass))
}

/// `GET /`: to the dashboards.
pub async fn to_dashboards() -> Response {
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, ROOT)]).into_response()
}

/// `GET /performance.json`: the front page for machines, whose path has no last part that could have an ending.
pub fn home_for_machines(state: &AppState) -> Router<AppState> {
    let home = async |state: State<AppState>, headers: HeaderMap| {
        visit(state, Uri::from_static("/.json"), headers).await
    };
    Router::new()
        .route("/performance.json", get(home))
        .layer(axum::middleware::from_fn_with_state(state.clone(), door::pass))
}

/// Any page, in any of its forms; made anew only when something that it shows has changed.
pub async fn visit(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    let given = uri.path().strip_prefix(ROOT).unwrap_or(uri.path());
    let query = uri.query().unwrap_or_default();
    if query.len() > LONGEST_QUERY {
        return failure(&state, 414, uri.path());
    }
    let now = state.now(&headers);
    let (path, named) = Form::of(given);
    let is_negotiated = named == Form::Html;
    let forms = if is_negotiated { accept::wanted(&headers) } else { vec![named] };
    let address =
        if forms == [named] { format!("{given}?{query}") } else { format!("{given}?{query} {forms:?}") };
    if let Some(page) = state.pages.get(&address, &state, now).await {
        return page.respond(&headers);
    }
    let request = Arc::new(Request { path: decoded(path), parameters: decoded_pairs(query), now });
    let source = Source::new(&state, now);
    let answer = Arc::new(site(&state, &source).answer(&request).await);
    let presenter = Presenter { options: &state.branding.options, read_api: "", request: &request };
    match written(&state, &forms, &answer, &request).await {
        Ok(written) => {
            let mut page = made(&answer, written, &presenter);
            if is_negotiated {
                page.headers.insert(header::VARY, HeaderValue::from_static("accept"));
            }
            let page = Arc::new(page);
            if answer.status == 200 && !has_gaps(&answer) {
                state.pages.keep(&address, page.clone(), source.configuration(), source.asked(), now);
            }
            page.respond(&headers)
        }
        // there is something, only not in any form that is accepted
        Err(FormError::None) if is_negotiated && !forms.contains(&Form::Html) => {
            not_acceptable(&answer, &presenter)
        }
        // its figures are missing for now, and so is the file
        Err(FormError::None) if has_gaps(&answer) => failure(&state, 503, uri.path()),
        Err(FormError::None) => failure(&state, 404, uri.path()),
        Err(error) => {
            tracing::error!(path = given, %error, "a page could not be written");
            failure(&state, 500, uri.path())
        }
    }
}

/// An answer in the first of these forms that it has. What is much work is done on the threads of the store, so that those that
/// answer requests stay free.
async fn written(
    state: &AppState,
    forms: &[Form],
    answer: &Arc<Answer>,
    request: &Arc<Request>,
) -> Result<Written, FormError> {
    let (forms, answer, request) = (forms.to_vec(), Arc::clone(answer), Arc::clone(request));
    let branding = Arc::clone(&state.branding);
    let is_much = forms.iter().any(|form| form.is_much_work());
    let write = move || {
        let presenter = Presenter { options: &branding.options, read_api: "", request: &request };
        forms::first(&forms, &answer, &presenter)
    };
    if is_much { state.store.compute(write).await? } else { write() }
}

fn site<'a>(state: &AppState, source: &'a Source<'a>) -> Site<'a> {
    let language = Language::of(&state.branding.options.lang);
    Site { definitions: source, data: source, root: ROOT, language }
}

/// The transaction volumes of all services, at the address where they used to be.
async fn services_as_csv(state: State<AppState>, headers: HeaderMap) -> Response {
    let mut response = visit(state, Uri::from_static("/services.csv?measure=all"), headers).await;
    if response.headers().contains_key(header::CONTENT_DISPOSITION) {
        let name = HeaderValue::from_static("attachment; filename=\"transaction-volumes.csv\"");
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// `GET /performance/assets/{name}`: style, script and icon. Names change with their content.
async fn asset(State(state): State<AppState>, Path(name): Path<String>) -> Response {
    if let Some(logo) = state.branding.logo.as_ref().filter(|_| name == "logo.svg") {
        let headers =
            [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=3600")];
        return (headers, logo.clone()).into_response();
    }
    let Some(asset) = page::assets().iter().find(|asset| asset.name == name) else {
        return failure(&state, 404, &format!("{ROOT}/assets/{name}"));
    };
    let headers = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, asset.body).into_response()
}

/// `GET /performance/assets/cards/{name}`: the picture that stands for a dashboard where somebody links to it.
async fn social_card(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let path = name.strip_suffix(".png").map(|slug| format!("/{slug}")).unwrap_or_default();
    let request = Request { path, parameters: Vec::new(), now: state.now(&headers) };
    let source = Source::new(&state, request.now);
    let answer = site(&state, &source).answer(&request).await;
    let answer = Arc::new(answer);
    let painted = {
        let (answer, branding) = (Arc::clone(&answer), Arc::clone(&state.branding));
        let paint = move || match &answer.page {
            Page::Dashboard(dashboard) => Ok(card(dashboard, &branding.options.product)?),
            _ => Err(FormError::None),
        };
        state.store.compute(paint).await.map_err(FormError::from).and_then(|painted| painted)
    };
    match painted {
        Ok(picture) => {
            let written = Written { form: Form::Png, body: picture, lasting: None };
            let presenter = Presenter { options: &state.branding.options, read_api: "", request: &request };
            made(&answer, written, &presenter).respond(&headers)
        }
        Err(FormError::None) => failure(&state, 404, &format!("{ROOT}/assets/cards/{name}")),
        Err(error) => {
            tracing::error!(name, %error, "a card could not be painted");
            failure(&state, 500, &format!("{ROOT}/assets/cards/{name}"))
        }
    }
}

/// What pages can be asked for in another way than being read: nothing but that.
async fn only_read(method: Method) -> Response {
    let allow = [(header::ALLOW, "GET, HEAD, OPTIONS")];
    if method == Method::OPTIONS {
        // for scripts of other sites, which may read figures
        let others = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (header::ACCESS_CONTROL_MAX_AGE, "86400")];
        return (StatusCode::NO_CONTENT, allow, others).into_response();
    }
    (StatusCode::METHOD_NOT_ALLOWED, allow, "pages are read, with GET\n").into_response()
}

async fn unknown(State(state): State<AppState>, uri: Uri) -> Response {
    failure(&state, 404, uri.path())
}

/// The name under which a file is kept: the last two parts of its path, the day on which it was retrieved, and its ending.
fn file_name(request: &Request, form: Form) -> String {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let parts: Vec<&str> = request.path.trim_matches('/').rsplitn(3, '/').take(2).collect();
    let name: String =
        parts.into_iter().rev().collect::<Vec<_>>().join("-").chars().filter(allowed).collect();
    format!("{name}-{}{}", request.now.format("%Y-%m-%d"), form.ending())
}

/// A page with its tag, and what caches and search engines may do with it.
fn made(answer: &Answer, written: Written, presenter: &Presenter<'_>) -> Made {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    if let Some(cache) = cache_control(answer) {
        set(header::CACHE_CONTROL, &cache);
    }
    if answer.hidden {
        set(HeaderName::from_static("x-robots-tag"), "none");
    }
    if let Page::Moved(path) = &answer.page {
        set(header::LOCATION, &presenter.moved_to(path));
        return Made::new(status, headers, Vec::new());
    }
    let form = written.form;
    set(header::CONTENT_TYPE, form.content_type());
    match &written.lasting {
        None => set(header::ETAG, &tag(&written.body)),
        Some(lasting) => set(header::ETAG, &format!("W/{}", tag(lasting))),
    }
    let links = links(form, answer, presenter);
    if !links.is_empty() {
        set(header::LINK, &links);
    }
    if !matches!(form, Form::Html | Form::Embed | Form::Slides) {
        // scripts of other sites may read what is for machines
        set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    }
    if form == Form::Embed {
        // this one page may be shown inside those of others
        set(header::CONTENT_SECURITY_POLICY, "frame-ancestors *");
    }
    if form.is_file() {
        let name = file_name(presenter.request, form);
        set(header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    }
    Made::new(status, headers, written.body)
}

/// The other forms of a page, what describes it, and its licence (RFC 8288).
fn links(form: Form, answer: &Answer, presenter: &Presenter<'_>) -> String {
    let mut links: Vec<String> = Vec::new();
    for (other, address) in presenter.alternates(answer).into_iter().filter(|(other, _)| *other != form) {
        links.push(format!("<{address}>; rel=\"alternate\"; type=\"{}\"", other.media_type()));
    }
    if form == Form::Csv
        && let Some(path) = forms::path_of(&answer.page)
    {
        let address = presenter.form_address(path, Form::CsvMetadata);
        links.push(format!("<{address}>; rel=\"describedby\"; type=\"{}\"", Form::CsvMetadata.media_type()));
    }
    links.extend(presenter.licence(answer).and_then(|licence| licence.link()));
    // proxies refuse answers with long headers; each link has all that the reader chose
    let mut length = 0;
    links.retain(|link| {
        let fits = length + link.len() + 2 <= LONGEST_LINKS;
        length += if fits { link.len() + 2 } else { 0 };
        fits
    });
    links.join(", ")
}

/// The news that a page has none of the forms that the request accepts, and those that it has.
fn not_acceptable(answer: &Answer, presenter: &Presenter<'_>) -> Response {
    let mut body =
        String::from("this page cannot be had in a form that the request accepts. it can be had as\n");
    let own = forms::path_of(&answer.page).map(|path| (Form::Html, presenter.form_address(path, Form::Html)));
    for (form, address) in own.into_iter().chain(presenter.alternates(answer)) {
        body.push_str(&format!("{} at {address}\n", form.media_type()));
    }
    let mut response = (StatusCode::NOT_ACCEPTABLE, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=5"));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    if let Ok(links) = HeaderValue::from_str(&links(Form::Embed, answer, presenter)) {
        headers.insert(header::LINK, links);
    }
    response
}

/// A quoted tag of 128 bits: cryptography would take longer than all else that is done for a page whose parts are kept.
fn tag(body: &[u8]) -> String {
    let half = |seed: u64| FixedState::with_seed(seed).hash_one(body);
    format!("\"{:016x}{:016x}\"", half(0), half(1))
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
            Body::Facts(_) if module.outdated.is_some() => true,
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

fn failure(state: &AppState, status: u16, path: &str) -> Response {
    let html = page::error(Failure::of_status(status), path, &state.branding.options);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CACHE_CONTROL, "public, max-age=5")], axum::response::Html(html)).into_response()
}
