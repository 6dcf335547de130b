//! Modules: the parts of a dashboard, in a tree. Each shows one data set, or holds other modules.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::catalog::{Catalog, Entity, Table, entity};
use crate::data_set::DataSet;
use crate::database::{Column, Row, RowReader};
use crate::module_type::ModuleType;
use crate::validate::{ALL_FIELDS, FieldErrors, SLUG_MESSAGE, is_lower_slug};
use crate::{Edit, RegistryError, query_parameters, schema};

/// The data set with the transactions of all services.
const SUMMARIES: &str = "transactional_services_summaries";

/// A module.
#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    /// Identifies it.
    pub id: Uuid,
    /// Its type.
    pub type_id: Uuid,
    /// The dashboard that it is on.
    pub dashboard_id: Uuid,
    /// The module that it is in.
    pub parent_id: Option<Uuid>,
    /// The data set that it shows.
    pub(crate) data_set_id: Option<i64>,
    /// Its place in addresses, its own within the dashboard: lower-case letters, digits and hyphens.
    pub slug: String,
    /// Its heading.
    pub title: String,
    /// What it shows, in a sentence.
    pub description: String,
    /// Where its figures come from, in paragraphs.
    pub info: Option<Vec<String>>,
    /// How it is drawn; its type's schema says what there can be.
    pub options: Map<String, Value>,
    /// What it asks its data set.
    pub query_parameters: Option<Map<String, Value>>,
    /// Its place among its siblings.
    pub order: i64,
}

/// A module as it is sent: with its children, to be made or, with an identifier, changed.
#[derive(Debug, Clone, Default)]
pub struct ModuleEntry {
    /// The identifier of the module that is changed; without, one is made.
    pub id: Option<String>,
    /// See [`Module::type_id`].
    pub type_id: String,
    /// See [`Module::slug`].
    pub slug: String,
    /// See [`Module::title`].
    pub title: String,
    /// See [`Module::description`].
    pub description: String,
    /// See [`Module::info`].
    pub info: Option<Vec<String>>,
    /// See [`Module::options`].
    pub options: Map<String, Value>,
    /// See [`Module::query_parameters`].
    pub query_parameters: Option<Map<String, Value>>,
    /// The data group of its data set.
    pub data_group: String,
    /// The data type of its data set.
    pub data_type: String,
    /// See [`Module::order`].
    pub order: i64,
    /// The modules in it.
    pub children: Vec<ModuleEntry>,
}

impl Row for Module {
    const TABLE: &'static str = "modules";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "type_id",
        "dashboard_id",
        "parent_id",
        "data_set_id",
        "slug",
        "title",
        "description",
        "info",
        "options",
        "query_parameters",
        "place",
    ];

    fn to_row(&self) -> Vec<Column> {
        vec![
            self.id.into(),
            self.type_id.into(),
            self.dashboard_id.into(),
            Column::NullableText(self.parent_id.map(|id| id.to_string())),
            self.data_set_id.into(),
            self.slug.as_str().into(),
            self.title.as_str().into(),
            self.description.as_str().into(),
            Column::NullableText(self.info.as_ref().map(|info| json!(info).to_string())),
            Column::Text(json!(self.options).to_string()),
            Column::NullableText(self.query_parameters.as_ref().map(|query| json!(query).to_string())),
            self.order.into(),
        ]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<Module, RegistryError> {
        Ok(Module {
            id: row.uuid()?,
            type_id: row.uuid()?,
            dashboard_id: row.uuid()?,
            parent_id: row.nullable_uuid()?,
            data_set_id: row.nullable_integer()?,
            slug: row.text()?,
            title: row.text()?,
            description: row.text()?,
            info: row.nullable_json()?,
            options: row.json()?,
            query_parameters: row.nullable_json()?,
            order: row.integer()?,
        })
    }
}

entity!(Module, Uuid, id, modules);

impl Catalog {
    /// The module with this identifier.
    #[must_use]
    pub fn module(&self, id: Uuid) -> Option<Arc<Module>> {
        self.modules.get(&id).cloned()
    }

    /// All modules of all dashboards.
    pub fn modules(&self) -> impl Iterator<Item = &Arc<Module>> {
        self.modules.values()
    }

    /// The data set that a module shows.
    #[must_use]
    pub fn data_set_of(&self, module: &Module) -> Option<Arc<DataSet>> {
        self.data_sets.get(&module.data_set_id?).cloned()
    }

    /// The dashboards that have a module which shows this data set, tabs aside; each once, by identifier.
    #[must_use]
    pub fn dashboards_showing(&self, data_set: &DataSet) -> Vec<Arc<crate::Dashboard>> {
        let showing = self.modules.values().filter(|module| module.data_set_id == Some(data_set.id));
        let ids: BTreeSet<Uuid> = showing.map(|module| module.dashboard_id).collect();
        ids.into_iter().filter_map(|id| self.dashboard(id)).collect()
    }

    /// The published dashboards that show the transactions of a service, each once, by identifier.
    #[must_use]
    pub fn dashboards_of_service(&self, service: &str) -> Vec<Arc<crate::Dashboard>> {
        let Some(summaries) = self.data_set(SUMMARIES) else { return Vec::new() };
        let wanted = format!("service_id:{service}");
        let asks = |module: &Module| {
            let filters = module.query_parameters.as_ref().and_then(|query| query.get("filter_by"));
            let filters = filters.and_then(Value::as_array);
            filters.into_iter().flatten().any(|filter| *filter == *wanted)
        };
        let modules = self.modules.values();
        let showing = modules.filter(|module| module.data_set_id == Some(summaries.id) && asks(module));
        let ids: BTreeSet<Uuid> = showing.map(|module| module.dashboard_id).collect();
        let dashboards = ids.into_iter().filter_map(|id| self.dashboard(id));
        dashboards.filter(|dashboard| dashboard.published()).collect()
    }
}

impl Edit {
    /// Adds one module to a dashboard, beside those that are in no other.
    ///
    /// # Errors
    /// If the dashboard, type or data set does not exist, or a field breaks the rules.
    pub fn create_module(
        &mut self,
        dashboard: Uuid,
        entry: &ModuleEntry,
    ) -> Result<Arc<Module>, RegistryError> {
        let invalid = |text: String| RegistryError::Invalid(text);
        let module_type = self.module_type_of(entry);
        let module_type =
            module_type.ok_or_else(|| RegistryError::NotFound("module type not found".into()))?;
        let data_set = match names_data_set(entry) {
            false => None,
            true => Some(
                self.catalog()
                    .data_set_by(&entry.data_group, &entry.data_type)
                    .ok_or_else(|| invalid("data set does not exit".into()))?,
            ),
        };
        if let Some(parameters) = &entry.query_parameters {
            query_parameters::check(parameters)
                .map_err(|error| invalid(format!("Query parameters not valid: {error}")))?;
            if data_set.is_none() && !parameters.is_empty() {
                return Err(invalid("query parameters but not data set".into()));
            }
        }
        schema::check(&module_type.schema, &Value::Object(entry.options.clone()))
            .map_err(|error| invalid(format!("options field failed validation: {error}")))?;
        let mut module = new_module(dashboard, None, entry);
        module.type_id = module_type.id;
        module.data_set_id = data_set.as_ref().map(|data_set| data_set.id);
        if data_set.is_some() {
            module.query_parameters.clone_from(&entry.query_parameters);
        }
        normalise(&mut module);
        self.check_module(&module).into_result()?;
        Ok(self.put(module))
    }

    /// Makes the modules of a dashboard those of the tree, and removes all others.
    pub(crate) fn replace_modules(
        &mut self,
        dashboard: Uuid,
        entries: &[ModuleEntry],
    ) -> Result<(), RegistryError> {
        let mut kept = BTreeSet::new();
        self.put_modules(dashboard, None, entries, &mut kept)?;
        self.remove_modules(|module| module.dashboard_id == dashboard && !kept.contains(&module.id));
        Ok(())
    }

    fn put_modules(
        &mut self,
        dashboard: Uuid,
        parent: Option<Uuid>,
        entries: &[ModuleEntry],
        kept: &mut BTreeSet<Uuid>,
    ) -> Result<(), RegistryError> {
        for entry in entries {
            let wrong = |text: String| {
                let (order, slug) = (entry.order, &entry.slug);
                RegistryError::Invalid(format!("Error in module {order} (slug '{slug}') - message: '{text}'"))
            };
            let id = self.put_module(dashboard, parent, entry).map_err(wrong)?;
            if !kept.insert(id) {
                return Err(wrong(format!("module with id {id} is in the tree twice")));
            }
            self.put_modules(dashboard, Some(id), &entry.children, kept)?;
        }
        Ok(())
    }

    /// Makes or changes the module of an entry, without its children. The error is the text alone.
    fn put_module(
        &mut self,
        dashboard: Uuid,
        parent: Option<Uuid>,
        entry: &ModuleEntry,
    ) -> Result<Uuid, String> {
        let module_type = self.module_type_of(entry).ok_or("module type was not found")?;
        let mut module = match entry.id.as_deref().filter(|id| !id.is_empty()) {
            None => new_module(dashboard, parent, entry),
            Some(id) => {
                let old = Uuid::parse_str(id).ok().and_then(|id| self.catalog().module(id));
                let old = old.filter(|module| module.dashboard_id == dashboard);
                let old = old.ok_or_else(|| format!("module with id {id} not found"))?;
                Module {
                    id: old.id,
                    data_set_id: old.data_set_id,
                    query_parameters: old.query_parameters.clone(),
                    ..new_module(dashboard, parent, entry)
                }
            }
        };
        module.type_id = module_type.id;
        schema::check(&module_type.schema, &Value::Object(entry.options.clone()))
            .map_err(|error| format!("options field failed validation: {error}"))?;
        if names_data_set(entry) {
            let data_set = self.catalog().data_set_by(&entry.data_group, &entry.data_type);
            module.data_set_id = Some(data_set.ok_or("data set does not exist")?.id);
            let parameters = entry.query_parameters.clone().unwrap_or_default();
            query_parameters::check(&parameters)
                .map_err(|error| format!("Query parameters not valid: {error}"))?;
            module.query_parameters = Some(parameters);
        } else if entry.query_parameters.as_ref().is_some_and(|parameters| !parameters.is_empty()) {
            return Err("query_parameters but no data set".into());
        }
        normalise(&mut module);
        self.check_module(&module).into_lines()?;
        Ok(self.put(module).id)
    }

    /// Removes modules and all that is in them.
    pub(crate) fn remove_modules(&mut self, which: impl Fn(&Module) -> bool) {
        let mut gone: BTreeSet<Uuid> =
            self.all::<Module>().filter(|module| which(module)).map(|module| module.id).collect();
        loop {
            let inside = |module: &&Arc<Module>| {
                !gone.contains(&module.id) && module.parent_id.is_some_and(|parent| gone.contains(&parent))
            };
            let more: Vec<Uuid> = self.all::<Module>().filter(inside).map(|module| module.id).collect();
            if more.is_empty() {
                break;
            }
            gone.extend(more);
        }
        for id in &gone {
            self.remove::<Module>(id);
        }
    }

    fn module_type_of(&self, entry: &ModuleEntry) -> Option<Arc<ModuleType>> {
        let id = Uuid::parse_str(&entry.type_id).ok()?;
        self.catalog().module_types.get(&id).cloned()
    }

    fn check_module(&self, module: &Module) -> FieldErrors {
        let mut errors = FieldErrors::default();
        if errors.required("slug", &module.slug) {
            errors.only("slug", &module.slug, is_lower_slug, SLUG_MESSAGE);
            errors.at_most("slug", &module.slug, 60);
        }
        errors.required("title", &module.title);
        errors.at_most("title", &module.title, 60);
        errors.at_most("description", &module.description, 400);
        let same_place = |other: &Module| {
            other.dashboard_id == module.dashboard_id && other.slug == module.slug && other.id != module.id
        };
        if self.all::<Module>().any(|other| same_place(other)) {
            // Clients look for this text and take it for success.
            errors.add(ALL_FIELDS, "Module with this Dashboard and Slug already exists.");
        }
        errors
    }
}

fn names_data_set(entry: &ModuleEntry) -> bool {
    !entry.data_group.is_empty() && !entry.data_type.is_empty()
}

/// A module as the entry says, without type and data set.
fn new_module(dashboard: Uuid, parent: Option<Uuid>, entry: &ModuleEntry) -> Module {
    Module {
        id: Uuid::new_v4(),
        type_id: Uuid::nil(),
        dashboard_id: dashboard,
        parent_id: parent,
        data_set_id: None,
        slug: entry.slug.clone(),
        title: entry.title.clone(),
        description: entry.description.clone(),
        info: entry.info.clone(),
        options: entry.options.clone(),
        query_parameters: None,
        order: entry.order,
    }
}

fn normalise(module: &mut Module) {
    if let Some(parameters) = &mut module.query_parameters {
        query_parameters::normalise(parameters);
    }
    let tabs = module.options.get_mut("tabs").and_then(Value::as_array_mut);
    for tab in tabs.into_iter().flatten() {
        let parameters = tab.get_mut("data-source").and_then(|source| source.get_mut("query-params"));
        if let Some(parameters) = parameters.and_then(Value::as_object_mut) {
            query_parameters::normalise(parameters);
        }
    }
}
