//! Whatever is stored, every form is written or is not there.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use spotlight_renderer::data::{DataError, DataSource, Definitions, NoDefinition, Row};
use spotlight_renderer::definition::query::Query;
use spotlight_renderer::page::PageOptions;
use spotlight_renderer::site::{Request, Site};
use spotlight_renderer::words::Language;

use super::*;

/// Module types that there are, and some that there are not.
const TYPES: [&str; 22] = [
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
    "tab",
    "section",
    "multi_stats",
    "nonsense",
    "completion_numbers",
];

/// Options that mean nothing.
fn broken(place: usize) -> Value {
    let evil = "</title><script>alert(1)</script>\u{1}\u{202e}[]:*?/\\'\"&";
    let options = [
        json!({"value-attribute": 7, "axes": "x", "format": {"type": []}}),
        json!({"value-attribute": evil, "axes": {"y": [null, 3, {"label": evil, "groupId": evil}]}, "format": evil}),
        json!({"axes": {"x": [{"key": evil}, {"key": ["_start_at", 5]}], "y": {}}, "group-mapping": {"(": 1, ".*": evil}}),
        json!({"numerator-matcher": "(", "denominator-matcher": 5, "matching-attribute": [], "max-bars": -1, "target": evil}),
        json!({"tabs": "none", "modules": 5, "label-attr": "fee", "label-regex": "(", "link-attr": "_id", "url-root": "javascript:"}),
    ];
    let mut module = json!({
        "slug": format!("m{place}"), "module-type": TYPES[place % TYPES.len()], "title": format!("{evil}{place}"),
        "description": evil, "info": [evil], "classes": evil,
    });
    let source = [
        json!({"data-group": "quay", "data-type": "takings", "query-params": {"period": "month", "collect": ["fee:sum"]}}),
        json!({"data-group": "quay", "data-type": "takings", "query-params": {"group_by": "fee", "period": "month"}}),
        json!({"data-group": "quay", "data-type": "takings"}),
    ];
    let fields = module.as_object_mut().unwrap();
    fields.extend(options[place % options.len()].as_object().unwrap().clone());
    fields.insert("data-source".to_owned(), source[place % source.len()].clone());
    module
}

/// One definition and one answer for all questions.
struct Stored(Arc<Value>);

#[async_trait]
impl Definitions for Stored {
    async fn dashboard(&self, _: &str) -> Result<Arc<Value>, NoDefinition> {
        Ok(self.0.clone())
    }

    async fn published(&self) -> Result<Vec<Value>, NoDefinition> {
        Ok(vec![Value::clone(&self.0)])
    }
}

#[async_trait]
impl DataSource for Stored {
    async fn rows(&self, _: &Query) -> Result<Vec<Row>, DataError> {
        let row = |month: u32, fee: Value| {
            json!({"_start_at": format!("2016-{month:02}-01T00:00:00Z"), "_end_at": format!("2016-{:02}-01T00:00:00Z", month + 1),
                "_timestamp": null, "fee": fee, "fee:sum": fee, "_count": 1e300, "_id": "</text><script>alert(1)</script>\u{1}"})
        };
        let rows = [
            row(1, json!(5)),
            row(2, Value::Null),
            row(3, json!("</svg><script>alert(1)</script>")),
            row(4, json!([1])),
        ];
        Ok(rows.into_iter().filter_map(|row| row.as_object().cloned()).collect())
    }
}

fn stored(modules: Vec<Value>) -> Stored {
    Stored(Arc::new(
        json!({"slug": "hostile", "title": "</title><script>alert(1)</script>", "published": true,
        "dashboard-type": "transaction", "department": {"title": "<script>alert(1)</script>"},
        "licence": "<script>alert(1)</script>", "licence-url": "javascript:alert(1)", "modules": modules}),
    ))
}

/// In how many forms a page was written.
async fn count(stored: &Stored, path: &str) -> usize {
    let site = Site { definitions: stored, data: stored, root: "/performance", language: Language::English };
    let now = "2016-06-15T10:00:00Z".parse().unwrap();
    let request = Request { path: path.to_owned(), parameters: Vec::new(), now };
    let answer = site.answer(&request).await;
    assert_eq!(answer.status, 200, "{path}");
    let options = PageOptions::default();
    let presenter = Presenter { options: &options, read_api: "", request: &request };
    let markup = [Form::Html, Form::Svg, Form::Atom, Form::Embed, Form::Slides];
    let data = [Form::Json, Form::Csv, Form::CsvMetadata, Form::Xlsx, Form::Zip];
    let mut written = 0;
    for form in markup.iter().chain(&data) {
        match write(*form, &answer, &presenter) {
            Ok(page) => {
                written += 1;
                let text = String::from_utf8_lossy(&page.body);
                assert!(!markup.contains(form) || !text.contains("<script>alert"), "{path} {form:?}: {text}");
            }
            Err(FormError::None) => {}
            Err(error) => panic!("{path} {form:?}: {error}"),
        }
    }
    written
}

#[tokio::test]
async fn a_thousand_broken_modules_are_calm_in_every_form() {
    let whole = stored((0..1000).map(broken).collect());
    assert_eq!(count(&whole, "/hostile").await, 5);
    assert_eq!(count(&whole, "/services").await, 5);
    assert_eq!(count(&whole, "/departments").await, 5);
    // each type with each of the broken options and each of the sources
    let mut written = 0;
    for place in 0..TYPES.len() * 15 {
        written += count(&stored(vec![broken(place)]), &format!("/hostile/m{place}")).await;
    }
    assert!(written > 1500, "only {written} were written");
}
