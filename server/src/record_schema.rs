//! Checking records against the JSON schema of their data set.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use engine::{Batch, Complaints, record_to_json};
use jsonschema::Validator;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;
use stagecraft::DataSet;

use crate::error::ApiError;

/// The compiled schemas of the data sets that have one, each made on first use and made anew when it changes.
#[derive(Default)]
pub struct RecordSchemas(Mutex<HashMap<String, (Value, Arc<Validator>)>>);

impl RecordSchemas {
    /// Everything in which the records break the schema of their data set; nothing where there is no schema.
    ///
    /// # Errors
    /// 500 when the schema itself is broken, which the administration interface does not let happen.
    pub fn violations(&self, data_set: &DataSet, records: &Batch) -> Result<Complaints, ApiError> {
        let Some(schema) = &data_set.schema else { return Ok(Complaints::default()) };
        let validator = self.compiled(&data_set.name, schema)?;
        let mut messages = Complaints::default();
        for record in records.records() {
            let record = record_to_json(&record);
            messages.extend(validator.iter_errors(&record).map(|error| sentence(&error)));
        }
        Ok(messages)
    }

    fn compiled(&self, name: &str, schema: &Value) -> Result<Arc<Validator>, ApiError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made_from, validator)) = known.get(name)
            && made_from == schema
        {
            return Ok(Arc::clone(validator));
        }
        let validator =
            jsonschema::options().should_validate_formats(true).build(schema).map_err(|error| {
                let message = format!("the schema of the data set {name} is broken: {error}");
                ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, message)
            })?;
        let validator = Arc::new(validator);
        known.insert(name.to_owned(), (schema.clone(), Arc::clone(&validator)));
        Ok(validator)
    }
}

/// The words that clients of the older system know for the common violations; the library's own for the others.
fn sentence(error: &jsonschema::ValidationError<'_>) -> String {
    let instance = python(error.instance());
    match error.kind() {
        ValidationErrorKind::Enum { options } => {
            format!("{instance} is not one of {}", python_of_schema(options))
        }
        ValidationErrorKind::Required { property } => {
            format!("{} is a required property", python_of_schema(property))
        }
        ValidationErrorKind::Minimum { limit } => {
            format!("{instance} is less than the minimum of {}", python(limit))
        }
        ValidationErrorKind::Maximum { limit } => {
            format!("{instance} is greater than the maximum of {}", python(limit))
        }
        ValidationErrorKind::Type { kind } => {
            let types: Vec<String> = match kind {
                TypeKind::Single(kind) => vec![kind.to_string()],
                TypeKind::Multiple(kinds) => kinds.iter().map(|kind| kind.to_string()).collect(),
            };
            let types: Vec<String> = types.into_iter().map(|name| format!("u'{name}'")).collect();
            format!("{instance} is not of type {}", types.join(", "))
        }
        ValidationErrorKind::Pattern { pattern } => format!("{instance} does not match u'{pattern}'"),
        ValidationErrorKind::MaxLength { .. } => format!("{instance} is too long"),
        ValidationErrorKind::MinLength { .. } => format!("{instance} is too short"),
        ValidationErrorKind::Format { format } => format!("{instance} is not a u'{format}'"),
        _ => error.to_string(),
    }
}

/// A value of a record as the older system showed it: `'text'`, `True`, `None`, `3`.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

/// A value of a schema, whose text it marked with a `u`.
fn python_of_schema(value: &Value) -> String {
    match value {
        Value::String(text) => format!("u'{text}'"),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(python_of_schema).collect();
            format!("[{}]", values.join(", "))
        }
        other => python(other),
    }
}
