//! Grouping by keys and period.

use std::collections::HashMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, Schema, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use datafusion::execution::context::SessionContext;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::DataFrame;
use query_lang::{Calendar, Period, Query, Value, Window};

use super::collect::{Gather, plan};
use super::filter::column;
use super::group::{Group, Groups};
use super::period_function::period_start;
use super::{QueryFailure, scan};
use crate::columns::{off_type_value, value_at};
use crate::schema::{TIMESTAMP, off_type_name};
use crate::shape::order::compare_lists;
use crate::snapshot::Snapshot;

/// The groups of a query, sorted by their keys, then by period.
///
/// # Errors
/// When a collect does not suit the values, or the plan fails.
pub async fn groups(
    context: &SessionContext,
    snapshot: &Snapshot,
    query: &Query,
    window: &Window,
) -> Result<Groups, QueryFailure> {
    let rows = scan::rows(context, snapshot, query, window).await?;
    let parts = aggregate(rows.clone(), &snapshot.schema, query, query.period).await?;
    let totals = if query.period.is_some() && !query.group_by.is_empty() {
        aggregate(rows, &snapshot.schema, query, None).await?
    } else {
        Vec::new()
    };
    Ok(Groups { parts, totals })
}

/// Where the values of a group key are in the output of the aggregate.
enum KeyColumns {
    /// No record has the key.
    Absent,
    /// The typed column, and the one for values off its type.
    Present(usize, Option<usize>),
}

async fn aggregate(
    rows: DataFrame,
    schema: &Schema,
    query: &Query,
    period: Option<Period>,
) -> Result<Vec<Group>, QueryFailure> {
    let mut expressions: Vec<Expr> = Vec::new();
    let mut key_columns: Vec<KeyColumns> = Vec::new();
    for key in &query.group_by {
        key_columns.push(key_expressions(key, schema, &mut expressions));
    }
    if key_columns.iter().any(|columns| matches!(columns, KeyColumns::Absent)) {
        return Ok(Vec::new());
    }
    let start_column = period.map(|period| {
        expressions.push(period_start(query.calendar(), period, column(TIMESTAMP)).alias("\u{2}start"));
        expressions.len() - 1
    });
    let mut aggregates = vec![count(lit(1i64)).alias("\u{2}count")];
    let offset = expressions.len();
    let gathers: Vec<Gather> =
        query.collect.iter().map(|collect| plan(collect, schema, offset, &mut aggregates)).collect();

    let output = rows.aggregate(expressions, aggregates)?.collect().await?;
    let mut groups: HashMap<(Vec<String>, Option<i64>), Group> = HashMap::new();
    let mut sort_keys: HashMap<(Vec<String>, Option<i64>), Vec<Value>> = HashMap::new();
    for (index, batch) in output.iter().enumerate() {
        // Groups take time when there are many: others have their turn, and one that nobody waits for any more ends here.
        if index > 0 {
            tokio::task::yield_now().await;
        }
        for row in 0..batch.num_rows() {
            let Some(keys) = key_values(&key_columns, batch, row) else { continue };
            let start = match start_column {
                None => None,
                Some(index) => match micros_at(batch, index, row) {
                    // Records without a time are in no period.
                    None => continue,
                    start => start,
                },
            };
            let collected: Result<Vec<_>, QueryFailure> = gathers
                .iter()
                .zip(&query.collect)
                .map(|(gather, collect)| gather.value(collect, batch, row))
                .collect();
            let group = Group {
                keys: keys.iter().map(Value::to_json).collect(),
                start: start.and_then(DateTime::<Utc>::from_timestamp_micros),
                count: batch.column(offset).as_primitive::<Int64Type>().value(row),
                collected: collected?,
            };
            let identity = (keys.iter().map(identity).collect(), start);
            sort_keys.insert(identity.clone(), keys);
            groups.entry(identity).and_modify(|known| merge(known, &group)).or_insert(group);
        }
    }
    let mut sorted: Vec<(Vec<Value>, Group)> = groups
        .into_iter()
        .map(|(identity, group)| (sort_keys.remove(&identity).unwrap_or_default(), group))
        .collect();
    sorted.sort_by(|(a, first), (b, second)| compare_lists(a, b).then(first.start.cmp(&second.start)));
    Ok(sorted.into_iter().map(|(_, group)| group).collect())
}

fn key_expressions(key: &str, schema: &Schema, expressions: &mut Vec<Expr>) -> KeyColumns {
    let mut add = |expression: Expr| {
        let index = expressions.len();
        expressions.push(expression.alias(format!("\u{2}key{index}")));
        index
    };
    if let Some(period) = Period::ALL.into_iter().find(|period| period.start_key() == key) {
        return KeyColumns::Present(add(period_start(Calendar::default(), period, column(TIMESTAMP))), None);
    }
    if schema.field_with_name(key).is_err() || key == crate::schema::SEQUENCE {
        return KeyColumns::Absent;
    }
    let typed = add(column(key));
    let off_name = off_type_name(key);
    let off_type = schema.field_with_name(&off_name).is_ok().then(|| add(column(&off_name)));
    KeyColumns::Present(typed, off_type)
}

/// The values of the group keys; `None` where a record lacks one, or has null: such records are in no group.
fn key_values(columns: &[KeyColumns], batch: &RecordBatch, row: usize) -> Option<Vec<Value>> {
    columns
        .iter()
        .map(|columns| {
            let KeyColumns::Present(typed, off_type) = columns else { return None };
            let off_type = off_type.map(|index| batch.column(index).as_string_view());
            let value = match off_type.filter(|texts| texts.is_valid(row)) {
                Some(texts) => off_type_value(texts.value(row)),
                None => value_at(batch.column(*typed), row),
            };
            (value != Value::Null).then_some(value)
        })
        .collect()
}

fn micros_at(batch: &RecordBatch, column: usize, row: usize) -> Option<i64> {
    let times = batch.column(column).as_primitive::<TimestampMicrosecondType>();
    times.is_valid(row).then(|| times.value(row))
}

/// What makes two values the same for grouping: 5 and 5.0 are one number, "5" is a text, true is no number.
pub fn identity(value: &Value) -> String {
    match value {
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 => {
            format!("n{}", *number as i64)
        }
        Value::Int(number) => format!("n{number}"),
        Value::Float(number) => format!("n{number:?}"),
        Value::Text(text) => format!("t{text}"),
        Value::Bool(flag) => format!("b{flag}"),
        Value::Time(time) => format!("d{}", time.timestamp_micros()),
        Value::Null => "z".to_owned(),
    }
}

/// Two groups whose keys are one number, written in two ways.
fn merge(known: &mut Group, other: &Group) {
    known.count += other.count;
    for (mine, theirs) in known.collected.iter_mut().zip(&other.collected) {
        match (mine, theirs) {
            (serde_json::Value::Array(mine), serde_json::Value::Array(theirs)) => {
                let new: Vec<_> = theirs.iter().filter(|value| !mine.contains(value)).cloned().collect();
                mine.extend(new);
            }
            (mine, theirs) => {
                let sum = mine.as_f64().unwrap_or(0.0) + theirs.as_f64().unwrap_or(0.0);
                *mine = match (mine.as_i64(), theirs.as_i64()) {
                    (Some(a), Some(b)) => a.checked_add(b).map_or(sum.into(), Into::into),
                    _ => sum.into(),
                };
            }
        }
    }
}
