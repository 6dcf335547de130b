//! Taking over dashboards from their public documents, as other installations, fixtures and examples have them.
//!
//! What a document refers to is made if it is not there: types of modules, which then allow any options, and nodes of the
//! organisation. A data set that is not there stays named in the options of its module, so that the document keeps it.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::dashboard::{Dashboard, DashboardChanges, Link, LinkKind, TEXTS};
use crate::module::ModuleEntry;
use crate::node::{NewNode, Node};
use crate::{Edit, Registry, RegistryError};

/// The keys of a module that are not options.
const MODULE_KEYS: &[&str] =
    &["slug", "module-type", "title", "description", "info", "data-source", "modules"];

impl Registry {
    /// Stores a dashboard under the slug in its public document, in the place of one that has it.
    ///
    /// # Errors
    /// If the document is not an object with a proper slug and a title, or a part of it breaks the rules.
    pub async fn put_dashboard(&self, document: &Value) -> Result<Arc<Dashboard>, RegistryError> {
        self.edit("", |edit| edit.put_dashboard(document)).await
    }
}

impl Edit {
    /// Stores a dashboard under the slug in its public document, in the place of one that has it.
    ///
    /// # Errors
    /// If the document is not an object with a proper slug and a title, or a part of it breaks the rules.
    pub fn put_dashboard(&mut self, document: &Value) -> Result<Arc<Dashboard>, RegistryError> {
        let Some(object) = document.as_object() else {
            return Err(RegistryError::Invalid("a dashboard has to be an object".into()));
        };
        let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
        let related = object.get("relatedPages");
        let improve = related.and_then(|related| related.get("improve-dashboard-message"));
        let modules = object.get("modules").and_then(Value::as_array);
        let entries = modules.map(|modules| self.entries(modules)).transpose()?;
        let texts =
            TEXTS.iter().filter_map(|name| Some(((*name).to_owned(), text(&name.replace('_', "-"))?)));
        let changes = DashboardChanges {
            slug: Some(text("slug").unwrap_or_default()),
            title: Some(text("title").unwrap_or_default()),
            status: text("status"),
            published: object.get("published").and_then(Value::as_bool),
            texts: texts.collect(),
            improve_dashboard_message: improve.and_then(Value::as_bool),
            organisation: self.organisation_of(object)?,
            links: related.map(links).transpose()?,
            modules: entries,
        };
        let known = self.catalog().dashboard_by_slug(changes.slug.as_deref().unwrap_or_default());
        let Some(known) = known else { return self.create_dashboard(&changes) };
        if changes.modules.is_some() {
            // The entries have no identifiers: all modules are made anew.
            self.remove_modules(|module| module.dashboard_id == known.id);
        }
        self.update_dashboard(known.id, &changes)
    }

    fn entries(&mut self, modules: &[Value]) -> Result<Vec<ModuleEntry>, RegistryError> {
        let mut entries = Vec::new();
        for (place, module) in modules.iter().enumerate() {
            let Some(module) = module.as_object() else {
                return Err(RegistryError::Invalid("a module has to be an object".into()));
            };
            entries.push(self.entry(module, place)?);
        }
        Ok(entries)
    }

    fn entry(&mut self, module: &Map<String, Value>, place: usize) -> Result<ModuleEntry, RegistryError> {
        let text = |key: &str| module.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let children = module.get("modules").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut options: Map<String, Value> = module
            .iter()
            .filter(|(key, _)| !MODULE_KEYS.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let source = module.get("data-source");
        let of_source = |key: &str| {
            let text = source.and_then(|source| source.get(key)).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let (mut data_group, mut data_type) = (of_source("data-group"), of_source("data-type"));
        let query = source.and_then(|source| source.get("query-params")).and_then(Value::as_object);
        let mut query_parameters = query.cloned();
        if let Some(source) = source
            && self.catalog().data_set_by(&data_group, &data_type).is_none()
        {
            options.insert("data-source".into(), source.clone());
            (data_group, data_type, query_parameters) = (String::new(), String::new(), None);
        }
        let slug = text("slug");
        let title = Some(text("title")).filter(|title| !title.is_empty()).unwrap_or_else(|| slug.clone());
        let info = module
            .get("info")
            .and_then(Value::as_array)
            .map(|info| info.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<String>>());
        Ok(ModuleEntry {
            id: None,
            type_id: self.module_type_for(&text("module-type"))?,
            slug,
            title,
            description: text("description"),
            info,
            options,
            query_parameters,
            data_group,
            data_type,
            order: i64::try_from(place).unwrap_or(i64::MAX),
            children: self.entries(children)?,
        })
    }

    fn module_type_for(&mut self, name: &str) -> Result<String, RegistryError> {
        let known = self.catalog().module_type(name);
        let module_type = match known {
            Some(module_type) => module_type,
            None => self.create_module_type(name, &json!({"type": "object"}))?,
        };
        Ok(module_type.id.to_string())
    }

    /// The node that a document is about: its agency, which belongs to its department, or the department.
    fn organisation_of(&mut self, document: &Map<String, Value>) -> Result<Option<Uuid>, RegistryError> {
        let mut nearest = None;
        for type_name in ["department", "agency"] {
            if let Some(form) = document.get(type_name).filter(|form| form.is_object()) {
                nearest = Some(self.node_for(type_name, form, nearest)?.id);
            }
        }
        Ok(nearest)
    }

    fn node_for(
        &mut self,
        type_name: &str,
        form: &Value,
        parent: Option<Uuid>,
    ) -> Result<Arc<Node>, RegistryError> {
        let text = |key: &str| form.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = text("title");
        let slug = match text("slug") {
            "" => slug_of(name),
            slug => slug.to_owned(),
        };
        let known = self.catalog().nodes().find(|node| node.name == name && node.slug == slug).cloned();
        if let Some(node) = known.filter(|node| self.catalog().type_of(node) == type_name) {
            return Ok(node);
        }
        let known = self.catalog().node_types().find(|node_type| node_type.name == type_name).cloned();
        let node_type = match known {
            Some(node_type) => node_type,
            None => self.create_node_type(type_name)?,
        };
        let abbreviation = Some(text("abbr")).filter(|abbr| !abbr.is_empty() && *abbr != name);
        self.create_node(&NewNode {
            type_id: node_type.id,
            name: name.to_owned(),
            abbreviation: abbreviation.map(str::to_owned),
            slug: Some(slug),
            parent,
        })
    }
}

fn links(related: &Value) -> Result<Vec<Link>, RegistryError> {
    let mut links = Vec::new();
    if let Some(form) = related.get("transaction").filter(|form| form.is_object()) {
        links.push(link(form, LinkKind::Transaction)?);
    }
    for form in related.get("other").and_then(Value::as_array).into_iter().flatten() {
        links.push(link(form, LinkKind::Other)?);
    }
    Ok(links)
}

fn link(form: &Value, kind: LinkKind) -> Result<Link, RegistryError> {
    let text = |key: &str| form.get(key).and_then(Value::as_str).map(str::to_owned);
    match (text("title"), text("url")) {
        (Some(title), Some(url)) => Ok(Link { title, kind, url }),
        _ => Err(RegistryError::Invalid("a related page needs a title and a url".into())),
    }
}

/// A name as it can stand in an address.
fn slug_of(name: &str) -> String {
    let spaced: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join("-")
}
