//! What `collect` gathers: which aggregates to ask DataFusion for, and the answer's value from what they give.
//!
//! A key whose column holds numbers only, and nothing off its type, is summed and counted by DataFusion. Everything else
//! takes the long way: all values of a group as a list, gathered here, exactly as the rules say.

use std::collections::HashSet;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, Schema, TimestampMicrosecondType};
use datafusion::functions_aggregate::expr_fn::{array_agg, count, sum};
use datafusion::logical_expr::{Expr, cast};
use query_lang::{Collect, CollectMethod, Percentile, Value};
use serde_json::Value as Json;

use super::QueryFailure;
use super::filter::column;
use crate::columns::off_type_value;
use crate::schema::{SEQUENCE, TIMESTAMP, off_type_name};
use crate::shape::order::{compare, sort_values};

/// How one `collect` is computed.
pub enum Gather {
    /// The key is in no record.
    Absent,
    /// By DataFusion: the sum and the number of the values.
    Numbers {
        /// Index of the column of sums in the aggregate's output.
        sum: usize,
        /// Index of the column of counts.
        count: usize,
    },
    /// From the lists of all values.
    Lists {
        /// Index of the column with lists of typed values.
        typed: usize,
        /// Index of the column with lists of the JSON texts of off-type values.
        off_type: Option<usize>,
        /// Index of the column with lists of times and that with sequence numbers, where order matters.
        order: Option<(usize, usize)>,
    },
}

/// Plans a `collect`: adds the aggregates that it needs to `aggregates`, whose first output column is `offset`.
pub fn plan(collect: &Collect, schema: &Schema, offset: usize, aggregates: &mut Vec<Expr>) -> Gather {
    let Ok(field) = schema.field_with_name(&collect.key) else { return Gather::Absent };
    let off_name = off_type_name(&collect.key);
    let has_off_type = schema.field_with_name(&off_name).is_ok();
    let mut ask = |expression: Expr| {
        let index = offset + aggregates.len();
        aggregates.push(expression.alias(format!("\u{2}{index}")));
        index
    };
    let value = || column(&collect.key);
    let plain = matches!(collect.method, CollectMethod::Sum | CollectMethod::Count | CollectMethod::Mean);
    if plain && !has_off_type {
        let summed = match field.data_type() {
            // Decimals do not overflow where a sum of 64-bit integers would.
            DataType::Int64 => Some(sum(cast(value(), DataType::Decimal128(38, 0)))),
            DataType::Boolean => Some(sum(cast(value(), DataType::Int64))),
            DataType::Float64 => Some(sum(value())),
            _ => None,
        };
        if let Some(summed) = summed {
            return Gather::Numbers { sum: ask(summed), count: ask(count(value())) };
        }
    }
    let ordered = matches!(collect.method, CollectMethod::First | CollectMethod::Last);
    Gather::Lists {
        typed: ask(array_agg(value())),
        off_type: has_off_type.then(|| ask(array_agg(column(&off_name)))),
        order: ordered.then(|| (ask(array_agg(column(TIMESTAMP))), ask(array_agg(column(SEQUENCE))))),
    }
}

impl Gather {
    /// The collected value of one group: a row of the aggregate's output.
    pub fn value(&self, collect: &Collect, output: &RecordBatch, row: usize) -> Result<Json, QueryFailure> {
        match self {
            Self::Absent => gather(collect, Vec::new()),
            Self::Numbers { sum, count } => {
                let count = output.column(*count).as_primitive::<Int64Type>().value(row);
                let total = Total::at(output.column(*sum), row);
                Ok(match collect.method {
                    CollectMethod::Count => count.into(),
                    CollectMethod::Mean if count == 0 => Json::Null,
                    CollectMethod::Mean => (total.as_f64() / count as f64).into(),
                    _ => total.to_json(),
                })
            }
            Self::Lists { typed, off_type, order } => {
                let list = |index: usize| output.column(index).as_list::<i32>().value(row);
                let typed = list(*typed);
                let off_type = off_type.map(list);
                let order = order.map(|(times, numbers)| (list(times), list(numbers)));
                gather(collect, values(&typed, off_type.as_ref(), order.as_ref()))
            }
        }
    }
}

/// The values of a group, in order of time where that is asked for.
fn values(typed: &ArrayRef, off_type: Option<&ArrayRef>, order: Option<&(ArrayRef, ArrayRef)>) -> Vec<Value> {
    let mut rows: Vec<usize> = (0..typed.len()).collect();
    if let Some((times, numbers)) = order {
        let (times, numbers) =
            (times.as_primitive::<TimestampMicrosecondType>(), numbers.as_primitive::<Int64Type>());
        // Without a time there is no first or last.
        rows.retain(|row| times.is_valid(*row));
        rows.sort_by_key(|row| (times.value(*row), numbers.value(*row)));
    }
    let off_type = off_type.map(|array| array.as_string_view());
    rows.into_iter()
        .filter_map(|row| match off_type.filter(|texts| texts.is_valid(row)) {
            Some(texts) => Some(off_type_value(texts.value(row))),
            None => typed.is_valid(row).then(|| crate::columns::value_at(typed, row)),
        })
        .collect()
}

/// Gathers the values of a key over one group.
fn gather(collect: &Collect, mut values: Vec<Value>) -> Result<Json, QueryFailure> {
    let numbers = |values: &[Value]| -> Result<Vec<Value>, QueryFailure> {
        let invalid = || QueryFailure::InvalidCollect { key: collect.key.clone() };
        values.iter().map(|value| as_number(value).ok_or_else(invalid)).collect()
    };
    let floats = |values: &[Value]| -> Result<Vec<f64>, QueryFailure> {
        Ok(numbers(values)?.iter().map(float).collect())
    };
    Ok(match collect.method {
        CollectMethod::Count => values.len().into(),
        CollectMethod::Sum => Total::of(&numbers(&values)?).to_json(),
        CollectMethod::Mean if values.is_empty() => Json::Null,
        CollectMethod::Mean => (Total::of(&numbers(&values)?).as_f64() / values.len() as f64).into(),
        CollectMethod::Default | CollectMethod::Set => distinct(values).iter().map(Value::to_json).collect(),
        CollectMethod::Distinct => distinct(values).len().into(),
        CollectMethod::Min => values.into_iter().min_by(compare).map_or(Json::Null, |value| value.to_json()),
        CollectMethod::Max => values.into_iter().max_by(compare).map_or(Json::Null, |value| value.to_json()),
        CollectMethod::First => values.first().map_or(Json::Null, Value::to_json),
        CollectMethod::Last => values.pop().map_or(Json::Null, |value| value.to_json()),
        CollectMethod::Stddev => deviation(&floats(&values)?).into(),
        CollectMethod::Percentile(percentile) => percentile_of(floats(&values)?, percentile).into(),
    })
}

/// Numbers and booleans count as numbers, as they did in the older system.
fn as_number(value: &Value) -> Option<Value> {
    match value {
        Value::Int(_) | Value::Float(_) => Some(value.clone()),
        Value::Bool(flag) => Some(Value::Int(i64::from(*flag))),
        _ => None,
    }
}

fn float(value: &Value) -> f64 {
    match value {
        Value::Int(number) => *number as f64,
        Value::Float(number) => *number,
        _ => 0.0,
    }
}

/// The distinct values, sorted; numbers are equal by value.
fn distinct(values: Vec<Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    let mut values: Vec<Value> =
        values.into_iter().filter(|value| seen.insert(super::aggregate::identity(value))).collect();
    sort_values(&mut values);
    values
}

/// The sample standard deviation; `None` for fewer than two numbers.
fn deviation(numbers: &[f64]) -> Option<f64> {
    if numbers.len() < 2 {
        return None;
    }
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    Some((squares / (numbers.len() - 1) as f64).sqrt())
}

/// Between two values it is interpolated linearly.
fn percentile_of(mut numbers: Vec<f64>, percentile: Percentile) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let place = percentile.fraction() * numbers.len().checked_sub(1)? as f64;
    let (below, share) = (place.floor() as usize, place.fract());
    let low = *numbers.get(below)?;
    let high = numbers.get(below + 1).copied().unwrap_or(low);
    Some(low + (high - low) * share)
}

/// A sum: exact for integers, with all digits.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Total {
    Whole(i128),
    Float(f64),
}

impl Total {
    /// The sum in a column of sums; a sum of nothing is zero.
    fn at(column: &ArrayRef, row: usize) -> Self {
        if column.is_null(row) {
            return Self::Whole(0);
        }
        match column.data_type() {
            DataType::Decimal128(..) => Self::Whole(column.as_primitive::<Decimal128Type>().value(row)),
            DataType::Int64 => Self::Whole(i128::from(column.as_primitive::<Int64Type>().value(row))),
            DataType::Float64 => Self::Float(column.as_primitive::<Float64Type>().value(row)),
            _ => Self::Whole(0),
        }
    }

    fn of(numbers: &[Value]) -> Self {
        numbers.iter().fold(Self::Whole(0), |total, number| match (total, number) {
            (Self::Whole(sum), Value::Int(number)) => Self::Whole(sum + i128::from(*number)),
            (total, number) => Self::Float(total.as_f64() + float(number)),
        })
    }

    fn as_f64(self) -> f64 {
        match self {
            Self::Whole(sum) => sum as f64,
            Self::Float(sum) => sum,
        }
    }

    fn to_json(self) -> Json {
        match self {
            Self::Whole(sum) => match (i64::try_from(sum), u64::try_from(sum)) {
                (Ok(sum), _) => sum.into(),
                (_, Ok(sum)) => sum.into(),
                _ => (sum as f64).into(),
            },
            // JSON has no number for a sum beyond all floats.
            Self::Float(sum) => serde_json::Number::from_f64(sum).map_or(Json::Null, Json::Number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_all_digits() {
        let numbers = [Value::Int(i64::MAX), Value::Int(i64::MAX)];
        assert_eq!(Total::of(&numbers).to_json().to_string(), "18446744073709551614");
        assert_eq!(Total::of(&[Value::Int(1), Value::Float(0.5)]), Total::Float(1.5));
    }

    #[test]
    fn percentiles_lie_between_values() {
        let p50 = Percentile::from_thousandths(50_000).unwrap();
        assert_eq!(percentile_of(vec![4.0, 1.0], p50), Some(2.5));
        assert_eq!(percentile_of(Vec::new(), p50), None);
    }

    #[test]
    fn a_deviation_needs_two_numbers() {
        assert_eq!(deviation(&[1.0]), None);
        assert_eq!(deviation(&[2.0, 4.0]), Some(2f64.sqrt()));
    }
}
