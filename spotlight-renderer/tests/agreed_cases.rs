//! The cases by which published dashboards are agreed on, one test each: from a definition and rows to what a reader sees.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use serde_json::{Value, json};
use spotlight_renderer::case::{Case, Rendered};

const NOW: &str = "2016-06-15T10:00:00Z";

async fn render(case: &Value) -> Rendered {
    Case::new(case.clone(), "/performance").unwrap().render().await
}

/// A case with one module whose query, whatever it is, is answered by these rows.
async fn answered(module: Value, rows: Value, parameters: &str) -> Value {
    let path = format!("/performance/quay{parameters}");
    let definition = json!({"slug": "quay", "title": "Quay", "dashboard-type": "transaction", "published": true,
        "modules": [module]});
    let mut case = json!({"now": NOW, "path": path, "definition": definition});
    let asked = render(&case).await.requests.remove(0);
    let data_set = asked["path"].as_str().unwrap().strip_prefix("/data/").unwrap().to_owned();
    case["data"] = json!({data_set: {asked["query"].as_str().unwrap(): {"data": rows}}});
    case
}

/// The module as machines read it.
async fn shown(module: Value, rows: Value, parameters: &str) -> Value {
    let case = answered(module, rows, parameters).await;
    render(&case).await.to_json()["page"]["modules"][0].take()
}

fn module(kind: &str, period: &str, more: Value) -> Value {
    let mut module = json!({
        "module-type": kind, "slug": "m", "title": "M", "value-attribute": "n:sum",
        "data-source": {"data-group": "g", "data-type": "t", "query-params": {"collect": ["n:sum"]}},
    });
    if !period.is_empty() {
        module["data-source"]["query-params"]["period"] = period.into();
    }
    module.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    module
}

fn row(start: &str, end: &str, n: Value) -> Value {
    json!({"_start_at": format!("{start}T00:00:00+00:00"), "_end_at": format!("{end}T00:00:00+00:00"), "n:sum": n})
}

/// Rows whose ends are these days, a week each.
fn weeks(ends: &[&str]) -> Value {
    let week = |end: &&str| {
        let end = end.parse::<chrono::NaiveDate>().unwrap();
        row(&(end - chrono::Days::new(7)).to_string(), &end.to_string(), json!(1))
    };
    ends.iter().map(week).collect()
}

/// The words under the x axis of the first chart, in their order.
fn axis_of(html: &str) -> Vec<String> {
    let svg = html.split("class=\"chart-svg").nth(1).unwrap().split("</figure>").next().unwrap();
    let texts = svg.split("class=\"tick-x").skip(1).filter_map(|tick| tick.split("<text").nth(1));
    texts.filter_map(|text| Some(text.split_once('>')?.1.split('<').next()?.to_owned())).collect()
}

#[tokio::test]
async fn a1_a_period_that_has_not_ended_is_left_out() {
    let rows = weeks(&["2016-06-06", "2016-06-13", "2016-06-20"]);
    let shown = shown(module("single_timeseries", "week", json!({})), rows, "").await;
    assert_eq!(shown["table"]["rows"].as_array().unwrap().len(), 2);
    assert_eq!(shown["headline"][0]["label"], "6 to 12 June 2016");
}

#[tokio::test]
async fn a2_what_a_query_leaves_out_is_completed() {
    for (parameters, wanted) in [
        (json!({"period": "month"}), "duration=12&flatten=true&period=month"),
        (json!({"period": "quarter"}), "duration=24&flatten=true&period=quarter"),
        (
            json!({"start_at": "2016-01-01T00:00:00Z", "period": "day"}),
            "end_at=2016-06-15T10:00:00Z&flatten=true&period=day&start_at=2016-01-01T00:00:00Z",
        ),
        (
            json!({"start_at": "2016-01-01T00:00:00Z", "end_at": "2016-02-01T00:00:00Z", "duration": 5}),
            "end_at=2016-02-01T00:00:00Z&flatten=true&start_at=2016-01-01T00:00:00Z",
        ),
    ] {
        let source =
            json!({"data-source": {"data-group": "g", "data-type": "t", "query-params": parameters}});
        let case = answered(module("table", "", source), json!([]), "").await;
        assert_eq!(render(&case).await.requests[0]["query"], wanted);
    }
}

fn licences(kind: &str, more: Value) -> Value {
    let mut module = json!({
        "module-type": kind, "slug": "licences", "title": "Licences", "value-attribute": "count:sum",
        "data-source": {"data-group": "fishing", "data-type": "licences",
            "query-params": {"period": "month", "duration": 2, "group_by": "channel", "collect": ["count:sum"]}},
    });
    module.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    module
}

fn months_of(counts: [Value; 2]) -> Vec<Value> {
    let [april, may] = counts;
    [("2016-04-01", "2016-05-01", april), ("2016-05-01", "2016-06-01", may)]
        .map(|(start, end, count)| {
            json!({"_start_at": format!("{start}T00:00:00+00:00"), "_end_at": format!("{end}T00:00:00+00:00"), "count:sum": count})
        })
        .to_vec()
}

#[tokio::test]
async fn a3_groups_become_bands_with_their_shares() {
    let y = json!([{"groupId": "web", "label": "Online", "format": "integer"},
        {"groupId": "other", "label": "Other", "format": "integer"}]);
    let stack = licences(
        "grouped_timeseries",
        json!({"use_stack": true, "show-line-labels": true, "axes": {"y": y}}),
    );
    let rows = json!([
        {"channel": "web", "values": months_of([json!(900), json!(1100)])},
        {"channel": "post", "values": months_of([json!(80), json!(null)])},
        {"channel": "desk", "values": months_of([json!(20), json!(100)])},
    ]);
    let page = render(&answered(stack, rows, "").await).await;
    let table = &page.to_json()["page"]["modules"][0]["table"];
    assert_eq!(table["head"], json!(["Date", "Online", "Other"]));
    assert_eq!(table["rows"], json!([["April 2016", "900", "100"], ["May 2016", "1,100", "100"]]));
    let legend = page.html.split("legend-head").nth(1).unwrap().split("</div>").next().unwrap();
    for words in ["May 2016", "1,200", "Online", "1,100 (91.7%)", "Other", "100 (8.3%)"] {
        assert!(legend.contains(words), "{words} is missing in {legend}");
    }
    // the first group is the upper band: its edge is nearer to the top
    let edge = |series: &str| -> f64 {
        let path = page.html.split(&format!("class=\"line {series}\" data-series")).last().unwrap();
        let drawn = path.split(" d=\"M").nth(1).unwrap().split('"').next().unwrap();
        drawn.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(edge("s1") < edge("s2"), "{} and {}", edge("s1"), edge("s2"));
}

#[tokio::test]
async fn a4_one_channel_is_a_share_of_all() {
    let rate =
        json!({"matching-attribute": "channel", "numerator-matcher": "^web$", "denominator-matcher": ".*"});
    let mut rows = Vec::new();
    for (channel, counts) in [
        ("web", [json!(900), json!(1100)]),
        ("post", [json!(80), json!(null)]),
        ("desk", [json!(20), json!(100)]),
    ] {
        rows.extend(months_of(counts).into_iter().map(|mut row| {
            row["channel"] = channel.into();
            row
        }));
    }
    let shown = shown(licences("completion_rate", rate), rows.into(), "").await;
    assert_eq!(shown["headline"][0]["value"], "91.7%");
    assert_eq!(
        (&shown["table"]["rows"][0][1], &shown["table"]["rows"][1][1]),
        (&json!("90%"), &json!("91.7%"))
    );
}

#[tokio::test]
async fn a5_nobody_known_to_finish_is_nothing_of_those_who_began_and_says_so() {
    let rate =
        json!({"matching-attribute": "step", "numerator-matcher": "done", "denominator-matcher": "start"});
    let mut begun = row("2016-05-30", "2016-06-06", json!(40));
    begun["step"] = "start".into();
    let case = answered(module("completion_rate", "week", rate), json!([begun]), "").await;
    let page = render(&case).await;
    let shown = page.to_json()["page"]["modules"][0].take();
    assert_eq!((&shown["headline"][0]["value"], &shown["table"]["rows"][0][1]), (&json!("0%"), &json!("0%")));
    assert!(page.html.contains("0 of 40"), "nothing tells it from a week in which nobody finished");
}

#[tokio::test]
async fn a6_the_last_six_bars_are_shown() {
    let quarters: Vec<String> =
        (0..10).map(|n| format!("{}-{:02}-01", 2014 + n / 4, 1 + 3 * (n % 4))).collect();
    let rows: Value = (0..9).map(|n| row(&quarters[n], &quarters[n + 1], json!(n))).collect();
    let bars =
        module("bar_chart_with_number", "quarter", json!({"axis-period": "quarter", "format": "integer"}));
    let page = render(&answered(bars, rows, "").await).await;
    let shown = page.to_json()["page"]["modules"][0].take();
    assert_eq!(shown["table"]["rows"].as_array().unwrap().len(), 6);
    assert_eq!(
        (&shown["headline"][0]["value"], &shown["headline"][0]["label"]),
        (&json!("8"), &json!("Jan to Mar 2016"))
    );
    for (label, there) in [("Oct to Dec 2014", true), ("Jan to Mar 2016", true), ("July to Sep 2014", false)]
    {
        assert_eq!(page.html.contains(label), there, "{label}");
    }
}

#[tokio::test]
async fn a7_without_a_current_figure_the_previous_one_is_shown() {
    let year = |start: &str, end: &str, v: Value| json!({"_timestamp": format!("{start}T00:00:00Z"), "end_at": format!("{end}T00:00:00Z"), "v": v});
    let kpi = module("kpi", "", json!({"value-attribute": "v", "format": "currency"}));
    let rows =
        json!([year("2015-04-01", "2016-04-01", json!(null)), year("2015-01-01", "2016-01-01", json!(5.5))]);
    let headline = &shown(kpi, rows, "").await["headline"];
    assert_eq!(headline[0]["value"], Value::Null);
    assert_eq!((&headline[1]["value"], &headline[1]["label"]), (&json!("£5.50"), &json!("Jan to Dec 2015")));
}

#[tokio::test]
async fn a8_satisfaction_begins_with_its_first_value_and_keeps_later_gaps() {
    let graph = module(
        "user_satisfaction_graph",
        "month",
        json!({"value-attribute": "n:sum", "migrated": true, "trim": true}),
    );
    let rows = json!([
        row("2016-02-01", "2016-03-01", json!(null)),
        row("2016-03-01", "2016-04-01", json!(null)),
        row("2016-04-01", "2016-05-01", json!(0.8)),
        row("2016-05-01", "2016-06-01", json!(null)),
    ]);
    let shown = shown(graph, rows, "").await;
    let cells = shown["table"]["rows"].as_array().unwrap();
    assert_eq!((cells.len(), &cells[0][1], &cells[1][1]), (2, &json!("80%"), &Value::Null));
    assert_eq!(
        (&shown["headline"][0]["value"], &shown["headline"][0]["label"]),
        (&json!("80%"), &json!("April 2016"))
    );
}

#[tokio::test]
async fn a9_a_journey_is_about_the_last_whole_week() {
    let journey = module("journey", "", json!({"axes": {"y": [{"label": "Start", "groupId": "start"}]}}));
    for now in [NOW, "2016-06-13T10:00:00Z", "2016-06-19T23:00:00Z"] {
        let mut case = answered(journey.clone(), json!([]), "").await;
        case["now"] = now.into();
        assert_eq!(
            render(&case).await.requests[0]["query"],
            "collect=n:sum&end_at=2016-06-13T00:00:00Z&flatten=true&start_at=2016-06-06T00:00:00Z",
            "{now}"
        );
    }
}

fn table(axes: Value) -> Value {
    module("table", "", json!({"axes": axes}))
}

#[tokio::test]
async fn a10_what_has_no_value_is_sorted_last_in_both_directions() {
    let axes = json!({"x": {"key": "name", "label": "Name"}, "y": [{"key": "n", "label": "N"}]});
    let rows = json!([{"name": "a", "n": 5}, {"name": "b", "n": null}, {"name": "c", "n": 9}]);
    for (order, wanted) in [("descending", ["9", "5", "-"]), ("ascending", ["5", "9", "-"])] {
        let sorted = format!("?sortby=n&sortorder={order}");
        let shown = shown(table(axes.clone()), rows.clone(), &sorted).await;
        let cells = shown["table"]["rows"].as_array().unwrap();
        let values: Vec<&str> = cells.iter().map(|row| row[1].as_str().unwrap_or("-")).collect();
        assert_eq!(values, wanted, "{order}");
    }
}

#[tokio::test]
async fn a11_several_row_heads_come_in_reverse_order() {
    let axes = json!({"x": [{"key": "a", "label": "A"}, {"key": "b", "label": "B"}], "y": [{"key": "c", "label": "C"}]});
    let shown = shown(table(axes), json!([{"a": 1, "b": 2, "c": 3}]), "").await;
    assert_eq!(shown["table"]["head"], json!(["B", "A", "C"]));
}

#[tokio::test]
async fn a12_parts_of_a_total() {
    let axes = json!({"x": {"key": "page", "label": "Page"},
        "y": [{"key": "percentOfTotal(hits)", "label": "Share", "format": "percent"}]});
    let rows = json!([{"page": "a", "hits": 1}, {"page": "b", "hits": 1}, {"page": "c", "hits": 2}]);
    let shown = shown(table(axes), rows, "").await;
    let shares: Vec<&Value> = shown["table"]["rows"].as_array().unwrap().iter().map(|row| &row[1]).collect();
    assert_eq!(shares, ["25%", "25%", "50%"]);
}

#[tokio::test]
async fn a13_an_axis_is_labelled_by_the_unit_that_fits() {
    let first: chrono::NaiveDate = "2015-06-08".parse().unwrap();
    let ends: Vec<String> = (1..=52_u64).map(|n| (first + chrono::Days::new(7 * n)).to_string()).collect();
    let rows = weeks(&ends.iter().map(String::as_str).collect::<Vec<_>>());
    let page = render(&answered(module("single_timeseries", "week", json!({})), rows, "").await).await;
    let labels = axis_of(&page.html);
    assert!(
        labels.starts_with(&["July".to_owned(), "Aug".to_owned()]) && labels.contains(&"Jan".to_owned()),
        "{labels:?}"
    );
    assert!(page.html.contains(">2016</text>"), "the new year is not named");
    let hours: Value = (0..24_u32)
        .map(|hour| {
            let at = |hour: u32| format!("2016-06-{:02}T{:02}:00:00Z", 13 + hour / 24, hour % 24);
            json!({"_timestamp": at(hour), "_start_at": at(hour), "_end_at": at(hour + 1), "n:sum": hour})
        })
        .collect();
    let page = render(&answered(module("single_timeseries", "hour", json!({})), hours, "").await).await;
    assert_eq!(axis_of(&page.html), ["midnight", "6am", "midday", "6pm"]);
}

#[tokio::test]
async fn a14_groups_are_known_by_their_raw_and_their_escaped_names() {
    for group in ["post & phone", "post &amp; phone"] {
        let y = json!([{"groupId": group, "label": "Post and phone", "format": "integer"}]);
        let rows = json!([{"channel": "post & phone", "values": months_of([json!(3), json!(4)])}]);
        let shown = shown(licences("grouped_timeseries", json!({"axes": {"y": y}})), rows, "").await;
        assert_eq!(shown["table"]["rows"][1][1], "4", "{group}");
    }
}

async fn list(parameters: &str, items: Value, rows: Value) -> Value {
    let data = json!({"service-aggregates/latest-dataset-values": {"sort_by=_timestamp:descending": {"data": rows}}});
    let path = format!("/performance/services{parameters}");
    let case = json!({"now": NOW, "path": path, "list": {"items": items}, "data": data});
    render(&case).await.to_json()["page"].take()
}

#[tokio::test]
async fn a15_means_weigh_services_by_their_transactions() {
    let items: Value = ["a", "b", "c", "d"]
        .map(|slug| json!({"slug": slug, "title": slug, "dashboard-type": "transaction"}))
        .to_vec()
        .into();
    let rows = json!([
        {"dashboard_slug": "a", "number_of_transactions": 2000, "digital_takeup": 0.2, "total_cost": 50},
        {"dashboard_slug": "b", "number_of_transactions": 1000, "digital_takeup": 0.9},
    ]);
    let mut with_cost = rows.clone();
    with_cost.as_array_mut().unwrap().push(json!({"dashboard_slug": "d", "total_cost": 100}));
    let measures = "?measure=all";
    let (before, after) = (list(measures, items.clone(), rows).await, list(measures, items, with_cost).await);
    let of = |page: &Value, key: &str| {
        let all = page["aggregates"].as_array().unwrap();
        let found = all.iter().find(|aggregate| aggregate["key"] == key).unwrap();
        format!("{}, {}", found["value"].as_str().unwrap_or("-"), found["caption"].as_str().unwrap_or("-"))
    };
    assert_eq!(of(&before, "digital_takeup"), "43.3%, weighted average for 2 services out of 4");
    assert_eq!(of(&before, "total_cost"), "£50, total for 1 service out of 4");
    assert_eq!(of(&after, "total_cost"), "£150, total for 2 services out of 4");
    for other in ["number_of_transactions", "cost_per_transaction", "digital_takeup", "completion_rate"] {
        assert_eq!(of(&before, other), of(&after, other));
    }
}

#[tokio::test]
async fn a16_lists_are_searched_by_departments_and_agencies() {
    let items = json!([
        {"slug": "a", "title": "Organ donors", "dashboard-type": "transaction",
            "department": {"title": "Department of Health", "abbr": "DH"}, "agency": {"title": "Blood and Transplant", "abbr": "NHSBT"}},
        {"slug": "b", "title": "Passports", "dashboard-type": "transaction"},
    ]);
    for filter in ["HEAL", "transplant", "nhsbt", "organ"] {
        let page = list(&format!("?filter={filter}"), items.clone(), json!([])).await;
        assert_eq!(page["count"], 1, "{filter}");
    }
}

#[tokio::test]
async fn a17_pages_that_are_not_there_say_so_and_are_kept_briefly() {
    let kind = |kind: &str| json!({"now": NOW, "path": "/performance/x", "definition": {"slug": "x", "page-type": kind}});
    for other in ["browse", "start"] {
        assert_eq!(render(&kind(other)).await.answer.status, 501, "{other}");
    }
    for status in [404, 403, 500, 502] {
        let case = json!({"now": NOW, "path": "/performance/x", "registry_status": status});
        let page = render(&case).await.to_json()["page"].take();
        assert_eq!(page["status"], status);
        assert_eq!(
            page["headers"],
            json!({"cache-control": "public, max-age=5", "x-robots-tag": "none"}),
            "{status}"
        );
    }
}

#[tokio::test]
async fn a18_a_tab_has_a_page_of_its_own() {
    let tabs = json!({"slug": "uptime", "module-type": "tab", "title": "Uptime", "info": ["Measured every minute"],
        "tabs": [module("availability", "day", json!({"slug": "30-days", "title": "30 days"}))]});
    let definition = json!({"slug": "x", "title": "X", "published": true, "modules": [tabs]});
    let case = json!({"now": NOW, "path": "/performance/x/uptime/uptime-30-days", "definition": definition});
    let page = render(&case).await.to_json()["page"].take();
    assert_eq!((&page["page"], &page["modules"][0]["title"]), (&json!("module"), &json!("Uptime - 30 days")));
    assert_eq!(page["modules"][0]["info"], json!(["Measured every minute"]));
}

#[tokio::test]
async fn data_of_a_type_that_nobody_knows_is_a_table_that_says_so() {
    let rows =
        json!([{"_id": "x", "berth": "north", "boats": 12}, {"_id": "y", "berth": "south", "boats": 7}]);
    let case = answered(
        json!({"module-type": "multi_stats", "slug": "m", "title": "Berths",
        "data-source": {"data-group": "g", "data-type": "t", "query-params": {}}}),
        rows,
        "",
    )
    .await;
    let rendered = render(&case).await;
    let module = &rendered.to_json()["page"]["modules"][0];
    assert_eq!(module["unknown"], true);
    assert_eq!(module["table"]["rows"], json!([["north", "12"], ["south", "7"]]), "{module}");
    assert!(rendered.html.contains("“multi_stats”, is not known here: its data is shown as a table"));
}

#[tokio::test]
async fn names_that_are_remembered_are_drawn_as_the_nearest_type() {
    let rows = json!([{"_start_at": "2016-05-01T00:00:00+00:00", "_end_at": "2016-06-01T00:00:00+00:00", "n:sum": 5}]);
    for (remembered, nearest) in
        [("bar_chart_with_text", "bar_chart_with_number"), ("visitors_realtime", "realtime")]
    {
        let drawn = shown(module(nearest, "month", json!({})), rows.clone(), "").await;
        assert_eq!(drawn["type"], nearest);
        assert_eq!(shown(module(remembered, "month", json!({})), rows.clone(), "").await, drawn);
    }
}
