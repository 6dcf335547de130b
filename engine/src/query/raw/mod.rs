//! Raw queries: the records themselves, as a stream of batches in the order asked.
//!
//! ```text
//! no sort                        unit by unit, until there are enough       (here)
//! newest or oldest few           by the time ranges of units, early stop    newest
//! any other sort, and cursors    DataFusion's sort, spilling to disk        sorted
//! ```

mod newest;
mod sort_key;
mod sorted;

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array, new_null_array,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{cast, filter_record_batch, take};
use arrow::datatypes::{Int64Type, SchemaRef};
use arrow::error::ArrowError;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::displayable;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use query_lang::{Cursor, Order, Period, Query, Value, Window};

use super::QueryFailure;
use super::kernel::Source;
use super::scan::{Scan, projected};
use super::trace::Trace;
use super::workers::Workers;
use crate::output::Records;
use crate::schema::{SEQUENCE, TIMESTAMP};
use crate::shape::order::compare;
use crate::snapshot::Snapshot;

/// Rows in one batch of an answer.
const BATCH_ROWS: usize = 8_192;

/// Batches of records in the order of the answer.
pub type Batches = BoxStream<'static, Result<RecordBatch, QueryFailure>>;

/// A raw query that is ready to run, any number of times.
#[derive(Debug, Clone)]
pub struct RawQuery {
    query: Query,
    scan: Arc<Scan>,
    /// The columns that are read and answered, in this order.
    columns: Vec<String>,
    /// Their types.
    schema: SchemaRef,
    workers: Arc<Workers>,
    context: Arc<TaskContext>,
}

impl RawQuery {
    /// Plans a query.
    ///
    /// # Errors
    /// When the footer of a segment cannot be read.
    pub async fn plan(
        snapshot: &Snapshot,
        query: &Query,
        window: &Window,
        workers: &Arc<Workers>,
        context: &Arc<TaskContext>,
        trace: &Arc<Trace>,
    ) -> Result<Self, QueryFailure> {
        let scan = Scan::plan(snapshot, query, window, trace).await?;
        let all = || scan.schema.fields().iter().map(|field| field.name().clone()).collect();
        let sort_key = query.sort_by.as_ref().map(|sort| sort.key.as_str());
        let mut columns: Vec<String> = match query.fields.as_slice() {
            [] => all(),
            fields => scan.columns(fields.iter().map(String::as_str).chain(sort_key)),
        };
        for needed in [TIMESTAMP, SEQUENCE] {
            if !columns.iter().any(|column| column == needed) {
                columns.push(needed.to_owned());
            }
        }
        let schema = projected(&scan.schema, &columns);
        let most_rows = query.limit.map_or(usize::MAX, as_usize).min(scan.rows());
        let scan = Arc::new(scan.for_values(most_rows.saturating_mul(columns.len())));
        let (workers, context) = (Arc::clone(workers), Arc::clone(context));
        Ok(Self { query: query.clone(), scan, columns, schema, workers, context })
    }

    /// What it looks at.
    pub fn scan(&self) -> &Scan {
        &self.scan
    }

    /// The types of the columns of its batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The greatest number of rows that the answer can have.
    pub fn most_rows(&self) -> usize {
        self.query.limit.map_or(usize::MAX, as_usize).min(self.scan.rows())
    }

    /// The steps of the plan, the last one first.
    ///
    /// # Errors
    /// When there is no plan.
    pub fn describe(&self) -> Result<Vec<String>, QueryFailure> {
        let (limit, sort) = (self.rows_wanted(), self.query.sort_by.as_ref());
        let mut lines = match sort {
            None if self.query.cursor.is_none() => vec!["records as they are stored".to_owned()],
            Some(sort) if self.query.cursor.is_none() && newest::suits(self, sort, limit) => {
                let which = if sort.order == Order::Descending { "newest" } else { "oldest" };
                vec![format!("the {which} {limit} records, stopping early")]
            }
            sort => {
                let plan = sorted::plan(self, sort, limit)?;
                let text = displayable(plan.as_ref()).indent(false).to_string();
                // The columns that are sorted by have names that nobody else has.
                text.lines().map(|line| line.replace('\u{2}', "")).collect()
            }
        };
        lines.push(format!("  {}", self.scan.describe(&self.columns)));
        Ok(lines)
    }

    /// The number of rows up to the last one of the answer.
    fn rows_wanted(&self) -> usize {
        let limit = self.query.limit.map_or(usize::MAX, as_usize);
        as_usize(self.query.offset).saturating_add(limit)
    }

    /// The records, in order.
    ///
    /// # Errors
    /// When it cannot be begun; what happens later is in the stream.
    pub async fn batches(&self) -> Result<Batches, QueryFailure> {
        let (skip, limit) = (as_usize(self.query.offset), self.query.limit.map_or(usize::MAX, as_usize));
        let batches = match &self.query.sort_by {
            None => self.in_storage_order(),
            Some(sort) if newest::suits(self, sort, self.rows_wanted()) => {
                newest::few(self, sort, self.rows_wanted()).await?
            }
            Some(sort) => sorted::batches(self, Some(sort), self.rows_wanted())?,
        };
        Ok(cut(batches, skip, limit))
    }

    /// The page after a cursor, and the cursor of the page after that.
    ///
    /// # Errors
    /// When it cannot be read or sorted.
    pub async fn page(&self, cursor: &Cursor) -> Result<(Vec<RecordBatch>, Option<String>), QueryFailure> {
        let sort = self.query.sort_by.as_ref();
        let limit = self.query.limit.map_or(usize::MAX - 1, as_usize);
        let mut query = self.clone();
        query.query.cursor = Some(cursor.clone());
        // One more than asked for tells whether there is a next page.
        let batches = sorted::batches(&query, sort, limit + 1)?;
        let found: Vec<RecordBatch> = cut(batches, 0, limit + 1).try_collect().await?;
        let rows: usize = found.iter().map(RecordBatch::num_rows).sum();
        if rows <= limit {
            return Ok((found, None));
        }
        let shown: Vec<RecordBatch> =
            cut(stream::iter(found.into_iter().map(Ok)).boxed(), 0, limit).try_collect().await?;
        let next = shown.last().and_then(|batch| {
            let last = batch.num_rows().checked_sub(1)?;
            let value = sort.map(|sort| sort_value(batch, &sort.key, last));
            Some(Cursor::After { value, sequence: sequence(batch)?.value(last) }.to_string())
        });
        Ok((shown, next))
    }

    /// Batches as an answer of records.
    ///
    /// # Errors
    /// Only when Arrow cannot copy them.
    pub fn records(&self, batches: Vec<RecordBatch>) -> Result<Records, QueryFailure> {
        let batches: Result<Vec<RecordBatch>, ArrowError> = batches.iter().map(compact).collect();
        Ok(Records::new(Arc::clone(&self.schema), batches?, &self.query.fields))
    }

    fn in_storage_order(&self) -> Batches {
        let read = {
            let query = self.clone();
            move |unit| {
                let query = query.clone();
                async move {
                    let batch = query.scan.read(&unit, &query.columns, &query.workers).await?;
                    batch.map(|batch| query.conform(&batch)).transpose()
                }
            }
        };
        // While one is written, the next is read.
        let ahead = if self.most_rows() > BATCH_ROWS { 2 } else { 1 };
        let units = stream::iter(self.scan.units.clone()).map(read).buffered(ahead);
        units.try_filter_map(|batch| async { Ok(batch) }).boxed()
    }

    /// A batch in the types of the answer.
    fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch, QueryFailure> {
        let column = |name: &str, kind| -> Result<ArrayRef, ArrowError> {
            match batch.column_by_name(name) {
                None => Ok(new_null_array(kind, batch.num_rows())),
                Some(array) if array.data_type() == kind => Ok(Arc::clone(array)),
                Some(array) => cast(array, kind),
            }
        };
        let fields = self.schema.fields().iter();
        let columns: Result<Vec<ArrayRef>, ArrowError> =
            fields.map(|field| column(field.name(), field.data_type())).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns?, &options)?)
    }

    /// The records that come after the cursor, if there is one, in the order of the sort.
    fn after_cursor(&self, batch: RecordBatch) -> Result<RecordBatch, QueryFailure> {
        let Some(Cursor::After { value, sequence: after }) = &self.query.cursor else { return Ok(batch) };
        let Some(numbers) = sequence(&batch) else { return Ok(batch) };
        let rows = batch.num_rows();
        let holds = match &self.query.sort_by {
            None => BooleanBuffer::collect_bool(rows, |row| numbers.value(row) > *after),
            Some(sort) => {
                let value = value.as_ref().unwrap_or(&Value::Null);
                BooleanBuffer::collect_bool(rows, |row| {
                    let order = compare(&sort_value(&batch, &sort.key, row), value);
                    let order = if sort.order == Order::Ascending { order } else { order.reverse() };
                    order.then(numbers.value(row).cmp(after)).is_gt()
                })
            }
        };
        Ok(filter_record_batch(&batch, &BooleanArray::new(holds, None))?)
    }
}

/// A copy that holds on to nothing but its own rows: a few rows of a large batch would keep, and be counted as, all of it.
fn compact(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let rows = UInt32Array::from_iter_values(0..batch.num_rows() as u32);
    let own = |array: &ArrayRef| -> Result<ArrayRef, ArrowError> {
        match array.as_string_view_opt() {
            Some(texts) => Ok(Arc::new(texts.gc())),
            None => take(array, &rows, None),
        }
    };
    let columns: Result<Vec<ArrayRef>, ArrowError> = batch.columns().iter().map(own).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(batch.schema(), columns?, &options)
}

fn as_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn sequence(batch: &RecordBatch) -> Option<&arrow::array::Int64Array> {
    batch.column_by_name(SEQUENCE).and_then(|numbers| numbers.as_primitive_opt::<Int64Type>())
}

/// The key that sorts like this one. Starts of periods sort like the time that they follow from; nothing sorts by the order
/// of insertion under its own name.
fn stored_key(key: &str) -> Option<&str> {
    if key == SEQUENCE {
        return None;
    }
    let is_start = Period::ALL.iter().any(|period| period.start_key() == key);
    Some(if is_start { TIMESTAMP } else { key })
}

/// What a row is sorted by.
fn sort_value(batch: &RecordBatch, key: &str, row: usize) -> Value {
    let key = stored_key(key);
    key.and_then(|key| Source::of(batch, key).value(row)).unwrap_or(Value::Null)
}

/// The rows after the first so many, and no more than so many; in batches of moderate size.
fn cut(batches: Batches, skip: usize, limit: usize) -> Batches {
    let state = (batches, None::<RecordBatch>, skip, limit);
    let next = |(mut batches, mut rest, mut skip, mut limit): (
        Batches,
        Option<RecordBatch>,
        usize,
        usize,
    )| async move {
        loop {
            if limit == 0 {
                return Ok(None);
            }
            let Some(batch) = (match rest.take() {
                Some(batch) => Some(batch),
                None => batches.try_next().await?,
            }) else {
                return Ok::<_, QueryFailure>(None);
            };
            let rows = batch.num_rows();
            if skip >= rows {
                skip -= rows;
                continue;
            }
            let shown = (rows - skip).min(limit).min(BATCH_ROWS);
            let end = skip + shown;
            let piece = batch.slice(skip, shown);
            rest = (end < rows).then(|| batch.slice(end, rows - end));
            limit -= shown;
            return Ok(Some((piece, (batches, rest, 0, limit))));
        }
    };
    stream::try_unfold(state, next).boxed()
}
