//! The form of a batch in the log: small for one record, and quick for many. It says all that a batch says, so that recovery
//! needs no rules and no schema.
//!
//! Rows (u32) and columns (u16), little-endian as everything; then of each column the length of its name (u16), its name, and one byte
//! of which the lower four bits are the type, bit 6 says that the field can be null, and bit 7 that nulls are among the values. In
//! that case one bit a row follows, set where there is a value. Then the values that there are: a byte for a boolean, eight for a number or a
//! time, and for a text its length (u32) and its bytes.

use std::io;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanBuilder, PrimitiveArray, PrimitiveBuilder,
    RecordBatch, StringViewBuilder,
};
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, TimeUnit, TimestampMicrosecondType};

use crate::columns::finish_texts;
use crate::schema::time_type;

const CAN_BE_NULL: u8 = 1 << 6;
const HAS_NULLS: u8 = 1 << 7;
const TYPE: u8 = 0b1111;

/// Appends a batch to the bytes.
///
/// # Errors
/// When it has a column that no record makes, or more rows or columns than there are numbers for.
pub fn write(batch: &RecordBatch, bytes: &mut Vec<u8>) -> io::Result<()> {
    let too_many = |_| io::Error::other("the batch is too large for the log");
    let rows = u32::try_from(batch.num_rows()).map_err(too_many)?;
    let columns = u16::try_from(batch.num_columns()).map_err(too_many)?;
    bytes.extend(rows.to_le_bytes());
    bytes.extend(columns.to_le_bytes());
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let length = u16::try_from(field.name().len()).map_err(too_many)?;
        bytes.extend(length.to_le_bytes());
        bytes.extend(field.name().as_bytes());
        let kind = match field.data_type() {
            DataType::Boolean => 0,
            DataType::Int64 => 1,
            DataType::Float64 => 2,
            DataType::Utf8View => 3,
            DataType::Timestamp(TimeUnit::Microsecond, _) => 4,
            other => return Err(io::Error::other(format!("the log has no form for {other}"))),
        };
        let can_be_null = if field.is_nullable() { CAN_BE_NULL } else { 0 };
        let has_nulls = if array.null_count() > 0 { HAS_NULLS } else { 0 };
        bytes.push(kind | can_be_null | has_nulls);
        if let Some(nulls) = array.nulls().filter(|_| has_nulls != 0) {
            let start = bytes.len();
            bytes.resize(start + array.len().div_ceil(8), 0);
            for row in nulls.valid_indices() {
                bytes[start + row / 8] |= 1 << (row % 8);
            }
        }
        match kind {
            0 => bytes.extend(array.as_boolean().iter().flatten().map(u8::from)),
            1 => numbers(array.as_primitive::<Int64Type>(), bytes, i64::to_le_bytes),
            2 => numbers(array.as_primitive::<Float64Type>(), bytes, f64::to_le_bytes),
            4 => numbers(array.as_primitive::<TimestampMicrosecondType>(), bytes, i64::to_le_bytes),
            _ => {
                for text in array.as_string_view().iter().flatten() {
                    let length = u32::try_from(text.len()).map_err(too_many)?;
                    bytes.extend(length.to_le_bytes());
                    bytes.extend(text.as_bytes());
                }
            }
        }
    }
    Ok(())
}

fn numbers<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    bytes: &mut Vec<u8>,
    form: fn(T::Native) -> [u8; 8],
) {
    if array.null_count() == 0 {
        array.values().iter().for_each(|value| bytes.extend(form(*value)));
    } else {
        array.iter().flatten().for_each(|value| bytes.extend(form(value)));
    }
}

/// Reads what [`write()`] has written; `None` if it has not.
pub fn read(bytes: &[u8]) -> Option<RecordBatch> {
    let mut rest = Rest(bytes);
    let rows = u32::from_le_bytes(rest.take()?) as usize;
    let columns = u16::from_le_bytes(rest.take()?);
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for _ in 0..columns {
        let length = u16::from_le_bytes(rest.take()?);
        let name = std::str::from_utf8(rest.slice(length.into())?).ok()?;
        let [flags] = rest.take()?;
        let bits = match flags & HAS_NULLS {
            0 => None,
            _ => Some(rest.slice(rows.div_ceil(8))?),
        };
        let is_there = |row: usize| bits.is_none_or(|bits| bits[row / 8] & (1 << (row % 8)) != 0);
        // What there is no room for is refused before memory is asked for it.
        let there = bits.map_or(rows, |bits| bits.iter().map(|byte| byte.count_ones() as usize).sum());
        let smallest = match flags & TYPE {
            0 => 1,
            3 => 4,
            _ => 8,
        };
        if there.saturating_mul(smallest) > rest.0.len() {
            return None;
        }
        let (data_type, array): (DataType, ArrayRef) = match flags & TYPE {
            0 => {
                let mut values = BooleanBuilder::with_capacity(rows);
                for row in 0..rows {
                    values.append_option(if is_there(row) { Some(rest.take::<1>()? != [0]) } else { None });
                }
                (DataType::Boolean, Arc::new(values.finish()))
            }
            1 => (DataType::Int64, Arc::new(rest.numbers::<Int64Type>(rows, is_there, i64::from_le_bytes)?)),
            2 => (
                DataType::Float64,
                Arc::new(rest.numbers::<Float64Type>(rows, is_there, f64::from_le_bytes)?),
            ),
            3 => {
                let mut values = StringViewBuilder::with_capacity(rows);
                for row in 0..rows {
                    if !is_there(row) {
                        values.append_null();
                        continue;
                    }
                    let length = u32::from_le_bytes(rest.take()?);
                    values.append_value(std::str::from_utf8(rest.slice(length as usize)?).ok()?);
                }
                (DataType::Utf8View, finish_texts(&mut values))
            }
            4 => {
                let times = rest.numbers::<TimestampMicrosecondType>(rows, is_there, i64::from_le_bytes)?;
                (time_type(), Arc::new(times.with_timezone("UTC")))
            }
            _ => return None,
        };
        fields.push(Field::new(name, data_type, flags & CAN_BE_NULL != 0));
        arrays.push(array);
    }
    if !rest.0.is_empty() {
        return None;
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).ok()
}

/// Bytes that are not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (slice, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(slice)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.slice(N)?.try_into().ok()
    }

    fn numbers<T: ArrowPrimitiveType>(
        &mut self,
        rows: usize,
        is_there: impl Fn(usize) -> bool,
        value: fn([u8; 8]) -> T::Native,
    ) -> Option<PrimitiveArray<T>> {
        let mut values = PrimitiveBuilder::<T>::with_capacity(rows);
        for row in 0..rows {
            values.append_option(if is_there(row) { Some(value(self.take()?)) } else { None });
        }
        Some(values.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{DecodeOptions, decode};

    fn batch(json: &str) -> RecordBatch {
        let options = DecodeOptions { auto_ids: &[], now: "2020-01-01T00:00:00Z".parse().unwrap() };
        decode(json.as_bytes(), &options).unwrap().numbered(&Arc::new(Schema::empty()), 7).unwrap()
    }

    #[test]
    fn a_batch_comes_back_as_it_was() {
        let rows: Vec<String> = (0..20)
            .map(|n| match n % 3 {
                0 => format!(r#"{{"_id": "a{n}", "nn": {n}, "ff": {n}.5, "bb": true}}"#),
                1 => {
                    format!(r#"{{"_id": "a{n}", "_timestamp": "2014-01-01T00:00:00.000001Z", "nn": "{n}"}}"#)
                }
                _ => {
                    format!(r#"{{"_id": "a{n}", "tt": "a text that is not short", "_end_at": "2014-01-01"}}"#)
                }
            })
            .collect();
        for json in ["[]".to_owned(), rows[0].clone(), rows[2].clone(), format!("[{}]", rows.join(","))] {
            let batch = batch(&json);
            let mut bytes = Vec::new();
            write(&batch, &mut bytes).unwrap();
            assert_eq!(read(&bytes).unwrap(), batch);
            for end in 0..bytes.len() {
                assert!(read(&bytes[..end]).is_none(), "cut at {end}");
            }
        }
    }

    #[test]
    fn one_record_is_little_more_than_what_it_says() {
        let mut bytes = Vec::new();
        write(&batch(r#"{"_id": "a", "_timestamp": "2014-01-01T00:00:00Z", "count": 5}"#), &mut bytes)
            .unwrap();
        assert_eq!(bytes.len(), 91);
    }

    #[test]
    fn numbers_that_promise_too_much_are_refused() {
        let mut bytes = u32::MAX.to_le_bytes().to_vec();
        bytes.extend(1u16.to_le_bytes());
        bytes.extend(1u16.to_le_bytes());
        bytes.extend([b'k', 1]);
        assert!(read(&bytes).is_none());
    }
}
