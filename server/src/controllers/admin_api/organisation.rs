//! `/organisation/type` and `/organisation/node`, by UUID. Everybody may read them.

use serde_json::Value;
use stagecraft::{Catalog, Edit, NewNode, Subject, Uuid};

use super::answer::Refusal;
use super::resource::{Request, Resource};
use super::shape::{Kind, Shape};
use super::written_list::WrittenList;

/// Types of nodes. They are removed only if nothing uses them.
pub struct NodeTypes;

/// Nodes. They are removed only if nothing uses them, and never lose a parent.
pub struct Nodes;

impl Resource for NodeTypes {
    const SUBJECT: Subject = Subject::Organisation;
    const HISTORY: Option<&'static str> = Some("node_type");
    const SHAPE: Shape = Shape { required: &[("name", Kind::Text)], optional: &[], open: false };

    fn list(catalog: &Catalog, request: &Request) -> WrittenList {
        let wanted = catalog.node_types().filter(|kind| is_wanted(request, "name", &kind.name));
        wanted.map(|kind| kind.to_json()).collect()
    }

    fn item(catalog: &Catalog, _: &Request, id: &str) -> Option<Value> {
        catalog.node_type(Uuid::parse_str(id).ok()?).map(|kind| kind.to_json())
    }

    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal> {
        Ok(edit.create_node_type(request.text("name"))?.to_json())
    }

    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        let id = Uuid::parse_str(id).map_err(|_| Refusal::no_such_item())?;
        Ok(edit.rename_node_type(id, request.text("name"))?.to_json())
    }

    fn delete_unused(edit: &mut Edit, _: &Request, id: &str) -> Result<(), Refusal> {
        let id = Uuid::parse_str(id).map_err(|_| Refusal::no_such_item())?;
        Ok(edit.delete_node_type(id)?)
    }
}

impl Resource for Nodes {
    const SUBJECT: Subject = Subject::Organisation;
    const HISTORY: Option<&'static str> = Some("node");
    const SHAPE: Shape = Shape {
        required: &[("type_id", Kind::Uuid), ("name", Kind::Text)],
        optional: &[("slug", Kind::Text), ("abbreviation", Kind::Text), ("parent_id", Kind::Uuid)],
        open: false,
    };

    fn list(catalog: &Catalog, request: &Request) -> WrittenList {
        let types: Vec<&str> = request.query.all("type").collect();
        let wanted = catalog.nodes().filter(|node| {
            let abbreviation = node.abbreviation.as_deref().unwrap_or_default();
            (types.is_empty() || types.contains(&catalog.type_of(node)))
                && is_wanted(request, "name", &node.name)
                && is_wanted(request, "abbreviation", abbreviation)
        });
        wanted.map(|node| node.to_json(catalog)).collect()
    }

    fn item(catalog: &Catalog, _: &Request, id: &str) -> Option<Value> {
        catalog.node(Uuid::parse_str(id).ok()?).map(|node| node.to_json(catalog))
    }

    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal> {
        let node = edit.create_node(&new_node(request))?;
        Ok(node.to_json(edit.catalog()))
    }

    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        let id = Uuid::parse_str(id).map_err(|_| Refusal::no_such_item())?;
        let node = edit.update_node(id, &new_node(request))?;
        Ok(node.to_json(edit.catalog()))
    }

    fn below(catalog: &Catalog, request: &Request, id: &str, sub: &str) -> Option<Value> {
        let node = catalog.node(Uuid::parse_str(id).ok()?).filter(|_| sub == "ancestors")?;
        let mut line = catalog.ancestors(&node);
        if request.parameter("self") == Some("true") {
            line.push(node);
        }
        Some(line.iter().map(|node| node.to_json(catalog)).collect())
    }

    fn delete_unused(edit: &mut Edit, _: &Request, id: &str) -> Result<(), Refusal> {
        let id = Uuid::parse_str(id).map_err(|_| Refusal::no_such_item())?;
        Ok(edit.delete_node(id)?)
    }
}

fn new_node(request: &Request) -> NewNode {
    let text = |name: &str| request.body.get(name).and_then(Value::as_str).map(str::to_owned);
    NewNode {
        type_id: request.id("type_id"),
        name: request.text("name").to_owned(),
        abbreviation: text("abbreviation"),
        slug: text("slug"),
        parent: text("parent_id").map(|_| request.id("parent_id")),
    }
}

/// Whether a value is what a filter asks for, whatever the case.
fn is_wanted(request: &Request, parameter: &str, value: &str) -> bool {
    request.parameter(parameter).is_none_or(|wanted| wanted.to_lowercase() == value.to_lowercase())
}
