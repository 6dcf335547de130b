//! The options that say where records and configuration are, and opening what is there.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use engine::query::QueryLimits;
use engine::{Place, StoreError, StoreOptions};
use stagecraft::Registry;

use super::open::open_with;
use super::registry::RegistryArgs;
use crate::clock::Clock;
use crate::state::AppState;

/// Where the configuration is kept.
#[derive(Debug, Clone, Args)]
pub struct Configuration {
    /// Folder that holds records and configuration.
    #[arg(long, env = "PP_DATA_DIR", value_name = "DIR", default_value = "./data", global = true)]
    pub data_dir: PathBuf,
    #[command(flatten)]
    pub registry: RegistryArgs,
}

impl Configuration {
    /// Opens it, also while a server uses it.
    ///
    /// # Errors
    /// When it is not there, or cannot be used.
    pub async fn open(&self) -> anyhow::Result<Registry> {
        self.must_be_there()?;
        self.registry.open(&self.data_dir).await
    }

    /// The same; where there is none it is made.
    ///
    /// # Errors
    /// When it cannot be used.
    pub async fn open_or_make(&self) -> anyhow::Result<Registry> {
        let folder = &self.data_dir;
        if self.must_be_there().is_err() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot create the folder {}", folder.display()))?;
            eprintln!("there was no data directory {}: it is made", folder.display());
        }
        self.registry.open(folder).await
    }

    /// Refuses a folder without configuration, which is mostly a slip of the pen.
    ///
    /// # Errors
    /// When the configuration should be in the folder and is not.
    pub fn must_be_there(&self) -> anyhow::Result<()> {
        ensure!(
            self.registry.is_elsewhere() || self.data_dir.join("registry.sqlite").exists(),
            "there is no data directory {}: give --data-dir DIR",
            self.data_dir.display()
        );
        Ok(())
    }
}

/// Where records and configuration are kept.
#[derive(Debug, Clone, Args)]
pub struct DataDir {
    #[command(flatten)]
    pub configuration: Configuration,
    /// Where the records are, if not in that folder: s3://bucket/path, az://container/path, gs://bucket/path or another
    /// folder. Credentials and settings are read from AWS_..., AZURE_... and GOOGLE_... variables. The log of writes stays in
    /// the data directory.
    #[arg(long, env = "PP_STORE", value_name = "URL", global = true)]
    pub store: Option<String>,
}

impl DataDir {
    /// Where the records are.
    ///
    /// # Errors
    /// When there can be none.
    pub fn place(&self) -> anyhow::Result<Place> {
        let folder = self.configuration.data_dir.join("records");
        let place = match &self.store {
            Some(store) => Place::at(store, &folder),
            None => Place::local(&folder),
        };
        place.with_context(|| {
            format!("cannot use {}", self.store.as_deref().unwrap_or(&folder.to_string_lossy()))
        })
    }

    /// Records and configuration, for a command. A data directory belongs to one process; `if_served` says what to do where that is a
    /// server.
    ///
    /// # Errors
    /// When they cannot be used.
    pub async fn open(&self, if_served: &str) -> anyhow::Result<AppState> {
        let Configuration { data_dir, registry } = &self.configuration;
        let options = (StoreOptions::default(), QueryLimits::default());
        let opened = open_with(self.place()?, data_dir, registry, None, Clock::System, false, options).await;
        opened.map_err(|error| match error.downcast_ref() {
            Some(StoreError::InUse { .. }) => {
                error.context(format!("a server has this data directory: {if_served}"))
            }
            _ => error,
        })
    }
}
