//! Which rows of a unit a query looks at.

use std::ops::Range;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use arrow::error::ArrowError;
use query_lang::Expression;

use super::bounds::Bounds;
use super::unit::Unit;
use crate::query::condition::holds;
use crate::schema::TIMESTAMP;

/// Which rows of a unit are looked at.
#[derive(Debug, Clone)]
pub struct Selection {
    range: Range<usize>,
    /// Of the rows in the range those that are; `None` for all.
    mask: Option<BooleanBuffer>,
}

impl Selection {
    /// All of so many rows.
    pub fn all(rows: usize) -> Self {
        Self { range: 0..rows, mask: None }
    }

    /// The rows of a unit that are inside the bounds, meet all conditions, and count. `batch` has the columns that decide.
    pub fn of(unit: &Unit, batch: &RecordBatch, bounds: Bounds, conditions: &[Expression]) -> Self {
        let mut selection = Self::all(unit.rows);
        if !bounds.is_open() {
            let times = batch.column_by_name(TIMESTAMP);
            let times = times.and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>());
            let Some(times) = times else { return Self::all(0) };
            if unit.is_sorted() {
                selection.range = bounds.of_sorted(times);
            } else {
                selection.keep(bounds.of_unsorted(times));
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
        for condition in conditions {
            selection.keep(holds(condition, &batch));
        }
        selection
    }

    fn keep(&mut self, rows: BooleanBuffer) {
        self.mask = Some(match &self.mask {
            Some(mask) => mask & &rows,
            None => rows,
        });
    }

    /// Whether it leaves out no row of so many.
    pub fn is_whole(&self, rows: usize) -> bool {
        self.range.len() == rows && self.mask.is_none()
    }

    /// How many they are.
    pub fn rows(&self) -> usize {
        self.mask.as_ref().map_or(self.range.len(), BooleanBuffer::count_set_bits)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// Their places in the unit.
    pub fn places(&self) -> Vec<u32> {
        let first = self.range.start as u32;
        match &self.mask {
            None => (first..self.range.end as u32).collect(),
            Some(mask) => mask.set_indices_u32().map(|row| first + row).collect(),
        }
    }

    /// These rows of a batch that has all rows of the unit.
    ///
    /// # Errors
    /// Only when Arrow cannot copy them.
    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let batch = batch.slice(self.range.start, self.range.len());
        match &self.mask {
            Some(mask) if mask.count_set_bits() < mask.len() => {
                filter_record_batch(&batch, &BooleanArray::new(mask.clone(), None))
            }
            _ => Ok(batch),
        }
    }
}
