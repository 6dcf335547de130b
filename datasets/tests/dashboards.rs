//! Every module of the sample dashboards has something to show, whenever that is.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use datasets::{Record, dashboards, generate, sample_data_set};
use query_lang::{Policy, Query, is_valid_key};
use serde_json::Value;

const PRESENTS: [&str; 3] = ["2024-08-21T10:03:00Z", "2025-01-01T00:00:00Z", "2023-03-06T09:00:00Z"];

/// The modules that have data of their own, with those inside sections and tabs.
fn modules(definition: &Value) -> Vec<&Value> {
    let children = ["modules", "tabs"].iter().filter_map(|key| definition[*key].as_array()).flatten();
    children.flat_map(|module| std::iter::once(module).chain(modules(module))).collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

/// The query string of a module, with what its type is known to add.
fn query_string(module: &Value) -> String {
    let mut pairs = vec![];
    for (key, value) in module["data-source"]["query-params"].as_object().unwrap() {
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        for value in values {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            pairs.push(format!("{key}={}", value.replace('&', "%26").replace(' ', "+")));
        }
    }
    if text(module, "module-type") == "journey" {
        pairs.push("start_at=2024-08-05T00:00:00Z&end_at=2024-08-12T00:00:00Z".to_owned());
    }
    pairs.join("&")
}

/// A field, without the collect method and without what a column makes of it.
fn field(key: &str) -> &str {
    let inner = key.split_once('(').map_or(key, |(_, rest)| rest.trim_end_matches(')'));
    inner.split(':').next().unwrap_or(inner)
}

#[test]
fn definitions_keep_to_the_limits() {
    let definitions = dashboards(PRESENTS[0].parse().unwrap());
    assert_eq!(definitions.len(), 5);
    for definition in &definitions {
        assert_eq!(definition["published"], text(definition, "slug") != "kite-registrations");
        assert!(text(definition, "title").len() <= 80);
        for (key, limit) in [("description", 500), ("tagline", 400)] {
            assert!(definition[key].as_str().is_none_or(|text| text.len() <= limit), "{key}");
        }
        let mut slugs = BTreeSet::new();
        for module in modules(definition) {
            let slug = text(module, "slug");
            assert!(
                slug.len() <= 60
                    && slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            );
            assert!(slugs.insert(slug.to_owned()), "{slug} twice");
            assert!(text(module, "title").len() <= 60, "{slug}");
            assert!(module["description"].as_str().is_none_or(|text| text.len() <= 200), "{slug}");
        }
    }
}

#[test]
fn every_type_of_module_is_shown() {
    let definitions = dashboards(PRESENTS[0].parse().unwrap());
    let types: BTreeSet<&str> = definitions
        .iter()
        .flat_map(|definition| modules(definition))
        .map(|module| text(module, "module-type"))
        .collect();
    let known = [
        "applications",
        "availability",
        "bar_chart_with_number",
        "column",
        "comparison",
        "completion_rate",
        "completion_table",
        "grouped_timeseries",
        "headline_figure",
        "journey",
        "kpi",
        "list",
        "realtime",
        "section",
        "single_timeseries",
        "tab",
        "table",
        "user_satisfaction",
        "user_satisfaction_graph",
    ];
    assert_eq!(types, BTreeSet::from(known));
}

#[test]
fn queries_are_valid() {
    for definition in dashboards(PRESENTS[0].parse().unwrap()) {
        for module in modules(&definition).into_iter().filter(|module| module.get("data-source").is_some()) {
            let (group, data_type) = source(module);
            let set = sample_data_set(group, data_type)
                .unwrap_or_else(|| panic!("no data set {group} {data_type}"));
            let policy = Policy { raw_queries_allowed: set.raw_queries_allowed };
            let parsed = query_lang::parse(&query_string(module), &policy, PRESENTS[0].parse().unwrap());
            assert!(parsed.is_ok(), "{}: {}", text(module, "slug"), parsed.unwrap_err());
        }
    }
}

fn source(module: &Value) -> (&str, &str) {
    (text(&module["data-source"], "data-group"), text(&module["data-source"], "data-type"))
}

#[test]
fn every_module_has_data_at_any_present() {
    for now in PRESENTS {
        let now: DateTime<Utc> = now.parse().unwrap();
        let mut made: BTreeMap<(String, String), Vec<Record>> = BTreeMap::new();
        for definition in dashboards(now) {
            for module in
                modules(&definition).into_iter().filter(|module| module.get("data-source").is_some())
            {
                let (group, data_type) = source(module);
                let set = sample_data_set(group, data_type).unwrap();
                let key = (group.to_owned(), data_type.to_owned());
                let records = made.entry(key).or_insert_with(|| generate(set, now, 1.0, 1).collect());
                let query =
                    query_lang::parse(&query_string(module), &Policy { raw_queries_allowed: true }, now)
                        .unwrap();
                let records = selected(records, &query, now);
                assert!(!records.is_empty(), "{} at {now}", text(module, "slug"));
                shows_something(module, &query, &records);
            }
        }
    }
}

/// The records that a query is about.
fn selected<'a>(records: &'a [Record], query: &Query, now: DateTime<Utc>) -> Vec<&'a Record> {
    let window = query.window(now);
    let mut records: Vec<&Record> = records
        .iter()
        .filter(|record| {
            let filtered =
                query.filter_by.iter().all(|(key, value)| record.get(key) == Some(&value.to_json()));
            // A journey chooses its own week; any will do here.
            let inside = query.period.is_none() || window.contains(text_time(record));
            filtered && inside
        })
        .collect();
    // Rows come latest first where there is a limit, and only so many.
    if let Some(limit) = query.limit.filter(|_| query.group_by.is_empty()) {
        records.reverse();
        records.truncate(usize::try_from(limit).unwrap());
    }
    records
}

fn text_time(record: &Record) -> DateTime<Utc> {
    record["_timestamp"].as_str().unwrap().parse().unwrap()
}

/// Every field that the module names is there, with a value in some record; so is every group that it draws.
fn shows_something(module: &Value, query: &Query, records: &[&Record]) {
    let slug = text(module, "slug");
    let has = |key: &str| records.iter().any(|record| record.get(key).is_some_and(|value| !value.is_null()));
    for key in query.group_by.iter().chain(query.collect.iter().map(|collect| &collect.key)) {
        assert!(is_valid_key(key) && has(key), "{slug}: {key}");
    }
    let made_by_the_module = ["rating", "completion", "uniqueEvents"];
    for key in ["value-attribute", "matching-attribute", "pin-to", "label-attr", "link-attr"] {
        if let Some(key) = module[key].as_str().map(field).filter(|key| !made_by_the_module.contains(key)) {
            assert!(has(key), "{slug}: {key}");
        }
    }
    let axes = ["x", "y"].iter().flat_map(|axis| match &module["axes"][*axis] {
        Value::Array(axes) => axes.clone(),
        Value::Null => vec![],
        axis => vec![axis.clone()],
    });
    for axis in axes {
        if let Some(key) = axis["key"].as_str().map(field) {
            assert!(key.starts_with('_') || made_by_the_module.contains(&key) || has(key), "{slug}: {key}");
        }
        if let Some(group) = axis["groupId"].as_str().filter(|group| *group != "total") {
            let by = &query.group_by[0];
            assert!(records.iter().any(|record| record[by] == group), "{slug}: {group}");
        }
    }
    match text(module, "module-type") {
        "user_satisfaction_graph" => assert!(has("rating_1") && has("rating_5") && has("total")),
        "availability" => {
            assert!(has("uptime") && has("downtime") && has("unmonitored") && has("avgresponse"))
        }
        "realtime" => assert!(has("unique_visitors") && records.len() > 200),
        "kpi" => assert_eq!(records.len(), 2, "{slug}"),
        "bar_chart_with_number" => assert!(records.len() >= 6, "{slug}"),
        _ => {}
    }
}
