//! Times the engine on the queries of the comparison with other databases, over records invented from a seed.
//!
//! ```sh
//! cargo run --release -p benches --bin engine-queries -- --rows 1000000 --data-dir target/records
//! ```
//!
//! The data directory is filled the first time, and kept. Prints a line of JSON a query: its name, how many rows its answer has,
//! and its median time in milliseconds: parsed, planned, executed, shaped and written as JSON, without the cache of
//! answers. Decoded columns stay in memory as they do in a server, within the budget given; the first time, when they do not, is
//! told apart.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use benches::records::{QUESTIONS, fill};
use chrono::{DateTime, Utc};
use clap::Parser;
use engine::query::QueryEngine;
use engine::{Durability, Store, StoreOptions};
use query_lang::{Format, Policy};
use serde_json::{Value, json};

/// Times the engine on the queries of the comparison.
#[derive(Debug, Parser)]
struct Args {
    /// How many records.
    #[arg(long, default_value_t = 10_000)]
    rows: u64,
    /// How often each query is asked after the first time, at most; the median counts.
    #[arg(long, default_value_t = 15)]
    times: usize,
    /// For how many seconds each is asked again and again, but at least twice.
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
    /// Where the records are, or will be.
    #[arg(long)]
    data_dir: PathBuf,
    /// MiB that decoded columns may take in memory.
    #[arg(long, default_value_t = 1_024)]
    cache: u64,
    /// Only fill the data directory.
    #[arg(long)]
    fill: bool,
    /// Only time a query over the last 30 days, whatever the number of records: what it costs grows with those days.
    #[arg(long)]
    growth: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let options = StoreOptions {
        cache: args.cache << 20,
        durability: Durability::Interval(std::time::Duration::from_secs(60)),
        ..StoreOptions::default()
    };
    std::fs::create_dir_all(&args.data_dir)?;
    let store = Store::open(&args.data_dir, options).await?;
    let now = DateTime::parse_from_rfc3339("2026-06-01T00:00:00Z")?.with_timezone(&Utc);
    if store.version("records").await? == 0 {
        let started = Instant::now();
        fill(&store, args.rows, now).await?;
        eprintln!("{} records in after {:.1} s", args.rows, started.elapsed().as_secs_f64());
    }
    if !args.fill {
        let found = store.snapshot("records").await?.rows() as u64;
        ensure!(found == args.rows, "the data directory has {found} records, not {}", args.rows);
        ask(&store, &args, now).await?;
        eprintln!("{} MiB resident", resident_mib());
    }
    store.close().await?;
    Ok(())
}

async fn ask(store: &Arc<Store>, args: &Args, now: DateTime<Utc>) -> anyhow::Result<()> {
    let engine = QueryEngine::default();
    let policy = Policy { raw_queries_allowed: true };
    let questions: Vec<Value> = if args.growth {
        vec![json!({"name": "hours of the last month", "query":
            "period=hour&collect=volume:sum&start_at=2025-12-02T00:00:00Z&end_at=2026-01-01T00:00:00Z"})]
    } else {
        serde_json::from_str(QUESTIONS)?
    };
    for question in &questions {
        let text = question["query"].as_str().unwrap_or_default();
        let (mut times, mut rows) = (Vec::new(), 0);
        let begin = Instant::now();
        while times.len() <= 2 || times.len() <= args.times && begin.elapsed().as_secs_f64() < args.seconds {
            let started = Instant::now();
            let query = query_lang::parse(text, &policy, now).map_err(|error| anyhow::anyhow!("{error}"))?;
            let snapshot = store.snapshot("records").await?;
            let answer = Arc::new(engine.answer(snapshot, &query, now).await?);
            rows = answer.len();
            engine.write(&answer, Format::Json, Vec::new()).await?;
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        let first = times.remove(0);
        times.sort_by(f64::total_cmp);
        let rounded = |time: f64| (time * 1e3).round() / 1e3;
        let line = json!({
            "query": question["name"], "rows": rows, "times": times.len(),
            "first_ms": rounded(first), "median_ms": rounded(times[times.len() / 2]),
        });
        println!("{line}");
    }
    Ok(())
}

/// The memory that the process holds, in MiB, where the system tells it.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1024
}
