//! Answering a query: planned, executed, shaped.
//!
//! ```text
//! Snapshot + Query -> scan: which units, which rows    (condition: filters as bits)
//!       grouped: kernel on every core -> Groups -> shape -> rows of cells   \
//!       raw: in order, newest few, or DataFusion's sort -> records            > Answer, or a stream of bytes
//! ```
//!
//! [`explain`] tells how an answer is found, [`cache`] keeps answers by the version of their data, [`stream`] gives large ones piece by piece, and [`limits`] says what a
//! query may take of the machine. Work that keeps a core busy is done by [`workers`], a unit of rows at a time: a query that
//! nobody waits for any more stops before the next unit.

mod cache;
mod condition;
mod explain;
mod group;
mod grouped;
pub(crate) mod kernel;
mod limits;
mod prune;
mod raw;
mod scan;
mod stream;
mod trace;
mod workers;

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryPool;
use futures::TryStreamExt;
use query_lang::{Query, Window};

pub use cache::{AskError, CacheStatistics};
pub(crate) use group::{Groups, Part};
pub use limits::{Activity, QueryLimits};
pub use stream::{Bytestream, Reply};

use crate::output::Answer;
use crate::shape;
use crate::snapshot::Snapshot;
use raw::RawQuery;
use trace::Trace;
use workers::Workers;

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryFailure {
    /// A sum or mean was asked of values that are not numbers.
    #[error("invalid collect function")]
    InvalidCollect {
        /// The key whose values they are.
        key: String,
    },
    /// The answer has nothing of that name to sort by.
    #[error("Cannot sort by {key}: the answer has no such field")]
    InvalidSort {
        /// What was to be sorted by.
        key: String,
    },
    /// The answer would be too large.
    #[error("the answer would have more than {limit} rows: ask for fewer periods or groups")]
    TooManyRows {
        /// The greatest number of rows.
        limit: u64,
    },
    /// It took too long.
    #[error("the query was stopped after {seconds} s: ask for a shorter time, fewer groups or fewer rows")]
    TooSlow {
        /// How long a query may take.
        seconds: f64,
    },
    /// It would have needed more memory than there is for queries.
    #[error(
        "the query needs more memory than there is for queries: ask for a shorter time, fewer groups or fewer rows"
    )]
    OutOfMemory,
    /// A file of records is broken or gone.
    #[error(transparent)]
    Segment(#[from] crate::segment::SegmentError),
    /// A computation panicked, or the process is about to end.
    #[error("the query was broken off")]
    BrokenOff,
    /// The plan failed.
    #[error("the query could not be run: {0}")]
    Execution(DataFusionError),
    /// Columns could not be computed.
    #[error("the answer could not be put together: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
}

/// A failure of ours that came by way of DataFusion is what it was.
impl From<DataFusionError> for QueryFailure {
    fn from(error: DataFusionError) -> Self {
        match error {
            DataFusionError::External(inner) => match inner.downcast::<Self>() {
                Ok(own) => *own,
                Err(other) => Self::Execution(DataFusionError::External(other)),
            },
            other => Self::Execution(other),
        }
    }
}

impl QueryFailure {
    /// Whether another query would do better, rather than another time.
    pub fn is_callers_fault(&self) -> bool {
        matches!(self, Self::InvalidCollect { .. } | Self::InvalidSort { .. } | Self::TooManyRows { .. })
    }
}

/// Answers queries. One for a process; cheap to share.
pub struct QueryEngine {
    workers: Arc<Workers>,
    context: Arc<TaskContext>,
    memory: Arc<dyn MemoryPool>,
    answers: cache::Answers,
    turns: Arc<limits::Turns>,
}

impl std::fmt::Debug for QueryEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("QueryEngine")
    }
}

impl Default for QueryEngine {
    fn default() -> Self {
        Self::new(QueryLimits::default())
    }
}

impl QueryEngine {
    /// An engine with limits of its own.
    #[must_use]
    pub fn new(limits: QueryLimits) -> Self {
        let runtime = limits.runtime();
        let context =
            TaskContext::default().with_session_config(limits.session()).with_runtime(Arc::clone(&runtime));
        Self {
            workers: Arc::new(Workers::new()),
            memory: Arc::clone(&runtime.memory_pool),
            context: Arc::new(context),
            answers: cache::answers(),
            turns: Arc::new(limits::Turns::new(&limits)),
        }
    }

    /// How many queries run, and how many were answered.
    pub fn activity(&self) -> Activity {
        self.turns.activity()
    }

    /// The answer to a query over one version of a data set. `now` anchors relative queries.
    ///
    /// # Errors
    /// [`QueryFailure`].
    pub async fn answer(
        &self,
        snapshot: Snapshot,
        query: &Query,
        now: DateTime<Utc>,
    ) -> Result<Answer, QueryFailure> {
        let answer = self.turns.take(self.compute(&snapshot, query, now, &Arc::default())).await?;
        Ok(answer.with_unknown_keys(snapshot.unknown_keys(query)))
    }

    async fn compute(
        &self,
        snapshot: &Snapshot,
        query: &Query,
        now: DateTime<Utc>,
        trace: &Arc<Trace>,
    ) -> Result<Answer, QueryFailure> {
        let window = query.window(now);
        if query.is_raw() {
            return self.records(snapshot, query, &window, trace).await;
        }
        shape::bounded(window.periods.map_or(Some(0), |periods| Some(periods.count())), query)?;
        let mut window = window;
        let mut groups = self.groups(snapshot, query, &window, trace).await?;
        if let Some(moved) = shape::shifted_window(&groups, &window) {
            window = moved;
            groups = self.groups(snapshot, query, &window, trace).await?;
        }
        let earlier = match query.compare.and_then(|by| window.earlier(by)) {
            Some(earlier) => self.groups(snapshot, query, &earlier, trace).await?,
            None => Groups::default(),
        };
        let begin = Instant::now();
        let cells = groups.parts.len() * (query.collect.len() + 1);
        let asked = query.clone();
        let shape =
            move || Ok(shape::grouped(&groups, &earlier, &asked, &window)?.with_fields(&asked.fields));
        let answer = self.workers.run(cells, shape).await?;
        trace.step("shape", begin);
        Ok(answer)
    }

    async fn groups(
        &self,
        snapshot: &Snapshot,
        query: &Query,
        window: &Window,
        trace: &Arc<Trace>,
    ) -> Result<Groups, QueryFailure> {
        grouped::groups(snapshot, query, window, &self.workers, &self.memory, trace).await
    }

    async fn records(
        &self,
        snapshot: &Snapshot,
        query: &Query,
        window: &Window,
        trace: &Arc<Trace>,
    ) -> Result<Answer, QueryFailure> {
        let begin = Instant::now();
        let raw = RawQuery::plan(snapshot, query, window, &self.workers, &self.context, trace).await?;
        trace.plan(raw.scan(), || raw.describe())?;
        trace.step("plan", begin);
        let begin = Instant::now();
        if let Some(cursor) = &query.cursor {
            let (batches, next) = raw.page(cursor).await?;
            trace.step("records", begin);
            return Ok(Answer::from(raw.records(batches)?).with_next(next));
        }
        let batches = raw.batches().await?.try_collect().await?;
        trace.step("records", begin);
        Ok(raw.records(batches)?.into())
    }
}
