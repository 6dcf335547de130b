//! `performance-platform query`.

use std::io::{IsTerminal, Write};

use anyhow::{Context, anyhow};
use clap::Args;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use query_lang::{Format, Policy};
use serde_json::{Map, Value};

use super::remote::{self, Remote};
use super::{DataDir, DataSetPath, open::open};
use crate::clock::Clock;

/// Options of `query`.
///
/// Examples:
///
///   performance-platform query licensing/applications 'period=month&duration=6&collect=volume:sum'
///   performance-platform query licensing/applications 'group_by=channel&sort_by=_count:descending' | jq .
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct QueryArgs {
    /// The data set: its group and type.
    #[arg(value_name = "GROUP/TYPE")]
    data_set: DataSetPath,
    /// The question, as the query string of the read API; flattened unless it says otherwise.
    #[arg(default_value = "")]
    query: String,
    #[command(flatten)]
    data: DataDir,
    #[command(flatten)]
    remote: Remote,
}

/// Asks, and prints the answer.
///
/// # Errors
/// When the data set is not there or the question is not valid.
pub async fn run(args: QueryArgs) -> anyhow::Result<()> {
    let rows = match &args.remote.server {
        Some(server) => rows_of(remote::query(server, &args.data_set, &args.query).await?)?,
        None => match ask_data_dir(&args).await? {
            Reply::Rows(rows) => rows,
            Reply::Csv(text) => return print(&text),
        },
    };
    if std::io::stdout().is_terminal() {
        print(format!("{}\n", table(&rows)).as_bytes())
    } else {
        let mut text = serde_json::to_vec_pretty(&rows)?;
        text.push(b'\n');
        print(&text)
    }
}

enum Reply {
    Rows(Vec<Map<String, Value>>),
    Csv(Vec<u8>),
}

async fn ask_data_dir(args: &QueryArgs) -> anyhow::Result<Reply> {
    let state = open(&args.data.data_dir, None, Clock::System).await?;
    let DataSetPath { data_group, data_type } = &args.data_set;
    let data_set = state.registry.data_set_by(data_group, data_type).ok_or_else(|| {
        let known: Vec<String> = state
            .registry
            .data_sets()
            .iter()
            .map(|set| format!("  {}/{}", set.data_group, set.data_type))
            .collect();
        let hint = if known.is_empty() { "  (none yet)".to_owned() } else { known.join("\n") };
        anyhow!("there is no data set {}; there are:\n{hint}", args.data_set)
    })?;
    let now = chrono::Utc::now();
    // Whoever can read the folder can read the records.
    let query = query_lang::parse(&args.query, &Policy { raw_queries_allowed: true }, now)?;
    let snapshot = state.store.snapshot(&data_set.name).await?;
    let answer = state.queries.answer(snapshot, &query, now).await?;
    let reply =
        if query.format == Format::Csv { Reply::Csv(answer.to_csv()) } else { Reply::Rows(answer.rows) };
    state.store.close().await?;
    Ok(reply)
}

fn rows_of(answer: Value) -> anyhow::Result<Vec<Map<String, Value>>> {
    let data = answer.get("data").context("the server's answer has no data")?;
    Ok(serde_json::from_value(data.clone())?)
}

fn print(text: &[u8]) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text) {
        // Somebody like `head` has read enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// The rows as a table: one column a key, in the order in which keys first appear; numbers to the right.
fn table(rows: &[Map<String, Value>]) -> String {
    if rows.is_empty() {
        return "no rows: nothing matches the query".to_owned();
    }
    let mut keys: Vec<&String> = Vec::new();
    for key in rows.iter().flat_map(Map::keys) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(&keys);
    for row in rows {
        table.add_row(keys.iter().map(|key| cell(row.get(*key))));
    }
    for (index, key) in keys.iter().enumerate() {
        let is_number =
            rows.iter().filter_map(|row| row.get(*key)).all(|value| value.is_number() || value.is_null());
        if let Some(column) = table.column_mut(index).filter(|_| is_number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_has_a_column_for_every_key() {
        let rows = [json!({"a": 1}), json!({"a": null, "b": "x"})];
        let rows: Vec<Map<String, Value>> = rows.iter().map(|row| row.as_object().unwrap().clone()).collect();
        let text = table(&rows);
        for part in ["a", "b", "1", "x", "-"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
