//! Definitions and figures in, pages out.

use async_trait::async_trait;
use serde_json::json;

use super::*;
use crate::data::{DataError, Row};
use crate::page::{self, PageOptions};

/// Answers every query with the same rows, or none at all.
struct Rows(Option<Value>);

#[async_trait]
impl DataSource for Rows {
    async fn query(&self, _: &str, _: &str, _: &str) -> Result<Vec<Row>, DataError> {
        let rows = self.0.clone().ok_or_else(|| DataError("no such data set".to_owned()))?;
        Ok(serde_json::from_value(rows).unwrap())
    }
}

async fn html(modules: Value, rows: Option<Value>) -> String {
    let definition =
        json!({"slug": "licences", "title": "Licences <b>", "published": true, "modules": modules});
    let context = Context {
        now: "2016-06-01T00:00:00Z".parse().unwrap(),
        root: "/performance".to_owned(),
        data_root: "/data".to_owned(),
    };
    let page = dashboard(&definition, &Rows(rows), &context).await;
    page::dashboard(&page, &PageOptions::default())
}

fn module(kind: &str, more: Value) -> Value {
    let mut module = json!({
        "slug": "applications", "module-type": kind, "title": "Applications",
        "data-source": {"data-group": "licences", "data-type": "applications", "query-params": {"period": "week"}},
    });
    module.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!([module])
}

#[tokio::test]
async fn a_time_series_shows_its_newest_figure_and_a_table() {
    let rows = json!([
        {"_start_at": "2016-02-01T00:00:00+00:00", "_end_at": "2016-02-08T00:00:00+00:00", "n:sum": 1200},
        {"_start_at": "2016-02-08T00:00:00+00:00", "_end_at": "2016-02-15T00:00:00+00:00", "n:sum": 1350},
        {"_start_at": "2016-02-15T00:00:00+00:00", "_end_at": "2016-02-22T00:00:00+00:00", "n:sum": null},
    ]);
    let html = html(
        module("single_timeseries", json!({"value-attribute": "n:sum", "format": "integer"})),
        Some(rows),
    )
    .await;
    for part in
        ["1.35k", "8 to 14 Feb 2016", "1,200", "<svg", "Licences &lt;b&gt;", "/data/licences/applications?"]
    {
        assert!(html.contains(part), "{part} is missing");
    }
}

#[tokio::test]
async fn a_kpi_shows_the_change() {
    let rows = json!([
        {"_timestamp": "2015-04-01T00:00:00Z", "end_at": "2016-04-01T00:00:00Z", "fee": 1320},
        {"_timestamp": "2015-01-01T00:00:00Z", "end_at": "2016-01-01T00:00:00Z", "fee": 1200},
    ]);
    let html = html(module("kpi", json!({"value-attribute": "fee", "format": "currency"})), Some(rows)).await;
    for part in ["£1,320", "+10%", "Apr 2015 to Mar 2016", "Jan to Dec 2015"] {
        assert!(html.contains(part), "{part} is missing");
    }
}

#[tokio::test]
async fn a_module_without_figures_does_not_take_the_page_down() {
    let html = html(module("single_timeseries", json!({})), None).await;
    assert!(html.contains("Applications") && !html.contains("applications-chart"));
}

#[tokio::test]
async fn every_type_bears_rows_that_it_did_not_expect() {
    let strange = json!([{}, {"_start_at": "never", "x": [1]}, {"_timestamp": 5, "_count": "many"}]);
    for kind in [
        "kpi",
        "single_timeseries",
        "grouped_timeseries",
        "completion_rate",
        "user_satisfaction_graph",
        "availability",
        "bar_chart_with_number",
        "column",
        "journey",
        "headline_figure",
        "realtime",
        "list",
        "table",
        "unheard_of",
    ] {
        for rows in [strange.clone(), json!([])] {
            assert!(
                html(module(kind, json!({"axes": {"y": [{"groupId": "a"}]}})), Some(rows))
                    .await
                    .contains("Applications")
            );
        }
    }
}
