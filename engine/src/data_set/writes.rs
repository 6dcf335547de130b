//! From the log into the data set: operations wait for what the log decides about them, and are applied in its order.

use std::io;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, Schema};
use tokio::sync::oneshot;

use super::DataSet;
use super::search::{Found, Searched};
use crate::ids::IdHash;
use crate::log::{Outcome, Ticket};
use crate::operation::Operation;
use crate::schema::{SEQUENCE, system_fields};
use crate::store::StoreError;

/// An operation that waits for what the log decides.
#[derive(Debug)]
pub struct Pending {
    operation: Operation,
    searched: Searched,
    outcome: Outcome,
    /// Its position will not be below this.
    pub(super) floor: u64,
    /// Who waits for it to be applied.
    done: Option<Done>,
}

/// Whoever waits for a write.
pub type Done = oneshot::Sender<Result<(), StoreError>>;

/// What is needed to apply an operation, so that nothing can fail any more and nothing has to be waited for.
struct Ready {
    /// The rows of an append in the types of the data set.
    rows: Option<RecordBatch>,
    /// The rows in segments that no longer count.
    found: Vec<Found>,
}

impl DataSet {
    /// Notes an operation that was handed to the log, and where its records were found. What is returned tells when it is applied
    /// and readers may see it, or why it is not.
    pub fn expect(
        &mut self,
        operation: Operation,
        searched: Searched,
        ticket: Ticket,
    ) -> oneshot::Receiver<Result<(), StoreError>> {
        let (done, applied) = oneshot::channel();
        let Ticket { outcome, floor } = ticket;
        self.pending.push_back(Pending { operation, searched, outcome, floor, done: Some(done) });
        applied
    }

    /// Whether something that was handed to the log is not applied.
    pub fn is_anything_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Applies what the log has decided since the last time, in its order. Who waited is told by [`DataSet::tell`]. When this is
    /// broken off, nothing is applied by halves.
    ///
    /// # Errors
    /// When segments cannot be read: what could not be applied is tried again the next time.
    pub async fn catch_up(&mut self) -> io::Result<()> {
        while let Some((pending, decided)) =
            self.pending.front().and_then(|pending| Some((pending, pending.outcome.decided()?)))
        {
            let ready = match decided {
                Ok(position) => Ok((position, self.ready(&pending.operation, &pending.searched).await?)),
                Err(error) => Err(error),
            };
            let Some(pending) = self.pending.pop_front() else { break };
            let result = ready.map(|(position, ready)| {
                self.apply(&pending.operation, &pending.searched, ready, position);
            });
            self.finished.extend(pending.done.map(|done| (done, result.map_err(StoreError::Io))));
        }
        Ok(())
    }

    /// Lets those go who wait for what is in the log and cannot be applied. It is applied when that can be done.
    pub fn let_go(&mut self, reason: &io::Error) {
        let stuck =
            self.pending.iter_mut().filter(|pending| matches!(pending.outcome.decided(), Some(Ok(_))));
        for done in stuck.filter_map(|pending| pending.done.take()) {
            self.finished.push((done, Err(StoreError::NotVisibleYet { reason: reason.to_string() })));
        }
    }

    /// Tells those whose writes are decided; to be called when readers may see them.
    pub fn tell(&mut self) {
        for (done, result) in self.finished.drain(..) {
            // A writer that has gone away does not change what is there.
            let _ = done.send(result);
        }
    }

    /// Applies an operation that recovery found in the log at this position.
    ///
    /// # Errors
    /// When segments cannot be read.
    pub async fn recover(&mut self, operation: &Operation, position: u64) -> io::Result<()> {
        let searched = self.search().run(operation).await?;
        let ready = self.ready(operation, &searched).await?;
        self.apply(operation, &searched, ready, position);
        Ok(())
    }

    async fn ready(&self, operation: &Operation, searched: &Searched) -> io::Result<Ready> {
        let rows = match operation {
            Operation::Append(batch) => Some(self.buffer.reconciled(batch).map_err(io::Error::other)?),
            _ => None,
        };
        Ok(Ready { rows, found: self.found(searched).await? })
    }

    /// Applies an operation that is in the log at this position.
    fn apply(&mut self, operation: &Operation, searched: &Searched, ready: Ready, position: u64) {
        self.mark(ready.found, position);
        match operation {
            Operation::Append(_) => {
                if let Some(rows) = ready.rows {
                    self.add(rows, &searched.ids, position);
                }
            }
            Operation::Delete(_) | Operation::Trim(_) => {
                for id in &searched.ids {
                    if self.buffer.remove(*id) == Some(true) {
                        self.note_frozen(*id, position);
                    }
                }
            }
            Operation::Empty => self.clear(),
            Operation::Drop => {
                self.clear();
                self.buffer.set_schema(Arc::new(Schema::new(system_fields())));
            }
        }
        self.dropped = matches!(operation, Operation::Drop);
        self.version = position;
        self.snapshot = None;
        self.first_unflushed.get_or_insert(position);
    }

    fn add(&mut self, rows: RecordBatch, ids: &[IdHash], position: u64) {
        let numbers = rows.column_by_name(SEQUENCE).and_then(|column| column.as_primitive_opt::<Int64Type>());
        let last = numbers.and_then(|numbers| numbers.values().last().copied());
        self.next_sequence = self.next_sequence.max(last.map_or(0, |last| last + 1));
        for id in self.buffer.add(rows, ids) {
            self.note_frozen(id, position);
        }
    }

    fn clear(&mut self) {
        self.buffer.clear();
        self.segments.clear();
        self.generation += 1;
    }

    /// Marks rows of segments that no longer count from this position on.
    fn mark(&mut self, found: Vec<Found>, position: u64) {
        for Found { id, segment, row } in found {
            let Some(live) = self.segments.get_mut(segment) else { continue };
            live.mark(row, position, id);
            let file = &live.segment.facts().file;
            for job in self.running.iter_mut().filter(|job| job.files.contains(file)) {
                job.gone.push((position, id));
            }
        }
    }

    /// Tells the job that is writing the buffer that one of its rows no longer counts.
    fn note_frozen(&mut self, id: IdHash, position: u64) {
        for job in self.running.iter_mut().filter(|job| job.is_flush) {
            job.gone.push((position, id));
        }
    }
}
