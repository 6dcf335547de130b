//! Types of modules: what published figures rely on.

use super::*;
use serde_json::json;

fn facts(stored: Value, rows: Value) -> Facts {
    let module = Module::parse(&stored, &defaults);
    let scene = Scene {
        now: "2016-06-15T10:00:00Z".parse().unwrap(),
        sort: None,
        choice: super::choice::Choice::default(),
        own_page: true,
    };
    let rows = serde_json::from_value(rows).unwrap();
    of(&module.kind).unwrap().facts(&module, rows, &scene)
}

fn figures(facts: &Facts) -> String {
    let text = |headline: &crate::view::Headline| {
        let value = headline.value.as_ref().map_or("-", |value| value.text.as_str());
        format!("{value} {}", headline.label.as_deref().unwrap_or("-"))
    };
    facts.headline.iter().map(text).collect::<Vec<_>>().join("; ")
}

fn cells(facts: &Facts) -> Vec<String> {
    let table = facts.table.as_ref().unwrap();
    let row = |row: &Vec<Option<crate::format::Text>>| {
        row.iter()
            .map(|cell| cell.as_ref().map_or("-", |cell| cell.text.as_str()))
            .collect::<Vec<_>>()
            .join(" | ")
    };
    table.rows.iter().map(row).collect()
}

fn month(start: &str, end: &str, fields: Value) -> Value {
    let mut row = json!({"_start_at": format!("2016-{start}-01T00:00:00Z"), "_end_at": format!("2016-{end}-01T00:00:00Z")});
    row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    row
}

fn channels() -> Value {
    json!([
        {"channel": "web", "values": [month("04", "05", json!({"n": 900})), month("05", "06", json!({"n": 1100}))]},
        {"channel": "post", "values": [month("04", "05", json!({"n": 80})), month("05", "06", json!({"n": null}))]},
        {"channel": "desk & phone", "values": [month("05", "06", json!({"n": 100}))]},
    ])
}

fn grouped(more: Value) -> Value {
    let mut module = json!({"module-type": "grouped_timeseries", "slug": "g", "title": "G", "value-attribute": "n",
        "data-source": {"data-group": "a", "data-type": "b", "query-params": {"period": "month", "group_by": "channel"}}});
    module.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    module
}

#[test]
fn groups_without_an_axis_are_others() {
    let axes = json!({"y": [{"groupId": "web", "label": "Web"}, {"groupId": "other", "label": "Other"}, {"groupId": "total", "label": "All"}]});
    let facts = facts(grouped(json!({"axes": axes})), channels());
    assert_eq!(cells(&facts), ["April 2016 | 900 | 80 | 980", "May 2016 | 1100 | 100 | 1200"]);
}

#[test]
fn groups_are_told_by_their_raw_or_escaped_names() {
    for name in ["desk & phone", "desk &amp; phone"] {
        let axes = json!({"y": [{"groupId": name, "label": "Desk"}]});
        assert_eq!(
            cells(&facts(grouped(json!({"axes": axes})), channels())),
            ["April 2016 | -", "May 2016 | 100"]
        );
    }
}

#[test]
fn groups_are_mapped_once() {
    let axes = json!({"y": [{"groupId": "online", "label": "a"}, {"groupId": "paper", "label": "b"}, {"groupId": "birds", "label": "c"}]});
    let mapping = json!({"^web$": "online", "^post|desk &amp; phone": "paper", "pigeon|line": "birds"});
    let facts = facts(grouped(json!({"axes": axes, "group-mapping": mapping})), channels());
    assert_eq!(cells(&facts), ["April 2016 | 900 | 80 | -", "May 2016 | 1100 | 100 | -"]);
}

#[test]
fn shares_are_of_what_is_shown() {
    let axes = json!({"y": [{"groupId": "web", "label": "Web", "format": "integer"}, {"groupId": "post", "label": "Post"}]});
    let facts = facts(grouped(json!({"axes": axes, "one-hundred-percent": true})), channels());
    assert_eq!(cells(&facts), ["April 2016 | 91.8% | 8.2%", "May 2016 | 100% | -"]);
}

#[test]
fn the_past_is_shown_beside_the_present() {
    let axes = json!({"y": [{"groupId": "web", "label": "Web"}, {"groupId": "web", "label": "Web", "timeshift": 1}]});
    let facts = facts(grouped(json!({"axes": axes})), channels());
    assert_eq!(cells(&facts), ["May 2016 | 1100 | 900"]);
    assert_eq!(facts.table.as_ref().unwrap().columns[2].label, "Web (1 month ago)");
    assert!(facts.charts[0].series[1].dashed);
}

#[test]
fn nobody_known_to_finish_is_nothing_of_those_who_began() {
    let module = json!({"module-type": "completion_rate", "slug": "c", "value-attribute": "n", "matching-attribute": "step",
        "numerator-matcher": "done$", "denominator-matcher": "start$",
        "data-source": {"data-group": "a", "data-type": "b", "query-params": {"period": "month", "group_by": "step"}}});
    let row = |start, end, step: &str, n: Value| month(start, end, json!({"step": step, "n": n}));
    let rows = json!([
        row("04", "05", "start", json!(40)),
        row("05", "06", "start", json!(0)),
        row("04", "05", "done", Value::Null)
    ]);
    assert_eq!(cells(&facts(module.clone(), rows)), ["1 to 30 April 2016 | 0%", "1 to 31 May 2016 | -"]);
    let broken = {
        let mut module = module;
        module["numerator-matcher"] = json!("(");
        module
    };
    assert_eq!(
        cells(&facts(broken, json!([row("04", "05", "start", json!(40))]))),
        ["1 to 30 April 2016 | 0%"]
    );
}

#[test]
fn a_target_counts_all_rows_also_those_put_together() {
    let days = |days: u32, before: u32, now: u32| {
        json!({"days": days, "values": [
        {"_start_at": "2016-05-30T00:00:00Z", "_end_at": "2016-06-06T00:00:00Z", "n": before},
        {"_start_at": "2016-06-06T00:00:00Z", "_end_at": "2016-06-13T00:00:00Z", "n": now}]})
    };
    let module = json!({"module-type": "applications", "slug": "a", "value-attribute": "n", "pin-to": "days", "target": 5, "max-bars": 2,
        "axes": {"x": {"key": "days", "label": "Days"}},
        "data-source": {"data-group": "a", "data-type": "b", "query-params": {"period": "week", "group_by": "days"}}});
    let facts = facts(module, json!([days(3, 50, 60), days(5, 30, 20), days(9, 20, 20)]));
    assert_eq!(figures(&facts), "80% 6 to 12 June 2016; no change 30 May to 5 June 2016");
    assert_eq!(cells(&facts), ["3 | 60", "5 | 40"]);
    assert_eq!(facts.charts[0].slots[1].label, "5+");
}

#[test]
fn old_readings_are_not_now() {
    let module = json!({"module-type": "realtime", "slug": "r"});
    let at = |time: &str, users: u32| json!({"_timestamp": time, "unique_visitors": users});
    let rows =
        json!([at("2016-06-15T09:55:00Z", 1), at("2016-06-14T10:55:00Z", 3), at("2016-06-14T09:00:00Z", 7)]);
    let now = facts(module.clone(), rows);
    assert_eq!((figures(&now).as_str(), cells(&now).len()), ("1 user online now", 2));
    let old = facts(module, json!([at("2016-06-10T03:00:00Z", 1234)]));
    assert_eq!(figures(&old), "1,234 users online at 3:00am, 10 June 2016");
}

#[test]
fn answers_make_a_score_and_are_spread_out_on_its_own_page() {
    let ratings = json!({"rating_1:sum": 0, "rating_2:sum": 0, "rating_3:sum": 2, "rating_4:sum": 3, "rating_5:sum": 5, "total:sum": 10});
    let module = json!({"module-type": "user_satisfaction_graph", "slug": "s", "title": "Score", "axis-period": "month"});
    let facts = facts(module, json!([month("04", "05", json!({})), month("05", "06", ratings)]));
    assert_eq!(figures(&facts), "82.5% May 2016");
    assert_eq!((facts.charts.len(), cells(&facts).len()), (2, 1));
}

#[test]
fn every_type_bears_any_rows() {
    let strange = [
        json!([]),
        json!([{}, {"_start_at": "never", "x": [1], "n": {"a": 1}}, {"_timestamp": 5, "_count": "many", "values": [{}, 7, null]}]),
        json!([{"values": []}, {"g": null, "values": [{"_start_at": null, "n": 1e308}, {"n": 1e308}]}, {"_subgroup": [1, {"values": 3}]}]),
    ];
    for kind in [
        "kpi",
        "single_timeseries",
        "grouped_timeseries",
        "comparison",
        "bar_chart_with_number",
        "column",
        "applications",
        "headline_figure",
        "completion_rate",
        "completion_table",
        "user_satisfaction",
        "user_satisfaction_graph",
        "journey",
        "list",
        "table",
        "availability",
        "realtime",
    ] {
        for rows in &strange {
            for more in [
                json!({}),
                json!({"axes": {"x": {"key": "g"}, "y": [{"groupId": "a", "timeshift": 3}, {}]}, "target": 3, "pin-to": "g", "max-bars": 1,
                "value-attribute": "n", "data-source": {"data-group": "a", "data-type": "b", "query-params": {"group_by": ["g"], "period": "week"}}}),
            ] {
                let mut module = json!({"module-type": kind, "slug": "s"});
                module.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                facts(module, rows.clone());
            }
        }
    }
}

#[test]
fn a_figure_below_zero_is_compared_by_its_ratio() {
    let kpi = json!({"module-type": "kpi", "slug": "k", "title": "K", "value-attribute": "n"});
    let row = |n: f64, start: &str, end: Value| json!({"n": n, "_timestamp": start, "end_at": end});
    for (now, before, expected) in [
        (-1.0, -2.0, "-1; −50.00% 2015"),
        (-3.0, -2.0, "-3; +50.00% 2015"),
        (-3.0, 2.0, "-3; −250.00% 2015"),
        (3.0, 2.0, "3; +50.00% 2015"),
    ] {
        let rows = json!([
            row(now, "2015-04-01T00:00:00Z", json!("2016-04-01T00:00:00Z")),
            row(before, "2015-01-01T00:00:00Z", json!("2016-01-01T00:00:00Z")),
        ]);
        let facts = facts(kpi.clone(), rows);
        let told = figures(&facts).replace(" Apr 2015 to Mar 2016", "").replace("Jan to Dec ", "");
        assert_eq!(told, expected, "{now} after {before}");
    }
    // a period without an end has no name
    let open = facts(kpi, json!([row(1.0, "2015-04-01T00:00:00Z", Value::Null)]));
    assert_eq!(figures(&open), "1 -");
}

#[test]
fn records_that_name_their_week_are_of_that_week() {
    let line = json!({"module-type": "single_timeseries", "slug": "s", "title": "S", "value-attribute": "n"});
    let row = json!({"n": 4, "_timestamp": "2016-06-01T10:00:00Z", "_week_start_at": "2016-05-30T00:00:00Z"});
    assert_eq!(figures(&facts(line, json!([row]))), "4 30 May 2016");
}

#[test]
fn bars_with_long_names_lie_below_each_other() {
    let drawn = |names: &[&str]| {
        let rows: Vec<Value> = names
            .iter()
            .map(|name| json!({"port": name, "n": 3, "_end_at": "2016-06-01T00:00:00Z"}))
            .collect();
        let module = json!({"module-type": "column", "slug": "c", "title": "C", "value-attribute": "n",
            "axes": {"x": {"label": "Port", "key": "port"}, "y": [{"label": "Boats", "key": "n"}]},
            "data-source": {"data-group": "a", "data-type": "b", "query-params": {"period": "month", "group_by": "port"}}});
        facts(module, json!(rows)).charts[0].kind
    };
    use crate::chart::Kind;
    assert_eq!(drawn(&["North", "South", "West"]), Kind::Bar);
    let ports = ["Northmere and Saltmouth", "Brightwell", "Kestrel Bay", "Hawkstone Hill", "Juniper Hills"];
    assert_eq!(drawn(&[ports.as_slice(), &["Ashmere", "Larchwood"]].concat()), Kind::Parts);
    // amounts are in their order: some of their names can be left out
    let days: Vec<String> = (0..60).map(|day| format!("{day} days")).collect();
    assert_eq!(drawn(&days.iter().map(String::as_str).collect::<Vec<_>>()), Kind::Bar);
}

#[test]
fn amounts_below_nothing_are_not_piled_up() {
    let axes = json!({"y": [{"groupId": "web", "label": "Web"}, {"groupId": "post", "label": "Post"}]});
    let mut channels = channels();
    let kind = |channels: &Value| {
        facts(grouped(json!({"use_stack": true, "axes": axes})), channels.clone()).charts[0].kind
    };
    assert_eq!(kind(&channels), crate::chart::Kind::Stack);
    channels[1]["values"][0]["n"] = (-80).into();
    assert_eq!(kind(&channels), crate::chart::Kind::Line);
}
