//! Merging rows of the buffer and of segments, in their order, into new segments.
//!
//! Whatever the size of what is merged, memory holds one row group of each segment, and one new segment as it will be written.
//! The work is done a step at a time on the threads for it; between the steps row groups are read.

use std::io;
use std::sync::Arc;

use arrow::array::{Array, AsArray, Int64Array, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::take_record_batch;
use arrow::compute::{SortColumn, SortOptions, concat_batches, interleave_record_batch, lexsort_to_indices};
use arrow::datatypes::{Int64Type, SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;

use crate::ids::IdKey;
use crate::resources::Resources;
use crate::schema::{SEQUENCE, TIMESTAMP};
use crate::segment::write::{Encoded, SegmentWriter};
use crate::snapshot::SegmentView;

/// Rows that are put together at a time.
const CHUNK_ROWS: usize = 16 * 1024;

/// How large segments become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Rows of a segment that is not put together with others any more. Larger ones are cut, by time.
    pub segment_rows: usize,
    /// Rows of a row group.
    pub row_group_rows: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { segment_rows: 1 << 20, row_group_rows: 128 * 1024 }
    }
}

/// What is to be merged.
#[derive(Debug, Clone)]
pub struct Merge {
    /// The columns of the new segments.
    pub schema: SchemaRef,
    /// What ids are hashed with.
    pub key: IdKey,
    /// Rows in memory, in the schema.
    pub batches: Vec<RecordBatch>,
    /// Rows in segments.
    pub segments: Vec<SegmentView>,
    /// How large the new segments become.
    pub sizes: Sizes,
}

impl Merge {
    /// Rows that the new segments will have.
    pub fn rows(&self) -> usize {
        let in_memory: usize = self.batches.iter().map(RecordBatch::num_rows).sum();
        let in_segments = self.segments.iter().map(|view| view.segment.rows() - view.dead.len() as u64);
        in_memory + usize::try_from(in_segments.sum::<u64>()).unwrap_or(usize::MAX)
    }

    /// Starts to merge.
    ///
    /// # Errors
    /// Only when Arrow cannot sort the rows in memory.
    pub async fn start(self, resources: Arc<Resources>) -> io::Result<Merger> {
        let rows = self.rows();
        let pieces =
            if rows <= self.sizes.segment_rows * 3 / 2 { 1 } else { rows.div_ceil(self.sizes.segment_rows) };
        let mut merging = Merging {
            schema: Arc::clone(&self.schema),
            key: self.key,
            row_group_rows: self.sizes.row_group_rows,
            piece_rows: rows.div_ceil(pieces),
            cursors: Vec::new(),
            blocks: Vec::new(),
            picks: Vec::new(),
            writer: None,
        };
        for view in &self.segments {
            let has_more = view.segment.rows() > 0;
            merging.cursors.push(Cursor { block: Block::default(), at: 0, has_more });
        }
        if !self.batches.is_empty() {
            let (schema, batches) = (Arc::clone(&self.schema), self.batches);
            let sorting = resources.compute_behind(move || sorted(&schema, &batches));
            let block = sorting.await?.map_err(io::Error::other)?;
            merging.cursors.push(Cursor { block: Block::new(block), at: 0, has_more: false });
        }
        let sources = self.segments.into_iter().map(|view| (view, 0)).collect();
        Ok(Merger { schema: self.schema, sources, merging: Some(merging), resources })
    }
}

/// A merge that has started.
pub struct Merger {
    schema: SchemaRef,
    /// The segments, and the row group that is next of each; their cursors come first.
    sources: Vec<(SegmentView, usize)>,
    /// Away while a step is done.
    merging: Option<Merging>,
    resources: Arc<Resources>,
}

impl Merger {
    /// The next new segment; `None` when there are no more rows.
    ///
    /// # Errors
    /// When a segment cannot be read, or Parquet cannot hold the rows. Nothing more comes after that.
    pub async fn next(&mut self) -> io::Result<Option<Encoded>> {
        while let Some(mut merging) = self.merging.take() {
            let stepping = self.resources.compute_behind(move || {
                let step = merging.step();
                (merging, step)
            });
            let (mut merging, step) = stepping.await?;
            match step.map_err(io::Error::other)? {
                Step::Finished => return Ok(None),
                Step::Segment(encoded) => {
                    self.merging = Some(merging);
                    return Ok(Some(*encoded));
                }
                Step::Needs(place) => {
                    let source = self.sources.get_mut(place).zip(merging.cursors.get_mut(place));
                    let Some(((view, row_group), cursor)) = source else {
                        return Err(io::Error::other("a merge asked for rows that there are not"));
                    };
                    let layout = view.segment.layout().await?;
                    let batch = view.live_rows_through(&layout, *row_group, &self.schema).await?;
                    *row_group += 1;
                    let has_more = *row_group < layout.row_groups.len();
                    *cursor = Cursor { block: Block::new(batch), at: 0, has_more };
                    self.merging = Some(merging);
                }
            }
        }
        Ok(None)
    }
}

/// All rows as one batch, in order of time (rows without one first), then of insertion.
fn sorted(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<RecordBatch, ArrowError> {
    let batch = concat_batches(schema, batches)?;
    let options = Some(SortOptions { descending: false, nulls_first: true });
    let columns: Vec<SortColumn> = [TIMESTAMP, SEQUENCE]
        .iter()
        .filter_map(|name| batch.column_by_name(name))
        .map(|values| SortColumn { values: Arc::clone(values), options })
        .collect();
    take_record_batch(&batch, &lexsort_to_indices(&columns, None)?)
}

/// A merge between two steps.
struct Merging {
    schema: SchemaRef,
    key: IdKey,
    row_group_rows: usize,
    /// Rows of one new segment.
    piece_rows: usize,
    cursors: Vec<Cursor>,
    /// The batches that `picks` are from.
    blocks: Vec<RecordBatch>,
    /// Rows that were chosen and are not in the new segment yet: the place of their block, and of the row in it.
    picks: Vec<(usize, usize)>,
    writer: Option<SegmentWriter>,
}

/// How far a source has been merged.
struct Cursor {
    block: Block,
    at: usize,
    /// Whether there are rows after those of the block.
    has_more: bool,
}

/// Rows of a source, in order.
#[derive(Default)]
struct Block {
    batch: Option<RecordBatch>,
    times: Option<TimestampMicrosecondArray>,
    numbers: Option<Int64Array>,
    /// Where it is among the blocks of the merge.
    place: Option<usize>,
}

impl Block {
    fn new(batch: RecordBatch) -> Self {
        let times = batch.column_by_name(TIMESTAMP);
        let times = times.and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>()).cloned();
        let numbers = batch.column_by_name(SEQUENCE);
        let numbers = numbers.and_then(|numbers| numbers.as_primitive_opt::<Int64Type>()).cloned();
        Self { batch: Some(batch), times, numbers, place: None }
    }

    fn rows(&self) -> usize {
        self.batch.as_ref().map_or(0, RecordBatch::num_rows)
    }

    fn key(&self, row: usize) -> (Option<i64>, i64) {
        let time = self.times.as_ref().filter(|times| times.is_valid(row)).map(|times| times.value(row));
        (time, self.numbers.as_ref().map_or(0, |numbers| numbers.value(row)))
    }
}

impl Cursor {
    fn head(&self) -> Option<(Option<i64>, i64)> {
        (self.at < self.block.rows()).then(|| self.block.key(self.at))
    }
}

enum Step {
    /// This cursor needs the next rows of its source.
    Needs(usize),
    /// A segment is ready.
    Segment(Box<Encoded>),
    Finished,
}

impl Merging {
    fn step(&mut self) -> parquet::errors::Result<Step> {
        loop {
            if let Some(cursor) =
                self.cursors.iter().position(|cursor| cursor.head().is_none() && cursor.has_more)
            {
                return Ok(Step::Needs(cursor));
            }
            let heads =
                self.cursors.iter().enumerate().filter_map(|(place, cursor)| Some((cursor.head()?, place)));
            let Some((_, first)) = heads.clone().min() else {
                // all rows were chosen
                self.write_picks()?;
                return match self.writer.take() {
                    Some(writer) => Ok(Step::Segment(Box::new(writer.finish()?))),
                    None => Ok(Step::Finished),
                };
            };
            let limit = heads.filter(|(_, place)| *place != first).map(|(head, _)| head).min();
            let written = self.writer.as_ref().map_or(0, SegmentWriter::rows);
            let room =
                CHUNK_ROWS.min(self.piece_rows.saturating_sub(written)).saturating_sub(self.picks.len());
            self.pick(first, limit, room);
            if self.picks.len() < CHUNK_ROWS.min(self.piece_rows.saturating_sub(written)) {
                continue;
            }
            self.write_picks()?;
            let is_whole = self.writer.as_ref().is_some_and(|writer| writer.rows() >= self.piece_rows);
            if let Some(writer) = self.writer.take_if(|_| is_whole) {
                return Ok(Step::Segment(Box::new(writer.finish()?)));
            }
        }
    }

    /// Chooses the rows of a cursor that come before the heads of all others.
    fn pick(&mut self, cursor: usize, limit: Option<(Option<i64>, i64)>, room: usize) {
        let Some(cursor) = self.cursors.get_mut(cursor) else { return };
        let Some(batch) = &cursor.block.batch else { return };
        let place = *cursor.block.place.get_or_insert_with(|| {
            self.blocks.push(batch.clone());
            self.blocks.len() - 1
        });
        for _ in 0..room {
            let Some(head) = cursor.head() else { break };
            if limit.is_some_and(|limit| head > limit) {
                break;
            }
            self.picks.push((place, cursor.at));
            cursor.at += 1;
        }
    }

    fn write_picks(&mut self) -> parquet::errors::Result<()> {
        if self.picks.is_empty() {
            return Ok(());
        }
        let blocks: Vec<&RecordBatch> = self.blocks.iter().collect();
        let batch = interleave_record_batch(&blocks, &self.picks)?;
        if self.writer.is_none() {
            self.writer = Some(SegmentWriter::new(Arc::clone(&self.schema), self.key, self.row_group_rows)?);
        }
        if let Some(writer) = &mut self.writer {
            writer.write(&batch)?;
        }
        self.picks.clear();
        self.blocks.clear();
        self.cursors.iter_mut().for_each(|cursor| cursor.block.place = None);
        Ok(())
    }
}
