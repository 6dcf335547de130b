//! `/data-groups`, by name.

use serde_json::Value;
use stagecraft::{Catalog, Edit, Subject};

use super::answer::Refusal;
use super::resource::{Request, Resource};
use super::shape::{Kind, Shape};
use super::written_list::WrittenList;

/// Data groups. They can be renamed, and removed if nothing uses them.
pub struct DataGroups;

impl Resource for DataGroups {
    const SUBJECT: Subject = Subject::DataGroup;
    const HISTORY: Option<&'static str> = Some("data_group");
    const SHAPE: Shape = Shape { required: &[], optional: &[("name", Kind::Text)], open: true };

    fn list(catalog: &Catalog, request: &Request) -> WrittenList {
        let name = request.parameter("name");
        let wanted = catalog.data_groups().filter(|group| name.is_none_or(|name| group.name == name));
        wanted.map(|group| group.to_json()).collect()
    }

    fn item(catalog: &Catalog, _: &Request, id: &str) -> Option<Value> {
        catalog.data_group(id).map(|group| group.to_json())
    }

    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal> {
        Ok(edit.create_data_group(request.text("name"))?.to_json())
    }

    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        Ok(edit.rename_data_group(id, request.text("name"))?.to_json())
    }

    fn delete_unused(edit: &mut Edit, _: &Request, id: &str) -> Result<(), Refusal> {
        Ok(edit.delete_data_group(id)?)
    }

    fn history_id(catalog: &Catalog, _: &Request, id: &str) -> Option<String> {
        Some(catalog.data_group(id)?.id.to_string())
    }
}
