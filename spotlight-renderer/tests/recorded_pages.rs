//! Pages that an older system rendered, recorded as facts: ours show the same.
//!
//! Cases and modules that are marked as quirks are answered as readers would want; which ones differ is written down in
//! `conformance/pages_otherwise.txt`, so that a change of them is seen.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use spotlight_renderer::case::{Case, Rendered};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance")
}

fn cases() -> Vec<(String, Value)> {
    let mut cases: Vec<(String, Value)> = std::fs::read_dir(folder().join("dashboards"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        })
        .collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

async fn render(case: &Value) -> Rendered {
    Case::new(case.clone(), "/performance").unwrap().render().await
}

/// The visible text of what may be HTML.
fn text(value: &Value) -> Value {
    let Some(given) = value.as_str() else { return value.clone() };
    let mut out = String::new();
    let mut inside = false;
    for c in given.chars() {
        match c {
            '<' => (inside, out) = (true, out + " "),
            '>' if inside => (inside, out) = (false, out + ""),
            c if !inside => out.push(c),
            _ => {}
        }
    }
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(out, |text, (from, to)| text.replace(from, to));
    plain.split_whitespace().collect::<Vec<_>>().join(" ").into()
}

fn picked(value: &Value, keys: &[&str]) -> Map<String, Value> {
    let found = |key: &&str| Some(((*key).to_owned(), value.get(*key).filter(|v| !v.is_null())?.clone()));
    keys.iter().filter_map(found).collect()
}

fn cell(cell: &Value) -> Value {
    match cell {
        Value::Object(own) => own
            .iter()
            .filter(|(key, _)| ["text", "href", "full"].contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), if key == "href" { value.clone() } else { text(value) }))
            .collect::<Map<_, _>>()
            .into(),
        own if own == "" => Value::Null,
        own => text(own),
    }
}

fn table(table: &Value) -> Value {
    if table.is_null() {
        return Value::Null;
    }
    let mut out = picked(table, &["keys", "sorted"]);
    let row = |row: &Value| row.as_array().unwrap().iter().map(cell).collect::<Value>();
    out.insert("rows".to_owned(), table["rows"].as_array().unwrap().iter().map(row).collect());
    out.into()
}

fn headline(entry: &Value) -> Value {
    let mut out: Map<String, Value> =
        picked(entry, &["name", "value", "full", "label"]).into_iter().map(|(k, v)| (k, text(&v))).collect();
    out.retain(|_, value| value != "");
    if let Some(trend) = entry["trend"].as_array() {
        let words: BTreeSet<&str> = trend.iter().filter_map(Value::as_str).collect();
        out.insert("trend".to_owned(), words.into_iter().collect::<Vec<_>>().into());
    }
    out.into()
}

/// What of a module is compared.
fn module(module: &Value) -> Value {
    let mut out = picked(module, &["slug", "type", "items", "links"]);
    out.insert("title".to_owned(), text(&module["title"]));
    out.insert("description".to_owned(), text(&module["description"]));
    if module["error"] == true {
        out.insert("error".to_owned(), true.into());
        return out.into();
    }
    if let Some(own) = module["headline"].as_array() {
        out.insert("headline".to_owned(), own.iter().map(headline).collect());
    }
    if let Some(own) = module.get("table") {
        out.insert("table".to_owned(), table(own));
    }
    if let Some(own) = module["modules"].as_array() {
        out.insert("modules".to_owned(), own.iter().map(self::module).collect());
    }
    out.into()
}

/// What of a page is compared.
fn page(page: &Value) -> Value {
    let mut out = picked(
        page,
        &["status", "page", "error", "count", "counts", "departments", "agencies", "selected", "headers"],
    );
    for key in ["strapline", "heading", "heading_link"] {
        out.extend(page.get(key).filter(|v| !v.is_null()).map(|value| (key.to_owned(), text(value))));
    }
    out.extend(page.get("prototype_warning").map(|own| ("prototype_warning".to_owned(), own.clone())));
    out.extend(page.get("related").map(|related| ("related".to_owned(), related.clone())));
    let fact = |fact: &Value| Value::from(vec![text(&fact[0]), text(&fact[1])]);
    let facts = page["footer"]["facts"].as_array();
    out.extend(facts.map(|facts| ("facts".to_owned(), facts.iter().map(fact).collect())));
    let figure = |figure: &Value| Value::from(vec![figure["key"].clone(), text(&figure["value"])]);
    let aggregates = page["aggregates"].as_array();
    out.extend(aggregates.map(|own| ("aggregates".to_owned(), own.iter().map(figure).collect())));
    out.extend(page.get("table").map(|own| ("table".to_owned(), table(own))));
    out.into()
}

/// Where an answer is not what is wanted; more than was wanted is welcome.
fn differences(wanted: &Value, given: &Value, place: &str, out: &mut Vec<String>) {
    let empty =
        |value: &Value| value.is_null() || *value == "" || value.as_array().is_some_and(Vec::is_empty);
    match (wanted, given) {
        (Value::Object(wanted), Value::Object(_)) => {
            for (key, value) in wanted {
                differences(value, &given[key], &format!("{place}.{key}"), out);
            }
        }
        (Value::Array(wanted), Value::Array(given)) if wanted.len() == given.len() => {
            for (index, (wanted, given)) in wanted.iter().zip(given).enumerate() {
                differences(wanted, given, &format!("{place}[{index}]"), out);
            }
        }
        _ if wanted == given || empty(wanted) && empty(given) => {}
        _ => out.push(format!("{place}: {given} and not {wanted}")),
    }
}

fn queries(requests: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut queries: Vec<_> = requests
        .as_array()
        .into_iter()
        .flatten()
        .map(|request| (text(&request["module"]), text(&request["path"]), text(&request["query"])))
        .collect();
    queries.sort();
    queries
}

#[tokio::test]
async fn pages_show_what_was_recorded() {
    let mut failures = Vec::new();
    let mut otherwise = BTreeSet::new();
    let mut compared = 0;
    for (name, case) in cases() {
        let rendered = render(&case).await.to_json();
        let (wanted, given) = (&case["expected"], &rendered["page"]);
        if wanted["no_answer"] == true {
            continue;
        }
        let quirk = case.get("quirk").is_some();
        let mut found = Vec::new();
        differences(&page(wanted), &page(given), "", &mut found);
        if !quirk && case["requests"].as_array().is_some_and(|own| !own.is_empty()) {
            let (wanted, given) = (queries(&case["requests"]), queries(&rendered["requests"]));
            if wanted != given {
                found.push(format!(" asks {given:?} and not {wanted:?}"));
            }
        }
        let modules = |page: &Value| page["modules"].as_array().cloned().unwrap_or_default();
        let slugs = |page: &Value| modules(page).iter().map(|own| own["slug"].clone()).collect::<Vec<_>>();
        if slugs(wanted) != slugs(given) {
            found.push(format!(" has the modules {:?} and not {:?}", slugs(given), slugs(wanted)));
        }
        compared += 1;
        let mut judge = |id: String, odd: bool, found: Vec<String>| {
            if odd && !found.is_empty() {
                otherwise.insert(id);
            } else {
                failures.extend(found.into_iter().map(|difference| format!("{id}{difference}")));
            }
        };
        judge(name.clone(), quirk, found);
        for (wanted, given) in modules(wanted).iter().zip(modules(given)) {
            let slug = wanted["slug"].as_str().unwrap();
            let mut found = Vec::new();
            differences(&module(wanted), &module(&given), "", &mut found);
            judge(format!("{name}/{slug}"), quirk || case["module_quirks"].get(slug).is_some(), found);
        }
    }
    assert!(compared > 100, "only {compared} cases were found");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let listed = std::fs::read_to_string(folder().join("pages_otherwise.txt")).unwrap();
    let listed: BTreeSet<String> = listed
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    assert_eq!(otherwise, listed, "conformance/pages_otherwise.txt is not what differs");
}

/// Every text of a figure, table or list in the facts.
fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(own) => {
            for key in ["headline", "rows", "items", "modules", "table", "value", "text", "full"] {
                own.get(key).into_iter().for_each(|inner| texts(inner, out));
            }
        }
        Value::Array(own) => own.iter().for_each(|inner| texts(inner, out)),
        Value::String(own) if !own.trim().is_empty() => out.push(own.clone()),
        _ => {}
    }
}

#[tokio::test]
async fn every_fact_of_the_json_stands_in_the_html() {
    for (name, case) in cases() {
        let rendered = render(&case).await;
        let visible = text(&rendered.html.clone().into());
        let visible = visible.as_str().unwrap();
        let mut facts = Vec::new();
        texts(&rendered.to_json()["page"], &mut facts);
        for fact in facts {
            let fact = text(&fact.into());
            // the page names the period instead, which is right whatever its length
            let fact = fact.as_str().unwrap().trim_end_matches(" on last week");
            // what an abbreviation stands for is in its title
            let in_title = rendered.html.contains(&format!("title=\"{fact}\""));
            assert!(visible.contains(fact) || in_title, "{name}: {fact} is not on the page");
        }
    }
}
