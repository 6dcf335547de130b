//! Pages in Welsh have no English words but those that authors wrote: every word is one of the Welsh texts or of the definition
//! and its data.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use spotlight_renderer::case::Case;
use spotlight_renderer::page::{self, PageOptions};

/// Attributes that readers see or hear.
const SPOKEN: [&str; 6] = ["title", "aria-label", "alt", "content", "label", "data-label"];
/// Names of formats and of the product.
const NAMES: [&str; 7] = ["csv", "xlsx", "svg", "png", "json", "html", "performance"];

/// The words of three and more letters of a text, without those that were cut off.
fn words(text: &str) -> impl Iterator<Item = String> {
    let whole = text.split_whitespace().filter(|word| !word.ends_with('…'));
    whole
        .flat_map(|word| word.split(|c: char| !c.is_alphabetic()))
        .filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 2)
        .map(str::to_lowercase)
}

/// What of a page is read or heard: its texts, and attributes that are.
fn readable(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((text, tag)) = rest.split_once('<') {
        out.push_str(text);
        out.push(' ');
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        let spoken = SPOKEN
            .iter()
            .filter(|name| **name != "content" || tag.contains("description\"") || tag.contains("title\""));
        for name in spoken {
            if let Some((_, value)) = tag.split_once(&format!(" {name}=\"")) {
                out.push_str(value.split('"').next().unwrap());
                out.push(' ');
            }
        }
        let skipped = ["script", "style", "textarea"].iter().any(|name| tag.starts_with(name));
        rest = if skipped { &after[after.find("</").unwrap_or(after.len())..] } else { after };
    }
    [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\"")]
        .iter()
        .fold(out, |text, (from, to)| text.replace(from, to))
}

/// The words of the Welsh texts, without comments and names.
fn welsh() -> BTreeSet<String> {
    let texts = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("texts/cy.ftl")).unwrap();
    let said = texts.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let text = line.split_once(" = ").filter(|_| !line.starts_with(' ')).map_or(line, |(_, text)| text);
        let outside: Vec<&str> = text.split('{').map(|part| part.rsplit('}').next().unwrap()).collect();
        outside.join(" ").replace("[one]", "").replace("[other]", "")
    });
    said.flat_map(|line| words(&line).collect::<Vec<_>>()).chain(NAMES.map(str::to_owned)).collect()
}

/// All texts of a case, and the names of its members.
fn author(case: &Value) -> String {
    match case {
        Value::String(text) => format!("{text} "),
        Value::Array(values) => values.iter().map(author).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| format!("{name} {} ", author(value))).collect()
        }
        _ => String::new(),
    }
}

/// The words that are neither Welsh texts nor the author's.
fn foreign(html: &str, author: &str) -> BTreeSet<String> {
    let known: BTreeSet<String> = welsh().into_iter().chain(words(author)).collect();
    words(&readable(html)).filter(|word| !known.contains(word)).collect()
}

fn recorded() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/dashboards");
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let case: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        // what the page showed is no author's text
        let keys = ["now", "path", "definition", "list", "data", "registry_status"];
        let given = keys.iter().filter_map(|key| Some(((*key).to_owned(), case.get(*key)?.clone())));
        (path.file_stem().unwrap().to_string_lossy().into_owned(), Value::Object(given.collect()))
    };
    std::fs::read_dir(folder).unwrap().map(read).collect()
}

#[tokio::test]
async fn every_kind_of_page_is_in_welsh() {
    for (name, mut case) in recorded() {
        case["language"] = "cy".into();
        for parameters in [
            "",
            "from=2016-05&to=2016-04",
            "compare=previous_year",
            "measure=all",
            "view=multiples",
            "view=x&series=y",
        ] {
            let mut case = case.clone();
            let path = case["path"].as_str().unwrap().to_owned();
            let joint = if path.contains('?') { '&' } else { '?' };
            case["path"] = format!("{path}{joint}{parameters}").into();
            let author = author(&case);
            let html = Case::new(case, "/performance").unwrap().render().await.html;
            let found = foreign(&html, &author);
            assert!(found.is_empty(), "{name} with {parameters}: {found:?}");
        }
    }
}

#[tokio::test]
async fn pages_about_the_site_are_in_welsh() {
    let options = PageOptions { lang: "cy".to_owned(), ..PageOptions::default() };
    for html in [page::about(&options), page::accessibility(&options), page::prototypes(&[], &options)] {
        assert_eq!(foreign(&html, ""), BTreeSet::new());
    }
    for status in [404, 410, 501, 500] {
        let html = page::error(page::Failure::of_status(status), "/performance/x", &options);
        assert_eq!(foreign(&html, ""), BTreeSet::new(), "{status}");
    }
    for path in ["", "/search", "/search?q=xyz"] {
        let case =
            json!({"now": "2016-06-15T10:00:00Z", "path": format!("/performance{path}"), "language": "cy"});
        let author = author(&case);
        let html = Case::new(case, "/performance").unwrap().render().await.html;
        assert_eq!(foreign(&html, &author), BTreeSet::new(), "{path}");
    }
}

#[test]
fn an_english_word_is_found() {
    let page = "<p title=\"the author's\">Diweddaraf</p><p aria-label=\"Latest\">Mooring</p>";
    let found: Vec<String> = foreign(page, "title Mooring").into_iter().collect();
    assert_eq!(found, ["author", "latest", "the"]);
}
