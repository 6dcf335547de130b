//! What a data set keeps: as many bytes as it may have, and nothing older than it should be.

use std::collections::BinaryHeap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, Schema, TimestampMicrosecondType};
use chrono::{DateTime, Utc};

use crate::schema::{ID, SEQUENCE, TIMESTAMP, UPDATED_AT, system_fields};
use crate::segment::SegmentError;
use crate::snapshot::{Part, Snapshot};

/// How much of its past a data set keeps. The default keeps everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// The bytes that its records may take, measured as they lie in memory; past it those that came first go.
    pub bytes: Option<u64>,
    /// Records whose `_timestamp` is before this go; those without one stay.
    pub not_before: Option<DateTime<Utc>>,
}

impl Retention {
    /// The ids of the records that have to go from a data set whose records take `bytes`.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub(crate) async fn excess(&self, snapshot: &Snapshot, bytes: u64) -> Result<Vec<String>, SegmentError> {
        let before = self.not_before.map(|time| time.timestamp_micros());
        let mut gone = Vec::new();
        if let Some(before) = before {
            let is_old = |range: Option<(i64, i64)>| range.is_some_and(|(first, _)| first < before);
            each(snapshot, is_old, |id, time, _| {
                if time.is_some_and(|time| time < before) {
                    gone.push(id.to_owned());
                }
            })
            .await?;
        }
        let rows = snapshot.rows();
        let Some(most) = self.bytes.filter(|most| *most < bytes && rows > 0) else { return Ok(gone) };
        // Records of a data set are much alike, so that each counts the same.
        let keep = u128::from(most) * rows as u128 / u128::from(bytes.max(1));
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        let excess = (rows - gone.len()).saturating_sub(keep);
        let mut first: BinaryHeap<(i64, String)> = BinaryHeap::new();
        each(
            snapshot,
            |_| excess > 0,
            |id, time, number| {
                let is_gone = before.is_some_and(|before| time.is_some_and(|time| time < before));
                let is_earlier = first.len() < excess || first.peek().is_some_and(|(last, _)| number < *last);
                if !is_gone && is_earlier {
                    first.push((number, id.to_owned()));
                    if first.len() > excess {
                        first.pop();
                    }
                }
            },
        )
        .await?;
        gone.extend(first.into_iter().map(|(_, id)| id));
        Ok(gone)
    }
}

/// Looks at the id, the time and the number of all live rows in parts whose times are worth looking at.
async fn each(
    snapshot: &Snapshot,
    is_worth: impl Fn(Option<(i64, i64)>) -> bool,
    mut look: impl FnMut(&str, Option<i64>, i64),
) -> Result<(), SegmentError> {
    let wanted = system_fields().into_iter().filter(|field| field.name() != UPDATED_AT);
    let schema = Arc::new(Schema::new(wanted.collect::<Vec<_>>()));
    for part in &snapshot.parts {
        match part {
            Part::Rows(rows) if is_worth(rows.range) => look_at(&rows.batch, &mut look),
            Part::Segment(view) if is_worth(view.segment.time_range()) => {
                let layout = view.segment.layout().await?;
                for (number, group) in layout.row_groups.iter().enumerate() {
                    if is_worth(group.time_range) {
                        look_at(&view.live_rows(&layout, number, &schema).await?, &mut look);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn look_at(batch: &RecordBatch, look: &mut impl FnMut(&str, Option<i64>, i64)) {
    let columns = (batch.column_by_name(ID), batch.column_by_name(TIMESTAMP), batch.column_by_name(SEQUENCE));
    let (Some(ids), Some(times), Some(numbers)) = columns else { return };
    let (Some(ids), Some(times), Some(numbers)) = (
        ids.as_string_view_opt(),
        times.as_primitive_opt::<TimestampMicrosecondType>(),
        numbers.as_primitive_opt::<Int64Type>(),
    ) else {
        return;
    };
    for row in 0..batch.num_rows() {
        look(ids.value(row), times.is_valid(row).then(|| times.value(row)), numbers.value(row));
    }
}
