//! How an answer is found: the plan, what is looked at, what is passed over, and where the time goes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use query_lang::Query;
use serde_json::{Map, Value, json};

use super::trace::Trace;
use super::{QueryEngine, QueryFailure};
use crate::snapshot::Snapshot;

impl QueryEngine {
    /// Answers a query and tells how, instead of showing the answer.
    ///
    /// Bytes are those of columns once decoded. What several threads do at the same time is added up.
    ///
    /// # Errors
    /// As [`QueryEngine::answer`].
    pub async fn explain(
        &self,
        snapshot: Snapshot,
        query: &Query,
        now: DateTime<Utc>,
    ) -> Result<Value, QueryFailure> {
        let trace = Arc::new(Trace::to_be_read());
        let window = query.window(now);
        let begin = Instant::now();
        let answer = self.turns.take(self.compute(&snapshot, query, now, &trace)).await?;
        let answered = begin.elapsed();
        let begin = Instant::now();
        let bytes_answered = answer.write(query.format)?.len();
        trace.step("write", begin);

        let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
        let mut times: Map<String, Value> = trace
            .steps()
            .into_iter()
            .map(|(step, time)| (step.to_owned(), milliseconds(time).into()))
            .collect();
        times.insert("answer".to_owned(), milliseconds(answered).into());
        let pruned = trace.pruned();
        let (rows_scanned, rows_selected, bytes) = trace.extent();
        Ok(json!({
            "query": Query { explain: false, ..query.clone() }.to_string(),
            "version": snapshot.version,
            "window": {
                "start_at": window.start.map(query_lang::print_time),
                "end_at": window.end.map(query_lang::print_time),
                "periods": window.periods.map(|periods| periods.count()),
            },
            "plan": trace.lines(),
            "segments": {
                "all": pruned.parts,
                "scanned": pruned.parts - pruned.parts_pruned,
                "pruned": pruned.parts_pruned,
            },
            "row_groups": {
                "all": pruned.row_groups,
                "scanned": pruned.row_groups - pruned.row_groups_pruned,
                "pruned": pruned.row_groups_pruned,
            },
            "rows": {
                "all": snapshot.rows(),
                "scanned": rows_scanned,
                "selected": rows_selected,
                "answered": answer.len(),
            },
            "bytes": {"scanned": bytes, "answered": bytes_answered},
            "milliseconds": times,
        }))
    }
}
