//! What all resources share: the order in which a request is checked, and the answers.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Query, RawPathParams, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use stagecraft::{Action, Catalog, Edit, Subject};

use super::answer::{Refusal, ok, private, same_frame, set};
use super::caller::Caller;
use super::shape::Shape;
use crate::state::AppState;

/// What a resource is told about a request.
pub struct Request {
    /// Who makes it.
    pub caller: Caller,
    /// The query string's parameters, in order.
    pub query: Vec<(String, String)>,
    /// The body; empty unless something is made or changed.
    pub body: Map<String, Value>,
}

impl Request {
    /// The value of the first parameter of this name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The values of all parameters of this name.
    pub fn parameters<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A text of the body; empty if it is absent.
    pub fn text(&self, name: &str) -> &str {
        self.body.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// A kind of thing that can be listed, looked at, made, changed and, some of them, removed.
///
/// The functions are about the thing alone: when they are called, the caller has the permission and the body has the shape.
/// Functions that take an `Edit` may run more than once; nothing that they do counts unless all of it succeeds.
pub trait Resource: Send + Sync + 'static {
    /// What permissions are about.
    const SUBJECT: Subject;
    /// The bodies of what makes and changes one.
    const SHAPE: Shape;
    /// Those that the caller may see, in order, as far as the query asks for them.
    fn list(catalog: &Catalog, request: &Request) -> Vec<Value>;

    /// The one with this id, unless it is absent or hidden from the caller.
    fn item(catalog: &Catalog, request: &Request, id: &str) -> Option<Value>;

    /// Makes one.
    ///
    /// # Errors
    /// If the body breaks a rule.
    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal>;

    /// Changes the one with this id, which is there and visible to the caller.
    ///
    /// # Errors
    /// If the body breaks a rule.
    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal>;

    /// Removes the one with this id, which is there and visible to the caller.
    ///
    /// # Errors
    /// If it must not be removed.
    fn delete(_: &mut Edit, _: &Request, _id: &str) -> Result<Value, Refusal> {
        Err(Refusal::not_allowed("cannot delete resource"))
    }

    /// What is below the one with this id, which is there and visible to the caller; none if there is no such thing.
    fn below(_: &Catalog, _: &Request, _id: &str, _sub: &str) -> Option<Value> {
        None
    }

    /// What has to happen to other things before one is removed.
    fn before_delete(_: &AppState, _id: &str) -> impl Future<Output = Result<(), Refusal>> + Send {
        std::future::ready(Ok(()))
    }
}

/// Answers a request for a resource.
pub async fn dispatch<R: Resource>(State(state): State<AppState>, mut parts: Parts, body: Bytes) -> Response {
    let (id, sub) = path_of(&mut parts).await;
    let (method, headers) = (&parts.method, &parts.headers);
    if method == Method::OPTIONS {
        let mut response = StatusCode::OK.into_response();
        set(&mut response, header::ALLOW, "GET, POST, PUT, DELETE, HEAD, OPTIONS");
        return same_frame(response);
    }
    let query = Query::try_from_uri(&parts.uri).map(|Query(query)| query).unwrap_or_default();
    let target = Target { id: id.as_deref(), sub: sub.as_deref(), query };
    let answer = match *method {
        Method::GET | Method::HEAD => read::<R>(&state, headers, target),
        Method::POST => create::<R>(&state, headers, target, &body).await,
        Method::PUT => update::<R>(&state, headers, target, &body).await,
        Method::DELETE => delete::<R>(&state, headers, target).await,
        _ => return same_frame(StatusCode::METHOD_NOT_ALLOWED.into_response()),
    };
    let response = match answer {
        Ok(body) => ok(&body),
        Err(refusal) => refusal.into_response(headers),
    };
    private(response, method)
}

/// What a path and its query string point at.
struct Target<'a> {
    id: Option<&'a str>,
    sub: Option<&'a str>,
    query: Vec<(String, String)>,
}

/// The caller, if they may do this.
fn allowed<R: Resource>(
    state: &AppState,
    headers: &HeaderMap,
    query: Vec<(String, String)>,
    action: Action,
) -> Result<Request, Refusal> {
    let caller = Caller::of(state, headers)?;
    caller.may(action, R::SUBJECT)?;
    Ok(Request { caller, query, body: Map::new() })
}

fn read<R: Resource>(state: &AppState, headers: &HeaderMap, target: Target<'_>) -> Result<Value, Refusal> {
    let request = allowed::<R>(state, headers, target.query, Action::Read)?;
    let catalog: Arc<Catalog> = state.registry.catalog();
    let Some(id) = target.id else {
        return Ok(R::list(&catalog, &request).into());
    };
    let item = R::item(&catalog, &request, id).ok_or_else(Refusal::no_such_item)?;
    match target.sub {
        None => Ok(item),
        Some(sub) => {
            R::below(&catalog, &request, id, sub).ok_or_else(|| Refusal::not_found("sub resource not found"))
        }
    }
}

async fn create<R: Resource>(
    state: &AppState,
    headers: &HeaderMap,
    target: Target<'_>,
    body: &[u8],
) -> Result<Value, Refusal> {
    let mut request = allowed::<R>(state, headers, target.query, Action::Create)?;
    if let Some(id) = target.id {
        if target.sub.is_none() {
            return Err(Refusal::not_allowed("can't post to a resource"));
        }
        let parent = R::item(&state.registry.catalog(), &request, id);
        return Err(match parent {
            Some(_) => Refusal::not_found("sub resource not found"),
            None => Refusal::not_found("parent resource not found"),
        });
    }
    request.body = R::SHAPE.read(headers, body)?;
    state.registry.edit(&request.caller.email, |edit| R::create(edit, &request)).await
}

async fn update<R: Resource>(
    state: &AppState,
    headers: &HeaderMap,
    target: Target<'_>,
    body: &[u8],
) -> Result<Value, Refusal> {
    let mut request = allowed::<R>(state, headers, target.query, Action::Update)?;
    let id = target.id.ok_or_else(|| Refusal::bad_request("id not provided"))?;
    R::item(&state.registry.catalog(), &request, id).ok_or_else(Refusal::no_such_item)?;
    request.body = R::SHAPE.read(headers, body)?;
    let change = |edit: &mut Edit| {
        R::item(edit.catalog(), &request, id).ok_or_else(Refusal::no_such_item)?;
        R::update(edit, &request, id)
    };
    state.registry.edit(&request.caller.email, change).await
}

async fn delete<R: Resource>(
    state: &AppState,
    headers: &HeaderMap,
    target: Target<'_>,
) -> Result<Value, Refusal> {
    let request = allowed::<R>(state, headers, target.query, Action::Delete)?;
    let id = target.id.ok_or_else(|| Refusal::bad_request("id not provided"))?;
    if target.sub.is_some() {
        return Err(Refusal::not_allowed("cannot delete a sub_resource"));
    }
    let change = |edit: &mut Edit| {
        R::item(edit.catalog(), &request, id).ok_or_else(Refusal::no_such_item)?;
        R::delete(edit, &request, id)
    };
    // A trial first, so that nothing else happens for a removal that will be refused.
    state.registry.trial(change)?;
    R::before_delete(state, id).await?;
    state.registry.edit(&request.caller.email, change).await
}

async fn path_of(parts: &mut Parts) -> (Option<String>, Option<String>) {
    let Ok(params) = RawPathParams::from_request_parts(parts, &()).await else { return (None, None) };
    let find = |name: &str| params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    (find("id"), find("sub"))
}
