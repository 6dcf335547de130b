//! What can go wrong when the registry is asked for something.

use thiserror::Error;

/// Why the registry could not do what it was asked.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// The request breaks a rule; the text says which, in words meant for the person who made it.
    #[error("{0}")]
    Invalid(String),
    /// The thing asked for, or something the request refers to, does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The request collides with something that exists, in a way the person who made it could not see.
    #[error("error saving model: {0}")]
    Conflict(String),
    /// The database could not be reached, or refused.
    #[error("the registry's database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The database's layout could not be brought up to date.
    #[error("the registry's database could not be migrated: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The change was broken off; whether it was stored is not known.
    #[error("the change was broken off")]
    Interrupted,
    /// A secret could not be encrypted or decrypted.
    #[error("{0}")]
    Secret(&'static str),
    /// The file with the key for secrets could not be read or made.
    #[error("the key for secrets in {path} cannot be used: {error}")]
    Key {
        /// The file.
        path: std::path::PathBuf,
        /// What went wrong.
        error: std::io::Error,
    },
    /// A stored row makes no sense, which only other programs writing to the database can cause.
    #[error("the registry's table {table} has a row that cannot be read: {reason}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What is wrong with the row.
        reason: String,
    },
}

impl RegistryError {
    /// The usual answer for an item that is absent, or hidden from the caller.
    #[must_use]
    pub fn no_such_item() -> RegistryError {
        RegistryError::NotFound("model not found".into())
    }
}
