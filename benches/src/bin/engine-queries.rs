//! Times the engine on the six queries of the comparison with other databases, over records invented from a seed.
//!
//! ```sh
//! cargo run --release -p benches --bin engine-queries -- --rows 1000000 --parquet /tmp/records.parquet
//! ```
//!
//! Prints a line of JSON a query: its name, its text, how many rows its answer has, and its median time in milliseconds, parsed,
//! planned, executed and shaped, without the cache of answers. The same records go to a Parquet file for the others.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser;
use engine::query::QueryEngine;
use engine::{DecodeOptions, Store, StoreOptions, decode};
use query_lang::Policy;
use serde_json::json;

/// Times the engine on the six queries of the comparison.
#[derive(Debug, Parser)]
struct Args {
    /// How many records.
    #[arg(long, default_value_t = 10_000)]
    rows: u64,
    /// How often each query is asked; the median counts.
    #[arg(long, default_value_t = 15)]
    times: usize,
    /// Where the same records go.
    #[arg(long)]
    parquet: Option<PathBuf>,
}

/// The queries: a name, and the text as it would come over HTTP.
const QUERIES: &[(&str, &str)] = &[
    (
        "week over a year, sum",
        "period=week&collect=volume:sum&start_at=2025-01-06T00:00:00Z&end_at=2026-01-05T00:00:00Z",
    ),
    (
        "month by channel over 3 years, sum",
        "period=month&group_by=channel&collect=volume:sum&start_at=2023-01-01T00:00:00Z&end_at=2026-01-01T00:00:00Z",
    ),
    ("by service, count and mean", "group_by=service&collect=cost:mean"),
    ("one service, newest 100", "filter_by=service:service-17&sort_by=_timestamp:descending&limit=100"),
    (
        "by department and channel, the set of services",
        "group_by=department&group_by=channel&collect=service:set",
    ),
    ("day over 30 days, count", "period=day&start_at=2025-12-02T00:00:00Z&end_at=2026-01-01T00:00:00Z"),
];

/// A small generator of numbers that look random, the same everywhere (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path(), StoreOptions::default()).await?;
    let now = DateTime::parse_from_rfc3339("2026-06-01T00:00:00Z")?.with_timezone(&Utc);
    let started = Instant::now();
    fill(&store, args.rows, now).await?;
    store.compact("records").await?;
    let memory = resident_mib();
    eprintln!(
        "{} records in after {:.1} s, {memory} MiB resident",
        args.rows,
        started.elapsed().as_secs_f64()
    );

    let engine = QueryEngine::default();
    let policy = Policy { raw_queries_allowed: true };
    for (name, text) in QUERIES {
        let mut times = Vec::new();
        let mut rows = 0;
        for _ in 0..args.times.max(1) {
            let started = Instant::now();
            let query = query_lang::parse(text, &policy, now).map_err(|error| anyhow::anyhow!("{error}"))?;
            let snapshot = store.snapshot("records").await?;
            rows = engine.answer(snapshot, &query, now).await?.len();
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        println!(
            "{}",
            json!({"query": name, "text": text, "rows": rows, "median_ms": (median * 1e3).round() / 1e3})
        );
    }
    if let Some(path) = &args.parquet {
        let snapshot = store.snapshot("records").await?;
        let file = std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let schema = std::sync::Arc::clone(&snapshot.schema);
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, schema, None)?;
        for rows in snapshot.batches().await? {
            writer.write(&rows.batch)?;
        }
        writer.close()?;
    }
    store.close().await?;
    Ok(())
}

/// Appends records of three years, as services would send them: batches of 10,000 in the order of time.
async fn fill(store: &Store, rows: u64, now: DateTime<Utc>) -> anyhow::Result<()> {
    ensure!(rows > 0, "--rows is at least 1");
    let start = DateTime::parse_from_rfc3339("2023-01-01T00:00:00Z")?.with_timezone(&Utc);
    let span = TimeDelta::days(1_096).num_milliseconds();
    let mut numbers = Numbers(7);
    let mut next = 0;
    while next < rows {
        let mut body = String::from("[");
        for n in next..(next + 10_000).min(rows) {
            let at = start + TimeDelta::milliseconds(span / i64::try_from(rows)? * i64::try_from(n)?);
            let (channel, department, service) = (numbers.below(6), numbers.below(24), numbers.below(800));
            if n > next {
                body.push(',');
            }
            write!(
                body,
                r#"{{"_timestamp":"{}","channel":"channel-{channel}","department":"department-{department}","service":"service-{service}","volume":{}"#,
                at.format("%Y-%m-%dT%H:%M:%S%.3fZ"),
                numbers.below(1_000),
            )?;
            if numbers.below(20) > 0 {
                write!(body, r#","cost":{}.{:02}"#, numbers.below(5_000), numbers.below(100))?;
            }
            write!(body, r#","is_digital":{}}}"#, channel < 3)?;
        }
        body.push(']');
        let records = decode(body.as_bytes(), &DecodeOptions { auto_ids: &[], now })
            .map_err(|error| anyhow::anyhow!("{error:?}"))?;
        store.append("records", records).await?;
        next += 10_000;
    }
    Ok(())
}

/// The memory that the process holds, in MiB, where the system tells it.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1024
}
