use serde_json::{Value, json};

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::{Request, Site};
use crate::case::Case;
use crate::data::{DataError, DataSource, Definitions, NoDefinition, Row};
use crate::definition::query::Query;
use crate::format::Text;
use crate::view::{Facts, Headline, json};
use crate::words::Language;

async fn page(case: Value) -> Value {
    let mut case = case;
    if case.get("now").is_none() {
        case["now"] = "2016-06-15T10:00:00Z".into();
    }
    json::answer(&Case::new(case, "/performance").unwrap().render().await.answer)
}

async fn html(case: Value) -> String {
    Case::new(case, "/performance").unwrap().render().await.html
}

fn monthly(slug: &str) -> Value {
    json!({
        "slug": slug, "module-type": "single_timeseries", "title": "Fees", "value-attribute": "fee:sum",
        "data-source": {"data-group": "mooring", "data-type": "takings",
            "query-params": {"period": "month", "collect": ["fee:sum"]}},
    })
}

fn rows() -> Value {
    json!({"data": [
        {"_start_at": "2016-04-01T00:00:00+00:00", "_end_at": "2016-05-01T00:00:00+00:00", "fee:sum": 1},
        {"_start_at": "2016-05-01T00:00:00+00:00", "_end_at": "2016-06-01T00:00:00+00:00", "fee:sum": 2},
    ]})
}

fn dashboard(modules: Value) -> Value {
    json!({"slug": "quay", "title": "Quay", "dashboard-type": "transaction", "published": true, "modules": modules})
}

#[tokio::test]
async fn chosen_months_are_asked_for_and_stay_in_links() {
    let query =
        "collect=fee:sum&end_at=2016-06-01T00:00:00Z&flatten=true&period=month&start_at=2016-04-01T00:00:00Z";
    let case = json!({
        "path": "/performance/quay?from=2016-04&to=2016-05", "now": "2016-06-15T10:00:00Z",
        "definition": dashboard(json!([monthly("fees")])),
        "data": {"mooring/takings": {query: rows()}},
    });
    let found = page(case.clone()).await;
    assert_eq!(found["modules"][0]["table"]["rows"][1][1], "2");
    let html = html(case).await;
    assert!(html.contains(r#"<option value="2016-04" selected>April 2016"#), "the choice is not shown");
    assert!(html.contains("from=2016-04&amp;to=2016-05&amp;sortby.fees="), "sorting forgets the dates");
}

#[tokio::test]
async fn a_year_before_is_a_dashed_line_and_a_column() {
    let earlier = json!({"data": [
        {"_start_at": "2015-04-01T00:00:00+00:00", "_end_at": "2015-05-01T00:00:00+00:00", "fee:sum": 7},
        {"_start_at": "2015-05-01T00:00:00+00:00", "_end_at": "2015-06-01T00:00:00+00:00", "fee:sum": 8},
    ]});
    let before =
        "collect=fee:sum&end_at=2015-06-01T00:00:00Z&flatten=true&period=month&start_at=2015-04-01T00:00:00Z";
    let case = json!({
        "path": "/performance/quay?compare=previous_year", "now": "2016-06-15T10:00:00Z",
        "definition": dashboard(json!([monthly("fees")])),
        "data": {"mooring/takings": {
            "collect=fee:sum&duration=12&flatten=true&period=month": rows(),
            before: earlier,
        }},
    });
    let found = page(case.clone()).await;
    let table = &found["modules"][0]["table"];
    assert_eq!(table["head"][2], "Fees (a year before)");
    assert_eq!(table["rows"][1], json!(["1 to 31 May 2016", "2", "8"]));
    assert!(html(case).await.contains("dash"), "no dashed line");
}

#[tokio::test]
async fn dates_that_make_no_sense_are_said_to_be_wrong_and_not_heeded() {
    for (query, words) in [("from=2016-05&to=2016-04", "after the last"), ("from=may", "is not a month")] {
        let case = json!({
            "path": format!("/performance/quay?{query}"), "now": "2016-06-15T10:00:00Z",
            "definition": dashboard(json!([monthly("fees")])),
            "data": {"mooring/takings": {"collect=fee:sum&duration=12&flatten=true&period=month": rows()}},
        });
        let html = html(case).await;
        assert!(html.contains(words), "{query}: nothing says what is wrong");
        assert!(html.contains("May 2016"), "{query}: the usual dates are not shown");
    }
}

#[tokio::test]
async fn a_thousand_modules_and_hostile_texts_are_a_page() {
    let hostile = "<script>alert(1)</script>\"'&";
    let modules: Vec<Value> = (0..1000)
        .map(|n| {
            let mut module = monthly(&format!("m{n}"));
            module["title"] = hostile.into();
            module["module-type"] = if n % 2 == 0 { "single_timeseries".into() } else { hostile.into() };
            module
        })
        .collect();
    let mut definition = dashboard(modules.into());
    definition["title"] = hostile.into();
    definition["strapline"] = hostile.into();
    let case = json!({
        "path": "/performance/quay?sortby=%3Cscript%3E&filter=%22%3E", "now": "2016-06-15T10:00:00Z",
        "definition": definition, "data": {},
    });
    let html = html(case).await;
    assert!(!html.contains("<script>alert"), "a script got through");
}

#[tokio::test]
async fn what_is_broken_in_a_definition_breaks_nothing_else() {
    for broken in [
        json!(null),
        json!("text"),
        json!([1, null, "x", {}]),
        json!([{"module-type": "kpi", "axes": 5, "data-source": 7, "format": [], "classes": {}}]),
        json!([{"module-type": "section", "modules": {"a": 1}}, {"module-type": "tab", "tabs": 3}]),
        json!([{"module-type": "completion_rate", "slug": "c", "numerator-matcher": "(", "matching-attribute": 3,
            "data-source": {"data-group": "g", "data-type": "t", "query-params": []}}]),
    ] {
        let found = page(json!({"path": "/performance/quay", "definition": dashboard(broken.clone())})).await;
        assert_eq!(found["status"], 200, "{broken}");
    }
}

#[tokio::test]
async fn readers_choose_measures_and_services_without_any_are_listed() {
    let items = json!([
        {"slug": "a", "title": "A", "dashboard-type": "transaction"},
        {"slug": "b", "title": "B", "dashboard-type": "transaction"},
        {"slug": "c", "title": "C", "dashboard-type": "transaction"},
    ]);
    let values = json!({"data": [
        {"dashboard_slug": "a", "number_of_transactions": 2000, "digital_takeup": 0.2},
        {"dashboard_slug": "b", "number_of_transactions": 1000, "digital_takeup": 0.9},
        {"dashboard_slug": "c", "total_cost": 100},
    ]});
    let case = |data: Value| {
        json!({
            "path": "/performance/services?measure=digital_takeup&measure=total_cost",
            "list": {"items": items}, "data": data,
        })
    };
    let known =
        json!({"service-aggregates/latest-dataset-values": {"sort_by=_timestamp:descending": values}});
    let found = page(case(known)).await;
    assert_eq!(found["aggregates"][0]["value"], "£100");
    assert_eq!(found["aggregates"][1]["value"], "43.3%");
    assert_eq!(found["aggregates"][1]["caption"], "weighted average for 2 services out of 3");
    let found = page(case(json!({}))).await;
    assert_eq!((found["status"].clone(), found["count"].clone()), (json!(200), json!(3)));
}

#[tokio::test]
async fn a_dashboard_is_written_in_its_language() {
    let mut definition = dashboard(json!([monthly("fees")]));
    definition["language"] = "cy".into();
    let case = json!({
        "path": "/performance/quay", "now": "2016-06-15T10:00:00Z", "definition": definition,
        "data": {"mooring/takings": {"collect=fee:sum&duration=12&flatten=true&period=month": rows()}},
    });
    let html = html(case).await;
    for words in ["<html lang=\"cy\">", "1 i 31 Mai 2016", "Mai 2016: 2", "Dangos y data fel tabl"] {
        assert!(html.contains(words), "{words} is missing");
    }
    assert!(!html.contains("Show the data"), "English is left");
}

/// A source that answers nobody before so many have asked.
struct TogetherOnly {
    asked: tokio::sync::Barrier,
    definition: Arc<Value>,
}

#[async_trait]
impl DataSource for TogetherOnly {
    async fn rows(&self, _: &Query) -> Result<Vec<Row>, DataError> {
        self.asked.wait().await;
        Ok(serde_json::from_value(rows()["data"].clone()).unwrap())
    }
}

#[async_trait]
impl Definitions for TogetherOnly {
    async fn dashboard(&self, _: &str) -> Result<Arc<Value>, NoDefinition> {
        Ok(self.definition.clone())
    }

    async fn published(&self) -> Result<Vec<Value>, NoDefinition> {
        Err(NoDefinition(500))
    }
}

/// A source that answers for one data set and fails for all others, of which it knows some from before.
struct Failing {
    definition: Arc<Value>,
}

#[async_trait]
impl DataSource for Failing {
    async fn rows(&self, query: &Query) -> Result<Vec<Row>, DataError> {
        match query.data_type.as_str() {
            "takings" => Ok(serde_json::from_value(rows()["data"].clone()).unwrap()),
            _ => Err(DataError("gone".to_owned())),
        }
    }

    fn last_known(&self, query: &Query, _: &str) -> Option<(Arc<Facts>, DateTime<Utc>)> {
        let value = Some(Text::plain("77 boats"));
        let facts = Facts { headline: vec![Headline { value, ..Headline::default() }], ..Facts::default() };
        (query.data_type == "boats").then(|| (facts.into(), "2016-06-14T08:30:00Z".parse().unwrap()))
    }

    async fn updated(&self, _: &Query) -> Option<DateTime<Utc>> {
        "2016-06-07T08:30:00Z".parse().ok()
    }

    fn usual_pause(&self, _: &Query) -> Option<TimeDelta> {
        Some(TimeDelta::days(7))
    }
}

#[async_trait]
impl Definitions for Failing {
    async fn dashboard(&self, _: &str) -> Result<Arc<Value>, NoDefinition> {
        Ok(self.definition.clone())
    }

    async fn published(&self) -> Result<Vec<Value>, NoDefinition> {
        Err(NoDefinition(500))
    }
}

#[tokio::test]
async fn a_module_that_fails_shows_what_was_known_or_that_it_has_nothing() {
    let of = |slug: &str, data_type: &str| {
        let mut module = monthly(slug);
        module["data-source"]["data-type"] = data_type.into();
        module
    };
    let modules = json!([of("now", "takings"), of("then", "boats"), of("never", "gulls")]);
    let source = Failing { definition: Arc::new(dashboard(modules)) };
    let site =
        Site { definitions: &source, data: &source, root: "/performance", language: Language::English };
    let now = "2016-06-15T10:00:00Z".parse().unwrap();
    // with a comparison, too, what was known before is better than nothing
    for parameters in [vec![], vec![("compare".to_owned(), "previous_year".to_owned())]] {
        let request = Request { path: "/quay".to_owned(), parameters, now };
        let answer = site.answer(&request).await;
        let options = crate::page::PageOptions::default();
        let presenter = crate::present::Presenter { options: &options, read_api: "", request: &request };
        let html = presenter.html(&answer);
        for (slug, words) in [
            ("now", "May 2016"),
            ("then", "known on 14 June 2016 at 9:30am"),
            ("then", "77 boats"),
            ("never", "There was a problem getting this data."),
        ] {
            let module = html.split(&format!("<section id=\"{slug}\"")).nth(1).unwrap();
            let module = module.split("</section>").next().unwrap();
            assert!(module.contains(words), "{slug} does not say {words}: {module}");
        }
        assert_eq!(html.matches("known on").count(), 1);
        // whoever wants to compare is told what stands alone: what was known without a chart, and what has no year before
        let alone = html.matches("There are no earlier values to compare with.").count();
        assert_eq!(alone, if request.parameter("compare").is_some() { 2 } else { 0 });
    }
}

#[tokio::test]
async fn it_is_said_when_data_is_due_and_when_it_is_late() {
    let source = Failing { definition: Arc::new(dashboard(json!([monthly("fees")]))) };
    let site =
        Site { definitions: &source, data: &source, root: "/performance", language: Language::English };
    let said = async |path: &str, now: &str| {
        let request = Request { path: path.to_owned(), parameters: Vec::new(), now: now.parse().unwrap() };
        let answer = site.answer(&request).await;
        let options = crate::page::PageOptions::default();
        let presenter = crate::present::Presenter { options: &options, read_api: "", request: &request };
        (presenter.html(&answer), json::answer(&answer)["modules"][0]["next_update"]["late"].clone())
    };
    let (due, late) =
        ("The next update is expected by 14 June 2016", "New data was expected by 14 June 2016 at 9:30am.");
    let (own, on_time) = said("/quay/fees", "2016-06-14T08:00:00Z").await;
    assert!(own.contains(due) && on_time == false);
    let (dashboard, _) = said("/quay", "2016-06-14T08:00:00Z").await;
    assert!(!dashboard.contains(due) && !dashboard.contains(late), "a dashboard says only what is wrong");
    for path in ["/quay", "/quay/fees"] {
        let (page, is_late) = said(path, "2016-06-15T10:00:00Z").await;
        assert!(page.contains(late) && is_late == true, "{path}");
    }
}

#[tokio::test]
async fn all_modules_of_a_page_are_waited_for_at_the_same_time() {
    let inside =
        json!({"slug": "s", "module-type": "section", "title": "S", "modules": [monthly("d"), monthly("e")]});
    let modules = json!([monthly("a"), monthly("b"), inside]);
    let source =
        TogetherOnly { asked: tokio::sync::Barrier::new(4), definition: Arc::new(dashboard(modules)) };
    let site =
        Site { definitions: &source, data: &source, root: "/performance", language: Language::English };
    let request = Request {
        path: "/quay".to_owned(),
        parameters: Vec::new(),
        now: "2016-06-15T10:00:00Z".parse().unwrap(),
    };
    let answer = tokio::time::timeout(std::time::Duration::from_secs(30), site.answer(&request)).await;
    assert_eq!(answer.expect("modules wait for one another").status, 200);
}

#[tokio::test]
async fn a_journey_is_shown_for_the_week_that_was_chosen() {
    let journey = json!({
        "slug": "steps", "module-type": "journey", "title": "Steps", "matching-attribute": "step",
        "value-attribute": "n:sum", "axes": {"y": [{"label": "Start", "groupId": "start"}]},
        "data-source": {"data-group": "mooring", "data-type": "steps",
            "query-params": {"group_by": "step", "collect": ["n:sum"]}},
    });
    let query = |start: &str, end: &str| {
        format!("collect=n:sum&end_at={end}T00:00:00Z&flatten=true&group_by=step&start_at={start}T00:00:00Z")
    };
    let week = |n: i64| json!({"data": [{"step": "start", "n:sum": n}]});
    let case = |address: &str| {
        json!({
            "path": format!("/performance/quay/steps{address}"), "now": "2016-06-15T10:00:00Z",
            "definition": dashboard(json!([journey])),
            "data": {"mooring/steps": {
                query("2016-06-06", "2016-06-13"): week(77), query("2016-05-30", "2016-06-06"): week(55),
            }},
        })
    };
    for (address, shown) in
        [("", "77"), ("?week=2016-06-06", "77"), ("?week=2016-06-01", "55"), ("?week=x", "77")]
    {
        assert_eq!(page(case(address)).await["modules"][0]["table"]["rows"][0][0], shown, "{address}");
    }
    let chosen = html(case("?week=2016-05-30")).await;
    assert!(chosen.contains(r#"<option value="2016-05-30" selected>5 June 2016</option>"#), "{chosen}");
    let wrong = html(case("?week=2016-06-13")).await;
    assert!(
        wrong.contains("is not a day of a week that has ended"),
        "a week that is not over has no figures"
    );
}

#[tokio::test]
async fn a_legend_tells_totals_and_shares_and_leads_on() {
    async fn legend(y: Value, more: Value) -> String {
        let mut module = json!({"slug": "g", "title": "G", "module-type": "grouped_timeseries", "value-attribute": "n",
            "format": "integer", "axes": {"y": y}, "data-source": {"data-group": "quay", "data-type": "boats",
                "query-params": {"period": "month", "group_by": "channel"}}});
        module.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let may = |n: i64| json!([{"_start_at": "2016-05-01T00:00:00Z", "_end_at": "2016-06-01T00:00:00Z", "n": n}]);
        let rows = json!({"data": [{"channel": "web", "values": may(1100)}, {"channel": "post", "values": may(100)}]});
        let case = json!({
            "path": "/performance/quay", "now": "2016-06-15T10:00:00Z", "definition": dashboard(json!([module])),
            "data": {"quay/boats": {"duration=12&group_by=channel&period=month": rows}},
        });
        let html = html(case).await;
        html.split("legend-head").nth(1).unwrap().split("</div>").next().unwrap().to_owned()
    }
    let y = json!([{"groupId": "web", "label": "Web", "href": "/web"}, {"groupId": "post", "label": "Post", "href": "javascript:x"}]);
    let usual = legend(y.clone(), json!({"use_stack": true})).await;
    for words in ["total <strong>1,200</strong>", "1,100 (91.7%)", "<a href=\"/web\">Web</a>"] {
        assert!(usual.contains(words), "{words} is missing: {usual}");
    }
    assert!(!usual.contains("javascript"), "{usual}");
    let without = legend(y, json!({"use_stack": true, "show-total-label": false})).await;
    assert!(!without.contains("total") && without.contains("1,100 (91.7%)"), "{without}");
    // a line that is the total of the others is not counted once more
    let y = json!([{"groupId": "web", "label": "Web"}, {"groupId": "other", "label": "Other"}, {"groupId": "total", "label": "All"}]);
    let lines = legend(y, json!({})).await;
    assert!(
        lines.contains("1,100 (91.7%)") && lines.contains(">1,200<") && !lines.contains("total"),
        "{lines}"
    );
}
