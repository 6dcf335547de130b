//! Dashboards as the public site and browsers see them: one document each, without identifiers.
//!
//! Options of a module are beside its other keys here, and keys are hyphenated. `import.rs` reads the same form.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Map, Value, json};

use crate::dashboard::{Dashboard, LinkKind};
use crate::module::Module;
use crate::module_tree::ModuleTree;
use crate::node::Node;
use crate::{Catalog, Registry};

/// The public documents of one catalog, each made on first use.
#[derive(Debug, Default)]
pub(crate) struct PublicDocuments(RwLock<HashMap<String, Arc<Value>>>);

impl PublicDocuments {
    fn get(&self, slug: &str) -> Option<Arc<Value>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(slug).cloned()
    }

    fn keep(&self, slug: &str, document: Value) -> Arc<Value> {
        let document = Arc::new(document);
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(slug.to_owned(), document.clone());
        document
    }
}

impl Registry {
    /// The public document of a dashboard, published or not.
    #[must_use]
    pub fn dashboard(&self, slug: &str) -> Option<Arc<Value>> {
        self.catalog().public_dashboard(slug)
    }

    /// The public documents of all dashboards, published or not, by title.
    #[must_use]
    pub fn dashboards(&self) -> Vec<Arc<Value>> {
        self.catalog().public_dashboards()
    }
}

impl Catalog {
    /// The public document of a dashboard, published or not.
    #[must_use]
    fn public_dashboard(&self, slug: &str) -> Option<Arc<Value>> {
        if let Some(document) = self.public_documents.get(slug) {
            return Some(document);
        }
        let dashboard = self.dashboard_by_slug(slug)?;
        Some(self.public_documents.keep(slug, self.document(&dashboard, &self.module_tree(dashboard.id))))
    }

    /// The public documents of all dashboards, published or not, by title.
    fn public_dashboards(&self) -> Vec<Arc<Value>> {
        // Finding the modules of each dashboard on its own would mean to look at all modules for each.
        let (trees, no_modules) = (self.module_trees(), ModuleTree::default());
        let document = |dashboard: &Arc<Dashboard>| {
            let slug = &dashboard.slug;
            self.public_documents.get(slug).unwrap_or_else(|| {
                let tree = trees.get(&dashboard.id).unwrap_or(&no_modules);
                self.public_documents.keep(slug, self.document(dashboard, tree))
            })
        };
        self.dashboards().iter().map(document).collect()
    }

    /// The public list of published dashboards, by title.
    #[must_use]
    pub fn public_list(&self) -> Value {
        let all = self.dashboards();
        let items = all.iter().filter(|dashboard| dashboard.published()).map(|dashboard| {
            let mut item = Map::new();
            item.insert("slug".into(), dashboard.slug.as_str().into());
            item.insert("title".into(), dashboard.title.as_str().into());
            item.insert("dashboard-type".into(), dashboard.texts.dashboard_type.as_str().into());
            let line = self.line_of(dashboard);
            for name in ["department", "agency", "service"] {
                // Of several of one type the nearest counts.
                if let Some(node) = line.iter().rev().find(|node| self.type_of(node) == name) {
                    item.insert(name.into(), node.to_public_json());
                }
            }
            Value::Object(item)
        });
        json!({"page-type": "browse", "items": items.collect::<Vec<_>>()})
    }

    fn document(&self, dashboard: &Dashboard, tree: &ModuleTree) -> Value {
        let mut document = json!({
            "slug": dashboard.slug,
            "title": dashboard.title,
            "published": dashboard.published(),
        });
        for (name, text) in dashboard.texts.told() {
            document[name.replace('_', "-")] = text.into();
        }
        let (department, agency) = self.department_and_agency(dashboard);
        if let Some(node) = department {
            document["department"] = node.to_public_json();
        }
        if let Some(node) = agency {
            document["agency"] = node.to_public_json();
        }
        let mut related = json!({"improve-dashboard-message": dashboard.improve_dashboard_message});
        let link_of = |kind| dashboard.links.iter().filter(move |link| link.kind == kind);
        if let Some(link) = link_of(LinkKind::Transaction).next().filter(|link| !link.url.is_empty()) {
            related["transaction"] = json!(link);
        }
        related["other"] = json!(link_of(LinkKind::Other).collect::<Vec<_>>());
        document["relatedPages"] = related;
        document["modules"] = self.public_modules(tree, None);
        document
    }

    fn public_modules(&self, tree: &ModuleTree, parent: Option<uuid::Uuid>) -> Value {
        tree.children(parent).iter().map(|module| self.public_module(tree, module)).collect()
    }

    fn public_module(&self, tree: &ModuleTree, module: &Module) -> Value {
        let mut form = module.options.clone();
        let module_type = self.module_types.get(&module.type_id).map(|module_type| module_type.name.as_str());
        form.insert("slug".into(), module.slug.as_str().into());
        form.insert("module-type".into(), module_type.into());
        form.insert("title".into(), module.title.as_str().into());
        form.insert("description".into(), module.description.as_str().into());
        form.insert("info".into(), json!(module.info));
        if let Some(data_set) = self.data_set_of(module) {
            let mut source = json!({"data-group": data_set.data_group, "data-type": data_set.data_type});
            if let Some(parameters) = &module.query_parameters {
                source["query-params"] = Value::Object(parameters.clone());
            }
            form.insert("data-source".into(), source);
        }
        form.insert("modules".into(), self.public_modules(tree, Some(module.id)));
        Value::Object(form)
    }

    /// The node that a dashboard is about and all above it, the farthest first.
    fn line_of(&self, dashboard: &Dashboard) -> Vec<Arc<Node>> {
        let Some(node) = dashboard.organisation.and_then(|id| self.node(id)) else { return Vec::new() };
        let mut line = self.ancestors(&node);
        line.push(node);
        line
    }

    /// The agency is the node itself or the farthest one above it; the department is the nearest above the agency.
    /// Without an agency it is the farthest one.
    fn department_and_agency(&self, dashboard: &Dashboard) -> (Option<Arc<Node>>, Option<Arc<Node>>) {
        let line = self.line_of(dashboard);
        let is = |name: &'static str| move |node: &&Arc<Node>| self.type_of(node) == name;
        let itself = line.last().filter(is("agency"));
        let agency = itself.or_else(|| line.iter().find(is("agency"))).cloned();
        let department = match &agency {
            Some(agency) => self.ancestors(agency).iter().rev().find(is("department")).cloned(),
            None => line.iter().find(is("department")).cloned(),
        };
        (department, agency)
    }
}
