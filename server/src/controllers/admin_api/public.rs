//! `/public/dashboards`: what the public site and browsers read. Nobody needs a token.

use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::{Refusal, ok, set, tag_of, tagged};
use super::parameters::Parameters;
use crate::state::AppState;

/// All published dashboards, or with `slug` one of them, published or not.
pub async fn dashboards(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    let parameters = Parameters::of(&uri);
    let Some(path) = parameters.last("slug").filter(|slug| !slug.is_empty()) else {
        let mut response = ok(&state.registry.catalog().public_list());
        set(&mut response, header::CACHE_CONTROL, "max-age=300");
        return response;
    };
    let slug = path.split('/').next().unwrap_or_default();
    let found = state.registry.dashboard(slug);
    let Some(dashboard) = found.and_then(|definition| at_path(&definition, path)) else {
        let message = format!("No dashboard with slug '{path}' exists");
        return Refusal::not_found(message).into_response(&headers);
    };
    let published = dashboard.get("published").and_then(Value::as_bool).unwrap_or(false);
    let mut response = tagged(&dashboard, &tag_of(&dashboard), &headers);
    set(&mut response, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(&mut response, header::CACHE_CONTROL, if published { "max-age=300" } else { "no-cache" });
    response
}

/// The dashboard as `<dashboard>/<module>/<module>...` shows it: whole, or only the module at the end of the path.
fn at_path(definition: &Value, path: &str) -> Option<Value> {
    let mut slugs = path.split('/').skip(1).peekable();
    if slugs.peek().is_none() {
        return Some(definition.clone());
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    let mut modules = definition.get("modules")?.as_array()?;
    let mut shown = Value::Null;
    while let Some(slug) = slugs.next() {
        let module = modules.iter().find(|module| module["slug"] == slug)?;
        shown = module.clone();
        let children = module.get("modules").and_then(Value::as_array).filter(|list| !list.is_empty());
        if let Some(children) = children {
            modules = children;
        } else if let Some(tabs) = module.get("tabs").and_then(Value::as_array) {
            if slugs.peek().is_some() {
                shown = tab(module, tabs, last)?;
            }
            break;
        }
    }
    let mut page = definition.clone();
    page["page-type"] = "module".into();
    page["modules"] = json!([shown]);
    Some(page)
}

/// A tab as a module of its own. Its place in a path is `<module>-<tab>`, or just `<tab>`.
fn tab(module: &Value, tabs: &[Value], place: &str) -> Option<Value> {
    let prefix = format!("{}-", module["slug"].as_str()?);
    let slug = place.strip_prefix(&prefix).unwrap_or(place);
    let mut tab = tabs.iter().find(|tab| tab["slug"] == slug)?.clone();
    let title = |value: &Value| value["title"].as_str().unwrap_or_default().to_owned();
    tab["title"] = format!("{} - {}", title(module), title(&tab)).into();
    tab["info"] = module.get("info").cloned().unwrap_or(Value::Null);
    Some(tab)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> Value {
        json!({"slug": "foo", "page-type": "dashboard", "modules": [
            {"slug": "sec", "modules": [
                {"slug": "leaf", "modules": []},
                {"slug": "tabs", "title": "Tabs", "info": ["i"], "modules": [], "tabs": [
                    {"slug": "t1", "title": "T1"}]},
            ]},
            {"slug": "foo-bar", "modules": []},
        ]})
    }

    fn shown(path: &str) -> Option<Value> {
        let page = at_path(&definition(), path)?;
        assert_eq!(page["page-type"], "module");
        assert_eq!(page["modules"].as_array().map(Vec::len), Some(1));
        Some(page["modules"][0].clone())
    }

    #[test]
    fn a_dashboard_alone_is_whole() {
        assert_eq!(at_path(&definition(), "foo"), Some(definition()));
    }

    #[test]
    fn modules_are_found_below_their_sections() {
        assert_eq!(shown("foo/sec").unwrap()["modules"].as_array().unwrap().len(), 2);
        assert_eq!(shown("foo/sec/leaf").unwrap()["slug"], "leaf");
        assert_eq!(shown("foo/leaf"), None);
        assert_eq!(shown("foo/"), None);
        assert_eq!(shown("foo/sec/leaf/extra"), None);
    }

    #[test]
    fn a_module_whose_slug_begins_like_the_dashboards_is_found() {
        assert_eq!(shown("foo/foo-bar").unwrap()["slug"], "foo-bar");
    }

    #[test]
    fn a_tab_is_shown_as_a_module() {
        for path in ["foo/sec/tabs/tabs-t1", "foo/sec/tabs/t1"] {
            assert_eq!(shown(path), Some(json!({"slug": "t1", "title": "Tabs - T1", "info": ["i"]})));
        }
        assert!(shown("foo/sec/tabs").unwrap()["tabs"].is_array());
        assert_eq!(shown("foo/sec/tabs/none"), None);
    }
}
