//! `/dashboard` (and `/dashboards`), by UUID or slug.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagecraft::dashboard::TEXTS;
use stagecraft::{Catalog, Dashboard, DashboardChanges, Edit, Link, LinkKind, Subject, Uuid};

use super::answer::Refusal;
use super::module_body;
use super::modules::POSTED_MODULE;
use super::resource::{Request, Resource};
use super::shape::{Kind, Shape, failed};
use super::written_list::WrittenList;

/// Dashboards. Changing one is a merge: what a body does not mention stays.
pub struct Dashboards;

/// What a copy of a dashboard is called.
const CLONE: Shape =
    Shape { required: &[("slug", Kind::Text)], optional: &[("title", Kind::Text)], open: false };

impl Resource for Dashboards {
    const SUBJECT: Subject = Subject::Dashboard;
    const HISTORY: Option<&'static str> = Some("dashboard");
    const BELOW: &'static [(&'static str, &'static str, &'static Shape)] = &[
        ("module", "Add a module to a dashboard", &POSTED_MODULE),
        ("clone", "Copy a dashboard with its modules, not published", &CLONE),
    ];
    const SHAPE: Shape = Shape {
        required: &[("slug", Kind::Text), ("title", Kind::Text)],
        optional: &[
            ("dashboard_type", Kind::Text),
            ("page_type", Kind::Text),
            ("description", Kind::Text),
            ("description_extra", Kind::Text),
            ("costs", Kind::Text),
            ("other_notes", Kind::Text),
            ("customer_type", Kind::Text),
            ("business_model", Kind::Text),
            ("strapline", Kind::Text),
            ("tagline", Kind::Text),
            ("language", Kind::Text),
            ("licence", Kind::Text),
            ("licence_url", Kind::Text),
            ("status", Kind::Text),
            ("published", Kind::Truth),
            ("improve_dashboard_message", Kind::Truth),
            ("organisation", Kind::UuidOrNull),
            ("links", Kind::List),
            ("modules", Kind::List),
            ("id", Kind::Text),
            ("objects", Kind::Text),
        ],
        open: true,
    };

    fn list(catalog: &Catalog, request: &Request) -> WrittenList {
        let matches = |name: &str, value: &str| {
            request.parameter(name).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
        };
        let mut visible = catalog.dashboards();
        visible.retain(|dashboard| request.caller.sees(&dashboard.owners));
        visible
            .retain(|dashboard| matches("id", &dashboard.id.to_string()) && matches("slug", &dashboard.slug));
        let (origin, prefix) = (&request.origin, &request.prefix);
        let in_list = |dashboard: &Arc<Dashboard>| {
            let slug = &dashboard.slug;
            json!({
                "id": dashboard.id.to_string(),
                "title": dashboard.title,
                "url": format!("{origin}{prefix}/dashboard/{slug}"),
                "public-url": format!("{origin}/performance/{slug}"),
                "status": dashboard.status,
                "published": dashboard.published(),
            })
        };
        visible.iter().map(in_list).collect()
    }

    fn item(catalog: &Catalog, request: &Request, id: &str) -> Option<Value> {
        find(catalog, request, id).map(|dashboard| dashboard.to_json(catalog))
    }

    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal> {
        let dashboard = edit.create_dashboard(&changes(request)?)?;
        Ok(dashboard.to_json(edit.catalog()))
    }

    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        let dashboard = find(edit.catalog(), request, id).ok_or_else(Refusal::no_such_item)?;
        let named = Uuid::parse_str(request.text("id")).ok().filter(|named| *named != dashboard.id);
        if named.is_some_and(|named| edit.catalog().dashboard(named).is_some()) {
            return Err(Refusal::bad_request("validation errors:\nid: this is the id of another dashboard"));
        }
        let dashboard = edit.update_dashboard(dashboard.id, &changes(request)?)?;
        Ok(dashboard.to_json(edit.catalog()))
    }

    fn delete(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        let dashboard = find(edit.catalog(), request, id).ok_or_else(Refusal::no_such_item)?;
        let dashboard = edit.delete_dashboard(dashboard.id)?;
        Ok(dashboard.to_json(edit.catalog()))
    }

    fn below(catalog: &Catalog, request: &Request, id: &str, sub: &str) -> Option<Value> {
        let dashboard = find(catalog, request, id).filter(|_| sub == "module")?;
        let tree = catalog.module_tree(dashboard.id);
        let of_dashboard = catalog.modules_of(dashboard.id);
        Some(of_dashboard.iter().map(|module| tree.module_json(catalog, module)).collect())
    }

    fn create_below(edit: &mut Edit, request: &Request, id: &str, sub: &str) -> Result<Value, Refusal> {
        let dashboard = find(edit.catalog(), request, id).ok_or_else(Refusal::no_such_item)?;
        if sub == "clone" {
            let title = request.body.get("title").and_then(Value::as_str);
            let copy = edit.clone_dashboard(dashboard.id, request.text("slug"), title)?;
            return Ok(copy.to_json(edit.catalog()));
        }
        let entry = module_body::posted_module(&request.body).map_err(failed)?;
        let module = edit.create_module(dashboard.id, &entry)?;
        Ok(edit.catalog().module_tree(dashboard.id).module_json(edit.catalog(), &module))
    }

    fn delete_unused(edit: &mut Edit, request: &Request, id: &str) -> Result<(), Refusal> {
        Self::delete(edit, request, id).map(drop)
    }

    fn restore(edit: &mut Edit, request: &Request, id: &str, version: &Value) -> Result<Value, Refusal> {
        let id = Uuid::parse_str(id).map_err(|_| Refusal::no_such_item())?;
        let owners = match edit.catalog().dashboard(id) {
            Some(present) => present.owners.clone(),
            // It was removed: its owners of then may have it back.
            None => serde_json::from_value(version["owners"].clone()).unwrap_or_default(),
        };
        if !request.caller.sees(&owners) {
            return Err(Refusal::no_such_item());
        }
        let dashboard = edit.restore_dashboard(id, version)?;
        Ok(dashboard.to_json(edit.catalog()))
    }
}

/// The dashboard with this UUID or slug, if the caller may see it.
pub fn find(catalog: &Catalog, request: &Request, id: &str) -> Option<Arc<Dashboard>> {
    let by_id = Uuid::parse_str(id).ok().and_then(|id| catalog.dashboard(id));
    let found = by_id.or_else(|| catalog.dashboard_by_slug(id));
    found.filter(|dashboard| request.caller.sees(&dashboard.owners))
}

/// What a body changes. Keys may be spelled with hyphens.
fn changes(request: &Request) -> Result<DashboardChanges, Refusal> {
    let body: Map<String, Value> =
        request.body.iter().map(|(key, value)| (key.replace('-', "_"), value.clone())).collect();
    let mut changes = DashboardChanges {
        slug: text(&body, "slug")?,
        title: text(&body, "title")?,
        status: text(&body, "status")?,
        published: truth(&body, "published")?,
        improve_dashboard_message: truth(&body, "improve_dashboard_message")?,
        organisation: body
            .get("organisation")
            .and_then(Value::as_str)
            .and_then(|id| Uuid::parse_str(id).ok()),
        ..DashboardChanges::default()
    };
    for name in TEXTS {
        if let Some(text) = text(&body, name)? {
            changes.texts.push(((*name).to_owned(), text));
        }
    }
    if let Some(links) = body.get("links").and_then(Value::as_array) {
        changes.links = Some(links.iter().map(link).collect::<Result<_, _>>()?);
    }
    if let Some(modules) = body.get("modules").and_then(Value::as_array) {
        changes.modules = Some(module_body::entries(modules).map_err(Refusal::bad_request)?);
    }
    Ok(changes)
}

/// A text, or what stands in its place under a hyphenated key.
fn text(body: &Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    match body.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        // As the older API wrote them.
        Some(Value::Bool(truth)) => Ok(Some(if *truth { "True" } else { "False" }.to_owned())),
        Some(Value::Null) => Err(field(name, "This field cannot be null.")),
        Some(_) => Err(field(name, "This field has to be a text.")),
    }
}

/// A truth value, or what older clients write for one under a hyphenated key.
fn truth(body: &Map<String, Value>, name: &str) -> Result<Option<bool>, Refusal> {
    match body.get(name) {
        None => Ok(None),
        Some(Value::Bool(truth)) => Ok(Some(*truth)),
        Some(value) => match value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str() {
            "t" | "True" | "1" => Ok(Some(true)),
            "f" | "False" | "0" => Ok(Some(false)),
            other => Err(field(name, &format!("'{other}' value must be either True or False."))),
        },
    }
}

/// A refusal of what a field holds.
fn field(name: &str, complaint: &str) -> Refusal {
    Refusal::bad_request(format!("validation errors:\n{name}: {complaint}"))
}

fn link(form: &Value) -> Result<Link, Refusal> {
    let text = |key: &str| form.get(key).and_then(Value::as_str);
    let kind = match text("type") {
        Some("transaction") => LinkKind::Transaction,
        Some("other") => LinkKind::Other,
        Some(other) => {
            return Err(failed(format!("the type of a link is 'transaction' or 'other', not '{other}'")));
        }
        None => return Err(failed("a link needs a 'type'")),
    };
    match (text("title"), text("url")) {
        (Some(title), Some(url)) => Ok(Link { title: title.to_owned(), kind, url: url.to_owned() }),
        _ => Err(failed("a link needs a 'title' and a 'url', both strings")),
    }
}
