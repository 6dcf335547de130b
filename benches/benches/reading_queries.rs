//! What the query language costs: query strings read, and queries printed in their canonical form.
//!
//! ```sh
//! cargo bench --workspace --bench reading_queries
//! ```
//!
//! First questions as dashboards ask them, then the shapes that are hardest to read, short and as long as can be: bytes a second have
//! to stay the same. That they do is tested in `query-lang/src/steps.rs`, by counting.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that panics has failed")]
#![allow(missing_docs, reason = "the macros of criterion make public functions")]

use chrono::{DateTime, Utc};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
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

/// What stands before, what is repeated, and what stands behind: the shapes that are hardest to read.
const HARDEST: [(&str, &str, &str); 6] = [
    ("group_by=aa", "&filter_by=bb:c", ""),
    ("group_by=aa", "&collect=bb:sum", ""),
    ("fields=aa", ",bb", ""),
    ("filter=aa+in+(1", ",1", ")"),
    ("filter=aa='", "%C3%A9", "'"),
    ("filter=", "((((((((aa=1+or+aa=1))))))))+and+", "aa=1"),
];

const POLICY: Policy = Policy { raw_queries_allowed: true };
const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn everyday(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a question");
    for (name, text) in EVERYDAY {
        let query = parse(text, &POLICY, NOW).unwrap();
        group.bench_function(BenchmarkId::new("read", name), |bencher| {
            bencher.iter(|| parse(text, &POLICY, NOW));
        });
        group.bench_function(BenchmarkId::new("print", name), |bencher| bencher.iter(|| query.to_string()));
    }
    group.finish();
}

fn hardest(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a shape");
    for (before, piece, after) in HARDEST {
        for length in [4_096, LONGEST] {
            let times = (length - before.len() - after.len()) / piece.len();
            let text = format!("{before}{}{after}", piece.repeat(times));
            group.throughput(Throughput::Bytes(text.len() as u64));
            group.bench_function(BenchmarkId::new(format!("{before}{piece}..{after}"), length), |bencher| {
                bencher.iter(|| parse(&text, &POLICY, NOW));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, everyday, hardest);
criterion_main!(benches);
