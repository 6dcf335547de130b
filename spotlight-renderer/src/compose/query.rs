//! The query of a module: what its definition says, completed with what its type needs.

use serde_json::{Map, Value, json};

use crate::data::{DataError, DataSource, Row};
use crate::page::model::Link;

/// The parameters of a module's query, in the order in which they are sent.
pub fn of(definition: &Value) -> Vec<(String, String)> {
    let mut parameters = Map::new();
    parameters.insert("flatten".to_owned(), json!(true));
    if let Some(given) = definition["data-source"]["query-params"].as_object() {
        parameters.extend(given.clone());
    }
    match definition["module-type"].as_str().unwrap_or_default() {
        "availability" => default(
            &mut parameters,
            "collect",
            json!(["downtime:sum", "uptime:sum", "unmonitored:sum", "avgresponse:mean"]),
        ),
        "user_satisfaction_graph" => {
            default(
                &mut parameters,
                "collect",
                json!(["rating_1:sum", "rating_2:sum", "rating_3:sum", "rating_4:sum", "rating_5:sum"]),
            );
            default(&mut parameters, "period", json!("week"));
        }
        _ => {}
    }
    let has = |parameters: &Map<String, Value>, key: &str| {
        parameters.get(key).is_some_and(|value| !value.is_null())
    };
    let has_both_bounds = has(&parameters, "start_at") && has(&parameters, "end_at");
    if has(&parameters, "period") && !has(&parameters, "duration") && !has_both_bounds {
        let duration = match parameters["period"].as_str() {
            Some("hour") => 24,
            Some("day") => 30,
            Some("month") => 12,
            Some("quarter") => 24,
            _ => 9,
        };
        parameters.insert("duration".to_owned(), json!(duration));
    }
    let is_raw = !has(&parameters, "period") && !has(&parameters, "group_by");
    if is_raw {
        parameters.remove("flatten");
    }
    parameters
        .into_iter()
        .flat_map(|(key, value)| values(value).into_iter().map(move |value| (key.clone(), value)))
        .collect()
}

fn default(parameters: &mut Map<String, Value>, key: &str, value: Value) {
    parameters.entry(key.to_owned()).or_insert(value);
}

fn values(value: Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.into_iter().flat_map(values).collect(),
        Value::Null => Vec::new(),
        Value::String(text) => vec![text],
        other => vec![other.to_string()],
    }
}

/// The query string of parameters.
pub fn encode(parameters: &[(String, String)]) -> String {
    let escape = |text: &str| {
        text.bytes().fold(String::new(), |mut escaped, byte| {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    escaped.push(byte as char)
                }
                other => escaped.push_str(&format!("%{other:02X}")),
            }
            escaped
        })
    };
    let pairs: Vec<String> =
        parameters.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect();
    pairs.join("&")
}

fn source(definition: &Value) -> Option<(&str, &str)> {
    let source = &definition["data-source"];
    Some((source["data-group"].as_str()?, source["data-type"].as_str()?))
}

/// The figures of a module.
///
/// # Errors
/// When the definition names no data set, or its query has no answer.
pub async fn rows(
    definition: &Value,
    parameters: &[(String, String)],
    data: &dyn DataSource,
) -> Result<Vec<Row>, DataError> {
    let (group, kind) =
        source(definition).ok_or_else(|| DataError("the module names no data set".to_owned()))?;
    data.query(group, kind, &encode(parameters)).await
}

/// The same figures as files.
pub fn downloads(definition: &Value, parameters: &[(String, String)], data_root: &str) -> Vec<Link> {
    let Some((group, kind)) = source(definition) else { return Vec::new() };
    let with = |format: &str| {
        let mut parameters = parameters.to_vec();
        parameters.push(("format".to_owned(), format.to_owned()));
        format!("{data_root}/{group}/{kind}?{}", encode(&parameters))
    };
    vec![Link::new("CSV", with("csv")), Link::new("JSON", with("json"))]
}
