//! What the steps of a record's way into the store cost, one at a time: reading a body, appending, replacing, and writing a
//! segment.
//!
//! ```sh
//! cargo bench -p benches --bench store
//! ```
//!
//! Files are in a temporary folder (`TMPDIR`); appends wait for its disk.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that panics has failed")]
#![allow(missing_docs, reason = "the macros of criterion make public functions")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use engine::{Batch, DecodeOptions, Store, StoreOptions, decode};
use tokio::runtime::Runtime;

/// Records of seven keys with ids from `first` on, about 190 bytes each.
fn body(first: usize, records: usize) -> String {
    let mut body = String::from("[");
    for n in first..first + records {
        let comma = if n > first { "," } else { "" };
        let (month, day, hour) = (n % 12 + 1, n % 28 + 1, n % 24);
        write!(
            body,
            r#"{comma}{{"_id":"record-{n}","_timestamp":"2026-{month:02}-{day:02}T{hour:02}:00:00Z","channel":"channel-{}","service":"service-{}","volume":{},"cost":{}.25,"is_digital":{}}}"#,
            n % 6,
            n % 800,
            n % 1_000,
            n % 5_000,
            n % 2 == 0,
        )
        .unwrap();
    }
    body.push(']');
    body
}

fn batch(first: usize, records: usize) -> Batch {
    read(&body(first, records))
}

fn read(body: &str) -> Batch {
    let options = DecodeOptions { auto_ids: &[], now: "2026-01-01T00:00:00Z".parse().unwrap() };
    decode(body.as_bytes(), &options).unwrap()
}

/// A store that is flushed when it is asked to be.
fn open(runtime: &Runtime, folder: &tempfile::TempDir) -> Arc<Store> {
    let options = StoreOptions { flush_interval: Duration::from_secs(86_400), ..StoreOptions::default() };
    runtime.block_on(Store::open(folder.path(), options)).unwrap()
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read a body");
    for records in [1, 1_000] {
        let body = body(0, records);
        group.throughput(Throughput::Elements(records as u64));
        group.bench_function(format!("{records} records"), |bencher| bencher.iter(|| read(&body)));
    }
}

fn appending(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("append, with fsync");
    for records in [1, 1_000] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&runtime, &folder);
        let mut first = 0;
        group.throughput(Throughput::Elements(records as u64));
        group.bench_function(format!("{records} records"), |bencher| {
            let fresh = || {
                first += records;
                batch(first, records)
            };
            bencher.iter_batched(
                fresh,
                |batch| runtime.block_on(store.append("set", batch)).unwrap(),
                BatchSize::SmallInput,
            );
        });
    }
}

fn replacing(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = open(&runtime, &folder);
    for first in (0..1_000_000).step_by(10_000) {
        runtime.block_on(store.append("set", batch(first, 10_000))).unwrap();
    }
    runtime.block_on(store.flush()).unwrap();
    let mut group = criterion.benchmark_group("replace, with fsync");
    let mut first = 0;
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("1000 of a million records", |bencher| {
        let known = || {
            first = (first + 1_000) % 1_000_000;
            batch(first, 1_000)
        };
        bencher.iter_batched(
            known,
            |batch| runtime.block_on(store.append("set", batch)).unwrap(),
            BatchSize::SmallInput,
        );
    });
}

fn flushing(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("write a segment, with fsync");
    group.sample_size(10);
    group.throughput(Throughput::Elements(100_000));
    group.bench_function("100000 records", |bencher| {
        let filled = || {
            let folder = tempfile::tempdir().unwrap();
            let store = open(&runtime, &folder);
            runtime.block_on(store.append("set", batch(0, 100_000))).unwrap();
            (store, folder)
        };
        bencher.iter_batched(
            filled,
            |(store, folder)| {
                runtime.block_on(store.flush()).unwrap();
                (store, folder)
            },
            BatchSize::PerIteration,
        );
    });
}

criterion_group!(store, reading, appending, replacing, flushing);
criterion_main!(store);
