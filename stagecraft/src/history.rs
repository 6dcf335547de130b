//! What was changed, when and by whom: a snapshot of every thing after each change, which also tells what it was before.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::catalog::{Entity, Table};
use crate::database::{Column, Revision};
use crate::{
    AccessToken, Catalog, Collector, CollectorType, Dashboard, DataGroup, DataSet, DataSource, DataType,
    Edit, Module, ModuleType, Node, NodeType, Provider, Registry, RegistryError, Transform, TransformType,
    User,
};

/// One thing as one change left it.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// Identifies this version of the thing.
    pub version: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: an e-mail address, or empty for the system itself.
    pub author: String,
    /// What kind of thing: the name of its table, in the singular, such as `data_set`.
    pub kind: String,
    /// Its name, then.
    pub name: String,
    /// What it was afterwards; null if it was removed. Secrets are left out.
    pub snapshot: Value,
}

/// What a change did to one field of a thing.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// What it was; null if it was not there.
    pub from: Value,
    /// What it is; null if it is not there any more.
    pub to: Value,
}

impl HistoryEntry {
    /// What changed since the version before, which is none for the first.
    #[must_use]
    pub fn changes_since(&self, before: Option<&HistoryEntry>) -> Vec<FieldChange> {
        let nothing = Map::new();
        let fields =
            |entry: Option<&HistoryEntry>| entry.and_then(|entry| entry.snapshot.as_object().cloned());
        let (old, new) =
            (fields(before).unwrap_or_else(|| nothing.clone()), fields(Some(self)).unwrap_or(nothing));
        let gone = old.iter().filter(|(field, _)| !new.contains_key(*field));
        let gone = gone.map(|(field, from)| (field, from.clone(), Value::Null));
        let there =
            new.iter().map(|(field, to)| (field, old.get(field).cloned().unwrap_or_default(), to.clone()));
        there
            .chain(gone)
            .filter(|(_, from, to)| from != to)
            .map(|(field, from, to)| FieldChange { field: field.clone(), from, to })
            .collect()
    }

    /// Whether the change made the thing, changed it, or removed it.
    #[must_use]
    pub fn action(&self, before: Option<&HistoryEntry>) -> &'static str {
        match before {
            _ if self.snapshot.is_null() => "removed",
            Some(before) if !before.snapshot.is_null() => "changed",
            _ => "created",
        }
    }
}

impl Registry {
    /// The changes of the things that had this name, or of all things of a kind, the latest first.
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

    /// The changes of one thing whatever it was called, the latest first. `id` is its number or UUID.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn history_of(
        &self,
        kind: &str,
        id: &str,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>, RegistryError> {
        let revisions = self.database().revisions_of(kind, id, limit).await?;
        let entries = revisions.into_iter().map(HistoryEntry::try_from);
        let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
        // The number of what was removed may be given to another thing: that one's history begins after.
        if id.parse::<i64>().is_ok()
            && let Some(end) = entries.iter().skip(1).position(|entry| entry.snapshot.is_null())
        {
            entries.truncate(end + 1);
        }
        Ok(entries)
    }

    /// One version of a thing.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn version_of(
        &self,
        kind: &str,
        id: &str,
        version: Uuid,
    ) -> Result<Option<HistoryEntry>, RegistryError> {
        let revision = self.database().revision(kind, id, version).await?;
        revision.map(HistoryEntry::try_from).transpose()
    }
}

impl TryFrom<Revision> for HistoryEntry {
    type Error = RegistryError;

    fn try_from(revision: Revision) -> Result<HistoryEntry, RegistryError> {
        let Revision { id: version, at, author, kind, name, snapshot } = revision;
        let snapshot = serde_json::from_str(&snapshot)
            .map_err(|error| RegistryError::Corrupt { table: "revisions", reason: error.to_string() })?;
        Ok(HistoryEntry { version, at, author, kind, name, snapshot })
    }
}

impl Edit {
    /// What the steps of this edit did.
    pub(crate) fn revisions(&self, before: &Catalog) -> Vec<Vec<Column>> {
        let mut notes = Notes { rows: Vec::new(), edit: self, before, after: self.catalog() };
        notes.note::<DataGroup>("data_group", |group, _| (group.name.clone(), group.to_json()));
        notes.note::<DataType>("data_type", |kind, _| (kind.name.clone(), kind.to_json()));
        notes.note::<DataSet>("data_set", |data_set, _| (data_set.name.clone(), data_set_snapshot(data_set)));
        notes.note::<User>("user", |user, _| (user.email.clone(), user_snapshot(user)));
        notes.note::<AccessToken>("access_token", |token, _| (token.email.clone(), token.to_json()));
        notes.note::<NodeType>("node_type", |kind, _| (kind.name.clone(), kind.to_json()));
        notes.note::<Node>("node", |node, catalog| {
            let mut form = node.to_json(catalog);
            form["parents"] = node.parents.iter().map(Uuid::to_string).collect();
            (node.name.clone(), form)
        });
        notes.note::<ModuleType>("module_type", |kind, _| (kind.name.clone(), kind.to_json()));
        notes.note::<TransformType>("transform_type", |kind, _| (kind.name.clone(), kind.to_json()));
        notes.note::<Transform>("transform", |transform, catalog| {
            (transform.id.to_string(), owned(transform.to_json(catalog), &transform.owners))
        });
        notes.note::<Provider>("provider", |provider, _| (provider.slug.clone(), provider.to_json()));
        notes.note::<DataSource>("data_source", |source, catalog| {
            let mut form = owned(source.to_json(catalog), &source.owners);
            form["credentials"] = source.credentials_mark().into();
            (source.slug.clone(), form)
        });
        notes.note::<CollectorType>("collector_type", |kind, catalog| {
            (kind.slug.clone(), kind.to_json(catalog))
        });
        notes.note::<Collector>("collector", |collector, catalog| {
            let mut form = owned(collector.to_json(catalog), &collector.owners);
            if let Some(data_set) = form["data_set"].as_object_mut() {
                data_set.remove("bearer_token");
            }
            (collector.slug.clone(), form)
        });
        notes.note_dashboards();
        notes.rows
    }
}

/// The rows that tell what an edit did.
struct Notes<'a> {
    rows: Vec<Vec<Column>>,
    edit: &'a Edit,
    before: &'a Catalog,
    after: &'a Catalog,
}

impl Notes<'_> {
    fn add(&mut self, kind: &str, id: String, name: String, snapshot: &Value) {
        self.rows.push(vec![
            Uuid::new_v4().into(),
            self.edit.now().into(),
            self.edit.author().into(),
            kind.into(),
            name.as_str().into(),
            snapshot.into(),
            id.as_str().into(),
        ]);
    }

    /// Notes the things of a kind that were changed, as `look` sees them: name and snapshot.
    fn note<T: Entity + PartialEq>(&mut self, kind: &str, look: fn(&T, &Catalog) -> (String, Value))
    where
        T::Key: ToString,
    {
        for (old, new) in differences(T::table(self.before), T::table(self.after)) {
            let (key, name, snapshot) = match (old, new) {
                (_, Some(new)) => {
                    let (name, snapshot) = look(&new, self.after);
                    (new.key(), name, snapshot)
                }
                (Some(old), None) => (old.key(), look(&old, self.before).0, Value::Null),
                (None, None) => continue,
            };
            self.add(kind, key.to_string(), name, &snapshot);
        }
    }

    /// A dashboard is changed with its modules.
    fn note_dashboards(&mut self) {
        let dashboards = differences(&self.before.dashboards, &self.after.dashboards);
        let modules = differences(&self.before.modules, &self.after.modules);
        let of_modules = modules.iter().flat_map(|(old, new)| [old, new]).flatten();
        let of_modules = of_modules.map(|module: &Arc<Module>| module.dashboard_id);
        let changed = dashboards.iter().filter_map(|(old, new)| Some(new.as_ref().or(old.as_ref())?.id));
        let changed: std::collections::BTreeSet<Uuid> = changed.chain(of_modules).collect();
        for id in changed {
            let name = |catalog: &Catalog| {
                catalog.dashboard(id).map(|dashboard: Arc<Dashboard>| dashboard.slug.clone())
            };
            let Some(slug) = name(self.after).or_else(|| name(self.before)) else { continue };
            let snapshot = self.after.dashboard_snapshot(id);
            self.add("dashboard", id.to_string(), slug, &snapshot);
        }
    }
}

/// A thing before and after.
type Difference<T> = (Option<Arc<T>>, Option<Arc<T>>);

/// What is not the same in two tables.
fn differences<T: Entity + PartialEq>(before: &Table<T>, after: &Table<T>) -> Vec<Difference<T>> {
    if Arc::ptr_eq(before, after) {
        return Vec::new();
    }
    let mut different = Vec::new();
    let (mut olds, mut news) = (before.iter().peekable(), after.iter().peekable());
    // Both are in the order of their keys, so one walk over both finds all.
    loop {
        let order = match (olds.peek(), news.peek()) {
            (None, None) => return different,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((old, _)), Some((new, _))) => old.cmp(new),
        };
        let old = if order.is_le() { olds.next().map(|(_, thing)| thing) } else { None };
        let new = if order.is_ge() { news.next().map(|(_, thing)| thing) } else { None };
        let same = old.zip(new).is_some_and(|(old, new)| Arc::ptr_eq(old, new) || old == new);
        if !same {
            different.push((old.cloned(), new.cloned()));
        }
    }
}

fn owned(mut form: Value, owners: &std::collections::BTreeSet<String>) -> Value {
    form["owners"] = json!(owners);
    form
}

/// A data set without its token, but with its owners.
fn data_set_snapshot(data_set: &DataSet) -> Value {
    let mut form = data_set.to_json();
    form["bearer_token"] = match &data_set.bearer_token {
        // Enough to see that it was changed, and of no use to anybody.
        Some(token) => mark(token).into(),
        None => "".into(),
    };
    form["schema"] = json!(data_set.schema);
    owned(form, &data_set.owners)
}

/// A user without the password, but with what it was said to be allowed.
fn user_snapshot(user: &User) -> Value {
    json!({
        "email": user.email,
        "roles": user.roles,
        "password": user.password_hash.as_deref().map(mark),
        "sign_on": user.sign_on,
    })
}

/// What stands for a secret where only its changing matters: four bytes of its hash.
pub(crate) fn mark(secret: &str) -> String {
    format!("(secret {})", &crate::token::hash(secret)[..8])
}
