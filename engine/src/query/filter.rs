//! Filters as conditions on columns.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use datafusion::common::Column;
use datafusion::functions::string::expr_fn::starts_with;
use datafusion::logical_expr::{Expr, lit};
use query_lang::{Expression, Query, Value};

use crate::columns::record_at;
use crate::schema::off_type_name;

/// A column by its exact name; names are not folded to lower case nor split at full stops.
pub fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// The conditions of `filter_by` and `filter_by_prefix`.
pub fn conditions(query: &Query, schema: &Schema) -> Vec<Expr> {
    let exact = query.filter_by.iter().map(|(key, value)| equals(key, value, schema));
    let prefix = query.filter_by_prefix.iter().map(|(key, text)| begins_with(key, text, schema));
    exact.chain(prefix).collect()
}

fn type_of<'a>(key: &str, schema: &'a Schema) -> Option<&'a DataType> {
    schema.field_with_name(key).ok().map(arrow::datatypes::Field::data_type)
}

/// Either of the two columns of a key holds it; a key that no record has equals nothing.
fn either(typed: Option<Expr>, off_type: Option<Expr>) -> Expr {
    match (typed, off_type) {
        (Some(typed), Some(off_type)) => typed.or(off_type),
        (Some(condition), None) | (None, Some(condition)) => condition,
        (None, None) => lit(false),
    }
}

fn equals(key: &str, value: &Value, schema: &Schema) -> Expr {
    let off_type = off_type_name(key);
    let has_off_type = type_of(&off_type, schema).is_some();
    let (kind, literal, written) = match value {
        Value::Text(text) => (DataType::Utf8View, text_literal(text), serde_json::json!(text).to_string()),
        Value::Bool(flag) => (DataType::Boolean, lit(*flag), flag.to_string()),
        Value::Int(number) => (DataType::Int64, lit(*number), number.to_string()),
        Value::Float(number) => (DataType::Float64, lit(*number), serde_json::json!(number).to_string()),
        Value::Null | Value::Time(_) => return lit(false),
    };
    let typed = (type_of(key, schema) == Some(&kind)).then(|| column(key).eq(literal));
    either(typed, has_off_type.then(|| column(&off_type).eq(text_literal(&written))))
}

fn begins_with(key: &str, text: &str, schema: &Schema) -> Expr {
    let off_type = off_type_name(key);
    let typed = (type_of(key, schema) == Some(&DataType::Utf8View))
        .then(|| starts_with(column(key), text_literal(text)));
    // The JSON of a prefix, without its closing quote, is a prefix of the JSON.
    let mut written = serde_json::json!(text).to_string();
    written.pop();
    let other = type_of(&off_type, schema).map(|_| starts_with(column(&off_type), text_literal(&written)));
    either(typed, other)
}

fn text_literal(text: &str) -> Expr {
    lit(datafusion::scalar::ScalarValue::Utf8View(Some(text.to_owned())))
}

/// The rows for which the expression holds.
///
/// # Errors
/// Only when Arrow cannot filter the batch.
pub fn apply_expression(
    batch: &RecordBatch,
    expression: Option<&Expression>,
) -> Result<RecordBatch, ArrowError> {
    let Some(expression) = expression else { return Ok(batch.clone()) };
    let holds: BooleanArray = (0..batch.num_rows())
        .map(|row| {
            let record = record_at(batch, row);
            Some(expression.matches(&|key| record.get(key)))
        })
        .collect();
    filter_record_batch(batch, &holds)
}
