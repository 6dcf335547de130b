//! Writing segments: rows come in their order, a file and the file of its ids come out.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::ids;
use crate::columns::time_range;
use crate::ids::{IdHash, IdKey};
use crate::schema::{ID, SEQUENCE, TIMESTAMP, UPDATED_AT};

/// The key in the footer under which the checksums of all column chunks stand: CRC-32, eight hexadecimal digits each, row
/// group by row group.
pub const CHECKSUMS: &str = "performance-platform.crc32";

/// A segment that is being written, in memory.
pub struct SegmentWriter {
    writer: ArrowWriter<Vec<u8>>,
    key: IdKey,
    ids: Vec<(IdHash, u32)>,
    facts: Facts,
}

/// What is known of the rows of a segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// How many.
    pub rows: u64,
    /// Bytes that they take in memory.
    pub memory: u64,
    /// The smallest and largest `_timestamp` in microseconds; `None` where no row has one.
    pub time_range: Option<(i64, i64)>,
    /// The smallest and largest number in the order of insertion.
    pub sequence: Option<(i64, i64)>,
}

/// A segment that is ready to be put in its place.
#[derive(Debug)]
pub struct Encoded {
    /// The Parquet file.
    pub parquet: Bytes,
    /// The file of ids.
    pub ids: Bytes,
    /// The length of its head.
    pub ids_head: usize,
    /// What is in it.
    pub facts: Facts,
}

impl SegmentWriter {
    /// Starts a segment with these columns and row groups of so many rows.
    ///
    /// # Errors
    /// When Parquet cannot hold a column.
    pub fn new(schema: SchemaRef, key: IdKey, row_group_rows: usize) -> Result<Self> {
        let writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties(row_group_rows)))?;
        Ok(Self { writer, key, ids: Vec::new(), facts: Facts::default() })
    }

    /// Rows so far.
    pub fn rows(&self) -> usize {
        self.ids.len()
    }

    /// Adds rows; all that were added are in order.
    ///
    /// # Errors
    /// When Parquet cannot hold them.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let first =
            u32::try_from(self.ids.len()).map_err(|_| ParquetError::General("too many rows".to_owned()))?;
        self.ids.extend(self.key.hashes(batch).into_iter().zip(first..));
        self.facts.rows += batch.num_rows() as u64;
        self.facts.memory += bytes_of(batch);
        self.facts.time_range = spanned(self.facts.time_range, time_range(batch));
        let numbers =
            batch.column_by_name(SEQUENCE).and_then(|column| column.as_primitive_opt::<Int64Type>());
        let numbers =
            numbers.and_then(|numbers| arrow::compute::min(numbers).zip(arrow::compute::max(numbers)));
        self.facts.sequence = spanned(self.facts.sequence, numbers);
        self.writer.write(batch)
    }

    /// Ends the segment.
    ///
    /// # Errors
    /// When Parquet cannot hold it.
    pub fn finish(mut self) -> Result<Encoded> {
        self.writer.flush()?;
        self.writer.sync()?;
        let mut checksums = String::new();
        for group in self.writer.flushed_row_groups() {
            for chunk in group.columns() {
                let (start, length) = chunk.byte_range();
                let range = usize::try_from(start).ok().zip(usize::try_from(start + length).ok());
                let bytes = range.and_then(|(start, end)| self.writer.inner().get(start..end));
                let bytes =
                    bytes.ok_or_else(|| ParquetError::General("a column chunk is missing".to_owned()))?;
                checksums.push_str(&format!("{:08x}", crc32fast::hash(bytes)));
            }
        }
        self.writer.append_key_value_metadata(KeyValue::new(CHECKSUMS.to_owned(), checksums));
        let parquet = self.writer.into_inner()?;
        let (ids, ids_head) = ids::encode(self.ids);
        Ok(Encoded { parquet: parquet.into(), ids, ids_head, facts: self.facts })
    }
}

/// How segments are written: small enough row groups to be read one by one, and no dictionaries for what hardly repeats.
fn properties(row_group_rows: usize) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(row_group_rows.max(1)));
    for column in [ID, TIMESTAMP, UPDATED_AT, SEQUENCE] {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column), false);
    }
    properties.build()
}

/// The range that holds both.
fn spanned(a: Option<(i64, i64)>, b: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

/// Bytes that the rows take in memory, however their buffers are shared.
pub fn bytes_of(batch: &RecordBatch) -> u64 {
    let rows = batch.num_rows() as u64;
    let column = |array: &Arc<dyn Array>| match array.data_type() {
        DataType::Boolean => rows.div_ceil(4),
        DataType::Utf8View => {
            // a view holds its length in its lowest bytes, and short texts in itself
            let lengths = array.as_string_view().views().iter().map(|view| u64::from(*view as u32));
            16 * rows + lengths.filter(|length| *length > 12).sum::<u64>()
        }
        _ => 8 * rows,
    };
    batch.columns().iter().map(column).sum()
}
