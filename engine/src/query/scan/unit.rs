//! Rows that are read together: a batch in memory, or a row group of a segment.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;

use crate::query::QueryFailure;
use crate::segment::{Layout, RowGroup};
use crate::snapshot::{Rows, SegmentView};

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
    /// With the footer that it was planned by, which is read once a query, whether there is room to keep it or not.
    RowGroup {
        view: SegmentView,
        layout: Arc<Layout>,
        number: usize,
        first_row: usize,
    },
}

impl Unit {
    /// Rows in memory.
    pub fn of_rows(rows: &Rows) -> Self {
        Self { place: Place::Rows(rows.batch.clone()), rows: rows.batch.num_rows(), range: rows.range }
    }

    /// A row group of a segment.
    pub fn of_row_group(view: &SegmentView, layout: &Arc<Layout>, number: usize, group: &RowGroup) -> Self {
        let (view, layout, first_row) = (view.clone(), Arc::clone(layout), group.first_row);
        let place = Place::RowGroup { view, layout, number, first_row };
        Self { place, rows: group.rows, range: group.time_range }
    }

    /// Whether its rows are sorted by time, those without one first.
    pub fn is_sorted(&self) -> bool {
        matches!(self.place, Place::RowGroup { .. })
    }

    /// Whether so many bytes of it, decoded, would take the place of much that others use.
    pub fn is_much(&self, bytes: usize) -> bool {
        match &self.place {
            Place::Rows(_) => false,
            Place::RowGroup { view, .. } => view.segment.is_much(bytes),
        }
    }

    /// Whether some of its rows do not count.
    pub fn has_dead_rows(&self) -> bool {
        self.live(&(0..self.rows)).is_some()
    }

    /// Which of some rows count; `None` if all do.
    pub fn live(&self, rows: &Range<usize>) -> Option<BooleanBuffer> {
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
        match &self.place {
            Place::RowGroup { view, layout, number, .. } => {
                Ok(view.segment.read(layout, *number, &names_of(columns)).await?)
            }
            Place::Rows(batch) => project(batch, columns),
        }
    }

    /// The same, without keeping what is decoded.
    ///
    /// # Errors
    /// When the segment cannot be read.
    pub async fn columns_once(&self, columns: &[String]) -> Result<RecordBatch, QueryFailure> {
        match &self.place {
            Place::RowGroup { view, layout, number, .. } => {
                Ok(view.segment.read_once(layout, *number, &names_of(columns)).await?)
            }
            Place::Rows(batch) => project(batch, columns),
        }
    }
}

fn names_of(columns: &[String]) -> Vec<&str> {
    columns.iter().map(String::as_str).collect()
}

/// Those of some columns that a batch has.
///
/// # Errors
/// Never: what it has can be shown.
pub fn project(batch: &RecordBatch, columns: &[String]) -> Result<RecordBatch, QueryFailure> {
    let schema = batch.schema_ref();
    let places: Vec<usize> = columns.iter().filter_map(|name| schema.index_of(name).ok()).collect();
    Ok(batch.project(&places)?)
}
