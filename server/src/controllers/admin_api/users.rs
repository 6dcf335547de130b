//! `/users`, by e-mail address.

use serde_json::Value;
use stagecraft::{Catalog, Edit, Role, Subject};

use super::answer::Refusal;
use super::resource::{Request, Resource};
use super::shape::{Kind, Shape};
use super::written_list::WrittenList;

/// Users: those who may own things.
pub struct Users;

impl Resource for Users {
    const SUBJECT: Subject = Subject::User;
    const HISTORY: Option<&'static str> = Some("user");
    const SHAPE: Shape = Shape { required: &[("email", Kind::Text)], optional: &[], open: false };

    fn list(catalog: &Catalog, request: &Request) -> WrittenList {
        let email = request.parameter("email").map(str::to_lowercase);
        let wanted = |address: &str| email.as_ref().is_none_or(|email| address.to_lowercase() == *email);
        catalog.users().filter(|user| wanted(&user.email)).map(|user| user.to_json()).collect()
    }

    fn item(catalog: &Catalog, _: &Request, id: &str) -> Option<Value> {
        catalog.user(id).map(|user| user.to_json())
    }

    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal> {
        Ok(edit.create_user(request.text("email"))?.to_json())
    }

    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        // Whoever comes in under an address has what is there: to move that is to hand out roles.
        if edit.catalog().user(id).is_some_and(|user| edit.catalog().may_come_in(&user)) {
            request.caller.must_be(&[Role::Admin])?;
        }
        Ok(edit.rename_user(id, request.text("email"))?.to_json())
    }

    fn delete_unused(edit: &mut Edit, _: &Request, id: &str) -> Result<(), Refusal> {
        Ok(edit.delete_user(id)?)
    }

    fn history_id(catalog: &Catalog, _: &Request, id: &str) -> Option<String> {
        Some(catalog.user(id)?.id.to_string())
    }
}
