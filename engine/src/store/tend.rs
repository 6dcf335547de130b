//! What the store does by itself: flushing, putting segments together, cleaning up, renewing its lease.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use chrono::Utc;

use super::options::FLUSHES;
use super::slot::Slot;
use super::{Store, StoreError};
use crate::lease::RENEWED_EVERY;

/// Starts it; it ends when nobody holds the store any more.
pub fn in_background(store: &Arc<Store>) {
    tokio::spawn(flush(Arc::downgrade(store)));
    if store.log.is_some() {
        tokio::spawn(compact(Arc::downgrade(store)));
    }
    if store.lease.is_some() {
        tokio::spawn(renew(Arc::downgrade(store)));
    }
}

/// Flushes all data sets every now and then, and those at once that ask for it.
async fn flush(store: Weak<Store>) {
    let Some((every, wake)) =
        store.upgrade().map(|store| (store.options.flush_interval, Arc::clone(&store.wake)))
    else {
        return;
    };
    let mut next = tokio::time::Instant::now() + every;
    loop {
        let is_time = tokio::time::timeout_at(next, wake.notified()).await.is_err();
        let Some(store) = store.upgrade() else { return };
        if is_time {
            store.tend().await;
            next = tokio::time::Instant::now() + every;
        } else {
            let all = store.log_is_long();
            let is_wanted = |slot: &Arc<Slot>| all || slot.flush_wanted.load(Ordering::Acquire);
            store.flush_some(store.slots().into_iter().filter(is_wanted).collect()).await;
            store.cut_log_or_warn().await;
        }
    }
}

async fn compact(store: Weak<Store>) {
    loop {
        let Some(every) = store.upgrade().map(|store| store.options.flush_interval) else { return };
        tokio::time::sleep(every).await;
        let Some(store) = store.upgrade() else { return };
        for slot in store.slots() {
            if let Err(error) = slot.compact(&store, false).await {
                tracing::error!(data_set = slot.name(), %error, "cannot put segments together");
            }
        }
    }
}

async fn renew(store: Weak<Store>) {
    loop {
        tokio::time::sleep(RENEWED_EVERY).await;
        let Some(store) = store.upgrade() else { return };
        let Some(lease) = &store.lease else { return };
        match lease.renew(Utc::now()).await {
            Err(StoreError::LostLease { .. }) => return,
            Err(error) => tracing::warn!(%error, "cannot renew the lease on the store"),
            Ok(()) => {}
        }
    }
}

impl Store {
    /// Flushes data sets that have waited, deletes files that nobody needs, and closes data sets that nobody uses.
    async fn tend(&self) {
        let slots = self.slots();
        if self.log.is_some() {
            self.flush_some(slots.clone()).await;
            self.cut_log_or_warn().await;
        }
        for slot in &slots {
            if let Err(error) = slot.clean(self).await {
                tracing::warn!(data_set = slot.name(), %error, "cannot clean up");
            }
        }
        self.close_idle(slots).await;
    }

    async fn flush_some(&self, slots: Vec<Arc<Slot>>) {
        let queue = Mutex::new(slots.into_iter());
        futures::future::join_all((0..FLUSHES).map(|_| self.flush_from(&queue))).await;
    }

    async fn flush_from(&self, queue: &Mutex<std::vec::IntoIter<Arc<Slot>>>) {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(slot) = next else { return };
            if let Err(error) = slot.flush(self).await {
                tracing::error!(data_set = slot.name(), %error, "cannot flush; records stay in the log");
            }
        }
    }

    /// Closes the data sets that were not used for longest, when many are open.
    async fn close_idle(&self, mut slots: Vec<Arc<Slot>>) {
        let now = self.ticks.fetch_add(1, Ordering::Relaxed);
        let mut open = 0;
        slots.sort_by_key(|slot| std::cmp::Reverse(slot.used.load(Ordering::Relaxed)));
        for slot in slots {
            if slot.if_open().await.is_none() {
                continue;
            }
            let is_idle = slot.used.load(Ordering::Relaxed) < now;
            if open < self.options.max_open || !is_idle || !slot.close().await {
                open += 1;
            }
        }
    }

    async fn cut_log_or_warn(&self) {
        if let Err(error) = self.cut_log().await {
            tracing::error!(%error, "cannot cut the log");
        }
    }

    /// Deletes the files of the log that no data set needs.
    pub(super) async fn cut_log(&self) -> io::Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        // what is handed to the log from now on is needed, whichever data set it is for
        let mut needed = log.next();
        for slot in self.slots() {
            needed = needed.min(slot.needs_from().await.unwrap_or(u64::MAX));
        }
        log.forget_below(needed)
    }
}
