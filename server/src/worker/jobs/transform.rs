//! Running a transform: asks the input, computes, writes the output.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use engine::output::Answer;
use query_lang::Query;
use serde_json::Value;
use stagecraft::{Catalog, DataSet, DataSetChanges, Job, NewDataSet, Transform, Uuid};
use transforms::{Dashboards, Function, Input, MOST_RECORDS, Output, Row};

use super::Failure;
use crate::error::ApiError;
use crate::state::AppState;
use crate::worker::trigger::{LONGEST_CHAIN, written};
use crate::{controllers::read, ingest};

/// Computes the output of a transform over the job's range of time, and asks for the transforms that read it. Doing it again
/// changes nothing, since equal figures have equal identifiers.
///
/// # Errors
/// Why nothing, or not everything, was written.
pub async fn run(state: &AppState, job: &Job, now: DateTime<Utc>) -> Result<String, Failure> {
    let catalog = state.registry.catalog();
    let text = |name: &str| job.argument[name].as_str().unwrap_or_default();
    let transform = Uuid::parse_str(text("transform")).ok().and_then(|id| catalog.transform(id));
    let (Some(transform), Some(input)) = (transform, catalog.data_set(text("data_set"))) else {
        return Ok("the transform or its input was removed meanwhile".to_owned());
    };
    if !catalog.transforms_of(&input).any(|reading| reading.id == transform.id) {
        return Ok("the transform does not read the data set any more".to_owned());
    }
    let function = function(&catalog, &transform)?;
    let range = job.range.ok_or_else(|| Failure::ForGood("the job has no range of time".to_owned()))?;
    let queries = transforms::queries(&transform.query_parameters, range, now)
        .map_err(|error| Failure::ForGood(format!("the query parameters are no query: {error}")))?;
    let (mut read, mut wrote, mut next) = (0, 0, 0);
    let (group, data_type) = transform.output_of(&input, &catalog);
    let mut broken_off = String::new();
    for query in &queries {
        let answer = ask(state, &input, query, now).await?;
        read += answer.len();
        let shown_by = ShownBy { catalog: Arc::clone(&catalog), input: Arc::clone(&input) };
        let output = compute(function, answer, &transform, shown_by).await?;
        if output.records.is_empty() {
            continue;
        }
        let target = output_data_set(state, &transform, &input).await?;
        let appended = write(state, &target, output, now).await?;
        wrote += appended.records;
        if job.depth + 1 < LONGEST_CHAIN {
            next += written(state, &target, appended.range, job.depth + 1, now).await;
        } else if catalog.transforms_of(&target).next().is_some() {
            tracing::warn!(data_set = target.name, "a chain of transforms is too long, and may be a circle");
            broken_off = format!(
                "; what reads that was not asked for after a chain of {LONGEST_CHAIN}, which may be a circle"
            );
        }
    }
    let further = if next > 0 { format!("; further jobs: {next}") } else { broken_off };
    Ok(format!("rows read: {read}; records written to {group}/{data_type}: {wrote}{further}"))
}

fn function(catalog: &Catalog, transform: &Transform) -> Result<&'static Function, Failure> {
    let kind = catalog.transform_type(transform.type_id);
    let path = kind.map(|kind| kind.function.clone()).unwrap_or_default();
    transforms::find(&path)
        .ok_or_else(|| Failure::ForGood(format!("this program has no function of transforms called {path}")))
}

async fn ask(
    state: &AppState,
    data_set: &DataSet,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<Answer, Failure> {
    let snapshot = state.store.snapshot(&data_set.name).await;
    let snapshot = snapshot.map_err(|error| Failure::ForNow(error.to_string()))?;
    let answer = state.queries.answer(snapshot, query, now).await.map_err(|failure| {
        if failure.is_callers_fault() {
            Failure::ForGood(failure.to_string())
        } else {
            Failure::ForNow(read::query_failure(failure).sentence())
        }
    })?;
    if query.is_raw() && answer.len() as u64 > MOST_RECORDS {
        return Err(Failure::ForGood(format!(
            "the transform would have to read more than {MOST_RECORDS} records at once: give its query parameters a period \
             or a limit"
        )));
    }
    Ok(answer)
}

/// Runs the function where it keeps no request waiting.
async fn compute(
    function: &'static Function,
    answer: Answer,
    transform: &Arc<Transform>,
    shown_by: ShownBy,
) -> Result<Output, Failure> {
    let transform = Arc::clone(transform);
    let computing = tokio::task::spawn_blocking(move || {
        function.run(&Input {
            rows: &answer.rows(),
            options: &transform.options,
            data_type: &shown_by.input.data_type,
            dashboards: &shown_by,
        })
    });
    let output =
        computing.await.map_err(|error| Failure::ForNow(format!("computing was broken off: {error}")))?;
    output.map_err(|unfit| Failure::ForGood(unfit.to_string()))
}

/// The data set that is written; made if there is none, with the settings of the input that matter to those who read it.
async fn output_data_set(
    state: &AppState,
    transform: &Transform,
    input: &DataSet,
) -> Result<Arc<DataSet>, Failure> {
    let (group, data_type) = transform.output_of(input, &state.registry.catalog());
    if let Some(known) = state.registry.data_set_by(&group, &data_type) {
        return Ok(known);
    }
    let settings = DataSetChanges {
        bearer_token: input.bearer_token.clone(),
        realtime: Some(input.realtime),
        published: Some(input.published),
        max_age_expected: Some(input.max_age_expected),
        capped_size: input.capped_size.filter(|size| *size > 0).map(Some),
        ..DataSetChanges::default()
    };
    let new = NewDataSet { settings, ..NewDataSet::of(&group, &data_type) };
    let made = state.registry.edit("", |edit| match edit.catalog().data_set_by(&group, &data_type) {
        Some(known) => Ok(known),
        None => edit.create_data_set(&new),
    });
    Ok(made.await?)
}

async fn write(
    state: &AppState,
    target: &Arc<DataSet>,
    output: Output,
    now: DateTime<Utc>,
) -> Result<ingest::Appended, Failure> {
    let mut records = output.records;
    // Nobody else writes between the look and the write: several transforms compete for one record.
    let comparing = output.keeps_newer.then(|| state.worker.comparing.lock());
    let _comparing = match comparing {
        Some(lock) => Some(lock.await),
        None => None,
    };
    if output.keeps_newer {
        drop_outdated(state, target, &mut records, now).await?;
    }
    let records: Value = records.into_iter().map(Value::Object).collect();
    let appended = ingest::append(state, target, records.to_string().into(), now).await;
    appended.map_err(|refused: ApiError| {
        let reason = format!("{} did not take the records: {}", target.name, refused.sentence());
        if refused.is_for_now() { Failure::ForNow(reason) } else { Failure::ForGood(reason) }
    })
}

/// Drops records that would take the place of newer ones.
async fn drop_outdated(
    state: &AppState,
    target: &DataSet,
    records: &mut Vec<Row>,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let time = |record: &Row| record.get("_timestamp")?.as_str().and_then(query_lang::parse_timestamp);
    let Some(earliest) = records.iter().filter_map(time).min() else { return Ok(()) };
    // What tells of the future keeps nothing out.
    let newer = Query {
        start_at: Some(earliest),
        end_at: Some(now),
        inclusive: true,
        fields: vec!["_id".to_owned(), "_timestamp".to_owned()],
        ..Query::default()
    };
    let snapshot = state.store.snapshot(&target.name).await;
    let snapshot = snapshot.map_err(|error| Failure::ForNow(error.to_string()))?;
    let answer = state.queries.answer(snapshot, &newer, now).await;
    let answer = answer.map_err(|failure| Failure::ForNow(failure.to_string()))?;
    let known: std::collections::HashMap<String, DateTime<Utc>> = answer
        .rows()
        .iter()
        .filter_map(|row| Some((row.get("_id")?.as_str()?.to_owned(), time(row)?)))
        .collect();
    records.retain(|record| {
        let there = record.get("_id").and_then(Value::as_str).and_then(|id| known.get(id));
        there.zip(time(record)).is_none_or(|(there, own)| *there <= own)
    });
    Ok(())
}

/// The dashboards of the configuration.
struct ShownBy {
    catalog: Arc<Catalog>,
    input: Arc<DataSet>,
}

impl Dashboards for ShownBy {
    fn showing_input(&self) -> Vec<String> {
        let showing = self.catalog.dashboards_showing(&self.input);
        let published = showing.iter().filter(|dashboard| dashboard.published());
        published.map(|dashboard| dashboard.slug.clone()).collect()
    }

    fn of_service(&self, service: &str) -> Vec<String> {
        let dashboards = self.catalog.dashboards_of_service(service);
        dashboards.iter().map(|dashboard| dashboard.slug.clone()).collect()
    }
}
