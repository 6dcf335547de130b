//! Threads for work that keeps a core busy, so that those that answer requests stay free.
//!
//! They are a runtime of their own, because DataFusion sorts inside the tasks that it spawns: these have to land here too.

use std::io;

use futures::stream::{self, StreamExt};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::QueryFailure;
use super::raw::Batches;

/// Rows, or values, up to which work is done at once: handing it to another thread would cost more than it takes.
const AT_ONCE: usize = 32_768;
/// Batches that are ready before somebody takes them.
const AHEAD: usize = 2;

/// The threads of an engine, one a core.
#[derive(Debug)]
pub struct Workers {
    /// `None` where the system gives no more threads: then work is done by those that there are.
    runtime: Option<Runtime>,
    cores: usize,
}

impl Workers {
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let runtime = || -> io::Result<Runtime> {
            Builder::new_multi_thread().worker_threads(cores).thread_name("query").enable_all().build()
        };
        Self { runtime: runtime().ok(), cores }
    }

    /// Among how many threads work on so many rows is worth sharing.
    pub fn shares(&self, rows: usize) -> usize {
        (rows / AT_ONCE).clamp(1, self.cores)
    }

    fn for_rows(&self, rows: usize) -> Option<&Runtime> {
        self.runtime.as_ref().filter(|_| rows > AT_ONCE)
    }

    /// Does work on so many rows, or values where there are several a row. Whoever goes away before it is begun takes it back.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn run<T: Send + 'static>(
        &self,
        rows: usize,
        work: impl FnOnce() -> Result<T, QueryFailure> + Send + 'static,
    ) -> Result<T, QueryFailure> {
        let Some(runtime) = self.for_rows(rows) else { return work() };
        let mut task = JoinSet::new();
        task.spawn_on(async move { work() }, runtime.handle());
        match task.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(_)) | None => Err(QueryFailure::BrokenOff),
        }
    }

    /// Batches that are made of so many rows with much work, as `make` begins it. Whoever drops them stops it.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn batches(
        &self,
        rows: usize,
        make: impl FnOnce() -> Result<Batches, QueryFailure>,
    ) -> Result<Batches, QueryFailure> {
        let Some(runtime) = self.for_rows(rows) else { return make() };
        let mut batches = {
            let _tasks_land_here = runtime.enter();
            make()?
        };
        let (sender, receiver) = mpsc::channel(AHEAD);
        let mut task = JoinSet::new();
        let drive = async move {
            while let Some(batch) = batches.next().await {
                if sender.send(batch).await.is_err() {
                    break;
                }
            }
        };
        task.spawn_on(drive, runtime.handle());
        let next = |(mut receiver, mut task): (mpsc::Receiver<_>, JoinSet<()>)| async {
            if let Some(batch) = receiver.recv().await {
                return Some((batch, (receiver, task)));
            }
            // The end, unless it is that of the task.
            let is_broken = matches!(task.join_next().await, Some(Err(_)));
            is_broken.then(|| (Err(QueryFailure::BrokenOff), (receiver, task)))
        };
        Ok(stream::unfold((receiver, task), next).boxed())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // A runtime must not be waited for in another one, where engines are dropped.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
