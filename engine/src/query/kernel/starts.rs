//! The starts of the periods that hold the rows' times, as codes.
//!
//! Rows come mostly in order of time, so neighbours share a period: the bounds of the last one are kept, and the calendar
//! is asked only where a time lies outside. That is several times faster than truncating every date.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::TimestampMicrosecondType;
use chrono::DateTime;
use hashbrown::HashMap;
use query_lang::{Calendar, Period, Value};

/// The codes of the starts of periods, from 1 on; 0 for a row without a time.
#[derive(Debug)]
pub struct Starts {
    calendar: Calendar,
    period: Period,
    /// Microseconds since 1970 by code; that of code 1 is the first.
    starts: Vec<i64>,
    codes: HashMap<i64, u32>,
    /// First and end of the last period met, and its code.
    last: (i64, i64, u32),
}

impl Starts {
    /// The periods of a calendar.
    pub fn new(calendar: Calendar, period: Period) -> Self {
        Self { calendar, period, starts: Vec::new(), codes: HashMap::new(), last: (1, 0, 0) }
    }

    /// The starts by code, in microseconds since 1970.
    pub fn starts(&self) -> &[i64] {
        &self.starts
    }

    /// The starts by code, as values.
    pub fn values(&self) -> Vec<Value> {
        let time = |micros: &i64| DateTime::from_timestamp_micros(*micros).map_or(Value::Null, Value::Time);
        self.starts.iter().map(time).collect()
    }

    /// Bytes in memory, roughly.
    pub fn bytes(&self) -> usize {
        self.starts.capacity() * 8 + self.codes.capacity() * 14
    }

    /// Puts the code of every row's period into `codes`; of a column that holds no times, nothing but 0.
    pub fn codes(&mut self, times: Option<&ArrayRef>, rows: usize, codes: &mut Vec<u32>) {
        codes.clear();
        let times = times.and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>());
        match times {
            None => codes.resize(rows, 0),
            Some(times) if times.null_count() == 0 => {
                codes.extend(times.values().iter().map(|time| self.code_of_time(*time)));
            }
            Some(times) => {
                codes.extend(times.iter().map(|time| time.map_or(0, |time| self.code_of_time(time))));
            }
        }
    }

    fn code_of_time(&mut self, time: i64) -> u32 {
        let (start, end, code) = self.last;
        if time >= start && time < end {
            return code;
        }
        let Some((start, end)) = self.bounds(time) else { return 0 };
        let code = self.code_of_start(start);
        self.last = (start, end, code);
        code
    }

    fn bounds(&self, time: i64) -> Option<(i64, i64)> {
        let first = self.calendar.floor(self.period, DateTime::from_timestamp_micros(time)?);
        let end = self.calendar.add(self.period, first, 1)?;
        Some((first.timestamp_micros(), end.timestamp_micros()))
    }

    /// The code of a period by its start.
    pub fn code_of_start(&mut self, start: i64) -> u32 {
        let next = self.starts.len() as u32 + 1;
        let code = *self.codes.entry(start).or_insert(next);
        if code == next {
            self.starts.push(start);
        }
        code
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::TimestampMicrosecondArray;

    use super::*;

    #[test]
    fn agrees_with_the_calendar() {
        let times: Vec<Option<i64>> =
            (0..2_000).map(|n| (n % 17 != 0).then_some((n - 1_000) * 7_777_777_777_777)).collect();
        let array: ArrayRef = Arc::new(TimestampMicrosecondArray::from(times.clone()));
        let zones = [None, Some("Europe/London".parse().unwrap())];
        for (period, zone) in Period::ALL.into_iter().flat_map(|period| zones.map(|zone| (period, zone))) {
            let calendar = Calendar { zone };
            let (mut starts, mut codes) = (Starts::new(calendar, period), Vec::new());
            starts.codes(Some(&array), times.len(), &mut codes);
            for (time, code) in times.iter().zip(codes) {
                let expected = time
                    .and_then(DateTime::from_timestamp_micros)
                    .map(|time| calendar.floor(period, time).timestamp_micros());
                let found = (code > 0).then(|| starts.starts()[code as usize - 1]);
                assert_eq!(found, expected, "{period}");
            }
        }
    }
}
