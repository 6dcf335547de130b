//! `performance-platform query`: the question goes to a data directory or a server, the answer comes as a table, as text or
//! as a file.

mod output;
mod pieces;
mod table;

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use engine::output::Answer;
use query_lang::{Format, Policy, Query};
use serde_json::Value;
use stagecraft::Registry;

use self::output::{Output, OutputFormat};
use self::pieces::Pieces;
use super::DataSetPath;
use super::data_dir::DataDir;
use super::remote::{self, Remote, Reply};

const EXAMPLES: &str = "\
Examples:
  Six months, as a table:
    performance-platform query licensing/applications 'period=month&duration=6&collect=volume:sum'
  The largest groups, for another program:
    performance-platform query licensing/applications 'group_by=channel&sort_by=_count:descending' | jq .
  Records that meet a condition, as a spreadsheet:
    performance-platform query licensing/applications 'filter=fee > 100 and channel in (web, phone)' -o fees.csv
  Everything, for a notebook, from a running server:
    performance-platform query licensing/applications -o all.parquet --server http://127.0.0.1:3000

The language is described in docs/query-language.md. Tables show the periods of groups as rows, and leave out of records
what follows from their time; every other form has all of the answer.";

/// Options of `query`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct QueryArgs {
    /// The data set: its group and type.
    #[arg(value_name = "GROUP/TYPE")]
    data_set: DataSetPath,
    /// The question, as in the query string of the read API; without one, all records. Blanks and signs need no escapes.
    #[arg(default_value = "", hide_default_value = true)]
    query: String,
    /// Form of the answer. Without it the ending of the output file decides, or `format=` in the question; else it is a
    /// table on a terminal and JSON in a pipe.
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<OutputFormat>,
    /// Write the answer to this file. It is there when the whole answer is in it, and not before.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Tell how the answer is found, instead of giving it. A server tells those with the token of the data set.
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    data: DataDir,
    #[command(flatten)]
    remote: Remote,
}

/// Asks, and prints or writes the answer.
///
/// # Errors
/// When the data set is not there, the question is not valid, or the answer cannot be written.
pub async fn run(args: QueryArgs) -> anyhow::Result<()> {
    let query = read(&args.query, args.explain)?;
    let format = if query.explain { OutputFormat::Json } else { output::format(&args, &query)? };
    let output = Output::new(format, args.output.clone())?;
    match &args.remote.server {
        Some(server) => ask_server(server, &args, &query, output).await,
        None => ask_data_dir(&args, &query, output).await,
    }
}

/// Reads the question here, wherever it is asked, so that a mistake is shown in its place.
fn read(text: &str, explain: bool) -> anyhow::Result<Query> {
    let text = text.trim_start_matches('?');
    // Whoever can read the folder can read the records; a server has its own mind.
    let policy = Policy { raw_queries_allowed: true };
    let query = query_lang::parse(text, &policy, chrono::Utc::now()).map_err(|error| {
        let place = error.marked(text).map(|marked| format!("\n\n  {}\n", marked.replace('\n', "\n  ")));
        anyhow!("{error}{}", place.unwrap_or_default())
    })?;
    Ok(Query { explain: explain || query.explain, ..query })
}

async fn ask_server(server: &str, args: &QueryArgs, query: &Query, output: Output) -> anyhow::Result<()> {
    let asked = Query { format: output.format.asked(), ..query.clone() };
    let Reply { is_json, warning, unknown_keys, body } =
        remote::query(server, args.remote.token.as_deref(), &args.data_set, &asked.to_string()).await?;
    if let Some(warning) = warning {
        eprintln!("{warning}");
    }
    // A server may answer JSON whatever it was asked for.
    if output.format.is_made_here() || is_json {
        let body: Value = tokio::task::spawn_blocking(move || serde_json::from_reader(body)).await??;
        if query.explain {
            return output.write_json(&body);
        }
        let rows = body.get("data").context("the server's answer has no data")?;
        let next = body.get("cursor").and_then(Value::as_str).map(str::to_owned);
        let answer = Answer::from_json(serde_json::from_value(rows.clone())?);
        let answer = answer.with_fields(&query.fields).with_next(next).with_unknown_keys(unknown_keys);
        return output.write(&answer, query);
    }
    tokio::task::spawn_blocking(move || output.copy(body)).await??;
    output::hint(&unknown_keys);
    Ok(())
}

async fn ask_data_dir(args: &QueryArgs, query: &Query, output: Output) -> anyhow::Result<()> {
    let configuration = &args.data.configuration;
    configuration.must_be_there().map_err(|missing| anyhow!("{missing}, or --server URL"))?;
    let state = args.data.open("ask it with --server http://127.0.0.1:3000").await?;
    let DataSetPath { data_group, data_type } = &args.data_set;
    let data_set = state.registry.data_set_by(data_group, data_type);
    let data_set = data_set.ok_or_else(|| unknown(&args.data_set, &state.registry))?;
    let now = chrono::Utc::now();
    let snapshot = state.store.snapshot(&data_set.name).await?;
    if query.explain {
        output.write_json(&state.queries.explain(snapshot, query, now).await?)?;
    } else if let Some(pieces) = output.stream(&state.queries, &snapshot, query, now).await? {
        let pieces = Pieces::new(pieces);
        tokio::task::spawn_blocking(move || output.copy(pieces)).await??;
    } else {
        output.write(&state.queries.answer(snapshot, query, now).await?, query)?;
    }
    Ok(state.store.close().await?)
}

/// Says which data sets may have been meant; where none is alike, which there are.
fn unknown(path: &DataSetPath, registry: &Registry) -> anyhow::Error {
    const MOST: usize = 10;
    let path = path.to_string();
    let mut known: Vec<(f64, String)> = registry
        .data_sets()
        .iter()
        .map(|set| format!("{}/{}", set.data_group, set.data_type))
        .map(|name| (strsim::jaro_winkler(&path, &name), name))
        .collect();
    known.sort_by(|(a, first), (b, second)| b.total_cmp(a).then_with(|| first.cmp(second)));
    let near = known.iter().take_while(|(likeness, _)| *likeness > 0.85).count();
    let (heading, shown) = match (known.len(), near) {
        (0, _) => return anyhow!("there is no data set {path}, nor any other yet"),
        (_, 1) => return anyhow!("there is no data set {path}: did you mean {}?", known[0].1),
        (all, 0) if all > MOST => ("some of those that there are", MOST),
        (all, 0) => ("there are", all),
        (_, near) => ("did you mean one of these?", near.min(MOST)),
    };
    let names: String = known.iter().take(shown).map(|(_, name)| format!("\n  {name}")).collect();
    anyhow!("there is no data set {path}; {heading}{names}")
}

impl OutputFormat {
    /// What a server is asked for.
    fn asked(self) -> Format {
        match self {
            Self::Table | Self::Json => Format::Json,
            Self::Csv => Format::Csv,
            Self::Ndjson => Format::Ndjson,
            Self::Arrow => Format::Arrow,
            Self::Parquet => Format::Parquet,
        }
    }

    /// Whether it is made of rows here; other forms are written as the server gives them.
    fn is_made_here(self) -> bool {
        matches!(self, Self::Table | Self::Json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_shown_in_its_place() {
        let error = read("?group_by=channel&collect=fee:smu", false).unwrap_err().to_string();
        assert_eq!(
            error,
            "Unknown collection method\n\n  group_by=channel&collect=fee:smu\n                   ^^^^^^^^^^^^^^^\n"
        );
        assert!(read("", true).unwrap().explain);
    }
}
