//! Laws that hold for every query and every text.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use chrono::{DateTime, TimeZone, Utc};
use proptest::prelude::*;
use query_lang::{
    Calendar, Collect, CollectMethod, Compare, Comparison, Cursor, Expression, Fill, Format, Order,
    Percentile, Period, Place, Policy, Query, SortBy, Tz, Value, parse, parse_timestamp,
};

const OPEN: Policy = Policy { raw_queries_allowed: true };
const STRICT: Policy = Policy { raw_queries_allowed: false };

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2014, 2, 12, 10, 20, 30).unwrap()
}

fn key() -> impl Strategy<Value = String> {
    "[a-z_][a-z0-9_]{1,6}"
}

fn public_key() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9_]{1,6}"
}

fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    (-2_000_000_000_i64..4_000_000_000).prop_map(|seconds| Utc.timestamp_opt(seconds, 0).unwrap())
}

fn value() -> impl Strategy<Value = Value> {
    let text =
        any::<String>().prop_filter("would be read as a boolean", |text| text != "true" && text != "false");
    prop_oneof![any::<bool>().prop_map(Value::Bool), text.prop_map(Value::Text)]
}

/// Periods with a name of their own, and parts of a day.
fn period() -> impl Strategy<Value = Period> + Clone {
    let parts: Vec<Period> = (1..=1_440).filter_map(Period::of_minutes).chain(Period::ALL).collect();
    prop::sample::select(parts)
}

/// `period`, `start_at`, `end_at` and `duration`.
type Range = (Option<Period>, Option<DateTime<Utc>>, Option<DateTime<Utc>>, Option<i64>);

/// Ranges as they are allowed: none, absolute, or relative to one end or to now.
fn range() -> impl Strategy<Value = Range> {
    let period = period();
    let duration = 0..400_i64;
    prop_oneof![
        Just((None, None, None, None)),
        (prop::option::of(period.clone()), moment(), moment()).prop_map(|(p, s, e)| (
            p,
            Some(s),
            Some(e),
            None
        )),
        (period.clone(), moment(), duration.clone()).prop_map(|(p, s, d)| (Some(p), Some(s), None, Some(d))),
        (period.clone(), moment(), duration.clone()).prop_map(|(p, e, d)| (Some(p), None, Some(e), Some(d))),
        (period, duration).prop_map(|(p, d)| (Some(p), None, None, Some(d))),
    ]
}

fn zone() -> impl Strategy<Value = Tz> {
    let zones = chrono_tz::TZ_VARIANTS.iter().copied().filter(|zone| *zone != Tz::UTC);
    prop::sample::select(zones.collect::<Vec<_>>())
}

fn collect() -> impl Strategy<Value = Collect> {
    let mut methods = CollectMethod::NAMED.to_vec();
    methods.push(CollectMethod::Default);
    let percentile = (0..=100_000_u32).prop_map(|thousandths| {
        CollectMethod::Percentile(Percentile::from_thousandths(thousandths).unwrap())
    });
    (public_key(), prop_oneof![prop::sample::select(methods), percentile])
        .prop_map(|(key, method)| Collect { key, method })
}

/// Values that have an order.
fn ordered() -> impl Strategy<Value = Value> {
    let finite = any::<f64>().prop_filter("finite", |x| x.is_finite());
    let time = (moment(), 0..1_000_000_i64)
        .prop_map(|(time, micros)| time + chrono::TimeDelta::microseconds(micros));
    prop_oneof![
        any::<i64>().prop_map(Value::Int),
        finite.prop_map(Value::Float),
        any::<String>().prop_map(Value::Text),
        time.prop_map(Value::Time),
    ]
}

fn literal() -> impl Strategy<Value = Value> {
    prop_oneof![ordered(), any::<bool>().prop_map(Value::Bool), Just(Value::Null)]
}

fn expression() -> impl Strategy<Value = Expression> {
    let key = || {
        prop_oneof![key(), prop::sample::select(vec!["in", "not", "With", "null"]).prop_map(str::to_owned)]
    };
    let place = prop::sample::select(vec![Place::Anywhere, Place::Start, Place::End]);
    let equality = prop::sample::select(vec![Comparison::Equal, Comparison::NotEqual]);
    let condition = prop_oneof![
        (key(), equality, literal()).prop_map(|(key, comparison, value)| Expression::Compare {
            key,
            comparison,
            value
        }),
        (key(), prop::sample::select(Comparison::ALL.to_vec()), ordered())
            .prop_map(|(key, comparison, value)| Expression::Compare { key, comparison, value }),
        (key(), any::<i64>(), any::<i64>()).prop_map(|(key, a, b)| Expression::Range {
            key,
            low: Value::Int(a),
            high: Value::Int(b)
        }),
        (key(), any::<String>(), any::<String>()).prop_map(|(key, a, b)| Expression::Range {
            key,
            low: Value::Text(a),
            high: Value::Text(b)
        }),
        (key(), prop::collection::vec(literal(), 1..4))
            .prop_map(|(key, values)| Expression::OneOf { key, values }),
        (key(), place, any::<String>()).prop_map(|(key, place, text)| Expression::Text { key, place, text }),
        key().prop_map(Expression::Has),
    ];
    condition.prop_recursive(4, 16, 3, |inner| {
        let several = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            inner.prop_map(Expression::negated),
            several.clone().prop_map(Expression::all),
            several.prop_map(Expression::any),
        ]
    })
}

prop_compose! {
    fn query()(
        filters in prop::collection::btree_map(key(), value(), 0..3),
        prefixes in prop::collection::btree_map(key(), any::<String>(), 0..3),
        filter in prop::option::of(expression()),
        group_by in prop::collection::btree_set(public_key(), 0..3),
        (period, start_at, end_at, duration) in range(),
        timezone in prop::option::of(zone()),
        collects in prop::collection::vec(collect(), 0..4),
        sort in prop::option::of((key(), prop::sample::select(vec![Order::Ascending, Order::Descending]))),
        limit in prop::option::of(1..1_000_000_u64),
        offset in 0..1_000_000_u64,
        fields in prop::collection::btree_set(key(), 0..3),
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        (flatten, inclusive) in any::<(bool, bool)>(),
        format in prop::sample::select(Format::ALL.to_vec()),
        (cumulative, explain) in any::<(bool, bool)>(),
        compare in prop::option::of(prop::sample::select(Compare::ALL.to_vec())),
        fill in prop::sample::select(Fill::ALL.to_vec()),
        cursor in prop::option::of((literal(), any::<i64>())),
    ) -> Query {
        let grouped = !group_by.is_empty();
        let mut unique: Vec<Collect> = Vec::new();
        for collect in collects {
            if (grouped || period.is_some()) && !group_by.contains(&collect.key) && !unique.contains(&collect) {
                unique.push(collect);
            }
        }
        let raw = !grouped && period.is_none();
        let sorted = sort.is_some() && (grouped || period.is_none());
        let cursor = cursor.filter(|_| raw).map(|(value, sequence)| match sequence % 3 {
            0 => Cursor::First,
            _ => Cursor::After { value: sorted.then_some(value), sequence },
        });
        let may_sort = grouped || period.is_none();
        unique.sort_by_key(Collect::output_name);
        let collects_nothing = unique.is_empty();
        let mut query = Query {
            filter_by_prefix: if filters.is_empty() { prefixes.into_iter().collect() } else { Vec::new() },
            filter_by: filters.into_iter().collect(),
            filter,
            group_by: group_by.into_iter().collect(),
            period,
            timezone: timezone.filter(|_| period.is_some()),
            start_at,
            end_at,
            duration,
            collect: unique,
            sort_by: sort.filter(|_| may_sort).map(|(key, order)| SortBy { key, order }),
            limit: limit.filter(|_| may_sort),
            offset: if may_sort && cursor.is_none() { offset } else { 0 },
            cursor,
            fields: if raw { fields.into_iter().collect() } else { Vec::new() },
            flatten,
            inclusive: inclusive && (start_at.is_some() || end_at.is_some()),
            compare: compare.filter(|_| period.is_some()),
            cumulative: cumulative && period.is_some(),
            fill: if period.is_some() && !collects_nothing { fill } else { Fill::Null },
            format,
            explain,
        };
        if flatten && !raw {
            let names = query.output_names();
            let chosen: BTreeSet<&String> = places.iter().map(|place| place.get(&names)).collect();
            query.fields = chosen.into_iter().cloned().collect();
        }
        query
    }
}

/// Text that often looks like a query string.
fn nearly_a_query() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "start_at",
        "end_at",
        "duration",
        "period",
        "filter_by",
        "filter_by_prefix",
        "group_by",
        "collect",
        "sort_by",
        "limit",
        "offset",
        "fields",
        "flatten",
        "inclusive",
        "format",
        "compare",
        "cumulative",
        "fill",
        "cursor",
        "filter",
        "timezone",
        "explain",
        "x",
    ]);
    let text = prop_oneof![
        any::<String>(),
        "[0-9:+TZ-]{0,26}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{4})",
        "[a-z_%:$]{0,9}",
        "[0-9]{1,22}",
        prop::sample::select(vec![
            "true",
            "false",
            "week",
            "hour",
            "15minutes",
            "6hours",
            "first",
            "previous_year",
            "zero",
            "year",
            "a_key:sum",
            "a_key:x:descending"
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec((name, text), 0..6).prop_map(|pairs| {
        pairs.iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>().join("&")
    })
}

proptest! {
    #[test]
    fn a_printed_query_reads_as_itself(query in query()) {
        let printed = query.to_string();
        prop_assert_eq!(parse(&printed, &OPEN, now()), Ok(query), "{}", printed);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = parse(&text, &STRICT, now());
        let _ = parse_timestamp(&text);
    }

    #[test]
    fn nearly_queries_are_read_or_refused_alike(text in nearly_a_query()) {
        match parse(&text, &OPEN, now()) {
            Ok(query) => {
                let printed = query.to_string();
                prop_assert_eq!(parse(&printed, &OPEN, now()), Ok(query.clone()), "{} -> {}", text, printed);
                let window = query.window(now());
                if let Some(periods) = window.periods {
                    prop_assert_eq!(periods.starts().take(50).count() as u64, periods.count().min(50));
                }
                prop_assert_eq!(query.period.is_some(), window.periods.is_some());
            }
            Err(error) => {
                prop_assert!(error.position().is_none_or(|at| text.is_char_boundary(at)));
                // What an open data set refuses, a strict one does too.
                prop_assert!(parse(&text, &STRICT, now()).is_err());
            }
        }
    }

    #[test]
    fn negation_turns_the_meaning_round(expression in expression(), values in prop::collection::vec(literal(), 3)) {
        let value_of = |key: &str| values.get(key.len());
        prop_assert_eq!(expression.matches(&value_of), !expression.clone().negated().matches(&value_of));
    }

    #[test]
    fn nearly_expressions_never_panic(text in "((not|and|or|in|has|fee|name|[()<>=!'`.,]|[0-9]{1,3}|é| ){0,3} ?){0,9}") {
        if let Ok(query) = parse(&format!("filter={text}"), &OPEN, now()) {
            prop_assert_eq!(parse(&query.to_string(), &OPEN, now()), Ok(query));
        }
    }

    #[test]
    fn every_moment_is_in_one_period_of_every_calendar(
        zone in zone(),
        time in moment(),
        period in period().prop_filter("clocks may move by half an hour", |p| !p.is_within_an_hour() && *p != Period::Hour),
    ) {
        let calendar = Calendar { zone: Some(zone) };
        let start = calendar.floor(period, time);
        let next = calendar.add(period, start, 1).unwrap();
        prop_assert!(start <= time && time < next, "{zone} {period}: {start} {time} {next}");
        prop_assert_eq!(calendar.floor(period, start), start);
        prop_assert_eq!(calendar.floor(period, next), next);
    }

    #[test]
    fn nearly_times_never_panic(text in "[0-9TZ:/,.+ -]{0,30}|[0-9]{1,2} (May|june|T|z) [0-9:. +apm-]{0,20}") {
        let _ = parse_timestamp(&text);
    }

    #[test]
    fn printed_times_read_as_themselves(time in moment(), micros in 0..1_000_000_i64) {
        let time = time + chrono::TimeDelta::microseconds(micros);
        prop_assert_eq!(parse_timestamp(&query_lang::print_time(time)), Some(time));
        prop_assert_eq!(parse_timestamp(&time.to_rfc2822()).map(|t| t.timestamp()), Some(time.timestamp()));
    }
}
