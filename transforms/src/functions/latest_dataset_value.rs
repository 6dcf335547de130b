//! `latest_dataset_value`: the newest value of a key figure, for each published dashboard that shows it.

use serde_json::{Value, json};

use crate::{Function, Input, Output, Row, Unfit, encode, options};

pub const FUNCTION: Function = Function {
    path: "backdrop.transformers.tasks.latest_dataset_value.compute",
    name: "latest_dataset_value",
    options: || options::schema(&[]),
    compute,
};

/// Data types and the field that has their value.
const VALUES: [(&str, &str); 3] =
    [("completion-rate", "rate"), ("digital-takeup", "rate"), ("user-satisfaction-score", "score")];

fn compute(input: &Input<'_>) -> Result<Output, Unfit> {
    let known = VALUES.iter().find(|(data_type, _)| *data_type == input.data_type);
    let (data_type, field) = known.ok_or_else(|| {
        let known = VALUES.map(|(data_type, _)| data_type).join(", ");
        Unfit::new(format!("there is no latest value of {}: it works on {known}", input.data_type))
    })?;
    let Some((newest, timestamp)) = newest(input.rows)? else { return Ok(Output::default()) };
    let value = newest.get(*field).filter(|value| !value.is_null());
    let Some(value) = value else { return Ok(Output::default()) };
    let name = data_type.replace('-', "_");
    let record = |slug: String| {
        let fields = [
            ("_id", encode(&[&slug, &name]).into()),
            ("dashboard_slug", json!(slug)),
            ("service_id", json!(slug)),
            (name.as_str(), value.clone()),
            ("_timestamp", timestamp.into()),
        ];
        fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    };
    let records = input.dashboards.showing_input().into_iter().map(record).collect();
    Ok(Output { records, keeps_newer: true })
}

/// The record with the latest `_timestamp`, of several the first, and that. Equally printed times sort as texts.
fn newest(rows: &[Row]) -> Result<Option<(&Row, &str)>, Unfit> {
    let mut newest: Option<(&Row, &str)> = None;
    for row in rows {
        let timestamp = row.get("_timestamp").and_then(Value::as_str);
        let timestamp = timestamp.ok_or_else(|| {
            Unfit::new("this works on records: the query parameters must have neither period nor group_by")
        })?;
        if newest.is_none_or(|(_, latest)| timestamp > latest) {
            newest = Some((row, timestamp));
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::testing::{Shown, run_with};

    fn run(rows: &Value, data_type: &str) -> Result<Output, Unfit> {
        let shown = Shown { input: vec!["dash-a"], ..Shown::default() };
        run_with(&FUNCTION, rows, &json!({}), data_type, &shown)
    }

    #[test]
    fn the_newest_value_is_told_of_every_dashboard() {
        let rows = json!([
            {"_timestamp": "2014-01-01T00:00:00+00:00", "rate": 0.25},
            {"_timestamp": "2014-04-01T00:00:00+00:00", "rate": 0.5},
        ]);
        let made = run(&rows, "digital-takeup").unwrap();
        let expected = json!([{"_id": "ZGFzaC1hX2RpZ2l0YWxfdGFrZXVw", "dashboard_slug": "dash-a",
            "service_id": "dash-a", "digital_takeup": 0.5, "_timestamp": "2014-04-01T00:00:00+00:00"}]);
        assert!(made.keeps_newer);
        assert_eq!(made.records.into_iter().map(Value::Object).collect::<Value>(), expected);
        let rows = json!([{"_timestamp": "2014-01-01T00:00:00+00:00", "score": 0.8}]);
        let made = run(&rows, "user-satisfaction-score").unwrap();
        assert_eq!(made.records[0]["user_satisfaction_score"], json!(0.8));
    }

    #[test]
    fn without_a_value_there_is_nothing_to_tell() {
        assert_eq!(run(&json!([]), "completion-rate"), Ok(Output::default()));
        let rows = json!([{"_timestamp": "2014-01-01T00:00:00+00:00", "rate": null}]);
        assert_eq!(run(&rows, "completion-rate"), Ok(Output::default()));
        assert!(
            run(&json!([]), "visits")
                .unwrap_err()
                .to_string()
                .starts_with("there is no latest value of visits")
        );
        assert!(run(&json!([{"_start_at": "x", "rate": 1}]), "completion-rate").is_err());
    }
}
