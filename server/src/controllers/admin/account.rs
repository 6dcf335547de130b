//! One's own account: who one is, one's password, and one's tokens.

use std::collections::{BTreeSet, HashMap};

use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use serde::Deserialize;
use stagecraft::{AccessToken, NewToken, RegistryError, Role, Scope, Session, Uuid, password};

use super::{From, SignedIn, compute, field, form, from_elsewhere, own_form, problem, respond, unavailable};
use crate::auth::same;
use crate::state::AppState;

/// `GET /admin`: to the account, or to where one signs in.
pub async fn home(_: SignedIn) -> Response {
    Redirect::to("/admin/account").into_response()
}

/// `GET /admin/account`.
pub async fn page(State(state): State<AppState>, SignedIn(session): SignedIn) -> Response {
    show(&state, &session, StatusCode::OK, &html! {}).await
}

async fn show(state: &AppState, session: &Session, status: StatusCode, first: &Markup) -> Response {
    let uses = match state.registry.token_uses().await {
        Ok(uses) => uses.into_iter().collect(),
        Err(error) => return unavailable(state, &error),
    };
    let catalog = state.registry.catalog();
    let user = catalog.user(&session.email);
    let roles: BTreeSet<Role> = user.map(|user| user.roles.clone()).unwrap_or_default();
    let mut tokens: Vec<_> =
        catalog.access_tokens().filter(|token| token.email == session.email).cloned().collect();
    tokens.sort_by_key(|token| token.created_at);
    let content = html! {
        (first)
        p { "Signed in as " strong { (session.email) } ". " (roles_sentence(&roles)) }
        (form(session, "/admin/sign-out", &html! { p { button type="submit" { "Sign out" } } }))
        h2 { "Tokens" }
        p { "Programs present a token instead of a password: " code { "Authorization: Bearer TOKEN" } "." }
        (token_table(session, &tokens, &uses))
        h3 { "Create a token" }
        (form(session, "/admin/tokens", &token_fields()))
        h2 { "Password" }
        (form(session, "/admin/password", &password_fields()))
    };
    respond(state, status, "Your account", "/account", &content)
}

fn roles_sentence(roles: &BTreeSet<Role>) -> String {
    let names: Vec<String> = roles.iter().map(|role| role.to_string()).collect();
    match names.as_slice() {
        [] => "You have no role yet: an administrator can give you one.".to_owned(),
        names => format!("Your roles: {}.", names.join(", ")),
    }
}

fn token_table(
    session: &Session,
    tokens: &[std::sync::Arc<AccessToken>],
    uses: &HashMap<Uuid, DateTime<Utc>>,
) -> Markup {
    let day = |time: DateTime<Utc>| time.format("%-d %B %Y").to_string();
    html! {
        @if tokens.is_empty() {
            p { "You have no tokens." }
        } @else {
            table {
                caption { "Your tokens. What they are themselves was shown once, when they were made." }
                thead { tr {
                    th scope="col" { "Name" } th scope="col" { "For" } th scope="col" { "Good until" }
                    th scope="col" { "Last used" } th scope="col" { "Revoke" }
                } }
                tbody {
                    @for token in tokens {
                        @let name = if token.label.is_empty() { "(no name)" } else { &token.label };
                        tr {
                            th scope="row" { (name) }
                            td { (scopes(token)) }
                            td { (token.expires_at.map_or_else(|| "revoked".to_owned(), day)) }
                            td { (uses.get(&token.id).copied().map_or_else(|| "never".to_owned(), day)) }
                            td { (form(session, &format!("/admin/tokens/{}/revoke", token.id), &html! {
                                button type="submit" aria-label={ "Revoke " (name) } { "Revoke" }
                            })) }
                        }
                    }
                }
            }
        }
    }
}

fn scopes(token: &AccessToken) -> String {
    match token.scopes.is_empty() {
        true => "admin API".to_owned(),
        false => token.scopes.iter().map(Scope::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn token_fields() -> Markup {
    html! {
        (field("label", "Name", "What uses it, so that you know it again.", &html! {
            input #label type="text" name="label" maxlength="200" aria-describedby="label-hint" required;
        }))
        (field("scopes", "For", "admin-api, admin-api:read, or data:write:GROUP/TYPE to write records; separated by spaces.", &html! {
            input #scopes type="text" name="scopes" value="admin-api:read" aria-describedby="scopes-hint" required;
        }))
        (field("days", "Good for so many days", "From 1 to 3,650.", &html! {
            input #days type="number" name="days" value="90" min="1" max="3650" aria-describedby="days-hint" required;
        }))
        p { button type="submit" { "Create token" } }
    }
}

fn password_fields() -> Markup {
    html! {
        (field("current", "Current password", "", &html! {
            input #current type="password" name="current" autocomplete="current-password" required;
        }))
        (field("new", "New password", "At least 12 characters.", &html! {
            input #new type="password" name="new" autocomplete="new-password" minlength="12" aria-describedby="new-hint" required;
        }))
        p { button type="submit" { "Change password" } }
    }
}

/// What the form for a token sends.
#[derive(Deserialize)]
pub struct TokenForm {
    form_token: String,
    label: String,
    scopes: String,
    days: i64,
}

/// `POST /admin/tokens`.
pub async fn create_token(
    State(state): State<AppState>,
    SignedIn(session): SignedIn,
    From(client): From,
    headers: HeaderMap,
    Form(given): Form<TokenForm>,
) -> Response {
    if !own_form(&headers) || !same(&session.form_token, &given.form_token) {
        return from_elsewhere(&state);
    }
    let catalog = state.registry.catalog();
    let roles = catalog.user(&session.email).map(|user| user.roles.clone()).unwrap_or_default();
    let new = match new_token(&given, &session, &roles, state.now(&headers)) {
        Ok(new) => new,
        Err(complaint) => {
            return show(&state, &session, StatusCode::BAD_REQUEST, &problem(Some(&complaint))).await;
        }
    };
    match state.registry.edit(&session.email, |edit| edit.create_token(&new)).await {
        Ok((_, token)) => {
            state.access.audit.event("create token", &session.email, &client, StatusCode::OK);
            let told = html! {
                p role="status" {
                    "Your new token, shown only now: " strong { code { (token) } } ". Keep it where passwords are kept."
                }
            };
            show(&state, &session, StatusCode::OK, &told).await
        }
        Err(RegistryError::Invalid(complaint)) => {
            show(&state, &session, StatusCode::BAD_REQUEST, &problem(Some(&complaint))).await
        }
        Err(error) => unavailable(&state, &error),
    }
}

fn new_token(
    given: &TokenForm,
    session: &Session,
    roles: &BTreeSet<Role>,
    now: DateTime<Utc>,
) -> Result<NewToken, String> {
    let scopes: Result<BTreeSet<Scope>, _> = given.scopes.split_whitespace().map(str::parse).collect();
    let scopes = scopes.map_err(|error: stagecraft::scope::UnknownScope| error.to_string())?;
    if scopes.is_empty() {
        return Err("say what the token is for".to_owned());
    }
    if scopes.iter().any(|scope| matches!(scope, Scope::Write { .. })) && !roles.contains(&Role::Admin) {
        return Err("only administrators make tokens that write records".to_owned());
    }
    if !(1..=3_650).contains(&given.days) {
        return Err("a token is good for 1 to 3,650 days".to_owned());
    }
    Ok(NewToken {
        email: session.email.clone(),
        roles: roles.clone(),
        scopes,
        label: given.label.trim().to_owned(),
        uid: None,
        expires_at: Some(now + TimeDelta::days(given.days)),
    })
}

/// `POST /admin/tokens/{id}/revoke`.
pub async fn revoke_token(
    State(state): State<AppState>,
    SignedIn(session): SignedIn,
    From(client): From,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(given): Form<super::sign_in::Plain>,
) -> Response {
    if !own_form(&headers) || !same(&session.form_token, &given.form_token) {
        return from_elsewhere(&state);
    }
    let revoke = |edit: &mut stagecraft::Edit| {
        let is_it =
            |token: &&std::sync::Arc<AccessToken>| token.id.to_string() == id && token.email == session.email;
        let own = edit.catalog().access_tokens().find(is_it).map(|token| token.id);
        Ok::<_, RegistryError>(own.is_some_and(|id| edit.delete_token(id)))
    };
    match state.registry.edit(&session.email, revoke).await {
        Ok(_) => {
            state.access.audit.event("revoke token", &session.email, &client, StatusCode::OK);
            Redirect::to("/admin/account").into_response()
        }
        Err(error) => unavailable(&state, &error),
    }
}

/// What the form for a password sends.
#[derive(Deserialize)]
pub struct PasswordForm {
    form_token: String,
    current: String,
    new: String,
}

/// `POST /admin/password`: a new password, which ends the user's sessions everywhere.
pub async fn change_password(
    State(state): State<AppState>,
    SignedIn(session): SignedIn,
    From(client): From,
    headers: HeaderMap,
    Form(given): Form<PasswordForm>,
) -> Response {
    if !own_form(&headers) || !same(&session.form_token, &given.form_token) {
        return from_elsewhere(&state);
    }
    if state.access.limits.sign_in(&client, &session.email).is_err() {
        let complaint = problem(Some("too many attempts: try again in a minute."));
        return show(&state, &session, StatusCode::TOO_MANY_REQUESTS, &complaint).await;
    }
    let catalog = state.registry.catalog();
    let (known, email) =
        (catalog.user(&session.email).and_then(|user| user.password_hash.clone()), session.email.clone());
    let PasswordForm { current, new, .. } = given;
    let checked = compute(move || {
        if !password::verify(&current, known.as_deref()) {
            return Err(RegistryError::Invalid("the current password is wrong.".to_owned()));
        }
        password::hash(&new, &email)
    });
    let hash = match checked.await.and_then(|hash| hash) {
        Ok(hash) => hash,
        Err(RegistryError::Invalid(complaint)) => {
            state.access.audit.event("change password", &session.email, &client, StatusCode::BAD_REQUEST);
            return show(&state, &session, StatusCode::BAD_REQUEST, &problem(Some(&complaint))).await;
        }
        Err(error) => return unavailable(&state, &error),
    };
    let change = |edit: &mut stagecraft::Edit| edit.set_password_hash(&session.email, Some(hash.clone()));
    if let Err(error) = state.registry.edit(&session.email, change).await {
        return unavailable(&state, &error);
    }
    if let Err(error) = state.registry.end_sessions_of(&session.email).await {
        return unavailable(&state, &error);
    }
    state.access.audit.event("change password", &session.email, &client, StatusCode::OK);
    super::sign_in::start(&state, &client, &session.email).await
}
