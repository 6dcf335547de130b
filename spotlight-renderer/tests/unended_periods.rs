//! The period that has not ended: left out, or where a definition wants it shown on hatching and never taken for the whole.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use serde_json::{Value, json};
use spotlight_renderer::case::Case;
use spotlight_renderer::view::json;

fn module(kind: &str, more: &Value) -> Value {
    let mut module = json!({
        "slug": "boats", "title": "Boats", "module-type": kind, "value-attribute": "boats:sum", "axis-period": "month",
        "show-unended-period": true, "axes": {"y": [{"label": "Boats"}]},
        "data-source": {"data-group": "quay", "data-type": kind, "query-params": {"period": "month", "duration": 2, "collect": ["boats:sum"]}},
    });
    module.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    module
}

fn grouped() -> Value {
    let axes = json!({"y": [{"groupId": "north", "label": "North"}, {"groupId": "south", "label": "South"}]});
    let query = json!({"period": "month", "duration": 2, "group_by": "quay", "collect": ["boats:sum"]});
    let mut module = module("grouped_timeseries", &json!({"use_stack": true, "axes": axes}));
    module["data-source"]["query-params"] = query;
    module
}

fn rows(so_far: &Value) -> Value {
    json!([
        {"_start_at": "2016-04-01T00:00:00Z", "_end_at": "2016-05-01T00:00:00Z", "boats:sum": 41},
        {"_start_at": "2016-05-01T00:00:00Z", "_end_at": "2016-06-01T00:00:00Z", "boats:sum": 44},
        {"_start_at": "2016-06-01T00:00:00Z", "_end_at": "2016-07-01T00:00:00Z", "boats:sum": so_far},
    ])
}

fn case(path: &str, module: &Value, so_far: &Value) -> Value {
    // two months that have ended, and the one that has not
    let span = "end_at=2016-07-01T00:00:00Z&flatten=true&period=month&start_at=2016-04-01T00:00:00Z";
    let nested = "end_at=2016-07-01T00:00:00Z&group_by=quay&period=month&start_at=2016-04-01T00:00:00Z";
    let (flat, nested) = (format!("collect=boats:sum&{span}"), format!("collect=boats:sum&{nested}"));
    let groups =
        json!([{"quay": "north", "values": rows(so_far)}, {"quay": "south", "values": rows(so_far)}]);
    json!({
        "path": format!("/performance/quay{path}"), "now": "2016-06-15T10:00:00Z",
        "definition": {"slug": "quay", "title": "Quay", "dashboard-type": "other", "published": true, "modules": [module]},
        "data": {
            "quay/single_timeseries": {flat.clone(): {"data": rows(so_far)}},
            "quay/bar_chart_with_number": {flat: {"data": rows(so_far)}},
            "quay/grouped_timeseries": {nested: {"data": groups}},
        },
    })
}

async fn part(path: &str, module: &Value) -> String {
    let html = Case::new(case(path, module, &json!(12)), "/performance").unwrap().render().await.html;
    let start = html.find("<section id=\"boats\"").unwrap();
    let end = html[start..].find("</section>").unwrap();
    html[start..start + end].replace("><", ">\n<")
}

#[tokio::test]
async fn it_is_hatched_in_every_kind_of_chart() {
    for (name, path, module) in [
        ("line", "", module("single_timeseries", &json!({}))),
        ("bars", "", module("bar_chart_with_number", &json!({}))),
        ("stack", "", grouped()),
        ("side_by_side", "/boats?view=multiples", grouped()),
    ] {
        let page = part(path, &module).await;
        assert_eq!(page.matches("<pattern").count(), 1, "{name}: an id stands once in a page");
        insta::assert_snapshot!(name, page);
    }
}

#[tokio::test]
async fn figures_and_sentences_are_about_periods_that_have_ended() {
    let module = module("single_timeseries", &json!({"targets": [{"value": 40}]}));
    let rendered = Case::new(case("/boats", &module, &json!(12)), "/performance").unwrap().render().await;
    let facts = json::answer(&rendered.answer)["modules"][0].clone();
    assert_eq!(
        (&facts["headline"][0]["label"], &facts["headline"][0]["value"]),
        (&json!("May 2016"), &json!("44"))
    );
    assert_eq!(facts["unended_period"], "June 2016");
    assert_eq!(
        facts["targets"][0]["says"],
        "Target (at least 40): met in May 2016 with 44. Met in 2 of 2 months."
    );
    assert_eq!(facts["table"]["rows"].as_array().unwrap().len(), 3);
    assert!(rendered.html.contains("June 2016 is not over; so far: 12"), "{}", rendered.html);
    assert!(rendered.html.contains("<span class=\"note\">(so far)</span>"));
}

#[tokio::test]
async fn nothing_known_of_it_is_no_gap() {
    let html = Case::new(case("", &module("single_timeseries", &json!({})), &Value::Null), "/performance")
        .unwrap()
        .render()
        .await
        .html;
    assert!(
        html.contains("June 2016 is not over: its figures are those so far.")
            && !html.contains("No data for June")
    );
}
