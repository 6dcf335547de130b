//! Data groups: usually one a service, named by its slug.

use std::sync::Arc;

use crate::catalog::{Catalog, Entity, Table, entity};
use crate::data_set::DataSet;
use crate::database::{Column, Row, RowReader};
use crate::validate::{FieldErrors, hyphenated_name};
use crate::{Edit, RegistryError};

/// A data group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataGroup {
    /// Its number, in the order of creation; never shown.
    pub id: i64,
    /// Its name: at most 60 lower-case letters, digits and hyphens.
    pub name: String,
}

impl DataGroup {
    /// The admin API's form.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({"name": self.name})
    }
}

impl Row for DataGroup {
    const TABLE: &'static str = "data_groups";
    const COLUMNS: &'static [&'static str] = &["id", "name"];

    fn to_row(&self) -> Vec<Column> {
        vec![self.id.into(), self.name.as_str().into()]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<DataGroup, RegistryError> {
        Ok(DataGroup { id: row.integer()?, name: row.text()? })
    }
}

entity!(DataGroup, i64, id, data_groups);

impl Edit {
    /// Makes a data group.
    ///
    /// # Errors
    /// If the name is taken or breaks the rules.
    pub fn create_data_group(&mut self, name: &str) -> Result<Arc<DataGroup>, RegistryError> {
        let group = DataGroup { id: self.next_id::<DataGroup>(), name: name.to_owned() };
        self.check_data_group(&group)?;
        Ok(self.put(group))
    }

    /// Renames a data group. Its data sets keep their names.
    ///
    /// # Errors
    /// If there is no such data group, or the new name is taken or breaks the rules.
    pub fn rename_data_group(&mut self, name: &str, new_name: &str) -> Result<Arc<DataGroup>, RegistryError> {
        let old = self.catalog().data_group(name).ok_or_else(RegistryError::no_such_item)?;
        let group = DataGroup { id: old.id, name: new_name.to_owned() };
        self.check_data_group(&group)?;
        let data_sets: Vec<_> =
            self.all::<DataSet>().filter(|set| set.data_group_id == group.id).cloned().collect();
        for data_set in data_sets {
            self.put(DataSet { data_group: new_name.to_owned(), ..DataSet::clone(&data_set) });
        }
        Ok(self.put(group))
    }

    fn check_data_group(&self, group: &DataGroup) -> Result<(), RegistryError> {
        let mut errors = FieldErrors::default();
        hyphenated_name(&mut errors, &group.name);
        if self.all::<DataGroup>().any(|other| other.name == group.name && other.id != group.id) {
            errors.add("name", "Data group with this Name already exists.");
        }
        errors.into_result()
    }
}
