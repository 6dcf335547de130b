//! The pages for people who are signed in: signing in and out, the first administrator, one's own password and tokens.
//!
//! They are plain forms. What changes something is a `POST` that carries the session's form token and comes from our own pages
//! ([`own_form`]); every page forbids scripts and frames, and is nobody's to keep.

mod account;
mod sign_in;
mod sign_on;
mod welcome;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use spotlight_renderer::page;
use spotlight_renderer::page::model::Head;
use stagecraft::{RegistryError, Session};

use crate::access::client::Client;
use crate::state::AppState;

const PATH: &str = "/admin";
/// The most bytes of a form.
const MOST_FORM: usize = 64 * 1024;

/// The table of contents.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(account::home))
        .route("/sign-in", get(sign_in::form).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/sign-on", get(sign_on::begin))
        .route("/sign-on/return", get(sign_on::finish))
        .route("/welcome", get(welcome::form).post(welcome::create))
        .route("/account", get(account::page))
        .route("/password", post(account::change_password))
        .route("/tokens", post(account::create_token))
        .route("/tokens/{id}/revoke", post(account::revoke_token))
        .layer(DefaultBodyLimit::max(MOST_FORM))
}

/// Whoever is signed in; without a session, a way to the form where one signs in.
struct SignedIn(Arc<Session>);

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<SignedIn, Response> {
        let sessions = &state.access.sessions;
        sessions.load(&state.registry, &parts.headers).await.map_err(|error| unavailable(state, &error))?;
        let to_sign_in = || Redirect::to("/admin/sign-in").into_response();
        sessions.get(&parts.headers).map(SignedIn).ok_or_else(to_sign_in)
    }
}

/// Where the request comes from.
struct From(Client);

impl FromRequestParts<AppState> for From {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<From, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        Ok(From(Client::new(&state.access, peer, &parts.headers)))
    }
}

/// Whether a form was sent from a page of ours: browsers say where a request comes from.
fn own_form(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin"), text("host")) {
        (Some(site), _, _) => site == "same-origin" || site == "none",
        (None, Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        _ => true,
    }
}

/// A page of this part of the site.
fn respond(state: &AppState, status: StatusCode, title: &str, path: &str, body: &Markup) -> Response {
    let options = &state.branding.options;
    let head = Head {
        title: format!("{title} - {}", options.product),
        path: format!("{PATH}{path}"),
        hidden: true,
        ..Head::default()
    };
    let content = html! { div.prose { h1 { (title) } (body) } };
    let mut response = (status, Html(page::framed(&head, &content, options))).into_response();
    guard(&mut response);
    response
}

/// What every page here says to browsers.
fn guard(response: &mut Response) {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; form-action 'self'; \
                  frame-ancestors 'none'; base-uri 'none'";
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
}

fn refused(state: &AppState, status: StatusCode, title: &str, sentence: &str) -> Response {
    respond(state, status, title, "", &html! { p { (sentence) } p { a href="/admin" { "Back" } } })
}

fn unavailable(state: &AppState, error: &RegistryError) -> Response {
    tracing::error!(%error, "registry error");
    let sentence = "The configuration cannot be read or changed now. Try again in a minute.";
    refused(state, StatusCode::SERVICE_UNAVAILABLE, "Not available now", sentence)
}

fn from_elsewhere(state: &AppState) -> Response {
    let sentence = "The form was not sent from a page of this site, or that page was too old. Load it again.";
    refused(state, StatusCode::FORBIDDEN, "Not from here", sentence)
}

/// A form that changes something in the name of whoever is signed in.
fn form(session: &Session, action: &str, inner: &Markup) -> Markup {
    html! {
        form method="post" action=(action) {
            input type="hidden" name="form_token" value=(session.form_token);
            (inner)
        }
    }
}

/// A field with its label and, below it, what to know about it.
fn field(name: &str, label: &str, hint: &str, input: &Markup) -> Markup {
    html! {
        p {
            label for=(name) { strong { (label) } }
            (input)
            @if !hint.is_empty() { small id={ (name) "-hint" } { (hint) } }
        }
    }
}

fn problem(complaint: Option<&str>) -> Markup {
    html! { @if let Some(complaint) = complaint { p role="alert" { strong { "There is a problem: " } (complaint) } } }
}

/// Runs what takes tens of milliseconds of computing, such as hashing a password, where it holds nobody up.
async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, RegistryError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| RegistryError::Interrupted)
}
