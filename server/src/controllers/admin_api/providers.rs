//! `/provider`, by UUID or slug.

use std::sync::Arc;

use serde_json::Value;
use stagecraft::{Catalog, Edit, Provider, Subject, Uuid};

use super::answer::Refusal;
use super::resource::{Request, Resource};
use super::shape::{Kind, Shape};
use super::written_list::WrittenList;

/// Providers. They are removed only if nothing uses them.
pub struct Providers;

impl Resource for Providers {
    const SUBJECT: Subject = Subject::Provider;
    const HISTORY: Option<&'static str> = Some("provider");
    const SHAPE: Shape = Shape {
        required: &[("slug", Kind::Text), ("name", Kind::Text)],
        optional: &[("credentials_schema", Kind::Object)],
        open: false,
    };

    fn list(catalog: &Catalog, request: &Request) -> WrittenList {
        let name = request.parameter("name").map(str::to_lowercase);
        let wanted =
            |provider: &Provider| name.as_ref().is_none_or(|name| provider.name.to_lowercase() == *name);
        catalog.providers().filter(|provider| wanted(provider)).map(|provider| provider.to_json()).collect()
    }

    fn item(catalog: &Catalog, _: &Request, id: &str) -> Option<Value> {
        find(catalog, id).map(|provider| provider.to_json())
    }

    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal> {
        let schema = request.body.get("credentials_schema");
        Ok(edit.create_provider(request.text("slug"), request.text("name"), schema)?.to_json())
    }

    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        let old = find(edit.catalog(), id).ok_or_else(Refusal::no_such_item)?;
        let schema = request.body.get("credentials_schema");
        Ok(edit.update_provider(old.id, request.text("slug"), request.text("name"), schema)?.to_json())
    }

    fn delete_unused(edit: &mut Edit, _: &Request, id: &str) -> Result<(), Refusal> {
        let provider = find(edit.catalog(), id).ok_or_else(Refusal::no_such_item)?;
        Ok(edit.delete_provider(provider.id)?)
    }
}

fn find(catalog: &Catalog, id: &str) -> Option<Arc<Provider>> {
    let by_id = Uuid::parse_str(id).ok().and_then(|id| catalog.provider(id));
    by_id.or_else(|| catalog.providers().find(|provider| provider.slug == id).cloned())
}
