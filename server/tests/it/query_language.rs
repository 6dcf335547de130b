//! Asks every question of `docs/query-language.md` and compares the answers with those on the page.
//!
//! On the page, a block ```` ```query ```` is a question and the block after it the answer: `json` (the body), `csv` and
//! `ndjson` (the body), or `http` (the status and headers that matter). Every row of a table whose first cell is a question
//! and whose second is a refusal is asked too. After a change that is meant, `BLESS=1 cargo test -p performance-platform
//! --test query_language` writes the new answers into the page, to be read before they are committed.

use std::io;
use std::path::PathBuf;

use crate::support::{ADMIN, Answer, TestServer};
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};
use serde_json::{Value, json};

/// The present, as the page says.
const NOW: (&str, &str) = ("x-test-now", "2026-06-01T09:00:00Z");
/// The data set of the page.
const OPEN: &str = "/data/island-ferries/crossings";
/// One with the same records that does not show them.
const STRICT: &str = "/data/island-ferries/daily-crossings";
/// One with the same records that is not published.
const DRAFT: &str = "/data/island-ferries/draft-crossings";

fn page() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/query-language.md")
}

/// Three data sets with the records of the page.
async fn server(records: &str) -> TestServer {
    let server = TestServer::start().await;
    server.json("POST", "/admin-api/data-groups", ADMIN, &json!({"name": "island-ferries"})).await;
    for (path, raw, published) in [(OPEN, true, true), (STRICT, false, true), (DRAFT, true, false)] {
        let name = path.rsplit('/').next().unwrap();
        server.json("POST", "/admin-api/data-types", ADMIN, &json!({"name": name})).await;
        let definition = json!({
            "data_group": "island-ferries", "data_type": name, "bearer_token": "a-ferry-token",
            "raw_queries_allowed": raw, "published": published,
        });
        let made = server.json("POST", "/admin-api/data-sets", ADMIN, &definition).await;
        assert_eq!(made.status, 200, "{}", made.text());
        let headers = [NOW, ("authorization", "Bearer a-ferry-token"), ("content-type", "application/json")];
        let stored = server.send(&server.everything, "POST", path, &headers, records.into()).await;
        assert_eq!(stored.status, 200, "{}", stored.text());
    }
    server
}

async fn ask(server: &TestServer, path: &str, query: &str) -> Answer {
    let mut headers = vec![NOW];
    if query.contains("explain=true") {
        headers.push(("authorization", "Bearer a-ferry-token"));
    }
    let path = format!("{path}?{}", query_lang::for_url(query));
    server.send(&server.everything, "GET", &path, &headers, Vec::new()).await
}

/// A block between fences, with the numbers of its first line and of the line after its last.
struct Block<'a> {
    kind: &'a str,
    lines: std::ops::Range<usize>,
}

fn blocks<'a>(lines: &[&'a str]) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, usize)> = None;
    for (number, line) in lines.iter().enumerate() {
        let Some(kind) = line.strip_prefix("```") else { continue };
        open = match open {
            None => Some((kind, number + 1)),
            Some((kind, first)) => {
                blocks.push(Block { kind, lines: first..number });
                None
            }
        };
    }
    assert!(open.is_none(), "a block is never closed");
    blocks
}

/// The answer in the form that the page has it in.
fn shown(kind: &str, answer: &Answer) -> String {
    match kind {
        "json" => {
            let value = answer.value();
            let Some(rows) = value["data"].as_array() else { return object(&value) };
            let rows: Vec<String> = rows.iter().map(|row| format!("  {}", spaced(row))).collect();
            let mut rest = value.as_object().unwrap().clone();
            rest.shift_remove("data");
            let rest: String =
                rest.iter().map(|(key, value)| format!(", \"{key}\": {}", spaced(value))).collect();
            if rows.is_empty() {
                return format!("{{\"data\": []{rest}}}");
            }
            format!("{{\"data\": [\n{}\n]{rest}}}", rows.join(",\n"))
        }
        "http" => {
            let names = ["content-type", "content-disposition", "cache-control", "warning", "link"];
            let names =
                names.into_iter().chain(["x-refused-parameter", "x-refused-position", "x-unknown-keys"]);
            let headers = names.filter_map(|name| Some(format!("{name}: {}", answer.header(name)?)));
            let status = answer.status.to_string();
            [status].into_iter().chain(headers).collect::<Vec<_>>().join("\n")
        }
        "csv" | "ndjson" => answer.text().replace("\r\n", "\n").trim_end().to_owned(),
        other => panic!("no answer can be shown as {other}"),
    }
}

/// One line of JSON with blanks where people put them.
fn spaced(value: &Value) -> String {
    struct Spaced(CompactFormatter);
    impl Formatter for Spaced {
        fn begin_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
            if first { Ok(()) } else { out.write_all(b", ") }
        }
        fn begin_object_key<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
            if first { Ok(()) } else { out.write_all(b", ") }
        }
        fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
            self.0.begin_object_value(out)?;
            out.write_all(b" ")
        }
    }
    let mut text = Vec::new();
    value
        .serialize(&mut serde_json::Serializer::with_formatter(&mut text, Spaced(CompactFormatter)))
        .unwrap();
    String::from_utf8(text).unwrap()
}

/// A small object on one line, a large one on several.
fn object(value: &Value) -> String {
    let line = spaced(value);
    if line.len() <= 100 { line } else { serde_json::to_string_pretty(value).unwrap() }
}

/// An answer without the figures that differ from run to run and from machine to machine: times, sizes, and the last digits
/// of what was added up in another order.
fn steady(text: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    for name in ["bytes", "milliseconds", "version"] {
        if let Some(figures) = value.get_mut(name) {
            *figures = json!("whatever it is");
        }
    }
    round(&mut value);
    value.to_string()
}

fn round(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            *value = format!("{:.11e}", number.as_f64().unwrap()).into()
        }
        Value::Array(values) => values.iter_mut().for_each(round),
        Value::Object(fields) => fields.values_mut().for_each(round),
        _ => {}
    }
}

/// A row of a table of refusals: the question and the message.
fn refusal(line: &str) -> Option<(&str, &str)> {
    let (question, message) = line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | ")?;
    // Rows of other tables hold no question in their first cell, or more than a message behind it.
    let (name, _) = question.split_once('=')?;
    let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    (is_name && !message.contains(" | ")).then_some((question, message))
}

#[tokio::test]
async fn every_example_of_the_page_is_answered_as_it_says() {
    let text = std::fs::read_to_string(page()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let blocks = blocks(&lines);
    let body = |block: &Block<'_>| lines[block.lines.clone()].join("\n");
    let records = blocks.iter().find(|block| block.kind == "json records").expect("the page has records");
    let server = server(&body(records)).await;

    let mut page: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let mut wrong = Vec::new();
    let mut examples = 0;
    // From the end, so that the numbers of lines before stay what they are.
    for (question, answer) in blocks.iter().zip(&blocks[1..]).rev() {
        let path = match question.kind {
            "query" => OPEN,
            "query draft" => DRAFT,
            _ => continue,
        };
        examples += 1;
        let query = lines[question.lines.clone()].iter().map(|line| line.trim()).collect::<String>();
        let found = shown(answer.kind, &ask(&server, path, &query).await);
        if steady(&body(answer)) != steady(&found) {
            wrong.push(format!("line {}: {query}\n{found}", answer.lines.start + 1));
            page.splice(answer.lines.clone(), found.lines().map(str::to_owned));
        }
    }
    let mut heading = "";
    for (number, line) in lines.iter().enumerate() {
        if line.starts_with('#') {
            heading = line;
        }
        let Some((query, message)) = refusal(line) else { continue };
        examples += 1;
        let path = if heading.contains("single records") { STRICT } else { OPEN };
        let answer = ask(&server, path, query).await;
        let found = answer.value()["message"].as_str().unwrap_or("answered").to_owned();
        if answer.status != 400 || found != message {
            wrong.push(format!("line {}: {query}\n{found}", number + 1));
            if let Some(row) = page.iter_mut().find(|row| row == line) {
                *row = format!("| `{query}` | {found} |");
            }
        }
    }
    if !wrong.is_empty() && std::env::var_os("BLESS").is_some() {
        std::fs::write(self::page(), page.join("\n") + "\n").unwrap();
    }
    println!("{} of {examples} examples are right", examples - wrong.len());
    assert!(wrong.is_empty(), "{} examples are answered otherwise:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(examples > 80, "the page has its examples");
}

/// Whoever adds a parameter, a way to collect, a format or a period tells of it.
#[test]
fn the_page_has_everything_that_there_is() {
    let text = std::fs::read_to_string(page()).unwrap();
    let collects = query_lang::CollectMethod::NAMED.into_iter().filter_map(|method| method.name());
    let periods = query_lang::Period::ALL.into_iter().map(query_lang::Period::name);
    let formats = query_lang::Format::ALL.into_iter().map(|format| format.name().into());
    let names = query_lang::PARAMETERS.into_iter().map(Into::into);
    for name in collects.chain(periods).chain(formats).chain(names) {
        let row = format!("| `{name}`");
        assert!(text.contains(&row), "no table of the page has a row for {name}");
    }
}
