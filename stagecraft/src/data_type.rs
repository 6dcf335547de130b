//! Data types: what kind of records a data set holds, under the same name in every data group.

use std::sync::Arc;

use crate::catalog::{Catalog, Entity, Table, entity};
use crate::database::{Column, Row, RowReader};
use crate::validate::{FieldErrors, hyphenated_name};
use crate::{Edit, RegistryError};

/// A data type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataType {
    /// Its number, in the order of creation; never shown.
    pub id: i64,
    /// Its name: at most 60 lower-case letters, digits and hyphens.
    pub name: String,
    /// What it is, for people.
    pub description: String,
}

impl DataType {
    /// The admin API's form.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({"name": self.name, "description": self.description})
    }
}

impl Row for DataType {
    const TABLE: &'static str = "data_types";
    const COLUMNS: &'static [&'static str] = &["id", "name", "description"];

    fn to_row(&self) -> Vec<Column> {
        vec![self.id.into(), self.name.as_str().into(), self.description.as_str().into()]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<DataType, RegistryError> {
        Ok(DataType { id: row.integer()?, name: row.text()?, description: row.text()? })
    }
}

entity!(DataType, i64, id, data_types);

impl Edit {
    /// Makes a data type.
    ///
    /// # Errors
    /// If the name is taken or breaks the rules.
    pub fn create_data_type(
        &mut self,
        name: &str,
        description: &str,
    ) -> Result<Arc<DataType>, RegistryError> {
        let id = self.next_id::<DataType>();
        let data_type = DataType { id, name: name.to_owned(), description: description.to_owned() };
        let mut errors = FieldErrors::default();
        hyphenated_name(&mut errors, name);
        if self.catalog().data_type(name).is_some() {
            errors.add("name", "Data type with this Name already exists.");
        }
        errors.into_result()?;
        Ok(self.put(data_type))
    }

    /// Changes the description of a data type.
    ///
    /// # Errors
    /// If there is no such data type.
    pub fn describe_data_type(
        &mut self,
        name: &str,
        description: &str,
    ) -> Result<Arc<DataType>, RegistryError> {
        let old = self.catalog().data_type(name).ok_or_else(RegistryError::no_such_item)?;
        Ok(self.put(DataType { description: description.to_owned(), ..DataType::clone(&old) }))
    }
}
