//! The command line: one file a command, and the options that they share.

mod data_dir;
pub mod demo;
mod jobs;
mod key;
mod load;
pub mod open;
mod query;
pub mod registry;
mod remote;
mod render;
mod send;
mod serve;
mod sign_on;
mod store;
mod token;
mod user;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use indicatif::HumanCount;

/// Measure services and show the results to everybody.
///
/// Services append records over HTTP, analysts ask with a small query language, and everybody reads dashboards. One
/// data directory holds everything; one process serves it.
///
/// New here? `performance-platform demo` creates a data directory with sample data and starts the server.
#[derive(Debug, Parser)]
#[command(name = "performance-platform", version, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server: read and write API, admin API and dashboards on one address.
    Serve(serve::ServeArgs),
    /// Create a data directory with sample data, then start the server on it.
    Demo(demo::DemoArgs),
    /// Ask a question: a table on a terminal, JSON in a pipe.
    Query(query::QueryArgs),
    /// Append records from a file: JSON, one record a line, or a JSON list.
    Load(load::LoadArgs),
    /// Send a file to a server as it is, from scripts: tried several times, with exit codes.
    Send(send::SendArgs),
    /// Look after the records: statistics, compaction, verification, backup.
    Store(store::StoreArgs),
    /// List what the worker is to do and has done, or do it now.
    Jobs(jobs::JobsArgs),
    /// Make people administrators or editors, list them, and take it back.
    User(user::UserArgs),
    /// Make tokens for programs, list them, and take them back.
    Token(token::TokenArgs),
    /// Make keys that encrypt credentials, and change over to a new one.
    Key(key::KeyArgs),
    /// Make dashboard pages from files, as JSON or HTML.
    Render(render::RenderArgs),
}

/// A data set, as on the command line: `GROUP/TYPE`.
#[derive(Debug, Clone)]
struct DataSetPath {
    data_group: String,
    data_type: String,
}

impl std::str::FromStr for DataSetPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((group, kind)) if !group.is_empty() && !kind.is_empty() && !kind.contains('/') => {
                Ok(Self { data_group: group.to_owned(), data_type: kind.to_owned() })
            }
            _ => Err("a data set is named by its group and type, such as licensing/applications".to_owned()),
        }
    }
}

impl std::fmt::Display for DataSetPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.data_group, self.data_type)
    }
}

/// Runs a command to its end. Returns the code with which the process is to end.
///
/// # Errors
/// Whatever kept the command from doing its work, as a sentence for the person who typed it.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Send(args) => return send::run(args).await,
        Command::Serve(args) => serve::run(args).await?,
        Command::Demo(args) => demo::run(args).await?,
        Command::Query(args) => query::run(args).await?,
        Command::Load(args) => load::run(args).await?,
        Command::Store(args) => store::run(args).await?,
        Command::Jobs(args) => jobs::run(args).await?,
        Command::User(args) => user::run(args).await?,
        Command::Token(args) => token::run(args).await?,
        Command::Key(args) => key::run(args).await?,
        Command::Render(args) => render::run(args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Logs go to standard error, so that standard output stays data. `PP_LOG` chooses what is logged.
fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("PP_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // Tests start several servers in one process; the first logger stays.
    let to_people = std::io::stderr().is_terminal();
    let logger = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(to_people);
    let _ = logger.with_writer(std::io::stderr).try_init();
}

/// A number of things in words, such as `1 record` or `2,000 records`.
fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", HumanCount(number))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn numbers_of_things_agree_with_them() {
        assert_eq!(counted(1, "record"), "1 record");
        assert_eq!(counted(0, "record"), "0 records");
        assert_eq!(counted(20_000, "record"), "20,000 records");
    }

    #[test]
    fn a_data_set_has_a_group_and_a_type() {
        assert_eq!("a/b".parse::<DataSetPath>().map(|path| path.to_string()), Ok("a/b".to_owned()));
        for bad in ["a", "a/", "/b", "a/b/c", ""] {
            assert!(bad.parse::<DataSetPath>().is_err(), "{bad}");
        }
    }
}
