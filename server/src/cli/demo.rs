//! `performance-platform demo`.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use chrono::{DateTime, Utc};
use clap::Args;
use datasets::{SampleDataSet, generate, sample_data_sets};
use engine::Place;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use stagecraft::{DataSetChanges, NewDataSet, NewTransform};

use super::registry::RegistryArgs;
use super::serve::{ListenArgs, serve};
use super::start_logging;
use crate::ingest;
use crate::state::AppState;
use crate::worker::{run_due, written};

/// Records in one append.
const BATCH: usize = 1_000;

/// What chance is made of. The same seed gives the same figures.
const SEED: u64 = 1;

/// The token of the sample data sets.
const TOKEN: &str = "demo-token";

/// Options of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Folder for the sample data. Found in place when the demo runs again; delete it to start afresh.
    #[arg(long, env = "PP_DATA_DIR", value_name = "DIR", default_value = "./demo-data")]
    data_dir: PathBuf,
    /// How much data: 1 is three years of a small country, 10 is ten times as many authorities, ports and pages.
    #[arg(long, env = "PP_DEMO_SCALE", value_name = "FACTOR", default_value_t = 1.0)]
    scale: f64,
    #[command(flatten)]
    listen: ListenArgs,
}

/// Loads the sample data where it is not there yet, then serves it.
///
/// # Errors
/// When the data directory or the address cannot be used.
pub async fn run(args: DemoArgs) -> anyhow::Result<()> {
    start_logging();
    let place = Place::local(&args.data_dir.join("records"))
        .with_context(|| format!("cannot use the folder {}", args.data_dir.display()))?;
    let state = args.listen.open(place, &args.data_dir, &RegistryArgs::default(), false).await?;
    load(&state, args.scale, Utc::now()).await?;
    let folder = args.data_dir.display().to_string();
    serve(state, &args.listen, |address| introduce(address, &folder)).await
}

/// Registers and fills the sample data sets that have no records, and stores the sample dashboards.
///
/// # Errors
/// When the registry or the store refuses, which they do for no sample.
pub async fn load(state: &AppState, scale: f64, now: DateTime<Utc>) -> anyhow::Result<()> {
    for set in sample_data_sets() {
        register(state, set).await?;
    }
    for definition in datasets::transforms() {
        register_transform(state, &definition).await?;
    }
    let mut empty: Vec<&SampleDataSet> = Vec::new();
    for set in sample_data_sets() {
        if state.store.version(&set.name()).await? == 0 {
            empty.push(set);
        }
    }
    if !empty.is_empty() {
        let total: usize = empty.iter().map(|set| generate(set, now, scale, SEED).count()).sum();
        let progress = progress_bar(total as u64);
        for set in empty {
            progress.set_message(format!("{}/{}", set.data_group, set.data_type));
            fill(state, set, scale, now, &progress).await?;
        }
        progress.finish_and_clear();
        eprintln!("{total} invented records loaded into {} data sets", sample_data_sets().len());
        run_due(state, Utc::now()).await;
    }
    for definition in datasets::dashboards(now) {
        state.registry.put_dashboard(&definition).await?;
    }
    Ok(())
}

async fn register(state: &AppState, set: &SampleDataSet) -> anyhow::Result<()> {
    if state.registry.data_set_by(set.data_group, set.data_type).is_some() {
        return Ok(());
    }
    state.registry.ensure_data_group(set.data_group).await?;
    state.registry.ensure_data_type(set.data_type).await?;
    let settings = DataSetChanges {
        bearer_token: Some(TOKEN.to_owned()),
        raw_queries_allowed: Some(set.raw_queries_allowed),
        realtime: Some(set.realtime),
        max_age_expected: Some(set.max_age_expected),
        auto_ids: Some(set.auto_ids.iter().map(|key| (*key).to_owned()).collect()),
        published: Some(true),
        ..DataSetChanges::default()
    };
    let new = NewDataSet { settings, ..NewDataSet::of(set.data_group, set.data_type) };
    state.registry.create_data_set(new).await?;
    Ok(())
}

async fn register_transform(state: &AppState, definition: &Value) -> anyhow::Result<()> {
    let place = |side: &str| {
        let text = |key: &str| definition[side][key].as_str().unwrap_or_default().to_owned();
        (text("data-group"), text("data-type"))
    };
    let (input, output) = (place("input"), place("output"));
    let catalog = state.registry.catalog();
    let data_set = catalog.data_set_by(&input.0, &input.1);
    if data_set.is_some_and(|data_set| catalog.transforms_of(&data_set).next().is_some()) {
        return Ok(());
    }
    state.registry.ensure_data_type(&output.1).await?;
    let function = definition["type"]["function"].as_str().unwrap_or_default();
    let kind = catalog.transform_types().find(|kind| kind.function == function);
    let kind = kind.ok_or_else(|| anyhow!("there is no type of transforms with the function {function}"))?;
    let object = |key: &str| definition[key].as_object().cloned().unwrap_or_default();
    let new = NewTransform {
        type_id: kind.id,
        input: (Some(input.0), input.1),
        query_parameters: object("query-parameters"),
        options: object("options"),
        output: (Some(output.0), output.1),
    };
    state.registry.edit("", |edit| edit.create_transform(&new)).await?;
    Ok(())
}

/// Sends the records through the same code as those that come by HTTP.
async fn fill(
    state: &AppState,
    set: &SampleDataSet,
    scale: f64,
    now: DateTime<Utc>,
    progress: &ProgressBar,
) -> anyhow::Result<()> {
    let data_set = state
        .registry
        .data_set_by(set.data_group, set.data_type)
        .ok_or_else(|| anyhow!("the data set {} is gone", set.name()))?;
    let mut records = generate(set, now, scale, SEED).map(Value::Object);
    loop {
        let batch: Vec<Value> = records.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(());
        }
        let json = serde_json::to_vec(&batch)?;
        let appended = ingest::append(state, &data_set, json.into(), now)
            .await
            .map_err(|refused| anyhow!("{}", refused.sentence()))?;
        written(state, &data_set, appended.range, 0, now).await;
        progress.inc(batch.len() as u64);
    }
}

fn progress_bar(total: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} records  {msg}");
    ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn introduce(address: SocketAddr, folder: &str) {
    let base = format!("http://{address}");
    eprintln!("\nThe Performance Platform is running on invented sample data, kept in {folder}.\n");
    eprintln!("Open a dashboard:");
    let dashboards = datasets::dashboards(Utc::now());
    let text = |dashboard: &Value, key: &str| dashboard[key].as_str().unwrap_or_default().to_owned();
    let longest = dashboards.iter().map(|dashboard| text(dashboard, "slug").len()).max().unwrap_or_default();
    for dashboard in &dashboards {
        eprintln!("  {base}/performance/{:<longest$}  {}", text(dashboard, "slug"), text(dashboard, "title"));
    }
    let Some(set) = sample_data_sets().first() else { return };
    let path = format!("{base}/data/{}/{}", set.data_group, set.data_type);
    eprintln!("\nAsk a question:\n  curl '{path}?period=month&duration=6'");
    for definition in datasets::transforms() {
        let text = |side: &str, key: &str| definition[side][key].as_str().unwrap_or_default();
        let (group, output) = (text("output", "data-group"), text("output", "data-type"));
        eprintln!(
            "\nSee what is computed from {group}/{} whenever it is written:",
            text("input", "data-type")
        );
        eprintln!("  curl '{base}/data/{group}/{output}?sort_by=_timestamp:descending&limit=6'");
    }
    eprintln!("\nAppend a record:");
    eprintln!("  curl -X POST {path} \\");
    eprintln!("    -H 'Authorization: Bearer {TOKEN}' -H 'Content-Type: application/json' \\");
    eprintln!("    -d '{}'", example(set));
    eprintln!("\nStop with ctrl-c.");
}

/// A record like those of the data set.
fn example(set: &SampleDataSet) -> String {
    let record = generate(set, Utc::now(), 0.1, SEED).next();
    record.map(|record| Value::Object(record).to_string()).unwrap_or_default()
}
