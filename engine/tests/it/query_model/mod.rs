//! Random queries over small random data sets: the engine answers as a plain model does, whether the records are in memory, in
//! segments, replaced or deleted.

mod reference;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use self::reference::{Refusal, Row, answer};
use crate::support::store::flushed_by_hand;
use chrono::{DateTime, Utc};
use engine::query::{QueryEngine, QueryFailure};
use engine::{DecodeOptions, Durability, Record, Snapshot, Store, StoreOptions, Value, decode};
use indexmap::IndexMap;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use query_lang::{Cursor, Format, Policy, Query};
use serde_json::{Value as Json, json};

fn now() -> DateTime<Utc> {
    "2014-03-20T10:30:00Z".parse().unwrap()
}

/// What is done to a data set.
#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Json>),
    Delete(u8),
    Flush,
    Compact,
}

fn value() -> impl Strategy<Value = Json> {
    let values = [
        json!(null),
        json!(0),
        json!(1),
        json!(1.0),
        json!(2),
        json!(-3),
        json!(2.5),
        json!(0.1),
        json!(1e300),
        json!(9_007_199_254_740_993_i64),
        json!(i64::MAX),
        json!("x"),
        json!("xy"),
        json!("a longer text of one key"),
        json!("1"),
        json!(""),
        json!(true),
        json!(false),
    ];
    select(values.to_vec())
}

/// Mostly values of one kind, as real records have them.
fn usual(key: usize) -> BoxedStrategy<Json> {
    match key {
        0 => select(vec![json!("x"), json!("xy"), json!("zz")]).boxed(),
        1 => (-3..6_i64).prop_map(Json::from).boxed(),
        2 => select(vec![json!(0.5), json!(2.25), json!(-1.0), json!(7.75)]).boxed(),
        _ => any::<bool>().prop_map(Json::from).boxed(),
    }
}

const KEYS: [&str; 4] = ["aa", "bb", "cc", "dd"];

fn record(is_mixed: bool) -> impl Strategy<Value = Json> {
    let cell = move |key: usize| {
        let some = if is_mixed { prop_oneof![2 => usual(key), 1 => value()].boxed() } else { usual(key) };
        proptest::option::weighted(0.85, some)
    };
    // From the end of January to the middle of April, over a change of the clocks.
    let time = proptest::option::weighted(0.9, (0..78_i64, 0..24_i64, 0..4_i64));
    (0..30u8, time, [cell(0), cell(1), cell(2), cell(3)]).prop_map(|(id, time, cells)| {
        let mut record = json!({"_id": format!("id-{id}")});
        if let Some((day, hour, quarter)) = time {
            let start: DateTime<Utc> = "2014-01-27T00:00:00Z".parse().unwrap();
            let time = start + chrono::TimeDelta::minutes(day * 1_440 + hour * 60 + quarter * 15);
            record["_timestamp"] = json!(time.to_rfc3339());
        }
        for (key, cell) in KEYS.iter().zip(cells) {
            if let Some(value) = cell {
                record[*key] = value;
            }
        }
        record
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    any::<bool>().prop_flat_map(|is_mixed| {
        let step = prop_oneof![
            4 => proptest::collection::vec(record(is_mixed), 1..12).prop_map(Step::Append),
            1 => (0..30u8).prop_map(Step::Delete),
            2 => Just(Step::Flush),
            1 => Just(Step::Compact),
        ];
        proptest::collection::vec(step, 1..9)
    })
}

/// One parameter, or none.
fn maybe(chance: f64, texts: Vec<&'static str>) -> impl Strategy<Value = String> {
    proptest::option::weighted(chance, select(texts)).prop_map(|text| text.unwrap_or_default().to_owned())
}

fn filters() -> impl Strategy<Value = String> {
    prop_oneof![
        maybe(
            0.2,
            vec![
                "&filter_by=aa:x",
                "&filter_by=dd:true",
                "&filter_by=aa:1",
                "&filter_by=zz:x",
                "&filter_by_prefix=aa:x"
            ]
        ),
        maybe(
            0.5,
            vec![
                "&filter=bb > 0",
                "&filter=bb in 0..2",
                "&filter=cc <= 2.25",
                "&filter=not bb = 1",
                "&filter=aa != 'x'",
                "&filter=aa contains 'y'",
                "&filter=aa starts with 'x' and bb >= 1",
                "&filter=aa ends with 'z' or has cc",
                "&filter=bb in (1, 'x', 2.5)",
                "&filter=dd = true",
                "&filter=cc = null",
                "&filter=_timestamp >= 2014-03-01",
                "&filter=not (aa = 'x' or bb < 2) and not has dd",
                "&filter=bb < 9007199254740993 and bb > 0.5",
                "&filter=zz = 1",
                "&filter=_timestamp in 2014-02-10..2014-03-10",
                "&filter=bb > 9223372036854775806",
            ]
        ),
    ]
}

fn collects() -> impl Strategy<Value = String> {
    let methods = [
        "",
        ":sum",
        ":count",
        ":set",
        ":mean",
        ":min",
        ":max",
        ":first",
        ":last",
        ":stddev",
        ":distinct",
        ":p50",
        ":p90",
    ];
    let collect = (select(vec!["aa", "bb", "cc", "dd", "zz"]), select(methods.to_vec()))
        .prop_map(|(key, method)| format!("&collect={key}{method}"));
    proptest::collection::vec(collect, 0..3).prop_map(|collects| collects.concat())
}

fn groups() -> impl Strategy<Value = String> {
    let keys = vec!["aa", "bb", "cc", "dd", "_week_start_at"];
    subsequence(keys, 0..3).prop_map(|keys| keys.iter().map(|key| format!("&group_by={key}")).collect())
}

fn raw_query() -> impl Strategy<Value = String> {
    (
        filters(),
        maybe(
            0.4,
            vec![
                "&start_at=2014-02-10T00:00:00Z&end_at=2014-03-20T00:00:00Z",
                "&start_at=2014-02-10T00:00:00Z&end_at=2014-03-20T00:00:00Z&inclusive=true",
            ],
        ),
        maybe(
            0.7,
            vec![
                "&sort_by=bb:ascending",
                "&sort_by=bb:descending",
                "&sort_by=_timestamp:descending",
                "&sort_by=_timestamp:ascending",
                "&sort_by=aa:descending",
                "&sort_by=cc:ascending",
                "&sort_by=zz:ascending",
                "&sort_by=dd:descending",
                "&sort_by=_week_start_at:descending",
                "&sort_by=_id:ascending",
            ],
        ),
        maybe(0.6, vec!["&limit=1", "&limit=3", "&limit=10", "&limit=3&offset=2", "&offset=4"]),
        maybe(0.3, vec!["&fields=bb,aa", "&fields=_timestamp,zz,_day_start_at", "&fields=cc"]),
    )
        .prop_map(|(filters, range, sort, limit, fields)| format!("{filters}{range}{sort}{limit}{fields}"))
}

fn grouped_query() -> impl Strategy<Value = String> {
    let period = select(vec![
        "",
        "",
        "&period=day",
        "&period=week",
        "&period=month",
        "&period=quarter",
        "&period=year",
        "&period=6hours",
        "&period=week&timezone=Europe/London",
        "&period=day&timezone=Europe/London",
        "&period=month&timezone=Asia/Kolkata",
    ]);
    let range = select(vec![
        "&start_at=2014-02-10T06:00:00Z&end_at=2014-03-05T07:00:00Z",
        "&start_at=2014-03-10T00:00:00Z&end_at=2014-04-07T00:00:00Z",
        "&duration=3",
        "&duration=5&end_at=2014-04-20T00:00:00Z",
        "&duration=4&start_at=2014-01-10T00:00:00Z",
        "&start_at=2014-02-10T00:00:00Z&end_at=2014-03-10T00:00:00Z&inclusive=true",
    ]);
    let beside = (
        maybe(0.3, vec!["&compare=previous_period", "&compare=previous_year"]),
        maybe(0.3, vec!["&cumulative=true"]),
        maybe(0.5, vec!["&fill=zero", "&fill=previous", "&fill=null"]),
        maybe(0.4, vec!["&flatten=true"]),
    );
    let order = (
        maybe(
            0.3,
            vec![
                "&sort_by=_count:descending",
                "&sort_by=aa:ascending",
                "&sort_by=bb:sum:descending",
                "&sort_by=zz:ascending",
            ],
        ),
        maybe(0.2, vec!["&limit=2", "&limit=5&offset=1"]),
    );
    (filters(), groups(), period, range, collects(), beside, order).prop_map(
        |(filters, groups, period, range, collects, (compare, cumulative, fill, flatten), (sort, limit))| {
            if period.is_empty() {
                let range = if range.contains("duration") { "" } else { range };
                return format!("{filters}{groups}{range}{collects}{sort}{limit}{flatten}");
            }
            let order = if groups.is_empty() { String::new() } else { format!("{sort}{limit}") };
            let fill = if collects.is_empty() { String::new() } else { fill };
            format!("{filters}{groups}{period}{range}{collects}{compare}{cumulative}{fill}{flatten}{order}")
        },
    )
}

/// The queries that the language accepts, as text and parsed.
fn parsed(texts: &[String]) -> Vec<(String, Query)> {
    let policy = Policy { raw_queries_allowed: true };
    let parse = |text: &String| {
        let text = text.trim_start_matches('&').replace(' ', "%20");
        let query = query_lang::parse(&text, &policy, now()).ok()?;
        Some((text, query))
    };
    texts.iter().filter_map(parse).collect()
}

/// Does the steps to a store and to a list. What is there in the end, both ways.
async fn make(steps: &[Step]) -> (tempfile::TempDir, Arc<Store>, Snapshot, Vec<Record>) {
    let folder = tempfile::tempdir().unwrap();
    let durability = Durability::Interval(Duration::from_secs(3_600));
    let options = StoreOptions { durability, ..flushed_by_hand() };
    let store = Store::open(folder.path(), options).await.unwrap();
    let mut live: IndexMap<String, Record> = IndexMap::new();
    for step in steps {
        match step {
            Step::Append(records) => {
                let options = DecodeOptions { auto_ids: &[], now: now() };
                let records = decode(Json::from(records.clone()).to_string().as_bytes(), &options).unwrap();
                for record in records.records() {
                    let id = record["_id"].as_text().unwrap().to_owned();
                    live.shift_remove(&id);
                    live.insert(id, record);
                }
                store.append("model", records).await.unwrap();
            }
            Step::Delete(id) => {
                let id = format!("id-{id}");
                let was_there = live.shift_remove(&id).is_some();
                assert_eq!(store.delete("model", &id).await.unwrap(), was_there);
            }
            Step::Flush => store.flush().await.unwrap(),
            Step::Compact => {
                store.compact("model").await.unwrap();
            }
        }
    }
    let snapshot = store.snapshot("model").await.unwrap();
    (folder, store, snapshot, live.into_values().collect())
}

/// Whether two values are the same, floats to ten digits.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            a == b || (a - b).abs() <= 1e-10 * a.abs().max(b.abs()).max(1.0)
        }
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => same_row(a, b),
        (a, b) => a == b,
    }
}

fn same_row(a: &Row, b: &Row) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|((key, value), (other, found))| key == other && same(value, found))
}

fn printed(rows: &[Row]) -> String {
    rows.iter().map(|row| format!("\n  {}", Json::from(row.clone()))).collect()
}

/// Rows as JSON, one a line.
fn as_lines(rows: &[Row]) -> String {
    rows.iter().map(|row| format!("{}\n", Json::from(row.clone()))).collect()
}

/// Rows as CSV: the fields that were asked for, else a column for every name that a row has.
fn as_table(rows: &[Row], fields: &[String]) -> String {
    let names: BTreeSet<&String> = rows.iter().flat_map(Row::keys).collect();
    let names: Vec<&String> =
        if fields.is_empty() { names.into_iter().collect() } else { fields.iter().collect() };
    if names.is_empty() {
        return String::new();
    }
    let cell = |value: Option<&Json>| match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::Bool(flag)) => if *flag { "True" } else { "False" }.to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    table.write_record(&names).unwrap();
    for row in rows {
        table.write_record(names.iter().map(|name| cell(row.get(*name)))).unwrap();
    }
    String::from_utf8(table.into_inner().unwrap()).unwrap()
}

/// Says where the engine differs from the model.
async fn difference(
    engine: &QueryEngine,
    snapshot: &Snapshot,
    records: &[Record],
    query: &Query,
) -> Result<(), String> {
    let expected = answer(records, query, now());
    let found = match engine.answer(snapshot.clone(), query, now()).await {
        Ok(answer) => {
            // As text, since a float that is read from JSON may differ from the one that was written in its last bit.
            let written = String::from_utf8(answer.write(Format::Json).unwrap()).unwrap();
            let shown = serde_json::to_string(&answer.rows()).unwrap();
            if written != shown {
                return Err(format!("written as\n{written}\nbut shown as\n{shown}"));
            }
            let rows = answer.rows();
            let lines = String::from_utf8(answer.write(Format::Ndjson).unwrap()).unwrap();
            let table = String::from_utf8(answer.write(Format::Csv).unwrap()).unwrap();
            if lines != as_lines(&rows) || table != as_table(&rows, &query.fields) {
                return Err(format!("shown as\n{shown}\nbut written as\n{lines}\nand as\n{table}"));
            }
            Ok(rows)
        }
        Err(QueryFailure::InvalidCollect { .. }) => Err(Refusal::InvalidCollect),
        Err(QueryFailure::InvalidSort { .. }) => Err(Refusal::InvalidSort),
        Err(failure) => return Err(failure.to_string()),
    };
    let (expected, found) = match (expected, found) {
        (Ok(expected), Ok(found)) => (expected, found),
        (expected, found) if expected.as_ref().err() == found.as_ref().err() => return Ok(()),
        (expected, found) => return Err(format!("expected {expected:?}\nfound {found:?}")),
    };
    let agrees = if query.is_raw() && query.sort_by.is_none() {
        // Without a sort records come in any order, and a limit takes any of them.
        let all = Query { limit: None, offset: 0, ..query.clone() };
        let mut all = answer(records, &all, now()).unwrap();
        let is_one_of_them = |row: &Row| {
            let place = all.iter().position(|other| same_row(other, row));
            place.map(|place| all.swap_remove(place)).is_some()
        };
        expected.len() == found.len() && found.iter().all(is_one_of_them)
    } else {
        expected.len() == found.len() && expected.iter().zip(&found).all(|(a, b)| same_row(a, b))
    };
    if agrees { Ok(()) } else { Err(format!("expected {}\nfound {}", printed(&expected), printed(&found))) }
}

/// All pages one after another are the whole, in order.
async fn pages(
    engine: &QueryEngine,
    snapshot: &Snapshot,
    records: &[Record],
    query: &Query,
) -> Result<(), String> {
    let mut query = Query { limit: Some(3), offset: 0, cursor: Some(Cursor::First), ..query.clone() };
    let whole = Query { limit: None, cursor: None, ..query.clone() };
    let expected = answer(records, &whole, now()).unwrap();
    let mut found: Vec<Row> = Vec::new();
    loop {
        let page =
            engine.answer(snapshot.clone(), &query, now()).await.map_err(|failure| failure.to_string())?;
        found.extend(page.rows().iter().cloned());
        match page.next {
            Some(next) if found.len() <= expected.len() => query.cursor = Cursor::read(&next),
            Some(_) => return Err("pages without an end".to_owned()),
            None => break,
        }
    }
    let agrees = expected.len() == found.len() && expected.iter().zip(&found).all(|(a, b)| same_row(a, b));
    if agrees { Ok(()) } else { Err(format!("expected {}\nfound {}", printed(&expected), printed(&found))) }
}

fn cases(usual: u32) -> ProptestConfig {
    ProptestConfig { cases: usual, max_shrink_iters: 300, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn grouped_answers_are_those_of_the_model(
        steps in steps(),
        texts in proptest::collection::vec(grouped_query(), 12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_folder, store, snapshot, records) = make(&steps).await;
            let engine = QueryEngine::default();
            for (text, query) in parsed(&texts).into_iter().filter(|(_, query)| !query.is_raw()) {
                let result = difference(&engine, &snapshot, &records, &query).await;
                prop_assert!(result.is_ok(), "{text}\n{}", result.unwrap_err());
            }
            store.close().await.unwrap();
            Ok(())
        })?;
    }

    #[test]
    fn records_are_those_of_the_model(
        steps in steps(),
        texts in proptest::collection::vec(raw_query(), 12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_folder, store, snapshot, records) = make(&steps).await;
            let engine = QueryEngine::default();
            for (text, query) in parsed(&texts) {
                let result = difference(&engine, &snapshot, &records, &query).await;
                prop_assert!(result.is_ok(), "{text}\n{}", result.unwrap_err());
                let result = pages(&engine, &snapshot, &records, &query).await;
                prop_assert!(result.is_ok(), "pages of {text}\n{}", result.unwrap_err());
            }
            store.close().await.unwrap();
            Ok(())
        })?;
    }
}

#[test]
fn most_of_the_random_queries_are_queries() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    for strategy in [raw_query().boxed(), grouped_query().boxed()] {
        let texts: Vec<String> =
            (0..300).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
        let accepted = parsed(&texts).len();
        assert!(accepted > 200, "{accepted} of 300");
    }
}

#[test]
fn the_model_knows_values_from_each_other() {
    assert!(same(&json!({"a": [1, 0.1]}), &json!({"a": [1.0, 0.1 + 1e-15]})));
    assert!(!same(&json!({"a": "1"}), &json!({"a": 1})));
    assert!(Value::Int(1).compare(&Value::Text("1".into())).is_none());
}
