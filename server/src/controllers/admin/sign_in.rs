//! Signing in with a password, and out.

use axum::extract::{Form, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use stagecraft::password;

use super::{From, SignedIn, compute, field, from_elsewhere, own_form, problem, respond, unavailable};
use crate::access::client::Client;
use crate::access::sessions::{cookie, no_cookie};
use crate::auth::same;
use crate::state::AppState;

/// What the form sends.
#[derive(Deserialize)]
pub struct SignIn {
    email: String,
    password: String,
}

/// `GET /admin/sign-in`.
pub async fn form(State(state): State<AppState>) -> Response {
    respond(&state, StatusCode::OK, "Sign in", "/sign-in", &body(&state, "", None))
}

fn body(state: &AppState, email: &str, complaint: Option<&str>) -> Markup {
    html! {
        (problem(complaint))
        (super::sign_on::button(state))
        form method="post" action="/admin/sign-in" {
            (field("email", "E-mail address", "", &html! {
                input #email type="email" name="email" value=(email) autocomplete="username" required;
            }))
            (field("password", "Password", "", &html! {
                input #password type="password" name="password" autocomplete="current-password" required;
            }))
            p { button type="submit" { "Sign in" } }
        }
        p { "No account yet? An administrator can make one with " code { "performance-platform user create" } "." }
    }
}

/// `POST /admin/sign-in`.
pub async fn sign_in(
    State(state): State<AppState>,
    From(client): From,
    headers: HeaderMap,
    Form(given): Form<SignIn>,
) -> Response {
    if !own_form(&headers) {
        return from_elsewhere(&state);
    }
    if let Err(wait) = state.access.limits.sign_in(&client, &given.email) {
        state.access.audit.event("sign-in", &given.email, &client, StatusCode::TOO_MANY_REQUESTS);
        let seconds = wait.as_secs() + 1;
        let complaint = format!("Too many attempts. Try again in {seconds} seconds.");
        let page = body(&state, &given.email, Some(&complaint));
        let mut response = respond(&state, StatusCode::TOO_MANY_REQUESTS, "Sign in", "/sign-in", &page);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return response;
    }
    let user = state.registry.catalog().user(&given.email);
    let hash = user.and_then(|user| user.password_hash.clone());
    let right = match compute(move || password::verify(&given.password, hash.as_deref())).await {
        Ok(right) => right,
        Err(error) => return unavailable(&state, &error),
    };
    if !right {
        state.access.audit.event("sign-in", &given.email, &client, StatusCode::UNAUTHORIZED);
        let page = body(&state, &given.email, Some("the e-mail address or the password is wrong."));
        return respond(&state, StatusCode::UNAUTHORIZED, "Sign in", "/sign-in", &page);
    }
    start(&state, &client, &given.email).await
}

/// Starts a session, and leads to the account.
pub async fn start(state: &AppState, client: &Client, email: &str) -> Response {
    let secret = match state.registry.start_session(email).await {
        Ok((_, secret)) => secret,
        Err(error) => return unavailable(state, &error),
    };
    state.access.audit.event("sign-in", email, client, StatusCode::OK);
    let mut response = Redirect::to("/admin/account").into_response();
    if let Some(cookie) = cookie(&secret, client) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// What a form without further fields sends.
#[derive(Deserialize)]
pub struct Plain {
    pub(super) form_token: String,
}

/// `POST /admin/sign-out`.
pub async fn sign_out(
    State(state): State<AppState>,
    SignedIn(session): SignedIn,
    From(client): From,
    headers: HeaderMap,
    Form(given): Form<Plain>,
) -> Response {
    if !own_form(&headers) || !same(&session.form_token, &given.form_token) {
        return from_elsewhere(&state);
    }
    if let Err(error) = state.access.sessions.end(&state.registry, &headers).await {
        return unavailable(&state, &error);
    }
    state.access.audit.event("sign-out", &session.email, &client, StatusCode::OK);
    let mut response = Redirect::to("/admin/sign-in").into_response();
    if let Some(cookie) = no_cookie(&client) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
