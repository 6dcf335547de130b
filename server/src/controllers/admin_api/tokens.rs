//! `/tokens`: handing out and taking back tokens. Only administrators do that.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use stagecraft::{AccessToken, NewToken, Role, Scope, Uuid};

use super::answer::{Refusal, not_allowed, told};
use super::caller::Caller;
use super::shape::{Kind, Shape, failed, whole};
use crate::state::AppState;

const SHAPE: Shape = Shape {
    required: &[("name", Kind::Text), ("roles", Kind::Texts)],
    optional: &[("scopes", Kind::Texts), ("label", Kind::Text), ("expires", Kind::Text)],
    open: false,
};

/// `GET` lists what is known about all tokens; `POST` makes one, which is told in the answer and never again.
pub async fn collection(
    State(state): State<AppState>,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let answer = match method {
        Method::GET | Method::HEAD => list(&state, &headers).await,
        Method::POST => create(&state, &headers, body).await,
        _ => return not_allowed("GET, HEAD, POST"),
    };
    told(answer, &method, &headers)
}

/// `DELETE` takes a token back.
pub async fn item(
    State(state): State<AppState>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    if method != Method::DELETE {
        return not_allowed("DELETE");
    }
    let answer = delete(&state, &headers, &id).await;
    told(answer, &method, &headers)
}

async fn list(state: &AppState, headers: &HeaderMap) -> Result<Value, Refusal> {
    Caller::of(state, headers)?.must_be(&[Role::Admin])?;
    state.access.audit.write(&state.registry).await;
    let uses: HashMap<Uuid, DateTime<Utc>> = state.registry.token_uses().await?.into_iter().collect();
    let known = |token: &Arc<AccessToken>| {
        let mut known = token.to_json();
        known["last_used"] = json!(uses.get(&token.id));
        known
    };
    Ok(state.registry.catalog().access_tokens().map(known).collect())
}

async fn create(state: &AppState, headers: &HeaderMap, body: Body) -> Result<Value, Refusal> {
    let caller = Caller::of(state, headers)?;
    caller.must_be(&[Role::Admin])?;
    let body = whole(state, headers, body).await?;
    let body = SHAPE.read(headers, &body.bytes)?;
    let mut roles = BTreeSet::new();
    for name in body["roles"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        roles.insert(name.parse::<Role>().map_err(failed)?);
    }
    let email = body["name"].as_str().unwrap_or_default().to_owned();
    let mut scopes = BTreeSet::new();
    for name in body.get("scopes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        scopes.insert(name.parse::<Scope>().map_err(failed)?);
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let expires_at = text("expires").map(|text| match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Ok(time.with_timezone(&Utc)),
        Err(error) => Err(failed(format!("'{text}' is not a time such as 2027-01-31T00:00:00Z: {error}"))),
    });
    let expires_at = expires_at.transpose()?;
    let label = text("label").unwrap_or_default().to_owned();
    let new = NewToken { email, roles, scopes, label, expires_at, uid: None };
    let (known, token) = state.registry.edit(&caller.email, |edit| edit.create_token(&new)).await?;
    let mut answer = known.to_json();
    answer["token"] = token.into();
    Ok(answer)
}

async fn delete(state: &AppState, headers: &HeaderMap, id: &str) -> Result<Value, Refusal> {
    let caller = Caller::of(state, headers)?;
    caller.must_be(&[Role::Admin])?;
    let id = Uuid::parse_str(id).map_err(|_| Refusal::no_such_item())?;
    let deleted = state.registry.edit(&caller.email, |edit| Ok::<_, Refusal>(edit.delete_token(id))).await?;
    if deleted { Ok(json!({"id": id.to_string()})) } else { Err(Refusal::no_such_item()) }
}
