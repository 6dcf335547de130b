//! What is wrong with a definition, to be mended before it is published.
//!
//! Pages bear any definition: what cannot be understood is left out. Here it is said what that would be.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use query_lang::Policy;
use serde_json::{Value, json};

use crate::data::{DataSource, Row};
use crate::definition::query::Query;
use crate::definition::{Module, marks, nearest, text};
use crate::format::plain;
use crate::page::plain_text;
use crate::rows::group;
use crate::{module, page, pattern};

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The path of slugs to the module that it is about; empty if it is about the dashboard.
    pub place: String,
    /// What is wrong, and what would be right.
    pub says: String,
}

impl Problem {
    /// As an object with `module` and `problem`.
    pub fn to_json(&self) -> Value {
        json!({"module": self.place, "problem": self.says})
    }
}

/// What whoever stores dashboards lets them be.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Slugs that are the addresses of other pages.
    pub reserved_slugs: &'static [&'static str],
    /// The types of dashboards.
    pub dashboard_types: &'static [&'static str],
}

/// Options without which a module has nothing to show.
const NEEDED: [(&str, &[&str]); 9] = [
    ("kpi", &["value-attribute"]),
    ("grouped_timeseries", &["value-attribute"]),
    ("comparison", &["value-attribute"]),
    (
        "completion_rate",
        &["value-attribute", "matching-attribute", "numerator-matcher", "denominator-matcher"],
    ),
    (
        "completion_table",
        &["value-attribute", "matching-attribute", "numerator-matcher", "denominator-matcher", "category"],
    ),
    ("user_satisfaction", &["value-attribute"]),
    ("user_satisfaction_graph", &["value-attribute"]),
    ("headline_figure", &["pin-to", "target"]),
    ("list", &["label-attr"]),
];
/// Types whose charts are along time, so that annotations and targets can be marked on them.
const ALONG_TIME: [&str; 7] = [
    "single_timeseries",
    "grouped_timeseries",
    "comparison",
    "bar_chart_with_number",
    "completion_rate",
    "user_satisfaction_graph",
    "availability",
];
/// Options that are regular expressions.
const PATTERNS: [&str; 3] = ["numerator-matcher", "denominator-matcher", "label-regex"];

/// What is wrong with a definition, the queries of its modules and what they find included.
pub async fn problems(
    definition: &Value,
    rules: Rules,
    data: &dyn DataSource,
    now: DateTime<Utc>,
) -> Vec<Problem> {
    let mut found: Vec<Problem> = of_dashboard(definition, rules)
        .into_iter()
        .map(|says| Problem { place: String::new(), says })
        .collect();
    let modules = definition["modules"].as_array().map(Vec::as_slice).unwrap_or_default();
    if modules.is_empty() {
        found.push(Problem { place: String::new(), says: "it has no modules".to_owned() });
    }
    of_modules(modules, "", data, now, &mut found).await;
    found
}

fn of_dashboard(definition: &Value, rules: Rules) -> Vec<String> {
    let mut says = Vec::new();
    match text(definition, "slug") {
        Some(slug) if rules.reserved_slugs.contains(&slug.as_str()) => {
            says.push(format!("the slug `{slug}` is the address of another page"));
        }
        slug => says.extend(wrong_slug(slug.as_deref())),
    }
    if text(definition, "title").is_none() {
        says.push("it has no title".to_owned());
    }
    let types = rules.dashboard_types;
    match text(definition, "dashboard-type") {
        Some(kind) if types.contains(&kind.as_str()) => {}
        Some(kind) => says.push(format!("the dashboard-type `{kind}` is not one of {}", types.join(", "))),
        None => says.push(format!("it has no dashboard-type: it is one of {}", types.join(", "))),
    }
    let related = &definition["relatedPages"];
    let others = related["other"].as_array().map(Vec::as_slice).unwrap_or_default();
    for url in others.iter().chain([&related["transaction"]]).filter_map(|link| text(link, "url")) {
        if page::followed(&url).is_none() {
            says.push(format!("nobody can follow the link to `{url}`: it needs http, https or mailto"));
        }
    }
    says
}

fn wrong_slug(slug: Option<&str>) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match slug {
        None => Some("it has no slug".to_owned()),
        Some(slug) if !slug.chars().all(allowed) => {
            Some(format!("the slug `{slug}` has something else than lower-case letters, digits and hyphens"))
        }
        Some(_) => None,
    }
}

/// Modules beside each other, and what is inside them.
fn of_modules<'a>(
    modules: &'a [Value],
    above: &'a str,
    data: &'a dyn DataSource,
    now: DateTime<Utc>,
    found: &'a mut Vec<Problem>,
) -> BoxFuture<'a, ()> {
    Box::pin(async move {
        let mut slugs: Vec<String> = Vec::new();
        for (place, stored) in modules.iter().enumerate() {
            let slug = text(stored, "slug");
            let name = slug.clone().unwrap_or_else(|| format!("number {}", place + 1));
            let path = if above.is_empty() { name } else { format!("{above}/{name}") };
            let mut says = of_module(stored);
            if let Some(slug) = slug.filter(|slug| !slug.is_empty()) {
                if slugs.contains(&slug) {
                    says.push(format!("another module here has the slug `{slug}`, too"));
                }
                slugs.push(slug);
            }
            let parsed = Module::parse(stored, &module::defaults);
            if let Some(kind) = module::of(&parsed.kind) {
                says.extend(of_data(&parsed, kind, data, now).await);
            }
            found.extend(says.into_iter().map(|says| Problem { place: path.clone(), says }));
            for inside in ["modules", "tabs"].iter().filter_map(|key| stored[*key].as_array()) {
                of_modules(inside, &path, data, now, found).await;
            }
        }
    })
}

/// What can be seen of a module by itself.
fn of_module(stored: &Value) -> Vec<String> {
    let mut says: Vec<String> = wrong_slug(text(stored, "slug").as_deref()).into_iter().collect();
    let kind = nearest(&text(stored, "module-type").unwrap_or_default()).to_owned();
    if kind.is_empty() {
        says.push("it has no module-type".to_owned());
    } else if !module::is_known(&kind) {
        says.push(format!("the module-type `{kind}` is not known: its data is shown as a table"));
    }
    if text(stored, "title").is_none_or(|title| plain_text(&title).trim().is_empty()) {
        says.push("it has no title".to_owned());
    }
    let needed = NEEDED.iter().find(|(own, _)| *own == kind).map_or(&[][..], |(_, needed)| needed);
    let missing = needed.iter().filter(|key| stored[**key].is_null() || stored[**key] == "");
    says.extend(missing.map(|key| format!("it has no {key}")));
    for key in PATTERNS {
        let given = text(stored, key);
        says.extend(
            given.filter(|given| pattern::read(given).is_none()).map(|given| no_pattern(key, &given)),
        );
    }
    let mapped = stored["group-mapping"].as_object();
    let broken = mapped.into_iter().flatten().filter(|(given, _)| pattern::read(given).is_none());
    says.extend(broken.map(|(given, _)| no_pattern("group-mapping", given)));
    says.extend(marks::problems(
        stored,
        (ALONG_TIME.contains(&kind.as_str()), kind == "kpi" || ALONG_TIME.contains(&kind.as_str())),
    ));
    if ["grouped_timeseries", "comparison", "journey"].contains(&kind.as_str()) {
        let axes = stored["axes"]["y"].as_array().map(Vec::as_slice).unwrap_or_default();
        if axes.is_empty() {
            says.push("it has no axes.y: each names a groupId and a label".to_owned());
        }
        let nameless = axes.iter().filter(|axis| axis["groupId"].is_null()).count();
        if nameless > 0 {
            says.push(format!("{nameless} of its axes.y have no groupId"));
        }
    }
    says
}

fn no_pattern(key: &str, given: &str) -> String {
    format!("{key}: `{given}` is not a regular expression")
}

/// What its query and its data tell.
async fn of_data(
    definition: &Module,
    kind: &dyn module::Type,
    data: &dyn DataSource,
    now: DateTime<Utc>,
) -> Option<String> {
    let wishes = kind.wishes(definition, now);
    let Some(query) = Query::of(definition, &wishes, now) else {
        return Some("it has no data-source with a data-group and a data-type".to_owned());
    };
    let policy = Policy { raw_queries_allowed: true };
    if let Err(error) = query_lang::parse(&query.query_string(), &policy, now) {
        return Some(format!("its query is refused: {error}"));
    }
    match data.rows(&query).await {
        Err(error) => Some(format!("its data cannot be had: {error}")),
        Ok(rows) if rows.is_empty() => Some("there is no data for its query yet".to_owned()),
        Ok(rows) => unknown_groups(definition, rows),
    }
}

/// Axes about groups that no row has. Groups that others are mapped to, the rest and the total need none.
fn unknown_groups(definition: &Module, rows: Vec<Row>) -> Option<String> {
    let mut known: Vec<String> = match definition.kind.as_str() {
        "grouped_timeseries" | "comparison" => {
            let groups = group::groups(rows, &definition.group_by());
            let mapped = definition.options["group-mapping"].as_object().into_iter().flatten();
            let mapped = mapped.filter_map(|(_, target)| target.as_str().map(str::to_owned));
            groups.iter().map(group::Group::name).chain(mapped).collect()
        }
        "journey" => {
            let field = definition.text("matching-attribute").unwrap_or("eventCategory");
            rows.iter().filter_map(|row| row.get(field).map(plain)).collect()
        }
        _ => return None,
    };
    known.extend(["other".to_owned(), "total".to_owned()]);
    let axes = definition.axes();
    let unknown: Vec<&str> = axes
        .y
        .iter()
        .filter_map(|axis| axis.group.as_deref())
        .filter(|group| !known.iter().any(|own| own == group || *own == plain_text(group)))
        .collect();
    (!unknown.is_empty()).then(|| {
        known.truncate(known.len() - 2);
        format!("no data has the groupId {}; there are {}", unknown.join(", "), known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;

    const RULES: Rules = Rules { reserved_slugs: &["search"], dashboard_types: &["transaction", "other"] };

    async fn lint(definition: Value) -> Vec<String> {
        let rows = json!({"data": [
            {"channel": "web", "values": [{"_start_at": "2016-05-01T00:00:00Z", "_end_at": "2016-06-01T00:00:00Z", "n": 1}]},
        ]});
        let case = json!({
            "path": "/performance/quay", "now": "2016-06-15T10:00:00Z", "definition": definition,
            "data": {"quay/boats": {"duration=12&group_by=channel&period=month": rows}},
        });
        Case::new(case, "/performance")
            .unwrap()
            .problems(RULES)
            .await
            .iter()
            .map(|found| {
                if found.place.is_empty() {
                    found.says.clone()
                } else {
                    format!("{}: {}", found.place, found.says)
                }
            })
            .collect()
    }

    fn boats(more: Value) -> Value {
        let mut module = json!({
            "slug": "boats", "title": "Boats", "module-type": "grouped_timeseries", "value-attribute": "n",
            "axes": {"y": [{"groupId": "web", "label": "Online"}, {"groupId": "other", "label": "Other"}]},
            "data-source": {"data-group": "quay", "data-type": "boats",
                "query-params": {"period": "month", "group_by": "channel"}},
        });
        module.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        module
    }

    fn with(modules: Value) -> Value {
        json!({"slug": "quay", "title": "Quay", "dashboard-type": "transaction", "modules": modules})
    }

    #[tokio::test]
    async fn a_good_definition_has_no_problems() {
        assert_eq!(lint(with(json!([boats(json!({}))]))).await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_dashboard_is_said() {
        let definition = json!({"slug": "search", "dashboard-type": "x", "relatedPages": {"transaction": {"url": "javascript:x"}}});
        assert_eq!(
            lint(definition).await,
            [
                "the slug `search` is the address of another page",
                "it has no title",
                "the dashboard-type `x` is not one of transaction, other",
                "nobody can follow the link to `javascript:x`: it needs http, https or mailto",
                "it has no modules",
            ]
        );
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_module_is_said_with_its_place() {
        let section = |inside: Value| {
            with(json!([{"slug": "s", "title": "S", "module-type": "section", "modules": inside}]))
        };
        for (module, says) in [
            (
                json!({"slug": "a", "title": "A", "module-type": "pie"}),
                "s/a: the module-type `pie` is not known: its data is shown as a table",
            ),
            (
                boats(json!({"slug": "A b"})),
                "s/A b: the slug `A b` has something else than lower-case letters, digits and hyphens",
            ),
            (
                boats(json!({"axes": {"y": [{"groupId": "fax", "label": "Fax"}]}})),
                "s/boats: no data has the groupId fax; there are web",
            ),
            (
                boats(json!({"group-mapping": {"(": "web"}})),
                "s/boats: group-mapping: `(` is not a regular expression",
            ),
            (
                boats(
                    json!({"module-type": "completion_rate", "matching-attribute": "channel", "numerator-matcher": "["}),
                ),
                "s/boats: it has no denominator-matcher",
            ),
            (
                boats(
                    json!({"module-type": "completion_rate", "matching-attribute": "channel", "numerator-matcher": "["}),
                ),
                "s/boats: numerator-matcher: `[` is not a regular expression",
            ),
            (
                boats(json!({"data-source": {"data-group": "quay"}})),
                "s/boats: it has no data-source with a data-group and a data-type",
            ),
            (
                boats(json!({"data-source": {"data-group": "quay", "data-type": "gulls"}})),
                "s/boats: its data cannot be had: the answer has no data",
            ),
            (
                boats(
                    json!({"data-source": {"data-group": "quay", "data-type": "boats", "query-params": {"period": "fortnight"}}}),
                ),
                "s/boats: its query is refused: ",
            ),
        ] {
            let found = lint(section(json!([module]))).await;
            assert!(found.iter().any(|found| found.starts_with(says)), "{says} is not among {found:?}");
        }
        let marked = json!({
            "annotations": [{"text": "x"}, {"date": "May", "text": {"cy": "y"}, "href": "ftp://x"}, {"from": "2016-05-02", "to": "2016-05-01"}],
            "targets": [{"value": "much"}, {"value": 1, "is": "about", "groupId": "fax"}],
        });
        assert_eq!(
            lint(section(json!([boats(marked)]))).await,
            [
                "s/boats: annotation 1: it has no date: `date` is a day, or `from` and `to` are the first and the last one",
                "s/boats: annotation 2: nobody can follow the link to `ftp://x`: it needs http, https or mailto",
                "s/boats: annotation 2: `date` is not a day such as 2016-05-31",
                "s/boats: annotation 3: it has no text: a text, or `en` and `cy` with one",
                "s/boats: annotation 3: `from` is after `to`",
                "s/boats: target 1: its value is not a number",
                "s/boats: target 2: `is` is `about` and not `at-least` or `at-most`",
                "s/boats: target 2: no axis has the groupId `fax`",
            ]
        );
        let unmarked = json!({"slug": "a", "title": "A", "module-type": "list", "label-attr": "x", "annotations": [], "targets": {}});
        let says = lint(section(json!([unmarked]))).await;
        assert!(
            says[0].ends_with("this type of module shows no annotations")
                && says[1].ends_with("targets is not a list"),
            "{says:?}"
        );
        let twice = lint(section(json!([boats(json!({})), boats(json!({}))]))).await;
        assert_eq!(twice, ["s/boats: another module here has the slug `boats`, too"]);
    }

    #[tokio::test]
    async fn any_definition_can_be_looked_at() {
        for broken in [json!(null), json!("text"), json!([1, null, "x", {}]), json!({"a": 1})] {
            assert!(!lint(with(broken)).await.is_empty());
        }
    }
}
