//! Opening a data directory: the records and the configuration in it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use engine::query::{QueryEngine, QueryLimits};
use engine::{Place, Store, StoreOptions};

use super::registry::RegistryArgs;
use crate::auth::Token;
use crate::clock::Clock;
use crate::state::AppState;
use crate::worker::ensure_transform_types;

/// How long a page waits for the data of a module unless told otherwise.
const MODULE_DEADLINE: Duration = Duration::from_secs(5);

/// Opens the store and the registry of a data directory, creating what is not there.
///
/// # Errors
/// When the folder cannot be used, or another process has it open.
pub async fn open(data_dir: &Path, admin_token: Option<Token>, clock: Clock) -> anyhow::Result<AppState> {
    let registry = RegistryArgs::default();
    let place = Place::local(&data_dir.join("records"))
        .with_context(|| format!("cannot open the data directory {}", data_dir.display()))?;
    let options = (StoreOptions::default(), QueryLimits::default());
    open_with(place, data_dir, &registry, admin_token, clock, false, options).await
}

/// The same with records and configuration at other places, which may be opened for reading only, with options of the store and limits of
/// queries.
///
/// # Errors
/// As [`open`].
pub async fn open_with(
    place: Place,
    data_dir: &Path,
    registry: &RegistryArgs,
    admin_token: Option<Token>,
    clock: Clock,
    is_read_only: bool,
    (store_options, limits): (StoreOptions, QueryLimits),
) -> anyhow::Result<AppState> {
    std::fs::create_dir_all(data_dir)
        .with_context(|| format!("cannot create the folder {}", data_dir.display()))?;
    let in_place = format!("cannot open the store {}", place.describe());
    let opened = if is_read_only {
        Store::open_to_read(place, store_options).await
    } else {
        Store::open_at(place, store_options).await
    };
    let store = opened.context(in_place)?;
    let registry = registry.open(data_dir).await?;
    if !is_read_only {
        ensure_transform_types(&registry).await?;
    }
    Ok(AppState {
        store,
        registry: Arc::new(registry),
        queries: Arc::new(QueryEngine::new(limits)),
        schemas: Arc::default(),
        admin_token,
        access: Arc::default(),
        branding: Arc::default(),
        pages: Arc::default(),
        module_deadline: MODULE_DEADLINE,
        door: Arc::default(),
        worker: Arc::default(),
        metrics: Arc::default(),
        bodies: Arc::default(),
        clock,
    })
}
