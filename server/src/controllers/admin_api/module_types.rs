//! `/module-type`, by name. Everybody may read them.

use serde_json::{Value, json};
use stagecraft::{Catalog, Edit, Subject};

use super::answer::Refusal;
use super::resource::{Request, Resource};
use super::shape::{Kind, Shape};
use super::written_list::WrittenList;

/// Types of modules. They are removed only if nothing uses them.
pub struct ModuleTypes;

impl Resource for ModuleTypes {
    const SUBJECT: Subject = Subject::ModuleType;
    const HISTORY: Option<&'static str> = Some("module_type");
    const SHAPE: Shape =
        Shape { required: &[("name", Kind::Text), ("schema", Kind::Object)], optional: &[], open: false };

    fn list(catalog: &Catalog, request: &Request) -> WrittenList {
        let name = request.parameter("name");
        let wanted = catalog
            .module_types()
            .filter(|kind| name.is_none_or(|name| name.eq_ignore_ascii_case(&kind.name)));
        wanted.map(|kind| kind.to_json()).collect()
    }

    fn item(catalog: &Catalog, _: &Request, id: &str) -> Option<Value> {
        catalog.module_type(id).map(|kind| kind.to_json())
    }

    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal> {
        Ok(edit.create_module_type(request.text("name"), schema(request))?.to_json())
    }

    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        Ok(edit.update_module_type(id, request.text("name"), schema(request))?.to_json())
    }

    fn delete_unused(edit: &mut Edit, _: &Request, id: &str) -> Result<(), Refusal> {
        let kind = edit.catalog().module_type(id).ok_or_else(Refusal::no_such_item)?;
        Ok(edit.delete_module_type(kind.id)?)
    }
}

fn schema(request: &Request) -> &Value {
    static NONE: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| json!({}));
    request.body.get("schema").unwrap_or(&NONE)
}
