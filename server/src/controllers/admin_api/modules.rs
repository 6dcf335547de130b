//! `/module` (and `/modules`), by UUID or slug. Modules are made below a dashboard and changed with it.

use std::sync::Arc;

use serde_json::Value;
use stagecraft::{Catalog, Edit, Module, Subject, Uuid};

use super::answer::Refusal;
use super::resource::{Request, Resource};
use super::shape::{Kind, Shape};
use super::written_list::WrittenList;

/// A module as it is posted below a dashboard. Some properties are known and do nothing.
pub const POSTED_MODULE: Shape = Shape {
    required: &[
        ("type_id", Kind::Uuid),
        ("slug", Kind::Text),
        ("title", Kind::Text),
        ("order", Kind::Integer),
    ],
    optional: &[
        ("description", Kind::Text),
        ("info", Kind::List),
        ("options", Kind::Object),
        ("query_parameters", Kind::Object),
        ("data_group", Kind::Text),
        ("data_type", Kind::Text),
        ("parent", Kind::Text),
        ("name", Kind::Text),
        ("objects", Kind::Text),
        ("modules", Kind::List),
    ],
    open: false,
};

/// What a copy of a module is called, and on which dashboard it is.
const CLONE: Shape = Shape {
    required: &[("slug", Kind::Text)],
    optional: &[("title", Kind::Text), ("dashboard", Kind::Text)],
    open: false,
};

/// Modules, visible to those who see their dashboards.
pub struct Modules;

impl Resource for Modules {
    const SUBJECT: Subject = Subject::Dashboard;
    const HISTORY: Option<&'static str> = None;
    const BELOW: &'static [(&'static str, &'static str, &'static Shape)] =
        &[("clone", "Copy a module, to its own dashboard or another", &CLONE)];
    const SHAPE: Shape = POSTED_MODULE;

    fn list(catalog: &Catalog, request: &Request) -> WrittenList {
        let trees = catalog.module_trees();
        let visible = catalog.modules().filter(|module| is_visible(catalog, request, module));
        visible
            .filter_map(|module| Some(trees.get(&module.dashboard_id)?.module_form(catalog, module)))
            .collect()
    }

    fn item(catalog: &Catalog, request: &Request, id: &str) -> Option<Value> {
        let module = find(catalog, request, id)?;
        Some(catalog.module_tree(module.dashboard_id).module_json(catalog, &module))
    }

    fn create(_: &mut Edit, _: &Request) -> Result<Value, Refusal> {
        Err(Refusal::not_found("no parent dashboard found"))
    }

    fn update(_: &mut Edit, _: &Request, _: &str) -> Result<Value, Refusal> {
        Err(only_through_dashboards())
    }

    fn refuses_changes() -> Option<Refusal> {
        Some(only_through_dashboards())
    }

    fn delete_unused(edit: &mut Edit, request: &Request, id: &str) -> Result<(), Refusal> {
        let module = find(edit.catalog(), request, id).ok_or_else(Refusal::no_such_item)?;
        Ok(edit.delete_module(module.id)?)
    }

    fn create_below(edit: &mut Edit, request: &Request, id: &str, _: &str) -> Result<Value, Refusal> {
        let original = find(edit.catalog(), request, id).ok_or_else(Refusal::no_such_item)?;
        let dashboard = match request.body.get("dashboard").and_then(Value::as_str) {
            None => original.dashboard_id,
            Some(place) => {
                let place = super::dashboards::find(edit.catalog(), request, place);
                place.ok_or_else(|| Refusal::not_found("no parent dashboard found"))?.id
            }
        };
        let title = request.body.get("title").and_then(Value::as_str);
        let copy = edit.clone_module(original.id, dashboard, request.text("slug"), title)?;
        Ok(edit.catalog().module_tree(dashboard).module_json(edit.catalog(), &copy))
    }
}

fn only_through_dashboards() -> Refusal {
    Refusal::not_allowed("Can't put to a resource,update only supported through dashboard")
}

fn is_visible(catalog: &Catalog, request: &Request, module: &Module) -> bool {
    let dashboard = catalog.dashboard(module.dashboard_id);
    dashboard.is_some_and(|dashboard| request.caller.sees(&dashboard.owners))
}

/// The visible module with this UUID, or the only one with this slug.
fn find(catalog: &Catalog, request: &Request, id: &str) -> Option<Arc<Module>> {
    if let Some(module) = Uuid::parse_str(id).ok().and_then(|id| catalog.module(id)) {
        return Some(module).filter(|module| is_visible(catalog, request, module));
    }
    let mut found =
        catalog.modules().filter(|module| module.slug == id && is_visible(catalog, request, module));
    match (found.next(), found.next()) {
        (Some(module), None) => Some(module.clone()),
        _ => None,
    }
}
