//! Users: e-mail addresses of those who may own things. They are matched with callers by nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalog::{Catalog, Entity, Table, entity};
use crate::collector::Collector;
use crate::dashboard::Dashboard;
use crate::data_set::DataSet;
use crate::data_source::DataSource;
use crate::database::{Column, Row, RowReader};
use crate::transform::Transform;
use crate::validate::FieldErrors;
use crate::{Edit, RegistryError};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its number, in the order of creation; never shown.
    pub id: i64,
    /// The e-mail address.
    pub email: String,
}

impl User {
    /// The admin API's form.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({"email": self.email})
    }
}

impl Row for User {
    const TABLE: &'static str = "users";
    const COLUMNS: &'static [&'static str] = &["id", "email"];

    fn to_row(&self) -> Vec<Column> {
        vec![self.id.into(), self.email.as_str().into()]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<User, RegistryError> {
        Ok(User { id: row.integer()?, email: row.text()? })
    }
}

entity!(User, i64, id, users);

impl Catalog {
    /// The user with this e-mail address.
    #[must_use]
    pub fn user(&self, email: &str) -> Option<Arc<User>> {
        self.users.values().find(|user| user.email == email).cloned()
    }

    /// All users, oldest first.
    pub fn users(&self) -> impl Iterator<Item = &Arc<User>> {
        self.users.values()
    }
}

impl Edit {
    /// Makes a user.
    ///
    /// # Errors
    /// If the e-mail address is taken or is none.
    pub fn create_user(&mut self, email: &str) -> Result<Arc<User>, RegistryError> {
        let user = User { id: self.next_id::<User>(), email: email.to_owned() };
        self.check_user(&user)?;
        Ok(self.put(user))
    }

    /// Gives a user another e-mail address; what the user owns stays owned.
    ///
    /// # Errors
    /// If there is no such user, or the new address is taken or is none.
    pub fn rename_user(&mut self, email: &str, new_email: &str) -> Result<Arc<User>, RegistryError> {
        let old = self.catalog().user(email).ok_or_else(RegistryError::no_such_item)?;
        let user = User { id: old.id, email: new_email.to_owned() };
        self.check_user(&user)?;
        self.rename_owner::<DataSet>(email, new_email, |thing| &mut thing.owners);
        self.rename_owner::<Dashboard>(email, new_email, |thing| &mut thing.owners);
        self.rename_owner::<Transform>(email, new_email, |thing| &mut thing.owners);
        self.rename_owner::<DataSource>(email, new_email, |thing| &mut thing.owners);
        self.rename_owner::<Collector>(email, new_email, |thing| &mut thing.owners);
        Ok(self.put(user))
    }

    /// Makes the author of this edit a user, if there is one, and answers what owners a thing of the author's has.
    pub(crate) fn author_as_owner(&mut self) -> Result<BTreeSet<String>, RegistryError> {
        let email = self.author().to_owned();
        if email.is_empty() {
            return Ok(BTreeSet::new());
        }
        if self.catalog().user(&email).is_none() {
            self.create_user(&email)?;
        }
        Ok(BTreeSet::from([email]))
    }

    fn rename_owner<T: Entity>(
        &mut self,
        email: &str,
        new_email: &str,
        owners: fn(&mut T) -> &mut BTreeSet<String>,
    ) {
        let all: Vec<Arc<T>> = self.all::<T>().cloned().collect();
        for thing in all {
            let mut thing = T::clone(&thing);
            if owners(&mut thing).remove(email) {
                owners(&mut thing).insert(new_email.to_owned());
                self.put(thing);
            }
        }
    }

    fn check_user(&self, user: &User) -> Result<(), RegistryError> {
        let mut errors = FieldErrors::default();
        if errors.required("email", &user.email) {
            if !is_email(&user.email) {
                errors.add("email", "Enter a valid email address.");
            }
            errors.at_most("email", &user.email, 254);
        }
        if self.all::<User>().any(|other| other.email == user.email && other.id != user.id) {
            errors.add("email", "User with this Email already exists.");
        }
        errors.into_result()
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let word = |c: char| !c.is_whitespace() && !c.is_control() && !"@,;:<>()[]\"\\".contains(c);
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    !local.is_empty() && local.chars().all(word) && domain.contains('.') && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn what_an_e_mail_address_is() {
        for good in ["a@example.gov.uk", "zoe.lock+x@example.museum", "o'hara@b-c.co"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "a", "a@b", "@b.uk", "a b@c.uk", "a@-b.uk", "a@b..uk", "a@@b.uk"] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
