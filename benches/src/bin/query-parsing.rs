//! Times the query language alone: a query string read, and printed in its canonical form.
//!
//! ```sh
//! cargo run --release -p benches --bin query-parsing
//! ```
//!
//! First questions as dashboards ask them, then the shapes that are hardest to read, each at doubling lengths up to the
//! longest: the time a byte has to stay the same.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::{DateTime, Utc};
use query_lang::{LONGEST, Policy, parse};

const EVERYDAY: [(&str, &str); 5] = [
    ("newest six", "flatten=true&sort_by=_timestamp%3Adescending&limit=6"),
    ("six months", "period=month&duration=6&collect=applications:sum"),
    (
        "weeks by group",
        "period=week&group_by=channel&collect=volume%3Asum&flatten=true&duration=9&filter_by=service%3Alicences",
    ),
    ("a condition", "filter=fee+%3E%3D+100+and+channel+in+(web,phone)+and+not+has+note&group_by=channel"),
    (
        "everything at once",
        "period=day&start_at=2025-01-01T00:00:00Z&end_at=2026-01-01T00:00:00Z&timezone=Europe/London&group_by=channel\
         &collect=fee:p99.9&collect=fee:mean&sort_by=fee:mean:descending&limit=5&compare=previous_year&fill=zero",
    ),
];

/// What is repeated, and what stands before and behind.
const HARDEST: [(&str, &str, &str); 6] = [
    ("group_by=aa", "&filter_by=bb:c", ""),
    ("group_by=aa", "&collect=bb:sum", ""),
    ("fields=aa", ",bb", ""),
    ("filter=aa+in+(1", ",1", ")"),
    ("filter=aa='", "%C3%A9", "'"),
    ("filter=", "((((((((aa=1+or+aa=1))))))))+and+", "aa=1"),
];

fn main() -> anyhow::Result<()> {
    println!("{:24} {:>10} {:>10}", "a question", "read, ns", "print, ns");
    for (name, text) in EVERYDAY {
        let query = parse(text, &POLICY, now()).with_context(|| format!("{text} is not valid"))?;
        let (read, print) = (time(|| parse(text, &POLICY, now())), time(|| query.to_string()));
        println!("{name:24} {:>10} {:>10}", read.as_nanos(), print.as_nanos());
    }
    println!("\n{:48} {:>9} {:>12} {:>10}", "a shape", "bytes", "read, µs", "ns a byte");
    for (before, piece, after) in HARDEST {
        for length in [4_096, 8_192, 16_384, 32_768, LONGEST] {
            let times = (length - before.len() - after.len()) / piece.len();
            let text = format!("{before}{}{after}", piece.repeat(times));
            let read = time(|| parse(&text, &POLICY, now()));
            let a_byte = read.as_secs_f64() * 1e9 / text.len() as f64;
            let shape = format!("{before}{piece}..{after}");
            println!("{shape:48} {:>9} {:>12.1} {a_byte:>10.1}", text.len(), read.as_secs_f64() * 1e6);
        }
    }
    Ok(())
}

const POLICY: Policy = Policy { raw_queries_allowed: true };

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

/// The median time of one call, over samples of at least a millisecond each.
fn time<T>(work: impl Fn() -> T) -> Duration {
    const SAMPLES: usize = 15;
    let mut calls = 1_u32;
    let sample = |calls: u32| {
        let begin = Instant::now();
        for _ in 0..calls {
            black_box(work());
        }
        begin.elapsed()
    };
    while sample(calls) < Duration::from_millis(1) {
        calls *= 2;
    }
    let mut samples: Vec<Duration> = (0..SAMPLES).map(|_| sample(calls) / calls).collect();
    samples.sort_unstable();
    samples[SAMPLES / 2]
}
