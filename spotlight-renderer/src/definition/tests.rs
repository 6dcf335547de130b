//! Definitions: merging, queries, and finding parts.

use super::query::{Query, Wishes};
use super::*;
use serde_json::json;

fn module(stored: Value) -> Module {
    Module::parse(&stored, &|_, _| json!({}))
}

fn asked(parameters: Value, wishes: &Wishes) -> String {
    let stored = json!({"module-type": "kpi", "data-source": {"data-group": "g", "data-type": "t", "query-params": parameters}});
    let now = "2016-06-15T10:00:00Z".parse().unwrap();
    Query::of(&module(stored), wishes, now).unwrap().canonical()
}

#[test]
fn lists_merge_by_position() {
    let under = json!({"y": [{"key": "a", "format": "percent"}, {"key": "b"}], "x": 1, "z": null});
    let over = json!({"y": [{"key": "c"}], "z": [1]});
    assert_eq!(
        merge::deep(&under, &over),
        json!({"y": [{"key": "c", "format": "percent"}, {"key": "b"}], "x": 1, "z": [1]})
    );
}

#[test]
fn categories_do_not_inherit_the_format_of_dates() {
    let defaults = json!({"axes": {"x": {"label": "Date", "key": "_start_at", "format": "date"}}});
    let x =
        |own: Value| merge::with_axes(&defaults, &json!({"axes": {"x": own}}))["axes"]["x"]["format"].clone();
    assert_eq!(x(json!({"key": "days"})), Value::Null);
    assert_eq!(x(json!({"key": "days", "format": "integer"})), json!("integer"));
    assert_eq!(x(json!({"key": "_quarter_start_at"})), json!("date"));
    assert_eq!(x(json!({"label": "When"})), json!("date"));
}

#[test]
fn queries_have_a_span() {
    let flat = Wishes::default();
    assert_eq!(asked(json!({"period": "month"}), &flat), "duration=12&flatten=true&period=month");
    assert_eq!(asked(json!({"period": "quarter"}), &flat), "duration=24&flatten=true&period=quarter");
    assert_eq!(asked(json!({"period": "year"}), &flat), "flatten=true&period=year");
    assert_eq!(
        asked(json!({"period": "day", "start_at": "2016-01-01T00:00:00Z"}), &flat),
        "end_at=2016-06-15T10:00:00Z&flatten=true&period=day&start_at=2016-01-01T00:00:00Z"
    );
    assert_eq!(
        asked(json!({"start_at": "2015-01-01", "end_at": "2016-01-01T01:00:00+01:00", "duration": 5}), &flat),
        "end_at=2016-01-01T00:00:00Z&flatten=true&start_at=2015-01-01T00:00:00Z"
    );
    assert_eq!(
        asked(json!({"period": null, "filter_by": ["a:b&c", null]}), &flat),
        "filter_by=a:b%26c&flatten=true"
    );
}

#[test]
fn types_add_to_queries() {
    let wishes = Wishes {
        nested: true,
        under: json!({"start_at": "2016-06-06", "end_at": "2016-06-13"}).as_object().unwrap().clone(),
        over: json!({"collect": ["a:sum", "b:sum"]}).as_object().unwrap().clone(),
        periods_before: 0,
        unended: false,
    };
    assert_eq!(
        asked(json!({"collect": ["x:sum", "y:sum", "z:sum"], "end_at": "2016-06-20"}), &wishes),
        "collect=a:sum&collect=b:sum&collect=z:sum&end_at=2016-06-20T00:00:00Z&start_at=2016-06-06T00:00:00Z"
    );
    let back = Wishes { nested: true, periods_before: 2, ..Wishes::default() };
    assert_eq!(asked(json!({"period": "week"}), &back), "duration=11&period=week");
    assert_eq!(
        asked(json!({"period": "month", "start_at": "2016-03-01", "end_at": "2016-06-01"}), &back),
        "end_at=2016-06-01T00:00:00Z&period=month&start_at=2016-01-01T00:00:00Z"
    );
}

#[test]
fn query_strings_survive_any_text() {
    let stored = json!({"module-type": "kpi", "data-source": {"data-group": "a b", "data-type": "t",
        "query-params": {"filter_by": "name:Fish & chips = 5%"}}});
    let query = Query::of(&module(stored), &Wishes::default(), DateTime::UNIX_EPOCH).unwrap();
    assert_eq!(query.path(), "/data/a%20b/t");
    assert_eq!(query.query_string(), "flatten=true&filter_by=name%3AFish%20%26%20chips%20%3D%205%25");
}

#[test]
fn parts_of_a_dashboard_are_found_by_their_path() {
    let definition = json!({"modules": [
        {"slug": "harbour", "module-type": "section", "modules": [{"slug": "fee", "module-type": "kpi", "title": "Fee"}]},
        {"slug": "uptime", "module-type": "tab", "title": "Uptime", "info": ["of the set"], "tabs": [
            {"slug": "30-days", "module-type": "availability", "title": "Days", "info": ["own"]}]},
    ]});
    let modules = resolve::modules(&definition, &|_, _| json!({}));
    let title = |path: &[&str]| resolve::module(&modules, path).map(|module| module.title);
    assert_eq!(title(&["harbour", "fee"]).as_deref(), Some("Fee"));
    let child = resolve::module(&modules, &["uptime", "uptime-30-days"]).unwrap();
    assert_eq!(
        (child.title.as_str(), child.slug.as_str(), child.info),
        ("Uptime - Days", "30-days", vec!["of the set".to_owned()])
    );
    for missing in
        [&["fee"][..], &["harbour", "x"], &["uptime", "30-days"], &["harbour", "fee", "x"], &[""], &[]]
    {
        assert_eq!(title(missing), None, "{missing:?}");
    }
}

use chrono::DateTime;
