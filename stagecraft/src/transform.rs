//! Transforms: what is computed from one data set into another whenever it is written, and the types of such computations.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::catalog::{Catalog, Entity, Table, entity};
use crate::data_set::DataSet;
use crate::database::{Column, Row, RowReader};
use crate::validate::FieldErrors;
use crate::{Edit, RegistryError, query_parameters, schema};

/// A type of transforms.
#[derive(Debug, Clone, PartialEq)]
pub struct TransformType {
    /// Identifies it.
    pub id: Uuid,
    /// Its name, for people: at most 25 characters.
    pub name: String,
    /// What is run, as a dotted path.
    pub function: String,
    /// The JSON schema of the options of its transforms.
    pub schema: Value,
}

/// A data group, or any, and a data type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub(crate) data_group_id: Option<i64>,
    pub(crate) data_type_id: i64,
}

/// A transform.
#[derive(Debug, Clone, PartialEq)]
pub struct Transform {
    /// Identifies it.
    pub id: Uuid,
    /// Its type.
    pub type_id: Uuid,
    /// What it reads; without a data group, every data set of the data type.
    pub input: Place,
    /// What it asks its input.
    pub query_parameters: Map<String, Value>,
    /// How it computes; its type's schema says what there can be.
    pub options: Map<String, Value>,
    /// What it writes; without a data group, the one that was read.
    pub output: Place,
    /// The e-mail addresses of those who may see and change it.
    pub owners: BTreeSet<String>,
}

/// A transform to be made, or what a transform shall be.
#[derive(Debug, Clone, Default)]
pub struct NewTransform {
    /// See [`Transform::type_id`].
    pub type_id: Uuid,
    /// The data group, if any, and the data type that are read.
    pub input: (Option<String>, String),
    /// See [`Transform::query_parameters`].
    pub query_parameters: Map<String, Value>,
    /// See [`Transform::options`].
    pub options: Map<String, Value>,
    /// The data group, if any, and the data type that are written.
    pub output: (Option<String>, String),
}

impl TransformType {
    /// The admin API's form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (name, function, schema) = (&self.name, &self.function, &self.schema);
        json!({"id": self.id.to_string(), "name": name, "function": function, "schema": schema})
    }
}

impl Transform {
    /// The admin API's form.
    #[must_use]
    pub fn to_json(&self, catalog: &Catalog) -> Value {
        let function = catalog.transform_types.get(&self.type_id).map(|kind| kind.function.as_str());
        json!({
            "id": self.id.to_string(),
            "type": {"id": self.type_id.to_string(), "function": function},
            "input": self.input.to_json(catalog),
            "query-parameters": self.query_parameters,
            "options": self.options,
            "output": self.output.to_json(catalog),
        })
    }

    /// Whether it reads this data set.
    #[must_use]
    pub fn reads(&self, data_set: &DataSet) -> bool {
        self.input.data_type_id == data_set.data_type_id
            && self.input.data_group_id.is_none_or(|group| group == data_set.data_group_id)
    }
}

impl Transform {
    /// The data group and data type by name that it writes when it reads a data set.
    #[must_use]
    pub fn output_of(&self, data_set: &DataSet, catalog: &Catalog) -> (String, String) {
        let (group, data_type) = self.output.names(catalog);
        (group.unwrap_or(&data_set.data_group).to_owned(), data_type.to_owned())
    }

    /// Whether it would write the data set that it reads: a transform of every data group can meet its own output.
    fn writes_back_to(&self, data_set: &DataSet) -> bool {
        self.output.data_type_id == data_set.data_type_id
            && self.output.data_group_id.is_none_or(|group| group == data_set.data_group_id)
    }

    /// Whether it reads or writes this data group by name.
    pub(crate) fn mentions_group(&self, group: i64) -> bool {
        [&self.input, &self.output].iter().any(|place| place.data_group_id == Some(group))
    }

    /// Whether it reads or writes this data type.
    pub(crate) fn mentions_type(&self, data_type: i64) -> bool {
        [&self.input, &self.output].iter().any(|place| place.data_type_id == data_type)
    }
}

impl Place {
    /// The data group and data type by name.
    #[must_use]
    pub fn names<'a>(&self, catalog: &'a Catalog) -> (Option<&'a str>, &'a str) {
        let group = self.data_group_id.and_then(|id| catalog.data_groups.get(&id));
        let data_type = catalog.data_types.get(&self.data_type_id);
        (group.map(|group| group.name.as_str()), data_type.map_or("", |data_type| &data_type.name))
    }

    fn to_json(&self, catalog: &Catalog) -> Value {
        let (group, data_type) = self.names(catalog);
        let mut form = json!({"data-type": data_type});
        if let Some(group) = group {
            form["data-group"] = group.into();
        }
        form
    }
}

impl Row for TransformType {
    const TABLE: &'static str = "transform_types";
    const COLUMNS: &'static [&'static str] = &["id", "name", "task", "option_schema"];

    fn to_row(&self) -> Vec<Column> {
        vec![self.id.into(), self.name.as_str().into(), self.function.as_str().into(), (&self.schema).into()]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<TransformType, RegistryError> {
        Ok(TransformType { id: row.uuid()?, name: row.text()?, function: row.text()?, schema: row.json()? })
    }
}

impl Row for Transform {
    const TABLE: &'static str = "transforms";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "type_id",
        "input_group_id",
        "input_type_id",
        "query_parameters",
        "options",
        "output_group_id",
        "output_type_id",
        "owners",
    ];

    fn to_row(&self) -> Vec<Column> {
        vec![
            self.id.into(),
            self.type_id.into(),
            self.input.data_group_id.into(),
            self.input.data_type_id.into(),
            Column::Text(json!(self.query_parameters).to_string()),
            Column::Text(json!(self.options).to_string()),
            self.output.data_group_id.into(),
            self.output.data_type_id.into(),
            (&json!(self.owners)).into(),
        ]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<Transform, RegistryError> {
        Ok(Transform {
            id: row.uuid()?,
            type_id: row.uuid()?,
            input: Place { data_group_id: row.nullable_integer()?, data_type_id: row.integer()? },
            query_parameters: row.json()?,
            options: row.json()?,
            output: Place { data_group_id: row.nullable_integer()?, data_type_id: row.integer()? },
            owners: row.json()?,
        })
    }
}

entity!(TransformType, Uuid, id, transform_types);
entity!(Transform, Uuid, id, transforms);

/// Transforms by the data type that they read.
pub(crate) fn by_input(transforms: &Table<Transform>) -> HashMap<i64, Vec<Arc<Transform>>> {
    let mut by_input: HashMap<i64, Vec<Arc<Transform>>> = HashMap::new();
    for transform in transforms.values() {
        by_input.entry(transform.input.data_type_id).or_default().push(transform.clone());
    }
    by_input
}

impl Catalog {
    /// The type of transforms with this identifier.
    #[must_use]
    pub fn transform_type(&self, id: Uuid) -> Option<Arc<TransformType>> {
        self.transform_types.get(&id).cloned()
    }

    /// All types of transforms.
    pub fn transform_types(&self) -> impl Iterator<Item = &Arc<TransformType>> {
        self.transform_types.values()
    }

    /// The transform with this identifier.
    #[must_use]
    pub fn transform(&self, id: Uuid) -> Option<Arc<Transform>> {
        self.transforms.get(&id).cloned()
    }

    /// The transforms that read a data set and do not write it themselves. Costs one look into a table where there are none.
    pub fn transforms_of<'a>(&'a self, data_set: &'a DataSet) -> impl Iterator<Item = &'a Arc<Transform>> {
        let candidates = self.transforms_by_input.get(&data_set.data_type_id);
        let reading = candidates.into_iter().flatten().filter(|transform| transform.reads(data_set));
        reading.filter(|transform| !transform.writes_back_to(data_set))
    }

    /// All transforms.
    pub fn transforms(&self) -> impl Iterator<Item = &Arc<Transform>> {
        self.transforms.values()
    }
}

impl Edit {
    /// Makes a type of transforms.
    ///
    /// # Errors
    /// If the name or function is taken or breaks the rules, or the schema is none.
    pub fn create_transform_type(
        &mut self,
        name: &str,
        function: &str,
        schema: &Value,
    ) -> Result<Arc<TransformType>, RegistryError> {
        self.put_transform_type(Uuid::new_v4(), name, function, schema)
    }

    /// Changes a type of transforms.
    ///
    /// # Errors
    /// If there is no such type, or as for making one.
    pub fn update_transform_type(
        &mut self,
        id: Uuid,
        name: &str,
        function: &str,
        schema: &Value,
    ) -> Result<Arc<TransformType>, RegistryError> {
        self.catalog().transform_type(id).ok_or_else(RegistryError::no_such_item)?;
        self.put_transform_type(id, name, function, schema)
    }

    fn put_transform_type(
        &mut self,
        id: Uuid,
        name: &str,
        function: &str,
        schema: &Value,
    ) -> Result<Arc<TransformType>, RegistryError> {
        let mut errors = FieldErrors::default();
        errors.required("name", name);
        errors.at_most("name", name, 25);
        if errors.required("function", function) {
            errors.only(
                "function",
                function,
                |c| c.is_ascii_lowercase() || c == '_' || c == '.',
                "Transform function has to consist of lowercaseletters, underscores or dots",
            );
            errors.at_most("function", function, 200);
        }
        for other in self.all::<TransformType>().filter(|other| other.id != id) {
            if other.name == name {
                errors.add("name", "Transform type with this Name already exists.");
            }
            if other.function == function {
                errors.add("function", "Transform type with this Function already exists.");
            }
        }
        errors.into_result()?;
        schema::check_option_schema(schema).map_err(|error| {
            RegistryError::Invalid(format!("validation error: schema is invalid: {error}"))
        })?;
        let (name, function) = (name.to_owned(), function.to_owned());
        Ok(self.put(TransformType { id, name, function, schema: schema.clone() }))
    }

    /// Makes a transform, owned by the author of the edit. It is not run before its input is next written.
    ///
    /// # Errors
    /// If something that it names does not exist, or its query or options break the rules.
    pub fn create_transform(&mut self, new: &NewTransform) -> Result<Arc<Transform>, RegistryError> {
        let owners = self.author_as_owner()?;
        self.put_transform(Uuid::new_v4(), new, owners)
    }

    /// Makes a transform another one, except for its owners.
    ///
    /// # Errors
    /// If there is no such transform, or as for making one.
    pub fn update_transform(
        &mut self,
        id: Uuid,
        new: &NewTransform,
    ) -> Result<Arc<Transform>, RegistryError> {
        let old = self.catalog().transform(id).ok_or_else(RegistryError::no_such_item)?;
        self.put_transform(id, new, old.owners.clone())
    }

    fn put_transform(
        &mut self,
        id: Uuid,
        new: &NewTransform,
        owners: BTreeSet<String>,
    ) -> Result<Arc<Transform>, RegistryError> {
        let invalid = |text: String| RegistryError::Invalid(text);
        let kind = self.catalog().transform_type(new.type_id);
        let kind = kind.ok_or_else(|| invalid("transform type was not found".into()))?;
        let input = self.place(&new.input, "input")?;
        let output = self.place(&new.output, "output")?;
        let same_group = output.data_group_id.is_none() || output.data_group_id == input.data_group_id;
        if output.data_type_id == input.data_type_id && same_group {
            let message = "a transform cannot write the data set that it reads: it would run for ever";
            return Err(invalid(message.into()));
        }
        query_parameters::check(&new.query_parameters)
            .map_err(|error| invalid(format!("validation error: query parameters are invalid: {error}")))?;
        schema::check(&kind.schema, &Value::Object(new.options.clone()))
            .map_err(|error| invalid(format!("validation error: options are invalid: {error}")))?;
        Ok(self.put(Transform {
            id,
            type_id: kind.id,
            input,
            query_parameters: new.query_parameters.clone(),
            options: new.options.clone(),
            output,
            owners,
        }))
    }

    fn place(
        &self,
        (group, data_type): &(Option<String>, String),
        side: &str,
    ) -> Result<Place, RegistryError> {
        let found = self.catalog().data_type(data_type);
        let data_type = found.ok_or_else(|| {
            RegistryError::Invalid(format!("{side} requires at least a data-type (that exists)"))
        })?;
        // An unknown data group is refused: taken for none, the transform would run on every group.
        let group =
            match group {
                None => None,
                Some(name) => Some(self.catalog().data_group(name).ok_or_else(|| {
                    RegistryError::Invalid(format!("No data group with name '{name}' found"))
                })?),
            };
        Ok(Place { data_group_id: group.map(|group| group.id), data_type_id: data_type.id })
    }
}
