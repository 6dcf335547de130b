//! The JSON schemas that records have to satisfy, as far as they follow from the name of the data type.
//!
//! Every record of any data set has a `_timestamp`; some data types are known to ask for more. Draft-04 rules with formats.

use serde_json::{Map, Value, json};

/// The schema of the records of a data set.
#[must_use]
pub fn of(data_group: &str, data_type: &str) -> Value {
    let mut definitions = Map::new();
    definitions.insert("_timestamp".into(), timestamps());
    let mut all_of = vec![json!({"$ref": "#/definitions/_timestamp"})];
    if let Some(schema) = of_data_type(data_type) {
        definitions.insert(data_type.into(), schema);
        all_of.push(json!({"$ref": format!("#/definitions/{data_type}")}));
    }
    json!({
        "description": format!("Schema for {data_group}/{data_type}"),
        "definitions": definitions,
        "allOf": all_of,
    })
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

fn of_data_type(data_type: &str) -> Option<Value> {
    let short_periods = json!(["second", "minute", "hour", "day", "week", "month", "year"]);
    Some(match data_type {
        "customer-satisfaction" => {
            let mut properties = Map::new();
            for stars in 1..=5 {
                let description = format!("count of {stars} star ratings");
                properties.insert(format!("rating_{stars}"), integer(&description));
            }
            properties.insert("comments".into(), integer("count of comments across all ratings"));
            properties.insert("total".into(), integer("Aggregate count of all ratings"));
            properties.insert("slug".into(), text("url slug for the service 'done' page"));
            let required =
                ["comments", "rating_1", "rating_2", "rating_3", "rating_4", "rating_5", "slug", "total"];
            object("Customer Satisfaction", &required, properties.into())
        }
        "monitoring" => object(
            "Monitoring",
            &["uptime", "downtime"],
            json!({"uptime": integer("Integer"), "downtime": integer("Integer")}),
        ),
        "realtime" => object(
            "Realtime",
            &["for_url", "unique_visitors"],
            json!({
                "for_url": text("url parameter indicating the monitored page"),
                "unique_visitors": integer("number of unique_visitors at this time"),
            }),
        ),
        "transactions-by-channel" => object(
            "Transactions by Channel",
            &["count", "channel"],
            json!({
                "count": {"type": "integer"},
                "channel": {"type": "string"},
                "period": {"enum": ["hour", "day", "week", "month", "year", "decade", "century"]},
            }),
        ),
        "appointments" => object(
            "Appointments",
            &["count", "serviceType", "consulate", "period"],
            json!({
                "count": {"type": "integer", "minimum": 0},
                "serviceType": {"type": "string"},
                "consulate": {"type": "string"},
                "period": {"enum": short_periods},
            }),
        ),
        "no-show" => object(
            "No show",
            &["count", "consulate", "period"],
            json!({
                "count": {"type": "integer", "minimum": 0},
                "consulate": {"type": "string"},
                "period": {"enum": short_periods},
            }),
        ),
        "utilisation" => object(
            "Utilisation",
            &["percent", "consulate", "period"],
            json!({
                "percent": {"type": "number", "minimum": 0, "maximum": 100},
                "consulate": {"type": "string"},
                "period": {"enum": short_periods},
            }),
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_data_set_asks_for_timestamps_and_nothing_else_by_default() {
        let schema = of("carers-allowance", "journey");
        assert_eq!(schema["description"], "Schema for carers-allowance/journey");
        assert_eq!(schema["allOf"], json!([{"$ref": "#/definitions/_timestamp"}]));
        assert_eq!(schema["definitions"]["_timestamp"]["required"], json!(["_timestamp"]));
    }

    #[test]
    fn known_data_types_ask_for_their_fields() {
        let schema = of("eel-fishing", "monitoring");
        assert_eq!(schema["allOf"][1], json!({"$ref": "#/definitions/monitoring"}));
        assert_eq!(schema["definitions"]["monitoring"]["required"], json!(["uptime", "downtime"]));
    }
}
