//! The database behind the catalog: opening and migrating it, reading all of it, and writing one edit.
//!
//! Only texts and 64-bit integers are stored, and only SQL that SQLite and PostgreSQL share is used, so that one code path
//! serves both. `row.rs` says how a thing becomes a row and back.

mod audit;
mod jobs;
mod row;
mod sessions;

pub(crate) use jobs::{JobRow, NewJobRow};
pub(crate) use row::{Column, Row, RowReader, text};

use std::borrow::Cow;

use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection, Row as _};

use crate::RegistryError;

/// The layout of the database, oldest step first. A step that has been released is never changed.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "configuration", include_str!("../../migrations/0001_configuration.sql")),
    (2, "access", include_str!("../../migrations/0002_access.sql")),
    (3, "history", include_str!("../../migrations/0003_history.sql")),
    (4, "jobs", include_str!("../../migrations/0004_jobs.sql")),
    (5, "licences", include_str!("../../migrations/0005_licences.sql")),
];

/// The table of what changes left behind; it is written with the catalog and never held in memory.
pub(crate) const REVISIONS: &str = "revisions";
pub(crate) const REVISION_COLUMNS: &[&str] = &["id", "at", "author", "kind", "name", "snapshot", "thing"];

/// A row of that table.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    pub(crate) id: uuid::Uuid,
    pub(crate) at: chrono::DateTime<chrono::Utc>,
    pub(crate) author: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) snapshot: String,
}

/// One row to be written or removed.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// Insert the row, or replace the one with the same key, which is the first column.
    Put { table: &'static str, columns: &'static [&'static str], row: Vec<Column> },
    /// Remove the row with this key.
    Remove { table: &'static str, key_column: &'static str, key: Column },
}

/// Copies an SQLite file as of one moment.
pub(crate) async fn copy_file(from: &std::path::Path, to: &std::path::Path) -> Result<(), RegistryError> {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&format!("sqlite://{}?mode=rw", from.display())).await?;
    let target = to.to_string_lossy().into_owned();
    sqlx::query("VACUUM INTO $1").bind(target).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Connections to the database.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pool: AnyPool,
}

impl Database {
    /// Opens the database at a URL (`sqlite://...`, `postgres://...`), or an SQLite file at a path, creating it if need be.
    pub(crate) async fn open(url_or_path: &str) -> Result<Database, RegistryError> {
        sqlx::any::install_default_drivers();
        let sqlite = !url_or_path.contains("://") || url_or_path.starts_with("sqlite:");
        let url = match url_or_path.contains("://") || url_or_path.starts_with("sqlite:") {
            true => url_or_path.to_owned(),
            false => format!("sqlite://{url_or_path}?mode=rwc"),
        };
        // SQLite has one writer anyway, and a database in memory lives in its one connection.
        let connections = if sqlite { 1 } else { 4 };
        let mut options = AnyPoolOptions::new().max_connections(connections);
        if sqlite {
            options = options.min_connections(1).idle_timeout(None).max_lifetime(None);
        }
        let pool = options.connect(&url).await?;
        if sqlite {
            // Durable at every commit, and readers such as backups do not hold up the writer.
            sqlx::query("PRAGMA journal_mode = WAL").fetch_all(&pool).await?;
            sqlx::query("PRAGMA synchronous = FULL").execute(&pool).await?;
        }
        let migrations = MIGRATIONS
            .iter()
            .map(|&(version, description, sql)| {
                let sql = sqlx::SqlStr::from_static(sql);
                Migration::new(version, Cow::Borrowed(description), MigrationType::Simple, sql, false)
            })
            .collect();
        Migrator { migrations, ..Migrator::DEFAULT }.run(&pool).await?;
        Ok(Database { pool })
    }

    /// A connection for reading.
    pub(crate) async fn acquire(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Any>, RegistryError> {
        Ok(self.pool.acquire().await?)
    }

    /// Writes `changes` in one transaction if the stored version is still `expected`, and counts it up.
    /// False, and nothing written, if another process has written since.
    pub(crate) async fn commit(&self, expected: u64, changes: &[Change]) -> Result<bool, RegistryError> {
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        let advanced = sqlx::query("UPDATE registry_version SET version = version + 1 WHERE version = $1")
            .bind(i64::try_from(expected).unwrap_or(i64::MAX))
            .execute(&mut *transaction)
            .await?;
        if advanced.rows_affected() != 1 {
            transaction.rollback().await?;
            return Ok(false);
        }
        for change in changes {
            apply(&mut transaction, change).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// What changes left behind of the things that had this name, or of all of a kind, the latest first.
    pub(crate) async fn revisions(
        &self,
        kind: &str,
        name: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Revision>, RegistryError> {
        let sql = "SELECT id, at, author, kind, name, snapshot FROM revisions \
                   WHERE kind = $1 AND ($2 = '' OR name = $2) ORDER BY at DESC LIMIT $3";
        let query = sqlx::query(sql).bind(kind).bind(name.unwrap_or_default()).bind(i64::from(limit));
        query.fetch_all(&self.pool).await?.iter().map(revision).collect()
    }

    /// What changes left behind of one thing, the latest first.
    pub(crate) async fn revisions_of(
        &self,
        kind: &str,
        thing: &str,
        limit: u32,
    ) -> Result<Vec<Revision>, RegistryError> {
        let sql = "SELECT id, at, author, kind, name, snapshot FROM revisions \
                   WHERE kind = $1 AND thing = $2 ORDER BY at DESC LIMIT $3";
        let query = sqlx::query(sql).bind(kind).bind(thing).bind(i64::from(limit));
        query.fetch_all(&self.pool).await?.iter().map(revision).collect()
    }

    /// What one change left behind of one thing.
    pub(crate) async fn revision(
        &self,
        kind: &str,
        thing: &str,
        id: uuid::Uuid,
    ) -> Result<Option<Revision>, RegistryError> {
        let sql = "SELECT id, at, author, kind, name, snapshot FROM revisions \
                   WHERE id = $1 AND kind = $2 AND thing = $3";
        let query = sqlx::query(sql).bind(id.to_string()).bind(kind).bind(thing);
        query.fetch_optional(&self.pool).await?.as_ref().map(revision).transpose()
    }

    /// Closes every connection, after the statements under way.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

fn revision(row: &sqlx::any::AnyRow) -> Result<Revision, RegistryError> {
    let mut row = RowReader::new(row, REVISIONS);
    Ok(Revision {
        id: row.uuid()?,
        at: row.time()?,
        author: row.text()?,
        kind: row.text()?,
        name: row.text()?,
        snapshot: row.text()?,
    })
}

/// The version of the configuration that is stored.
pub(crate) async fn stored_version(connection: &mut AnyConnection) -> Result<u64, RegistryError> {
    let row = sqlx::query("SELECT version FROM registry_version").fetch_one(connection).await?;
    let version: i64 = row.try_get(0)?;
    u64::try_from(version).map_err(|_| RegistryError::Corrupt {
        table: "registry_version",
        reason: format!("{version} is not a version"),
    })
}

/// All rows of a table.
pub(crate) async fn read_all<T: Row>(connection: &mut AnyConnection) -> Result<Vec<T>, RegistryError> {
    let sql = format!("SELECT {} FROM {}", T::COLUMNS.join(", "), T::TABLE);
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await?;
    rows.iter().map(|row| T::from_row(&mut RowReader::new(row, T::TABLE))).collect()
}

/// Table and column names are constants of this crate; every value travels as a bound parameter.
async fn apply(connection: &mut AnyConnection, change: &Change) -> Result<(), RegistryError> {
    let (sql, values): (String, &[Column]) = match change {
        Change::Put { table, columns, row } => {
            let places = (1..=columns.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
            let updates = columns[1..].iter().map(|column| format!("{column} = excluded.{column}"));
            let action = match columns.len() {
                1 => "NOTHING".to_owned(),
                _ => format!("UPDATE SET {}", updates.collect::<Vec<_>>().join(", ")),
            };
            let names = columns.join(", ");
            let key = columns[0];
            (format!("INSERT INTO {table} ({names}) VALUES ({places}) ON CONFLICT ({key}) DO {action}"), row)
        }
        Change::Remove { table, key_column, key } => {
            (format!("DELETE FROM {table} WHERE {key_column} = $1"), std::slice::from_ref(key))
        }
    };
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for value in values {
        query = match value {
            Column::Text(text) => query.bind(text.clone()),
            Column::Integer(number) => query.bind(*number),
            Column::NullableText(text) => query.bind(text.clone()),
            Column::NullableInteger(number) => query.bind(*number),
        };
    }
    query.execute(connection).await?;
    Ok(())
}
