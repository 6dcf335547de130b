//! Which rows of a snapshot a query looks at, and how they are read.
//!
//! ```text
//! parts -> units (rows in memory, row groups of segments), those without a row in the window left out
//!       -> the columns of conditions -> selection (time by binary search, conditions, rows that count) -> the other columns
//! ```

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Schema, SchemaRef, TimestampMicrosecondType};
use chrono::DateTime;
use query_lang::{Expression, Query, Window, print_time};

use super::QueryFailure;
use super::condition::{conditions, holds};
use super::prune::may_hold;
use super::trace::Trace;
use super::workers::Workers;
use crate::schema::{SEQUENCE, TIMESTAMP, key_of_off_type, off_type_name};
use crate::segment::SegmentError;
use crate::snapshot::{Part, SegmentView, Snapshot};

/// Rows that lie and are read together.
#[derive(Debug, Clone)]
pub struct Unit {
    place: Place,
    /// How many rows, those that do not count included.
    pub rows: usize,
    /// The smallest and largest `_timestamp` in microseconds since 1970; `None` where no row has one.
    pub range: Option<(i64, i64)>,
}

#[derive(Debug, Clone)]
enum Place {
    Rows(RecordBatch),
    RowGroup { view: SegmentView, number: usize, first_row: usize },
}

/// The rows of a query.
#[derive(Debug, Clone)]
pub struct Scan {
    /// All columns of the snapshot.
    pub schema: SchemaRef,
    /// What is looked at, in the order of the snapshot.
    pub units: Vec<Unit>,
    /// How much there is, and how much of it is looked at.
    pub pruned: Pruned,
    bounds: Bounds,
    conditions: Vec<Expression>,
    /// Whether the columns that are answered stay in memory for the next one who asks. Those that decide always do.
    is_kept: bool,
    trace: Arc<Trace>,
}

/// Bytes of a decoded value: texts have more, or less where they are in a dictionary.
const USUAL_VALUE_BYTES: usize = 8;

/// What a scan passes over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Parts of the snapshot: segments, and batches of rows in memory.
    pub parts: usize,
    /// Those without a row in the window, which are not even opened.
    pub parts_pruned: usize,
    /// Row groups of the parts that were opened.
    pub row_groups: usize,
    /// Those of them that cannot have a row of the query.
    pub row_groups_pruned: usize,
}

impl Pruned {
    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            parts: self.parts + other.parts,
            parts_pruned: self.parts_pruned + other.parts_pruned,
            row_groups: self.row_groups + other.row_groups,
            row_groups_pruned: self.row_groups_pruned + other.row_groups_pruned,
        }
    }
}

/// First and last moment of the rows, in microseconds since 1970, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bounds {
    first: Option<i64>,
    last: Option<i64>,
}

impl Bounds {
    fn of(window: &Window) -> Self {
        let last = window.end.map(|end| end.timestamp_micros().saturating_sub(i64::from(!window.inclusive)));
        Self { first: window.start.map(|start| start.timestamp_micros()), last }
    }

    fn is_open(self) -> bool {
        self.first.is_none() && self.last.is_none()
    }

    fn contains(self, time: i64) -> bool {
        self.first.is_none_or(|first| time >= first) && self.last.is_none_or(|last| time <= last)
    }

    /// Whether rows between these times can be inside. Rows without a time are in no window that has a bound.
    fn meet(self, range: Option<(i64, i64)>) -> bool {
        match range {
            None => self.is_open(),
            Some((from, to)) => {
                self.first.is_none_or(|first| to >= first) && self.last.is_none_or(|last| from <= last)
            }
        }
    }
}

impl Scan {
    /// Finds what to look at.
    ///
    /// # Errors
    /// When the footer of a segment cannot be read.
    pub async fn plan(
        snapshot: &Snapshot,
        query: &Query,
        window: &Window,
        trace: &Arc<Trace>,
    ) -> Result<Self, SegmentError> {
        let bounds = Bounds::of(window);
        let conditions = conditions(query);
        let mut pruned = Pruned { parts: snapshot.parts.len(), ..Pruned::default() };
        let mut units = Vec::new();
        for part in &snapshot.parts {
            if !bounds.meet(part.range()) {
                pruned.parts_pruned += 1;
                continue;
            }
            match part {
                Part::Rows(rows) => units.push(Unit {
                    place: Place::Rows(rows.batch.clone()),
                    rows: rows.batch.num_rows(),
                    range: rows.range,
                }),
                Part::Segment(view) => {
                    let layout = view.segment.layout().await?;
                    for (number, group) in layout.row_groups.iter().enumerate() {
                        pruned.row_groups += 1;
                        let may_hold = |condition| may_hold(condition, &layout, number);
                        let is_wanted = bounds.meet(group.time_range) && conditions.iter().all(may_hold);
                        if !is_wanted || group.rows == 0 {
                            pruned.row_groups_pruned += 1;
                            continue;
                        }
                        units.push(Unit {
                            place: Place::RowGroup { view: view.clone(), number, first_row: group.first_row },
                            rows: group.rows,
                            range: group.time_range,
                        });
                    }
                }
            }
        }
        let (schema, trace) = (Arc::clone(&snapshot.schema), Arc::clone(trace));
        Ok(Self { schema, units, pruned, bounds, conditions, is_kept: true, trace })
    }

    /// Lets go of what it decodes where that would push out much that others use: for an answer of so many values.
    #[must_use]
    pub fn for_values(mut self, values: usize) -> Self {
        let bytes = values.saturating_mul(USUAL_VALUE_BYTES);
        self.is_kept = !self.units.iter().any(|unit| match &unit.place {
            Place::RowGroup { view, .. } => view.segment.is_much(bytes),
            Place::Rows(_) => false,
        });
        self
    }

    /// What is noted of it.
    pub fn trace(&self) -> &Arc<Trace> {
        &self.trace
    }

    /// What it does, for people.
    pub fn describe(&self, columns: &[String]) -> String {
        let time = |micros: i64| DateTime::from_timestamp_micros(micros).map(print_time).unwrap_or_default();
        let keys: Vec<&str> = columns
            .iter()
            .map(String::as_str)
            .filter(|column| *column != SEQUENCE && key_of_off_type(column).is_none())
            .collect();
        let mut text =
            format!("scan: {}", if keys.is_empty() { "no columns".to_owned() } else { keys.join(", ") });
        if let Some(first) = self.bounds.first {
            text.push_str(&format!(", from {}", time(first)));
        }
        if let Some(last) = self.bounds.last {
            text.push_str(&format!(", to {}", time(last)));
        }
        for condition in &self.conditions {
            text.push_str(&format!(", where {condition}"));
        }
        text
    }

    /// Rows of all units.
    pub fn rows(&self) -> usize {
        self.units.iter().map(|unit| unit.rows).sum()
    }

    /// The units in so many runs of about as many rows each.
    pub fn shares(&self, count: usize) -> Vec<&[Unit]> {
        let total = self.rows();
        let (mut shares, mut begin, mut rows) = (Vec::new(), 0, 0);
        for (place, unit) in self.units.iter().enumerate() {
            rows += unit.rows;
            let is_full = rows * count >= total * (shares.len() + 1);
            if is_full {
                shares.extend(self.units.get(begin..=place));
                begin = place + 1;
            }
        }
        shares.extend(self.units.get(begin..).filter(|rest| !rest.is_empty()));
        shares
    }

    /// The columns that hold some keys, those for values off their type included.
    pub fn columns<'k>(&self, keys: impl Iterator<Item = &'k str>) -> Vec<String> {
        let mut columns: Vec<String> =
            keys.flat_map(|key| [key.to_owned(), off_type_name(key)]).filter(|name| self.has(name)).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    fn has(&self, column: &str) -> bool {
        self.schema.field_with_name(column).is_ok()
    }

    /// The columns that decide which rows of a unit are looked at.
    fn deciding_columns(&self) -> Vec<String> {
        let keys = self.conditions.iter().flat_map(Expression::keys);
        let mut columns = self.columns(keys);
        if !self.bounds.is_open() && !columns.iter().any(|column| column == TIMESTAMP) {
            columns.push(TIMESTAMP.to_owned());
        }
        columns
    }

    /// The rows of a unit that the query looks at, with these columns; `None` when there are none. `work` does what keeps a
    /// core busy.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub async fn read(
        self: &Arc<Self>,
        unit: &Unit,
        columns: &[String],
        workers: &Workers,
    ) -> Result<Option<RecordBatch>, QueryFailure> {
        let selection = self.selection(unit, workers).await?;
        if selection.is_empty() {
            return Ok(None);
        }
        let begin = Instant::now();
        let batch =
            if self.is_kept { unit.columns(columns).await? } else { unit.columns_once(columns).await? };
        self.trace.step("read", begin);
        self.trace.bytes(batch.get_array_memory_size());
        if selection.is_whole(unit.rows) {
            return Ok(Some(batch));
        }
        workers.run(unit.rows, move || Ok(Some(selection.apply(&batch)?))).await
    }

    /// The places of the rows of a unit that the query looks at.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub async fn select_rows(
        self: &Arc<Self>,
        unit: &Unit,
        workers: &Workers,
    ) -> Result<Vec<u32>, QueryFailure> {
        let Selection { range, mask } = self.selection(unit, workers).await?;
        let first = range.start as u32;
        Ok(match mask {
            None => (first..range.end as u32).collect(),
            Some(mask) => mask.set_indices_u32().map(|row| first + row).collect(),
        })
    }

    /// Whether the window has a bound, so that no record without a time is in it.
    pub fn is_bounded(&self) -> bool {
        !self.bounds.is_open()
    }

    async fn selection(self: &Arc<Self>, unit: &Unit, workers: &Workers) -> Result<Selection, QueryFailure> {
        let deciding = self.deciding_columns();
        if !self.is_bounded() && self.conditions.is_empty() && !unit.has_dead_rows() {
            self.trace.rows(unit.rows, unit.rows);
            return Ok(Selection::all(unit.rows));
        }
        let begin = Instant::now();
        let batch = unit.columns(&deciding).await?;
        self.trace.step("read", begin);
        self.trace.bytes(batch.get_array_memory_size());
        let begin = Instant::now();
        let (scan, own) = (Arc::clone(self), unit.clone());
        let selection = workers.run(unit.rows, move || Ok(scan.select(&own, &batch))).await?;
        self.trace.step("select", begin);
        self.trace.rows(unit.rows, selection.rows());
        Ok(selection)
    }

    fn select(&self, unit: &Unit, batch: &RecordBatch) -> Selection {
        let mut selection = Selection::all(unit.rows);
        let times = batch.column_by_name(TIMESTAMP);
        if !self.bounds.is_open() {
            let times = times.and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>());
            let Some(times) = times else { return Selection::all(0) };
            match unit.place {
                Place::RowGroup { .. } => selection.range = self.sorted_range(times),
                Place::Rows(_) => {
                    let values = times.values();
                    let inside =
                        BooleanBuffer::collect_bool(unit.rows, |row| self.bounds.contains(values[row]));
                    selection.keep(times.nulls().map_or(inside.clone(), |nulls| &inside & nulls.inner()));
                }
            }
        }
        let rows = selection.range.clone();
        if rows.is_empty() {
            return selection;
        }
        if let Some(live) = unit.live(&rows) {
            selection.keep(live);
        }
        let batch = batch.slice(rows.start, rows.len());
        for condition in &self.conditions {
            selection.keep(holds(condition, &batch));
        }
        selection
    }

    /// The rows inside the bounds, of rows sorted by time, those without one first.
    fn sorted_range(&self, times: &arrow::array::TimestampMicrosecondArray) -> Range<usize> {
        let without = times.null_count();
        let values = &times.values()[without..];
        let first = self.bounds.first.map_or(0, |first| values.partition_point(|time| *time < first));
        let end = self.bounds.last.map_or(values.len(), |last| values.partition_point(|time| *time <= last));
        without + first..without + end.max(first)
    }
}

impl Unit {
    fn has_dead_rows(&self) -> bool {
        self.live(&(0..self.rows)).is_some()
    }

    /// Which of some rows count; `None` if all do.
    fn live(&self, rows: &Range<usize>) -> Option<BooleanBuffer> {
        match &self.place {
            Place::Rows(_) => None,
            Place::RowGroup { view, first_row, .. } => {
                view.live(first_row + rows.start, rows.len()).map(|live| live.values().clone())
            }
        }
    }

    /// Some columns, with all rows. Columns that the unit lacks are left out.
    ///
    /// # Errors
    /// When the segment cannot be read.
    pub async fn columns(&self, columns: &[String]) -> Result<RecordBatch, QueryFailure> {
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        match &self.place {
            Place::RowGroup { view, number, .. } => Ok(view.segment.read(*number, &names).await?),
            Place::Rows(batch) => project(batch, &names),
        }
    }

    /// The same, without keeping what is decoded.
    async fn columns_once(&self, columns: &[String]) -> Result<RecordBatch, QueryFailure> {
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        match &self.place {
            Place::RowGroup { view, number, .. } => Ok(view.segment.read_once(*number, &names).await?),
            Place::Rows(batch) => project(batch, &names),
        }
    }
}

/// Those of some columns that a batch has.
fn project(batch: &RecordBatch, names: &[&str]) -> Result<RecordBatch, QueryFailure> {
    let schema = batch.schema_ref();
    let places: Vec<usize> = names.iter().filter_map(|name| schema.index_of(name).ok()).collect();
    Ok(batch.project(&places)?)
}

/// Which rows of a unit are looked at.
#[derive(Debug, Clone)]
struct Selection {
    range: Range<usize>,
    /// Of the rows in the range those that are; `None` for all.
    mask: Option<BooleanBuffer>,
}

impl Selection {
    fn all(rows: usize) -> Self {
        Self { range: 0..rows, mask: None }
    }

    fn keep(&mut self, rows: BooleanBuffer) {
        self.mask = Some(match &self.mask {
            Some(mask) => mask & &rows,
            None => rows,
        });
    }

    /// Whether it leaves out no row of so many.
    fn is_whole(&self, rows: usize) -> bool {
        self.range.len() == rows && self.mask.is_none()
    }

    fn rows(&self) -> usize {
        self.mask.as_ref().map_or(self.range.len(), BooleanBuffer::count_set_bits)
    }

    fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
        let batch = batch.slice(self.range.start, self.range.len());
        match &self.mask {
            Some(mask) if mask.count_set_bits() < mask.len() => {
                filter_record_batch(&batch, &BooleanArray::new(mask.clone(), None))
            }
            _ => Ok(batch),
        }
    }
}

/// The snapshot's types of some columns, in this order.
pub fn projected(schema: &Schema, columns: &[String]) -> SchemaRef {
    let fields = columns.iter().filter_map(|name| schema.field_with_name(name).ok().cloned());
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
