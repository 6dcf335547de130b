//! Measures what a large data set and many small ones take of the machine.
//!
//! ```sh
//! cargo run --release -p benches --bin store-limits -- large --rows 20000000
//! cargo run --release -p benches --bin store-limits -- many --data-sets 5000
//! ```
//!
//! `large` appends records in order of time, with queries in between, then replaces 1,000 of them that are spread over the
//! whole data set. `many` makes small data sets, opens the store again, and asks each of them once. Both print lines of JSON;
//! memory is that of the process, as the operating system counts it, peaks included.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Parser, Subcommand};
use engine::query::QueryEngine;
use engine::{DecodeOptions, Store, StoreError, StoreOptions, decode};
use query_lang::{Policy, Query};
use serde_json::json;

/// Measures what a large data set and many small ones take of the machine.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// One large data set.
    Large {
        /// How many records.
        #[arg(long, default_value_t = 1_000_000)]
        rows: u64,
    },
    /// Many small data sets.
    Many {
        /// How many.
        #[arg(long, default_value_t = 5_000)]
        data_sets: usize,
        /// Records of each.
        #[arg(long, default_value_t = 50)]
        rows: u64,
    },
}

const QUERY: &str = "period=month&group_by=channel&collect=volume:sum&start_at=2023-01-01T00:00:00Z&end_at=2026-01-01T00:00:00Z";
/// Records of one append.
const BATCH: u64 = 10_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Args::parse().what {
        What::Large { rows } => large(rows).await,
        What::Many { data_sets, rows } => many(data_sets, rows).await,
    }
}

fn now() -> anyhow::Result<DateTime<Utc>> {
    Ok(DateTime::parse_from_rfc3339("2026-06-01T00:00:00Z")?.with_timezone(&Utc))
}

fn query() -> anyhow::Result<Query> {
    let policy = Policy { raw_queries_allowed: true };
    query_lang::parse(QUERY, &policy, now()?).map_err(|error| anyhow::anyhow!("{error}"))
}

/// Records `first..last` of `all`, spread over three years in order of time.
async fn append(
    store: &Store,
    name: &str,
    numbers: impl Iterator<Item = u64>,
    all: u64,
) -> anyhow::Result<()> {
    let start = DateTime::parse_from_rfc3339("2023-01-01T00:00:00Z")?.with_timezone(&Utc);
    let span = TimeDelta::days(1_096).num_milliseconds();
    let mut body = String::from("[");
    for number in numbers {
        let at = i64::try_from(u128::from(number) * span.unsigned_abs() as u128 / u128::from(all))?;
        let time = (start + TimeDelta::milliseconds(at)).format("%Y-%m-%dT%H:%M:%S%.3fZ");
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
        write!(
            body,
            "{}{{\"_id\":\"{number:012}-{mixed:x}\",\"_timestamp\":\"{time}\",\"channel\":\"channel-{}\",\
             \"service\":\"service-{}\",\"volume\":{}}}",
            if body.len() > 1 { "," } else { "" },
            mixed % 6,
            mixed % 800,
            mixed % 1_000
        )?;
    }
    body.push(']');
    let records = decode(body.as_bytes(), &DecodeOptions { auto_ids: &[], now: now()? })?;
    Ok(store.append(name, records).await?)
}

async fn ask(store: &Store, engine: &QueryEngine, name: &str) -> anyhow::Result<f64> {
    let started = Instant::now();
    engine.answer(store.snapshot(name).await?, &query()?, now()?).await?;
    Ok(started.elapsed().as_secs_f64() * 1e3)
}

async fn large(rows: u64) -> anyhow::Result<()> {
    ensure!(rows >= BATCH, "--rows is at least {BATCH}");
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path(), StoreOptions::default()).await?;
    let engine = QueryEngine::default();
    let (started, mut asked) = (Instant::now(), Vec::new());
    for first in (0..rows).step_by(usize::try_from(BATCH)?) {
        let last = (first + BATCH).min(rows);
        // whoever is told to wait waits
        while let Err(error) = append(&store, "records", first..last, rows).await {
            ensure!(error.to_string().contains("busy"), error);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        if (first / BATCH) % 100 == 99 {
            asked.push(ask(&store, &engine, "records").await?);
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let slowest = asked.iter().copied().fold(0.0, f64::max);
    println!(
        "{}",
        json!({
            "what": "appended", "rows": rows, "seconds": round(seconds), "rows_per_second": (rows as f64 / seconds) as u64,
            "queries_meanwhile": asked.len(), "slowest_ms": round(slowest), "peak_mib": memory("VmHWM")?,
        })
    );
    store.flush().await?;
    let statistics = store.statistics().await?.pop().context("no data set")?;
    let quiet = [ask(&store, &engine, "records").await?, ask(&store, &engine, "records").await?];
    println!(
        "{}",
        json!({
            "what": "at rest", "segments": statistics.segments, "bytes_on_disk": statistics.bytes_on_disk,
            "query_ms": round(quiet[1]), "resident_mib": memory("VmRSS")?, "peak_mib": memory("VmHWM")?,
        })
    );
    let spread = |round: u64| (0..1_000).map(move |n| (n * (rows / 1_000) + round * 7) % rows);
    let mut upserts = Vec::new();
    let asking = {
        let (store, engine) = (Arc::clone(&store), Arc::new(engine));
        tokio::spawn(async move {
            let mut times = Vec::new();
            for _ in 0..10 {
                times.push(ask(&store, &engine, "records").await?);
            }
            anyhow::Ok(times)
        })
    };
    for round in 0..10 {
        let started = Instant::now();
        append(&store, "records", spread(round), rows).await?;
        upserts.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let mut meanwhile = asking.await??;
    meanwhile.sort_by(f64::total_cmp);
    let started = Instant::now();
    store.flush().await?;
    let flushed = started.elapsed().as_secs_f64() * 1e3;
    let statistics = store.statistics().await?.pop().context("no data set")?;
    ensure!(statistics.rows_in_segments == rows, "{} records instead of {rows}", statistics.rows_in_segments);
    println!(
        "{}",
        json!({
            "what": "replaced 1,000 ids spread over all, ten times", "first_ms": round(upserts[0]),
            "slowest_ms": round(upserts.iter().copied().fold(0.0, f64::max)), "query_meanwhile_ms": round(meanwhile[5]),
            "flush_ms": round(flushed), "dead_rows": statistics.dead_rows, "peak_mib": memory("VmHWM")?,
        })
    );
    store.close().await?;
    Ok(())
}

async fn many(data_sets: usize, rows: u64) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let name = |number: usize| format!("data_set_{number}");
    let store = Store::open(folder.path(), StoreOptions::default()).await?;
    let started = Instant::now();
    for number in 0..data_sets {
        append(&store, &name(number), 0..rows, rows).await?;
    }
    store.close().await?;
    println!(
        "{}",
        json!({"what": "made", "data_sets": data_sets, "seconds": round(started.elapsed().as_secs_f64())})
    );
    drop(store);
    let before = memory("VmRSS")?;
    let (store, opened) = loop {
        let started = Instant::now();
        match Store::open(folder.path(), StoreOptions::default()).await {
            // what the first one still does in the background comes to its end
            Err(StoreError::InUse { .. }) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            opened => break (opened?, started.elapsed().as_secs_f64()),
        }
    };
    println!(
        "{}",
        json!({
            "what": "opened", "data_sets": data_sets, "seconds": round(opened), "resident_mib": memory("VmRSS")?,
            "resident_before_mib": before,
        })
    );
    let engine = QueryEngine::default();
    let started = Instant::now();
    for number in 0..data_sets {
        ask(&store, &engine, &name(number)).await?;
    }
    let each = started.elapsed().as_secs_f64() * 1e3 / data_sets.max(1) as f64;
    println!(
        "{}",
        json!({"what": "asked each once", "first_query_ms": round(each), "resident_mib": memory("VmRSS")?})
    );
    store.close().await?;
    Ok(())
}

fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// A line of what the operating system says of this process, in MiB.
fn memory(line: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("this needs Linux")?;
    let kib = status
        .lines()
        .find_map(|text| text.strip_prefix(line)?.strip_prefix(':')?.trim().strip_suffix(" kB"));
    Ok(kib.context("the process has no such figure")?.trim().parse::<u64>()? / 1024)
}
