//! A large answer, piece by piece, as something to read from.

use std::io::{self, Read};

use bytes::Bytes;
use engine::query::Bytestream;
use futures::StreamExt;
use tokio::runtime::Handle;

/// Waits for the next piece while it is read: only for threads that may block.
pub struct Pieces {
    stream: Bytestream,
    piece: Bytes,
    runtime: Handle,
}

impl Pieces {
    /// The bytes of the stream. To be made where the runtime is, to be read elsewhere.
    pub fn new(stream: Bytestream) -> Self {
        Self { stream, piece: Bytes::new(), runtime: Handle::current() }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.runtime.block_on(self.stream.next()) {
                None => return Ok(0),
                Some(piece) => self.piece = piece.map_err(io::Error::other)?,
            }
        }
        let length = buffer.len().min(self.piece.len());
        buffer[..length].copy_from_slice(&self.piece.split_to(length));
        Ok(length)
    }
}
