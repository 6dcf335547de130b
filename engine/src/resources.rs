//! What all data sets of a store share: memory for decoded pieces of segments, and threads for work that keeps a core busy.

use std::io;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::oneshot;

use crate::counters::Counts;
use crate::segment::{IdHead, Layout};

/// Which piece of which segment. Segments are numbered as they are opened, so that no two have one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PieceKey {
    /// The number of the segment in this process.
    pub segment: u64,
    /// The piece of it.
    pub piece: PieceName,
}

/// A piece of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PieceName {
    /// Its footer.
    Layout,
    /// The head of its file of ids.
    IdHead,
    /// A block of its file of ids.
    IdBlock(u32),
    /// One column of one row group.
    Column {
        /// The row group.
        row_group: u32,
        /// The place of the column in the file.
        column: u32,
    },
}

/// A piece as it is kept.
#[derive(Debug, Clone)]
pub enum Piece {
    /// A footer, decoded.
    Layout(Arc<Layout>),
    /// The values of a column in one row group.
    Column(ArrayRef),
    /// The head of a file of ids.
    IdHead(Arc<IdHead>),
    /// A block of a file of ids, as it is in the file.
    IdBlock(Bytes),
}

#[derive(Debug, Clone)]
struct ByteCount;

impl Weighter<PieceKey, Piece> for ByteCount {
    fn weight(&self, _: &PieceKey, piece: &Piece) -> u64 {
        let bytes = match piece {
            Piece::Layout(layout) => layout.bytes(),
            Piece::Column(array) => array.get_array_memory_size(),
            Piece::IdHead(head) => head.memory(),
            Piece::IdBlock(bytes) => bytes.len(),
        };
        (bytes + 128) as u64
    }
}

/// Shared by all data sets of a store.
#[derive(Debug)]
pub struct Resources {
    pieces: Cache<PieceKey, Piece, ByteCount>,
    /// For those who wait.
    foreground: ThreadPool,
    /// For flushes and compactions: half of the cores, so that queries always find one.
    background: ThreadPool,
    /// What was done.
    pub counts: Counts,
}

impl Resources {
    /// With so many bytes for decoded pieces.
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub fn new(cache_bytes: u64) -> io::Result<Arc<Self>> {
        const USUAL_BYTES: u64 = 256 * 1024;
        let usual_count = usize::try_from(cache_bytes / USUAL_BYTES).unwrap_or(usize::MAX).max(64);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let pool = |name: &'static str, threads: usize| {
            let builder = ThreadPoolBuilder::new().num_threads(threads);
            // whoever waits for work that panics is told; without a handler the process would end
            let builder = builder.panic_handler(|_| tracing::error!("a computation of the engine panicked"));
            builder.thread_name(move |number| format!("{name}-{number}")).build().map_err(io::Error::other)
        };
        Ok(Arc::new(Self {
            pieces: Cache::with_weighter(usual_count, cache_bytes, ByteCount),
            foreground: pool("decode", cores)?,
            background: pool("merge", cores.div_ceil(2))?,
            counts: Counts::default(),
        }))
    }

    /// A piece that is kept.
    pub fn piece(&self, key: &PieceKey) -> Option<Piece> {
        let piece = self.pieces.get(key);
        let count = if piece.is_some() { &self.counts.cache_hits } else { &self.counts.cache_misses };
        count.one();
        piece
    }

    /// Keeps a piece for as long as there is room.
    pub fn keep(&self, key: PieceKey, piece: Piece) {
        self.pieces.insert(key, piece);
    }

    /// Whether so many bytes are more than one reader may take of the room for pieces: an eighth.
    pub fn is_much(&self, bytes: usize) -> bool {
        bytes as u64 > self.pieces.capacity() / 8
    }

    /// Bytes of the pieces that are kept.
    pub fn kept_bytes(&self) -> u64 {
        self.pieces.weight()
    }

    /// How many cores work for those who wait.
    pub fn cores(&self) -> usize {
        self.foreground.current_num_threads()
    }

    /// Does work for somebody who waits, off the threads that answer requests.
    ///
    /// # Errors
    /// When the work panics.
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        on(&self.foreground, work).await
    }

    /// Does work for which nobody waits.
    ///
    /// # Errors
    /// When the work panics.
    pub async fn compute_behind<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        on(&self.background, work).await
    }
}

async fn on<T: Send + 'static>(
    pool: &ThreadPool,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = oneshot::channel();
    pool.spawn(move || {
        // whoever asked may have gone away
        let _ = sender.send(work());
    });
    receiver.await.map_err(|_| io::Error::other("a computation of the engine was broken off"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_the_threads_go_on() {
        let resources = Resources::new(0).unwrap();
        let broken = resources.compute(|| panic!("on purpose")).await;
        assert!(broken.is_err());
        assert_eq!(resources.compute(|| 7).await.unwrap(), 7);
    }
}
