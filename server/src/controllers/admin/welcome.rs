//! The first administrator, who follows the link that the server told when it started.

use std::collections::BTreeSet;

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use stagecraft::{RegistryError, Role, password};

use super::{
    From, compute, field, from_elsewhere, own_form, problem, refused, respond, sign_in, unavailable,
};
use crate::state::AppState;

/// What the link carries.
#[derive(Deserialize)]
pub struct Key {
    #[serde(default)]
    key: String,
}

/// What the form sends.
#[derive(Deserialize)]
pub struct First {
    key: String,
    email: String,
    password: String,
}

/// `GET /admin/welcome?key=...`.
pub async fn form(State(state): State<AppState>, Query(Key { key }): Query<Key>) -> Response {
    if !state.access.welcome.fits(&key) {
        return used_up(&state);
    }
    respond(&state, StatusCode::OK, "Welcome", "/welcome", &body(&key, "", None))
}

fn used_up(state: &AppState) -> Response {
    let sentence = "This link has been used, or the server was started again since. While there is no administrator, \
                    the server tells a new link when it starts.";
    refused(state, StatusCode::FORBIDDEN, "This link does not work", sentence)
}

fn body(key: &str, email: &str, complaint: Option<&str>) -> Markup {
    html! {
        p { "Create the first administrator. The link that led you here works once." }
        (problem(complaint))
        form method="post" action="/admin/welcome" {
            input type="hidden" name="key" value=(key);
            (field("email", "E-mail address", "", &html! {
                input #email type="email" name="email" value=(email) autocomplete="username" required;
            }))
            (field("password", "Password", "At least 12 characters. A few words are easy to remember.", &html! {
                input #password type="password" name="password" autocomplete="new-password" minlength="12"
                    aria-describedby="password-hint" required;
            }))
            p { button type="submit" { "Create administrator" } }
        }
    }
}

/// `POST /admin/welcome`.
pub async fn create(
    State(state): State<AppState>,
    From(client): From,
    headers: HeaderMap,
    Form(First { key, email, password }): Form<First>,
) -> Response {
    if !own_form(&headers) {
        return from_elsewhere(&state);
    }
    if !state.access.welcome.fits(&key) {
        return used_up(&state);
    }
    let address = email.clone();
    let hashed = compute(move || password::hash(&password, &address)).await;
    let hash = match hashed.and_then(|hash| hash) {
        Ok(hash) => hash,
        Err(error) => return again(&state, &key, &email, error),
    };
    let made = state.registry.edit(&email, |edit| {
        edit.set_roles(&email, BTreeSet::from([Role::Admin]))?;
        edit.set_password_hash(&email, Some(hash.clone()))
    });
    if let Err(error) = made.await {
        return again(&state, &key, &email, error);
    }
    state.access.welcome.close();
    state.access.audit.event("first administrator", &email, &client, StatusCode::OK);
    sign_in::start(&state, &client, &email).await
}

fn again(state: &AppState, key: &str, email: &str, error: RegistryError) -> Response {
    match error {
        RegistryError::Invalid(complaint) | RegistryError::Conflict(complaint) => {
            let page = body(key, email, Some(&complaint));
            respond(state, StatusCode::BAD_REQUEST, "Welcome", "/welcome", &page)
        }
        other => unavailable(state, &other),
    }
}
