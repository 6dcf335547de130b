//! Which rows of a snapshot a query looks at, and how they are read.
//!
//! ```text
//! parts -> units (rows in memory, row groups of segments), those without a row in the window left out
//!       -> the columns of conditions -> selection (time by binary search, conditions, rows that count) -> the other columns
//! ```

mod bounds;
mod selection;
mod unit;

use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use chrono::DateTime;
use query_lang::{Expression, Query, Window, print_time};

use super::QueryFailure;
use super::condition::conditions;
use super::prune::may_hold;
use super::trace::Trace;
use super::workers::Workers;
use crate::schema::{SEQUENCE, TIMESTAMP, key_of_off_type, off_type_name};
use crate::segment::SegmentError;
use crate::snapshot::{Part, Snapshot};
use bounds::Bounds;
use selection::Selection;

pub use unit::Unit;

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

/// Rows of a unit up to which it is small.
const SMALL_ROWS: usize = 16_384;
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
                Part::Rows(rows) => units.push(Unit::of_rows(rows)),
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
                        units.push(Unit::of_row_group(view, &layout, number, group));
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
        self.is_kept = !self.units.iter().any(|unit| unit.is_much(bytes));
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

    /// The rows of a unit that the query looks at, with these columns; `None` when there are none.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub async fn read(
        self: &Arc<Self>,
        unit: &Unit,
        columns: &[String],
        workers: &Workers,
    ) -> Result<Option<RecordBatch>, QueryFailure> {
        let (selection, read) = self.selection(unit, columns, workers).await?;
        if selection.is_empty() {
            return Ok(None);
        }
        let batch = match read {
            Some(batch) => batch,
            None => self.columns_of(unit, columns).await?,
        };
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
        let (selection, _) = self.selection(unit, &[], workers).await?;
        Ok(selection.places())
    }

    /// Whether the window has a bound, so that no record without a time is in it.
    pub fn is_bounded(&self) -> bool {
        !self.bounds.is_open()
    }

    /// Which rows of a unit are looked at. Of a small unit these columns of all its rows are read together with those that decide: to begin
    /// anew would cost more than to read what turns out not to be needed.
    async fn selection(
        self: &Arc<Self>,
        unit: &Unit,
        columns: &[String],
        workers: &Workers,
    ) -> Result<(Selection, Option<RecordBatch>), QueryFailure> {
        if !self.is_bounded() && self.conditions.is_empty() && !unit.has_dead_rows() {
            self.trace.rows(unit.rows, unit.rows);
            return Ok((Selection::all(unit.rows), None));
        }
        let mut deciding = self.deciding_columns();
        let is_read_whole = unit.rows <= SMALL_ROWS && self.is_kept;
        if is_read_whole {
            deciding.extend_from_slice(columns);
            deciding.sort_unstable();
            deciding.dedup();
        }
        let begin = Instant::now();
        let batch = unit.columns(&deciding).await?;
        self.trace.step("read", begin);
        self.trace.bytes(batch.get_array_memory_size());
        let read = if is_read_whole { Some(unit::project(&batch, columns)?) } else { None };
        let begin = Instant::now();
        let (scan, own) = (Arc::clone(self), unit.clone());
        let select = move || Ok(Selection::of(&own, &batch, scan.bounds, &scan.conditions));
        let selection = workers.run(unit.rows, select).await?;
        self.trace.step("select", begin);
        self.trace.rows(unit.rows, selection.rows());
        Ok((selection, read))
    }

    /// Columns that are answered.
    async fn columns_of(&self, unit: &Unit, columns: &[String]) -> Result<RecordBatch, QueryFailure> {
        let begin = Instant::now();
        let batch =
            if self.is_kept { unit.columns(columns).await? } else { unit.columns_once(columns).await? };
        self.trace.step("read", begin);
        self.trace.bytes(batch.get_array_memory_size());
        Ok(batch)
    }
}

/// The snapshot's types of some columns, in this order.
pub fn projected(schema: &Schema, columns: &[String]) -> SchemaRef {
    let fields = columns.iter().filter_map(|name| schema.field_with_name(name).ok().cloned());
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
