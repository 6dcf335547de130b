//! The modules of a dashboard as the tree that they are, and how the admin API shows them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Catalog;
use crate::catalog::Table;
use crate::module::Module;

/// The modules of one dashboard, by parent, siblings in order.
#[derive(Debug, Default)]
pub struct ModuleTree(BTreeMap<Option<Uuid>, Vec<Arc<Module>>>);

impl ModuleTree {
    /// The modules in a module, or those in none.
    #[must_use]
    pub fn children(&self, parent: Option<Uuid>) -> &[Arc<Module>] {
        self.0.get(&parent).map_or(&[], Vec::as_slice)
    }

    /// The admin API's form of the whole tree.
    #[must_use]
    pub fn to_json(&self, catalog: &Catalog) -> Value {
        self.children(None).iter().map(|module| self.module_json(catalog, module)).collect()
    }

    /// The admin API's form of one module, with those in it.
    #[must_use]
    pub fn module_json(&self, catalog: &Catalog, module: &Module) -> Value {
        json!(self.module_form(catalog, module))
    }

    /// The same, to be written.
    #[must_use]
    pub fn module_form<'a>(&'a self, catalog: &'a Catalog, module: &'a Module) -> ModuleForm<'a> {
        ModuleForm { tree: self, catalog, module }
    }

    fn insert(&mut self, module: &Arc<Module>) {
        self.0.entry(module.parent_id).or_default().push(module.clone());
    }

    fn sort(&mut self) {
        self.0.values_mut().for_each(|siblings| siblings.sort_by_key(|module| module.order));
    }
}

/// The admin API's form of a module.
#[derive(Debug, Clone, Copy)]
pub struct ModuleForm<'a> {
    tree: &'a ModuleTree,
    catalog: &'a Catalog,
    module: &'a Module,
}

impl Serialize for ModuleForm<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let &ModuleForm { tree, catalog, module } = self;
        let mut form = serializer.serialize_map(None)?;
        form.serialize_entry("id", &Id(module.id))?;
        form.serialize_entry("type", &Reference { id: Id(module.type_id) })?;
        form.serialize_entry("dashboard", &Reference { id: Id(module.dashboard_id) })?;
        form.serialize_entry("parent", &module.parent_id.map(|id| Reference { id: Id(id) }))?;
        form.serialize_entry("slug", &module.slug)?;
        form.serialize_entry("title", &module.title)?;
        form.serialize_entry("description", &module.description)?;
        form.serialize_entry("info", &module.info)?;
        form.serialize_entry("options", &module.options)?;
        form.serialize_entry("query_parameters", &module.query_parameters)?;
        let children = tree.children(Some(module.id)).iter();
        let children: Vec<ModuleForm> = children.map(|module| ModuleForm { tree, catalog, module }).collect();
        form.serialize_entry("modules", &children)?;
        match catalog.data_set_of(module) {
            Some(data_set) => {
                form.serialize_entry("data_group", &data_set.data_group)?;
                form.serialize_entry("data_type", &data_set.data_type)?;
            }
            None => form.serialize_entry("data_set", &())?,
        }
        form.end()
    }
}

/// An identifier in the place of what it identifies.
#[derive(Serialize)]
struct Reference {
    id: Id,
}

/// An identifier as clients write it.
struct Id(Uuid);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}

/// The modules of each dashboard. During an edit it is out of date, which `table` tells, and not used.
#[derive(Debug, Default)]
pub(crate) struct ModuleIndex {
    table: Table<Module>,
    by_dashboard: HashMap<Uuid, Vec<Arc<Module>>>,
}

impl ModuleIndex {
    pub(crate) fn new(table: &Table<Module>) -> ModuleIndex {
        let mut index = ModuleIndex { table: table.clone(), ..ModuleIndex::default() };
        for module in table.values() {
            index.by_dashboard.entry(module.dashboard_id).or_default().push(module.clone());
        }
        index
    }

    pub(crate) fn is_of(&self, table: &Table<Module>) -> bool {
        Arc::ptr_eq(&self.table, table)
    }
}

impl Catalog {
    /// The modules of a dashboard, by identifier.
    #[must_use]
    pub fn modules_of(&self, dashboard: Uuid) -> Vec<Arc<Module>> {
        if self.module_index.is_of(&self.modules) {
            return self.module_index.by_dashboard.get(&dashboard).cloned().unwrap_or_default();
        }
        self.modules.values().filter(|module| module.dashboard_id == dashboard).cloned().collect()
    }

    /// The modules of a dashboard, as a tree.
    #[must_use]
    pub fn module_tree(&self, dashboard: Uuid) -> ModuleTree {
        let mut tree = ModuleTree::default();
        self.modules_of(dashboard).iter().for_each(|module| tree.insert(module));
        tree.sort();
        tree
    }

    /// The modules of all dashboards, by dashboard.
    #[must_use]
    pub fn module_trees(&self) -> HashMap<Uuid, ModuleTree> {
        let mut trees: HashMap<Uuid, ModuleTree> = HashMap::new();
        for module in self.modules.values() {
            trees.entry(module.dashboard_id).or_default().insert(module);
        }
        trees.values_mut().for_each(ModuleTree::sort);
        trees
    }
}
