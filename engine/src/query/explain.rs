//! How an answer is found: what is looked at, what is passed over, and where the time goes.

use std::time::Instant;

use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use query_lang::Query;
use serde_json::{Value, json};

use super::scan::overlaps;
use super::{QueryEngine, QueryFailure};
use crate::snapshot::{Rows, Snapshot};

impl QueryEngine {
    /// Answers a query and tells how, instead of showing the answer.
    ///
    /// # Errors
    /// As [`QueryEngine::answer`].
    pub async fn explain(
        &self,
        snapshot: Snapshot,
        query: &Query,
        now: DateTime<Utc>,
    ) -> Result<Value, QueryFailure> {
        let window = query.window(now);
        let mut scanned = Extent::default();
        let mut whole = Extent::default();
        let batches = snapshot.batches().await?;
        for Rows { batch, range } in &batches {
            whole.add(batch);
            if overlaps(*range, &window) {
                scanned.add(batch);
            }
        }
        let (version, segments) = (snapshot.version, batches.len());
        let begin = Instant::now();
        let answer = self.answer(snapshot, query, now).await?;
        let answered = begin.elapsed();
        let printing = Instant::now();
        let bytes = answer.to_json().len();
        let printed = printing.elapsed();
        let milliseconds = |time: std::time::Duration| time.as_secs_f64() * 1_000.0;
        Ok(json!({
            "query": Query { explain: false, ..query.clone() }.to_string(),
            "version": version,
            "window": {
                "start_at": window.start.map(query_lang::print_time),
                "end_at": window.end.map(query_lang::print_time),
                "periods": window.periods.map(|periods| periods.count()),
            },
            "segments": {"all": segments, "scanned": scanned.batches, "pruned": segments - scanned.batches},
            "rows": {"all": whole.rows, "scanned": scanned.rows, "answered": answer.rows.len()},
            "bytes": {"all": whole.bytes, "scanned": scanned.bytes, "answered": bytes},
            "milliseconds": {"answer": milliseconds(answered), "print": milliseconds(printed)},
        }))
    }
}

/// So much data.
#[derive(Default)]
struct Extent {
    batches: usize,
    rows: usize,
    bytes: usize,
}

impl Extent {
    fn add(&mut self, batch: &RecordBatch) {
        self.batches += 1;
        self.rows += batch.num_rows();
        self.bytes += batch.get_array_memory_size();
    }
}
