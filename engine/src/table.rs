//! The rows of one data set in memory: decoded segments and the buffer, newest wins.
//!
//! A table is made of parts. A part is a batch of rows with those marked that no longer count. An index from `_id` to
//! the one live row makes replacing and deleting a matter of marks; batches themselves never change, so that snapshots
//! stay what they were.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;

use crate::columns::{conform, record_at, time_range, union};
use crate::record::Record;
use crate::schema::{ID, system_fields};
use crate::snapshot::Snapshot;

/// Batches in the buffer before they are put together into one.
const MAX_SMALL_PARTS: usize = 32;

/// The rows of one data set.
#[derive(Debug)]
pub struct Table {
    schema: SchemaRef,
    parts: Vec<Part>,
    index: HashMap<Box<str>, (u32, u32)>,
    snapshot: Option<Snapshot>,
}

#[derive(Debug)]
struct Part {
    batch: RecordBatch,
    live: Vec<bool>,
    dead: usize,
    /// Whether the rows came from a segment, and are not in the buffer.
    stored: bool,
    /// The live rows, in the schema of the time when they were asked for.
    visible: Option<RecordBatch>,
}

impl Table {
    /// A table without rows.
    pub fn new() -> Self {
        let schema = Arc::new(Schema::new(system_fields()));
        Self { schema, parts: Vec::new(), index: HashMap::new(), snapshot: None }
    }

    /// The columns that rows may have.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Live rows.
    #[cfg(test)]
    pub fn rows(&self) -> usize {
        self.index.len()
    }

    /// Adds rows; those with an `_id` that is there already replace it, and in the batch itself the last one counts.
    pub fn add(&mut self, batch: RecordBatch, stored: bool) {
        self.schema = union(&self.schema, batch.schema_ref());
        self.snapshot = None;
        let part = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        let rows = batch.num_rows();
        self.parts.push(Part {
            batch: batch.clone(),
            live: vec![true; rows],
            dead: 0,
            stored,
            visible: None,
        });
        let ids = batch.column_by_name(ID).and_then(|ids| ids.as_string_view_opt());
        for (row, id) in (0u32..).zip(ids.into_iter().flatten()) {
            if let Some(old) = self.index.insert(id.unwrap_or_default().into(), (part, row)) {
                self.mark_dead(old);
            }
        }
        self.gather_small_parts();
    }

    /// The record with this id.
    pub fn record(&self, id: &str) -> Option<Record> {
        let (part, row) = *self.index.get(id)?;
        self.parts.get(part as usize).map(|part| record_at(&part.batch, row as usize))
    }

    /// Removes the record with this id; whether there was one.
    pub fn remove(&mut self, id: &str) -> bool {
        let Some(place) = self.index.remove(id) else { return false };
        self.snapshot = None;
        self.mark_dead(place);
        true
    }

    /// Removes all rows; the columns stay.
    pub fn clear(&mut self) {
        self.parts.clear();
        self.index.clear();
        self.snapshot = None;
    }

    fn mark_dead(&mut self, (part, row): (u32, u32)) {
        let Some(part) = self.parts.get_mut(part as usize) else { return };
        if let Some(live) = part.live.get_mut(row as usize) {
            part.dead += usize::from(std::mem::take(live));
            part.visible = None;
        }
    }

    /// Puts the batches of the buffer together when they have become many, so that a scan stays cheap.
    fn gather_small_parts(&mut self) {
        let first = self.parts.iter().rposition(|part| part.stored || part.batch.num_rows() > 10_000);
        let first = first.map_or(0, |last_large| last_large + 1);
        if self.parts.len() - first < MAX_SMALL_PARTS {
            return;
        }
        let visible: Result<Vec<RecordBatch>, ArrowError> =
            self.parts[first..].iter_mut().map(|part| part.visible(&self.schema)).collect();
        let Ok(gathered) = visible.and_then(|batches| arrow::compute::concat_batches(&self.schema, &batches))
        else {
            return;
        };
        self.parts.truncate(first);
        let part = u32::try_from(first).unwrap_or(u32::MAX);
        let ids = gathered.column_by_name(ID).and_then(|ids| ids.as_string_view_opt());
        for (row, id) in (0u32..).zip(ids.into_iter().flatten()) {
            self.index.insert(id.unwrap_or_default().into(), (part, row));
        }
        let live = vec![true; gathered.num_rows()];
        self.parts.push(Part { batch: gathered, live, dead: 0, stored: false, visible: None });
    }

    /// The live rows as one version.
    ///
    /// # Errors
    /// Only when Arrow cannot filter a batch.
    pub fn snapshot(&mut self, version: u64) -> Result<Snapshot, ArrowError> {
        if let Some(snapshot) = &self.snapshot {
            return Ok(snapshot.clone());
        }
        let mut batches = Vec::with_capacity(self.parts.len());
        for part in &mut self.parts {
            let batch = part.visible(&self.schema)?;
            if batch.num_rows() > 0 {
                batches.push(batch);
            }
        }
        let ranges = batches.iter().map(time_range).collect();
        let snapshot = Snapshot { version, schema: Arc::clone(&self.schema), batches, ranges };
        self.snapshot = Some(snapshot.clone());
        Ok(snapshot)
    }

    /// Bytes that the batches take in memory, roughly.
    pub fn bytes(&self) -> usize {
        let ids: usize = self.index.len() * 64;
        ids + self.parts.iter().map(|part| part.batch.get_array_memory_size()).sum::<usize>()
    }
}

impl Part {
    fn visible(&mut self, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        if let Some(visible) = self.visible.as_ref().filter(|visible| visible.schema_ref() == schema) {
            return Ok(visible.clone());
        }
        let rows = if self.dead == 0 {
            self.batch.clone()
        } else {
            filter_record_batch(&self.batch, &BooleanArray::from(self.live.clone()))?
        };
        let visible = conform(&rows, schema)?;
        self.visible = Some(visible.clone());
        Ok(visible)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::to_batch;
    use crate::decode::{DecodeOptions, decode};

    fn add(table: &mut Table, json: &str) {
        let options = DecodeOptions { auto_ids: &[], now: "2020-01-01T00:00:00Z".parse().unwrap() };
        let records = decode(json.as_bytes(), &options).unwrap();
        let batch = to_batch(&records, table.schema(), 0).unwrap();
        table.add(batch, false);
    }

    fn rows(table: &mut Table) -> usize {
        table.snapshot(1).unwrap().batches.iter().map(RecordBatch::num_rows).sum()
    }

    #[test]
    fn the_last_record_with_an_id_counts() {
        let mut table = Table::new();
        add(&mut table, r#"[{"_id": "a", "nn": 1}, {"_id": "b", "nn": 2}, {"_id": "a", "nn": 3}]"#);
        add(&mut table, r#"{"_id": "b", "text": "new"}"#);
        assert_eq!((rows(&mut table), table.rows()), (2, 2));
        assert_eq!(table.record("a").unwrap()["nn"], query_lang::Value::Int(3));
        assert!(table.record("b").unwrap().get("nn").is_none());
    }

    #[test]
    fn a_snapshot_stays_what_it_was() {
        let mut table = Table::new();
        add(&mut table, r#"[{"_id": "a"}, {"_id": "b"}]"#);
        let before = table.snapshot(1).unwrap();
        assert!(table.remove("a") && !table.remove("a"));
        assert_eq!(before.batches[0].num_rows(), 2);
        assert_eq!(rows(&mut table), 1);
    }

    #[test]
    fn many_small_batches_become_one() {
        let mut table = Table::new();
        for n in 0..100 {
            add(&mut table, &format!(r#"{{"_id": "r{n}", "nn": {n}, "k{}": 1}}"#, n % 3 + 10));
        }
        assert!(table.parts.len() < MAX_SMALL_PARTS);
        assert_eq!(rows(&mut table), 100);
        assert_eq!(table.record("r57").unwrap()["nn"], query_lang::Value::Int(57));
        assert!(table.remove("r3"));
        assert_eq!(rows(&mut table), 99);
    }
}
