//! Signing in at a single sign-on service: to it, and back from it.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::{From, refused, sign_in};
use crate::access::client::Client;
use crate::access::sessions::{cookie_named, cookie_value};
use crate::access::sign_on::admission::NotAdmitted;
use crate::access::sign_on::id_token::Claims;
use crate::access::sign_on::{Pending, SignOn, SignOnError};
use crate::state::AppState;

/// What a browser keeps while it is at the service.
const COOKIE: &str = "pp_sign_on";
/// For how long, in seconds.
const PATIENCE: u32 = 600;

/// The way to the service, where there is one.
pub fn button(state: &AppState) -> Markup {
    html! {
        @if let Some(sign_on) = &state.access.sign_on {
            p { a.button href="/admin/sign-on" { "Sign in with " (sign_on.name) } }
        }
    }
}

/// `GET /admin/sign-on`: to the service.
pub async fn begin(State(state): State<AppState>, From(client): From) -> Response {
    let Some(sign_on) = &state.access.sign_on else { return no_service(&state) };
    match sign_on.begin().await {
        Ok((address, pending)) => {
            let mut response = Redirect::to(&address).into_response();
            keep(&mut response, &client, &pending.to_cookie(), PATIENCE);
            response
        }
        Err(error) => failed(&state, &client, &error),
    }
}

/// What the service sends a browser back with.
#[derive(Debug, Deserialize)]
pub struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    error: Option<String>,
}

/// `GET /admin/sign-on/return`: back from the service. What the browser kept is good for one try.
pub async fn finish(
    State(state): State<AppState>,
    From(client): From,
    Query(back): Query<Back>,
    headers: HeaderMap,
) -> Response {
    let Some(sign_on) = &state.access.sign_on else { return no_service(&state) };
    let mut response = match identify(sign_on, &back, &state, &headers).await {
        Ok(claims) => match admit(&state, sign_on, &claims).await {
            Ok(email) => sign_in::start(&state, &client, &email).await,
            Err(reason) => turned_away(&state, &client, &claims, reason),
        },
        Err(error) => failed(&state, &client, &error),
    };
    keep(&mut response, &client, "", 0);
    response
}

async fn identify(
    sign_on: &SignOn,
    back: &Back,
    state: &AppState,
    headers: &HeaderMap,
) -> Result<Claims, SignOnError> {
    let pending = cookie_value(headers, COOKIE).and_then(Pending::from_cookie);
    // Also a refusal counts only as the answer to what this browser has asked.
    let pending = pending.filter(|pending| pending.has_state(&back.state)).ok_or(SignOnError::NotBegun)?;
    if let Some(error) = &back.error {
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' ');
        return Err(SignOnError::Refused(error.chars().filter(plain).take(60).collect()));
    }
    sign_on.finish(&pending, &back.code, state.now(headers)).await
}

async fn admit(state: &AppState, sign_on: &SignOn, claims: &Claims) -> Result<String, NotAdmitted> {
    let email = sign_on.admission.check(claims)?;
    let name = claims.sign_on();
    state.registry.edit(email, |edit| sign_on.admission.admit(edit, email, &name)).await
}

fn no_service(state: &AppState) -> Response {
    let sentence = "This installation has no single sign-on service.";
    refused(state, StatusCode::NOT_FOUND, "Not here", sentence)
}

/// Whoever the service vouches for may not come in.
fn turned_away(state: &AppState, client: &Client, claims: &Claims, reason: NotAdmitted) -> Response {
    if let NotAdmitted::Registry(error) = &reason
        && !matches!(error, stagecraft::RegistryError::Conflict(_) | stagecraft::RegistryError::Invalid(_))
    {
        return super::unavailable(state, error);
    }
    let email = claims.email().unwrap_or_default();
    state.access.audit.event("sign-in", email, client, StatusCode::FORBIDDEN);
    refused(state, StatusCode::FORBIDDEN, "You cannot sign in here", &sentence(&reason))
}

/// The service has not shown who this is.
fn failed(state: &AppState, client: &Client, error: &SignOnError) -> Response {
    let status = match error {
        SignOnError::NotBegun => StatusCode::BAD_REQUEST,
        SignOnError::Refused(_) | SignOnError::Token(_) => StatusCode::UNAUTHORIZED,
        SignOnError::Provider(_) => StatusCode::BAD_GATEWAY,
    };
    let told = match error {
        // Addresses and reasons of the service are for whoever runs this.
        SignOnError::Provider(_) => {
            tracing::error!(%error, "signing in at the sign-on service failed");
            "the sign-on service does not answer as it should".to_owned()
        }
        other => {
            tracing::warn!(error = %other, "somebody was not signed in");
            other.to_string()
        }
    };
    state.access.audit.event("sign-in", "", client, status);
    refused(state, status, "You are not signed in", &sentence(&told))
}

/// A reason as a sentence of a page.
fn sentence(reason: &impl ToString) -> String {
    let reason = reason.to_string();
    let mut letters = reason.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}. Try again, or ask an administrator.", letters.as_str())
}

/// What the browser keeps for so many seconds, for these two addresses only.
fn keep(response: &mut Response, client: &Client, value: &str, seconds: u32) {
    let cookie = cookie_named(COOKIE, value, "/admin/sign-on", i64::from(seconds), client);
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
