//! What all resources share: the order in which a request is checked, and the answers.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, OriginalUri, RawPathParams, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use stagecraft::{Action, Catalog, Edit, Subject, Uuid};

use super::answer::{
    Refusal, changed, not_allowed, ok, private, same_frame, set, tag_of, tagged, unchanged, written,
};
use super::caller::Caller;
use super::history;
use super::paging::Page;
use super::parameters::Parameters;
use super::shape::{Shape, whole};
use super::written_list::WrittenList;
use crate::controllers::read::{already_known, entity_tag};
use crate::state::AppState;

/// What a resource is told about a request.
pub struct Request {
    /// Who makes it.
    pub caller: Caller,
    /// The query string's parameters.
    pub query: Parameters,
    /// The body; empty unless something is made or changed.
    pub body: Map<String, Value>,
    /// Where this deployment is: scheme and host.
    pub origin: String,
    /// Where in it this API is.
    pub prefix: String,
}

impl Request {
    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.last(name)
    }

    /// An identifier of the body; nil if it is absent or none.
    pub fn id(&self, name: &str) -> Uuid {
        Uuid::parse_str(self.text(name)).unwrap_or_default()
    }

    /// An object of the body, if it is there.
    pub fn object(&self, name: &str) -> Option<Map<String, Value>> {
        self.body.get(name).and_then(Value::as_object).cloned()
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
    /// What its history calls the kind; none if it has no history of its own.
    const HISTORY: Option<&'static str>;
    /// The bodies of what makes and changes one.
    const SHAPE: Shape;
    /// What can be made below one: its name in the path, what it does, and the bodies.
    const BELOW: &'static [(&'static str, &'static str, &'static Shape)] = &[];

    /// Those that the caller may see, in order, as far as the query asks for them.
    fn list(catalog: &Catalog, request: &Request) -> WrittenList;

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

    /// Removes the one with this id if nothing uses it, which callers ask for with `?if=unused`: the older API refused to remove
    /// most kinds, and callers that know no better must find that it still does.
    ///
    /// # Errors
    /// If it is used.
    fn delete_unused(edit: &mut Edit, request: &Request, id: &str) -> Result<(), Refusal>;

    /// What identifies the one with this id in its history, whatever it is called.
    fn history_id(catalog: &Catalog, request: &Request, id: &str) -> Option<String> {
        Some(Self::item(catalog, request, id)?.get("id")?.as_str()?.to_owned())
    }

    /// What is below the one with this id, which is there and visible to the caller; none if there is no such thing.
    fn below(_: &Catalog, _: &Request, _id: &str, _sub: &str) -> Option<Value> {
        None
    }

    /// Makes something below the one with this id, which is there and visible to the caller.
    ///
    /// # Errors
    /// If the body breaks a rule.
    fn create_below(_: &mut Edit, _: &Request, _id: &str, _sub: &str) -> Result<Value, Refusal> {
        Err(Refusal::not_found("sub resource not found"))
    }

    /// Makes the one with this id what it was in a version of its history. It may have been removed since.
    ///
    /// # Errors
    /// If the version breaks a rule, or things of this kind are not restored.
    fn restore(_: &mut Edit, _: &Request, _id: &str, _version: &Value) -> Result<Value, Refusal> {
        Err(Refusal::not_found("sub resource not found"))
    }

    /// Why nothing of this kind can be changed, whoever asks.
    fn refuses_changes() -> Option<Refusal> {
        None
    }

    /// What has to happen to other things before one is removed.
    fn before_delete(_: &AppState, _id: &str) -> impl Future<Output = Result<(), Refusal>> + Send {
        std::future::ready(Ok(()))
    }
}

/// Answers a request for a resource.
pub async fn dispatch<R: Resource>(State(state): State<AppState>, mut parts: Parts, body: Body) -> Response {
    let path = path_of(&mut parts).await;
    let (method, headers) = (&parts.method, &parts.headers);
    if method == Method::OPTIONS {
        let mut response = StatusCode::OK.into_response();
        set(&mut response, header::ALLOW, "GET, POST, PUT, DELETE, HEAD, OPTIONS");
        return same_frame(response);
    }
    let target = Target { path: &path, parts: &parts };
    let answer = match *method {
        Method::GET | Method::HEAD => read::<R>(&state, &target).await,
        Method::POST => create::<R>(&state, &target, body).await.map(|made| ok(&made)),
        Method::PUT => update::<R>(&state, &target, body).await.map(|item| changed(&item)),
        Method::DELETE => delete::<R>(&state, &target).await.map(|gone| ok(&gone)),
        _ => return not_allowed(path.methods::<R>()),
    };
    let mut response = answer.unwrap_or_else(|refusal| refusal.into_response(headers));
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        set(&mut response, header::ALLOW, path.methods::<R>());
    }
    private(response, method)
}

/// The identifiers in a path.
#[derive(Default)]
struct Path {
    id: Option<String>,
    sub: Option<String>,
    rest: Option<String>,
}

impl Path {
    /// The methods that do something here.
    fn methods<R: Resource>(&self) -> &'static str {
        match (&self.id, &self.sub) {
            (None, _) => "GET, HEAD, POST, OPTIONS",
            (Some(_), None) if R::refuses_changes().is_some() => "GET, HEAD, DELETE, OPTIONS",
            (Some(_), None) => "GET, HEAD, PUT, DELETE, OPTIONS",
            (Some(_), Some(_)) => "GET, HEAD, POST, OPTIONS",
        }
    }
}

/// What a request is about.
struct Target<'a> {
    path: &'a Path,
    parts: &'a Parts,
}

impl Target<'_> {
    fn id(&self) -> Result<&str, Refusal> {
        self.path.id.as_deref().ok_or_else(|| Refusal::bad_request("id not provided"))
    }

    /// Refuses if the caller says which version is to be changed, and it is not this one.
    fn still_fits(&self, present: &Value) -> Result<(), Refusal> {
        let wanted = self.parts.headers.get_all(header::IF_MATCH);
        // The tag of an answer that was compressed on its way is weak, and means the same thing.
        let present = tag_of(present);
        let names_it = |tag: &str| tag == "*" || tag.trim_start_matches("W/") == present;
        let fits = |value: &str| value.split(',').map(str::trim).any(names_it);
        let mut wanted = wanted.iter().filter_map(|value| value.to_str().ok()).peekable();
        match wanted.peek().is_none() || wanted.any(fits) {
            true => Ok(()),
            false => Err(Refusal::changed_since()),
        }
    }

    /// The request, if the caller may do this.
    fn allowed(&self, state: &AppState, subject: Subject, action: Action) -> Result<Request, Refusal> {
        let Parts { method, uri, headers, extensions, .. } = self.parts;
        let caller = Caller::of(state, headers)?;
        let allowed = caller.may(action, subject);
        let original = extensions.get::<OriginalUri>().map_or(uri.path(), |original| original.0.path());
        tracing::info!(
            target: "audit",
            request_id = headers.get("request-id").and_then(|id| id.to_str().ok()),
            host = headers.get(header::HOST).and_then(|host| host.to_str().ok()),
            %method,
            path = original,
            email = caller.email,
            token = caller.token,
            allowed = allowed.is_ok(),
            "configuration request"
        );
        allowed?;
        Ok(Request {
            caller,
            query: Parameters::of(uri),
            body: Map::new(),
            origin: origin(headers),
            prefix: original.strip_suffix(uri.path()).unwrap_or_default().to_owned(),
        })
    }
}

/// Scheme and host as the caller sees them.
fn origin(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("x-forwarded-host").or_else(|| text("host")).unwrap_or("localhost");
    let scheme = if text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    format!("{scheme}://{host}")
}

async fn read<R: Resource>(state: &AppState, target: &Target<'_>) -> Result<Response, Refusal> {
    let request = target.allowed(state, R::SUBJECT, Action::Read)?;
    let catalog: Arc<Catalog> = state.registry.catalog();
    let headers = &target.parts.headers;
    let Some(id) = &target.path.id else {
        return list::<R>(&catalog, &request, target);
    };
    let item = R::item(&catalog, &request, id).ok_or_else(Refusal::no_such_item)?;
    let no_such_sub = || Refusal::not_found("sub resource not found");
    let Some(sub) = &target.path.sub else {
        return Ok(tagged(&item, &tag_of(&item), headers));
    };
    if let Some(kind) = R::HISTORY.filter(|_| sub == "history") {
        let id = R::history_id(&catalog, &request, id).ok_or_else(Refusal::no_such_item)?;
        return history::read(state, kind, &id, target.path.rest.as_deref(), &request).await;
    }
    if target.path.rest.is_some() {
        return Err(no_such_sub());
    }
    let below = R::below(&catalog, &request, id, sub).ok_or_else(no_such_sub)?;
    Ok(tagged(&below, &tag_of(&below), headers))
}

/// A list, or a page of it. Its tag is known before it is made: it follows from the configuration and who asks for what.
fn list<R: Resource>(catalog: &Catalog, request: &Request, target: &Target<'_>) -> Result<Response, Refusal> {
    let Parts { uri, headers, .. } = target.parts;
    let asked = uri.path_and_query().map_or("", |asked| asked.as_str());
    let tag = entity_tag(&[
        &catalog.version().to_le_bytes(),
        request.caller.identity().as_bytes(),
        request.origin.as_bytes(),
        asked.as_bytes(),
    ]);
    let page = Page::of(request)?;
    if already_known(headers, &tag) {
        return Ok(unchanged(&tag));
    }
    let all = R::list(catalog, request);
    let Some(page) = page else {
        return Ok(written(all.into_array(), &tag));
    };
    let total = all.len();
    let mut response = written(all.part(page.places()), &tag);
    let original = target.parts.extensions.get::<OriginalUri>().map_or(uri, |original| &original.0);
    page.describe(&mut response, total, original);
    Ok(response)
}

async fn create<R: Resource>(state: &AppState, target: &Target<'_>, body: Body) -> Result<Value, Refusal> {
    let mut request = target.allowed(state, R::SUBJECT, Action::Create)?;
    let headers = &target.parts.headers;
    let Some(id) = &target.path.id else {
        let body = whole(state, headers, body).await?;
        request.body = R::SHAPE.read(headers, &body.bytes)?;
        return state.registry.edit(&request.caller.email, |edit| R::create(edit, &request)).await;
    };
    let Some(sub) = &target.path.sub else {
        return Err(Refusal::not_allowed("can't post to a resource"));
    };
    if sub == "restore"
        && let Some(kind) = R::HISTORY
    {
        request.caller.may(Action::Update, R::SUBJECT)?;
        let body = whole(state, headers, body).await?;
        return history::restore::<R>(state, kind, &request, id, headers, &body.bytes).await;
    }
    let no_such_parent = || Refusal::not_found("parent resource not found");
    R::item(&state.registry.catalog(), &request, id).ok_or_else(no_such_parent)?;
    let shape = shape_below::<R>(sub).filter(|_| target.path.rest.is_none());
    let shape = shape.ok_or_else(|| Refusal::not_found("sub resource not found"))?;
    let body = whole(state, headers, body).await?;
    request.body = shape.read(headers, &body.bytes)?;
    let change = |edit: &mut Edit| {
        R::item(edit.catalog(), &request, id).ok_or_else(no_such_parent)?;
        R::create_below(edit, &request, id, sub)
    };
    state.registry.edit(&request.caller.email, change).await
}

async fn update<R: Resource>(state: &AppState, target: &Target<'_>, body: Body) -> Result<Value, Refusal> {
    if let Some(refusal) = R::refuses_changes() {
        return Err(refusal);
    }
    let mut request = target.allowed(state, R::SUBJECT, Action::Update)?;
    let id = target.id()?;
    R::item(&state.registry.catalog(), &request, id).ok_or_else(Refusal::no_such_item)?;
    if let Some(sub) = &target.path.sub {
        let message = match shape_below::<R>(sub).filter(|_| sub == "module") {
            Some(_) => "Can't put to a resource,update only supported through dashboard",
            None => "cannot put to a sub_resource",
        };
        return Err(Refusal::not_allowed(message));
    }
    let headers = &target.parts.headers;
    let body = whole(state, headers, body).await?;
    request.body = R::SHAPE.read(headers, &body.bytes)?;
    let change = |edit: &mut Edit| {
        let present = R::item(edit.catalog(), &request, id).ok_or_else(Refusal::no_such_item)?;
        target.still_fits(&present)?;
        R::update(edit, &request, id)
    };
    state.registry.edit(&request.caller.email, change).await
}

async fn delete<R: Resource>(state: &AppState, target: &Target<'_>) -> Result<Value, Refusal> {
    let request = target.allowed(state, R::SUBJECT, Action::Delete)?;
    let id = target.id()?;
    if target.path.sub.is_some() {
        return Err(Refusal::not_allowed("cannot delete a sub_resource"));
    }
    let if_unused = request.parameter("if") == Some("unused");
    let change = |edit: &mut Edit| {
        let present = R::item(edit.catalog(), &request, id).ok_or_else(Refusal::no_such_item)?;
        target.still_fits(&present)?;
        if if_unused {
            R::delete_unused(edit, &request, id)?;
            return Ok(present);
        }
        R::delete(edit, &request, id)
    };
    // A trial first, so that nothing else happens for a removal that will be refused.
    state.registry.trial(change)?;
    R::before_delete(state, id).await?;
    state.registry.edit(&request.caller.email, change).await
}

/// The bodies of what makes something of this name below a thing.
fn shape_below<R: Resource>(sub: &str) -> Option<&'static Shape> {
    R::BELOW.iter().find(|(name, ..)| *name == sub).map(|(.., shape)| *shape)
}

async fn path_of(parts: &mut Parts) -> Path {
    let Ok(params) = RawPathParams::from_request_parts(parts, &()).await else { return Path::default() };
    let find = |name: &str| params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    Path { id: find("id"), sub: find("sub"), rest: find("rest") }
}
