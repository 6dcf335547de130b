//! Ways from bytes into what reads files, for the fuzz targets and the test that replays what they have found.
//!
//! Whatever the bytes are, nothing panics, and memory is bounded by what they are.

use chrono::DateTime;

use crate::buffer::Buffer;
use crate::decode::{DecodeOptions, decode, decode_changes};
use crate::log::frames;
use crate::manifest::{self, Manifest};
use crate::operation::Operation;

/// Reads bytes as the body of a write, and as that of a PATCH. Whether they are records.
pub fn body(bytes: &[u8]) -> bool {
    let auto_ids = ["aa".to_owned(), "_timestamp".to_owned()];
    let now = DateTime::UNIX_EPOCH;
    let taken = decode(bytes, &DecodeOptions { auto_ids: &[], now });
    if let Ok(batch) = &taken {
        assert_eq!(batch.records().count(), batch.rows());
    }
    let _ = decode(bytes, &DecodeOptions { auto_ids: &auto_ids, now });
    let _ = decode_changes(bytes, now);
    taken.is_ok()
}

/// Reads bytes as a file of the log. How many frames are whole.
pub fn log_file(bytes: &[u8]) -> usize {
    let mut whole = 0;
    let end = frames(bytes, &mut |frame| {
        whole += 1;
        operation(&frame.payload);
        Ok(())
    });
    assert!(end.is_ok_and(|end| end <= bytes.len()));
    whole
}

/// Reads bytes as the payload of a frame, and applies it. Whether they are one.
pub fn operation(bytes: &[u8]) -> bool {
    let Ok((_, operation)) = Operation::decode(bytes) else { return false };
    if let Operation::Append(batch) = operation {
        let manifest = Manifest::new("fuzzed");
        let mut buffer = Buffer::new(manifest.schema(), manifest.id_key);
        if let Ok(batch) = buffer.reconciled(&batch) {
            let ids = manifest.id_key.hashes(&batch);
            buffer.add(batch, &ids);
            let _ = buffer.rows();
        }
    }
    true
}

/// Reads bytes as a manifest. Whether they are one.
pub fn manifest(bytes: &[u8]) -> bool {
    manifest::parse(bytes).is_ok()
}
