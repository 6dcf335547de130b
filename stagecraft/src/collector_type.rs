//! Types of collectors: what is run, for which provider, and the schemas of what it can be told.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::catalog::{Catalog, Entity, Table, entity};
use crate::database::{Column, Row, RowReader};
use crate::validate::{FieldErrors, word_slug};
use crate::{Edit, RegistryError, schema};

/// A type of collectors.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectorType {
    /// Identifies it.
    pub id: Uuid,
    /// Its name in addresses.
    pub slug: String,
    /// Its name, for people.
    pub name: String,
    /// The provider whose data sources it asks.
    pub provider_id: Uuid,
    /// What is run, as a dotted path.
    pub entry_point: String,
    /// The JSON schema of the queries of its collectors.
    pub query_schema: Value,
    /// The JSON schema of the options of its collectors.
    pub options_schema: Value,
}

/// A type of collectors to be made, or what one shall be.
#[derive(Debug, Clone, Default)]
pub struct NewCollectorType {
    /// See [`CollectorType::slug`].
    pub slug: String,
    /// See [`CollectorType::name`].
    pub name: String,
    /// See [`CollectorType::provider_id`].
    pub provider_id: Uuid,
    /// See [`CollectorType::entry_point`].
    pub entry_point: String,
    /// See [`CollectorType::query_schema`]; without, what there is stays.
    pub query_schema: Option<Value>,
    /// See [`CollectorType::options_schema`]; without, what there is stays.
    pub options_schema: Option<Value>,
}

impl CollectorType {
    /// The admin API's form.
    #[must_use]
    pub fn to_json(&self, catalog: &Catalog) -> Value {
        json!({
            "id": self.id.to_string(),
            "slug": self.slug,
            "name": self.name,
            "entry_point": self.entry_point,
            "query_schema": self.query_schema,
            "options_schema": self.options_schema,
            "provider": catalog.provider(self.provider_id).map(|provider| provider.to_short_json()),
        })
    }
}

impl Row for CollectorType {
    const TABLE: &'static str = "collector_types";
    const COLUMNS: &'static [&'static str] =
        &["id", "slug", "name", "provider_id", "entry_point", "query_schema", "options_schema"];

    fn to_row(&self) -> Vec<Column> {
        vec![
            self.id.into(),
            self.slug.as_str().into(),
            self.name.as_str().into(),
            self.provider_id.into(),
            self.entry_point.as_str().into(),
            (&self.query_schema).into(),
            (&self.options_schema).into(),
        ]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<CollectorType, RegistryError> {
        Ok(CollectorType {
            id: row.uuid()?,
            slug: row.text()?,
            name: row.text()?,
            provider_id: row.uuid()?,
            entry_point: row.text()?,
            query_schema: row.json()?,
            options_schema: row.json()?,
        })
    }
}

entity!(CollectorType, Uuid, id, collector_types);

impl Catalog {
    /// The type of collectors with this identifier.
    #[must_use]
    pub fn collector_type(&self, id: Uuid) -> Option<Arc<CollectorType>> {
        self.collector_types.get(&id).cloned()
    }

    /// All types of collectors.
    pub fn collector_types(&self) -> impl Iterator<Item = &Arc<CollectorType>> {
        self.collector_types.values()
    }
}

impl Edit {
    /// Makes a type of collectors.
    ///
    /// # Errors
    /// If the provider does not exist, a field is taken or breaks the rules, or a schema is none.
    pub fn create_collector_type(
        &mut self,
        new: &NewCollectorType,
    ) -> Result<Arc<CollectorType>, RegistryError> {
        self.put_collector_type(Uuid::new_v4(), new, json!({}), json!({}))
    }

    /// Changes a type of collectors. Its collectors are checked when they are next changed.
    ///
    /// # Errors
    /// If there is no such type, or as for making one.
    pub fn update_collector_type(
        &mut self,
        id: Uuid,
        new: &NewCollectorType,
    ) -> Result<Arc<CollectorType>, RegistryError> {
        let old = self.catalog().collector_type(id).ok_or_else(RegistryError::no_such_item)?;
        self.put_collector_type(id, new, old.query_schema.clone(), old.options_schema.clone())
    }

    fn put_collector_type(
        &mut self,
        id: Uuid,
        new: &NewCollectorType,
        query_schema: Value,
        options_schema: Value,
    ) -> Result<Arc<CollectorType>, RegistryError> {
        let provider = self.catalog().provider(new.provider_id).ok_or_else(|| {
            RegistryError::Invalid(format!("No provider with id '{}' found", new.provider_id))
        })?;
        let kind = CollectorType {
            id,
            slug: new.slug.clone(),
            name: new.name.clone(),
            provider_id: provider.id,
            entry_point: new.entry_point.clone(),
            query_schema: new.query_schema.clone().unwrap_or(query_schema),
            options_schema: new.options_schema.clone().unwrap_or(options_schema),
        };
        let mut errors = FieldErrors::default();
        word_slug(&mut errors, &kind.slug);
        errors.required("name", &kind.name);
        errors.at_most("name", &kind.name, 256);
        if errors.required("entry_point", &kind.entry_point) {
            errors.only(
                "entry_point",
                &kind.entry_point,
                |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.',
                "Collector entry point function has to consist of lowercaseletters, underscores or dots",
            );
            errors.at_most("entry_point", &kind.entry_point, 200);
        }
        for other in self.all::<CollectorType>().filter(|other| other.id != id) {
            if other.slug == kind.slug {
                errors.add("slug", "Collector type with this Slug already exists.");
            }
            if other.name == kind.name {
                errors.add("name", "Collector type with this Name already exists.");
            }
            if other.entry_point == kind.entry_point {
                errors.add("entry_point", "Collector type with this Entry point already exists.");
            }
        }
        errors.into_result()?;
        for (schema, what) in [(&kind.query_schema, "query"), (&kind.options_schema, "options")] {
            schema::check_schema(schema).map_err(|error| {
                RegistryError::Invalid(format!("validation error: {what} schema is invalid: {error}"))
            })?;
        }
        Ok(self.put(kind))
    }
}
