//! Finding records in a segment by their ids.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;

use super::{IdHead, Segment, SegmentError, ids};
use crate::ids::IdHash;
use crate::resources::{Piece, PieceName};

/// Row groups of more rows are not kept in memory for the sake of one record.
const SMALL_ROWS: usize = 16 * 1024;

impl Segment {
    /// Where records with these ids are: the place of the hash in `hashes`, and the row. Rows that no longer count are found
    /// as well.
    ///
    /// # Errors
    /// When the file of ids cannot be read.
    pub(crate) async fn find(&self, hashes: &[IdHash]) -> Result<Vec<(usize, u32)>, SegmentError> {
        let head = self.id_head().await?;
        let mut by_block: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, hash) in hashes.iter().enumerate() {
            if let Some(block) = head.block_of(*hash) {
                by_block.entry(block).or_default().push(place);
            }
        }
        let wanted: Vec<usize> = by_block.keys().copied().collect();
        let blocks = self.id_blocks(&head, &wanted).await?;
        let mut found = Vec::new();
        for (bytes, places) in blocks.iter().zip(by_block.values()) {
            for place in places {
                let row = hashes.get(*place).and_then(|hash| ids::find(bytes, *hash));
                found.extend(row.map(|row| (*place, row)));
            }
        }
        Ok(found)
    }

    /// The record in a row, as a batch of one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) async fn row(&self, row: u32) -> Result<RecordBatch, SegmentError> {
        let (layout, row) = (self.layout().await?, row as usize);
        let place = layout.row_groups.partition_point(|group| group.first_row <= row).saturating_sub(1);
        let group = layout.row_groups.get(place).filter(|group| row < group.first_row + group.rows);
        let group = group.ok_or_else(|| self.error(format!("it has no row {row}")))?;
        let batch = if group.rows <= SMALL_ROWS {
            let columns: Vec<&str> =
                layout.schema.fields().iter().map(|field| field.name().as_str()).collect();
            self.read(&layout, place, &columns).await?
        } else {
            self.read_through(&layout, place).await?
        };
        let one = batch.slice(row - group.first_row, 1);
        crate::snapshot::plain(&one, &layout.schema).map_err(|error| self.error(error))
    }

    /// The head of the file of ids.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn id_head(&self) -> Result<Arc<IdHead>, SegmentError> {
        let key = self.key(PieceName::IdHead);
        if let Some(Piece::IdHead(head)) = self.resources.piece(&key) {
            return Ok(head);
        }
        let range = 0..self.facts.ids_head;
        let bytes = self.objects.ranges(&self.ids_path(), std::slice::from_ref(&range)).await;
        let bytes = bytes.map_err(|error| self.ids_error(&error.to_string()))?;
        let head = IdHead::parse(bytes.first().map_or(&[], |bytes| bytes.as_ref()));
        let head = Arc::new(head.map_err(|reason| self.ids_error(&reason))?);
        if head.rows() as u64 != self.facts.rows {
            let message = format!("it has {} rows; its manifest says {}", head.rows(), self.facts.rows);
            return Err(self.ids_error(&message));
        }
        self.resources.keep(key, Piece::IdHead(Arc::clone(&head)));
        Ok(head)
    }

    /// Blocks of the file of ids.
    async fn id_blocks(&self, head: &IdHead, wanted: &[usize]) -> Result<Vec<Bytes>, SegmentError> {
        let key = |block: usize| self.key(PieceName::IdBlock(u32::try_from(block).unwrap_or(u32::MAX)));
        let mut blocks: Vec<Option<Bytes>> = Vec::with_capacity(wanted.len());
        for block in wanted {
            blocks.push(match self.resources.piece(&key(*block)) {
                Some(Piece::IdBlock(bytes)) => Some(bytes),
                _ => None,
            });
        }
        let missing: Vec<usize> = wanted
            .iter()
            .zip(&blocks)
            .filter(|(_, bytes)| bytes.is_none())
            .map(|(block, _)| *block)
            .collect();
        if !missing.is_empty() {
            let ranges: Vec<Range<u64>> = missing.iter().map(|block| head.range_of(*block)).collect();
            let read = self.objects.ranges(&self.ids_path(), &ranges).await;
            let mut read = missing.iter().zip(read.map_err(|error| self.ids_error(&error.to_string()))?);
            for slot in blocks.iter_mut().filter(|slot| slot.is_none()) {
                let Some((block, bytes)) = read.next() else { break };
                if !head.is_whole(*block, &bytes) {
                    return Err(self.ids_error(&format!("the checksum of block {block} is wrong")));
                }
                // a copy: what was read together would otherwise stay in memory together
                let bytes = Bytes::copy_from_slice(&bytes);
                self.resources.keep(key(*block), Piece::IdBlock(bytes.clone()));
                *slot = Some(bytes);
            }
        }
        Ok(blocks.into_iter().flatten().collect())
    }

    pub(crate) fn ids_path(&self) -> String {
        format!("{}/{}", self.folder, self.facts.ids)
    }

    fn ids_error(&self, reason: &str) -> SegmentError {
        SegmentError { file: self.objects.describe(&self.ids_path()), reason: reason.to_owned() }
    }
}
