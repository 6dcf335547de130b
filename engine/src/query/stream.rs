//! Large answers, piece by piece in bounded memory.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use query_lang::{Format, Query};

use super::limits::{Streaming, Turns};
use super::raw::{Batches, RawQuery};
use super::{AskError, QueryEngine, QueryFailure};
use crate::output::{Answer, Survey, Writer};
use crate::snapshot::Snapshot;
use crate::store::Store;

/// Records up to which an answer is made, and kept, as a whole.
const WHOLE_ROWS: usize = 10_000;
/// Rows of the beginning that are kept while what must be known of all of them is not yet.
const KEPT_ROWS: usize = 65_536;
/// What a value of an answer takes in memory, roughly.
const USUAL_VALUE_BYTES: usize = 64;
/// Bytes from which on a piece is given away.
const PIECE_BYTES: usize = 64 * 1024;

/// The bytes of an answer in the order in which they are to be sent. An error ends it too early.
pub type Bytestream = BoxStream<'static, Result<Bytes, QueryFailure>>;

/// What is answered.
pub enum Reply {
    /// A whole answer, which others may share.
    Whole(Arc<Answer>),
    /// Many records in the form asked for.
    Stream(Bytestream),
}

impl QueryEngine {
    /// The answer to a query over a data set as it is now: as a whole, or as a stream where it has many records. What is streamed
    /// is of one version too. The deadline counts the engine's work on each piece, not how long it takes to send it.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn reply(
        &self,
        store: &Store,
        data_set: &str,
        query: &Query,
        format: Format,
        now: DateTime<Utc>,
    ) -> Result<Reply, AskError> {
        let is_large = |rows: usize| rows > WHOLE_ROWS;
        let limit = query.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        if query.is_raw() && query.cursor.is_none() && is_large(limit) {
            let snapshot = store.snapshot(data_set).await?;
            if is_large(snapshot.rows())
                && let Some(stream) = self.stream(&snapshot, query, format, now).await?
            {
                return Ok(Reply::Stream(stream));
            }
        }
        Ok(Reply::Whole(self.ask(store, data_set, query, now).await?))
    }

    /// A whole answer in a form, after a text that is there already; what takes long is done by other threads.
    ///
    /// # Errors
    /// Only when a table cannot be written.
    pub async fn write(
        &self,
        answer: &Arc<Answer>,
        format: Format,
        text: Vec<u8>,
    ) -> Result<Vec<u8>, QueryFailure> {
        let (answer, values) = (Arc::clone(answer), answer.bytes() / USUAL_VALUE_BYTES);
        self.workers.run(values, move || Ok(answer.write_after(text, format)?)).await
    }

    /// The records of a raw query as a stream of bytes, of which the first piece is there; `None` when they are few.
    ///
    /// # Errors
    /// [`QueryFailure`].
    pub async fn stream(
        &self,
        snapshot: &Snapshot,
        query: &Query,
        format: Format,
        now: DateTime<Utc>,
    ) -> Result<Option<Bytestream>, QueryFailure> {
        let (window, trace) = (query.window(now), Arc::default());
        let plan = RawQuery::plan(snapshot, query, &window, &self.workers, &self.context, &trace);
        let raw = self.turns.take_for_part(plan).await?;
        if raw.most_rows() <= WHOLE_ROWS {
            return Ok(None);
        }
        let mut batches = self.turns.take(raw.batches()).await?;
        let mut survey = Survey::new(format, raw.schema(), &query.fields);
        let (mut early, mut early_rows) = (VecDeque::new(), 0);
        while !survey.is_settled() {
            let Some(batch) = self.turns.take_for_part(next(&mut batches)).await? else { break };
            survey.add(&batch);
            early_rows += batch.num_rows();
            if early_rows <= KEPT_ROWS {
                early.push_back(batch);
            }
        }
        if early_rows > KEPT_ROWS {
            // Too many rows had to be seen: they are read again.
            early.clear();
            batches = self.turns.take_for_part(raw.batches()).await?;
        }
        let writer = Some(Writer::new(survey)?);
        let (turns, streaming) = (Arc::clone(&self.turns), Streaming::new(&self.turns));
        let pieces = Pieces { turns, early, batches, writer, _streaming: streaming };
        let mut pieces = stream::try_unfold(pieces, Pieces::next).boxed();
        // Whoever cannot be given the first piece is refused, rather than cut off.
        let first = pieces.try_next().await?;
        Ok(Some(stream::iter(first.map(Ok)).chain(pieces).boxed()))
    }
}

async fn next(batches: &mut Batches) -> Result<Option<RecordBatch>, QueryFailure> {
    batches.try_next().await
}

/// An answer on its way out.
struct Pieces {
    turns: Arc<Turns>,
    /// Batches that have been read already.
    early: VecDeque<RecordBatch>,
    batches: Batches,
    /// `None` when the end has been written.
    writer: Option<Writer>,
    _streaming: Streaming,
}

impl Pieces {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, QueryFailure> {
        let turns = Arc::clone(&self.turns);
        let Some(writer) = self.writer.take() else { return Ok(None) };
        turns.take_for_part(self.write(writer)).await.map(Some)
    }

    async fn write(mut self, mut writer: Writer) -> Result<(Bytes, Self), QueryFailure> {
        loop {
            let batch = match self.early.pop_front() {
                Some(batch) => Some(batch),
                None => next(&mut self.batches).await?,
            };
            let Some(batch) = batch else {
                return Ok((writer.finish()?.into(), self));
            };
            writer.write(&batch)?;
            if writer.ready() >= PIECE_BYTES {
                let piece = writer.take().into();
                return Ok((piece, Self { writer: Some(writer), ..self }));
            }
        }
    }
}
