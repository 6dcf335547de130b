//! What a data set keeps: as many bytes as it may have, and nothing older than it should be.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};

use crate::schema::{ID, SEQUENCE, TIMESTAMP};
use crate::segment::SegmentError;
use crate::snapshot::{Rows, Snapshot};

/// How much of its past a data set keeps. The default keeps everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// The bytes that its records may take, measured as they lie in memory; past it those that came first go.
    pub bytes: Option<u64>,
    /// Records whose `_timestamp` is before this go; those without one stay.
    pub not_before: Option<DateTime<Utc>>,
}

impl Retention {
    /// The ids of the records that have to go from a data set that takes `bytes`.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub(crate) async fn excess(
        &self,
        snapshot: &Snapshot,
        bytes: usize,
    ) -> Result<Vec<String>, SegmentError> {
        let before = self.not_before.map(|time| time.timestamp_micros());
        let most = self.bytes.filter(|most| *most < bytes as u64);
        if before.is_none() && most.is_none() {
            return Ok(Vec::new());
        }
        let mut gone = Vec::new();
        let mut kept = Vec::new();
        let batches = snapshot.batches().await?;
        for Rows { batch, .. } in &batches {
            let columns =
                (batch.column_by_name(ID), batch.column_by_name(TIMESTAMP), batch.column_by_name(SEQUENCE));
            let (Some(ids), Some(times), Some(numbers)) = columns else { continue };
            let (Some(ids), Some(times), Some(numbers)) = (
                ids.as_string_view_opt(),
                times.as_primitive_opt::<TimestampMicrosecondType>(),
                numbers.as_primitive_opt::<Int64Type>(),
            ) else {
                continue;
            };
            for row in 0..batch.num_rows() {
                if before.is_some_and(|before| times.is_valid(row) && times.value(row) < before) {
                    gone.push(ids.value(row).to_owned());
                } else if most.is_some() {
                    kept.push((numbers.value(row), ids.value(row)));
                }
            }
        }
        let rows = gone.len() + kept.len();
        let Some(most) = most.filter(|_| rows > 0) else { return Ok(gone) };
        // Records of a data set are much alike, so that each counts the same.
        let keep = u128::from(most) * rows as u128 / bytes.max(1) as u128;
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        if kept.len() > keep {
            kept.sort_unstable();
            gone.extend(kept[..kept.len() - keep].iter().map(|(_, id)| (*id).to_owned()));
        }
        Ok(gone)
    }
}
