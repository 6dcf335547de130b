//! What was changed, when and by whom: a snapshot of every data group, data type, data set and user after each change.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::catalog::Entity;
use crate::database::{Column, Revision};
use crate::{Catalog, DataGroup, DataSet, DataType, Edit, Registry, RegistryError, User};

/// One thing as one change left it.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who: an e-mail address, or empty for the system itself.
    pub author: String,
    /// What kind of thing: `data_group`, `data_type`, `data_set` or `user`.
    pub kind: String,
    /// Its name, then.
    pub name: String,
    /// What it was afterwards; null if it was removed. Tokens are left out.
    pub snapshot: Value,
}

impl Registry {
    /// The changes of one thing, or of all things of a kind, the latest first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn history(
        &self,
        kind: &str,
        name: Option<&str>,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>, RegistryError> {
        let revisions = self.database().revisions(kind, name, limit).await?;
        revisions.into_iter().map(HistoryEntry::try_from).collect()
    }
}

impl TryFrom<Revision> for HistoryEntry {
    type Error = RegistryError;

    fn try_from(revision: Revision) -> Result<HistoryEntry, RegistryError> {
        let corrupt = |reason: String| RegistryError::Corrupt { table: "revisions", reason };
        let at = DateTime::parse_from_rfc3339(&revision.at).map_err(|error| corrupt(error.to_string()))?;
        let snapshot =
            serde_json::from_str(&revision.snapshot).map_err(|error| corrupt(error.to_string()))?;
        let Revision { author, kind, name, .. } = revision;
        Ok(HistoryEntry { at: at.with_timezone(&Utc), author, kind, name, snapshot })
    }
}

impl Edit {
    /// What the steps of this edit did to things that have a history.
    pub(crate) fn revisions(&self, before: &Catalog) -> Vec<Vec<Column>> {
        let mut rows = Vec::new();
        let after = self.catalog();
        self.note::<DataGroup>(&mut rows, before, after, "data_group", |group| {
            (&group.name, group.to_json())
        });
        self.note::<DataType>(&mut rows, before, after, "data_type", |kind| (&kind.name, kind.to_json()));
        self.note::<DataSet>(&mut rows, before, after, "data_set", |data_set| {
            (&data_set.name, snapshot(data_set))
        });
        self.note::<User>(&mut rows, before, after, "user", |user| (&user.email, user.to_json()));
        rows
    }

    fn note<T: Entity + PartialEq>(
        &self,
        rows: &mut Vec<Vec<Column>>,
        before: &Catalog,
        after: &Catalog,
        kind: &str,
        look: fn(&T) -> (&String, Value),
    ) {
        let (before, after) = (T::table(before), T::table(after));
        if std::sync::Arc::ptr_eq(before, after) {
            return;
        }
        let mut row = |name: &str, snapshot: Value| {
            rows.push(vec![
                uuid::Uuid::new_v4().into(),
                self.now().into(),
                self.author().into(),
                kind.into(),
                name.into(),
                (&snapshot).into(),
            ]);
        };
        for (key, thing) in after.iter() {
            if before.get(key).is_none_or(|old| old != thing) {
                let (name, snapshot) = look(thing);
                row(name, snapshot);
            }
        }
        for (key, thing) in before.iter().filter(|(key, _)| !after.contains_key(key)) {
            let _ = key;
            row(look(thing).0, Value::Null);
        }
    }
}

/// A data set without its token, but with its owners.
fn snapshot(data_set: &DataSet) -> Value {
    let mut form = data_set.to_json();
    form["bearer_token"] = json!(if data_set.bearer_token.is_some() { "(set)" } else { "" });
    form["schema"] = json!(data_set.schema);
    form["owners"] = json!(data_set.owners);
    form
}
