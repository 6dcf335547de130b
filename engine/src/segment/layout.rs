//! What the footer of a segment says.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use parquet::basic::Encoding;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use super::write::CHECKSUMS;
use crate::schema::TIMESTAMP;

/// The footer of a segment, decoded.
#[derive(Debug)]
pub struct Layout {
    /// The columns as they were written: text is `Utf8View`.
    pub schema: SchemaRef,
    /// The row groups, in the order of the file.
    pub row_groups: Vec<RowGroup>,
    pub(super) metadata: Arc<ParquetMetaData>,
    columns: HashMap<String, usize>,
    /// The CRC-32 of every column chunk, row group by row group.
    checksums: Vec<u32>,
}

/// What is known of a row group without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowGroup {
    /// How many rows.
    pub rows: usize,
    /// The place of the first of them in the segment.
    pub first_row: usize,
    /// The smallest and largest `_timestamp` in microseconds since 1970; `None` where no row has one.
    pub time_range: Option<(i64, i64)>,
}

impl Layout {
    pub(super) fn new(metadata: Arc<ParquetMetaData>, schema: SchemaRef) -> Self {
        let columns: HashMap<String, usize> =
            schema.fields().iter().enumerate().map(|(place, field)| (field.name().clone(), place)).collect();
        let timestamp = columns.get(TIMESTAMP).copied();
        let mut first_row = 0;
        let row_groups = metadata
            .row_groups()
            .iter()
            .map(|group| {
                let rows = usize::try_from(group.num_rows()).unwrap_or(0);
                let time_range = timestamp.and_then(|column| time_range(group, column));
                let row_group = RowGroup { rows, first_row, time_range };
                first_row += rows;
                row_group
            })
            .collect();
        let checksums = checksums(&metadata);
        Self { schema, row_groups, metadata, columns, checksums }
    }

    /// Where in the file the chunks of columns are, in the order of the file.
    pub(super) fn chunks(&self, row_group: usize, columns: &[usize]) -> Vec<(usize, Range<u64>)> {
        let group = self.metadata.row_groups().get(row_group);
        let chunk = |column: &usize| {
            let (start, length) = group?.columns().get(*column)?.byte_range();
            Some((*column, start..start + length))
        };
        columns.iter().filter_map(chunk).collect()
    }

    /// Whether the bytes of a column chunk are as they were written, as far as the footer tells.
    pub(super) fn is_whole(&self, row_group: usize, column: usize, bytes: &[u8]) -> bool {
        let expected = self.checksums.get(row_group * self.columns.len() + column);
        expected.is_none_or(|expected| *expected == crc32fast::hash(bytes))
    }

    /// The place of a column in the file.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.get(name).copied()
    }

    /// The smallest and largest value of a column in a row group, and how many are null, where the file says so. Text may be
    /// cut off: what it gives are bounds.
    pub fn statistics(&self, row_group: usize, column: &str) -> Option<&Statistics> {
        let group = self.metadata.row_groups().get(row_group)?;
        group.columns().get(self.column(column)?)?.statistics()
    }

    /// Whether a text column is kept as numbers of the entries of a dictionary all through a row group.
    pub(super) fn is_dictionary(&self, row_group: usize, column: usize) -> bool {
        let is_text =
            self.schema.fields().get(column).map(|field| field.data_type()) == Some(&DataType::Utf8View);
        let chunk = self.metadata.row_groups().get(row_group).and_then(|group| group.columns().get(column));
        is_text
            && chunk.is_some_and(|chunk| {
                chunk.dictionary_page_offset().is_some()
                    && chunk.page_encoding_stats_mask().is_some_and(|mask| {
                        mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY)
                    })
            })
    }

    /// Bytes in memory, roughly.
    pub(crate) fn bytes(&self) -> usize {
        self.metadata.memory_size() + self.columns.len() * 96 + self.row_groups.len() * 48
    }
}

fn checksums(metadata: &ParquetMetaData) -> Vec<u32> {
    let pairs = metadata.file_metadata().key_value_metadata();
    let text =
        pairs.into_iter().flatten().find(|pair| pair.key == CHECKSUMS).and_then(|pair| pair.value.as_deref());
    let (digits, _) = text.unwrap_or_default().as_bytes().as_chunks::<8>();
    let number = |digits: &[u8; 8]| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    digits.iter().filter_map(number).collect()
}

fn time_range(group: &RowGroupMetaData, column: usize) -> Option<(i64, i64)> {
    match group.columns().get(column)?.statistics()? {
        Statistics::Int64(times) => Some((*times.min_opt()?, *times.max_opt()?)),
        _ => None,
    }
}
