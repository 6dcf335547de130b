//! `GET /dashboard/<id or slug>/problems`: what is wrong with a dashboard, before it is published.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use spotlight_renderer::lint;
use stagecraft::{Role, Uuid};

use super::answer::{Refusal, never_cached, ok};
use super::caller::Caller;
use crate::controllers::dashboards::source::Source;
use crate::state::AppState;

/// What the registry lets dashboards be.
pub const DASHBOARD_RULES: lint::Rules = lint::Rules {
    reserved_slugs: stagecraft::dashboard::RESERVED_SLUGS,
    dashboard_types: stagecraft::dashboard::DASHBOARD_TYPES,
};

/// A list of objects with `module` (a path of slugs, empty for the dashboard itself) and `problem`.
pub async fn read(State(state): State<AppState>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let definition = || {
        let caller = Caller::of(&state, &headers)?;
        caller.must_be(&[Role::Dashboard, Role::DashboardEditor, Role::Admin])?;
        let catalog = state.registry.catalog();
        let by_id = Uuid::parse_str(&id).ok().and_then(|id| catalog.dashboard(id));
        let found = by_id.or_else(|| catalog.dashboard_by_slug(&id));
        let found = found.filter(|dashboard| caller.sees(&dashboard.owners));
        found
            .and_then(|dashboard| state.registry.dashboard(&dashboard.slug))
            .ok_or_else(Refusal::no_such_item)
    };
    match definition() {
        Ok(definition) => {
            let now = state.now(&headers);
            let problems = lint::problems(&definition, DASHBOARD_RULES, &Source::new(&state, now), now).await;
            let problems: Vec<Value> = problems.iter().map(lint::Problem::to_json).collect();
            never_cached(ok(&json!(problems)))
        }
        Err(refusal) => Refusal::into_response(refusal, &headers),
    }
}
