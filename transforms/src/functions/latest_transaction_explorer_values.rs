//! `latest_transaction_explorer_values`: the newest figures about transactions, for each dashboard of their service.
//!
//! Records are about a quarter (`quarterly`) or about a year up to then (`seasonally-adjusted`). A service of which the newest
//! record is older than those of others has stopped reporting: its figures are blank.

use serde_json::{Map, Value};

use crate::{Function, Input, Output, Row, Unfit, encode, options};

pub const FUNCTION: Function = Function {
    path: "backdrop.transformers.tasks.latest_transaction_explorer_values.compute",
    name: "latest_transaction_values",
    options: || options::schema(&[]),
    compute,
};

const QUARTERLY: &str = "quarterly";
const ADJUSTED: &str = "seasonally-adjusted";

/// Figures, and whether records about a quarter tell them.
const METRICS: [(&str, bool); 6] = [
    ("cost_per_transaction", false),
    ("digital_cost_per_transaction", true),
    ("digital_takeup", true),
    ("number_of_digital_transactions", false),
    ("number_of_transactions", false),
    ("total_cost", false),
];

/// What else of a record is told with its figure.
const TOLD: [&str; 4] = ["end_at", "period", "service_id", "type"];

/// A record of one of the two types.
struct Summary<'a> {
    row: &'a Row,
    kind: &'a str,
    timestamp: &'a str,
}

fn compute(input: &Input<'_>) -> Result<Output, Unfit> {
    let mut summaries: Vec<Summary<'_>> = input.rows.iter().filter_map(Summary::of).collect();
    // The newest first; equally printed times sort as texts.
    summaries.sort_by(|one, other| other.timestamp.cmp(one.timestamp));
    let newest_of = |kind: &str| summaries.iter().find(|summary| summary.kind == kind);
    let newest = (newest_of(QUARTERLY), newest_of(ADJUSTED));

    let mut services: Map<String, Value> = Map::new();
    for summary in &summaries {
        if let Some(id) = summary.row.get("service_id").and_then(Value::as_str) {
            services.entry(id).or_insert(Value::Null);
        }
    }
    let mut shown: Vec<(String, Vec<&Summary<'_>>)> = Vec::new();
    for id in services.keys() {
        let of_service = |summary: &&Summary<'_>| {
            summary.row.get("service_id").and_then(Value::as_str) == Some(id.as_str())
        };
        for slug in input.dashboards.of_service(id) {
            shown.push((slug, summaries.iter().filter(of_service).collect()));
        }
    }
    let mut records = Vec::new();
    for (metric, of_quarters) in METRICS {
        for (slug, summaries) in &shown {
            let picked = summaries.iter().find(|summary| of_quarters || summary.kind != QUARTERLY);
            let Some(picked) = picked else { continue };
            let newest = if picked.kind == QUARTERLY { newest.0 } else { newest.1 };
            records.extend(newest.map(|newest| record(slug, metric, picked, newest.timestamp)));
        }
    }
    Ok(Output { records, keeps_newer: true })
}

impl<'a> Summary<'a> {
    fn of(row: &'a Row) -> Option<Self> {
        let text = |key: &str| row.get(key).and_then(Value::as_str);
        let kind = text("type").filter(|kind| [QUARTERLY, ADJUSTED].contains(kind))?;
        Some(Self { row, kind, timestamp: text("_timestamp")? })
    }
}

/// One figure of one dashboard. The time is that of the newest records of the type, whether or not this is one of them.
fn record(slug: &str, metric: &str, picked: &Summary<'_>, newest: &str) -> Row {
    let value = picked.row.get(metric).filter(|_| picked.timestamp == newest);
    let mut record = Row::new();
    record.insert(metric.to_owned(), value.cloned().unwrap_or(Value::Null));
    record.insert("dashboard_slug".to_owned(), slug.into());
    record.insert("_id".to_owned(), encode(&[slug, metric]).into());
    record.insert("_timestamp".to_owned(), newest.into());
    for field in TOLD {
        if let Some(value) = picked.row.get(field) {
            record.insert(field.to_owned(), value.clone());
        }
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::testing::{Shown, run_with};
    use serde_json::json;

    const JANUARY: &str = "2014-01-01T00:00:00+00:00";
    const APRIL: &str = "2014-04-01T00:00:00+00:00";

    fn adjusted(service: &str, timestamp: &str) -> Value {
        json!({"_timestamp": timestamp, "type": ADJUSTED, "service_id": service, "period": "year",
            "cost_per_transaction": 2.5, "digital_cost_per_transaction": 1.1, "digital_takeup": 0.4,
            "number_of_digital_transactions": 400, "number_of_transactions": 1000, "total_cost": 2500.0})
    }

    fn quarterly(service: &str) -> Value {
        json!({"_timestamp": APRIL, "type": QUARTERLY, "service_id": service, "end_at": "2014-07-01T00:00:00+00:00",
            "number_of_transactions": 260, "number_of_digital_transactions": 130, "digital_takeup": 0.5})
    }

    fn run(rows: &Value) -> Output {
        let shown = Shown { services: vec![("svc-a", "dash-a"), ("svc-b", "dash-b")], ..Shown::default() };
        run_with(&FUNCTION, rows, &json!({}), "summaries", &shown).unwrap()
    }

    /// Figure, value, time, type and identifier.
    fn told(output: &Output) -> Vec<Value> {
        let metric =
            |record: &Row| METRICS.iter().find(|(metric, _)| record.contains_key(*metric)).unwrap().0;
        let told = |record: &Row| {
            let name = metric(record);
            json!([name, record[name], record["_timestamp"], record["type"], record["_id"]])
        };
        output.records.iter().map(told).collect()
    }

    #[test]
    fn each_figure_comes_from_the_newest_record_that_tells_it() {
        let output =
            run(&json!([adjusted("svc-a", JANUARY), quarterly("svc-a"), quarterly("without-a-dashboard")]));
        assert!(output.keeps_newer);
        let expected = json!([
            ["cost_per_transaction", 2.5, JANUARY, ADJUSTED, "ZGFzaC1hX2Nvc3RfcGVyX3RyYW5zYWN0aW9u"],
            [
                "digital_cost_per_transaction",
                null,
                APRIL,
                QUARTERLY,
                "ZGFzaC1hX2RpZ2l0YWxfY29zdF9wZXJfdHJhbnNhY3Rpb24="
            ],
            ["digital_takeup", 0.5, APRIL, QUARTERLY, "ZGFzaC1hX2RpZ2l0YWxfdGFrZXVw"],
            [
                "number_of_digital_transactions",
                400,
                JANUARY,
                ADJUSTED,
                "ZGFzaC1hX251bWJlcl9vZl9kaWdpdGFsX3RyYW5zYWN0aW9ucw=="
            ],
            ["number_of_transactions", 1000, JANUARY, ADJUSTED, "ZGFzaC1hX251bWJlcl9vZl90cmFuc2FjdGlvbnM="],
            ["total_cost", 2500.0, JANUARY, ADJUSTED, "ZGFzaC1hX3RvdGFsX2Nvc3Q="],
        ]);
        assert_eq!(Value::from(told(&output)), expected);
        let takeup = Value::Object(output.records[2].clone());
        assert_eq!(takeup["end_at"], json!("2014-07-01T00:00:00+00:00"));
        assert_eq!((&takeup["service_id"], takeup.get("period")), (&json!("svc-a"), None));
    }

    #[test]
    fn a_service_that_has_stopped_reporting_is_blank() {
        let output = run(&json!([adjusted("svc-a", JANUARY), adjusted("svc-b", APRIL)]));
        let of = |slug: &str| {
            let records = output.records.iter().filter(|record| record["dashboard_slug"] == slug);
            records
                .map(|record| (record["_timestamp"].clone(), record.get("total_cost").cloned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(of("dash-a")[5], (json!(APRIL), Some(Value::Null)));
        assert_eq!(of("dash-b")[5], (json!(APRIL), Some(json!(2500.0))));
    }

    #[test]
    fn without_records_of_a_type_nothing_is_told_of_it() {
        let metrics = |rows: Value| {
            told(&run(&rows)).iter().map(|line| line[0].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let quarters = ["digital_cost_per_transaction", "digital_takeup"];
        assert_eq!(metrics(json!([quarterly("svc-a")])), quarters);
        assert_eq!(metrics(json!([adjusted("svc-a", JANUARY)])).len(), 6);
        assert!(metrics(json!([{"_timestamp": APRIL, "service_id": "svc-a", "type": "other"}])).is_empty());
        assert!(metrics(json!([])).is_empty());
    }
}
