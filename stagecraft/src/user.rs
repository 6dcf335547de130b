//! Users: e-mail addresses of those who may own things, and how those among them prove who they are who sign in.
//! Callers of the API are matched with them by address.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalog::{Catalog, Entity, Table, entity};
use crate::collector::Collector;
use crate::dashboard::Dashboard;
use crate::data_set::DataSet;
use crate::data_source::DataSource;
use crate::database::{Column, Row, RowReader};
use crate::role::Role;
use crate::transform::Transform;
use crate::validate::FieldErrors;
use crate::{Edit, RegistryError};

/// A user.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Its number, in the order of creation; never shown.
    pub id: i64,
    /// The e-mail address.
    pub email: String,
    /// What the user may do when signed in.
    pub roles: BTreeSet<Role>,
    /// The hash of the user's password, if there is one.
    pub password_hash: Option<String>,
    /// The issuer and subject by which a single sign-on service knows the user, with a space between them.
    pub sign_on: Option<String>,
}

/// The hash is nobody's business.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("email", &self.email).field("roles", &self.roles).finish_non_exhaustive()
    }
}

impl User {
    /// Whether the user can sign in somehow.
    #[must_use]
    pub fn can_sign_in(&self) -> bool {
        self.password_hash.is_some() || self.sign_on.is_some()
    }

    /// The admin API's form.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({"email": self.email})
    }
}

impl Row for User {
    const TABLE: &'static str = "users";
    const COLUMNS: &'static [&'static str] = &["id", "email", "roles", "password_hash", "sign_on"];

    fn to_row(&self) -> Vec<Column> {
        vec![
            self.id.into(),
            self.email.as_str().into(),
            (&serde_json::json!(self.roles)).into(),
            self.password_hash.as_deref().into(),
            self.sign_on.as_deref().into(),
        ]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<User, RegistryError> {
        Ok(User {
            id: row.integer()?,
            email: row.text()?,
            roles: row.json()?,
            password_hash: row.nullable_text()?,
            sign_on: row.nullable_text()?,
        })
    }
}

entity!(User, i64, id, users);

impl Catalog {
    /// The user with this e-mail address.
    #[must_use]
    pub fn user(&self, email: &str) -> Option<Arc<User>> {
        self.users.values().find(|user| user.email == email).cloned()
    }

    /// Whether somebody can do something as this user, with a browser or a token, or could with another password.
    #[must_use]
    pub fn may_come_in(&self, user: &User) -> bool {
        user.can_sign_in()
            || !user.roles.is_empty()
            || self.access_tokens().any(|token| token.email == user.email)
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
        let user = User {
            id: self.next_id::<User>(),
            email: email.to_owned(),
            roles: BTreeSet::new(),
            password_hash: None,
            sign_on: None,
        };
        self.check_user(&user)?;
        Ok(self.put(user))
    }

    /// Gives a user another e-mail address; what the user owns stays owned, and tokens stay the user's.
    ///
    /// # Errors
    /// If there is no such user, or the new address is taken or is none.
    pub fn rename_user(&mut self, email: &str, new_email: &str) -> Result<Arc<User>, RegistryError> {
        let old = self.catalog().user(email).ok_or_else(RegistryError::no_such_item)?;
        let user = User { email: new_email.to_owned(), ..User::clone(&old) };
        self.check_user(&user)?;
        self.rename_owner::<DataSet>(email, new_email, |thing| &mut thing.owners);
        self.rename_owner::<Dashboard>(email, new_email, |thing| &mut thing.owners);
        self.rename_owner::<Transform>(email, new_email, |thing| &mut thing.owners);
        self.rename_owner::<DataSource>(email, new_email, |thing| &mut thing.owners);
        self.rename_owner::<Collector>(email, new_email, |thing| &mut thing.owners);
        self.rename_tokens(email, new_email);
        Ok(self.put(user))
    }

    /// Says what a user may do when signed in; the user is made if there is none of this address. Roles that are taken from a
    /// user are taken from the user's tokens too.
    ///
    /// # Errors
    /// If the e-mail address is none.
    pub fn set_roles(&mut self, email: &str, roles: BTreeSet<Role>) -> Result<Arc<User>, RegistryError> {
        let user = self.user_or_new(email)?;
        let taken: BTreeSet<Role> = user.roles.difference(&roles).copied().collect();
        self.take_from_tokens(email, &taken);
        Ok(self.put(User { roles, ..User::clone(&user) }))
    }

    /// Gives a user a password, by its [hash](crate::password::hash), or takes it away; the user is made if there is none of
    /// this address.
    ///
    /// # Errors
    /// If the e-mail address is none.
    pub fn set_password_hash(
        &mut self,
        email: &str,
        hash: Option<String>,
    ) -> Result<Arc<User>, RegistryError> {
        let user = self.user_or_new(email)?;
        Ok(self.put(User { password_hash: hash, ..User::clone(&user) }))
    }

    /// Notes by what a single sign-on service knows a user; the user is made if there is none of this address.
    ///
    /// # Errors
    /// If the e-mail address is none, or the service knows the user by something else already.
    pub fn set_sign_on(&mut self, email: &str, sign_on: &str) -> Result<Arc<User>, RegistryError> {
        let user = self.user_or_new(email)?;
        match &user.sign_on {
            Some(known) if known == sign_on => Ok(user),
            Some(_) => Err(RegistryError::Conflict(format!(
                "{email} is known to the sign-on service as another person"
            ))),
            None => Ok(self.put(User { sign_on: Some(sign_on.to_owned()), ..User::clone(&user) })),
        }
    }

    /// Takes everything from a user that lets in: roles, password, sign-on and tokens. What the user owns stays owned.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn revoke_user(&mut self, email: &str) -> Result<Arc<User>, RegistryError> {
        let user = self.catalog().user(email).ok_or_else(RegistryError::no_such_item)?;
        self.forget_tokens(|token| token.email == email);
        let nothing =
            User { roles: BTreeSet::new(), password_hash: None, sign_on: None, ..User::clone(&user) };
        Ok(self.put(nothing))
    }

    fn user_or_new(&mut self, email: &str) -> Result<Arc<User>, RegistryError> {
        match self.catalog().user(email) {
            Some(user) => Ok(user),
            None => self.create_user(email),
        }
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
