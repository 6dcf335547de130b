//! `performance-platform render`: pages from files, without a server or a store.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use spotlight_renderer::case::Case;

use crate::controllers::admin_api::problems::DASHBOARD_RULES;

/// What to render and how to print it.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// Files with a page each: its address, clock, definition and data. One line of JSON is printed for each, in their order.
    #[arg(long = "case", value_name = "FILE", num_args = 1.., required = true)]
    cases: Vec<PathBuf>,
    /// Print the page as HTML instead, one after another.
    #[arg(long)]
    html: bool,
    /// Print what is wrong with the definition instead, a problem a line; the command fails if there is any.
    #[arg(long, conflicts_with = "html")]
    problems: bool,
}

/// Renders every file; one that cannot be read stops the command, after what came before it.
///
/// # Errors
/// When a file cannot be read, is not JSON, or has no address or clock; or when problems are asked for and there are any.
pub async fn run(args: RenderArgs) -> anyhow::Result<()> {
    let mut count = 0;
    for path in &args.cases {
        if args.problems {
            for problem in read(path)?.problems(DASHBOARD_RULES).await {
                count += 1;
                print(problem.to_json())?;
            }
            continue;
        }
        let rendered = read(path)?.render().await;
        if args.html {
            print(rendered.html)?;
        } else {
            print(rendered.to_json())?;
        }
    }
    anyhow::ensure!(count == 0, "problems found: {count}");
    Ok(())
}

/// A line to whoever reads, who may leave before the end.
fn print(line: impl std::fmt::Display) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{line}").context("nobody reads what is printed")
}

fn read(path: &Path) -> anyhow::Result<Case> {
    let name = || path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(name)?;
    let stored = serde_json::from_str(&text).context("not JSON").with_context(name)?;
    Case::new(stored, "/performance").with_context(name)
}
