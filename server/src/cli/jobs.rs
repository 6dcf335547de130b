//! `performance-platform jobs`.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets};
use stagecraft::{Catalog, Job, JobState, Uuid};

use super::data_dir::{Configuration, DataDir};
use super::start_logging;
use crate::worker::run_due;

/// Options of `jobs`.
#[derive(Debug, Args)]
pub struct JobsArgs {
    #[command(subcommand)]
    command: JobsCommand,
}

#[derive(Debug, Subcommand)]
enum JobsCommand {
    /// List jobs, the one asked for last first: what is to be done, what came of it, and why it failed.
    List {
        /// Only those that are waiting, running, done or failed.
        #[arg(long, value_name = "STATE")]
        state: Option<JobState>,
        /// How many.
        #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        #[command(flatten)]
        configuration: Configuration,
    },
    /// Do the jobs that are due, for instance after `load`. While a server runs on the data directory, it does them itself.
    Run {
        #[command(flatten)]
        data: DataDir,
    },
}

/// Does what is asked.
///
/// # Errors
/// When the data directory cannot be used.
pub async fn run(args: JobsArgs) -> anyhow::Result<()> {
    match args.command {
        JobsCommand::List { state, limit, configuration } => {
            let registry = configuration.open().await?;
            let jobs = registry.jobs(state, limit).await?;
            match jobs.is_empty() {
                true => eprintln!("there are no such jobs"),
                false => println!("{}", table(&jobs, &registry.catalog())),
            }
            registry.close().await;
        }
        JobsCommand::Run { data } => {
            start_logging();
            data.configuration.must_be_there()?;
            let state = data.open("it does the jobs that are due by itself").await?;
            let count = run_due(&state, Utc::now()).await;
            state.store.close().await?;
            eprintln!("jobs that ended: {count}; `performance-platform jobs list` tells what came of them");
        }
    }
    Ok(())
}

fn table(jobs: &[Job], catalog: &Catalog) -> Table {
    let mut table = Table::new();
    let head = ["asked for", "kind", "about", "state", "attempts", "what came of it"];
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head);
    for job in jobs {
        let state = match job.state {
            JobState::Waiting if job.due_at > job.queued_at => {
                format!("waiting until {}", second(job.due_at))
            }
            state => state.name().to_owned(),
        };
        table.add_row([
            second(job.queued_at),
            job.kind.clone(),
            about(job, catalog),
            state,
            job.attempts.to_string(),
            job.outcome.clone().unwrap_or_default(),
        ]);
    }
    table
}

/// What a job is about, in words.
fn about(job: &Job, catalog: &Catalog) -> String {
    let named = |key: &str| job.argument[key].as_str();
    let what = match (named("collector"), named("data_set"), named("transform")) {
        (Some(collector), ..) => collector.to_owned(),
        (None, Some(data_set), Some(transform)) => {
            let known = Uuid::parse_str(transform).ok().and_then(|id| catalog.transform(id));
            let kind = known.and_then(|transform| catalog.transform_type(transform.type_id));
            let name =
                kind.map_or_else(|| "a transform that was removed".to_owned(), |kind| kind.name.clone());
            format!("{name} of {data_set}")
        }
        _ => job.argument.to_string(),
    };
    match job.range {
        Some((earliest, latest)) => format!("{what}, {} to {}", moment(earliest), moment(latest)),
        None => what,
    }
}

/// A day, or a second where it is not midnight.
fn moment(time: DateTime<Utc>) -> String {
    let text = second(time);
    text.strip_suffix(" 00:00:00").unwrap_or(&text).to_owned()
}

fn second(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}
