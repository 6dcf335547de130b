//! The records and questions of the comparison with other databases.

use std::fmt::Write as _;

use anyhow::ensure;
use chrono::{DateTime, TimeDelta, Utc};
use engine::{DecodeOptions, Store, decode};

/// The questions, and how others are asked them.
pub const QUESTIONS: &str = include_str!("../peers/questions.json");
/// Records in one request, and requests to one flush.
const BATCH: u64 = 10_000;
const FLUSH: u64 = 100;

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

/// Appends so many records of three years to the data set `records`, invented from a seed, as services would send them: in batches, in
/// the order of time. Then they are put into segments.
///
/// # Errors
/// When they cannot be stored, or are none.
pub async fn fill(store: &Store, rows: u64, now: DateTime<Utc>) -> anyhow::Result<()> {
    ensure!(rows > 0, "--rows is at least 1");
    let start = DateTime::parse_from_rfc3339("2023-01-01T00:00:00Z")?.with_timezone(&Utc);
    let span = TimeDelta::days(1_096).num_microseconds().unwrap_or(0);
    let mut numbers = Numbers(7);
    let mut next = 0;
    while next < rows {
        let mut body = String::from("[");
        for n in next..(next + BATCH).min(rows) {
            let at = start + TimeDelta::microseconds(span / i64::try_from(rows)? * i64::try_from(n)?);
            let (channel, department, service) = (numbers.below(6), numbers.below(24), numbers.below(800));
            if n > next {
                body.push(',');
            }
            write!(
                body,
                r#"{{"_id":"{n:09}","_timestamp":"{}","channel":"channel-{channel}","department":"department-{department}","service":"service-{service}","volume":{}"#,
                at.format("%Y-%m-%dT%H:%M:%S%.6fZ"),
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
        next += BATCH;
        if (next / BATCH).is_multiple_of(FLUSH) {
            store.flush().await?;
        }
    }
    store.flush().await?;
    store.compact("records").await?;
    Ok(())
}
