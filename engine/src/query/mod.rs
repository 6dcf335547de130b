//! Answering a query: planned onto DataFusion, executed, shaped.
//!
//! ```text
//! Snapshot + Query -> scan (which batches, which rows) -> raw: rows, sorted and cut
//!                                                      -> aggregate: groups with what was collected -> shape -> Answer
//! ```
//!
//! [`cache`] keeps answers by the version of their data, and [`limits`] what a query may take of the machine. Plans are built directly, without SQL. Periods are computed by a function of our own (`period_function`), which keeps the
//! bounds of the last period and is several times faster than the general truncation of dates.

mod aggregate;
mod cache;
mod collect;
mod explain;
mod filter;
mod group;
mod limits;
mod period_function;
mod raw;
mod scan;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SessionContext;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::prelude::SessionConfig;
use query_lang::Query;

pub use cache::AskError;
pub use group::{Group, Groups};
pub use limits::{Activity, QueryLimits};

use crate::output::Answer;
use crate::shape;
use crate::snapshot::Snapshot;

/// Rows from which on a query is spread over all cores; below, the overhead is larger than the gain.
const PARALLEL_ROWS: usize = 200_000;

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
    #[error(
        "the query was stopped after {seconds} seconds: ask for a shorter time, fewer groups or fewer rows"
    )]
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
    /// The plan failed.
    #[error("the query could not be run: {0}")]
    Execution(#[from] DataFusionError),
    /// Columns could not be computed.
    #[error("the answer could not be put together: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
}

impl QueryFailure {
    /// Whether another query would do better, rather than another time.
    pub fn is_callers_fault(&self) -> bool {
        matches!(self, Self::InvalidCollect { .. } | Self::InvalidSort { .. } | Self::TooManyRows { .. })
    }
}

/// Answers queries. One for a process; cheap to share.
pub struct QueryEngine {
    small: SessionContext,
    large: SessionContext,
    answers: cache::Answers,
    turns: limits::Turns,
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

fn context(partitions: usize, runtime: &Arc<RuntimeEnv>) -> SessionContext {
    let config = SessionConfig::new().with_target_partitions(partitions).with_batch_size(8_192);
    SessionContext::new_with_state(
        SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(runtime.clone())
            .with_default_features()
            .build(),
    )
}

impl QueryEngine {
    /// An engine with limits of its own.
    #[must_use]
    pub fn new(limits: QueryLimits) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let runtime = limits.runtime();
        Self {
            small: context(1, &runtime),
            large: context(cores, &runtime),
            answers: cache::answers(),
            turns: limits::Turns::new(&limits),
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
        self.turns.take(self.compute(snapshot, query, now)).await
    }

    async fn compute(
        &self,
        snapshot: Snapshot,
        query: &Query,
        now: DateTime<Utc>,
    ) -> Result<Answer, QueryFailure> {
        let context = if snapshot.rows() < PARALLEL_ROWS { &self.small } else { &self.large };
        let window = query.window(now);
        let mut answer = if query.is_raw() {
            raw::rows(context, &snapshot, query, &window).await?
        } else {
            shape::bounded(window.periods.map_or(Some(0), |periods| Some(periods.count())))?;
            let mut window = window;
            let mut groups = aggregate::groups(context, &snapshot, query, &window).await?;
            if let Some(moved) = shape::shifted_window(&groups, &window) {
                window = moved;
                groups = aggregate::groups(context, &snapshot, query, &window).await?;
            }
            let earlier = match query.compare.and_then(|by| window.earlier(by)) {
                Some(earlier) => aggregate::groups(context, &snapshot, query, &earlier).await?,
                None => Groups::default(),
            };
            shape::grouped(&groups, &earlier, query, &window)?
        };
        answer.keep_fields(&query.fields);
        Ok(answer)
    }
}
