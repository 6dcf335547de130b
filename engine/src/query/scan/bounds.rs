//! The time range of a scan.

use std::ops::Range;

use arrow::array::{Array, TimestampMicrosecondArray};
use arrow::buffer::BooleanBuffer;
use query_lang::Window;

/// First and last moment of the rows, in microseconds since 1970, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The first, if there is a bound.
    pub first: Option<i64>,
    /// The last.
    pub last: Option<i64>,
}

impl Bounds {
    /// Those of a window.
    pub fn of(window: &Window) -> Self {
        let last = window.end.map(|end| end.timestamp_micros().saturating_sub(i64::from(!window.inclusive)));
        Self { first: window.start.map(|start| start.timestamp_micros()), last }
    }

    /// Whether every row is inside.
    pub fn is_open(self) -> bool {
        self.first.is_none() && self.last.is_none()
    }

    fn contains(self, time: i64) -> bool {
        self.first.is_none_or(|first| time >= first) && self.last.is_none_or(|last| time <= last)
    }

    /// Whether rows between these times can be inside. Rows without a time are in no window that has a bound.
    pub fn meet(self, range: Option<(i64, i64)>) -> bool {
        match range {
            None => self.is_open(),
            Some((from, to)) => {
                self.first.is_none_or(|first| to >= first) && self.last.is_none_or(|last| from <= last)
            }
        }
    }

    /// The rows inside, of rows sorted by time, those without one first.
    pub fn of_sorted(self, times: &TimestampMicrosecondArray) -> Range<usize> {
        let without = times.null_count();
        let values = &times.values()[without..];
        let first = self.first.map_or(0, |first| values.partition_point(|time| *time < first));
        let end = self.last.map_or(values.len(), |last| values.partition_point(|time| *time <= last));
        without + first..without + end.max(first)
    }

    /// The rows inside, of rows in any order.
    pub fn of_unsorted(self, times: &TimestampMicrosecondArray) -> BooleanBuffer {
        let values = times.values();
        let inside = BooleanBuffer::collect_bool(values.len(), |row| self.contains(values[row]));
        times.nulls().map_or(inside.clone(), |nulls| &inside & nulls.inner())
    }
}
