//! What authors mark on charts: what happened, and what values shall be. It is drawn, told in words, and told to machines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use serde_json::{Value, json};
use spotlight_renderer::case::Case;
use spotlight_renderer::view::json;

fn module(kind: &str, more: &Value) -> Value {
    let mut module = json!({
        "slug": "waits", "title": "Waits", "module-type": kind, "value-attribute": "days:sum", "axis-period": "month",
        "axes": {"y": [{"label": "Days"}]},
        "data-source": {"data-group": "quay", "data-type": kind, "query-params": {"period": "month", "duration": 4, "collect": ["days:sum"]}},
        "annotations": [
            {"from": "2016-04-20", "to": "2016-05-04", "text": {"en": "Crane repaired", "cy": "Trwsio'r craen"}},
            {"date": "2016-03-01", "text": "New form", "href": "https://quay.example/form"},
            {"date": "2015-01-01", "text": "Long ago"},
        ],
        "targets": [{"value": 30, "is": "at-most", "label": {"en": "Promised", "cy": "Addewid"}, "from": "2016-04-01"}],
    });
    module.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    module
}

fn rows() -> Value {
    let months = ["2016-02-01", "2016-03-01", "2016-04-01", "2016-05-01", "2016-06-01"];
    let row = |month: usize, days: i64| json!({"_start_at": format!("{}T00:00:00Z", months[month]), "_end_at": format!("{}T00:00:00Z", months[month + 1]), "days:sum": days});
    json!([row(0, 41), row(1, 38), row(2, 33), row(3, 27)])
}

fn case(path: &str, module: &Value) -> Value {
    let query = "collect=days:sum&duration=4&flatten=true&period=month";
    let grouped = "collect=days:sum&duration=4&group_by=quay&period=month";
    let kpi =
        json!([{"_timestamp": "2016-05-01T00:00:00Z", "end_at": "2016-06-01T00:00:00Z", "days:sum": 27}]);
    json!({
        "path": format!("/performance/quay{path}"), "now": "2016-06-15T10:00:00Z",
        "definition": {"slug": "quay", "title": "Quay", "dashboard-type": "other", "published": true, "modules": [module]},
        "data": {
            "quay/single_timeseries": {query: {"data": rows()}},
            "quay/bar_chart_with_number": {query: {"data": rows()}},
            "quay/kpi": {query: {"data": kpi}},
            "quay/grouped_timeseries": {grouped: {"data": [{"quay": "north", "values": rows()}, {"quay": "south", "values": rows()}]}},
        },
    })
}

fn grouped(more: &Value) -> Value {
    let axes = json!([{"groupId": "north", "label": "North"}, {"groupId": "south", "label": "South"}]);
    let query = json!({"period": "month", "duration": 4, "group_by": "quay", "collect": ["days:sum"]});
    let mut module = module("grouped_timeseries", more);
    module["axes"]["y"] = axes;
    module["data-source"]["query-params"] = query;
    module
}

async fn part(path: &str, module: &Value) -> String {
    let html = Case::new(case(path, module), "/performance").unwrap().render().await.html;
    let start = html.find("<section id=\"waits\"").unwrap();
    let end = html[start..].find("</section>").unwrap();
    html[start..start + end].replace("><", ">\n<")
}

async fn facts(path: &str, module: &Value) -> Value {
    let rendered = Case::new(case(path, module), "/performance").unwrap().render().await;
    json::answer(&rendered.answer)["modules"][0].clone()
}

#[tokio::test]
async fn annotations_and_targets_are_marked_on_every_kind_of_chart() {
    for (name, module) in [
        ("line", module("single_timeseries", &json!({}))),
        ("bars", module("bar_chart_with_number", &json!({}))),
        ("figure", module("kpi", &json!({}))),
        ("stack", grouped(&json!({"use_stack": true}))),
        ("one_group", grouped(&json!({"targets": [{"value": 20, "groupId": "south"}]}))),
    ] {
        insta::assert_snapshot!(name, part("", &module).await);
    }
}

#[tokio::test]
async fn machines_and_tables_are_told_what_is_marked() {
    let single = facts("/waits", &module("single_timeseries", &json!({}))).await;
    assert_eq!(
        single["targets"],
        json!([{"label": "Promised", "aim": "at most 30", "when": "May 2016", "met": true,
            "says": "Promised (at most 30): met in May 2016 with 27. Met in 1 of 2 months."}])
    );
    assert_eq!(single["annotations"].as_array().unwrap().len(), 2, "what was before the chart is not told");
    assert_eq!(single["annotations"][0]["when"], "1 March 2016");
    assert_eq!(single["annotations"][1]["until"], "2016-05-05T00:00:00Z");
    assert_eq!(single["table"]["head"], json!(["Date", "Days", "Notes"]));
    let notes: Vec<&Value> = single["table"]["rows"].as_array().unwrap().iter().map(|row| &row[2]).collect();
    let repaired = "20 April to 4 May 2016: Crane repaired";
    assert_eq!(notes, ["", "1 March 2016: New form", repaired, repaired]);
    let figure = facts("", &module("kpi", &json!({}))).await;
    assert_eq!((&figure["targets"][0]["met"], &figure["table"]), (&json!(true), &Value::Null));
}

#[tokio::test]
async fn a_target_of_amounts_is_none_of_shares() {
    let stacked = grouped(&json!({"use_stack": true}));
    assert_eq!(facts("/waits", &stacked).await["targets"][0]["met"], false);
    assert_eq!(facts("/waits?view=share", &stacked).await["targets"], Value::Null);
    let lines = facts("/waits", &grouped(&json!({}))).await;
    let says = "Promised (at most 30) in May 2016: met by North and South.";
    assert_eq!(lines["targets"][0]["says"], says);
    let hidden = grouped(&json!({"targets": [{"value": 20, "groupId": "south"}]}));
    assert_eq!(
        facts("/waits?series=north", &hidden).await["targets"],
        Value::Null,
        "it is of a group that is not shown"
    );
}

#[tokio::test]
async fn marks_are_told_in_the_language_of_the_page() {
    let mut welsh = case("", &module("single_timeseries", &json!({})));
    welsh["language"] = "cy".into();
    let html = Case::new(welsh, "/performance").unwrap().render().await.html;
    assert!(html.contains("Trwsio&#39;r craen") || html.contains("Trwsio'r craen"));
    assert!(html.contains("Addewid (dim mwy na 30): cyrhaeddwyd") && !html.contains("Promised"));
}

#[tokio::test]
async fn marks_that_make_no_sense_break_nothing() {
    for bad in [
        json!("x"),
        json!({}),
        json!([null, 3, "x", {}, {"value": "x", "date": {}, "text": []}]),
        json!([{"value": 1e308, "from": "x", "text": "x", "date": "9999-12-31"}]),
    ] {
        let page = part("", &module("single_timeseries", &json!({"annotations": bad, "targets": bad}))).await;
        assert!(
            page.contains("class=\"line s1\"") && !page.contains("NaN") && !page.contains("inf"),
            "{bad}"
        );
    }
}
