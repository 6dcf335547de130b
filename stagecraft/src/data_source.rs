//! Data sources: accounts at providers. What a provider wants to be shown is encrypted, and never told.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::catalog::{Catalog, Entity, Table, entity};
use crate::database::{Column, Row, RowReader};
use crate::secret::Secrets;
use crate::validate::{FieldErrors, word_slug};
use crate::{Edit, Registry, RegistryError, SecretKey, schema};

/// A data source.
#[derive(Debug, Clone, PartialEq)]
pub struct DataSource {
    /// Identifies it.
    pub id: Uuid,
    /// Its name in addresses.
    pub slug: String,
    /// Its name, for people.
    pub name: String,
    /// The provider that it is an account at.
    pub provider_id: Uuid,
    /// The encrypted credentials; empty: none.
    credentials: String,
    /// The e-mail addresses of those who may see and change it.
    pub owners: BTreeSet<String>,
}

/// A data source to be made, or what a data source shall be.
#[derive(Clone, Default)]
pub struct NewDataSource {
    /// See [`DataSource::slug`].
    pub slug: String,
    /// See [`DataSource::name`].
    pub name: String,
    /// See [`DataSource::provider_id`].
    pub provider_id: Uuid,
    /// What the provider wants to be shown; without, what there is stays.
    pub credentials: Option<Value>,
}

/// The credentials are a secret.
impl std::fmt::Debug for NewDataSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("NewDataSource").field("slug", &self.slug).finish_non_exhaustive()
    }
}

impl DataSource {
    /// The admin API's form, without the credentials.
    #[must_use]
    pub fn to_json(&self, catalog: &Catalog) -> Value {
        let mut form = self.to_short_json();
        form["provider"] = catalog.provider(self.provider_id).map(|provider| provider.to_short_json()).into();
        form
    }

    /// What stands for the credentials where only their changing matters.
    pub(crate) fn credentials_mark(&self) -> String {
        if self.credentials.is_empty() { String::new() } else { crate::history::mark(&self.credentials) }
    }

    /// The form in which others name it.
    #[must_use]
    pub fn to_short_json(&self) -> Value {
        json!({"id": self.id.to_string(), "slug": self.slug, "name": self.name})
    }
}

impl Row for DataSource {
    const TABLE: &'static str = "data_sources";
    const COLUMNS: &'static [&'static str] =
        &["id", "slug", "name", "provider_id", "encrypted_credentials", "owners"];

    fn to_row(&self) -> Vec<Column> {
        vec![
            self.id.into(),
            self.slug.as_str().into(),
            self.name.as_str().into(),
            self.provider_id.into(),
            self.credentials.as_str().into(),
            (&json!(self.owners)).into(),
        ]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<DataSource, RegistryError> {
        Ok(DataSource {
            id: row.uuid()?,
            slug: row.text()?,
            name: row.text()?,
            provider_id: row.uuid()?,
            credentials: row.text()?,
            owners: row.json()?,
        })
    }
}

entity!(DataSource, Uuid, id, data_sources);

impl Catalog {
    /// The data source with this identifier.
    #[must_use]
    pub fn data_source(&self, id: Uuid) -> Option<Arc<DataSource>> {
        self.data_sources.get(&id).cloned()
    }

    /// All data sources.
    pub fn data_sources(&self) -> impl Iterator<Item = &Arc<DataSource>> {
        self.data_sources.values()
    }
}

impl Registry {
    /// What a data source's provider wants to be shown; `{}` if nothing has been stored.
    ///
    /// # Errors
    /// If the credentials were encrypted with another key.
    pub fn credentials(&self, data_source: &DataSource) -> Result<Value, RegistryError> {
        if data_source.credentials.is_empty() {
            return Ok(json!({}));
        }
        let text = self.secrets().decrypt(&data_source.credentials, &data_source.id.to_string())?;
        serde_json::from_str(&text).map_err(|error| RegistryError::Corrupt {
            table: DataSource::TABLE,
            reason: format!("the credentials of {} are no JSON: {error}", data_source.slug),
        })
    }
}

impl Registry {
    /// What keeps the first credentials from being read that cannot be, if any cannot.
    #[must_use]
    pub fn unreadable_credentials(&self) -> Option<String> {
        let catalog = self.catalog();
        let mut sources = catalog.data_sources();
        sources.find_map(|source| {
            let error = self.credentials(source).err()?;
            Some(format!("the credentials of the data source {} cannot be used: {error}", source.slug))
        })
    }

    /// Encrypts all credentials with another key, which is to be given to the registry the next time that it is opened. Answers
    /// how many there were.
    ///
    /// # Errors
    /// If some were encrypted with another key than the present one, or the database cannot be written; nothing is changed then.
    pub async fn rotate_secret_key(&self, key: &SecretKey) -> Result<usize, RegistryError> {
        let new = Secrets::new(Some(key.clone()));
        let rotate = |edit: &mut Edit| {
            let sources: Vec<_> =
                edit.all::<DataSource>().filter(|source| !source.credentials.is_empty()).cloned().collect();
            for source in &sources {
                let id = source.id.to_string();
                let text = edit.secrets().decrypt(&source.credentials, &id)?;
                edit.put(DataSource { credentials: new.encrypt(&text, &id)?, ..DataSource::clone(source) });
            }
            Ok(sources.len())
        };
        self.edit("", rotate).await
    }
}

impl Edit {
    /// Makes a data source, owned by the author of the edit.
    ///
    /// # Errors
    /// If the provider does not exist, a field breaks the rules, or the credentials are not what the provider wants.
    pub fn create_data_source(&mut self, new: &NewDataSource) -> Result<Arc<DataSource>, RegistryError> {
        let owners = self.author_as_owner()?;
        self.put_data_source(Uuid::new_v4(), new, String::new(), owners)
    }

    /// Changes a data source.
    ///
    /// # Errors
    /// If there is no such data source, or as for making one.
    pub fn update_data_source(
        &mut self,
        id: Uuid,
        new: &NewDataSource,
    ) -> Result<Arc<DataSource>, RegistryError> {
        let old = self.catalog().data_source(id).ok_or_else(RegistryError::no_such_item)?;
        self.put_data_source(id, new, old.credentials.clone(), old.owners.clone())
    }

    fn put_data_source(
        &mut self,
        id: Uuid,
        new: &NewDataSource,
        old_credentials: String,
        owners: BTreeSet<String>,
    ) -> Result<Arc<DataSource>, RegistryError> {
        let provider = self.catalog().provider(new.provider_id).ok_or_else(|| {
            RegistryError::Invalid(format!("No provider with id '{}' found", new.provider_id))
        })?;
        let mut errors = FieldErrors::default();
        word_slug(&mut errors, &new.slug);
        errors.required("name", &new.name);
        errors.at_most("name", &new.name, 256);
        for other in self.all::<DataSource>().filter(|other| other.id != id) {
            if other.slug == new.slug {
                errors.add("slug", "Data source with this Slug already exists.");
            }
            if other.name == new.name {
                errors.add("name", "Data source with this Name already exists.");
            }
        }
        errors.into_result()?;
        let check = |credentials: &Value| {
            schema::check(&provider.credentials_schema, credentials).map_err(|_| {
                // The complaint could quote the secret.
                let message = "validation error: credentials are invalid: the provider's schema refuses them";
                RegistryError::Invalid(message.into())
            })
        };
        let credentials = match &new.credentials {
            None if old_credentials.is_empty() => {
                check(&json!({}))?;
                old_credentials
            }
            None => old_credentials,
            Some(credentials) => {
                check(credentials)?;
                self.secrets().encrypt(&credentials.to_string(), &id.to_string())?
            }
        };
        let (slug, name) = (new.slug.clone(), new.name.clone());
        Ok(self.put(DataSource { id, slug, name, provider_id: provider.id, credentials, owners }))
    }
}
