//! Dashboards, each kept as the public document that describes it: its heading and its tree of modules.

use std::sync::Arc;

use serde_json::Value;

use crate::catalog::{Catalog, Entity, Table};
use crate::database::{Column, Row, RowReader};
use crate::validate::{FieldErrors, is_lower_slug};
use crate::{Edit, Registry, RegistryError};

/// A dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Dashboard {
    /// Its address below the public site: lower-case letters, digits and hyphens.
    pub slug: String,
    /// The public document.
    pub definition: Arc<Value>,
}

impl Dashboard {
    /// Whether it is in the public list.
    #[must_use]
    pub fn published(&self) -> bool {
        self.definition.get("published").and_then(Value::as_bool).unwrap_or(false)
    }
}

impl Row for Dashboard {
    const TABLE: &'static str = "dashboards";
    const COLUMNS: &'static [&'static str] = &["slug", "definition"];

    fn to_row(&self) -> Vec<Column> {
        vec![self.slug.as_str().into(), (&*self.definition).into()]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<Dashboard, RegistryError> {
        Ok(Dashboard { slug: row.text()?, definition: Arc::new(row.json()?) })
    }
}

impl Entity for Dashboard {
    type Key = Slug;

    fn key(&self) -> Slug {
        Slug(self.slug.clone())
    }

    fn table(catalog: &Catalog) -> &Table<Dashboard> {
        &catalog.dashboards
    }

    fn table_mut(catalog: &mut Catalog) -> &mut Table<Dashboard> {
        &mut catalog.dashboards
    }
}

/// The slug of a dashboard, as a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slug(String);

impl From<Slug> for Column {
    fn from(slug: Slug) -> Column {
        Column::Text(slug.0)
    }
}

impl Edit {
    /// Stores a dashboard under the slug in its document, in the place of one that has it.
    ///
    /// # Errors
    /// If the document is not an object with a proper slug and a title.
    pub fn put_dashboard(&mut self, definition: &Value) -> Result<Arc<Dashboard>, RegistryError> {
        let text = |key: &str| definition.get(key).and_then(Value::as_str).unwrap_or_default();
        let slug = text("slug");
        let mut errors = FieldErrors::default();
        errors.required("title", text("title"));
        if errors.required("slug", slug) {
            errors.only(
                "slug",
                slug,
                is_lower_slug,
                "Slug can only contain lower case letters, numbers or hyphens",
            );
            errors.at_most("slug", slug, 1000);
        }
        errors.into_result()?;
        Ok(self.put(Dashboard { slug: slug.to_owned(), definition: Arc::new(definition.clone()) }))
    }
}

impl Registry {
    /// Stores a dashboard under the slug in its public document, in the place of one that has it.
    ///
    /// # Errors
    /// If the document is not an object with a proper slug and a title.
    pub async fn put_dashboard(&self, definition: &Value) -> Result<Arc<Dashboard>, RegistryError> {
        self.edit("", |edit| edit.put_dashboard(definition)).await
    }

    /// The public document of a dashboard, published or not.
    #[must_use]
    pub fn dashboard(&self, slug: &str) -> Option<Arc<Value>> {
        let found = self.catalog().dashboards.get(&Slug(slug.to_owned())).cloned()?;
        Some(found.definition.clone())
    }

    /// The public documents of all dashboards, published or not, by slug.
    #[must_use]
    pub fn dashboards(&self) -> Vec<Arc<Value>> {
        self.catalog().dashboards.values().map(|dashboard| dashboard.definition.clone()).collect()
    }
}
