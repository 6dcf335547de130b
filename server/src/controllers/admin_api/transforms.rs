//! `/transform-type` and `/transform`, by UUID.

use std::sync::Arc;

use serde_json::{Map, Value};
use stagecraft::{Catalog, Edit, NewTransform, Subject, Transform, Uuid};

use super::answer::Refusal;
use super::resource::{Request, Resource};
use super::shape::{Kind, Shape, failed};
use super::written_list::WrittenList;

/// Types of transforms. They are removed only if nothing uses them.
pub struct TransformTypes;

/// Transforms. They are removed only if nothing uses them.
pub struct Transforms;

/// The two ends of a transform.
const PLACE: Shape =
    Shape { required: &[("data-type", Kind::Text)], optional: &[("data-group", Kind::Text)], open: false };

impl Resource for TransformTypes {
    const SUBJECT: Subject = Subject::TransformType;
    const HISTORY: Option<&'static str> = Some("transform_type");
    const SHAPE: Shape = Shape {
        required: &[("name", Kind::Text), ("function", Kind::Text), ("schema", Kind::Object)],
        optional: &[],
        open: false,
    };

    fn list(catalog: &Catalog, _: &Request) -> WrittenList {
        catalog.transform_types().map(|kind| kind.to_json()).collect()
    }

    fn item(catalog: &Catalog, _: &Request, id: &str) -> Option<Value> {
        catalog.transform_type(Uuid::parse_str(id).ok()?).map(|kind| kind.to_json())
    }

    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal> {
        let schema = Value::Object(request.object("schema").unwrap_or_default());
        Ok(edit.create_transform_type(request.text("name"), request.text("function"), &schema)?.to_json())
    }

    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        let id = Uuid::parse_str(id).map_err(|_| Refusal::no_such_item())?;
        let schema = Value::Object(request.object("schema").unwrap_or_default());
        let (name, function) = (request.text("name"), request.text("function"));
        Ok(edit.update_transform_type(id, name, function, &schema)?.to_json())
    }

    fn delete_unused(edit: &mut Edit, _: &Request, id: &str) -> Result<(), Refusal> {
        let id = Uuid::parse_str(id).map_err(|_| Refusal::no_such_item())?;
        Ok(edit.delete_transform_type(id)?)
    }
}

impl Resource for Transforms {
    const SUBJECT: Subject = Subject::Transform;
    const HISTORY: Option<&'static str> = Some("transform");
    const SHAPE: Shape = Shape {
        required: &[
            ("type_id", Kind::Uuid),
            ("input", Kind::Object),
            ("query-parameters", Kind::Object),
            ("options", Kind::Object),
            ("output", Kind::Object),
        ],
        optional: &[],
        open: false,
    };

    fn list(catalog: &Catalog, request: &Request) -> WrittenList {
        let visible = catalog.transforms().filter(|transform| request.caller.sees(&transform.owners));
        visible.map(|transform| transform.to_json(catalog)).collect()
    }

    fn item(catalog: &Catalog, request: &Request, id: &str) -> Option<Value> {
        find(catalog, request, id).map(|transform| transform.to_json(catalog))
    }

    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal> {
        let transform = edit.create_transform(&new_transform(request)?)?;
        Ok(transform.to_json(edit.catalog()))
    }

    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        let old = find(edit.catalog(), request, id).ok_or_else(Refusal::no_such_item)?;
        let transform = edit.update_transform(old.id, &new_transform(request)?)?;
        Ok(transform.to_json(edit.catalog()))
    }

    fn delete_unused(edit: &mut Edit, request: &Request, id: &str) -> Result<(), Refusal> {
        let transform = find(edit.catalog(), request, id).ok_or_else(Refusal::no_such_item)?;
        edit.delete_transform(transform.id);
        Ok(())
    }
}

fn find(catalog: &Catalog, request: &Request, id: &str) -> Option<Arc<Transform>> {
    let transform = catalog.transform(Uuid::parse_str(id).ok()?);
    transform.filter(|transform| request.caller.sees(&transform.owners))
}

fn new_transform(request: &Request) -> Result<NewTransform, Refusal> {
    Ok(NewTransform {
        type_id: request.id("type_id"),
        input: place(request.object("input").unwrap_or_default())?,
        query_parameters: request.object("query-parameters").unwrap_or_default(),
        options: request.object("options").unwrap_or_default(),
        output: place(request.object("output").unwrap_or_default())?,
    })
}

fn place(form: Map<String, Value>) -> Result<(Option<String>, String), Refusal> {
    PLACE.check(&form).map_err(failed)?;
    let text = |key: &str| form.get(key).and_then(Value::as_str).map(str::to_owned);
    let group = text("data-group").filter(|group| !group.is_empty());
    Ok((group, text("data-type").unwrap_or_default()))
}
