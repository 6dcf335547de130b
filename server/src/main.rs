//! The one binary of the Performance Platform.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use server::cli::Cli;

/// Pages and answers are made of many small texts: this halves what they cost.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match server::cli::run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
