//! `/collector`, by UUID or slug, and `/collector-run`, which has one run.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde_json::{Value, json};
use stagecraft::{Catalog, Collector, Edit, Job, NewCollector, NewJob, Role, Subject, Uuid};

use super::answer::{Refusal, same_frame, set};
use super::caller::Caller;
use super::parameters::Parameters;
use super::resource::{Request, Resource};
use super::shape::{Kind, Shape, failed};
use super::written_list::WrittenList;
use crate::state::AppState;

/// Collectors. They are removed only if nothing uses them.
pub struct Collectors;

/// The data set that a collector fills.
const DATA_SET: Shape =
    Shape { required: &[("data_group", Kind::Text), ("data_type", Kind::Text)], optional: &[], open: true };

/// What a copy of a collector is called.
const CLONE: Shape = Shape { required: &[], optional: &[("slug", Kind::Text)], open: false };

impl Resource for Collectors {
    const SUBJECT: Subject = Subject::Collector;
    const HISTORY: Option<&'static str> = Some("collector");
    const BELOW: &'static [(&'static str, &'static str, &'static Shape)] =
        &[("clone", "Copy a collector", &CLONE)];
    const SHAPE: Shape = Shape {
        required: &[
            ("slug", Kind::Text),
            ("type_id", Kind::Uuid),
            ("data_source_id", Kind::Uuid),
            ("data_set", Kind::Object),
        ],
        optional: &[("query", Kind::Object), ("options", Kind::Object)],
        open: false,
    };

    fn list(catalog: &Catalog, request: &Request) -> WrittenList {
        let name = request.parameter("name").map(str::to_lowercase);
        let wanted = |collector: &Collector| {
            request.caller.sees(&collector.owners)
                && name.as_ref().is_none_or(|name| collector.name(catalog).to_lowercase() == *name)
        };
        let visible = catalog.collectors().filter(|collector| wanted(collector));
        visible.map(|collector| collector.to_json(catalog)).collect()
    }

    fn item(catalog: &Catalog, request: &Request, id: &str) -> Option<Value> {
        find(catalog, &request.caller, id).map(|collector| collector.to_json(catalog))
    }

    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal> {
        let collector = edit.create_collector(&new_collector(request)?)?;
        Ok(collector.to_json(edit.catalog()))
    }

    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        let old = find(edit.catalog(), &request.caller, id).ok_or_else(Refusal::no_such_item)?;
        let collector = edit.update_collector(old.id, &new_collector(request)?)?;
        Ok(collector.to_json(edit.catalog()))
    }

    fn delete_unused(edit: &mut Edit, request: &Request, id: &str) -> Result<(), Refusal> {
        let collector = find(edit.catalog(), &request.caller, id).ok_or_else(Refusal::no_such_item)?;
        edit.delete_collector(collector.id);
        Ok(())
    }

    fn create_below(edit: &mut Edit, request: &Request, id: &str, _: &str) -> Result<Value, Refusal> {
        let original = find(edit.catalog(), &request.caller, id).ok_or_else(Refusal::no_such_item)?;
        let slug = match request.text("slug") {
            "" => format!("{}-clone", original.slug),
            slug => slug.to_owned(),
        };
        let collector = edit.clone_collector(original.id, &slug)?;
        Ok(collector.to_json(edit.catalog()))
    }
}

fn find(catalog: &Catalog, caller: &Caller, id: &str) -> Option<Arc<Collector>> {
    let by_id = Uuid::parse_str(id).ok().and_then(|id| catalog.collector(id));
    let found = by_id.or_else(|| catalog.collectors().find(|collector| collector.slug == id).cloned());
    found.filter(|collector| caller.sees(&collector.owners))
}

fn new_collector(request: &Request) -> Result<NewCollector, Refusal> {
    let data_set = request.object("data_set").unwrap_or_default();
    DATA_SET.check(&data_set).map_err(failed)?;
    let text = |key: &str| data_set.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(NewCollector {
        slug: request.text("slug").to_owned(),
        type_id: request.id("type_id"),
        data_source_id: request.id("data_source_id"),
        data_group: text("data_group"),
        data_type: text("data_type"),
        query: request.object("query"),
        options: request.object("options"),
    })
}

/// `/collector-run/<slug>`: asks for one run, which a worker will do. The answer is empty; its `Location` tells what comes of it.
pub async fn run(
    State(state): State<AppState>,
    Path(slug): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    match queue(&state, &headers, &slug, &Parameters::of(&uri)).await {
        Ok(job) => {
            let mut response = StatusCode::OK.into_response();
            set(&mut response, header::CONTENT_TYPE, "application/json");
            set(&mut response, header::LOCATION, &format!("../jobs/{job}"));
            same_frame(response)
        }
        Err(refusal) => refusal.into_response(&headers),
    }
}

async fn queue(
    state: &AppState,
    headers: &HeaderMap,
    slug: &str,
    wanted: &Parameters,
) -> Result<Uuid, Refusal> {
    let caller = Caller::of(state, headers)?;
    caller.must_be(&[Role::Collector, Role::Admin])?;
    let catalog = state.registry.catalog();
    let collector = catalog.collectors().find(|collector| collector.slug == slug);
    let collector = collector.filter(|collector| caller.sees(&collector.owners));
    let collector = collector.ok_or_else(|| Refusal::not_found("Not Found"))?;
    let dates = match (wanted.last("start-at"), wanted.last("end-at")) {
        (None, None) => None,
        (Some(start), Some(end)) => Some((date(start)?, date(end)?)),
        _ => {
            return Err(Refusal::bad_request(
                "You must either specify a both start date and an end date for the collector run, or neither",
            ));
        }
    };
    let dry_run = wanted.last("dry-run").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let argument = json!({
        "collector": collector.slug,
        "start_at": dates.map(|(start, _)| start.to_string()),
        "end_at": dates.map(|(_, end)| end.to_string()),
        "dry_run": dry_run,
    });
    let job = NewJob {
        kind: Job::RUN_COLLECTOR,
        subject: String::new(),
        argument,
        range: None,
        depth: 0,
        due_at: state.now(headers),
    };
    let queued = state.registry.queue_jobs(&[job]).await?;
    state.metrics.jobs_queued(Job::RUN_COLLECTOR, queued.len());
    queued.first().map(|job| job.id).ok_or_else(Refusal::no_such_item)
}

fn date(text: &str) -> Result<NaiveDate, Refusal> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| Refusal::bad_request("Incorrect date format, should be YYYY-MM-DD"))
}
