//! `/data-types`, by name. The older system had no such path: data types were made by hand.

use serde_json::Value;
use stagecraft::{Catalog, Edit, Subject};

use super::answer::Refusal;
use super::resource::{Request, Resource};
use super::shape::{Kind, Shape};
use super::written_list::WrittenList;

/// Data types. Their description can be changed; they are not renamed, and removed only if nothing uses them.
pub struct DataTypes;

impl Resource for DataTypes {
    const SUBJECT: Subject = Subject::DataGroup;
    const HISTORY: Option<&'static str> = Some("data_type");
    const SHAPE: Shape =
        Shape { required: &[("name", Kind::Text)], optional: &[("description", Kind::Text)], open: false };

    fn list(catalog: &Catalog, request: &Request) -> WrittenList {
        let name = request.parameter("name");
        let wanted = catalog.data_types().filter(|data_type| name.is_none_or(|name| data_type.name == name));
        wanted.map(|data_type| data_type.to_json()).collect()
    }

    fn item(catalog: &Catalog, _: &Request, id: &str) -> Option<Value> {
        catalog.data_type(id).map(|data_type| data_type.to_json())
    }

    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal> {
        Ok(edit.create_data_type(request.text("name"), request.text("description"))?.to_json())
    }

    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        if request.text("name") != id {
            return Err(Refusal::bad_request("validation errors:\nname: name cannot be modified"));
        }
        Ok(edit.describe_data_type(id, request.text("description"))?.to_json())
    }

    fn delete_unused(edit: &mut Edit, _: &Request, id: &str) -> Result<(), Refusal> {
        Ok(edit.delete_data_type(id)?)
    }

    fn history_id(catalog: &Catalog, _: &Request, id: &str) -> Option<String> {
        Some(catalog.data_type(id)?.id.to_string())
    }
}
