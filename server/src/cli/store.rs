//! `performance-platform store`: looking after the records of a data directory.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use comfy_table::{CellAlignment, Table, presets};
use engine::{Finding, Store, StoreOptions};
use indicatif::{HumanBytes, HumanCount, ProgressBar};
use stagecraft::Registry;

use super::DataDir;

/// What to do with the store.
#[derive(Debug, Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Show what there is of every data set. The server must not be running.
    Stats {
        #[command(flatten)]
        data: DataDir,
    },
    /// Put the segments of data sets together and drop what was replaced or deleted. The server must not be running.
    Compact {
        /// Names of data sets, as `stats` shows them; all if none is given.
        names: Vec<String>,
        #[command(flatten)]
        data: DataDir,
    },
    /// Read every file and prove checksums, counts, order and that no id is there twice. Works while the server runs.
    Verify {
        #[command(flatten)]
        data: DataDir,
    },
    /// Copy a data directory, records and configuration. Works while the server runs.
    Backup {
        /// A folder that is empty or does not exist.
        to: PathBuf,
        #[command(flatten)]
        data: DataDir,
    },
    /// Make a data directory from a backup, and prove it.
    Restore {
        /// The folder of a backup.
        from: PathBuf,
        #[command(flatten)]
        data: DataDir,
    },
}

/// Does it.
///
/// # Errors
/// When files cannot be read or written, the data directory is in use, or something is wrong with it.
pub async fn run(args: StoreArgs) -> anyhow::Result<()> {
    match args.command {
        StoreCommand::Stats { data } => stats(&data.data_dir).await,
        StoreCommand::Compact { names, data } => compact(&data.data_dir, names).await,
        StoreCommand::Verify { data } => {
            verify(&data.data_dir)?;
            Ok(())
        }
        StoreCommand::Backup { to, data } => backup(&data.data_dir, &to).await,
        StoreCommand::Restore { from, data } => restore(&from, &data.data_dir).await,
    }
}

fn records(data_dir: &Path) -> anyhow::Result<PathBuf> {
    let records = data_dir.join("records");
    ensure!(
        records.join("data-sets").is_dir(),
        "{} is no data directory: it has no records",
        data_dir.display()
    );
    Ok(records)
}

async fn open(data_dir: &Path) -> anyhow::Result<std::sync::Arc<Store>> {
    let records = records(data_dir)?;
    Store::open(&records, StoreOptions::default())
        .await
        .with_context(|| format!("cannot open the data directory {}", data_dir.display()))
}

async fn stats(data_dir: &Path) -> anyhow::Result<()> {
    let store = open(data_dir).await?;
    store.flush().await?;
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["data set", "records", "replaced or deleted", "segments", "log position"]);
    for each in store.statistics().await {
        table.add_row([
            each.name,
            HumanCount(each.rows_in_segments).to_string(),
            HumanCount(each.dead_rows).to_string(),
            each.segments.to_string(),
            each.version.to_string(),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("{table}");
    store.close().await?;
    Ok(())
}

async fn compact(data_dir: &Path, names: Vec<String>) -> anyhow::Result<()> {
    let store = open(data_dir).await?;
    let known: Vec<String> = store.statistics().await.into_iter().map(|each| each.name).collect();
    for name in &names {
        ensure!(known.contains(name), "there is no data set {name}; there are: {}", known.join(", "));
    }
    let names = if names.is_empty() { known } else { names };
    let progress = ProgressBar::new(names.len() as u64);
    for name in names {
        store.compact(&name).await.with_context(|| format!("the data set {name}"))?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    store.close().await?;
    Ok(())
}

fn verify(data_dir: &Path) -> anyhow::Result<()> {
    let records = records(data_dir)?;
    let progress = ProgressBar::new_spinner();
    let tell = |finding: &Finding| {
        progress.set_message(finding.data_set.clone().unwrap_or_else(|| "log".to_owned()));
        progress.tick();
    };
    let findings = engine::verify(&records, tell)?;
    progress.finish_and_clear();
    let problems: Vec<&String> = findings.iter().flat_map(|finding| &finding.problems).collect();
    let (data_sets, log): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().partition(|finding| finding.data_set.is_some());
    let sum = |of: &dyn Fn(&Finding) -> u64| data_sets.iter().map(|finding| of(finding)).sum::<u64>();
    println!(
        "{} data sets, {} records in {} segments; {} writes in the log",
        data_sets.len(),
        HumanCount(sum(&|finding| finding.rows)),
        sum(&|finding| finding.files as u64),
        HumanCount(log.iter().map(|finding| finding.rows).sum())
    );
    if problems.is_empty() {
        println!("Nothing is wrong.");
        return Ok(());
    }
    for problem in &problems {
        println!("- {problem}");
    }
    bail!("{} problems were found", problems.len())
}

async fn backup(data_dir: &Path, to: &Path) -> anyhow::Result<()> {
    let records = records(data_dir)?;
    let progress = ProgressBar::new_spinner();
    let copied = engine::backup(&records, &to.join("records"), |copied| {
        progress.set_message(format!("{} data sets, {}", copied.data_sets, HumanBytes(copied.bytes)));
        progress.tick();
    })
    .with_context(|| format!("cannot copy {} to {}", data_dir.display(), to.display()))?;
    progress.finish_and_clear();
    let registry = data_dir.join("registry.sqlite");
    if registry.exists() {
        Registry::copy_file(&registry, &to.join("registry.sqlite"))
            .await
            .context("cannot copy the configuration")?;
    }
    println!(
        "{} data sets in {} files, {}, and the configuration are in {}",
        copied.data_sets,
        copied.files,
        HumanBytes(copied.bytes),
        to.display()
    );
    if data_dir.join("registry.sqlite.key").exists() {
        println!(
            "Keep a copy of {} elsewhere: without it nobody can read the credentials of providers.",
            data_dir.join("registry.sqlite.key").display()
        );
    }
    Ok(())
}

async fn restore(from: &Path, data_dir: &Path) -> anyhow::Result<()> {
    let saved = from.join("records");
    ensure!(saved.join("data-sets").is_dir(), "{} is no backup: it has no records", from.display());
    let progress = ProgressBar::new_spinner();
    let copied = engine::backup(&saved, &data_dir.join("records"), |copied| {
        progress.set_message(format!("{} data sets, {}", copied.data_sets, HumanBytes(copied.bytes)));
        progress.tick();
    })
    .with_context(|| format!("cannot restore to {}", data_dir.display()))?;
    progress.finish_and_clear();
    let registry = from.join("registry.sqlite");
    if registry.exists() {
        let target = data_dir.join("registry.sqlite");
        ensure!(!target.exists(), "{} is there already", target.display());
        std::fs::copy(&registry, &target).with_context(|| format!("cannot write {}", target.display()))?;
    }
    println!("{} data sets are in {}.", copied.data_sets, data_dir.display());
    verify(data_dir)
}
