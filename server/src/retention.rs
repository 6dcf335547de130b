//! Removing what is not to be kept: records past the size or the age that the configuration of their data set says, and lines of
//! the audit log that are older than the server is told to keep.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use engine::Retention;
use stagecraft::DataSet;

use crate::state::AppState;

/// How often data sets are looked at.
const EVERY: Duration = Duration::from_secs(60);

/// Looks at everything every minute until the server stops.
pub async fn keep_up(state: AppState, mut stopping: tokio::sync::watch::Receiver<bool>) {
    if state.store.is_read_only() {
        return;
    }
    let mut every_minute = tokio::time::interval(EVERY);
    every_minute.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every_minute.tick() => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        let now = Utc::now();
        remove_excess(&state, now).await;
        forget_audit_log(&state, now).await;
    }
}

/// Removes what is too much or too old in any data set. Trouble with one is no trouble for the others.
pub async fn remove_excess(state: &AppState, now: DateTime<Utc>) {
    for data_set in state.registry.data_sets() {
        match state.store.retain(&data_set.name, &wanted(&data_set, now)).await {
            Ok(0) => {}
            Ok(removed) => {
                tracing::info!(data_set = data_set.name, removed, "removed records that are not to be kept")
            }
            Err(error) => tracing::error!(data_set = data_set.name, %error, "cannot remove old records"),
        }
    }
}

/// Forgets what the audit log is not to keep.
pub async fn forget_audit_log(state: &AppState, now: DateTime<Utc>) {
    let age = state.access.audit_days.and_then(|days| TimeDelta::try_days(days.get().into()));
    let Some(before) = age.and_then(|age| now.checked_sub_signed(age)) else { return };
    match state.registry.forget_audit_log(before).await {
        Ok(0) => {}
        Ok(lines) => tracing::info!(lines, %before, "forgot old lines of the audit log"),
        Err(error) => tracing::error!(%error, "cannot forget old lines of the audit log"),
    }
}

fn wanted(data_set: &DataSet, now: DateTime<Utc>) -> Retention {
    let set = |amount: Option<i64>| amount.filter(|amount| *amount > 0);
    let age = set(data_set.retention_days).and_then(TimeDelta::try_days);
    Retention {
        bytes: set(data_set.capped_size).and_then(|bytes| u64::try_from(bytes).ok()),
        not_before: age.and_then(|age| now.checked_sub_signed(age)),
    }
}
