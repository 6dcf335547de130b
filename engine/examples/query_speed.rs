//! How long queries take on rows in memory: `cargo run --release -p engine --example query_speed -- [rows]`.
//!
//! Prints the median of many runs for queries like those of dashboards, shaping and JSON included.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::datatypes::Schema;
use chrono::{DateTime, TimeDelta, Utc};
use engine::query::QueryEngine;
use engine::{Batch, Part, Record, Rows, Snapshot, Value};
use query_lang::Policy;

const QUERIES: [(&str, &str); 12] = [
    ("week, sum", "period=week&start_at=2014-01-06T00:00:00Z&end_at=2015-01-05T00:00:00Z&collect=volume:sum"),
    (
        "month by channel, sum",
        "period=month&start_at=2013-01-01T00:00:00Z&end_at=2016-01-01T00:00:00Z&group_by=channel&collect=volume:sum",
    ),
    ("by service, mean", "group_by=service&collect=cost:mean"),
    ("newest 100 of a service", "filter_by=service:service+7&sort_by=_timestamp:descending&limit=100"),
    ("set by two keys", "group_by=department&group_by=channel&collect=service:set"),
    ("day, last month", "period=day&start_at=2015-11-30T00:00:00Z&end_at=2015-12-30T00:00:00Z"),
    ("median by channel", "group_by=channel&collect=cost:p50"),
    ("last by service", "group_by=service&collect=volume:last"),
    ("min and max by channel", "group_by=channel&collect=cost:min&collect=cost:max"),
    (
        "mixed numbers, week",
        "period=week&start_at=2014-01-06T00:00:00Z&end_at=2015-01-05T00:00:00Z&collect=mixed:sum",
    ),
    ("filter expression", "group_by=channel&filter=volume+%3E+500+and+digital+%3D+true&collect=volume:sum"),
    ("1000 records", "limit=1000"),
];

fn records(rows: usize) -> Result<Vec<Record>, chrono::ParseError> {
    let first: DateTime<Utc> = "2013-01-01T00:00:00Z".parse()?;
    let step = TimeDelta::days(3 * 365).num_seconds() / i64::try_from(rows.max(1)).unwrap_or(1);
    let mut state = 7u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut records = Vec::with_capacity(rows);
    for row in 0..rows {
        let time = first + TimeDelta::seconds(step * i64::try_from(row).unwrap_or(0));
        let volume = i64::try_from(random(1_000)).unwrap_or(0);
        let mut record = Record::new();
        record.insert("_id".into(), Value::Text(format!("id-{row}")));
        record.insert("_timestamp".into(), Value::Time(time));
        record.insert("_updated_at".into(), Value::Time(time));
        record.insert("channel".into(), Value::Text(format!("channel {}", random(6))));
        record.insert("department".into(), Value::Text(format!("department {}", random(24))));
        record.insert("service".into(), Value::Text(format!("service {}", random(800))));
        record.insert("volume".into(), Value::Int(volume));
        if random(20) > 0 {
            record.insert("cost".into(), Value::Float(volume as f64 / 7.0));
        }
        let mixed = if random(5) == 0 { Value::Float(volume as f64 + 0.5) } else { Value::Int(volume) };
        record.insert("mixed".into(), mixed);
        record.insert("digital".into(), Value::Bool(random(2) == 0));
        records.push(record);
    }
    Ok(records)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows = std::env::args().nth(1).map_or(Ok(10_000), |rows| rows.parse())?;
    let batch = Batch::of_records(&records(rows)?)?.numbered(&Arc::new(Schema::empty()), 0)?;
    let times = batch.column_by_name("_timestamp").ok_or("no times")?;
    let times = arrow::array::AsArray::as_primitive::<arrow::datatypes::TimestampMicrosecondType>(times);
    let range = arrow::compute::min(times).zip(arrow::compute::max(times));
    let snapshot =
        Snapshot { version: 1, schema: batch.schema(), parts: vec![Part::Rows(Rows { batch, range })] };
    let now: DateTime<Utc> = "2016-01-01T00:00:00Z".parse()?;
    let queries = Arc::new(QueryEngine::default());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!("{rows} rows");
    for (name, text) in QUERIES {
        let query = query_lang::parse(text, &Policy { raw_queries_allowed: true }, now)?;
        let mut times = Vec::new();
        let begin = Instant::now();
        while times.len() < 3 || (begin.elapsed() < Duration::from_secs(1) && times.len() < 500) {
            let start = Instant::now();
            let answer = runtime.block_on(queries.answer(snapshot.clone(), &query, now))?;
            std::hint::black_box(answer.write(query_lang::Format::Json)?);
            times.push(start.elapsed());
        }
        times.sort();
        println!("{name:26} {:>10.3} ms", times[times.len() / 2].as_secs_f64() * 1_000.0);
    }
    Ok(())
}
