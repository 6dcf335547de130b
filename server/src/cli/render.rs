//! `performance-platform render`: pages from files, without a server or a store.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use spotlight_renderer::case::Case;

/// What to render and how to print it.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// Files with a page each: its address, clock, definition and data. One line of JSON is printed for each, in their order.
    #[arg(long = "case", value_name = "FILE", num_args = 1.., required = true)]
    cases: Vec<PathBuf>,
    /// Print the page as HTML instead, one after another.
    #[arg(long)]
    html: bool,
}

/// Renders every file; one that cannot be read stops the command, after what came before it.
///
/// # Errors
/// When a file cannot be read, is not JSON, or has no address or clock.
pub async fn run(args: RenderArgs) -> anyhow::Result<()> {
    for path in &args.cases {
        let rendered = read(path)?.render().await;
        if args.html {
            println!("{}", rendered.html);
        } else {
            println!("{}", rendered.to_json());
        }
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Case> {
    let name = || path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(name)?;
    let stored = serde_json::from_str(&text).context("not JSON").with_context(name)?;
    Case::new(stored, "/performance").with_context(name)
}
