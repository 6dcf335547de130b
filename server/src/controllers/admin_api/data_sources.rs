//! `/data-source`, by UUID or slug. Credentials go in and never come out.

use std::sync::Arc;

use serde_json::Value;
use stagecraft::{Catalog, DataSource, Edit, NewDataSource, Subject, Uuid};

use super::answer::Refusal;
use super::resource::{Request, Resource};
use super::shape::{Kind, Shape};
use super::written_list::WrittenList;

/// Data sources. They are removed only if nothing uses them.
pub struct DataSources;

impl Resource for DataSources {
    const SUBJECT: Subject = Subject::Provider;
    const HISTORY: Option<&'static str> = Some("data_source");
    const SHAPE: Shape = Shape {
        required: &[("slug", Kind::Text), ("name", Kind::Text), ("provider_id", Kind::Uuid)],
        optional: &[("credentials", Kind::Object)],
        open: false,
    };

    fn list(catalog: &Catalog, request: &Request) -> WrittenList {
        let name = request.parameter("name").map(str::to_lowercase);
        let wanted = |source: &DataSource| {
            request.caller.sees(&source.owners)
                && name.as_ref().is_none_or(|name| source.name.to_lowercase() == *name)
        };
        catalog.data_sources().filter(|source| wanted(source)).map(|source| source.to_json(catalog)).collect()
    }

    fn item(catalog: &Catalog, request: &Request, id: &str) -> Option<Value> {
        find(catalog, request, id).map(|source| source.to_json(catalog))
    }

    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal> {
        let source = edit.create_data_source(&new_source(request))?;
        Ok(source.to_json(edit.catalog()))
    }

    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        let old = find(edit.catalog(), request, id).ok_or_else(Refusal::no_such_item)?;
        let source = edit.update_data_source(old.id, &new_source(request))?;
        Ok(source.to_json(edit.catalog()))
    }

    fn delete_unused(edit: &mut Edit, request: &Request, id: &str) -> Result<(), Refusal> {
        let source = find(edit.catalog(), request, id).ok_or_else(Refusal::no_such_item)?;
        Ok(edit.delete_data_source(source.id)?)
    }
}

fn find(catalog: &Catalog, request: &Request, id: &str) -> Option<Arc<DataSource>> {
    let by_id = Uuid::parse_str(id).ok().and_then(|id| catalog.data_source(id));
    let found = by_id.or_else(|| catalog.data_sources().find(|source| source.slug == id).cloned());
    found.filter(|source| request.caller.sees(&source.owners))
}

fn new_source(request: &Request) -> NewDataSource {
    NewDataSource {
        slug: request.text("slug").to_owned(),
        name: request.text("name").to_owned(),
        provider_id: request.id("provider_id"),
        credentials: request.body.get("credentials").cloned(),
    }
}
