//! `/collector-type`, by UUID or slug.

use std::sync::Arc;

use serde_json::Value;
use stagecraft::{Catalog, CollectorType, Edit, NewCollectorType, Subject, Uuid};

use super::answer::Refusal;
use super::resource::{Request, Resource};
use super::shape::{Kind, Shape};
use super::written_list::WrittenList;

/// Types of collectors. They are removed only if nothing uses them.
pub struct CollectorTypes;

impl Resource for CollectorTypes {
    const SUBJECT: Subject = Subject::Collector;
    const HISTORY: Option<&'static str> = Some("collector_type");
    const SHAPE: Shape = Shape {
        required: &[
            ("slug", Kind::Text),
            ("name", Kind::Text),
            ("provider_id", Kind::Uuid),
            ("entry_point", Kind::Text),
        ],
        optional: &[("query_schema", Kind::Object), ("options_schema", Kind::Object)],
        open: false,
    };

    fn list(catalog: &Catalog, request: &Request) -> WrittenList {
        let name = request.parameter("name").map(str::to_lowercase);
        let wanted =
            |kind: &CollectorType| name.as_ref().is_none_or(|name| kind.name.to_lowercase() == *name);
        catalog.collector_types().filter(|kind| wanted(kind)).map(|kind| kind.to_json(catalog)).collect()
    }

    fn item(catalog: &Catalog, _: &Request, id: &str) -> Option<Value> {
        find(catalog, id).map(|kind| kind.to_json(catalog))
    }

    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal> {
        let kind = edit.create_collector_type(&new_type(request))?;
        Ok(kind.to_json(edit.catalog()))
    }

    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        let old = find(edit.catalog(), id).ok_or_else(Refusal::no_such_item)?;
        let kind = edit.update_collector_type(old.id, &new_type(request))?;
        Ok(kind.to_json(edit.catalog()))
    }

    fn delete_unused(edit: &mut Edit, _: &Request, id: &str) -> Result<(), Refusal> {
        let kind = find(edit.catalog(), id).ok_or_else(Refusal::no_such_item)?;
        Ok(edit.delete_collector_type(kind.id)?)
    }
}

fn find(catalog: &Catalog, id: &str) -> Option<Arc<CollectorType>> {
    let by_id = Uuid::parse_str(id).ok().and_then(|id| catalog.collector_type(id));
    by_id.or_else(|| catalog.collector_types().find(|kind| kind.slug == id).cloned())
}

fn new_type(request: &Request) -> NewCollectorType {
    NewCollectorType {
        slug: request.text("slug").to_owned(),
        name: request.text("name").to_owned(),
        provider_id: request.id("provider_id"),
        entry_point: request.text("entry_point").to_owned(),
        query_schema: request.body.get("query_schema").cloned(),
        options_schema: request.body.get("options_schema").cloned(),
    }
}
