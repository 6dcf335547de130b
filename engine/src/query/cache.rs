//! Answers that were given before.
//!
//! An answer is a function of the version of its data set, the query and, for relative queries, the window that the present
//! decides. These make its key, so that an answer is never out of date and never has to be taken back. Whoever asks for
//! what is being computed waits for it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use query_lang::Query;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::{QueryEngine, QueryFailure};
use crate::output::Answer;
use crate::store::{Store, StoreError};

/// How much memory answers may take, in bytes, roughly.
const CAPACITY: u64 = 64 * 1024 * 1024;
/// How many answers there usually are.
const USUAL_COUNT: usize = 4096;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The records could not be had.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The query could not be answered.
    #[error(transparent)]
    Query(#[from] QueryFailure),
}

#[derive(Debug, Clone)]
pub(super) struct ByteCount;

impl Weighter<String, Arc<Answer>> for ByteCount {
    fn weight(&self, key: &String, answer: &Arc<Answer>) -> u64 {
        (key.len() + 64 + answer.bytes()) as u64
    }
}

/// How well the cache of answers does, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStatistics {
    /// Answers that were there.
    pub hits: u64,
    /// Answers that were not.
    pub misses: u64,
    /// Bytes that answers take now, roughly.
    pub bytes: u64,
}

pub(super) type Answers = Cache<String, Arc<Answer>, ByteCount>;

pub(super) fn answers() -> Answers {
    Cache::with_weighter(USUAL_COUNT, CAPACITY, ByteCount)
}

impl QueryEngine {
    /// How well the cache of answers does.
    #[must_use]
    pub fn cache_statistics(&self) -> CacheStatistics {
        let answers = &self.answers;
        CacheStatistics { hits: answers.hits(), misses: answers.misses(), bytes: answers.weight() }
    }

    /// The answer to a query over a data set as it is now; the same question to the same records is computed once.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn ask(
        &self,
        store: &Store,
        data_set: &str,
        query: &Query,
        now: DateTime<Utc>,
    ) -> Result<Arc<Answer>, AskError> {
        let window = query.is_relative().then(|| query.window(now));
        let version = store.version(data_set).await?;
        let key = format!("{data_set}\n{version}\n{query}\n{window:?}");
        let compute = async {
            let snapshot = store.snapshot(data_set).await?;
            Ok(Arc::new(self.answer(snapshot, query, now).await?))
        };
        self.answers.get_or_insert_async(&key, compute).await
    }
}
