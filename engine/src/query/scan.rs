//! Which batches and which rows of a snapshot a query looks at.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::DataFrame;
use datafusion::scalar::ScalarValue;
use query_lang::{Query, Window};

use super::{QueryFailure, filter};
use crate::schema::TIMESTAMP;
use crate::snapshot::{Rows, Snapshot};

/// The rows of the snapshot that the query is about.
pub async fn rows(
    context: &SessionContext,
    snapshot: &Snapshot,
    query: &Query,
    window: &Window,
) -> Result<DataFrame, QueryFailure> {
    let mut batches: Vec<RecordBatch> = Vec::new();
    for Rows { batch, range } in snapshot.batches().await? {
        if overlaps(range, window) {
            batches.push(filter::apply_expression(&batch, query.filter.as_ref())?);
        }
    }
    let partitions = spread(batches, context.state().config().target_partitions());
    let table = MemTable::try_new(Arc::clone(&snapshot.schema), partitions)?;
    let mut frame = context.read_table(Arc::new(table))?;
    let conditions = filter::conditions(query, &snapshot.schema).into_iter().chain(time_conditions(window));
    if let Some(condition) = conditions.reduce(Expr::and) {
        frame = frame.filter(condition)?;
    }
    Ok(frame)
}

/// Whether a batch can hold rows of the window. Rows without a time are in no window that has a bound.
pub fn overlaps(range: Option<(i64, i64)>, window: &Window) -> bool {
    let (start, end) = (window.start.map(|t| t.timestamp_micros()), window.end.map(|t| t.timestamp_micros()));
    match range {
        None => start.is_none() && end.is_none(),
        Some((first, last)) => start.is_none_or(|start| last >= start) && end.is_none_or(|end| first <= end),
    }
}

/// Shares batches out; slices of large ones, so that all cores have work.
fn spread(batches: Vec<RecordBatch>, partitions: usize) -> Vec<Vec<RecordBatch>> {
    const SLICE: usize = 65_536;
    let mut shares: Vec<Vec<RecordBatch>> = vec![Vec::new(); partitions.max(1)];
    if partitions <= 1 {
        return vec![batches];
    }
    let mut next = 0;
    for batch in batches {
        let mut offset = 0;
        while offset < batch.num_rows() {
            let length = SLICE.min(batch.num_rows() - offset);
            shares[next % partitions].push(batch.slice(offset, length));
            next += 1;
            offset += length;
        }
    }
    shares
}

fn time_conditions(window: &Window) -> Vec<Expr> {
    let time = || filter::column(TIMESTAMP);
    let mut conditions = Vec::new();
    if let Some(start) = window.start {
        conditions.push(time().gt_eq(moment(start)));
    }
    if let Some(end) = window.end {
        conditions.push(if window.inclusive { time().lt_eq(moment(end)) } else { time().lt(moment(end)) });
    }
    conditions
}

fn moment(time: chrono::DateTime<chrono::Utc>) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(time.timestamp_micros()), Some("UTC".into())))
}
