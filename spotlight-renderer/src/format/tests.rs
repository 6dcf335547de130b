//! How values are written: the examples that were agreed on (`examples.json`), and some that go beyond them.

#![allow(clippy::approx_constant, reason = "figures, not circles")]

use super::*;
use serde_json::json;

fn now() -> DateTime<Utc> {
    date::parse_text("2016-06-15T10:00:00Z").unwrap()
}

/// What is written, with what was shortened in brackets and the target of a link behind an arrow.
fn text(value: &Value, format: &Value) -> Option<String> {
    let text = Format::parse(format).unwrap().write(value, now())?;
    let full = text.full.map(|full| format!(" ({full})")).unwrap_or_default();
    let href = text.href.map(|href| format!(" -> {href}")).unwrap_or_default();
    Some(format!("{}{full}{href}", text.text))
}

#[test]
fn the_agreed_examples_hold() {
    let examples: Vec<(u32, Value, Value, Option<String>)> =
        serde_json::from_str(include_str!("examples.json")).unwrap();
    let numbers: std::collections::BTreeSet<u32> = examples.iter().map(|(number, ..)| *number).collect();
    assert!(numbers.into_iter().eq(1..=121), "an example is missing");
    for (number, value, format, expected) in examples {
        assert_eq!(text(&value, &format), expected, "example {number}: {value} as {format}");
    }
}

#[test]
fn what_the_examples_leave_open() {
    for (value, format, expected) in [
        (json!(1.005), json!("number"), "1"),
        (json!(-5), json!("currency"), "-£5.00"),
        (json!("2016-06-14T23:00:00Z"), json!({"type": "date", "calendar": true}), "yesterday"),
        (json!("2016-06-12"), json!({"type": "date", "calendar": true}), "last Sunday"),
        (json!("2014-07-03"), json!({"type": "date", "format": "dddd Do MMMM"}), "Thursday 3rd July"),
        (json!("nonsense"), json!("date"), "nonsense"),
        // a range without an end is its start
        (json!(["2014-05-05", null]), json!("date"), "5 May 2014"),
        (json!(["2014-05-05"]), json!("date"), "5 May 2014"),
        (json!(""), json!("sentence"), ""),
    ] {
        assert_eq!(text(&value, &format).as_deref(), Some(expected), "{value} as {format}");
    }
    for nothing in [json!(null), json!([null, null])] {
        assert_eq!(text(&nothing, &json!("date")), None, "{nothing}");
    }
}

#[test]
fn periods_have_names() {
    let label = |period: &str, start: &str, end: Option<&str>| {
        period::label_of(date::parse_text(start).unwrap(), end.and_then(date::parse_text), period)
    };
    assert_eq!(label("hour", "2016-02-01T14:00:00Z", None), "2:00pm, 1 Feb 2016");
    assert_eq!(label("day", "2016-02-01", None), "1 Feb 2016");
    assert_eq!(label("week", "2016-02-01", Some("2016-02-08")), "1 to 7 Feb 2016");
    assert_eq!(label("week", "2016-02-29", Some("2016-03-07")), "29 Feb to 6 Mar 2016");
    assert_eq!(label("week", "2015-12-28", Some("2016-01-04")), "28 Dec 2015 to 3 Jan 2016");
    assert_eq!(label("week", "2016-02-01", Some("2016-02-02")), "1 Feb 2016");
    assert_eq!(label("month", "2016-02-01", Some("2016-03-01")), "February 2016");
    assert_eq!(label("quarter", "2016-04-01", Some("2016-07-01")), "Apr to June 2016");
    assert_eq!(label("quarter", "2015-07-01", Some("2016-07-01")), "July 2015 to June 2016");
    assert_eq!(label("quarter", "2013-11-01", Some("2014-02-01")), "Nov 2013 to Jan 2014");
    assert_eq!(label("year", "2015-10-01", Some("2016-10-01")), "2015");
    assert_eq!(label("fortnight", "2016-02-01", None), "1 February 2016");
}

#[test]
fn the_labels_of_an_axis_agree() {
    let labels =
        |format: &str, ticks: &[f64]| axis::labels(&Format::parse(&json!(format)).unwrap(), ticks).join(" ");
    assert_eq!(labels("currency", &[0.0, 1.0, 2.0]), "£0 £1 £2");
    assert_eq!(labels("currency", &[0.0, 5.0, 10.0]), "£0 £5 £10");
    assert_eq!(labels("currency", &[0.0, 0.5, 1.0]), "£0 £0.50 £1.00");
    assert_eq!(labels("currency", &[0.0, 1e9, 2e9]), "£0 £1bn £2bn");
    assert_eq!(labels("integer", &[0.0, 200.0, 1600.0]), "0 200 1,600");
    assert_eq!(labels("number", &[0.0, 5000.0, 25000.0]), "0 5k 25k");
    assert_eq!(labels("number", &[0.0, 200_000.0, 1_000_000.0, 1_400_000.0]), "0 0.2m 1.0m 1.4m");
    assert_eq!(labels("number", &[0.0, 0.2, 0.4, 0.6]), "0 0.2 0.4 0.6");
    assert_eq!(labels("percent", &[0.0, 0.5, 1.0]), "0% 50% 100%");
    // no two ticks have the same label
    assert_eq!(labels("percent", &[0.0, 0.0005, 0.001]), "0% 0.05% 0.10%");
    assert_eq!(labels("number", &[0.0, 1e-6, 2e-6]), "0 0.000001 0.000002");
}

#[test]
fn charts_never_call_something_nothing() {
    let written = |format: &str, amount: f64| {
        let format = Format::parse(&json!(format)).unwrap();
        (format.write_amount(amount), format.write_something(amount))
    };
    let told = |format: &str, amount: f64| written(format, amount).1;
    assert_eq!(written("percent", 0.00034), ("0%".to_owned(), "0.034%".to_owned()));
    assert_eq!(written("number", 0.00000219), ("0".to_owned(), "0.0000022".to_owned()));
    assert_eq!(told("number", -0.00000219), "-0.0000022");
    assert_eq!(
        (told("number", 0.0), told("number", 1234.5), told("percent", 0.5)),
        ("0".into(), "1,235".into(), "50%".into())
    );
    // nobody has a part of a boat, or of a penny
    assert_eq!((told("integer", 0.2), told("currency", 0.001)), ("0".into(), "£0".into()));
}
