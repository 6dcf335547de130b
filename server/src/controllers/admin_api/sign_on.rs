//! What the sign-on service tells: that a user has changed, so that what is remembered of the user must be forgotten.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use stagecraft::Role;

use super::answer::{Refusal, never_cached, not_allowed};
use super::caller::Caller;
use crate::state::AppState;

/// `POST` or `PUT /auth/gds/api/users/<uid>`, with or without `/reauth`: the user's tokens are asked for anew.
pub async fn user_changed(
    State(state): State<AppState>,
    Path(uid): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    if method != Method::POST && method != Method::PUT {
        return not_allowed("POST, PUT");
    }
    let response = match forget(&state, &headers, &uid).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refusal.into_response(&headers),
    };
    never_cached(response)
}

async fn forget(state: &AppState, headers: &HeaderMap, uid: &str) -> Result<(), Refusal> {
    let caller = Caller::of(state, headers)?;
    caller.must_be(&[Role::UserUpdatePermission])?;
    let forgotten =
        state.registry.edit(&caller.email, |edit| Ok::<_, Refusal>(edit.forget_tokens_of(uid))).await?;
    tracing::info!(uid, forgotten, "the sign-on service says that a user has changed");
    Ok(())
}
