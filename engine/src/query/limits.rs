//! What a query may take of the machine: time, memory, and a place among the queries that run.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::SessionConfig;
use tokio::sync::Semaphore;

use super::QueryFailure;

/// The limits of an engine.
#[derive(Debug, Clone, Copy)]
pub struct QueryLimits {
    /// How long a query may take, waiting included.
    pub deadline: Duration,
    /// How many bytes all queries together may use for grouping and sorting. Sorts that need more go by way of the disk.
    pub memory: usize,
    /// How many queries run at the same time; others wait for their turn.
    pub concurrent: NonZeroUsize,
}

impl Default for QueryLimits {
    /// Half a minute, 1 GiB, and four queries a core.
    fn default() -> QueryLimits {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let concurrent = cores.saturating_mul(NonZeroUsize::MIN.saturating_add(3));
        QueryLimits { deadline: Duration::from_secs(30), memory: 1 << 30, concurrent }
    }
}

impl QueryLimits {
    /// What DataFusion runs in.
    pub(super) fn runtime(&self) -> Arc<RuntimeEnv> {
        let pool = Arc::new(FairSpillPool::new(self.memory));
        RuntimeEnvBuilder::new().with_memory_pool(pool).build_arc().unwrap_or_default()
    }

    /// How DataFusion sorts. What it sets aside for the end of a sort that went by way of the disk has to fit in.
    pub(super) fn session(&self) -> SessionConfig {
        const USUAL_RESERVATION: usize = 10 << 20;
        let reservation = (self.memory / 8).min(USUAL_RESERVATION);
        SessionConfig::new().with_batch_size(8_192).with_sort_spill_reservation_bytes(reservation)
    }
}

/// The places of the queries that run.
#[derive(Debug)]
pub(super) struct Turns {
    places: Semaphore,
    all: usize,
    deadline: Duration,
    streaming: AtomicUsize,
    answered: AtomicU64,
}

/// What an engine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// How many queries run now. One that nobody waits for any more stops, and counts no longer.
    pub running: usize,
    /// How many answers are on their way out piece by piece. One that nobody takes any more counts no longer.
    pub streaming: usize,
    /// How many have been answered, those from the cache aside.
    pub answered: u64,
}

impl Turns {
    pub(super) fn new(limits: &QueryLimits) -> Turns {
        let all = limits.concurrent.get();
        let places = Semaphore::new(all);
        let (streaming, answered) = (AtomicUsize::new(0), AtomicU64::new(0));
        Turns { places, all, deadline: limits.deadline, streaming, answered }
    }

    pub(super) fn activity(&self) -> Activity {
        let running = self.all.saturating_sub(self.places.available_permits());
        let streaming = self.streaming.load(Ordering::Relaxed);
        Activity { running, streaming, answered: self.answered.load(Ordering::Relaxed) }
    }

    /// Runs a query when it is its turn, unless its time is over before it has an answer.
    pub(super) async fn take<T>(
        &self,
        query: impl Future<Output = Result<T, QueryFailure>>,
    ) -> Result<T, QueryFailure> {
        let answer = self.take_for_part(query).await?;
        self.answered.fetch_add(1, Ordering::Relaxed);
        Ok(answer)
    }

    /// The same for a part of the work of a query.
    pub(super) async fn take_for_part<T>(
        &self,
        query: impl Future<Output = Result<T, QueryFailure>>,
    ) -> Result<T, QueryFailure> {
        let over = || QueryFailure::TooSlow { seconds: self.deadline.as_secs_f64() };
        let started = Instant::now();
        let turn = async {
            // Nobody closes the places, so there is one to be had.
            let _place = self.places.acquire().await;
            if started.elapsed() >= self.deadline {
                return Err(over());
            }
            query.await
        };
        match tokio::time::timeout(self.deadline, turn).await {
            Ok(answer) => answer.map_err(QueryFailure::or_out_of_memory),
            Err(_) => Err(over()),
        }
    }
}

/// An answer that counts as streaming for as long as this is there.
#[derive(Debug)]
pub(super) struct Streaming(Arc<Turns>);

impl Streaming {
    pub(super) fn new(turns: &Arc<Turns>) -> Streaming {
        turns.streaming.fetch_add(1, Ordering::Relaxed);
        Streaming(Arc::clone(turns))
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.0.streaming.fetch_sub(1, Ordering::Relaxed);
    }
}

impl QueryFailure {
    /// Tells a query that would have needed too much memory from one that failed.
    fn or_out_of_memory(self) -> QueryFailure {
        match self {
            QueryFailure::Execution(error)
                if matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)) =>
            {
                tracing::warn!(%error, "a query needs more memory than there is for queries");
                QueryFailure::OutOfMemory
            }
            other => other,
        }
    }
}
