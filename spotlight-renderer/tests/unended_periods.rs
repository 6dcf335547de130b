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

/// A page of one module with an answer to whatever it asks.
async fn page(module: &Value, answer: &Value) -> (Value, String) {
    let stored = |data: &Value| {
        json!({
            "path": "/performance/quay/boats", "now": "2016-06-15T10:00:00Z", "data": {"quay/boats": data},
            "definition": {"slug": "quay", "title": "Quay", "dashboard-type": "other", "published": true, "modules": [module]},
        })
    };
    let asked = Case::new(stored(&json!({})), "/performance").unwrap().render().await.requests;
    let query = asked[0]["query"].as_str().unwrap();
    let data = json!({query: {"data": answer}});
    let rendered = Case::new(stored(&data), "/performance").unwrap().render().await;
    (json::answer(&rendered.answer)["modules"][0].clone(), rendered.html)
}

#[tokio::test]
async fn computed_shares_and_times_tell_it_too() {
    let source = |more: &Value| {
        let mut query = json!({"period": "month", "duration": 2});
        query.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"data-group": "quay", "data-type": "boats", "query-params": query})
    };
    let rate = json!({
        "slug": "boats", "title": "Boats moored", "module-type": "completion_rate", "show-unended-period": true,
        "axis-period": "month", "value-attribute": "boats:sum", "matching-attribute": "step",
        "numerator-matcher": "^moored$", "denominator-matcher": "^asked$",
        "data-source": source(&json!({"group_by": "step", "collect": ["boats:sum"]})),
    });
    // the group that comes first knows nothing of the month that has not ended
    let mut steps: Vec<Value> = Vec::new();
    for (step, boats) in [("moored", [40, 60, 9]), ("asked", [80, 80, 30])] {
        let mut own: Vec<Value> = serde_json::from_value(rows(&boats[2].into())).unwrap();
        for (row, boats) in own.iter_mut().zip(boats) {
            row["step"] = step.into();
            row["boats:sum"] = boats.into();
        }
        own.rotate_left(if step == "moored" { 2 } else { 0 });
        steps.extend(own);
    }
    let satisfaction = json!({
        "slug": "boats", "title": "Captains satisfied", "module-type": "user_satisfaction_graph", "show-unended-period": true,
        "axis-period": "month", "data-source": source(&json!({})),
    });
    let mut ratings: Vec<Value> = serde_json::from_value(rows(&Value::Null)).unwrap();
    for (row, best) in ratings.iter_mut().zip([5, 6, 3]) {
        row["total:sum"] = 10.into();
        row["rating_5:sum"] = best.into();
        row["rating_1:sum"] = (10 - best).into();
    }
    let availability = json!({
        "slug": "boats", "title": "Lock gates", "module-type": "availability", "show-unended-period": true,
        "axis-period": "month", "data-source": source(&json!({})),
    });
    let mut checks: Vec<Value> = serde_json::from_value(rows(&Value::Null)).unwrap();
    for (row, up) in checks.iter_mut().zip([98, 99, 50]) {
        row["uptime:sum"] = up.into();
        row["downtime:sum"] = (100 - up).into();
        row["avgresponse:mean"] = (up * 3).into();
    }
    for (module, answer, latest, so_far) in [
        (&rate, &steps, "75%", "so far: 30%"),
        (&satisfaction, &ratings, "60%", "so far: 30%"),
        (&availability, &checks, "0.30s", "so far: 50%"),
    ] {
        let (facts, html) = page(module, &Value::Array(answer.clone())).await;
        let title = facts["title"].as_str().unwrap();
        let headline = &facts["headline"][0];
        assert_eq!((&headline["label"], &headline["value"]), (&json!("May 2016"), &json!(latest)), "{title}");
        assert_eq!(facts["unended_period"], "June 2016", "{title}");
        let line_charts = html.matches("<pattern").count();
        assert_eq!(
            line_charts,
            if title == "Lock gates" { 2 } else { 1 },
            "{title} has hatching in each chart"
        );
        assert!(html.contains(&format!("June 2016 is not over; {so_far}")), "{title}: {html}");
        assert_eq!(html.matches("<span class=\"note\">(so far)</span>").count(), 1, "{title}");
        // the month that has not ended is the last of its table
        let rows = facts["table"]["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 3, "{title}: {rows:?}");
    }
    // how answers are spread is about months that have ended, as is the figure
    let (_, html) = page(&satisfaction, &Value::Array(ratings)).await;
    assert!(html.contains("Very satisfied 11 (55%) and Very dissatisfied 9 (45%)."), "{html}");
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
