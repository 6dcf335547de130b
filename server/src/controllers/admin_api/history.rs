//! `/<resource>/<id>/history`: what was changed, when and by whom, and what a thing was before; and bringing that back.

use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use stagecraft::{Edit, HistoryEntry, Uuid};

use super::answer::{Refusal, ok};
use super::resource::{Request, Resource};
use super::shape::{Kind, Shape};
use crate::state::AppState;

/// The body that names a version.
pub const VERSION: Shape = Shape { required: &[("version", Kind::Uuid)], optional: &[], open: false };

/// How many changes are told unless the request asks for more.
const USUAL: u32 = 100;
/// The most that are told.
const MOST: u32 = 1_000;

/// The changes of a thing, the latest first; or, below that, one version of it.
///
/// # Errors
/// If there is no such version, or the request asks for nonsense.
pub async fn read(
    state: &AppState,
    kind: &str,
    id: &str,
    version: Option<&str>,
    request: &Request,
) -> Result<Response, Refusal> {
    if let Some(version) = version {
        let entry = entry(state, kind, id, version.trim_end_matches('/')).await?;
        let mut told = told(&entry);
        told["snapshot"] = entry.snapshot;
        return Ok(ok(&told));
    }
    let limit = match request.parameter("limit") {
        None => USUAL,
        Some(text) => text.parse().ok().filter(|limit| (1..=MOST).contains(limit)).ok_or_else(|| {
            Refusal::bad_request(format!("limit is a number from 1 to {MOST}, not '{text}'"))
        })?,
    };
    // One more, so that the last one that is told can say what was before it.
    let entries = state.registry.history_of(kind, id, limit + 1).await?;
    let changes = entries.iter().enumerate().take(limit as usize).map(|(place, entry)| {
        let before = entries.get(place + 1);
        let mut told = told(entry);
        told["action"] = entry.action(before).into();
        let fields = entry.changes_since(before).into_iter();
        told["changes"] = fields
            .map(|change| json!({"field": change.field, "from": change.from, "to": change.to}))
            .collect();
        told
    });
    Ok(ok(&changes.collect()))
}

/// Makes a thing what it was in a version that the body names.
///
/// # Errors
/// If there is no such version or the caller may not see it, or it breaks a rule now.
pub async fn restore<R: Resource>(
    state: &AppState,
    kind: &str,
    request: &Request,
    id: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, Refusal> {
    let catalog = state.registry.catalog();
    // Of what was removed only the identifier is left.
    let known = R::history_id(&catalog, request, id).unwrap_or_else(|| id.to_owned());
    let body = VERSION.read(headers, body)?;
    let version = body.get("version").and_then(Value::as_str).unwrap_or_default();
    let entry = entry(state, kind, &known, version).await?;
    let change = |edit: &mut Edit| R::restore(edit, request, &known, &entry.snapshot);
    state.registry.edit(&request.caller.email, change).await
}

async fn entry(state: &AppState, kind: &str, id: &str, version: &str) -> Result<HistoryEntry, Refusal> {
    let missing = || Refusal::not_found(format!("there is no version '{version}' of it"));
    let version = Uuid::parse_str(version).map_err(|_| missing())?;
    state.registry.version_of(kind, id, version).await?.ok_or_else(missing)
}

fn told(entry: &HistoryEntry) -> Value {
    json!({
        "version": entry.version.to_string(),
        "at": entry.at,
        "author": entry.author,
        "name": entry.name,
    })
}
