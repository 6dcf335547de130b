//! The recorded answers of the older read API, without a server around: records, query, rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use engine::Snapshot;
use engine::query::QueryEngine;
use query_lang::{Format, Policy};
use serde_json::{Value, json};

/// Whether two values are the same, floats to twelve digits; stand-ins match what they stand for.
fn same(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::String(expected), found) if expected.starts_with('<') && expected.ends_with('>') => {
            found.is_string() || found.is_number()
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            a == b || (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key).is_some_and(|found| same(value, found)))
        }
        (a, b) => a == b,
    }
}

fn same_multiset(expected: &[Value], found: &[Value]) -> bool {
    let mut left: Vec<&Value> = found.iter().collect();
    expected.len() == found.len()
        && expected.iter().all(|row| {
            left.iter().position(|other| same(row, other)).map(|index| left.swap_remove(index)).is_some()
        })
}

/// Whether the rows are those expected, in as much order as was recorded.
fn agrees(order: &str, expected: &[Value], found: &[Value]) -> bool {
    let in_order = |a: &[Value], b: &[Value]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b));
    match order.split_once(':') {
        Some(("ties", key)) => {
            let keys = |rows: &[Value]| rows.iter().map(|row| row[key].clone()).collect::<Vec<_>>();
            same_multiset(expected, found) && in_order(&keys(expected), &keys(found))
        }
        _ => match order {
            "storage" | "unordered" => same_multiset(expected, found),
            "count" => expected.len() == found.len(),
            _ => in_order(expected, found),
        },
    }
}

/// The lines of a CSV text as rows of cells; cells with numbers as numbers, times in one form.
fn table(text: &str) -> Vec<Value> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let cell = |text: &str| {
        let time = text.len() == 25 && text.as_bytes()[10] == b' ';
        let text = if time { text.replacen(' ', "T", 1) } else { text.to_owned() };
        text.parse::<f64>().map_or_else(|_| json!(text), |number| json!(number))
    };
    reader.records().map(|record| record.unwrap().iter().map(cell).collect()).collect()
}

/// Where the answer of the public engine lost digits of integers, and the other one is right.
const ALL_DIGITS: [&str; 1] = ["big-integers-engines-003"];

async fn check(queries: &QueryEngine, snapshot: &Snapshot, raw: bool, vector: &Value) -> Result<(), String> {
    let exact = ALL_DIGITS.iter().any(|id| vector["id"] == *id);
    let expected = vector.get("mongo").filter(|_| !exact).unwrap_or(vector);
    let now: DateTime<Utc> = vector["now"].as_str().unwrap_or("2016-01-01T00:00:00Z").parse().unwrap();
    let policy = Policy { raw_queries_allowed: raw };
    let query = query_lang::parse(vector["query_string"].as_str().unwrap(), &policy, now);
    let outcome = match query {
        Err(error) => Err(error.to_string()),
        Ok(query) => match queries.answer(snapshot.clone(), &query, now).await {
            Ok(answer) => Ok((query.format, answer)),
            Err(failure) if failure.is_callers_fault() => Err(failure.to_string()),
            Err(failure) => return Err(format!("failed: {failure}")),
        },
    };
    let (format, answer) = match (outcome, expected["status"].as_u64()) {
        (Ok(answer), Some(200)) => answer,
        (Err(message), Some(400)) if expected["body"]["message"] == json!(message) => return Ok(()),
        (Err(message), status) => return Err(format!("refused with {message:?} instead of {status:?}")),
        (Ok(_), status) => return Err(format!("answered instead of {status:?}")),
    };
    let order = vector["order"].as_str().unwrap_or("exact");
    let (expected, found) = match format {
        Format::Csv => {
            let text = String::from_utf8(answer.write(Format::Csv).unwrap()).unwrap();
            let (mut expected, mut found) =
                (table(expected["body"].as_str().unwrap_or_default()), table(&text));
            if !expected.is_empty() && !found.is_empty() && expected.remove(0) != found.remove(0) {
                return Err(format!("other columns: {text}"));
            }
            (expected, found)
        }
        _ => {
            let rows: Value = serde_json::from_slice(&answer.write(Format::Json).unwrap()).unwrap();
            let empty = json!([]);
            let expected = expected["body"].get("data").unwrap_or(&empty);
            (expected.as_array().unwrap().clone(), rows.as_array().unwrap().clone())
        }
    };
    if agrees(order, &expected, &found) {
        return Ok(());
    }
    Err(format!("expected {}\n    found    {}", json!(expected), json!(found)))
}

/// The vectors that are decided otherwise, or that only a server can answer.
fn excepted() -> BTreeSet<String> {
    let listed = std::fs::read_to_string(crate::support::conformance().join("failing.txt")).unwrap();
    listed
        .lines()
        .filter_map(|line| line.split('#').next()?.trim().strip_prefix("read ").map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn answers_are_those_on_record() {
    let queries = QueryEngine::default();
    let excepted = excepted();
    let mut snapshots: BTreeMap<String, [Snapshot; 2]> = BTreeMap::new();
    let mut paths: Vec<_> = std::fs::read_dir(crate::support::conformance().join("read"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let (mut total, mut failures) = (0, Vec::new());
    for path in paths {
        let file = crate::support::read(&path);
        // A quirk is a crash or an accident; the files where the engines differ are marked too, but hold answers.
        let is_engines = path.to_string_lossy().contains("-engines");
        let quirks = path.to_string_lossy().contains("-quirks");
        let data_set = &file["data_set"];
        if quirks || data_set["queryable"] == json!(false) {
            continue;
        }
        let name = file["records"].as_str().unwrap().to_owned();
        let snapshots = snapshots.entry(name.clone()).or_insert_with(|| {
            let body = std::fs::read(crate::support::conformance().join(&name)).unwrap();
            let records = crate::support::records(&body);
            [crate::support::snapshot(&records, 1), crate::support::snapshot(&records, 7)]
        });
        for vector in file["vectors"].as_array().unwrap() {
            let id = vector["id"].as_str().unwrap();
            let is_get = vector.get("method").is_none_or(|method| method == "GET");
            let status = vector.get("mongo").unwrap_or(vector)["status"].as_u64().unwrap();
            let quirk = vector.get("quirk").is_some() && !is_engines;
            let comparable = is_get && vector.get("path").is_none() && [200, 400].contains(&status);
            if !comparable || quirk || excepted.contains(id) || vector["body"].get("warning").is_some() {
                continue;
            }
            // An unpublished data set answers JSON whatever was asked.
            let csv = vector["query_string"].as_str().unwrap().contains("format=csv");
            if csv && data_set["published"] != json!(true) {
                continue;
            }
            for snapshot in snapshots.iter() {
                total += 1;
                let raw = data_set["raw_queries_allowed"] == json!(true);
                if let Err(why) = check(&queries, snapshot, raw, vector).await {
                    let shown: String = why.chars().take(1_500).collect();
                    failures.push(format!("{id} {}\n    {shown}", vector["query_string"]));
                }
            }
        }
    }
    println!("{} of {total} answers agree", total - failures.len());
    assert!(total > 2_000, "the vectors are there");
    assert!(failures.is_empty(), "{} answers differ:\n{}", failures.len(), failures.join("\n"));
}
