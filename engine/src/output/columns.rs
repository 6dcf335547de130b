//! Answers as columns: an Arrow stream or a Parquet file, for tools that read tables.
//!
//! A column has the narrowest type that holds all its values: integers, floats, booleans, times for the platform's own
//! keys, else text; lists and objects, and columns whose values are of several types, are JSON text.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::{Cell, Rows};

impl Rows {
    /// The rows as an Arrow IPC stream of one batch.
    ///
    /// # Errors
    /// Only when Arrow cannot write the columns.
    pub(super) fn to_arrow(&self) -> Result<Vec<u8>, ArrowError> {
        let batch = self.to_batch()?;
        let mut writer = StreamWriter::try_new(Vec::new(), batch.schema_ref())?;
        writer.write(&batch)?;
        writer.into_inner()
    }

    /// The rows as a Parquet file.
    ///
    /// # Errors
    /// Only when the columns cannot be written.
    pub(super) fn to_parquet(&self) -> Result<Vec<u8>, ArrowError> {
        let batch = self.to_batch()?;
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties()))?;
        writer.write(&batch)?;
        Ok(writer.into_inner()?)
    }

    fn to_batch(&self) -> Result<RecordBatch, ArrowError> {
        let mut fields = Vec::new();
        let mut arrays = Vec::new();
        for (name, place) in self.columns() {
            let cells: Vec<Option<&Cell>> =
                self.cells(place).map(|cell| cell.filter(|cell| **cell != Cell::Null)).collect();
            let array = column(name, &cells);
            fields.push(Field::new(name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(self.len()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
    }
}

/// How Parquet files are written.
pub fn properties() -> WriterProperties {
    WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build()
}

fn column(name: &str, cells: &[Option<&Cell>]) -> ArrayRef {
    let all = |is: fn(&Cell) -> bool| cells.iter().flatten().all(|cell| is(cell));
    if cells.iter().all(Option::is_none) {
        return Arc::new(StringArray::new_null(cells.len()));
    }
    if all(|cell| cell.as_whole().is_some()) {
        return Arc::new(cells.iter().map(|cell| cell.and_then(Cell::as_whole)).collect::<Int64Array>());
    }
    if all(|cell| cell.as_float().is_some()) {
        return Arc::new(cells.iter().map(|cell| cell.and_then(Cell::as_float)).collect::<Float64Array>());
    }
    if all(|cell| matches!(cell, Cell::Flag(_))) {
        let flag = |cell: &Option<&Cell>| cell.map(|cell| *cell == Cell::Flag(true));
        return Arc::new(cells.iter().map(flag).collect::<BooleanArray>());
    }
    if is_time_name(name)
        && let Some(times) = times(cells)
    {
        return Arc::new(times.with_timezone("UTC"));
    }
    let texts_only = all(|cell| matches!(cell, Cell::Text(_)));
    let text = |cell: &Cell| match cell {
        Cell::Text(text) if texts_only => text.plain().into_owned(),
        other => other.to_text(),
    };
    Arc::new(cells.iter().map(|cell| cell.map(text)).collect::<StringArray>())
}

/// Whether the platform's own key of that name holds times.
pub fn is_time_name(name: &str) -> bool {
    name.starts_with('_') && (name.ends_with("_at") || name == crate::schema::TIMESTAMP)
}

/// The moments of a column; `None` when one of the values is none.
fn times(cells: &[Option<&Cell>]) -> Option<TimestampMicrosecondArray> {
    let times = cells.iter().map(|cell| match cell {
        None => Some(None),
        Some(Cell::Text(text)) => Some(Some(query_lang::parse_timestamp(&text.plain())?.timestamp_micros())),
        Some(_) => None,
    });
    Some(times.collect::<Option<Vec<Option<i64>>>>()?.into())
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::DataType;
    use arrow::ipc::reader::StreamReader;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use serde_json::json;

    use super::*;

    fn answer() -> Rows {
        let rows = json!([
            {"_start_at": "2014-01-06T00:00:00+00:00", "aa": 1, "bb": 1, "cc": "x", "dd": [1], "ee": true},
            {"_start_at": "2014-01-13T00:00:00+01:00", "aa": null, "bb": 0.5, "cc": 5, "dd": null}
        ]);
        Rows::from_json(serde_json::from_value(rows).unwrap())
    }

    #[test]
    fn columns_have_the_types_of_their_values() {
        let batch = StreamReader::try_new(answer().to_arrow().unwrap().as_slice(), None).unwrap().next();
        let batch = batch.unwrap().unwrap();
        let types: Vec<String> =
            batch.schema_ref().fields().iter().map(|field| field.data_type().to_string()).collect();
        assert_eq!(types[1..], ["Int64", "Float64", "Utf8", "Utf8", "Boolean"]);
        assert!(matches!(batch.column(0).data_type(), DataType::Timestamp(..)));
        let texts: Vec<_> = batch.column(3).as_string::<i32>().iter().collect();
        assert_eq!(texts, [Some("\"x\""), Some("5")]);
    }

    #[test]
    fn parquet_files_read_back_as_the_same_columns() {
        let file = bytes::Bytes::from(answer().to_parquet().unwrap());
        let mut reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        assert_eq!(reader.next().unwrap().unwrap(), answer().to_batch().unwrap());
    }

    #[test]
    fn no_rows_are_no_columns() {
        let answer = Rows::default();
        assert_eq!(answer.to_batch().unwrap().num_columns(), 0);
        assert!(!answer.to_parquet().unwrap().is_empty() && !answer.to_arrow().unwrap().is_empty());
    }
}
