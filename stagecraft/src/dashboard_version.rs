//! Whole dashboards: a version of one as the history keeps it, that version again, and a copy under another slug.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::dashboard::{Dashboard, UNPUBLISHED};
use crate::module::{Module, ModuleEntry};
use crate::module_tree::ModuleTree;
use crate::{Catalog, Edit, RegistryError};

impl Catalog {
    /// All that there is of a dashboard, modules and owners included; null if there is none.
    pub(crate) fn dashboard_snapshot(&self, id: Uuid) -> Value {
        let Some(dashboard) = self.dashboard(id) else { return Value::Null };
        let mut form = dashboard.to_json(self);
        form["organisation"] = dashboard.organisation.map(|id| id.to_string()).into();
        form["owners"] = json!(dashboard.owners);
        form
    }

    /// The modules below one, or those below none, to be made again elsewhere.
    fn entries(&self, tree: &ModuleTree, parent: Option<Uuid>) -> Vec<ModuleEntry> {
        let children = tree.children(parent).iter();
        children
            .map(|module| ModuleEntry { children: self.entries(tree, Some(module.id)), ..self.entry(module) })
            .collect()
    }

    /// A module without its children and without its identifier.
    fn entry(&self, module: &Module) -> ModuleEntry {
        let data_set = self.data_set_of(module);
        ModuleEntry {
            id: None,
            type_id: module.type_id.to_string(),
            slug: module.slug.clone(),
            title: module.title.clone(),
            description: module.description.clone(),
            info: module.info.clone(),
            options: module.options.clone(),
            query_parameters: module.query_parameters.clone().filter(|_| data_set.is_some()),
            data_group: data_set.as_ref().map(|data_set| data_set.data_group.clone()).unwrap_or_default(),
            data_type: data_set.as_ref().map(|data_set| data_set.data_type.clone()).unwrap_or_default(),
            order: module.order,
            children: Vec::new(),
        }
    }
}

impl Edit {
    /// Makes a dashboard what it was in a version of its history; one that was removed is made again. Whether it is published
    /// stays as it is, and one that is made again is not.
    ///
    /// # Errors
    /// If the version tells of a removal, or something in it is against the rules now, such as a data set that is gone.
    pub fn restore_dashboard(&mut self, id: Uuid, version: &Value) -> Result<Arc<Dashboard>, RegistryError> {
        let corrupt = |error: serde_json::Error| RegistryError::Corrupt {
            table: "revisions",
            reason: error.to_string(),
        };
        if !version.is_object() {
            return Err(RegistryError::Invalid(
                "there is nothing to restore: this version is a removal".into(),
            ));
        }
        let text = |key: &str| version[key].as_str().unwrap_or_default().to_owned();
        let present = self.catalog().dashboard(id);
        let owners = match &present {
            Some(present) => present.owners.clone(),
            None => serde_json::from_value(version["owners"].clone()).map_err(corrupt)?,
        };
        let organisation = version["organisation"].as_str().and_then(|id| Uuid::parse_str(id).ok());
        let dashboard = Dashboard {
            id,
            slug: text("slug"),
            title: text("title"),
            status: present.map_or_else(|| UNPUBLISHED.to_owned(), |present| present.status.clone()),
            texts: serde_json::from_value(version.clone()).map_err(corrupt)?,
            improve_dashboard_message: version["improve_dashboard_message"].as_bool().unwrap_or(true),
            // A node that is gone since is not missed.
            organisation: organisation.filter(|id| self.catalog().node(*id).is_some()),
            links: serde_json::from_value(version["links"].clone()).map_err(corrupt)?,
            owners,
        };
        let mut entries = Vec::new();
        for (place, module) in version["modules"].as_array().into_iter().flatten().enumerate() {
            entries.push(entry_of_version(module, place).map_err(corrupt)?);
        }
        let dashboard = self.put_dashboard_row(dashboard)?;
        // All are gone for a moment, so that slugs may have changed places since.
        self.remove_modules(|module| module.dashboard_id == id);
        self.replace_modules(id, &entries)?;
        Ok(dashboard)
    }

    /// Makes a copy of a dashboard with its modules under another slug, not published, owned by the author of the edit.
    ///
    /// # Errors
    /// If there is no such dashboard, or the slug is taken or breaks the rules.
    pub fn clone_dashboard(
        &mut self,
        id: Uuid,
        slug: &str,
        title: Option<&str>,
    ) -> Result<Arc<Dashboard>, RegistryError> {
        let original = self.catalog().dashboard(id).ok_or_else(RegistryError::no_such_item)?;
        let entries = self.catalog().entries(&self.catalog().module_tree(id), None);
        let copy = Dashboard {
            id: Uuid::new_v4(),
            slug: slug.to_owned(),
            title: title.map_or_else(|| original.title.clone(), str::to_owned),
            status: UNPUBLISHED.into(),
            owners: self.author_as_owner()?,
            ..Dashboard::clone(&original)
        };
        let copy = self.put_dashboard_row(copy)?;
        self.replace_modules(copy.id, &entries)?;
        Ok(copy)
    }

    /// Makes a copy of a module, without those in it, at the end of a dashboard: its own or another.
    ///
    /// # Errors
    /// If there is no such module, or the slug is taken on the dashboard or breaks the rules.
    pub fn clone_module(
        &mut self,
        id: Uuid,
        dashboard: Uuid,
        slug: &str,
        title: Option<&str>,
    ) -> Result<Arc<Module>, RegistryError> {
        let original = self.catalog().module(id).ok_or_else(RegistryError::no_such_item)?;
        let places: BTreeSet<i64> =
            self.catalog().module_tree(dashboard).children(None).iter().map(|module| module.order).collect();
        let entry = ModuleEntry {
            slug: slug.to_owned(),
            title: title.map_or_else(|| original.title.clone(), str::to_owned),
            order: places.last().map_or(1, |last| last.saturating_add(1)),
            ..self.catalog().entry(&original)
        };
        self.create_module(dashboard, &entry)
    }
}

/// A module of a version, to be made again.
fn entry_of_version(module: &Value, place: usize) -> Result<ModuleEntry, serde_json::Error> {
    let text = |key: &str| module[key].as_str().unwrap_or_default().to_owned();
    let mut children = Vec::new();
    for (place, child) in module["modules"].as_array().into_iter().flatten().enumerate() {
        children.push(entry_of_version(child, place)?);
    }
    Ok(ModuleEntry {
        id: None,
        type_id: module["type"]["id"].as_str().unwrap_or_default().to_owned(),
        slug: text("slug"),
        title: text("title"),
        description: text("description"),
        info: serde_json::from_value(module["info"].clone())?,
        options: serde_json::from_value(module["options"].clone())?,
        query_parameters: serde_json::from_value(module["query_parameters"].clone())?,
        data_group: text("data_group"),
        data_type: text("data_type"),
        order: i64::try_from(place).unwrap_or(i64::MAX),
        children,
    })
}
