//! A change under way: a copy of the catalog, and the rows that will have to be written for it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::Catalog;
use crate::catalog::Entity;
use crate::database::{Change, Column, REVISION_COLUMNS, REVISIONS};
use crate::secret::Secrets;

/// A change of the configuration, made of any number of steps. All of it is stored, or none of it.
///
/// The steps themselves (`create_data_set` and so on) are in the file of the thing that they change.
#[derive(Debug)]
pub struct Edit {
    catalog: Catalog,
    changes: Vec<Change>,
    now: DateTime<Utc>,
    author: String,
    secrets: Secrets,
}

impl Edit {
    pub(crate) fn new(catalog: &Catalog, author: &str, now: DateTime<Utc>, secrets: Secrets) -> Edit {
        Edit { catalog: catalog.clone(), changes: Vec::new(), now, author: author.to_owned(), secrets }
    }

    /// The configuration with the steps taken so far.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Who makes the change: an e-mail address, or empty for the system itself.
    #[must_use]
    pub fn author(&self) -> &str {
        &self.author
    }

    /// When the change is made.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Encrypts what must not be stored in clear.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Everything of one kind, with the steps taken so far.
    pub(crate) fn all<T: Entity>(&self) -> impl Iterator<Item = &Arc<T>> {
        T::table(&self.catalog).values()
    }

    /// Adds a thing, or replaces the one with its key.
    pub(crate) fn put<T: Entity>(&mut self, thing: T) -> Arc<T> {
        self.changes.push(Change::Put { table: T::TABLE, columns: T::COLUMNS, row: thing.to_row() });
        let thing = Arc::new(thing);
        Arc::make_mut(T::table_mut(&mut self.catalog)).insert(thing.key(), thing.clone());
        thing
    }

    /// Removes the thing with this key.
    pub(crate) fn remove<T: Entity>(&mut self, key: &T::Key) {
        let column: Column = key.clone().into();
        self.changes.push(Change::Remove { table: T::TABLE, key_column: T::COLUMNS[0], key: column });
        Arc::make_mut(T::table_mut(&mut self.catalog)).remove(key);
    }

    /// The next number for a thing that is numbered in the order of creation.
    pub(crate) fn next_id<T: Entity<Key = i64>>(&self) -> i64 {
        T::table(&self.catalog).last_key_value().map_or(1, |(id, _)| id + 1)
    }

    /// The rows to be written, and the catalog once they are.
    pub(crate) fn finish(mut self, before: &Catalog) -> (Vec<Change>, Catalog) {
        for row in self.revisions(before) {
            self.changes.push(Change::Put { table: REVISIONS, columns: REVISION_COLUMNS, row });
        }
        self.catalog.version = before.version + 1;
        self.catalog.finish();
        (self.changes, self.catalog)
    }

    /// Whether nothing was changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}
