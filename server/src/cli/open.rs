//! Opening a data directory: the records and the configuration in it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use engine::query::{QueryEngine, QueryLimits};
use engine::{Store, StoreOptions};
use stagecraft::Registry;

use crate::auth::Token;
use crate::clock::Clock;
use crate::state::AppState;

/// Opens the store and the registry of a data directory, creating what is not there.
///
/// # Errors
/// When the folder cannot be used, or another process has it open.
pub async fn open(data_dir: &Path, admin_token: Option<Token>, clock: Clock) -> anyhow::Result<AppState> {
    open_with(data_dir, admin_token, clock, StoreOptions::default(), QueryLimits::default()).await
}

/// The same, with options of the store and limits of queries.
///
/// # Errors
/// As [`open`].
pub async fn open_with(
    data_dir: &Path,
    admin_token: Option<Token>,
    clock: Clock,
    store_options: StoreOptions,
    limits: QueryLimits,
) -> anyhow::Result<AppState> {
    std::fs::create_dir_all(data_dir)
        .with_context(|| format!("cannot create the folder {}", data_dir.display()))?;
    let in_folder = || format!("cannot open the data directory {}", data_dir.display());
    let store = Store::open(&data_dir.join("records"), store_options).await.with_context(in_folder)?;
    let registry = Registry::open_file(&data_dir.join("registry.sqlite")).await.with_context(in_folder)?;
    Ok(AppState {
        store,
        registry: Arc::new(registry),
        queries: Arc::new(QueryEngine::new(limits)),
        schemas: Arc::default(),
        admin_token,
        access: Arc::default(),
        branding: Arc::default(),
        pages: Arc::default(),
        clock,
    })
}
