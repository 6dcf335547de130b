//! `/data-sets`, by name.

use serde_json::Value;
use stagecraft::data_set::split_list;
use stagecraft::{Catalog, DataSet, DataSetChanges, DataSetFilter, Edit, NewDataSet, Subject};

use super::answer::Refusal;
use super::resource::{Request, Resource};
use super::shape::{Kind, Shape, failed};
use super::written_list::WrittenList;
use crate::state::AppState;

/// Data sets. Removing one removes its records.
pub struct DataSets;

impl Resource for DataSets {
    const SUBJECT: Subject = Subject::DataSet;
    const HISTORY: Option<&'static str> = Some("data_set");
    const SHAPE: Shape = Shape {
        required: &[("data_group", Kind::Text), ("data_type", Kind::Text)],
        optional: &[
            ("bearer_token", Kind::Text),
            ("capped_size", Kind::Amount),
            ("retention_days", Kind::Amount),
            ("licence", Kind::Text),
            ("licence_url", Kind::Text),
            ("auto_ids", Kind::Text),
            ("upload_filters", Kind::Text),
            ("upload_format", Kind::Text),
            ("queryable", Kind::Truth),
            ("realtime", Kind::Truth),
            ("published", Kind::Truth),
            ("raw_queries_allowed", Kind::Truth),
            ("max_age_expected", Kind::Amount),
            // For the administrator of the deployment only.
            ("name", Kind::Text),
            ("schema", Kind::ObjectOrNull),
        ],
        open: false,
    };

    fn list(catalog: &Catalog, request: &Request) -> WrittenList {
        let either = |one: &str, other: &str| {
            request.parameter(one).or_else(|| request.parameter(other)).map(str::to_owned)
        };
        let filter = DataSetFilter {
            data_group: either("data-group", "data_group"),
            data_type: either("data-type", "data_type"),
            owner: None,
        };
        let visible = catalog.data_sets(&filter).filter(|data_set| request.caller.sees(&data_set.owners));
        visible.map(|data_set| data_set.form()).collect()
    }

    fn item(catalog: &Catalog, request: &Request, id: &str) -> Option<Value> {
        let data_set = catalog.data_set(id).filter(|data_set| request.caller.sees(&data_set.owners));
        data_set.map(|data_set| data_set.to_json())
    }

    fn create(edit: &mut Edit, request: &Request) -> Result<Value, Refusal> {
        only_the_administrator_sets(request)?;
        let name = request.body.get("name").and_then(Value::as_str).map(str::to_owned);
        let new = NewDataSet {
            data_group: request.text("data_group").to_owned(),
            data_type: request.text("data_type").to_owned(),
            name,
            settings: settings(request)?,
        };
        Ok(edit.create_data_set(&new)?.to_json())
    }

    fn update(edit: &mut Edit, request: &Request, id: &str) -> Result<Value, Refusal> {
        only_the_administrator_sets(request)?;
        let (group, data_type) = (request.text("data_group"), request.text("data_type"));
        if edit.catalog().data_group(group).is_none() {
            return Err(Refusal::bad_request(format!("No data group with name '{group}' found")));
        }
        if edit.catalog().data_type(data_type).is_none() {
            return Err(Refusal::bad_request(format!("No data type with name '{data_type}' found")));
        }
        let data_set: Option<std::sync::Arc<DataSet>> = edit.catalog().data_set(id);
        let moves =
            data_set.is_some_and(|data_set| data_set.data_group != group || data_set.data_type != data_type);
        if moves {
            return Err(Refusal::bad_request(
                "validation errors:\n__all__: the data group and data type of a data set cannot be modified",
            ));
        }
        if request.body.get("name").is_some_and(|name| name != id) {
            return Err(Refusal::bad_request("validation errors:\nname: name cannot be modified"));
        }
        Ok(edit.update_data_set(id, &settings(request)?)?.to_json())
    }

    fn delete(edit: &mut Edit, _: &Request, id: &str) -> Result<Value, Refusal> {
        Ok(edit.delete_data_set(id)?.to_json())
    }

    async fn before_delete(state: &AppState, id: &str) -> Result<(), Refusal> {
        let dropped = state.store.drop_data_set(id).await;
        dropped.map(drop).map_err(|error| {
            tracing::error!(%error, data_set = id, "the records of a data set could not be removed");
            let message = "the records of the data set cannot be removed now; nothing was changed";
            Refusal::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, message)
        })
    }

    fn delete_unused(edit: &mut Edit, request: &Request, id: &str) -> Result<(), Refusal> {
        Self::delete(edit, request, id).map(drop)
    }

    fn history_id(catalog: &Catalog, _: &Request, id: &str) -> Option<String> {
        Some(catalog.data_set(id)?.id.to_string())
    }
}

/// Names and schemas follow from the data group and data type, except where the administrator takes over a data set.
fn only_the_administrator_sets(request: &Request) -> Result<(), Refusal> {
    for key in ["name", "schema"] {
        if request.body.contains_key(key) && !request.caller.is_administrator() {
            return Err(failed(format!("Additional properties are not allowed ('{key}' was unexpected)")));
        }
    }
    Ok(())
}

fn settings(request: &Request) -> Result<DataSetChanges, Refusal> {
    let text = |name: &str| request.body.get(name).and_then(Value::as_str).map(str::to_owned);
    let truth = |name: &str| request.body.get(name).and_then(Value::as_bool);
    let schema = request.body.get("schema");
    if let Some(schema) = schema.filter(|schema| !schema.is_null())
        && let Err(error) = jsonschema::validator_for(schema)
    {
        return Err(Refusal::bad_request(format!("validation error: schema is invalid: {error}")));
    }
    Ok(DataSetChanges {
        bearer_token: text("bearer_token"),
        raw_queries_allowed: truth("raw_queries_allowed"),
        queryable: truth("queryable"),
        published: truth("published"),
        realtime: truth("realtime"),
        capped_size: amount(request, "capped_size")?,
        retention_days: amount(request, "retention_days")?,
        max_age_expected: amount(request, "max_age_expected")?,
        licence: text("licence"),
        licence_url: text("licence_url"),
        auto_ids: text("auto_ids").map(|list| split_list(&list)),
        upload_format: text("upload_format"),
        upload_filters: text("upload_filters").map(|list| split_list(&list)),
        schema: schema.map(|schema| Some(schema.clone()).filter(|schema| !schema.is_null())),
        owners: None,
    })
}

/// A whole number as clients send it: as a number, as digits, or nothing.
fn amount(request: &Request, name: &str) -> Result<Option<Option<i64>>, Refusal> {
    let Some(value) = request.body.get(name) else { return Ok(None) };
    let number = match value {
        Value::Null => return Ok(Some(None)),
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64().or_else(|| whole(other.as_f64()?)),
    };
    if number.is_none() {
        let shown = value.as_str().map_or_else(|| value.to_string(), |text| format!("'{text}'"));
        let message = format!("validation errors:\n{name}: {shown} value must be an integer.");
        return Err(Refusal::bad_request(message));
    }
    Ok(Some(number))
}

/// The whole number that a float is, if it is one that floats can tell from its neighbours.
fn whole(float: f64) -> Option<i64> {
    let exact = float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation, reason = "it is whole and small")]
    exact.then_some(float as i64)
}
