//! `/users/{email}/roles`: what a user may do. Only administrators look at it and change it: whoever may make users must not be able
//! to make administrators.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use serde_json::{Value, json};
use stagecraft::{Catalog, Role, User};

use super::answer::{Refusal, not_allowed, told};
use super::caller::Caller;
use super::shape::{Kind, Shape, failed, whole};
use crate::state::AppState;

/// The body that says which roles a user has.
pub const ROLES: Shape = Shape { required: &[("roles", Kind::Texts)], optional: &[], open: false };

/// `GET` tells the roles of a user, `PUT` gives the user others.
pub async fn roles(
    State(state): State<AppState>,
    Path(email): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let answer = match method {
        Method::GET | Method::HEAD => known(&state, &headers, &email),
        Method::PUT => change(&state, &headers, &email, body).await,
        _ => return not_allowed("GET, HEAD, PUT"),
    };
    told(answer, &method, &headers)
}

fn known(state: &AppState, headers: &HeaderMap, email: &str) -> Result<Value, Refusal> {
    Caller::of(state, headers)?.must_be(&[Role::Admin])?;
    let user = state.registry.catalog().user(email).ok_or_else(Refusal::no_such_item)?;
    Ok(form(&user))
}

async fn change(state: &AppState, headers: &HeaderMap, email: &str, body: Body) -> Result<Value, Refusal> {
    let caller = Caller::of(state, headers)?;
    caller.must_be(&[Role::Admin])?;
    let body = whole(state, headers, body).await?;
    let body = ROLES.read(headers, &body.bytes)?;
    let names = body["roles"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let roles: BTreeSet<Role> = names.map(str::parse).collect::<Result<_, _>>().map_err(failed)?;
    let change = |edit: &mut stagecraft::Edit| {
        let user = edit.catalog().user(email).ok_or_else(Refusal::no_such_item)?;
        if !roles.contains(&Role::Admin) && is_last_administrator(edit.catalog(), &user) {
            let message = "validation errors:\nroles: This is the last administrator who can sign in.";
            return Err(Refusal::bad_request(message));
        }
        let user = edit.set_roles(email, roles.clone())?;
        Ok(form(&user))
    };
    state.registry.edit(&caller.email, change).await
}

/// Whether nobody else can sign in as an administrator.
fn is_last_administrator(catalog: &Catalog, user: &User) -> bool {
    let is_one = |user: &User| user.can_sign_in() && user.roles.contains(&Role::Admin);
    is_one(user) && !catalog.users().any(|other| other.id != user.id && is_one(other))
}

fn form(user: &User) -> Value {
    json!({"email": user.email, "roles": user.roles})
}
