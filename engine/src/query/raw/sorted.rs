//! Sorting records with DataFusion: a sort on every core, spilling to disk where memory is short, and a merge.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::MemoryLimit;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::stream::{self, StreamExt, TryStreamExt};
use query_lang::{Order, SortBy};

use super::{BATCH_ROWS, Batches, RawQuery, compact, sort_key, stored_key};
use crate::query::QueryFailure;
use crate::query::scan::Unit;
use crate::schema::SEQUENCE;

/// The records in the order of a sort, those of equal value in that of insertion; no more than so many.
pub fn batches(query: &RawQuery, sort: Option<&SortBy>, limit: usize) -> Result<Batches, QueryFailure> {
    let plan = plan(query, sort, limit)?;
    let columns: Vec<usize> = (0..query.schema.fields().len()).collect();
    query.workers.batches(query.scan.rows(), || {
        let stream = execute_stream(plan, Arc::clone(&query.context))?;
        Ok(stream.map(move |batch| Ok(batch?.project(&columns)?)).boxed())
    })
}

/// The plan of a sort.
pub fn plan(
    query: &RawQuery,
    sort: Option<&SortBy>,
    limit: usize,
) -> Result<Arc<dyn ExecutionPlan>, QueryFailure> {
    let key = sort.and_then(|sort| stored_key(&sort.key));
    let sort_fields = key.map_or(Vec::new(), |key| sort_key::fields(key, &query.schema));
    let is_ascending = sort.is_none_or(|sort| sort.order == Order::Ascending);
    let own = query.schema.fields().iter().map(|field| field.as_ref().clone());
    let schema: SchemaRef = Arc::new(Schema::new(own.chain(sort_fields.clone()).collect::<Vec<Field>>()));

    let options =
        |ascending: bool| arrow::compute::SortOptions { descending: !ascending, nulls_first: ascending };
    let by = |name: &str, ascending| -> Result<PhysicalSortExpr, DataFusionError> {
        let column = Column::new_with_schema(name, &schema)?;
        Ok(PhysicalSortExpr { expr: Arc::new(column), options: options(ascending) })
    };
    let mut order = Vec::new();
    for field in &sort_fields {
        order.push(by(field.name(), is_ascending)?);
    }
    order.push(by(SEQUENCE, true)?);
    let nothing = || DataFusionError::Internal("a sort without columns".to_owned());
    let order = LexOrdering::new(order).ok_or_else(nothing)?;

    let shares =
        query.scan.shares(if fits(query, limit) { query.workers.shares(query.scan.rows()) } else { 1 });
    let share = |units: &[Unit]| -> Arc<dyn PartitionStream> {
        Arc::new(Share {
            query: query.clone(),
            units: units.to_vec(),
            key: key.map(str::to_owned),
            schema: Arc::clone(&schema),
        })
    };
    let mut partitions: Vec<_> = shares.into_iter().map(share).collect();
    if partitions.is_empty() {
        partitions.push(share(&[]));
    }
    let several = partitions.len() > 1;
    let scan = StreamingTableExec::try_new(Arc::clone(&schema), partitions, None, None, false, None)?;
    let fetch = Some(limit).filter(|limit| *limit < query.scan.rows());
    let sort =
        SortExec::new(order.clone(), Arc::new(scan)).with_fetch(fetch).with_preserve_partitioning(several);
    if !several {
        return Ok(Arc::new(sort));
    }
    Ok(Arc::new(SortPreservingMergeExec::new(order, Arc::new(sort)).with_fetch(fetch)))
}

/// Whether a sort will hardly need the disk. One that does is done by one thread: each would keep what it needs to merge what it has
/// set aside, and leave too little for the others to go on.
fn fits(query: &RawQuery, limit: usize) -> bool {
    /// Of a value, and of its copy while it is sorted.
    const BYTES: usize = 48;
    let rows = query.scan.rows().min(limit);
    let needed = rows.saturating_mul(query.columns.len()).saturating_mul(BYTES);
    match query.context.memory_pool().memory_limit() {
        MemoryLimit::Finite(memory) => needed <= memory / 2,
        MemoryLimit::Infinite | MemoryLimit::Unknown => true,
    }
}

/// Some units, with the columns to sort by beside those of the answer.
#[derive(Debug)]
struct Share {
    query: RawQuery,
    units: Vec<Unit>,
    key: Option<String>,
    schema: SchemaRef,
}

impl PartitionStream for Share {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (query, key, schema) = (self.query.clone(), self.key.clone(), Arc::clone(&self.schema));
        let read = move |unit: Unit| {
            let (query, key, schema) = (query.clone(), key.clone(), Arc::clone(&schema));
            async move {
                let Some(batch) = query.scan.read(&unit, &query.columns, &query.workers).await? else {
                    return Ok(Vec::new());
                };
                let rows = batch.num_rows();
                let workers = Arc::clone(&query.workers);
                workers.run(rows, move || with_sort_key(&query, key.as_deref(), &schema, &batch)).await
            }
        };
        let batches = stream::iter(self.units.clone())
            .then(read)
            .map_ok(|batches| stream::iter(batches.into_iter().map(Ok::<_, QueryFailure>)))
            .try_flatten()
            .map_err(|failure| DataFusionError::External(Box::new(failure)));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

/// The rows after the cursor in batches of moderate size, with the columns to sort by.
fn with_sort_key(
    query: &RawQuery,
    key: Option<&str>,
    schema: &SchemaRef,
    batch: &RecordBatch,
) -> Result<Vec<RecordBatch>, QueryFailure> {
    let batch = query.after_cursor(query.conform(batch)?)?;
    let mut columns = batch.columns().to_vec();
    columns.extend(key.map_or(Vec::new(), |key| sort_key::columns(key, &query.schema, &batch)));
    let whole = RecordBatch::try_new(Arc::clone(schema), columns)?;
    let offsets = (0..whole.num_rows()).step_by(BATCH_ROWS);
    let slices = offsets.map(|offset| whole.slice(offset, BATCH_ROWS.min(whole.num_rows() - offset)));
    Ok(slices.map(|slice| compact(&slice)).collect::<Result<_, _>>()?)
}
