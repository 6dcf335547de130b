//! What is read is what a naive reading of the rules says, and both readers agree.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::record::record_to_json;

fn options(auto_ids: &[String]) -> DecodeOptions<'_> {
    DecodeOptions { auto_ids, now: "2020-01-01T00:00:00Z".parse().unwrap() }
}

fn refused(body: impl AsRef<[u8]>) -> Vec<String> {
    match decode(body.as_ref(), &options(&[])).unwrap_err() {
        DecodeError::Invalid(complaints) => complaints.into_messages(),
        DecodeError::Syntax(message) => vec![format!("syntax: {message}")],
        DecodeError::TooMuch(message) => vec![format!("too much: {message}")],
    }
}

/// The records of a body, without when they were written.
fn taken(body: impl AsRef<[u8]>) -> Vec<String> {
    let batch = decode(body.as_ref(), &options(&[])).unwrap();
    batch
        .records()
        .map(|mut record| {
            record.shift_remove(UPDATED_AT);
            record_to_json(&record).to_string()
        })
        .collect()
}

#[test]
fn of_a_key_that_is_there_twice_the_last_value_counts() {
    assert_eq!(
        taken(r#"[{"_id": "a", "kk": [], "zz": 1, "kk": "x"}, {"_id": "b", "_id": "c", "kk": 2}]"#),
        [r#"{"_id":"a","kk":"x","zz":1}"#, r#"{"_id":"c","kk":2}"#]
    );
}

#[test]
fn integers_beyond_64_bits_are_refused_and_floats_of_that_size_are_not() {
    assert_eq!(
        taken(r#"[{"_id": "a", "kk": 9223372036854775807, "zz": -9223372036854775808, "ff": 1e300}]"#),
        [r#"{"_id":"a","kk":9223372036854775807,"zz":-9223372036854775808,"ff":1e+300}"#]
    );
    for large in ["9223372036854775808", "-9223372036854775809", "123456789012345678901234567890"] {
        assert_eq!(refused(format!(r#"{{"kk": {large}}}"#)), ["kk has an invalid value"]);
        assert_eq!(
            refused(format!(r#"[1, {{"zz": 1}}, {{"zz": 1e20, "kk": {large}}}]"#)),
            ["a record must be a JSON object", "kk has an invalid value"]
        );
    }
}

#[test]
fn what_is_not_json_is_refused_with_the_place() {
    for (body, message) in [
        (&b"{\"kk\": NaN}"[..], "syntax: expected value at line 1 column 8"),
        (b"{\"kk\": 1e999}", "syntax: number out of range at line 1 column 12"),
        (b"{\"kk\": \"\xff\"}", "syntax: invalid unicode code point at line 1 column 9"),
        (b"{\"kk\": \"\\ud800\"}", "syntax: unexpected end of hex escape at line 1 column 15"),
        (b"[{\"kk\": 1}", "syntax: EOF while parsing a list at line 1 column 10"),
        (b"{} {}", "syntax: trailing characters at line 1 column 4"),
        (b"\xef\xbb\xbf{}", "syntax: expected value at line 1 column 1"),
    ] {
        assert_eq!(refused(body), [message]);
    }
    let long = format!(r#"{{"{}": 1}}"#, "k".repeat(5_000));
    assert_eq!(refused(long), ["syntax: a key has more than 4096 bytes at line 1 column 5003"]);
}

#[test]
fn nesting_of_any_depth_is_an_invalid_value() {
    let deep = format!(r#"{{"kk": {}{}}}"#, "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(refused(deep), ["kk has an invalid value"]);
    let deep = format!("{}{}", r#"{"kk":"#.repeat(100_000), "1".to_owned() + &"}".repeat(100_000));
    assert_eq!(refused(deep), ["kk has an invalid value"]);
}

#[test]
fn records_that_would_fill_the_memory_are_refused() {
    let record: Vec<String> = (0..100_000).map(|n| format!(r#""key{n}": 1"#)).collect();
    assert_eq!(refused(format!("{{{}}}", record.join(","))), ["a record has more than 2000 keys"]);
    let apart: Vec<String> = (0..100_000).map(|n| format!(r#"{{"key{n}": 1}}"#)).collect();
    assert_eq!(refused(format!("[{}]", apart.join(","))), ["the records have more than 2000 different keys"]);
    let sparse: Vec<String> = (0..20_000).map(|n| format!(r#"{{"key{}": 1}}"#, n % 2_000)).collect();
    assert_eq!(
        refused(format!("[{}]", sparse.join(","))),
        [
            "too much: 4998 records with 2000 different keys are too many at once: send them in several requests"
        ]
    );
}

#[test]
fn an_id_that_no_address_can_name_is_refused() {
    let record = |id: usize| format!(r#"{{"_id": "{}"}}"#, "i".repeat(id));
    assert!(decode(record(4_096).as_bytes(), &options(&[])).is_ok());
    assert_eq!(refused(record(4_097)), ["_id has more than 4096 bytes"]);
    // Four letters of base 64 for each three of the values.
    let keys = ["aa".to_owned(), "bb".to_owned()];
    let made_of = |length: usize| format!(r#"{{"aa": "{}", "bb": 1}}"#, "a".repeat(length - 2));
    assert!(decode(made_of(3_072).as_bytes(), &options(&keys)).is_ok());
    let Err(DecodeError::Invalid(wrong)) = decode(made_of(3_073).as_bytes(), &options(&keys)) else {
        panic!("it was taken")
    };
    assert_eq!(wrong.into_messages(), ["the _id that is made of aa, bb has more than 4096 bytes"]);
}

#[test]
fn of_a_great_many_complaints_the_first_are_told() {
    let messages = refused(format!("[{}]", vec!["1"; 5_000].join(",")));
    assert_eq!((messages.len(), messages[1_000].as_str()), (1_001, "and 4000 more"));
}

#[test]
fn ids_are_made_of_values_as_the_older_system_printed_them() {
    let keys: Vec<String> = ["_timestamp", "kk", "ff", "nn", "bb"].into_iter().map(str::to_owned).collect();
    let body =
        br#"{"_timestamp": "2014-01-05T00:00:00Z", "kk": "x", "ff": 1234567.891234, "nn": null, "bb": true}"#;
    let expected = "MjAxNC0wMS0wNVQwMDowMDowMFoueC4xMjM0NTY3Ljg5MTIzLk5vbmUuVHJ1ZQ==";
    for batch in
        [straight::read(body, &options(&keys)).unwrap(), careful::read(body, &options(&keys)).unwrap()]
    {
        assert_eq!(batch.records().next().unwrap()["_id"], Value::Text(expected.to_owned()));
    }
}

type Fields = Vec<(&'static str, &'static str)>;

const KEYS: [&str; 9] = ["aa", "bb", "cc", "_id", "_timestamp", "_start_at", "x", "_other", "dd\\n"];
const VALUES: [&str; 20] = [
    "1",
    "-7",
    "0.1",
    "-0",
    "-0.0",
    "1e300",
    "null",
    "true",
    "false",
    r#""text""#,
    r#""a b""#,
    r#""""#,
    r#""\u00e9\n""#,
    r#""2014-01-05T00:00:00+01:00""#,
    r#""5 May 2014""#,
    r#""2014-02-30""#,
    "[1]",
    r#"{"a": 1}"#,
    "9223372036854775808",
    "123456789012345678901234567890",
];
/// What each key mostly has in tests, so that not every record is refused.
const USUAL: [(&str, &str); 6] = [
    ("aa", "1"),
    ("bb", r#""text""#),
    ("cc", "0.5"),
    ("_id", r#""id-1""#),
    ("_timestamp", r#""2014-01-05T00:00:00Z""#),
    ("_start_at", r#""2014-01-05""#),
];

fn records() -> impl Strategy<Value = Vec<Fields>> {
    let odd = (prop::sample::select(&KEYS[..]), prop::sample::select(&VALUES[..]));
    let field = prop_oneof![12 => prop::sample::select(&USUAL[..]), 1 => odd];
    prop::collection::vec(prop::collection::vec(field, 0..7), 0..6)
}

fn text(records: &[Fields]) -> String {
    let object = |fields: &Fields| {
        let fields: Vec<String> = fields.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
        format!("{{{}}}", fields.join(", "))
    };
    format!("[{}]", records.iter().map(object).collect::<Vec<_>>().join(", "))
}

/// A naive reading of the rules: each record as JSON by key, or what is wrong.
fn model(records: &[Fields], auto_ids: &[String]) -> Result<Vec<BTreeMap<String, String>>, Vec<String>> {
    let (mut good, mut wrong) = (Vec::new(), Vec::new());
    for fields in records {
        let mut last: indexmap::IndexMap<String, &str> = indexmap::IndexMap::new();
        for (key, value) in fields {
            last.insert(key.replace("\\n", "\n"), value);
        }
        match model_record(&last, auto_ids) {
            Ok(record) => good.push(record),
            Err(messages) => wrong.extend(messages),
        }
    }
    if wrong.is_empty() { Ok(good) } else { Err(wrong) }
}

fn model_record(
    given: &indexmap::IndexMap<String, &str>,
    auto_ids: &[String],
) -> Result<BTreeMap<String, String>, Vec<String>> {
    let one = |message: String| Err(vec![message]);
    // To the parser `-0` is a float.
    let json =
        |raw: &str| serde_json::from_str::<serde_json::Value>(if raw == "-0" { "0" } else { raw }).unwrap();
    let missing: Vec<&str> =
        auto_ids.iter().map(String::as_str).filter(|key| !given.contains_key(*key)).collect();
    if !missing.is_empty() {
        return one(format!("The following required id fields are missing: {}", missing.join(", ")));
    }
    let mut record = BTreeMap::new();
    for (key, shown) in [("_start_at", "_start_at"), ("_timestamp", "the _timestamp")] {
        let Some(raw) = given.get(key) else { continue };
        let moment = match *raw {
            r#""2014-01-05T00:00:00+01:00""# => "2014-01-04T23:00:00+00:00",
            r#""2014-01-05T00:00:00Z""# | r#""2014-01-05""# => "2014-01-05T00:00:00+00:00",
            r#""5 May 2014""# => "2014-05-05T00:00:00+00:00",
            _ => {
                let fault = match *raw {
                    r#""2014-02-30""# => format!("2014-02-30 in the {key} field is not a valid date"),
                    _ => format!("{shown} must be a date in the format yyyy-MM-ddT00:00:00Z"),
                };
                return Err(vec![fault, format!("{key} is not a valid datetime object")]);
            }
        };
        record.insert(key.to_owned(), format!("\"{moment}\""));
    }
    for (key, raw) in given {
        let value = json(raw);
        let is_scalar =
            !value.is_array() && !value.is_object() && !raw.starts_with(['9', '2']) && raw.len() < 30;
        let is_long = raw.len() >= 19 && raw.bytes().all(|byte| byte.is_ascii_digit());
        match key.as_str() {
            "_start_at" | "_timestamp" => continue,
            "x" => return one("x is not a valid key".to_owned()),
            "_other" => return one("_other is not a recognised internal field".to_owned()),
            _ if !is_scalar || is_long => return one(format!("{key} has an invalid value")),
            "_id"
                if !["\"text\"", "\"id-1\"", "\"2014-02-30\"", "\"2014-01-05T00:00:00+01:00\""]
                    .contains(raw) =>
            {
                let printed = match *raw {
                    "null" => "None".to_owned(),
                    "true" => "True".to_owned(),
                    "false" => "False".to_owned(),
                    "-0" => "0".to_owned(),
                    "1e300" => "1e+300".to_owned(),
                    _ => value.as_str().map_or_else(|| (*raw).to_owned(), str::to_owned),
                };
                return one(format!("_id \"{printed}\" is not a valid id"));
            }
            _ => {}
        }
        record.insert(key.clone(), value.to_string());
    }
    if auto_ids.len() == 1 {
        use base64::Engine as _;
        let printed = if given["aa"] == "1" { "1" } else { return Ok(BTreeMap::new()) };
        let id = base64::engine::general_purpose::STANDARD.encode(printed);
        record.insert("_id".to_owned(), format!("\"{id}\""));
    }
    Ok(record)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn any_records_are_taken_or_refused_as_the_rules_say(records in records(), auto in any::<bool>()) {
        let auto_ids = if auto { vec!["aa".to_owned()] } else { Vec::new() };
        let body = text(&records);
        let expected = model(&records, &auto_ids);
        match decode(body.as_bytes(), &options(&auto_ids)) {
            Ok(batch) => {
                let expected = expected.unwrap();
                prop_assert_eq!(batch.rows(), expected.len());
                for (mut record, expected) in batch.records().zip(expected) {
                    record.shift_remove(UPDATED_AT);
                    if !expected.contains_key("_id") {
                        prop_assert!(record.shift_remove("_id").is_some());
                    }
                    let found: BTreeMap<String, String> =
                        record.iter().map(|(key, value)| (key.clone(), value.to_json().to_string())).collect();
                    // ids of values other than 1 are looked at elsewhere
                    if !(auto && expected.is_empty()) {
                        prop_assert_eq!(found, expected, "{}", body);
                    }
                }
            }
            Err(DecodeError::Invalid(complaints)) => {
                prop_assert_eq!(Err(complaints.into_messages()), expected, "{}", body);
            }
            Err(other) => prop_assert!(false, "{}: {}", body, other),
        }
    }

    #[test]
    fn both_readers_agree_on_any_bytes(
        records in records(),
        auto in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let auto_ids = if auto { vec!["aa".to_owned()] } else { Vec::new() };
        let mut body = text(&records).into_bytes();
        for (place, byte) in changes {
            let place = place.index(body.len());
            body[place] = byte;
        }
        if let Some(straight) = straight::read(&body, &options(&auto_ids)) {
            let careful = careful::read(&body, &options(&auto_ids)).unwrap();
            let known = std::sync::Arc::new(arrow::datatypes::Schema::empty());
            let (straight, careful) =
                (straight.numbered(&known, 0).unwrap(), careful.numbered(&known, 0).unwrap());
            prop_assert_eq!(straight.schema(), careful.schema());
            for (column, (one, other)) in straight.columns().iter().zip(careful.columns()).enumerate() {
                // where there is no id, each makes one of its own
                prop_assert!(column == 0 || one == other, "column {}", column);
            }
        }
    }
}
