//! Where data cannot be had now, what was shown last is shown again: also beside earlier values, where a reader wants them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use spotlight_renderer::data::{DataError, DataSource, Definitions, NoDefinition, Row};
use spotlight_renderer::definition::Module;
use spotlight_renderer::definition::query::Query;
use spotlight_renderer::module::{self, Scene, choice::Choice};
use spotlight_renderer::page::PageOptions;
use spotlight_renderer::present::Presenter;
use spotlight_renderer::site::{Request, Site};
use spotlight_renderer::view::{Facts, json};
use spotlight_renderer::words::Language;

fn module() -> Value {
    json!({
        "slug": "fees", "module-type": "single_timeseries", "title": "Fees", "value-attribute": "fee:sum",
        "data-source": {"data-group": "mooring", "data-type": "fees",
            "query-params": {"period": "month", "collect": ["fee:sum"]}},
    })
}

fn dashboard() -> Value {
    json!({"slug": "quay", "title": "Quay", "dashboard-type": "transaction", "published": true, "modules": [module()]})
}

/// A source that answers about the past only, and knows from before what it answered about May 2016.
struct PastOnly {
    definition: Arc<Value>,
    /// Whether it still answers about the past.
    answers: bool,
    /// Whether it knows from before what it answered about the past.
    knows: bool,
}

impl PastOnly {
    fn of(month: u32, year: i32, fee: u32) -> Vec<Row> {
        let row = json!({
            "_start_at": format!("{year}-{month:02}-01T00:00:00Z"), "_end_at": format!("{year}-{:02}-01T00:00:00Z", month + 1),
            "fee:sum": fee,
        });
        vec![row.as_object().unwrap().clone()]
    }

    fn facts(rows: Vec<Row>) -> Arc<Facts> {
        let fees = Module::parse(&module(), &module::defaults);
        let scene = Scene {
            now: "2016-06-15T10:00:00Z".parse().unwrap(),
            sort: None,
            choice: Choice::default(),
            own_page: false,
        };
        Arc::new(module::of(&fees.kind).unwrap().facts(&fees, rows, &scene))
    }
}

#[async_trait]
impl DataSource for PastOnly {
    async fn rows(&self, query: &Query) -> Result<Vec<Row>, DataError> {
        match query.parameter("start_at") {
            Some("2015-05-01T00:00:00Z") if self.answers => Ok(PastOnly::of(5, 2015, 30)),
            _ => Err(DataError("gone".to_owned())),
        }
    }

    fn last_known(&self, query: &Query, _: &str) -> Option<(Arc<Facts>, DateTime<Utc>)> {
        let facts = match query.parameter("start_at") {
            None => PastOnly::facts(PastOnly::of(5, 2016, 41)),
            Some("2015-05-01T00:00:00Z") if self.knows => PastOnly::facts(PastOnly::of(5, 2015, 29)),
            Some(_) => return None,
        };
        Some((facts, "2016-06-14T08:30:00Z".parse().unwrap()))
    }
}

#[async_trait]
impl Definitions for PastOnly {
    async fn dashboard(&self, _: &str) -> Result<Arc<Value>, NoDefinition> {
        Ok(self.definition.clone())
    }

    async fn published(&self) -> Result<Vec<Value>, NoDefinition> {
        Err(NoDefinition(500))
    }
}

#[tokio::test]
async fn what_was_known_before_is_compared_with_what_is_known_or_answered_of_the_past() {
    let alone = "There are no earlier values to compare with.";
    for (answers, knows, then) in [(true, false, Some("30")), (false, true, Some("29")), (false, false, None)]
    {
        let definition = Arc::new(dashboard());
        let source = PastOnly { definition, answers, knows };
        let site =
            Site { definitions: &source, data: &source, root: "/performance", language: Language::English };
        let request = Request {
            path: "/quay".to_owned(),
            parameters: vec![("compare".to_owned(), "previous_year".to_owned())],
            now: "2016-06-15T10:00:00Z".parse().unwrap(),
        };
        let answer = site.answer(&request).await;
        let options = PageOptions::default();
        let presenter = Presenter { options: &options, read_api: "", request: &request };
        let html = presenter.html(&answer);
        assert!(html.contains("known on 14 June 2016 at 9:30am"), "its age is said in any case");
        let table = json::answer(&answer)["modules"][0]["table"].clone();
        match then {
            Some(then) => {
                assert!(html.contains("line s1 dash") && !html.contains(alone), "{html}");
                assert_eq!(table["rows"][0].as_array().unwrap().last().unwrap(), then, "{table}");
            }
            None => assert!(html.contains(alone) && !html.contains("line s1 dash"), "{html}"),
        }
    }
}
