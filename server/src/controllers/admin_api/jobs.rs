//! `/jobs`: what the worker is to do, does, and has done. Everybody sees the jobs of the transforms and collectors that they see.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use stagecraft::{Catalog, Job, JobState, Role, Uuid};

use super::answer::{Refusal, told};
use super::caller::Caller;
use crate::state::AppState;

/// The most jobs of one answer, and how many there are unless more are asked for.
const MOST: u32 = 10_000;
const USUAL: u32 = 100;

/// Who may ask. What they see of it depends on what they own.
const READERS: [Role; 5] =
    [Role::Admin, Role::Transforms, Role::DashboardEditor, Role::Collector, Role::CollectorView];

/// Which jobs to list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    state: Option<String>,
    limit: Option<u32>,
}

/// `GET /jobs?state=&limit=`: the one asked for last comes first.
pub async fn list(
    State(state): State<AppState>,
    headers: HeaderMap,
    question: Result<Query<Question>, axum::extract::rejection::QueryRejection>,
) -> Response {
    told(jobs(&state, &headers, question).await, &Method::GET, &headers)
}

/// `GET /jobs/<id>`.
pub async fn item(State(state): State<AppState>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    told(job(&state, &headers, &id).await, &Method::GET, &headers)
}

async fn jobs(
    state: &AppState,
    headers: &HeaderMap,
    question: Result<Query<Question>, axum::extract::rejection::QueryRejection>,
) -> Result<Value, Refusal> {
    let caller = Caller::of(state, headers)?;
    caller.must_be(&READERS)?;
    let Query(question) = question.map_err(|error| Refusal::bad_request(error.body_text()))?;
    let wanted = question.state.map(|name| name.parse::<JobState>()).transpose();
    let wanted = wanted.map_err(Refusal::bad_request)?;
    let limit = question.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::bad_request(format!("limit is a number from 1 to {MOST}, not {limit}")));
    }
    let catalog = state.registry.catalog();
    let jobs = state.registry.jobs(wanted, MOST).await?;
    let visible = jobs.iter().filter(|job| sees(&caller, &catalog, job));
    Ok(visible.take(limit as usize).map(Job::to_json).collect())
}

async fn job(state: &AppState, headers: &HeaderMap, id: &str) -> Result<Value, Refusal> {
    let caller = Caller::of(state, headers)?;
    caller.must_be(&READERS)?;
    let id = Uuid::parse_str(id).map_err(|_| Refusal::no_such_item())?;
    let job = state.registry.job(id).await?;
    let job = job.filter(|job| sees(&caller, &state.registry.catalog(), job));
    Ok(job.ok_or_else(Refusal::no_such_item)?.to_json())
}

/// Whether the caller may know of a job: whoever sees what it runs. Of what was removed, administrators.
fn sees(caller: &Caller, catalog: &Catalog, job: &Job) -> bool {
    let named = |key: &str| job.argument[key].as_str().unwrap_or_default();
    let owners = match job.kind.as_str() {
        Job::RUN_TRANSFORM => {
            let transform = Uuid::parse_str(named("transform")).ok().and_then(|id| catalog.transform(id));
            transform.map(|transform| transform.owners.clone())
        }
        Job::RUN_COLLECTOR => {
            let mut collectors = catalog.collectors();
            let collector = collectors.find(|collector| collector.slug == named("collector"));
            collector.map(|collector| collector.owners.clone())
        }
        _ => None,
    };
    caller.sees(&owners.unwrap_or_default())
}
