//! Tokens of people and programs: who presents one, and with which roles.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::catalog::{Catalog, Entity, Table, entity};
use crate::database::{Column, Row, RowReader};
use crate::role::Role;
use crate::scope::Scope;
use crate::validate::FieldErrors;
use crate::{Edit, RegistryError};

/// What is known about a token. The token itself is told once, when it is made, and kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// Identifies it.
    pub id: Uuid,
    /// The SHA-256 of the token in hexadecimal digits.
    hash: String,
    /// The e-mail address of whose it is.
    pub email: String,
    /// The sign-on service's identifier of the user, if the token came from there.
    pub uid: Option<String>,
    /// What it allows.
    pub roles: BTreeSet<Role>,
    /// What it is for; empty: see [`Scope`].
    pub scopes: BTreeSet<Scope>,
    /// What its owner calls it; empty if nothing.
    pub label: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it is good; without: until it is removed.
    pub expires_at: Option<DateTime<Utc>>,
}

impl AccessToken {
    /// What may be told about it.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        json!({
            "id": self.id.to_string(),
            "name": self.email,
            "label": self.label,
            "roles": self.roles,
            "scopes": self.scopes,
            "created": self.created_at,
            "expires": self.expires_at,
        })
    }

    /// Whether it is good at this time.
    #[must_use]
    pub fn is_good(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it is for requests to the admin API; `change` says whether the request is to change something.
    #[must_use]
    pub fn covers_admin_api(&self, change: bool) -> bool {
        self.scopes.is_empty() || self.scopes.iter().any(|scope| scope.covers_admin_api(change))
    }

    /// Whether it is for writing the records of this data group and type.
    #[must_use]
    pub fn covers_writing(&self, group: &str, kind: &str) -> bool {
        self.scopes.iter().any(|scope| scope.covers_writing(group, kind))
    }
}

/// A token to be made or taken over.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    /// The e-mail address of whose it is.
    pub email: String,
    /// What it allows.
    pub roles: BTreeSet<Role>,
    /// What it is for; empty: see [`Scope`].
    pub scopes: BTreeSet<Scope>,
    /// What its owner calls it.
    pub label: String,
    /// The sign-on service's identifier of the user, if the token came from there.
    pub uid: Option<String>,
    /// Until when it is good; without: until it is removed.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Row for AccessToken {
    const TABLE: &'static str = "access_tokens";
    const COLUMNS: &'static [&'static str] =
        &["id", "hash", "email", "uid", "roles", "created_at", "expires_at", "label", "scopes"];

    fn to_row(&self) -> Vec<Column> {
        vec![
            self.id.into(),
            self.hash.as_str().into(),
            self.email.as_str().into(),
            self.uid.as_deref().into(),
            (&json!(self.roles)).into(),
            self.created_at.into(),
            self.expires_at.into(),
            self.label.as_str().into(),
            (&json!(self.scopes)).into(),
        ]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<AccessToken, RegistryError> {
        Ok(AccessToken {
            id: row.uuid()?,
            hash: row.text()?,
            email: row.text()?,
            uid: row.nullable_text()?,
            roles: row.json()?,
            created_at: row.time()?,
            expires_at: row.nullable_time()?,
            label: row.text()?,
            scopes: row.json()?,
        })
    }
}

entity!(AccessToken, Uuid, id, access_tokens);

/// Identifiers of tokens by hash, as the catalog indexes them.
pub(crate) fn by_hash(tokens: &Table<AccessToken>) -> HashMap<String, Uuid> {
    tokens.values().map(|token| (token.hash.clone(), token.id)).collect()
}

impl Catalog {
    /// What is known about the token that a caller presents, unless it is unknown or no longer good.
    #[must_use]
    pub fn access_token(&self, presented: &str, now: DateTime<Utc>) -> Option<Arc<AccessToken>> {
        // Comparing hashes needs no constant time: nobody can choose a token by the beginning of its hash.
        let id = self.tokens_by_hash.get(&hash(presented))?;
        self.access_tokens.get(id).filter(|token| token.is_good(now)).cloned()
    }

    /// All tokens.
    pub fn access_tokens(&self) -> impl Iterator<Item = &Arc<AccessToken>> {
        self.access_tokens.values()
    }
}

impl Edit {
    /// Makes a token, and answers what is known about it and, once only, the token itself.
    ///
    /// # Errors
    /// If the e-mail address is blank or too long.
    pub fn create_token(&mut self, new: &NewToken) -> Result<(Arc<AccessToken>, String), RegistryError> {
        let token = random();
        let known = self.keep_token(&token, new)?;
        Ok((known, token))
    }

    /// Keeps a token that another service has made, in the place of what was known about it.
    ///
    /// # Errors
    /// If the e-mail address is blank or too long.
    pub fn keep_token(&mut self, token: &str, new: &NewToken) -> Result<Arc<AccessToken>, RegistryError> {
        let mut errors = FieldErrors::default();
        errors.required("name", &new.email);
        errors.at_most("name", &new.email, 254);
        errors.at_most("label", &new.label, 200);
        errors.into_result()?;
        let hash = hash(token);
        let known = self.all::<AccessToken>().find(|known| known.hash == hash).map(|known| known.id);
        let token = AccessToken {
            id: known.unwrap_or_else(Uuid::new_v4),
            hash,
            email: new.email.clone(),
            uid: new.uid.clone(),
            roles: new.roles.clone(),
            scopes: new.scopes.clone(),
            label: new.label.clone(),
            created_at: self.now(),
            expires_at: new.expires_at,
        };
        Ok(self.put(token))
    }

    /// Forgets the tokens that came from the sign-on service for a user. Answers how many they were.
    pub fn forget_tokens_of(&mut self, uid: &str) -> usize {
        self.forget_tokens(|token| token.uid.as_deref() == Some(uid))
    }

    /// Forgets the token with this identifier. Answers whether it was there.
    pub fn delete_token(&mut self, id: Uuid) -> bool {
        self.forget_tokens(|token| token.id == id) > 0
    }

    /// Takes roles from all tokens of a user.
    pub(crate) fn take_from_tokens(&mut self, email: &str, roles: &BTreeSet<Role>) {
        let has_one = |token: &&Arc<AccessToken>| token.email == email && !token.roles.is_disjoint(roles);
        let found: Vec<Arc<AccessToken>> = self.all::<AccessToken>().filter(has_one).cloned().collect();
        for token in found {
            let roles = token.roles.difference(roles).copied().collect();
            self.put(AccessToken { roles, ..AccessToken::clone(&token) });
        }
    }

    /// Gives the tokens of one user to another.
    pub(crate) fn rename_tokens(&mut self, email: &str, new_email: &str) {
        let of_user = |token: &&Arc<AccessToken>| token.email == email;
        let found: Vec<Arc<AccessToken>> = self.all::<AccessToken>().filter(of_user).cloned().collect();
        for token in found {
            self.put(AccessToken { email: new_email.to_owned(), ..AccessToken::clone(&token) });
        }
    }

    pub(crate) fn forget_tokens(&mut self, which: impl Fn(&AccessToken) -> bool) -> usize {
        let ids: Vec<Uuid> =
            self.all::<AccessToken>().filter(|token| which(token)).map(|token| token.id).collect();
        for id in &ids {
            self.remove::<AccessToken>(id);
        }
        ids.len()
    }
}

/// A secret that nobody can guess: two random identifiers hold 244 random bits.
pub(crate) fn random() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// What is kept of a secret of that kind. It is long and random, so a fast hash serves.
pub(crate) fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
