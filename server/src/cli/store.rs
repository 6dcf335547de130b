//! `performance-platform store`: looking after the records of a data directory.

use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use comfy_table::{CellAlignment, Table, presets};
use engine::{Backup, Copied, Finding, Place, Store, StoreOptions};
use indicatif::{HumanBytes, HumanCount, ProgressBar};
use stagecraft::Registry;

use super::counted;
use super::data_dir::DataDir;

/// The file of the configuration in a data directory, and in a backup.
const REGISTRY: &str = "registry.sqlite";

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
        /// A folder that is empty or does not exist, or the URL of one in an object store.
        to: String,
        #[command(flatten)]
        data: DataDir,
    },
    /// Make a data directory from a backup, and prove it.
    Restore {
        /// The folder of a backup, or its URL.
        from: String,
        #[command(flatten)]
        data: DataDir,
    },
    /// Give up a store whose last writer is gone for good, so that another can write to it. Writes that were only in the log of
    /// that process are lost.
    Release {
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
        StoreCommand::Stats { data } => stats(&data).await,
        StoreCommand::Compact { names, data } => compact(&data, names).await,
        StoreCommand::Verify { data } => verify(&existing(&data)?).await,
        StoreCommand::Backup { to, data } => backup(&data, &to).await,
        StoreCommand::Restore { from, data } => restore(&from, &data).await,
        StoreCommand::Release { data } => release(&data).await,
    }
}

/// The store of a data directory, which must be there.
fn existing(data: &DataDir) -> anyhow::Result<Place> {
    let is_there = data.store.is_some() || data.configuration.data_dir.join("records").join("log").is_dir();
    ensure!(is_there, "{} is no data directory: it has no records", data.configuration.data_dir.display());
    data.place()
}

async fn open(data: &DataDir) -> anyhow::Result<Arc<Store>> {
    let place = existing(data)?;
    let name = place.describe();
    Store::open_at(place, StoreOptions::default())
        .await
        .with_context(|| format!("cannot open the store {name}"))
}

async fn release(data: &DataDir) -> anyhow::Result<()> {
    let place = existing(data)?;
    match Store::release(&place).await? {
        Some(holder) => println!("{holder} no longer has {}.", place.describe()),
        None => println!("Nobody has {}.", place.describe()),
    }
    Ok(())
}

async fn stats(data: &DataDir) -> anyhow::Result<()> {
    let store = open(data).await?;
    store.flush().await?;
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["data set", "records", "replaced or deleted", "segments", "on disk", "log position"]);
    for each in store.statistics().await? {
        table.add_row([
            each.name,
            HumanCount(each.rows_in_segments).to_string(),
            HumanCount(each.dead_rows).to_string(),
            each.segments.to_string(),
            HumanBytes(each.bytes_on_disk).to_string(),
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

async fn compact(data: &DataDir, names: Vec<String>) -> anyhow::Result<()> {
    let store = open(data).await?;
    let known: Vec<String> = store.statistics().await?.into_iter().map(|each| each.name).collect();
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

async fn verify(place: &Place) -> anyhow::Result<()> {
    let progress = ProgressBar::new_spinner();
    let tell = |finding: &Finding| {
        progress.set_message(finding.data_set.clone().unwrap_or_else(|| "log".to_owned()));
        progress.tick();
    };
    let findings = engine::verify(place, tell).await?;
    progress.finish_and_clear();
    let problems: Vec<&String> = findings.iter().flat_map(|finding| &finding.problems).collect();
    let (data_sets, log): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().partition(|finding| finding.data_set.is_some());
    let sum = |of: &dyn Fn(&Finding) -> u64| data_sets.iter().map(|finding| of(finding)).sum::<u64>();
    println!(
        "{}, {} in {}; {} in the log",
        counted(data_sets.len() as u64, "data set"),
        counted(sum(&|finding| finding.rows), "record"),
        counted(sum(&|finding| finding.files as u64), "segment"),
        counted(log.iter().map(|finding| finding.rows).sum(), "write")
    );
    if problems.is_empty() {
        println!("Nothing is wrong.");
        return Ok(());
    }
    for problem in &problems {
        println!("- {problem}");
    }
    bail!("found: {}", counted(problems.len() as u64, "problem"))
}

async fn backup(data: &DataDir, to: &str) -> anyhow::Result<()> {
    let (place, backup) = (existing(data)?, Backup::at(to)?);
    let progress = ProgressBar::new_spinner();
    let copied = engine::backup(&place, &backup, |copied| tell(&progress, copied))
        .await
        .with_context(|| format!("cannot copy {} to {}", place.describe(), backup.describe()))?;
    progress.finish_and_clear();
    let has_configuration = copy_configuration(data, &backup).await?;
    println!(
        "{}, {}, in {}: segments of {}, the log with the newest writes of all{}.",
        counted(copied.files as u64, "file"),
        HumanBytes(copied.bytes),
        backup.describe(),
        counted(copied.data_sets as u64, "data set"),
        if has_configuration { ", and the configuration" } else { "" }
    );
    if data.configuration.registry.is_elsewhere() {
        println!(
            "The configuration is not among them: back up the database at --registry with its own tools."
        );
    } else if !has_configuration {
        println!("There is no configuration in {} yet.", data.configuration.data_dir.display());
    }
    let key = data.configuration.registry.key_file(&data.configuration.data_dir);
    if key.exists() {
        println!(
            "Keep a copy of {} elsewhere: without it nobody can read the credentials of providers.",
            key.display()
        );
    }
    Ok(())
}

/// Puts a copy of the configuration into a backup, if it is in the data directory.
async fn copy_configuration(data: &DataDir, backup: &Backup) -> anyhow::Result<bool> {
    let registry = data.configuration.data_dir.join(REGISTRY);
    if data.configuration.registry.is_elsewhere() || !registry.exists() {
        return Ok(false);
    }
    // a file of its own, as it is at one moment, whoever changes it meanwhile
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let copy = folder.path().join(REGISTRY);
    Registry::copy_file(&registry, &copy).await.context("cannot copy the configuration")?;
    backup.put(REGISTRY, std::fs::read(&copy)?).await.context("cannot copy the configuration")?;
    Ok(true)
}

/// Tells how far copying is.
fn tell(progress: &ProgressBar, copied: Copied) {
    progress.set_message(format!(
        "{}, {}",
        counted(copied.data_sets as u64, "data set"),
        HumanBytes(copied.bytes)
    ));
    progress.tick();
}

async fn restore(from: &str, data: &DataDir) -> anyhow::Result<()> {
    let (backup, place) = (Backup::at(from)?, data.place()?);
    let target = data.configuration.data_dir.join(REGISTRY);
    ensure!(!target.exists(), "{} is there already", target.display());
    let progress = ProgressBar::new_spinner();
    let copied = engine::restore(&backup, &place, |copied| tell(&progress, copied))
        .await
        .with_context(|| format!("cannot restore {} to {}", backup.describe(), place.describe()))?;
    progress.finish_and_clear();
    if let Some(registry) = backup.get(REGISTRY).await.context("cannot read the configuration")? {
        std::fs::write(&target, &registry).with_context(|| format!("cannot write {}", target.display()))?;
    }
    println!(
        "{}, {}, in {}",
        counted(copied.files as u64, "file"),
        HumanBytes(copied.bytes),
        place.describe()
    );
    verify(&place).await
}
