//! Raw queries: the records themselves, sorted and cut.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Schema, TimestampMicrosecondType};
use chrono::DateTime;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::lit;
use datafusion::prelude::DataFrame;
use query_lang::{Cursor, Order, Period, Query, Value, Window, print_time};
use serde_json::{Map, Value as Json};

use super::filter::column;
use super::{QueryFailure, scan};
use crate::columns::{off_type_value, value_at};
use crate::output::Answer;
use crate::schema::{SEQUENCE, TIMESTAMP, key_of_off_type, off_type_name};
use crate::shape::order::compare;
use crate::snapshot::Snapshot;

/// The records of the window that pass the filters.
///
/// # Errors
/// When the plan fails.
pub async fn rows(
    context: &SessionContext,
    snapshot: &Snapshot,
    query: &Query,
    window: &Window,
) -> Result<Answer, QueryFailure> {
    let mut frame = scan::rows(context, snapshot, query, window).await?;
    if let Some(cursor) = &query.cursor {
        return page(frame, query, cursor, &snapshot.schema).await;
    }
    let (skip, fetch) = (usize::try_from(query.offset).unwrap_or(usize::MAX), query.limit.map(as_usize));
    let sort = query.sort_by.as_ref();
    let mixed = sort.is_some_and(|sort| is_mixed(&sort.key, &snapshot.schema));
    if let Some(sort) = sort.filter(|_| !mixed) {
        let ascending = sort.order == Order::Ascending;
        let mut keys = Vec::new();
        if let Some(key) = sort_column(&sort.key, &snapshot.schema) {
            keys.push(column(key).sort(ascending, ascending));
        }
        keys.push(column(SEQUENCE).sort(true, true));
        frame = frame.sort(keys)?;
    }
    if !mixed {
        frame = frame.limit(skip, fetch)?;
    }
    let batches = frame.collect().await?;
    if let Some(sort) = sort.filter(|_| mixed) {
        let places = sorted_places(&batches, Some(&sort.key), sort.order).into_iter();
        let places = places.skip(skip).take(fetch.unwrap_or(usize::MAX));
        return Ok(Answer::new(places.map(|place| place.record(&batches)).collect()));
    }
    let rows = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| row_at(batch, row)));
    Ok(Answer::new(rows.collect()))
}

/// The records after a cursor, and the cursor of those after them.
async fn page(
    mut frame: DataFrame,
    query: &Query,
    cursor: &Cursor,
    schema: &Schema,
) -> Result<Answer, QueryFailure> {
    let sort = query.sort_by.as_ref();
    let order = sort.map_or(Order::Ascending, |sort| sort.order);
    let limit = query.limit.map_or(usize::MAX - 1, as_usize);
    if sort.is_none() {
        if let Cursor::After { sequence, .. } = cursor {
            frame = frame.filter(column(SEQUENCE).gt(lit(*sequence)))?;
        }
        // One more than asked for tells whether there is a next page.
        frame = frame.sort(vec![column(SEQUENCE).sort(true, true)])?.limit(0, Some(limit + 1))?;
    }
    let batches = frame.collect().await?;
    let key = sort.and_then(|sort| sort_column(&sort.key, schema));
    let places = sorted_places(&batches, key, order);
    let first = match cursor {
        Cursor::First => 0,
        Cursor::After { value, sequence } => {
            let value = value.as_ref().unwrap_or(&Value::Null);
            places.partition_point(|place| place.compare(value, *sequence, order).is_le())
        }
    };
    let rest = places.get(first..).unwrap_or_default();
    let shown = rest.get(..limit.min(rest.len())).unwrap_or_default();
    let mut answer = Answer::new(shown.iter().map(|place| place.record(&batches)).collect());
    if let Some(last) = shown.last().filter(|_| shown.len() < rest.len()) {
        let value = sort.is_some().then(|| last.value.clone());
        answer.next = Some(Cursor::After { value, sequence: last.sequence }.to_string());
    }
    Ok(answer)
}

fn as_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Whether a key holds values of several types, so that one column does not sort them.
fn is_mixed(key: &str, schema: &Schema) -> bool {
    schema.field_with_name(&off_type_name(key)).is_ok()
}

/// The column that sorts like the key. Starts of periods sort like the time that they follow from.
fn sort_column<'a>(key: &'a str, schema: &Schema) -> Option<&'a str> {
    if key == SEQUENCE {
        return None;
    }
    if Period::ALL.iter().any(|period| period.start_key() == key) {
        return Some(TIMESTAMP);
    }
    schema.field_with_name(key).is_ok().then_some(key)
}

/// Where a record is, and what decides its place among the others.
struct Place {
    value: Value,
    sequence: i64,
    batch: usize,
    row: usize,
}

impl Place {
    /// How it stands to a record of this value and number: by value in the order asked, then by insertion.
    fn compare(&self, value: &Value, sequence: i64, order: Order) -> Ordering {
        let by_value = compare(&self.value, value);
        let by_value = if order == Order::Ascending { by_value } else { by_value.reverse() };
        by_value.then(self.sequence.cmp(&sequence))
    }

    fn record(&self, batches: &[RecordBatch]) -> Map<String, Json> {
        batches.get(self.batch).map(|batch| row_at(batch, self.row)).unwrap_or_default()
    }
}

/// Every record in the order of a key, whatever the types of its values; without a key in that of insertion.
fn sorted_places(batches: &[RecordBatch], key: Option<&str>, order: Order) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for (index, batch) in batches.iter().enumerate() {
        let typed = key.and_then(|key| batch.column_by_name(key));
        let off_type = key.and_then(|key| batch.column_by_name(&off_type_name(key)));
        let off_type = off_type.map(|array| array.as_string_view());
        let numbers =
            batch.column_by_name(SEQUENCE).map(|array| array.as_primitive::<arrow::datatypes::Int64Type>());
        for row in 0..batch.num_rows() {
            let off_type = off_type.filter(|texts| texts.is_valid(row));
            let value = match (off_type, typed.filter(|array| array.is_valid(row))) {
                (Some(texts), _) => off_type_value(texts.value(row)),
                (None, Some(array)) => value_at(array, row),
                (None, None) => Value::Null,
            };
            let sequence = numbers.map_or(0, |numbers| numbers.value(row));
            places.push(Place { value, sequence, batch: index, row });
        }
    }
    places.sort_by(|a, b| a.compare(&b.value, b.sequence, order));
    places
}

/// One record as it is answered: keys in alphabetical order, with the starts of the periods that hold its time.
fn row_at(batch: &RecordBatch, row: usize) -> Map<String, Json> {
    let mut fields: Vec<(String, Json)> = Vec::new();
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if field.name() == SEQUENCE || array.is_null(row) {
            continue;
        }
        match key_of_off_type(field.name()) {
            Some(key) => {
                fields.push((key.to_owned(), off_type_value(array.as_string_view().value(row)).to_json()))
            }
            None => fields.push((field.name().clone(), value_at(array, row).to_json())),
        }
        if field.name() == TIMESTAMP {
            fields.extend(period_starts(array, row));
        }
    }
    fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    fields.into_iter().collect()
}

fn period_starts(times: &ArrayRef, row: usize) -> impl Iterator<Item = (String, Json)> {
    let time = DateTime::from_timestamp_micros(times.as_primitive::<TimestampMicrosecondType>().value(row));
    let starts =
        time.map(|time| Period::ALL.map(|period| (period.start_key(), print_time(period.floor(time)))));
    starts.into_iter().flatten().map(|(key, start)| (key.to_owned(), Json::String(start)))
}
