//! Rows: grouping, aligning, filling in, dropping, sorting.

use super::group::{groups, newest, side_by_side};
use super::sort::{Direction, Sort};
use super::*;
use serde_json::json;
use std::borrow::Cow;

fn rows(rows: Value) -> Vec<Row> {
    serde_json::from_value(rows).unwrap()
}

fn fields(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn flat_and_nested_answers_are_the_same_groups() {
    let flat = rows(json!([
        {"channel": "web", "_start_at": "2016-04-01", "_count": 1, "n:sum": 1},
        {"channel": "post", "_start_at": "2016-04-01", "_count": 1, "n:sum": null},
        {"channel": "web", "_start_at": "2016-05-01", "_count": 2, "n:sum": 2},
    ]));
    let nested = rows(json!([
        {"channel": "web", "_count": 3, "_group_count": 2, "n:sum": 3, "values": [
            {"_start_at": "2016-04-01", "_count": 1, "n:sum": 1}, {"_start_at": "2016-05-01", "_count": 2, "n:sum": 2}]},
        {"channel": "post", "_count": 1, "_group_count": 1, "n:sum": null, "values": [
            {"_start_at": "2016-04-01", "_count": 1, "n:sum": null}]},
    ]));
    let by = fields(&["channel"]);
    assert_eq!(groups(flat.clone(), &by), groups(nested.clone(), &by));
    assert_eq!(super::flat(nested, &by).len(), flat.len());
}

#[test]
fn groups_within_groups_are_told_by_all_their_names() {
    let nested = rows(json!([{"channel": "web", "_count": 9, "_subgroup": [
        {"age": 7, "_count": 4, "values": [{"n:sum": 4}]}, {"age": null, "_count": 5, "values": [{"n:sum": 5}]}]}]));
    let groups = groups(nested, &fields(&["channel", "age"]));
    assert_eq!(groups.iter().map(|group| group.name()).collect::<Vec<_>>(), ["web:7", "web:null"]);
}

#[test]
fn groups_are_aligned_by_date() {
    let flat = rows(json!([
        {"g": "a", "_start_at": "2016-02-01T00:00:00Z", "n": 2},
        {"g": "a", "_start_at": "2016-03-01T00:00:00Z", "n": 3},
        {"g": "b", "_start_at": "2016-01-01T00:00:00+00:00", "n": 10},
        {"g": "b", "_start_at": "2016-03-01T00:00:00+00:00", "n": 30},
    ]));
    let wide = side_by_side(&groups(flat, &fields(&["g"])), "n");
    let pairs: Vec<_> =
        wide.iter().map(|row| (number(row, "a:n"), number(row, "b:n"), number(row, "n"))).collect();
    assert_eq!(
        pairs,
        [(None, Some(10.0), None), (Some(2.0), None, Some(2.0)), (Some(3.0), Some(30.0), Some(3.0))]
    );
}

#[test]
fn the_newest_figures_of_each_group_are_kept() {
    let flat = rows(json!([
        {"g": "a", "_start_at": "2016-02-01", "n": 2}, {"g": "a", "_start_at": "2016-03-01", "n": 3},
        {"g": "b", "_start_at": "2016-02-01", "n": 5}, {"g": "b", "_start_at": "2016-03-01", "n": null},
    ]));
    let newest = newest(groups(flat, &fields(&["g"])), &["n"]);
    assert_eq!(newest.iter().map(|row| row["n"].clone()).collect::<Vec<_>>(), [json!(3), Value::Null]);
    assert_eq!(group::values(&newest[0]).len(), 2);
}

#[test]
fn periods_that_have_not_ended_are_dropped() {
    let module = Module::parse(
        &json!({"module-type": "single_timeseries", "value-attribute": "n", "axis-period": "week"}),
        &|_, _| json!({}),
    );
    let answer = rows(json!([
        {"_week_start_at": "2016-06-06T00:00:00Z", "end_at": "2016-06-13T00:00:00Z"},
        {"_week_start_at": "2016-06-13T00:00:00Z", "end_at": "2016-06-20T00:00:00Z", "n": 1},
    ]));
    let kept = prepare(&module, &Axes::default(), answer, "2016-06-15T10:00:00Z".parse().unwrap());
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (&kept[0]["_start_at"], &kept[0]["_timestamp"], &kept[0]["n"]),
        (&json!("2016-06-06T00:00:00Z"), &json!("2016-06-06T00:00:00Z"), &Value::Null)
    );
}

#[test]
fn what_has_no_value_is_sorted_last() {
    let all = rows(
        json!([{"n": 5}, {"n": null, "_timestamp": "2016-01-01"}, {"n": 9}, {"_timestamp": "2016-01-02"}, {"n": 10}]),
    );
    let order = |direction| {
        let by = Sort { key: "n".to_owned(), direction };
        let mut ordered: Vec<&Row> = all.iter().collect();
        sort::sort(&mut ordered, &by, |row| Cow::Owned(row.get("n").cloned().unwrap_or(Value::Null)));
        ordered
            .iter()
            .map(|row| number(row, "n").map_or_else(|| plain(&row["_timestamp"]), |n| n.to_string()))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(order(Direction::Descending), "10 9 5 2016-01-02 2016-01-01");
    assert_eq!(order(Direction::Ascending), "5 9 10 2016-01-01 2016-01-02");
}

use crate::format::plain;
