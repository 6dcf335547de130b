//! Every type of module in every state, as HTML: with data, with gaps, without rows, and without an answer.
//!
//! When a change is meant, `INSTA_UPDATE=always cargo test -p spotlight-renderer --test module_states` writes the snapshots
//! anew; read what has changed before it is committed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::path::Path;

use serde_json::{Value, json};
use spotlight_renderer::case::Case;

/// A recorded page for each type, and the module of it that is looked at.
const TYPES: [(&str, &str); 20] = [
    ("applications", "applications"),
    ("availability", "availability"),
    ("bar_chart_with_number", "bar-chart-with-number"),
    ("column", "column"),
    ("comparison", "comparison"),
    ("completion_rate", "completion-rate"),
    ("completion_table", "completion-table"),
    ("grouped_timeseries", "grouped-timeseries"),
    ("headline_figure", "headline-figure"),
    ("journey", "journey"),
    ("kpi", "kpi-formats"),
    ("list", "list"),
    ("multi_stats", "module-unknown-type-alone"),
    ("realtime", "realtime"),
    ("section", "section"),
    ("single_timeseries", "single-timeseries"),
    ("tab", "tab"),
    ("table", "table"),
    ("user_satisfaction", "user-satisfaction"),
    ("user_satisfaction_graph", "user-satisfaction-graph"),
];

fn recorded(name: &str, kind: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/dashboards");
    let text = std::fs::read(folder.join(format!("{name}.json"))).unwrap();
    let mut case: Value = serde_json::from_slice(&text).unwrap();
    let modules = case["definition"]["modules"].as_array().unwrap();
    let module = modules.iter().find(|module| module["module-type"] == kind).unwrap().clone();
    case["definition"]["modules"] = json!([module]);
    case
}

/// Makes every third amount of an answer unknown.
fn with_gaps(value: &mut Value, count: &mut usize) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| with_gaps(value, count)),
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                if value.is_number() && !key.starts_with('_') {
                    *count += 1;
                    if count.is_multiple_of(3) {
                        *value = Value::Null;
                    }
                } else {
                    with_gaps(value, count);
                }
            }
        }
        _ => {}
    }
}

fn answers(case: &mut Value, change: &dyn Fn(&mut Value)) {
    for data_set in case["data"].as_object_mut().into_iter().flat_map(|data| data.values_mut()) {
        data_set.as_object_mut().unwrap().values_mut().for_each(change);
    }
}

/// The modules of the page as HTML, a tag a line.
async fn html(case: Value) -> String {
    let page = Case::new(case, "/performance").unwrap().render().await.html;
    let start = page.find("<div class=\"modules\">").unwrap();
    let end = page.find("</main>").unwrap();
    let modules = &page[start..end];
    let modules = modules.find("<section class=\"notes\"").map_or(modules, |notes| &modules[..notes]);
    modules.replace("><", ">\n<")
}

#[tokio::test]
async fn every_type_in_every_state() {
    for (kind, name) in TYPES {
        let mut data = recorded(name, kind);
        if kind == "multi_stats" {
            // nothing is recorded of types that nobody knows
            let rows = json!([{"_id": "x", "berth": "north", "boats": 12}, {"_id": "y", "berth": "south", "boats": 7}]);
            data["data"] = json!({"mooring/rows": {"flatten=true": {"data": rows}}});
        }
        let mut gaps = data.clone();
        answers(&mut gaps, &|answer| with_gaps(&mut answer["data"], &mut 0));
        let mut empty = data.clone();
        answers(&mut empty, &|answer| *answer = json!({"data": []}));
        let mut failed = data.clone();
        answers(&mut failed, &|answer| *answer = json!({"$status": 500}));
        let states = [("data", data), ("gaps", gaps), ("empty", empty), ("failed", failed)];
        for (state, case) in states {
            insta::assert_snapshot!(format!("{kind}_{state}"), html(case).await);
        }
    }
}
