//! Writing segments.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::{SortColumn, SortOptions, lexsort_to_indices, take_record_batch};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use crate::log::sync_folder;
use crate::schema::{ID, SEQUENCE, TIMESTAMP, UPDATED_AT};

/// Rows in one batch of a decoded segment.
const BATCH_ROWS: usize = 65_536;
/// Rows in one row group.
const ROW_GROUP_ROWS: usize = 128 * 1024;

/// Sorts rows by `_timestamp` (rows without one first), then by order of insertion.
///
/// # Errors
/// Only when Arrow cannot sort, such as for too many rows.
pub fn sort(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let options = Some(SortOptions { descending: false, nulls_first: true });
    let columns: Vec<SortColumn> = [TIMESTAMP, SEQUENCE]
        .iter()
        .filter_map(|name| batch.column_by_name(name))
        .map(|values| SortColumn { values: Arc::clone(values), options })
        .collect();
    take_record_batch(batch, &lexsort_to_indices(&columns, None)?)
}

/// Writes a segment and makes it durable, the file and its name.
///
/// # Errors
/// When the file cannot be written; what there is of it is removed.
pub fn write(path: &Path, batch: &RecordBatch) -> io::Result<()> {
    let result = write_file(path, batch);
    if result.is_err() {
        // The first error is the one to tell; an orphan is removed later in any case.
        let _ = std::fs::remove_file(path);
    }
    result
}

fn write_file(path: &Path, batch: &RecordBatch) -> io::Result<()> {
    let file = File::create_new(path)?;
    let mut writer =
        ArrowWriter::try_new(&file, batch.schema(), Some(properties())).map_err(io::Error::other)?;
    writer.write(batch).map_err(io::Error::other)?;
    writer.close().map_err(io::Error::other)?;
    file.sync_all()?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// How segments are written: small enough row groups to be read one by one, and no dictionaries for what hardly repeats.
fn properties() -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS));
    for column in [ID, TIMESTAMP, UPDATED_AT, SEQUENCE] {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column), false);
    }
    properties.build()
}

/// Reads a whole segment.
///
/// # Errors
/// When it cannot be read: the error names the file.
pub fn read(path: &Path) -> io::Result<Vec<RecordBatch>> {
    let named = |error: String| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the segment {} cannot be read: {error}", path.display()),
        )
    };
    let file = File::open(path).map_err(|error| named(error.to_string()))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.with_batch_size(BATCH_ROWS).build())
        .map_err(|error| named(error.to_string()))?;
    reader.collect::<Result<_, _>>().map_err(|error| named(error.to_string()))
}
