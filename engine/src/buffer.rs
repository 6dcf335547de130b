//! The rows of one data set that are in no segment yet, newest wins.
//!
//! The buffer is made of parts. A part is a batch of rows with those marked that no longer count. An index from `_id` to the
//! one live row makes replacing and deleting a matter of marks; batches themselves never change, so that snapshots stay what
//! they were. Rows that are on their way to a segment ([`Buffer::freeze`]) stay until it is committed ([`Buffer::release`]); they
//! have an index of their own, so that it goes with them at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use crate::columns::{conform, in_one_piece, record_at, retyped, time_range, union};
use crate::ids::{IdHash, IdKey, IdMap};
use crate::record::Record;
use crate::segment::write::bytes_of;
use crate::snapshot::Rows;

/// Batches of one size before they are put together into one of the next.
const MOST_OF_A_SIZE: usize = 16;
/// The most rows of batches of a size, smallest first. A batch with more than the last stays as it is. So a row is copied once for
/// every size, however many small batches come, and nobody waits for the copying of a great many.
const SIZES: [usize; 3] = [15, 255, 999];
/// Bytes that the index takes for a row, roughly.
const INDEX_BYTES: usize = 40;

/// Rows in memory.
#[derive(Debug)]
pub struct Buffer {
    /// The columns that rows of the data set may have, in segments too.
    schema: SchemaRef,
    key: IdKey,
    parts: BTreeMap<u32, Part>,
    next_part: u32,
    index: IdMap<Place>,
    /// Of rows that are on their way to a segment.
    frozen_index: IdMap<Place>,
}

/// A part, and a row in it.
type Place = (u32, u32);

#[derive(Debug)]
struct Part {
    batch: RecordBatch,
    /// Bytes that the batch takes in memory, roughly.
    bytes: usize,
    live: Vec<bool>,
    dead: usize,
    /// Rows that are being written to a segment, and must not move.
    frozen: bool,
    /// The live rows, in the schema of the time when they were asked for.
    visible: Option<Rows>,
}

/// Rows on their way to a segment.
#[derive(Debug, Default)]
pub struct Frozen {
    /// The live rows at the time.
    pub batches: Vec<RecordBatch>,
    /// The parts that they are.
    parts: Vec<u32>,
}

impl Buffer {
    /// A buffer without rows.
    pub fn new(schema: SchemaRef, key: IdKey) -> Self {
        Self {
            schema,
            key,
            parts: BTreeMap::new(),
            next_part: 0,
            index: IdMap::default(),
            frozen_index: IdMap::default(),
        }
    }

    /// The columns that rows may have.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Makes other columns those that rows may have; there must be no rows.
    pub fn set_schema(&mut self, schema: SchemaRef) {
        self.schema = schema;
    }

    /// Whether the record with this id is here.
    pub fn holds(&self, id: IdHash) -> bool {
        self.index.contains_key(&id) || self.frozen_index.contains_key(&id)
    }

    /// The batch with its columns in the types that the data set has. Batches are made for the columns of the time when they
    /// were made; another may have brought a column of another type since.
    ///
    /// # Errors
    /// Only when Arrow cannot build columns.
    pub fn reconciled(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        retyped(batch.clone(), &self.schema)
    }

    /// Adds rows that are [reconciled](Buffer::reconciled) and have these ids; those that are there already are replaced, and
    /// in the batch itself the last one counts. Returns the ids of frozen rows that were replaced.
    pub fn add(&mut self, batch: RecordBatch, ids: &[IdHash]) -> Vec<IdHash> {
        self.schema = union(&self.schema, batch.schema_ref());
        let number = self.push(batch);
        let mut replaced = Vec::new();
        for (row, id) in (0u32..).zip(ids) {
            let known = self.index.insert(*id, (number, row)).or_else(|| self.frozen_index.remove(id));
            if known.is_some_and(|known| self.mark_dead(known)) {
                replaced.push(*id);
            }
        }
        self.gather_small_parts();
        replaced
    }

    fn push(&mut self, batch: RecordBatch) -> u32 {
        let number = self.next_part;
        self.next_part += 1;
        let live = vec![true; batch.num_rows()];
        let bytes = batch.get_array_memory_size();
        self.parts.insert(number, Part { batch, bytes, live, dead: 0, frozen: false, visible: None });
        number
    }

    /// The record with this id.
    pub fn record(&self, id: IdHash) -> Option<Record> {
        let (part, row) = *self.index.get(&id).or_else(|| self.frozen_index.get(&id))?;
        self.parts.get(&part).map(|part| record_at(&part.batch, row as usize))
    }

    /// Removes the record with this id. Whether there was one, and whether it was frozen.
    pub fn remove(&mut self, id: IdHash) -> Option<bool> {
        let place = self.index.remove(&id).or_else(|| self.frozen_index.remove(&id))?;
        Some(self.mark_dead(place))
    }

    /// Removes all rows; the columns stay.
    pub fn clear(&mut self) {
        self.parts.clear();
        self.index = IdMap::default();
        self.frozen_index = IdMap::default();
    }

    /// Whether the row was frozen.
    fn mark_dead(&mut self, (part, row): Place) -> bool {
        let Some(part) = self.parts.get_mut(&part) else { return false };
        if let Some(live) = part.live.get_mut(row as usize) {
            part.dead += usize::from(std::mem::take(live));
            part.visible = None;
        }
        part.frozen
    }

    /// Puts batches together when there are many of one size, so that a scan stays cheap.
    fn gather_small_parts(&mut self) {
        let Some(small) = self.many_of_a_size() else { return };
        let schema = Arc::clone(&self.schema);
        let mut batches = Vec::with_capacity(small.len());
        for number in small.iter().rev() {
            match self.parts.get_mut(number).map(|part| part.visible(&schema)) {
                Some(Ok(rows)) => batches.push(rows.batch),
                _ => return,
            }
        }
        let gathered = arrow::compute::concat_batches(&schema, &batches);
        let Ok(gathered) = gathered.and_then(in_one_piece) else { return };
        let ids = self.key.hashes(&gathered);
        let number = self.push(gathered);
        // all of these rows are live, in one of the parts that go
        self.index.extend(ids.into_iter().zip((0u32..).map(|row| (number, row))));
        for number in small {
            self.parts.remove(&number);
        }
    }

    /// The newest parts up to a size of which there are many, newest first.
    fn many_of_a_size(&self) -> Option<Vec<u32>> {
        let mut counts = [0; SIZES.len()];
        let mut newest = Vec::new();
        let mut largest = 0;
        for (number, part) in self.parts.iter().rev().take_while(|(_, part)| !part.frozen) {
            let size = SIZES.iter().position(|most| part.batch.num_rows() <= *most)?;
            // smaller ones that are older than larger ones stay what they are until these go with them
            largest = largest.max(size);
            newest.push(*number);
            counts[largest] += 1;
            if counts[largest] == MOST_OF_A_SIZE {
                return Some(newest);
            }
        }
        None
    }

    /// The live rows, to be written to a segment.
    ///
    /// # Errors
    /// Only when Arrow cannot filter a batch.
    pub fn freeze(&mut self) -> Result<Frozen, ArrowError> {
        let mut frozen = Frozen::default();
        for (number, part) in &mut self.parts {
            frozen.batches.push(part.visible(&self.schema)?.batch);
            frozen.parts.push(*number);
        }
        self.set_frozen(&frozen, true);
        // as many may come until the next time, and growing step by step would keep writers waiting
        let room = IdMap::with_capacity_and_hasher(self.index.len(), Default::default());
        self.frozen_index = std::mem::replace(&mut self.index, room);
        Ok(frozen)
    }

    /// Lets frozen rows move again: they were not written.
    pub fn thaw(&mut self, frozen: &Frozen) {
        self.set_frozen(frozen, false);
        // no id is in both
        self.index.extend(std::mem::take(&mut self.frozen_index));
    }

    fn set_frozen(&mut self, frozen: &Frozen, is_frozen: bool) {
        for number in &frozen.parts {
            if let Some(part) = self.parts.get_mut(number) {
                part.frozen = is_frozen;
            }
        }
    }

    /// Lets frozen rows go: they are in a segment.
    pub fn release(&mut self, frozen: &Frozen) {
        for number in &frozen.parts {
            self.parts.remove(number);
        }
        self.frozen_index = IdMap::default();
        if self.index.is_empty() {
            self.index = IdMap::default();
        }
    }

    /// Live rows, oldest first, in the columns of the data set.
    ///
    /// # Errors
    /// Only when Arrow cannot filter a batch.
    pub fn rows(&mut self) -> Result<Vec<Rows>, ArrowError> {
        let mut rows = Vec::with_capacity(self.parts.len());
        for part in self.parts.values_mut().filter(|part| part.dead < part.batch.num_rows()) {
            rows.push(part.visible(&self.schema)?);
        }
        Ok(rows)
    }

    /// How many rows there are that are not on their way to a segment.
    pub fn thawed_rows(&self) -> usize {
        self.parts.values().filter(|part| !part.frozen).map(|part| part.batch.num_rows()).sum()
    }

    /// Bytes that the rows and their index take in memory, roughly.
    pub fn bytes(&self) -> usize {
        let batches: usize = self.parts.values().map(|part| part.bytes).sum();
        batches + (self.index.len() + self.frozen_index.len()) * INDEX_BYTES
    }

    /// Bytes of the rows alone, as they count for what a data set may keep.
    pub fn row_bytes(&self) -> u64 {
        self.parts.values().map(|part| bytes_of(&part.batch)).sum()
    }
}

impl Part {
    fn visible(&mut self, schema: &SchemaRef) -> Result<Rows, ArrowError> {
        if let Some(visible) = self.visible.as_ref().filter(|visible| visible.batch.schema_ref() == schema) {
            return Ok(visible.clone());
        }
        let batch = if self.dead == 0 {
            self.batch.clone()
        } else {
            filter_record_batch(&self.batch, &BooleanArray::from(self.live.clone()))?
        };
        let batch = conform(&batch, schema)?;
        let range = time_range(&batch);
        let visible = Rows { batch, range };
        self.visible = Some(visible.clone());
        Ok(visible)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{DecodeOptions, decode};
    use crate::manifest::Manifest;

    fn buffer() -> Buffer {
        let manifest = Manifest::new("set");
        Buffer::new(manifest.schema(), manifest.id_key)
    }

    fn batch(buffer: &Buffer, json: &str) -> RecordBatch {
        let options = DecodeOptions { auto_ids: &[], now: "2020-01-01T00:00:00Z".parse().unwrap() };
        decode(json.as_bytes(), &options).unwrap().numbered(buffer.schema(), 0).unwrap()
    }

    fn add(buffer: &mut Buffer, json: &str) -> Vec<IdHash> {
        add_batch(buffer, &batch(buffer, json))
    }

    fn add_batch(buffer: &mut Buffer, batch: &RecordBatch) -> Vec<IdHash> {
        let batch = buffer.reconciled(batch).unwrap();
        let ids = buffer.key.hashes(&batch);
        buffer.add(batch, &ids)
    }

    fn rows(buffer: &mut Buffer) -> usize {
        buffer.rows().unwrap().iter().map(|rows| rows.batch.num_rows()).sum()
    }

    fn record(buffer: &Buffer, id: &str) -> Option<Record> {
        buffer.record(buffer.key.hash(id))
    }

    fn remove(buffer: &mut Buffer, id: &str) -> Option<bool> {
        let id = buffer.key.hash(id);
        buffer.remove(id)
    }

    #[test]
    fn the_last_record_with_an_id_counts() {
        let mut buffer = buffer();
        add(&mut buffer, r#"[{"_id": "a", "nn": 1}, {"_id": "b", "nn": 2}, {"_id": "a", "nn": 3}]"#);
        add(&mut buffer, r#"{"_id": "b", "text": "new"}"#);
        assert_eq!(rows(&mut buffer), 2);
        assert_eq!(record(&buffer, "a").unwrap()["nn"], query_lang::Value::Int(3));
        assert!(record(&buffer, "b").unwrap().get("nn").is_none());
    }

    #[test]
    fn what_was_read_stays_what_it_was() {
        let mut buffer = buffer();
        add(&mut buffer, r#"[{"_id": "a"}, {"_id": "b"}]"#);
        let before = buffer.rows().unwrap();
        assert_eq!((remove(&mut buffer, "a"), remove(&mut buffer, "a")), (Some(false), None));
        assert_eq!(before[0].batch.num_rows(), 2);
        assert_eq!(rows(&mut buffer), 1);
    }

    #[test]
    fn many_small_batches_become_one() {
        let mut buffer = buffer();
        for n in 0..100 {
            add(&mut buffer, &format!(r#"{{"_id": "r{n}", "nn": {n}, "k{}": 1}}"#, n % 3 + 10));
        }
        assert!(buffer.parts.len() < MOST_OF_A_SIZE);
        assert_eq!(rows(&mut buffer), 100);
        assert_eq!(record(&buffer, "r57").unwrap()["nn"], query_lang::Value::Int(57));
        assert!(remove(&mut buffer, "r3").is_some());
        assert_eq!(rows(&mut buffer), 99);
    }

    #[test]
    fn many_rows_are_not_copied_for_the_sake_of_a_few() {
        let mut buffer = buffer();
        let many: Vec<String> = (0..5_000).map(|n| format!(r#"{{"_id": "many{n}"}}"#)).collect();
        add(&mut buffer, &format!("[{}]", many.join(",")));
        for n in 0..1_000 {
            add(&mut buffer, &format!(r#"{{"_id": "one{n}"}}"#));
            assert!(buffer.parts.len() <= MOST_OF_A_SIZE * SIZES.len());
        }
        assert_eq!(
            buffer.parts.first_key_value().map(|(number, part)| (*number, part.live.len())),
            Some((0, 5_000))
        );
        assert_eq!(rows(&mut buffer), 6_000);
    }

    #[test]
    fn a_column_that_came_with_two_types_keeps_both() {
        let mut buffer = buffer();
        // both made before either was there
        let numbers = batch(&buffer, r#"{"_id": "a", "kk": 1}"#);
        let texts = batch(&buffer, r#"{"_id": "b", "kk": "one"}"#);
        add_batch(&mut buffer, &numbers);
        add_batch(&mut buffer, &texts);
        assert_eq!(record(&buffer, "a").unwrap()["kk"], query_lang::Value::Int(1));
        assert_eq!(record(&buffer, "b").unwrap()["kk"], query_lang::Value::Text("one".into()));
        assert_eq!(rows(&mut buffer), 2);
    }

    #[test]
    fn frozen_rows_stay_until_they_are_released_and_tell_when_they_are_replaced() {
        let mut buffer = buffer();
        add(&mut buffer, r#"[{"_id": "a", "nn": 1}, {"_id": "b", "nn": 2}, {"_id": "c", "nn": 3}]"#);
        let frozen = buffer.freeze().unwrap();
        assert_eq!(frozen.batches[0].num_rows(), 3);
        let replaced = add(&mut buffer, r#"{"_id": "b", "nn": 20}"#);
        assert_eq!(replaced, [buffer.key.hash("b")]);
        assert_eq!(remove(&mut buffer, "c"), Some(true));
        assert_eq!(rows(&mut buffer), 2);
        buffer.release(&frozen);
        assert_eq!(rows(&mut buffer), 1);
        assert!(record(&buffer, "a").is_none());
        assert_eq!(record(&buffer, "b").unwrap()["nn"], query_lang::Value::Int(20));
    }
}
