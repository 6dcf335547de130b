//! Queries and times as the older system took or refused them, recorded over HTTP.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use query_lang::{Policy, Shift, TimestampError, parse, print_time, read_timestamp};
use serde_json::Value;

fn vectors(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn text<'a>(vector: &'a Value, member: &str) -> &'a str {
    vector[member].as_str().unwrap()
}

fn policy(vector: &Value) -> Policy {
    Policy { raw_queries_allowed: vector["raw_queries_allowed"].as_bool().unwrap() }
}

fn now() -> DateTime<Utc> {
    "2014-02-12T10:20:30Z".parse().unwrap()
}

#[test]
fn refused_queries_get_the_message_that_clients_know() {
    let mut wrong = Vec::new();
    for vector in vectors(include_str!("vectors/refused.json")) {
        let query_string = text(&vector, "query_string");
        match parse(query_string, &policy(&vector), now()) {
            Ok(_) => wrong.push(format!("{query_string}: accepted")),
            Err(error) if error.to_string() != text(&vector, "message") => {
                wrong.push(format!("{query_string}: {error}"));
            }
            Err(error) => {
                if let Some(position) = error.position() {
                    let there = &query_string[position..];
                    assert!(there.starts_with(error.parameter().unwrap()), "{query_string}: {there}");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn accepted_queries_read_back_from_their_canonical_text() {
    let mut wrong = Vec::new();
    for vector in vectors(include_str!("vectors/accepted.json")) {
        let query_string = text(&vector, "query_string");
        match parse(query_string, &policy(&vector), now()) {
            Err(error) => wrong.push(format!("{query_string}: {error}")),
            Ok(query) => {
                let printed = query.to_string();
                assert_eq!(parse(&printed, &policy(&vector), now()).as_ref(), Ok(&query), "{printed}");
                assert_eq!(parse(&printed, &policy(&vector), now()).unwrap().to_string(), printed);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn windows_show_the_periods_of_recorded_answers() {
    for vector in vectors(include_str!("vectors/periods.json")) {
        let query_string = text(&vector, "query_string");
        let now = text(&vector, "now").parse().unwrap();
        let query = parse(query_string, &Policy { raw_queries_allowed: true }, now).unwrap();
        let window = query.window(now);
        let expected: BTreeSet<&str> =
            vector["starts"].as_array().unwrap().iter().map(|start| start.as_str().unwrap()).collect();
        // The data decides how far a window moves; here any distance in its direction will do.
        let steps = match window.shift {
            Shift::Never => 0..=0,
            Shift::Later => 0..=query.duration.unwrap() - 1,
            Shift::Earlier => 1 - query.duration.unwrap()..=0,
        };
        let shown = |steps: i64| -> BTreeSet<String> {
            let periods = window.shifted(steps).unwrap().periods.unwrap();
            periods.starts().map(print_time).collect()
        };
        let found = expected.is_empty() && window.periods.unwrap().count() == 0
            || steps.clone().any(|steps| shown(steps).iter().eq(&expected));
        assert!(found, "{query_string} at {now}: {steps:?} {:?} {expected:?}", shown(0));
    }
}

#[test]
fn timestamps_are_read_as_they_were() {
    for vector in vectors(include_str!("vectors/timestamps.json")) {
        let read = match read_timestamp(text(&vector, "text")) {
            Ok(time) => print_time(time),
            Err(TimestampError::Unrecognised) => "unrecognised".to_owned(),
            Err(TimestampError::OutOfRange) => "out of range".to_owned(),
        };
        assert_eq!(read, text(&vector, "read"), "{vector}");
    }
}

#[test]
fn what_once_crashed_is_refused_or_answered() {
    let message = |query_string| {
        let policy = Policy { raw_queries_allowed: true };
        parse(query_string, &policy, now())
            .map(|query| query.to_string())
            .unwrap_or_else(|error| error.to_string())
    };
    for (query_string, expected) in [
        ("group_by=authority&collect=fee:sum:mean", "Unknown collection method"),
        (
            "group_by=authority&group_by=channel&collect=channel",
            "Cannot collect by a field that is used for group_by",
        ),
        (
            "period=year&start_at=9998-01-01T00:00:00Z&end_at=9999-12-31T00:00:00Z",
            "the time range must lie between the years 1 and 9999",
        ),
        (
            "period=year&start_at=2013-01-01T00:00:00Z&duration=9000",
            "the time range must lie between the years 1 and 9999",
        ),
        ("period=day&duration=99999999999", "the time range must lie between the years 1 and 9999"),
        (
            "period=hour&duration=99999999999999999999999",
            "the time range must lie between the years 1 and 9999",
        ),
        ("limit=99999999999999999999", ""),
        (
            "sort_by=field:ascending:descending",
            "Unrecognised sort direction. Supported directions include: ascending, descending",
        ),
        ("group_by=channel&sort_by=fee:sum:descending", "Invalid sort key fee:sum"),
        (
            "group_by=channel&collect=fee:sum&sort_by=fee:sum:descending",
            "group_by=channel&collect=fee:sum&sort_by=fee:sum:descending",
        ),
    ] {
        assert_eq!(message(query_string), expected, "{query_string}");
    }
}
