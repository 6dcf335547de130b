//! What a query sees: one version of one data set, from beginning to end.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{Schema, SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;
use parquet::file::statistics::Statistics;
use query_lang::Query;

use crate::columns::conform;
use crate::schema::system_fields;
use crate::segment::{Layout, Segment, SegmentError};

/// All live rows of a data set at one version. Cheap to clone: parts are reference-counted.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Grows with every write and survives a restart; 0 for a data set that was never written.
    pub version: u64,
    /// All columns that rows may have (see [`crate::schema`]).
    pub schema: SchemaRef,
    /// The rows, oldest part first. No `_id` is in two of them.
    pub parts: Vec<Part>,
}

/// Some of the rows.
#[derive(Debug, Clone)]
pub enum Part {
    /// Rows in memory.
    Rows(Rows),
    /// Rows in a file.
    Segment(SegmentView),
}

/// Rows in memory, all of them live, in the layout of the snapshot's schema.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The rows.
    pub batch: RecordBatch,
    /// The smallest and largest `_timestamp` in microseconds since 1970; `None` where no row has one. There may be rows
    /// without one beside.
    pub range: Option<(i64, i64)>,
}

/// A segment as it counts in one version.
#[derive(Debug, Clone)]
pub struct SegmentView {
    /// The file.
    pub segment: Arc<Segment>,
    /// The places of rows in it that no longer count, ascending.
    pub dead: Arc<[u32]>,
}

impl Part {
    /// The smallest and largest `_timestamp` in microseconds since 1970; `None` where no row has one.
    pub fn range(&self) -> Option<(i64, i64)> {
        match self {
            Part::Rows(rows) => rows.range,
            Part::Segment(view) => view.segment.time_range(),
        }
    }

    /// Live rows.
    pub fn rows(&self) -> usize {
        match self {
            Part::Rows(rows) => rows.batch.num_rows(),
            Part::Segment(view) => {
                usize::try_from(view.segment.rows()).unwrap_or(usize::MAX).saturating_sub(view.dead.len())
            }
        }
    }
}

impl SegmentView {
    /// For each row of a row group that has so many, from `first_row` on, whether it counts; `None` if all do.
    pub fn live(&self, first_row: usize, rows: usize) -> Option<BooleanArray> {
        let from = self.dead.partition_point(|row| (*row as usize) < first_row);
        let to = self.dead.partition_point(|row| (*row as usize) < first_row + rows);
        if from == to {
            return None;
        }
        let mut live = vec![true; rows];
        for row in &self.dead[from..to] {
            live[*row as usize - first_row] = false;
        }
        Some(BooleanArray::from(live))
    }

    /// The live rows of a row group with the columns of `schema`, text as `Utf8View`; what the file lacks is null.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn live_rows(
        &self,
        layout: &Arc<Layout>,
        row_group: usize,
        schema: &SchemaRef,
    ) -> Result<RecordBatch, SegmentError> {
        let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let batch = self.segment.read(layout, row_group, &columns).await?;
        let first_row = layout.row_groups.get(row_group).map_or(0, |group| group.first_row);
        self.shown(&batch, first_row, schema).map_err(|error| self.segment.error(error))
    }

    /// The same without keeping anything in memory.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) async fn live_rows_through(
        &self,
        layout: &Arc<Layout>,
        row_group: usize,
        schema: &SchemaRef,
    ) -> Result<RecordBatch, SegmentError> {
        let batch = self.segment.read_through(layout, row_group).await?;
        let first_row = layout.row_groups.get(row_group).map_or(0, |group| group.first_row);
        self.shown(&batch, first_row, schema).map_err(|error| self.segment.error(error))
    }

    fn shown(
        &self,
        batch: &RecordBatch,
        first_row: usize,
        schema: &SchemaRef,
    ) -> Result<RecordBatch, ArrowError> {
        let batch = match self.live(first_row, batch.num_rows()) {
            Some(live) => filter_record_batch(batch, &live)?,
            None => batch.clone(),
        };
        conform(&plain(&batch, schema)?, schema)
    }
}

/// The batch with its columns in the types that the schema has.
pub(crate) fn plain(batch: &RecordBatch, schema: &Schema) -> Result<RecordBatch, ArrowError> {
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let kind = schema.field_with_name(field.name()).map_or(field.data_type(), |field| field.data_type());
        fields.push(field.as_ref().clone().with_data_type(kind.clone()));
        arrays.push(if array.data_type() == kind { Arc::clone(array) } else { cast(array, kind)? });
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

impl Snapshot {
    /// A data set that was never written.
    pub fn empty() -> Self {
        Self { version: 0, schema: Arc::new(Schema::new(system_fields())), parts: Vec::new() }
    }

    /// Live rows.
    pub fn rows(&self) -> usize {
        self.parts.iter().map(Part::rows).sum()
    }

    /// The keys that a query is about and that no record has; none where there are no records at all. Those that begin with `_`
    /// are the platform's own.
    pub fn unknown_keys(&self, query: &Query) -> Vec<String> {
        let is_unknown = |key: &&str| !key.starts_with('_') && self.schema.field_with_name(key).is_err();
        if self.rows() == 0 {
            return Vec::new();
        }
        query.keys().into_iter().filter(is_unknown).map(str::to_owned).collect()
    }

    /// All live rows in the layout of the schema, with the range of `_timestamp` of each batch.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub async fn batches(&self) -> Result<Vec<Rows>, SegmentError> {
        let mut batches = Vec::new();
        for part in &self.parts {
            match part {
                Part::Rows(rows) => batches.push(rows.clone()),
                Part::Segment(view) => {
                    let layout = view.segment.layout().await?;
                    for (row_group, facts) in layout.row_groups.iter().enumerate() {
                        let batch = view.live_rows(&layout, row_group, &self.schema).await?;
                        batches.push(Rows { batch, range: facts.time_range });
                    }
                }
            }
        }
        Ok(batches)
    }

    /// The largest value of a time column, in microseconds since 1970.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub(crate) async fn newest(&self, column: &str) -> Result<Option<i64>, SegmentError> {
        let mut newest = None;
        for part in &self.parts {
            match part {
                Part::Rows(rows) => newest = newest.max(largest(&rows.batch, column)),
                Part::Segment(view) => newest = newest.max(view.newest(column, newest).await?),
            }
        }
        Ok(newest)
    }
}

impl SegmentView {
    /// The largest value of a time column, unless it is not above what is known.
    async fn newest(&self, column: &str, mut known: Option<i64>) -> Result<Option<i64>, SegmentError> {
        let layout = self.segment.layout().await?;
        for (number, group) in layout.row_groups.iter().enumerate() {
            let bound = match layout.statistics(number, column) {
                Some(Statistics::Int64(times)) => times.max_opt().copied(),
                _ => None,
            };
            if bound <= known {
                continue;
            }
            known = match self.live(group.first_row, group.rows) {
                None => bound,
                Some(live) => {
                    let batch = self.segment.read(&layout, number, &[column]).await?;
                    let batch =
                        filter_record_batch(&batch, &live).map_err(|error| self.segment.error(error))?;
                    known.max(largest(&batch, column))
                }
            };
        }
        Ok(known)
    }
}

fn largest(batch: &RecordBatch, column: &str) -> Option<i64> {
    arrow::compute::max(batch.column_by_name(column)?.as_primitive_opt::<TimestampMicrosecondType>()?)
}
