//! The JSON schemas that records have to satisfy, as far as they follow from the name of the data type.
//!
//! Every record of any data set has a `_timestamp`; some data types are known to ask for more. Draft-04 rules with formats.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::{Map, Value, json};

/// What the records of every data set have to have.
static TIMESTAMPS: LazyLock<Value> = LazyLock::new(timestamps);

/// The schemas of the data types that ask for more, by name.
static OF_DATA_TYPES: LazyLock<HashMap<&str, Value>> = LazyLock::new(of_data_types);

/// The schema of the records of a data set that has none of its own.
#[derive(Serialize)]
pub struct UsualSchema<'a> {
    description: String,
    definitions: BTreeMap<&'a str, &'static Value>,
    #[serde(rename = "allOf")]
    all_of: Vec<Value>,
}

impl UsualSchema<'_> {
    /// That of the data set of this data group and type.
    #[must_use]
    pub fn of<'a>(data_group: &str, data_type: &'a str) -> UsualSchema<'a> {
        let mut definitions = BTreeMap::from([("_timestamp", &*TIMESTAMPS)]);
        definitions.extend(OF_DATA_TYPES.get(data_type).map(|schema| (data_type, schema)));
        UsualSchema {
            description: format!("Schema for {data_group}/{data_type}"),
            all_of: definitions.keys().map(|name| json!({"$ref": format!("#/definitions/{name}")})).collect(),
            definitions,
        }
    }
}

fn timestamps() -> Value {
    object(
        "Timestamps",
        &["_timestamp"],
        json!({"_timestamp": {
            "type": "string",
            "format": "date-time",
            "description": "An ISO8601 formatted date time",
        }}),
    )
}

fn object(title: &str, required: &[&str], properties: Value) -> Value {
    json!({
        "$schema": "http://json-schema.org/schema#",
        "title": title,
        "type": "object",
        "properties": properties,
        "required": required,
    })
}

fn integer(description: &str) -> Value {
    json!({"type": "integer", "description": description})
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn of_data_types() -> HashMap<&'static str, Value> {
    let short_periods = json!(["second", "minute", "hour", "day", "week", "month", "year"]);
    let mut satisfaction = Map::new();
    for stars in 1..=5 {
        let description = format!("count of {stars} star ratings");
        satisfaction.insert(format!("rating_{stars}"), integer(&description));
    }
    satisfaction.insert("comments".into(), integer("count of comments across all ratings"));
    satisfaction.insert("total".into(), integer("Aggregate count of all ratings"));
    satisfaction.insert("slug".into(), text("url slug for the service 'done' page"));
    HashMap::from([
        (
            "customer-satisfaction",
            object(
                "Customer Satisfaction",
                &["comments", "rating_1", "rating_2", "rating_3", "rating_4", "rating_5", "slug", "total"],
                satisfaction.into(),
            ),
        ),
        (
            "monitoring",
            object(
                "Monitoring",
                &["uptime", "downtime"],
                json!({"uptime": integer("Integer"), "downtime": integer("Integer")}),
            ),
        ),
        (
            "realtime",
            object(
                "Realtime",
                &["for_url", "unique_visitors"],
                json!({
                    "for_url": text("url parameter indicating the monitored page"),
                    "unique_visitors": integer("number of unique_visitors at this time"),
                }),
            ),
        ),
        (
            "transactions-by-channel",
            object(
                "Transactions by Channel",
                &["count", "channel"],
                json!({
                    "count": {"type": "integer"},
                    "channel": {"type": "string"},
                    "period": {"enum": ["hour", "day", "week", "month", "year", "decade", "century"]},
                }),
            ),
        ),
        (
            "appointments",
            object(
                "Appointments",
                &["count", "serviceType", "consulate", "period"],
                json!({
                    "count": {"type": "integer", "minimum": 0},
                    "serviceType": {"type": "string"},
                    "consulate": {"type": "string"},
                    "period": {"enum": short_periods},
                }),
            ),
        ),
        (
            "no-show",
            object(
                "No show",
                &["count", "consulate", "period"],
                json!({
                    "count": {"type": "integer", "minimum": 0},
                    "consulate": {"type": "string"},
                    "period": {"enum": short_periods},
                }),
            ),
        ),
        (
            "utilisation",
            object(
                "Utilisation",
                &["percent", "consulate", "period"],
                json!({
                    "percent": {"type": "number", "minimum": 0, "maximum": 100},
                    "consulate": {"type": "string"},
                    "period": {"enum": short_periods},
                }),
            ),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_data_set_asks_for_timestamps_and_nothing_else_by_default() {
        let schema = json!(UsualSchema::of("carers-allowance", "journey"));
        assert_eq!(schema["description"], "Schema for carers-allowance/journey");
        assert_eq!(schema["allOf"], json!([{"$ref": "#/definitions/_timestamp"}]));
        assert_eq!(schema["definitions"]["_timestamp"]["required"], json!(["_timestamp"]));
    }

    #[test]
    fn known_data_types_ask_for_their_fields() {
        let schema = json!(UsualSchema::of("eel-fishing", "monitoring"));
        assert_eq!(schema["allOf"][1], json!({"$ref": "#/definitions/monitoring"}));
        assert_eq!(schema["definitions"]["monitoring"]["required"], json!(["uptime", "downtime"]));
    }
}
