//! What a frame of the log says: which data set, and what was done to it.
//!
//! Payload: length of the name (u16, little-endian), the name, one byte for the kind, then for an append the batch in
//! the form of [`batch_form`], for a delete the id, for a trim each id with its length (u32, little-endian) before it.

use std::io;

use arrow::array::RecordBatch;

use crate::log::batch_form;

/// A change to one data set.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Rows to add; those with a known id replace it.
    Append(RecordBatch),
    /// The id of a record to remove.
    Delete(String),
    /// The ids of many records to remove.
    Trim(Vec<String>),
    /// All records go; the columns stay.
    Empty,
    /// All records go, and the columns too.
    Drop,
}

impl Operation {
    /// The payload of a frame.
    ///
    /// # Errors
    /// When the name is longer than 65,535 bytes, or the batch cannot be encoded.
    pub fn encode(&self, data_set: &str) -> io::Result<Vec<u8>> {
        let length =
            u16::try_from(data_set.len()).map_err(|_| io::Error::other("the data set's name is too long"))?;
        let mut payload = length.to_le_bytes().to_vec();
        payload.extend(data_set.as_bytes());
        match self {
            Self::Append(batch) => {
                payload.push(b'a');
                batch_form::write(batch, &mut payload)?;
            }
            Self::Delete(id) => {
                payload.push(b'd');
                payload.extend(id.as_bytes());
            }
            Self::Trim(ids) => {
                payload.push(b't');
                for id in ids {
                    let length =
                        u32::try_from(id.len()).map_err(|_| io::Error::other("an id is too long"))?;
                    payload.extend(length.to_le_bytes());
                    payload.extend(id.as_bytes());
                }
            }
            Self::Empty => payload.push(b'e'),
            Self::Drop => payload.push(b'x'),
        }
        Ok(payload)
    }

    /// The data set and the operation of a payload.
    ///
    /// # Errors
    /// When the payload is not one that [`Operation::encode`] made.
    pub fn decode(payload: &[u8]) -> io::Result<(String, Self)> {
        Self::parse(payload).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "a frame of the log holds no known operation")
        })
    }

    fn parse(payload: &[u8]) -> Option<(String, Self)> {
        let (length, rest) = payload.split_first_chunk::<2>()?;
        let (name, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        let name = String::from_utf8(name.to_vec()).ok()?;
        let (kind, rest) = rest.split_first()?;
        let operation = match kind {
            b'a' => Self::Append(batch_form::read(rest)?),
            b'd' => Self::Delete(String::from_utf8(rest.to_vec()).ok()?),
            b't' => Self::Trim(ids(rest)?),
            b'e' => Self::Empty,
            b'x' => Self::Drop,
            _ => return None,
        };
        Some((name, operation))
    }
}

/// The ids of a trim.
fn ids(mut rest: &[u8]) -> Option<Vec<String>> {
    let mut ids = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (id, after) = after.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        ids.push(String::from_utf8(id.to_vec()).ok()?);
        rest = after;
    }
    Some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_come_back() {
        for operation in [
            Operation::Delete("é\"".to_owned()),
            Operation::Trim(vec!["é".to_owned(), String::new(), "b".to_owned()]),
            Operation::Empty,
            Operation::Drop,
        ] {
            let payload = operation.encode("licences").unwrap();
            assert_eq!(Operation::decode(&payload).unwrap(), ("licences".to_owned(), operation));
        }
    }

    #[test]
    fn nonsense_is_an_error() {
        for payload in [
            &b""[..],
            b"\x01",
            b"\x01\x00a",
            b"\x01\x00az",
            b"\x01\x00aa123",
            b"\xff\xffa",
            b"\x01\x00at\x05\x00\x00\x00a",
        ] {
            assert!(Operation::decode(payload).is_err());
        }
    }
}
