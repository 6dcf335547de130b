//! The newest few records, or the oldest: units are looked at in the order of their times, until no other one can have a
//! record that belongs to the answer. Only the columns of conditions are read before it is known which records these are.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use futures::stream::{self, StreamExt};
use query_lang::{Order, SortBy};

use super::{Batches, RawQuery, stored_key};
use crate::query::QueryFailure;
use crate::schema::{SEQUENCE, TIMESTAMP};

/// The greatest number of records that are found in this way.
const FEW: usize = 10_000;

/// A record that may belong to the answer, in an order in which the wanted ones come first: its time (negated for the
/// newest), its place in the order of insertion, its unit and its row there.
type Candidate = (i64, i64, usize, u32);

/// Whether records of a sort can be found in this way, up to so many.
pub fn suits(query: &RawQuery, sort: &SortBy, count: usize) -> bool {
    // Records without a time come last among the newest, but first among the oldest; a window with a bound has none.
    let without_time_last = sort.order == Order::Descending || query.scan.is_bounded();
    stored_key(&sort.key) == Some(TIMESTAMP) && without_time_last && count <= FEW
}

/// The first so many records of a sort that suits.
///
/// # Errors
/// When a segment cannot be read.
pub async fn few(query: &RawQuery, sort: &SortBy, count: usize) -> Result<Batches, QueryFailure> {
    let is_descending = sort.order == Order::Descending;
    let sign = if is_descending { -1 } else { 1 };
    // The first time, in this order, that a unit can have.
    let best = |place: usize| {
        let range = query.scan.units[place].range;
        range.map_or(i64::MAX, |(from, to)| if is_descending { -to } else { from })
    };
    let mut places: Vec<usize> = (0..query.scan.units.len()).collect();
    places.sort_by_key(|place| best(*place));
    let mut found: Vec<Candidate> = Vec::new();
    for place in places {
        if found.len() == count && found.last().is_none_or(|(time, ..)| *time < best(place)) {
            break;
        }
        let candidates = candidates(query, place, sign).await?;
        found.extend(candidates);
        if found.len() > count {
            found.select_nth_unstable(count);
            found.truncate(count);
        }
        found.sort_unstable();
    }
    let batch = records(query, &found).await?;
    Ok(stream::iter([Ok(batch)]).boxed())
}

/// The records of a unit that meet the conditions.
async fn candidates(query: &RawQuery, place: usize, sign: i64) -> Result<Vec<Candidate>, QueryFailure> {
    let unit = &query.scan.units[place];
    let rows = query.scan.select_rows(unit, &query.workers).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let batch = unit.columns(&[TIMESTAMP.to_owned(), SEQUENCE.to_owned()]).await?;
    query
        .workers
        .run(unit.rows, move || {
            let times =
                batch.column_by_name(TIMESTAMP).map(|times| times.as_primitive::<TimestampMicrosecondType>());
            let numbers = batch.column_by_name(SEQUENCE).map(|numbers| numbers.as_primitive::<Int64Type>());
            let (Some(times), Some(numbers)) = (times, numbers) else { return Ok(Vec::new()) };
            let time = |row: usize| if times.is_valid(row) { sign * times.value(row) } else { i64::MAX };
            let candidate = |row: u32| (time(row as usize), numbers.value(row as usize), place, row);
            Ok(rows.into_iter().map(candidate).collect())
        })
        .await
}

/// The records themselves, in the order of the candidates.
async fn records(query: &RawQuery, found: &[Candidate]) -> Result<RecordBatch, QueryFailure> {
    let mut places: Vec<usize> = found.iter().map(|(_, _, place, _)| *place).collect();
    places.sort_unstable();
    places.dedup();
    let (mut batches, mut order) = (Vec::new(), vec![0u32; found.len()]);
    let mut next = 0;
    for place in places {
        let mut rows = Vec::new();
        for (answered, (_, _, _, row)) in found.iter().enumerate().filter(|(_, found)| found.2 == place) {
            order[answered] = next;
            next += 1;
            rows.push(*row);
        }
        let batch = query.scan.units[place].columns(&query.columns).await?;
        batches.push(query.conform(&take_record_batch(&batch, &UInt32Array::from(rows))?)?);
    }
    let whole = concat_batches(&Arc::clone(&query.schema), &batches)?;
    Ok(take_record_batch(&whole, &UInt32Array::from(order))?)
}
