//! Where the configuration is, and the key for the secrets in it.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use stagecraft::{Registry, RegistryOptions, SecretKey};

/// Where the configuration is, if it is not in the data directory.
#[derive(Debug, Clone, Default, Args)]
pub struct RegistryArgs {
    /// URL of the database that holds the configuration, such as `postgres://user@host/database`; several processes may share
    /// one. Without it, it is an SQLite file in the data directory.
    #[arg(long, env = "PP_REGISTRY", value_name = "URL", hide_env_values = true, global = true)]
    registry: Option<String>,
    /// File with the key that encrypts credentials: 32 bytes in base 64, as `key new` makes it. Without it, the variable
    /// PP_SECRET_KEY holds the key itself, or it is in a file beside the SQLite file, which is made.
    #[arg(long, env = "PP_SECRET_KEY_FILE", value_name = "FILE", global = true)]
    secret_key_file: Option<PathBuf>,
}

impl RegistryArgs {
    /// Opens the configuration.
    ///
    /// # Errors
    /// If the database or the key cannot be used.
    pub async fn open(&self, data_dir: &Path) -> anyhow::Result<Registry> {
        let options =
            RegistryOptions { secret_key: self.secret_key(data_dir)?, ..RegistryOptions::default() };
        let registry = match &self.registry {
            Some(url) if !url.contains("://") => {
                bail!("--registry takes a URL, such as postgres://user@host/database")
            }
            // The URL can hold a password.
            Some(url) => Registry::open_with(url, options)
                .await
                .context("cannot open the configuration at --registry")?,
            None => {
                let path = file(data_dir);
                let opened = Registry::open_with(&path.to_string_lossy(), options).await;
                opened.with_context(|| format!("cannot open the configuration in {}", data_dir.display()))?
            }
        };
        if let Some(problem) = registry.unreadable_credentials() {
            tracing::error!("{problem}: see docs/access.md");
        }
        Ok(registry)
    }

    /// Whether the configuration is somewhere else than in the data directory.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.registry.is_some()
    }

    fn secret_key(&self, data_dir: &Path) -> anyhow::Result<Option<SecretKey>> {
        if let Some(path) = &self.secret_key_file {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the key for secrets in {}", path.display()))?;
            return Ok(Some(SecretKey::parse(&text).with_context(|| path.display().to_string())?));
        }
        if let Some(text) = std::env::var("PP_SECRET_KEY").ok().filter(|text| !text.is_empty()) {
            return Ok(Some(SecretKey::parse(&text).context("PP_SECRET_KEY")?));
        }
        match self.registry {
            // A file beside one process is of no use to the others.
            Some(_) => Ok(None),
            None => Ok(Some(SecretKey::in_file(&self.key_file(data_dir))?)),
        }
    }

    /// The file that the key is in, if it is in one.
    pub fn key_file(&self, data_dir: &Path) -> PathBuf {
        let beside = || file(data_dir).with_added_extension("key");
        self.secret_key_file.clone().unwrap_or_else(beside)
    }
}

fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("registry.sqlite")
}
