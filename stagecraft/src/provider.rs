//! Providers: services that collectors can ask, and the schemas of what they want to be shown.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::catalog::{Catalog, Entity, Table, entity};
use crate::database::{Column, Row, RowReader};
use crate::validate::{FieldErrors, word_slug};
use crate::{Edit, RegistryError, schema};

/// A provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Provider {
    /// Identifies it.
    pub id: Uuid,
    /// Its name in addresses.
    pub slug: String,
    /// Its name, for people.
    pub name: String,
    /// The JSON schema of the credentials that it wants.
    pub credentials_schema: Value,
}

impl Provider {
    /// The admin API's form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut form = self.to_short_json();
        form["credentials_schema"] = self.credentials_schema.clone();
        form
    }

    /// The form in which others name it.
    #[must_use]
    pub fn to_short_json(&self) -> Value {
        json!({"id": self.id.to_string(), "slug": self.slug, "name": self.name})
    }
}

impl Row for Provider {
    const TABLE: &'static str = "providers";
    const COLUMNS: &'static [&'static str] = &["id", "slug", "name", "credentials_schema"];

    fn to_row(&self) -> Vec<Column> {
        vec![
            self.id.into(),
            self.slug.as_str().into(),
            self.name.as_str().into(),
            (&self.credentials_schema).into(),
        ]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<Provider, RegistryError> {
        Ok(Provider {
            id: row.uuid()?,
            slug: row.text()?,
            name: row.text()?,
            credentials_schema: row.json()?,
        })
    }
}

entity!(Provider, Uuid, id, providers);

impl Catalog {
    /// The provider with this identifier.
    #[must_use]
    pub fn provider(&self, id: Uuid) -> Option<Arc<Provider>> {
        self.providers.get(&id).cloned()
    }

    /// All providers.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.providers.values()
    }
}

impl Edit {
    /// Makes a provider.
    ///
    /// # Errors
    /// If the slug or name is taken or breaks the rules, or the schema is none.
    pub fn create_provider(
        &mut self,
        slug: &str,
        name: &str,
        schema: Option<&Value>,
    ) -> Result<Arc<Provider>, RegistryError> {
        let credentials_schema = schema.cloned().unwrap_or_else(|| json!({}));
        let (slug, name) = (slug.to_owned(), name.to_owned());
        self.put_provider(Provider { id: Uuid::new_v4(), slug, name, credentials_schema })
    }

    /// Changes a provider. Without a schema the one that it has stays.
    ///
    /// # Errors
    /// If there is no such provider, or as for making one.
    pub fn update_provider(
        &mut self,
        id: Uuid,
        slug: &str,
        name: &str,
        schema: Option<&Value>,
    ) -> Result<Arc<Provider>, RegistryError> {
        let old = self.catalog().provider(id).ok_or_else(RegistryError::no_such_item)?;
        let credentials_schema = schema.unwrap_or(&old.credentials_schema).clone();
        let (slug, name) = (slug.to_owned(), name.to_owned());
        self.put_provider(Provider { id, slug, name, credentials_schema })
    }

    fn put_provider(&mut self, provider: Provider) -> Result<Arc<Provider>, RegistryError> {
        let mut errors = FieldErrors::default();
        word_slug(&mut errors, &provider.slug);
        errors.required("name", &provider.name);
        errors.at_most("name", &provider.name, 256);
        for other in self.all::<Provider>().filter(|other| other.id != provider.id) {
            if other.slug == provider.slug {
                errors.add("slug", "Provider with this Slug already exists.");
            }
            if other.name == provider.name {
                errors.add("name", "Provider with this Name already exists.");
            }
        }
        errors.into_result()?;
        schema::check_schema(&provider.credentials_schema).map_err(|error| {
            RegistryError::Invalid(format!("validation error: schema is invalid: {error}"))
        })?;
        Ok(self.put(provider))
    }
}
