//! The part of a dashboard that the rest of an address means.

use super::{Module, text};
use serde_json::Value;

/// The module at a path of slugs below a dashboard, and the path with which its own children begin.
///
/// The children of a set of tabs go by `tab-child`; one of them is titled after both and tells what the set tells about its
/// data.
pub fn module(modules: &[Module], path: &[&str]) -> Option<Module> {
    let (first, rest) = path.split_first()?;
    let found = modules.iter().find(|module| module.slug == **first)?;
    match rest {
        [] => Some(found.clone()),
        [last] if found.kind == "tab" => {
            let slug = last.strip_prefix(&format!("{}-", found.slug))?;
            let mut child = found.children.iter().find(|child| child.slug == slug)?.clone();
            child.title = format!("{} - {}", found.title, child.title);
            child.info = found.info.clone();
            Some(child)
        }
        rest => self::module(&found.children, rest),
    }
}

/// The slugs of a path below the dashboards: that of the dashboard, and those of the part that is meant.
pub fn slugs(path: &str) -> Option<(&str, Vec<&str>)> {
    let mut slugs = path.trim_matches('/').split('/');
    let dashboard = slugs.next().filter(|slug| !slug.is_empty())?;
    Some((dashboard, slugs.collect()))
}

/// The modules of a dashboard.
pub fn modules(definition: &Value, defaults: &dyn Fn(&str, &Value) -> Value) -> Vec<Module> {
    let stored = definition["modules"].as_array().map(Vec::as_slice).unwrap_or_default();
    stored
        .iter()
        .filter(|module| module.is_object() && text(module, "module-type").is_some())
        .map(|module| Module::parse(module, defaults))
        .collect()
}
