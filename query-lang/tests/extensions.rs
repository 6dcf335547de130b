//! What queries can ask beyond the older system: conditions, more ways to collect, pages of rows, chosen fields,
//! time zones.

#![allow(clippy::unwrap_used)]

use chrono::{DateTime, Utc};
use query_lang::{Policy, parse};

/// The canonical text of a query, or the message and the parameter at fault.
fn outcome(query_string: &str) -> String {
    let now: DateTime<Utc> = "2014-02-12T10:20:30Z".parse().unwrap();
    match parse(query_string, &Policy { raw_queries_allowed: true }, now) {
        Ok(query) => query.to_string(),
        Err(error) => format!("{}: {error}", error.parameter().unwrap_or("?")),
    }
}

fn check(cases: &[(&str, &str)]) {
    for (query_string, expected) in cases {
        assert_eq!(outcome(query_string), *expected, "{query_string}");
    }
}

#[test]
fn collects_by_more_methods() {
    check(&[
        (
            "group_by=channel&collect=fee:min&collect=fee:max&collect=fee:first&collect=fee:last",
            "group_by=channel&collect=fee:first&collect=fee:last&collect=fee:max&collect=fee:min",
        ),
        (
            "group_by=channel&collect=fee:stddev&collect=fee:distinct&collect=fee:p50&collect=fee:p99.90",
            "group_by=channel&collect=fee:distinct&collect=fee:p50&collect=fee:p99.9&collect=fee:stddev",
        ),
        (
            "group_by=channel&collect=fee:p90&sort_by=fee:p90.0:descending",
            "group_by=channel&collect=fee:p90&sort_by=fee:p90:descending",
        ),
        ("group_by=channel&collect=fee:p101", "collect: Unknown collection method"),
        ("group_by=channel&collect=fee:median", "collect: Unknown collection method"),
        ("group_by=channel&sort_by=fee:p90:descending", "sort_by: Invalid sort key fee:p90"),
    ]);
}

#[test]
fn the_order_of_collects_makes_no_other_question() {
    let asked = "group_by=channel&collect=fee:sum&collect=days&collect=fee:mean";
    let otherwise = "collect=days&collect=fee:mean&group_by=channel&collect=fee:sum";
    check(&[
        (asked, "group_by=channel&collect=days&collect=fee:mean&collect=fee:sum"),
        (otherwise, "group_by=channel&collect=days&collect=fee:mean&collect=fee:sum"),
    ]);
}

#[test]
fn pages_through_rows() {
    check(&[
        ("limit=10&offset=20", "limit=10&offset=20"),
        ("offset=0", ""),
        ("offset=-1", "offset: offset must be a positive integer"),
        (
            "period=week&duration=2&offset=3",
            "offset: A period query can only have an offset if it is grouped - please add 'group_by'",
        ),
    ]);
}

#[test]
fn pages_by_cursor() {
    check(&[
        ("limit=10&cursor=first", "limit=10&cursor=first"),
        ("cursor=Wzdd", "cursor=Wzdd"),
        (
            "cursor=WzdB",
            "cursor: cursor must be 'first' or the cursor of an earlier answer to the same query",
        ),
        (
            "cursor=WzdA&sort_by=fee:ascending",
            "cursor: cursor must be 'first' or the cursor of an earlier answer to the same query",
        ),
        ("cursor=first&offset=2", "cursor: cursor and offset cannot be used together"),
        ("cursor=first&group_by=channel", "cursor: cursor can be used only with raw queries"),
    ]);
}

#[test]
fn periods_may_be_parts_of_a_day() {
    check(&[
        ("period=minute&duration=3", "period=minute&duration=3"),
        ("period=15minutes&duration=3", "period=15minutes&duration=3"),
        ("period=120minutes&duration=3", "period=2hours&duration=3"),
        (
            "period=7minutes&duration=3",
            "period: 'period' must be one of ['hour', 'day', 'week', 'month', 'quarter', 'year']",
        ),
    ]);
    let policy = Policy { raw_queries_allowed: false };
    let strict =
        |query_string| parse(query_string, &policy, DateTime::UNIX_EPOCH).err().map(|e| e.to_string());
    assert_eq!(strict("period=6hours&duration=3"), None);
    assert_eq!(
        strict("period=30minutes&duration=3").as_deref(),
        Some("period must be an hour or more: this data-set does not show single records")
    );
}

#[test]
fn lays_values_beside_periods() {
    check(&[
        (
            "period=week&duration=3&collect=fee:sum&compare=previous_year&cumulative=true&fill=zero",
            "period=week&duration=3&collect=fee:sum&compare=previous_year&cumulative=true&fill=zero",
        ),
        (
            "period=week&duration=3&collect=fee&fill=null&cumulative=false",
            "period=week&duration=3&collect=fee",
        ),
        ("period=week&duration=3&fill=zero", "fill: fill can be used only with 'collect'"),
        (
            "period=week&duration=3&compare=never",
            "compare: compare must be one of previous_period, previous_year",
        ),
        ("period=week&duration=3&fill=one", "fill: fill must be one of null, zero, previous"),
        ("group_by=channel&fill=zero", "fill: fill can be used only with 'period'"),
        ("compare=previous_year", "compare: compare can be used only with 'period'"),
    ]);
}

#[test]
fn explains_itself() {
    check(&[
        ("explain=true", "explain=true"),
        ("explain=yes", "explain: explain must be either 'true' or 'false'"),
    ]);
}

#[test]
fn shows_chosen_fields() {
    check(&[
        ("fields=channel,_timestamp&fields=fee,channel", "fields=channel,_timestamp,fee"),
        (
            "group_by=channel&flatten=true&collect=fee:sum&fields=fee:sum",
            "group_by=channel&collect=fee:sum&fields=fee:sum&flatten=true",
        ),
        (
            "group_by=channel&flatten=true&collect=fee&fields=chanel",
            "fields: fields: there is no chanel in the answer, which has _count, channel, fee, fee:set",
        ),
        (
            "period=week&duration=2&flatten=true&collect=fee:sum&cumulative=true&fields=fee:sum:change",
            "fields: fields: there is no fee:sum:change in the answer, which has _count, _count:cumulative, _end_at, \
             _start_at, fee:sum, fee:sum:cumulative",
        ),
        ("fields=", "fields: Cannot show an invalid field name"),
        ("fields=channel,", "fields: Cannot show an invalid field name"),
        ("fields=fee:whatever", "fields: Cannot show an invalid field name"),
        (
            "group_by=channel&fields=channel",
            "fields: fields can be used only with raw queries or with 'flatten=true'",
        ),
    ]);
}

#[test]
fn answers_in_lines() {
    check(&[("format=ndjson", "format=ndjson"), ("format=json", ""), ("format=NDJSON", "")]);
}

#[test]
fn filters_by_expressions() {
    check(&[
        (
            "filter=fee+%3E%3D+10+and+channel='online'",
            "filter=fee%20%3E%3D%2010%20and%20channel%20%3D%20%27online%27",
        ),
        ("filter=fee%3E10&filter=fee%3C20", "filter=fee%20%3E%2010%20and%20fee%20%3C%2020"),
        ("filter=has+fee&filter_by=channel:online", "filter_by=channel:online&filter=has%20fee"),
        (
            "filter=volume>100+and+channel+in+(web,phone)",
            "filter=volume%20%3E%20100%20and%20channel%20in%20%28%27web%27,%20%27phone%27%29",
        ),
        (
            "filter=",
            "filter: filter is not a valid expression: expected a condition at character 1, found the end",
        ),
        (
            "filter=fee+is+10",
            "filter: filter is not a valid expression: expected a comparison such as '=' at character 5, found 'is'",
        ),
    ]);
}

#[test]
fn expressions_cannot_pick_out_single_records() {
    let policy = Policy { raw_queries_allowed: false };
    let refused =
        |query_string| parse(query_string, &policy, DateTime::UNIX_EPOCH).err().map(|e| e.to_string());
    assert_eq!(refused("group_by=channel&filter=fee+%3E+10"), None);
    assert_eq!(
        refused("group_by=channel&filter=fee+%3E+10+or+_timestamp+%3E+2014-01-06T10:00:00Z").as_deref(),
        Some("Cannot filter by internal fields, internal fields start with an underscore")
    );
}

#[test]
fn refusals_can_be_shown_in_their_place() {
    let marked = |text: &str| {
        let error = parse(text, &Policy { raw_queries_allowed: true }, DateTime::UNIX_EPOCH).unwrap_err();
        error.marked(text).unwrap_or_default()
    };
    assert_eq!(
        marked("group_by=channel&collect=fee:smu&limit=1"),
        "group_by=channel&collect=fee:smu&limit=1\n                 ^^^^^^^^^^^^^^^"
    );
    assert_eq!(marked("limit=2&filter=fee+%3E+and"), "fee > and\n      ^");
    assert_eq!(marked("filter=name='%C3%A9'+x"), "name='é' x\n         ^");
    assert_eq!(marked("period=week"), "period=week\n^^^^^^^^^^^");
}

#[test]
fn further_group_keys_cannot_pick_out_single_records() {
    let policy = Policy { raw_queries_allowed: false };
    let refused =
        |query_string| parse(query_string, &policy, DateTime::UNIX_EPOCH).err().map(|e| e.to_string());
    assert_eq!(refused("group_by=channel&group_by=_month_start_at"), None);
    assert_eq!(
        refused("group_by=channel&group_by=_id").as_deref(),
        Some("Cannot group by internal fields, internal fields start with an underscore")
    );
}

#[test]
fn there_is_a_bound_to_what_one_query_asks() {
    let several =
        |name: &str, count: usize| (0..count).map(|n| format!("{name}=k{n}")).collect::<Vec<_>>().join("&");
    let filter = |count: usize| format!("filter={}", vec!["aa=1"; count].join("+and+"));
    for (fits, does_not, message) in [
        (several("group_by", 20), several("group_by", 21), "group_by can be used at most 20 times"),
        (
            format!("group_by=aa&{}", several("collect", 200)),
            format!("group_by=aa&{}", several("collect", 201)),
            "collect can be used at most 200 times",
        ),
        (
            filter(200),
            format!("{}&filter=aa=1", filter(200)),
            "filter has too many conditions: at most 200, of which a list such as (1, 5) is one",
        ),
    ] {
        let parsed = |text: &str| parse(text, &Policy { raw_queries_allowed: true }, DateTime::UNIX_EPOCH);
        assert!(parsed(&fits).is_ok(), "{message}");
        assert_eq!(parsed(&does_not).unwrap_err().to_string(), message);
    }
}

#[test]
fn follows_the_calendar_of_a_time_zone() {
    check(&[
        ("period=day&duration=3&timezone=Europe/London", "period=day&timezone=Europe/London&duration=3"),
        ("period=day&duration=3&timezone=UTC", "period=day&duration=3"),
        (
            "period=day&duration=3&timezone=Nowhere",
            "timezone: timezone must be the name of a time zone, like Europe/London",
        ),
        ("timezone=Europe/London", "timezone: timezone can be used only with 'period'"),
    ]);
    let strict = |query_string: &str| {
        let refused = parse(query_string, &Policy { raw_queries_allowed: false }, DateTime::UNIX_EPOCH).err();
        refused.map(|error| error.to_string())
    };
    let summer = "period=day&start_at=2014-06-30T23:00:00Z&end_at=2014-07-30T23:00:00Z";
    assert_eq!(strict(&format!("{summer}&timezone=Europe/London")), None);
    assert_eq!(strict(summer).as_deref(), Some("start_at must be midnight"));
}
