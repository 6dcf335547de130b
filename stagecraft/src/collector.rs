//! Collectors: which data source is asked what, and into which data set the answers go.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::catalog::{Catalog, Entity, Table, entity};
use crate::data_set::DataSet;
use crate::database::{Column, Row, RowReader};
use crate::validate::{FieldErrors, word_slug};
use crate::{Edit, RegistryError, schema};

/// A collector.
#[derive(Debug, Clone, PartialEq)]
pub struct Collector {
    /// Identifies it.
    pub id: Uuid,
    /// Its name in addresses.
    pub slug: String,
    /// Its type.
    pub type_id: Uuid,
    /// What it asks.
    pub data_source_id: Uuid,
    pub(crate) data_set_id: i64,
    /// What it asks for; its type's schema says what there can be.
    pub query: Map<String, Value>,
    /// How it turns answers into records; its type's schema says what there can be.
    pub options: Map<String, Value>,
    /// The e-mail addresses of those who may see and change it.
    pub owners: BTreeSet<String>,
}

/// A collector to be made, or what a collector shall be.
#[derive(Debug, Clone, Default)]
pub struct NewCollector {
    /// See [`Collector::slug`].
    pub slug: String,
    /// See [`Collector::type_id`].
    pub type_id: Uuid,
    /// See [`Collector::data_source_id`].
    pub data_source_id: Uuid,
    /// The data group of the data set that it fills.
    pub data_group: String,
    /// The data type of the data set that it fills.
    pub data_type: String,
    /// See [`Collector::query`]; without, what there is stays.
    pub query: Option<Map<String, Value>>,
    /// See [`Collector::options`]; without, what there is stays.
    pub options: Option<Map<String, Value>>,
}

impl Collector {
    /// The admin API's form. It contains the token of the data set: who runs the collector writes with it.
    #[must_use]
    pub fn to_json(&self, catalog: &Catalog) -> Value {
        let kind = catalog.collector_type(self.type_id);
        let data_set = catalog.data_set_filled_by(self);
        let provider = kind.as_ref().and_then(|kind| catalog.provider(kind.provider_id));
        json!({
            "id": self.id.to_string(),
            "slug": self.slug,
            "name": self.name(catalog),
            "entry_point": kind.as_ref().map(|kind| kind.entry_point.as_str()),
            "query": self.query,
            "options": self.options,
            "type": kind.as_ref().map(|kind| json!({
                "id": kind.id.to_string(), "slug": kind.slug, "name": kind.name,
            })),
            "data_source": catalog.data_source(self.data_source_id).map(|source| source.to_short_json()),
            "data_set": data_set.map(|data_set| json!({
                "data_group": data_set.data_group,
                "data_type": data_set.data_type,
                "bearer_token": data_set.bearer_token.as_deref().unwrap_or_default(),
            })),
            "provider": provider.map(|provider| provider.to_short_json()),
        })
    }

    /// Its name, for people: what it runs and what it fills.
    #[must_use]
    pub fn name(&self, catalog: &Catalog) -> String {
        let kind = catalog.collector_type(self.type_id);
        let kind = kind.as_ref().map_or("", |kind| &kind.name);
        match catalog.data_set_filled_by(self) {
            Some(data_set) => format!("{kind} {} {}", data_set.data_group, data_set.data_type),
            None => kind.to_owned(),
        }
    }
}

impl Row for Collector {
    const TABLE: &'static str = "collectors";
    const COLUMNS: &'static [&'static str] =
        &["id", "slug", "type_id", "data_source_id", "data_set_id", "query", "options", "owners"];

    fn to_row(&self) -> Vec<Column> {
        vec![
            self.id.into(),
            self.slug.as_str().into(),
            self.type_id.into(),
            self.data_source_id.into(),
            self.data_set_id.into(),
            Column::Text(json!(self.query).to_string()),
            Column::Text(json!(self.options).to_string()),
            (&json!(self.owners)).into(),
        ]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<Collector, RegistryError> {
        Ok(Collector {
            id: row.uuid()?,
            slug: row.text()?,
            type_id: row.uuid()?,
            data_source_id: row.uuid()?,
            data_set_id: row.integer()?,
            query: row.json()?,
            options: row.json()?,
            owners: row.json()?,
        })
    }
}

entity!(Collector, Uuid, id, collectors);

impl Catalog {
    /// The collector with this identifier.
    #[must_use]
    pub fn collector(&self, id: Uuid) -> Option<Arc<Collector>> {
        self.collectors.get(&id).cloned()
    }

    /// All collectors.
    pub fn collectors(&self) -> impl Iterator<Item = &Arc<Collector>> {
        self.collectors.values()
    }

    /// The data set that a collector fills.
    #[must_use]
    fn data_set_filled_by(&self, collector: &Collector) -> Option<Arc<DataSet>> {
        self.data_sets.get(&collector.data_set_id).cloned()
    }
}

impl Edit {
    /// Makes a collector, owned by the author of the edit.
    ///
    /// # Errors
    /// If something that it names does not exist, the slug is taken, or its query or options break the rules.
    pub fn create_collector(&mut self, new: &NewCollector) -> Result<Arc<Collector>, RegistryError> {
        let owners = self.author_as_owner()?;
        self.put_collector(Uuid::new_v4(), new, (Map::new(), Map::new()), owners)
    }

    /// Changes a collector.
    ///
    /// # Errors
    /// If there is no such collector, or as for making one.
    pub fn update_collector(
        &mut self,
        id: Uuid,
        new: &NewCollector,
    ) -> Result<Arc<Collector>, RegistryError> {
        let old = self.catalog().collector(id).ok_or_else(RegistryError::no_such_item)?;
        self.put_collector(id, new, (old.query.clone(), old.options.clone()), old.owners.clone())
    }

    /// Makes a copy of a collector under another slug, owned by the author of the edit.
    ///
    /// # Errors
    /// If there is no such collector, or the slug is taken or breaks the rules.
    pub fn clone_collector(&mut self, id: Uuid, slug: &str) -> Result<Arc<Collector>, RegistryError> {
        let original = self.catalog().collector(id).ok_or_else(RegistryError::no_such_item)?;
        let data_set = self.catalog().data_set_filled_by(&original);
        let name = |of: fn(&DataSet) -> &String| data_set.as_deref().map(of).cloned().unwrap_or_default();
        self.create_collector(&NewCollector {
            slug: slug.to_owned(),
            type_id: original.type_id,
            data_source_id: original.data_source_id,
            data_group: name(|data_set| &data_set.data_group),
            data_type: name(|data_set| &data_set.data_type),
            query: Some(original.query.clone()),
            options: Some(original.options.clone()),
        })
    }

    fn put_collector(
        &mut self,
        id: Uuid,
        new: &NewCollector,
        (query, options): (Map<String, Value>, Map<String, Value>),
        owners: BTreeSet<String>,
    ) -> Result<Arc<Collector>, RegistryError> {
        let invalid = |text: String| RegistryError::Invalid(text);
        let catalog = self.catalog();
        let kind = catalog.collector_type(new.type_id);
        let kind =
            kind.ok_or_else(|| invalid(format!("No collector type with id '{}' found", new.type_id)))?;
        let source = catalog.data_source(new.data_source_id);
        let source = source
            .ok_or_else(|| invalid(format!("No data source with id '{}' found", new.data_source_id)))?;
        let data_set = catalog.data_set_by(&new.data_group, &new.data_type).ok_or_else(|| {
            let (group, data_type) = (&new.data_group, &new.data_type);
            invalid(format!("No data set with data group '{group}' and data type '{data_type}' found"))
        })?;
        let collector = Collector {
            id,
            slug: new.slug.clone(),
            type_id: kind.id,
            data_source_id: source.id,
            data_set_id: data_set.id,
            query: new.query.clone().unwrap_or(query),
            options: new.options.clone().unwrap_or(options),
            owners,
        };
        let mut errors = FieldErrors::default();
        word_slug(&mut errors, &collector.slug);
        if self.all::<Collector>().any(|other| other.slug == collector.slug && other.id != id) {
            errors.add("slug", "Collector with this Slug already exists.");
        }
        errors.into_result()?;
        schema::check(&kind.query_schema, &Value::Object(collector.query.clone()))
            .map_err(|error| invalid(format!("validation error: query is invalid: {error}")))?;
        schema::check(&kind.options_schema, &Value::Object(collector.options.clone()))
            .map_err(|error| invalid(format!("validation error: options are invalid: {error}")))?;
        if kind.provider_id != source.provider_id {
            let name = |id| catalog.provider(id).map_or_else(String::new, |provider| provider.name.clone());
            let (of_kind, of_source) = (name(kind.provider_id), name(source.provider_id));
            return Err(invalid(format!(
                "validation error: type ({of_kind}) and data source ({of_source}) have different providers"
            )));
        }
        Ok(self.put(collector))
    }
}
