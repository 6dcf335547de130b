//! Who may come in: everything about a request's right to be answered that is not one surface's own business.
//!
//! [`admit`] stands before the admin API and the write API. It counts requests ([`limits`]), knows who is signed in with a
//! browser ([`sessions`], [`sign_on`]), holds tokens to their scopes, and notes what was done or refused ([`audit`]).

pub mod audit;
pub mod client;
pub mod limits;
pub mod sessions;
pub mod sign_on;
pub mod welcome;

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::auth::bearer;
use crate::error::ApiError;
use crate::state::AppState;
use client::Client;

/// What is remembered about access while the server runs.
#[derive(Debug, Default)]
pub struct Access {
    /// What was done and refused, on its way to the registry.
    pub audit: audit::AuditLog,
    /// For how many days the audit log is kept; without, for ever.
    pub audit_days: Option<NonZeroU32>,
    /// Who is signed in.
    pub sessions: sessions::Sessions,
    /// How many requests each caller may make.
    pub limits: limits::Limits,
    /// The way in for the first administrator.
    pub welcome: welcome::Welcome,
    /// The single sign-on service, if there is one.
    pub sign_on: Option<sign_on::SignOn>,
    /// Whether a proxy that we trust says where requests come from.
    pub behind_proxy: bool,
}

/// The surfaces that [`admit`] stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// The admin API, for people and programs.
    AdminApi,
    /// The read and write API, where only writes are guarded.
    Data,
}

/// Lets a request pass, or refuses it, and notes what came of it.
pub async fn admit(
    State((state, surface)): State<(Arc<AppState>, Surface)>,
    request: Request,
    next: Next,
) -> Response {
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let client = Client::of(&state.access, &request);
    if let Err(wait) = state.access.limits.request(&client, &headers, |token| is_known(&state, token)) {
        return ApiError::too_many(wait).into_response();
    }
    let changes = !method.is_safe();
    if surface == Surface::Data && !changes {
        return next.run(request).await;
    }
    let path = request
        .extensions()
        .get::<OriginalUri>()
        .map_or_else(|| request.uri().path().to_owned(), |original| original.0.path().to_owned());
    if let Err(error) = state.access.sessions.load(&state.registry, &headers).await {
        tracing::error!(%error, "sessions cannot be read");
        let message = "sessions cannot be read now: try again soon";
        return ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message).into_response();
    }
    let response = match check(&state, surface, &method, &headers) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let refused = matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    if changes || refused {
        let actor = Actor::of(&state, &headers);
        if let Some(token) = actor.token {
            state.access.audit.used(token, state.now(&headers));
        }
        state.access.audit.request(&actor, &client, &method, &path, response.status(), &headers);
    } else if let Some(token) = Actor::of(&state, &headers).token {
        state.access.audit.used(token, state.now(&headers));
    }
    response
}

/// Whether a token is one that we have given to somebody, good or not.
fn is_known(state: &AppState, token: &str) -> bool {
    let catalog = state.registry.catalog();
    state.admin_token.as_ref().is_some_and(|admin| admin.matches(token))
        || catalog.access_token(token, chrono::DateTime::<chrono::Utc>::MIN_UTC).is_some()
        || catalog.is_data_set_token(token)
}

/// Holds tokens to their scopes and browsers to their forms.
fn check(state: &AppState, surface: Surface, method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    let forbidden = |message: &str| Err(ApiError::new(StatusCode::FORBIDDEN, message));
    if surface == Surface::Data {
        return Ok(());
    }
    if let Some(token) = bearer(headers) {
        let known = state.registry.catalog().access_token(token, state.now(headers));
        if known.is_some_and(|known| !known.covers_admin_api(!method.is_safe())) {
            return forbidden("Forbidden: the scopes of this token do not cover this request.");
        }
        return Ok(());
    }
    let Some(session) = state.access.sessions.get(headers) else { return Ok(()) };
    let given = headers.get("x-csrf-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !method.is_safe() && !crate::auth::same(&session.form_token, given) {
        return forbidden(
            "Forbidden: a change by a browser that is signed in needs its X-CSRF-Token header.",
        );
    }
    Ok(())
}

/// Who made a request and by what right, for the audit log.
#[derive(Debug)]
pub struct Actor {
    /// The e-mail address; empty if nobody in particular.
    pub email: String,
    /// The kind of credential, without telling it.
    pub credential: String,
    /// The access token, if that was it.
    pub token: Option<stagecraft::Uuid>,
}

impl Actor {
    /// Whoever made a request with these headers.
    pub fn of(state: &AppState, headers: &HeaderMap) -> Actor {
        let somebody =
            |email: String, credential: &str| Actor { email, credential: credential.into(), token: None };
        if state.is_admin(headers) {
            return somebody(String::new(), "administrator");
        }
        let Some(token) = bearer(headers) else {
            return match state.access.sessions.get(headers) {
                Some(session) => somebody(session.email.clone(), "session"),
                None if headers.contains_key(header::AUTHORIZATION) => somebody(String::new(), "unreadable"),
                None => somebody(String::new(), "none"),
            };
        };
        match state.registry.catalog().access_token(token, state.now(headers)) {
            Some(known) => Actor {
                email: known.email.clone(),
                credential: format!("token {}", known.id),
                token: Some(known.id),
            },
            // Which data set's it is the path tells; a wrong one is told by the status.
            None => somebody(String::new(), "data set token"),
        }
    }
}

/// Brings what is remembered to the registry, and what other processes changed from it, until the server stops.
pub async fn keep_up(state: AppState, mut stopping: tokio::sync::watch::Receiver<bool>) {
    let mut every_second = tokio::time::interval(std::time::Duration::from_secs(1));
    every_second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every_second.tick() => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        state.access.audit.write(&state.registry).await;
        state.access.limits.forget_idle();
        if let Err(error) = state.registry.refresh().await {
            tracing::warn!(%error, "cannot see whether the configuration has changed");
        }
    }
}

/// What [`admit`] needs to stand before a surface.
pub fn before(state: &AppState, surface: Surface) -> (Arc<AppState>, Surface) {
    (Arc::new(state.clone()), surface)
}

/// Shared by every clone of the state.
pub type SharedAccess = Arc<Access>;
