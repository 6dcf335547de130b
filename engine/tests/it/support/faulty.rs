//! An object store that fails in the ways in which object stores fail, and can be cut off at any moment.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What can go wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was done.
    Refused,
    /// It was done, and the answer was lost.
    AnswerLost,
    /// Half of the bytes were written, under a name that nobody asks for again, and an error was told.
    Torn,
    /// Others come first.
    Late,
}

/// The store itself, with whatever happens to requests.
#[derive(Debug)]
pub struct Faulty {
    inner: Arc<InMemory>,
    /// How many in a hundred requests fail.
    percent: AtomicU64,
    seed: Mutex<u64>,
    /// After so many further writes nothing reaches the store any more.
    writes_left: AtomicU64,
    cut_off: AtomicBool,
    /// Whether it overwrites what should only be written where nothing is.
    forgets_conditions: AtomicBool,
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("faulty")
    }
}

fn failed(reason: &str) -> object_store::Error {
    object_store::Error::Generic { store: "faulty", source: reason.to_owned().into() }
}

impl Faulty {
    /// One that shares what is stored with others, and has its own way of failing.
    pub fn over(inner: &Arc<InMemory>, seed: u64, percent: u64) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::clone(inner),
            percent: AtomicU64::new(percent),
            seed: Mutex::new(seed.wrapping_mul(2).wrapping_add(1)),
            writes_left: AtomicU64::new(u64::MAX),
            cut_off: AtomicBool::new(false),
            forgets_conditions: AtomicBool::new(false),
        })
    }

    /// From now on it takes no notice of conditions, as some imitations of object stores.
    pub fn forget_conditions(&self) {
        self.forgets_conditions.store(true, Ordering::Relaxed);
    }

    /// From now on requests succeed.
    pub fn heal(&self) {
        self.percent.store(0, Ordering::Relaxed);
    }

    /// After so many further writes the store cannot be reached any more, as after a crash.
    pub fn cut_off_after(&self, writes: u64) {
        self.writes_left.store(writes, Ordering::Relaxed);
    }

    /// Whether that has happened.
    pub fn is_cut_off(&self) -> bool {
        self.cut_off.load(Ordering::Relaxed)
    }

    fn random(&self) -> u64 {
        let mut seed = self.seed.lock().unwrap();
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        *seed >> 11
    }

    fn fault(&self) -> Option<Fault> {
        if self.random() % 100 >= self.percent.load(Ordering::Relaxed) {
            return None;
        }
        Some(match self.random() % 4 {
            0 => Fault::Refused,
            1 => Fault::AnswerLost,
            2 => Fault::Torn,
            _ => Fault::Late,
        })
    }

    /// Lets a write through, or not.
    fn count_write(&self) -> Result<()> {
        let left = self.writes_left.load(Ordering::Relaxed);
        if left == 0 {
            self.cut_off.store(true, Ordering::Relaxed);
        } else if left < u64::MAX {
            self.writes_left.store(left - 1, Ordering::Relaxed);
        }
        self.reachable()
    }

    fn reachable(&self) -> Result<()> {
        if self.is_cut_off() { Err(failed("cut off")) } else { Ok(()) }
    }

    /// Whether a request that changes nothing fails.
    async fn read_fault(&self) -> Result<()> {
        self.reachable()?;
        match self.fault() {
            None => Ok(()),
            Some(Fault::Late) => {
                tokio::task::yield_now().await;
                Ok(())
            }
            Some(_) => Err(failed("a request failed")),
        }
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.count_write()?;
        let forgets = self.forgets_conditions.load(Ordering::Relaxed);
        let options = if forgets { PutOptions::default() } else { options };
        match self.fault() {
            None => self.inner.put_opts(location, payload, options).await,
            Some(Fault::Refused) => Err(failed("nothing was written")),
            Some(Fault::AnswerLost) => {
                self.inner.put_opts(location, payload, options).await?;
                Err(failed("the answer was lost"))
            }
            Some(Fault::Torn) => {
                let whole: Bytes = payload.into();
                let half = whole.slice(..whole.len() / 2);
                let name = Path::parse(format!("{location}.torn"))?;
                self.inner.put_opts(&name, half.into(), PutOptions::default()).await?;
                Err(failed("half was written"))
            }
            Some(Fault::Late) => {
                tokio::task::yield_now().await;
                self.inner.put_opts(location, payload, options).await
            }
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.read_fault().await?;
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.read_fault().await?;
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.count_write() {
            Ok(()) => self.inner.delete_stream(locations),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.read_fault().await?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
