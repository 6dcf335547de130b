//! Types of modules: their names, which say how a module is drawn, and the schemas of their options.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::catalog::{Catalog, Entity, Table, entity};
use crate::database::{Column, Row, RowReader};
use crate::validate::FieldErrors;
use crate::{Edit, RegistryError, schema};

/// A type of modules.
#[derive(Debug, Clone, PartialEq)]
pub struct ModuleType {
    /// Identifies it.
    pub id: Uuid,
    /// Its name: at most 25 lower-case letters and underscores.
    pub name: String,
    /// The JSON schema of the options of its modules.
    pub schema: Value,
}

impl ModuleType {
    /// The admin API's form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"id": self.id.to_string(), "name": self.name, "schema": self.schema})
    }
}

impl Row for ModuleType {
    const TABLE: &'static str = "module_types";
    const COLUMNS: &'static [&'static str] = &["id", "name", "option_schema"];

    fn to_row(&self) -> Vec<Column> {
        vec![self.id.into(), self.name.as_str().into(), (&self.schema).into()]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<ModuleType, RegistryError> {
        Ok(ModuleType { id: row.uuid()?, name: row.text()?, schema: row.json()? })
    }
}

entity!(ModuleType, Uuid, id, module_types);

impl Catalog {
    /// The type of this name.
    #[must_use]
    pub fn module_type(&self, name: &str) -> Option<Arc<ModuleType>> {
        self.module_types.values().find(|module_type| module_type.name == name).cloned()
    }

    /// All types of modules.
    pub fn module_types(&self) -> impl Iterator<Item = &Arc<ModuleType>> {
        self.module_types.values()
    }
}

impl Edit {
    /// Makes a type of modules.
    ///
    /// # Errors
    /// If the name is taken or breaks the rules, or the schema is none.
    pub fn create_module_type(
        &mut self,
        name: &str,
        schema: &Value,
    ) -> Result<Arc<ModuleType>, RegistryError> {
        self.put_module_type(ModuleType { id: Uuid::new_v4(), name: name.to_owned(), schema: schema.clone() })
    }

    /// Gives a type of modules another name and schema. Its modules are checked when they are next changed.
    ///
    /// # Errors
    /// If there is no such type, the new name is taken or breaks the rules, or the schema is none.
    pub fn update_module_type(
        &mut self,
        name: &str,
        new_name: &str,
        schema: &Value,
    ) -> Result<Arc<ModuleType>, RegistryError> {
        let old = self.catalog().module_type(name).ok_or_else(RegistryError::no_such_item)?;
        self.put_module_type(ModuleType { id: old.id, name: new_name.to_owned(), schema: schema.clone() })
    }

    fn put_module_type(&mut self, module_type: ModuleType) -> Result<Arc<ModuleType>, RegistryError> {
        let mut errors = FieldErrors::default();
        if errors.required("name", &module_type.name) {
            // The message promises numbers; existing clients match it.
            errors.only(
                "name",
                &module_type.name,
                |c| c.is_ascii_lowercase() || c == '_',
                "Module type name can only contain lowercase letters, numbers or underscores",
            );
            errors.at_most("name", &module_type.name, 25);
        }
        if module_type.schema.as_object().is_none_or(serde_json::Map::is_empty) {
            errors.add("schema", "This field cannot be blank.");
        }
        let taken = |other: &&Arc<ModuleType>| other.name == module_type.name && other.id != module_type.id;
        if self.all::<ModuleType>().any(|other| taken(&other)) {
            errors.add("name", "Module type with this Name already exists.");
        }
        errors.into_result()?;
        schema::check_option_schema(&module_type.schema).map_err(|error| {
            RegistryError::Invalid(format!("validation error: schema is invalid: {error}"))
        })?;
        Ok(self.put(module_type))
    }
}
