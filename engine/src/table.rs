//! The rows of one data set in memory: decoded segments and the buffer, newest wins.
//!
//! A table is made of parts. A part is a batch of rows with those marked that no longer count. An index from `_id` to
//! the one live row makes replacing and deleting a matter of marks; batches themselves never change, so that snapshots
//! stay what they were. Parts of the buffer become parts of a segment when they have been written ([`Table::freeze`], then
//! [`Table::settle`]); what was replaced or deleted in between is marked in the segment.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int64Type, Schema, SchemaRef};
use arrow::error::ArrowError;

use crate::columns::{conform, record_at, time_range, to_batch, union};
use crate::record::Record;
use crate::schema::{ID, SEQUENCE, system_fields};
use crate::segment::Segment;
use crate::snapshot::{Rows, SegmentView, Snapshot};

/// Batches in the buffer before they are put together into one.
const MAX_SMALL_PARTS: usize = 32;
/// A batch of the buffer with more rows stays as it is.
const SMALL_ROWS: usize = 10_000;

/// The rows of one data set.
#[derive(Debug)]
pub struct Table {
    schema: SchemaRef,
    parts: BTreeMap<u32, Part>,
    next_part: u32,
    index: HashMap<Box<str>, (u32, u32)>,
    snapshot: Option<Snapshot>,
    /// Grows when all rows go at once.
    generation: u64,
}

#[derive(Debug)]
struct Part {
    batch: RecordBatch,
    live: Vec<bool>,
    dead: usize,
    /// The segment that the rows came from and the place of the first of them in it; `None` for the buffer.
    stored: Option<(Arc<str>, u32)>,
    /// Rows that are being written to a segment, and must not move.
    frozen: bool,
    /// The live rows, in the schema of the time when they were asked for.
    visible: Option<RecordBatch>,
}

/// Rows on their way to a segment.
#[derive(Debug)]
pub struct Frozen {
    /// The columns of the batches.
    pub schema: SchemaRef,
    /// The live rows at the time.
    pub batches: Vec<RecordBatch>,
    parts: Vec<u32>,
    generation: u64,
}

impl Table {
    /// A table without rows.
    pub fn new() -> Self {
        Self {
            schema: Arc::new(Schema::new(system_fields())),
            parts: BTreeMap::new(),
            next_part: 0,
            index: HashMap::new(),
            snapshot: None,
            generation: 0,
        }
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

    #[cfg(test)]
    fn live(&self) -> usize {
        self.parts.values().map(|part| part.batch.num_rows() - part.dead).sum()
    }

    /// Adds rows to the buffer; those with an `_id` that is there already replace it, and in the batch itself the last one
    /// counts.
    ///
    /// # Errors
    /// Only when Arrow cannot build columns.
    pub fn add(&mut self, batch: RecordBatch) -> Result<(), ArrowError> {
        let batch = self.reconciled(batch)?;
        self.schema = union(&self.schema, batch.schema_ref());
        let rows = batch.num_rows();
        let part = self.push(Part::new(batch, vec![true; rows], None));
        self.count_in(part);
        self.gather_small_parts();
        Ok(())
    }

    /// Adds rows of a segment, of which `first_row` is the place of the first one in it; those in `dead` (places in the
    /// segment, ascending) do not count.
    pub fn load(&mut self, file: &Arc<str>, first_row: u32, batch: RecordBatch, dead: &[u32]) {
        self.schema = union(&self.schema, batch.schema_ref());
        let live: Vec<bool> =
            (first_row..).take(batch.num_rows()).map(|row| dead.binary_search(&row).is_err()).collect();
        let part = self.push(Part::new(batch, live, Some((Arc::clone(file), first_row))));
        self.count_in(part);
    }

    /// The batch with its columns in the types that the table has. Batches are made for the columns of the time when they
    /// were made; another may have brought a column of another type since.
    fn reconciled(&self, batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
        let differs = |field: &Arc<arrow::datatypes::Field>| {
            let known = self.schema.field_with_name(field.name());
            known.is_ok_and(|known| known.data_type() != field.data_type())
        };
        if !batch.schema_ref().fields().iter().any(differs) {
            return Ok(batch);
        }
        let records: Vec<Record> = (0..batch.num_rows()).map(|row| record_at(&batch, row)).collect();
        let numbers =
            batch.column_by_name(SEQUENCE).and_then(|numbers| numbers.as_primitive_opt::<Int64Type>());
        let first = numbers.and_then(|numbers| numbers.values().first().copied()).unwrap_or(0);
        to_batch(&records, &self.schema, first)
    }

    fn push(&mut self, part: Part) -> u32 {
        self.snapshot = None;
        let number = self.next_part;
        self.next_part += 1;
        self.parts.insert(number, part);
        number
    }

    /// Enters the live rows of a part into the index; rows with the same ids elsewhere no longer count.
    fn count_in(&mut self, number: u32) {
        let Some(part) = self.parts.get(&number) else { return };
        let ids = part.batch.column_by_name(ID).and_then(|ids| ids.as_string_view_opt()).cloned();
        let live = part.live.clone();
        for ((row, id), live) in (0u32..).zip(ids.iter().flatten()).zip(live) {
            if !live {
                continue;
            }
            if let Some(old) = self.index.insert(id.unwrap_or_default().into(), (number, row)) {
                self.mark_dead(old);
            }
        }
    }

    /// The record with this id.
    pub fn record(&self, id: &str) -> Option<Record> {
        let (part, row) = *self.index.get(id)?;
        self.parts.get(&part).map(|part| record_at(&part.batch, row as usize))
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
        self.generation += 1;
    }

    fn mark_dead(&mut self, (part, row): (u32, u32)) {
        let Some(part) = self.parts.get_mut(&part) else { return };
        if let Some(live) = part.live.get_mut(row as usize) {
            part.dead += usize::from(std::mem::take(live));
            part.visible = None;
        }
    }

    /// Puts the batches of the buffer together when they have become many, so that a scan stays cheap.
    fn gather_small_parts(&mut self) {
        let is_small =
            |part: &Part| part.stored.is_none() && !part.frozen && part.batch.num_rows() <= SMALL_ROWS;
        let small: Vec<u32> = self
            .parts
            .iter()
            .rev()
            .take_while(|(_, part)| is_small(part))
            .map(|(number, _)| *number)
            .collect();
        if small.len() < MAX_SMALL_PARTS {
            return;
        }
        let schema = Arc::clone(&self.schema);
        let visible: Result<Vec<RecordBatch>, ArrowError> = small
            .iter()
            .rev()
            .filter_map(|number| self.parts.get_mut(number).map(|part| part.visible(&schema)))
            .collect();
        let Ok(gathered) = visible.and_then(|batches| arrow::compute::concat_batches(&schema, &batches))
        else {
            return;
        };
        self.take_place_of(&small, vec![gathered], None);
    }

    /// Puts new parts with the same rows in the place of old ones. Rows that no longer count are marked.
    fn take_place_of(&mut self, old: &[u32], batches: Vec<RecordBatch>, file: Option<&Arc<str>>) {
        let mut first_row = 0;
        for batch in batches {
            let rows = batch.num_rows();
            let stored = file.map(|file| (Arc::clone(file), first_row));
            first_row += u32::try_from(rows).unwrap_or(0);
            let number = self.push(Part::new(batch.clone(), vec![true; rows], stored));
            let ids = batch.column_by_name(ID).and_then(|ids| ids.as_string_view_opt());
            for (row, id) in (0u32..).zip(ids.into_iter().flatten()) {
                let id = id.unwrap_or_default();
                match self.index.get_mut(id) {
                    Some(place) if old.contains(&place.0) => *place = (number, row),
                    // replaced or deleted since
                    _ => self.mark_dead((number, row)),
                }
            }
        }
        for number in old {
            self.parts.remove(number);
        }
    }

    /// The live rows of the buffer and of some segments, to be written to a new one.
    ///
    /// # Errors
    /// Only when Arrow cannot filter a batch.
    pub fn freeze(&mut self, segments: &[Arc<str>]) -> Result<Frozen, ArrowError> {
        let schema = Arc::clone(&self.schema);
        let (mut parts, mut batches) = (Vec::new(), Vec::new());
        for (number, part) in &mut self.parts {
            let is_wanted = part.stored.as_ref().is_none_or(|(file, _)| segments.contains(file));
            if is_wanted {
                part.frozen = true;
                parts.push(*number);
                batches.push(part.visible(&schema)?);
            }
        }
        Ok(Frozen { schema, batches, parts, generation: self.generation })
    }

    /// Lets frozen rows move again: they were not written.
    pub fn thaw(&mut self, frozen: &Frozen) {
        for number in &frozen.parts {
            if let Some(part) = self.parts.get_mut(number) {
                part.frozen = false;
            }
        }
    }

    /// Puts the rows of a new segment in the place of those that were frozen. Whether they were still wanted: when all rows
    /// have gone in the meantime, the segment is not.
    pub fn settle(&mut self, frozen: &Frozen, file: &Arc<str>, batches: Vec<RecordBatch>) -> bool {
        if frozen.generation != self.generation {
            return false;
        }
        self.take_place_of(&frozen.parts, batches, Some(file));
        self.snapshot = None;
        true
    }

    /// Makes the rows of a segment rows of the buffer: it could not be committed.
    pub fn unsettle(&mut self, file: &str) {
        for part in self.parts.values_mut() {
            if part.stored.as_ref().is_some_and(|(own, _)| **own == *file) {
                part.stored = None;
                self.snapshot = None;
            }
        }
    }

    /// Forgets the columns of a table without rows.
    pub fn forget_columns(&mut self) {
        self.schema = Arc::new(Schema::new(system_fields()));
        self.snapshot = None;
    }

    /// The rows of every segment that no longer count, as places in it; and how many rows do.
    pub fn segments(&self) -> BTreeMap<Arc<str>, (Vec<u32>, usize)> {
        let mut segments: BTreeMap<Arc<str>, (Vec<u32>, usize)> = BTreeMap::new();
        for part in self.parts.values() {
            let Some((file, first_row)) = &part.stored else { continue };
            let (dead, live) = segments.entry(Arc::clone(file)).or_default();
            let dead_rows = (*first_row..).zip(&part.live).filter(|(_, live)| !**live).map(|(row, _)| row);
            dead.extend(dead_rows);
            *live += part.batch.num_rows() - part.dead;
        }
        for (dead, _) in segments.values_mut() {
            dead.sort_unstable();
        }
        segments
    }

    /// Rows in the buffer, and the bytes that they take, roughly.
    pub fn buffered(&self) -> (usize, usize) {
        let buffer = self.parts.values().filter(|part| part.stored.is_none());
        buffer.fold((0, 0), |(rows, bytes), part| {
            (rows + part.batch.num_rows(), bytes + part.batch.get_array_memory_size())
        })
    }

    /// The live rows as one version; `segments` are the files that rows were loaded from, oldest first.
    ///
    /// # Errors
    /// Only when Arrow cannot filter a batch.
    pub fn snapshot(&mut self, version: u64, segments: &[Arc<Segment>]) -> Result<Snapshot, ArrowError> {
        if let Some(snapshot) = &self.snapshot {
            return Ok(Snapshot { version, ..snapshot.clone() });
        }
        let mut parts = Vec::new();
        let counts = self.segments();
        for segment in segments {
            let name = segment.path().rsplit('/').next().unwrap_or_default();
            let Some((dead, live)) = counts.get(name) else { continue };
            if *live > 0 {
                let dead = dead.as_slice().into();
                parts
                    .push(crate::snapshot::Part::Segment(SegmentView { segment: Arc::clone(segment), dead }));
            }
        }
        for part in self.parts.values_mut().filter(|part| part.stored.is_none()) {
            let batch = part.visible(&self.schema)?;
            if batch.num_rows() > 0 {
                let range = time_range(&batch);
                parts.push(crate::snapshot::Part::Rows(Rows { batch, range }));
            }
        }
        let snapshot = Snapshot { version, schema: Arc::clone(&self.schema), parts };
        self.snapshot = Some(snapshot.clone());
        Ok(snapshot)
    }

    /// The smallest and largest `_timestamp` of the rows of a segment.
    pub fn time_range_of(&self, file: &str) -> Option<(i64, i64)> {
        let own =
            self.parts.values().filter(|part| part.stored.as_ref().is_some_and(|(name, _)| **name == *file));
        own.filter_map(|part| time_range(&part.batch)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// Bytes that the batches take in memory, roughly.
    pub fn bytes(&self) -> usize {
        let ids: usize = self.index.len() * 64;
        ids + self.parts.values().map(|part| part.batch.get_array_memory_size()).sum::<usize>()
    }
}

impl Part {
    fn new(batch: RecordBatch, live: Vec<bool>, stored: Option<(Arc<str>, u32)>) -> Self {
        let dead = live.iter().filter(|live| !**live).count();
        Self { batch, live, dead, stored, frozen: false, visible: None }
    }

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
        table.add(batch).unwrap();
    }

    fn rows(table: &mut Table) -> usize {
        table.live()
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
        let before = table.snapshot(1, &[]).unwrap();
        assert!(table.remove("a") && !table.remove("a"));
        assert_eq!(before.rows(), 2);
        assert_eq!(table.snapshot(2, &[]).unwrap().rows(), 1);
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

    #[test]
    fn a_column_that_came_with_two_types_keeps_both() {
        let mut table = Table::new();
        let options = DecodeOptions { auto_ids: &[], now: "2020-01-01T00:00:00Z".parse().unwrap() };
        let empty = Table::new();
        let batch =
            |json: &str| to_batch(&decode(json.as_bytes(), &options).unwrap(), empty.schema(), 0).unwrap();
        // both made before either was there
        let (numbers, texts) = (batch(r#"{"_id": "a", "kk": 1}"#), batch(r#"{"_id": "b", "kk": "one"}"#));
        table.add(numbers).unwrap();
        table.add(texts).unwrap();
        assert_eq!(table.record("a").unwrap()["kk"], query_lang::Value::Int(1));
        assert_eq!(table.record("b").unwrap()["kk"], query_lang::Value::Text("one".into()));
        assert_eq!(rows(&mut table), 2);
    }

    #[test]
    fn what_changes_while_rows_are_written_is_marked_in_their_segment() {
        let mut table = Table::new();
        add(&mut table, r#"[{"_id": "a", "nn": 1}, {"_id": "b", "nn": 2}, {"_id": "c", "nn": 3}]"#);
        let frozen = table.freeze(&[]).unwrap();
        add(&mut table, r#"{"_id": "b", "nn": 20}"#);
        table.remove("c");
        let file: Arc<str> = "1.parquet".into();
        assert!(table.settle(&frozen, &file, frozen.batches.clone()));
        assert_eq!(table.segments()[&file], (vec![1, 2], 1));
        assert_eq!(rows(&mut table), 2);
        assert_eq!(table.record("b").unwrap()["nn"], query_lang::Value::Int(20));
        let frozen = table.freeze(&[]).unwrap();
        table.clear();
        assert!(!table.settle(&frozen, &"2.parquet".into(), frozen.batches.clone()));
        assert_eq!(rows(&mut table), 0);
    }
}
