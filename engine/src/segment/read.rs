//! Reading pieces of a segment.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use futures::future::try_join_all;
use parquet::DecodeResult;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::push_decoder::ParquetPushDecoderBuilder;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataPushDecoder};

use super::{Layout, Segment, SegmentError};
use crate::resources::{Piece, PieceName};

/// Bytes at the end of a file that are read at first; most footers fit.
const FOOTER_BYTES: u64 = 64 * 1024;
/// Values up to which they are decoded at once: handing them to another thread would cost more than it takes.
const AT_ONCE: usize = 32_768;

impl Segment {
    /// Columns of one row group: all its rows, in the order of the file. Columns that the file lacks are left out. Text is
    /// `Dictionary(Int32, Utf8)` where the file keeps it as a dictionary, else `Utf8View`.
    ///
    /// What was decoded is kept in memory for the next one who asks, as long as there is room.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn read(
        &self,
        layout: &Arc<Layout>,
        row_group: usize,
        columns: &[&str],
    ) -> Result<RecordBatch, SegmentError> {
        self.read_columns(layout, row_group, columns, true).await
    }

    /// The same, but what is decoded for it is not kept, so that it takes nobody's place.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn read_once(
        &self,
        layout: &Arc<Layout>,
        row_group: usize,
        columns: &[&str],
    ) -> Result<RecordBatch, SegmentError> {
        self.read_columns(layout, row_group, columns, false).await
    }

    async fn read_columns(
        &self,
        layout: &Arc<Layout>,
        row_group: usize,
        columns: &[&str],
        is_kept: bool,
    ) -> Result<RecordBatch, SegmentError> {
        let rows = layout.row_groups.get(row_group).map(|group| group.rows);
        let rows = rows.ok_or_else(|| self.error(format!("it has no row group {row_group}")))?;
        let wanted: Vec<usize> = columns.iter().filter_map(|name| layout.column(name)).collect();
        let mut found: Vec<Option<ArrayRef>> =
            wanted.iter().map(|column| self.kept_column(row_group, *column)).collect();
        let mut missing: Vec<usize> = wanted
            .iter()
            .zip(&found)
            .filter(|(_, array)| array.is_none())
            .map(|(column, _)| *column)
            .collect();
        if !missing.is_empty() {
            missing.sort_unstable();
            missing.dedup();
            let decoded = self.decode(layout, row_group, &missing).await?;
            for (column, array) in missing.iter().zip(&decoded).filter(|_| is_kept) {
                let key = self.key(column_name(row_group, *column));
                self.resources.keep(key, Piece::Column(Arc::clone(array)));
            }
            for (column, slot) in wanted.iter().zip(&mut found) {
                if let (None, Ok(place)) = (&slot, missing.binary_search(column)) {
                    *slot = Some(Arc::clone(&decoded[place]));
                }
            }
        }
        let arrays: Vec<ArrayRef> = found.into_iter().flatten().collect();
        let fields: Vec<Field> = wanted
            .iter()
            .zip(&arrays)
            .map(|(column, array)| {
                let field = layout.schema.field(*column);
                Field::new(field.name(), array.data_type().clone(), field.is_nullable())
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
            .map_err(|error| self.error(error))
    }

    fn kept_column(&self, row_group: usize, column: usize) -> Option<ArrayRef> {
        match self.resources.piece(&self.key(column_name(row_group, column)))? {
            Piece::Column(array) => Some(array),
            _ => None,
        }
    }

    /// All columns of one row group, in the types that were written. Nothing is kept in memory.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) async fn read_through(
        &self,
        layout: &Arc<Layout>,
        row_group: usize,
    ) -> Result<RecordBatch, SegmentError> {
        let columns: Vec<usize> = (0..layout.schema.fields().len()).collect();
        let arrays = self.decode_as(layout, row_group, &columns, &layout.schema).await?;
        RecordBatch::try_new(Arc::clone(&layout.schema), arrays).map_err(|error| self.error(error))
    }

    /// Decodes columns of a row group; they are in the order of the file.
    async fn decode(
        &self,
        layout: &Arc<Layout>,
        row_group: usize,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>, SegmentError> {
        self.decode_as(layout, row_group, columns, &decoded_schema(layout, row_group)).await
    }

    async fn decode_as(
        &self,
        layout: &Arc<Layout>,
        row_group: usize,
        columns: &[usize],
        schema: &SchemaRef,
    ) -> Result<Vec<ArrayRef>, SegmentError> {
        let options = ArrowReaderOptions::new().with_schema(Arc::clone(schema));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(&layout.metadata), options);
        let metadata = metadata.map_err(|error| self.error(error))?;
        let chunks = layout.chunks(row_group, columns);
        let ranges: Vec<Range<u64>> = chunks.iter().map(|(_, range)| range.clone()).collect();
        let bytes = self.objects.ranges(&self.path, &ranges).await.map_err(|error| self.error(error))?;
        let chunks: Vec<Chunk> = chunks
            .into_iter()
            .zip(bytes)
            .map(|((column, range), bytes)| Chunk { column, range, bytes })
            .collect();
        let rows = layout.row_groups.get(row_group).map_or(0, |group| group.rows);
        if rows * chunks.len() <= AT_ONCE {
            let batch = decode_chunks(layout, metadata, row_group, chunks);
            return Ok(batch.map_err(|reason| self.error(reason))?.columns().to_vec());
        }
        // Every core takes some of the columns.
        let share = chunks.len().div_ceil(self.resources.cores()).max(1);
        let decoding = chunks.chunks(share).map(|chunks| {
            let (layout, metadata, chunks) = (Arc::clone(layout), metadata.clone(), chunks.to_vec());
            self.resources.compute(move || decode_chunks(&layout, metadata, row_group, chunks))
        });
        let batches = try_join_all(decoding).await.map_err(|error| self.error(error))?;
        let mut arrays = Vec::with_capacity(columns.len());
        for batch in batches {
            arrays.extend_from_slice(batch.map_err(|reason| self.error(reason))?.columns());
        }
        Ok(arrays)
    }

    pub(super) async fn read_layout(&self) -> Result<Layout, SegmentError> {
        let size = self.facts.bytes;
        let mut decoder = ParquetMetaDataPushDecoder::try_new(size)
            .map_err(|error| self.error(error))?
            .with_page_index_policy(PageIndexPolicy::Skip);
        let footer = size.saturating_sub(FOOTER_BYTES)..size;
        let mut needed = Vec::from([footer]);
        let metadata = loop {
            let bytes = self.objects.ranges(&self.path, &needed).await.map_err(|error| self.error(error))?;
            decoder.push_ranges(needed, bytes).map_err(|error| self.error(error))?;
            match decoder.try_decode().map_err(|error| self.error(error))? {
                DecodeResult::NeedsData(ranges) => needed = ranges,
                DecodeResult::Data(metadata) => break Arc::new(metadata),
                DecodeResult::Finished => return Err(self.error("it has no footer")),
            }
        };
        let rows = metadata.file_metadata().num_rows();
        if u64::try_from(rows) != Ok(self.facts.rows) {
            return Err(self.error(format!("it has {rows} rows; its manifest says {}", self.facts.rows)));
        }
        let reader = ArrowReaderMetadata::try_new(Arc::clone(&metadata), ArrowReaderOptions::new())
            .map_err(|error| self.error(error))?;
        Ok(Layout::new(metadata, Arc::clone(reader.schema())))
    }
}

/// The bytes of a column in a row group.
#[derive(Debug, Clone)]
struct Chunk {
    column: usize,
    range: Range<u64>,
    bytes: Bytes,
}

/// Columns of a row group, once they are found to be whole.
fn decode_chunks(
    layout: &Layout,
    metadata: ArrowReaderMetadata,
    row_group: usize,
    chunks: Vec<Chunk>,
) -> Result<RecordBatch, String> {
    for Chunk { column, bytes, .. } in &chunks {
        if !layout.is_whole(row_group, *column, bytes) {
            let name = layout.schema.field(*column).name();
            return Err(format!("the checksum of the column {name} in row group {row_group} is wrong"));
        }
    }
    let rows = layout.row_groups.get(row_group).map_or(0, |group| group.rows);
    let mask = ProjectionMask::leaves(metadata.parquet_schema(), chunks.iter().map(|chunk| chunk.column));
    let mut decoder = ParquetPushDecoderBuilder::new_with_metadata(metadata)
        .with_row_groups(vec![row_group])
        .with_projection(mask)
        .with_batch_size(rows.max(1))
        .build()
        .map_err(|error| error.to_string())?;
    let (ranges, bytes) = chunks.into_iter().map(|chunk| (chunk.range, chunk.bytes)).unzip();
    decoder.push_ranges(ranges, bytes).map_err(|error| error.to_string())?;
    match decoder.try_decode().map_err(|error| error.to_string())? {
        DecodeResult::Data(batch) if batch.num_rows() == rows => Ok(batch),
        DecodeResult::Data(batch) => {
            Err(format!("a row group has {} rows; its footer says {rows}", batch.num_rows()))
        }
        _ => Err("a row group ends too early".to_owned()),
    }
}

fn column_name(row_group: usize, column: usize) -> PieceName {
    let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    PieceName::Column { row_group: number(row_group), column: number(column) }
}

/// The columns as they are decoded from one row group.
fn decoded_schema(layout: &Layout, row_group: usize) -> SchemaRef {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let fields: Vec<Field> = layout
        .schema
        .fields()
        .iter()
        .enumerate()
        .map(|(column, field)| {
            let kind = if layout.is_dictionary(row_group, column) {
                dictionary.clone()
            } else {
                field.data_type().clone()
            };
            Field::new(field.name(), kind, field.is_nullable())
        })
        .collect();
    Arc::new(Schema::new(fields))
}
