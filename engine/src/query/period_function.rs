//! The start of the period that holds a moment, as a function of DataFusion.
//!
//! Rows come in order of time, so neighbours mostly share a period: the function keeps the bounds of the last one and
//! goes to the calendar only where a moment lies outside.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use chrono::DateTime;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use query_lang::{Calendar, Period};

use crate::schema::time_type;

/// The expression for the start of the period that holds `time`.
pub fn period_start(calendar: Calendar, period: Period, time: Expr) -> Expr {
    ScalarUDF::new_from_impl(PeriodStart::new(calendar, period)).call(vec![time])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct PeriodStart {
    calendar: Calendar,
    period: Period,
    name: String,
    signature: Signature,
}

impl PeriodStart {
    fn new(calendar: Calendar, period: Period) -> Self {
        let signature = Signature::exact(vec![time_type()], Volatility::Immutable);
        Self { calendar, period, name: format!("{period}_start"), signature }
    }
}

impl ScalarUDFImpl for PeriodStart {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(time_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let times = arrays
            .first()
            .and_then(|array| array.as_primitive_opt::<TimestampMicrosecondType>())
            .ok_or_else(|| DataFusionError::Internal("the start of a period needs a time".to_owned()))?;
        let starts: ArrayRef = Arc::new(starts(self.calendar, self.period, times).with_timezone("UTC"));
        Ok(ColumnarValue::Array(starts))
    }
}

/// The start of each moment's period; null where there is no moment, or none within the calendar.
pub fn starts(
    calendar: Calendar,
    period: Period,
    times: &TimestampMicrosecondArray,
) -> TimestampMicrosecondArray {
    let (mut start, mut end) = (1, 0);
    let bounds = |time: i64| {
        let first = calendar.floor(period, DateTime::from_timestamp_micros(time)?);
        Some((first.timestamp_micros(), calendar.add(period, first, 1)?.timestamp_micros()))
    };
    times
        .iter()
        .map(|time| {
            let time = time?;
            if time < start || time >= end {
                (start, end) = bounds(time)?;
            }
            Some(start)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_calendar() {
        let times: Vec<Option<i64>> =
            (0..2_000).map(|n| (n % 17 != 0).then_some((n - 1_000) * 7_777_777_777_777)).collect();
        let array = TimestampMicrosecondArray::from(times.clone());
        for period in Period::ALL {
            let found = starts(Calendar::default(), period, &array);
            for (time, start) in times.iter().zip(found.iter()) {
                let expected = time
                    .and_then(DateTime::from_timestamp_micros)
                    .map(|time| period.floor(time).timestamp_micros());
                assert_eq!(start, expected, "{period}");
            }
        }
    }
}
