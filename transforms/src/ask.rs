//! What a transform asks of its input after something was written.

use chrono::{DateTime, Datelike, Utc};
use query_lang::{Calendar, Period, Policy, Query, QueryError, parse, print_time};
use serde_json::Value;

use crate::Row;

/// A range of time. With a period, the beginning of the first and the end of the last; else the first and last moment.
pub type TimeRange = (DateTime<Utc>, DateTime<Utc>);

/// The most records that a transform reads at once, when it asks for records themselves.
pub const MOST_RECORDS: u64 = 100_000;

/// The most periods that are asked for at once.
const MOST_PERIODS: i64 = 1_000;

/// What a transform says about time is replaced by what the run is about.
const OF_THE_RUN: [&str; 6] = ["start_at", "end_at", "duration", "inclusive", "flatten", "format"];

/// What is to be computed, and from when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// About what time.
    pub range: TimeRange,
    /// When the figures are complete.
    pub at: DateTime<Utc>,
}

/// What is to be computed after records between two moments, both included, were written, by a transform with these query
/// parameters.
///
/// Without a period that is the range itself. With one it is all periods that have such records: those that have ended now, and
/// those that still run once they have ended. A single moment is something else: its period is computed now, whether it
/// has ended or not, as those who write one period at a time expect.
#[must_use]
pub fn due(parameters: &Row, earliest: DateTime<Utc>, latest: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Due> {
    if earliest > latest {
        return Vec::new();
    }
    let Some((period, calendar)) = period(parameters) else {
        return vec![Due { range: (earliest, latest), at: now }];
    };
    let (first, last) = (calendar.floor(period, earliest), calendar.floor(period, latest));
    // Beyond the calendar there is nothing to be asked.
    let end = calendar.add(period, last, 1).filter(|end| end.year() <= 9999);
    let Some(end) = end else { return Vec::new() };
    if earliest == latest || end <= now {
        return vec![Due { range: (first, end), at: now }];
    }
    // Records may tell of the future, so that more than the last period has not ended.
    let running = calendar.floor(period, now).clamp(first, last);
    let ended = (first < running).then_some(Due { range: (first, running), at: now });
    ended.into_iter().chain([Due { range: (running, end), at: end }]).collect()
}

/// The queries that a transform with these parameters asks about a range of time, one after another.
///
/// # Errors
/// If the parameters are no query.
pub fn queries(parameters: &Row, range: TimeRange, now: DateTime<Utc>) -> Result<Vec<Query>, QueryError> {
    // Whoever makes a transform decides what it reads.
    let policy = Policy { raw_queries_allowed: true };
    let mut queries = Vec::new();
    for (start, end) in slices(parameters, range) {
        let mut query = parse(&query_string(parameters, start, end), &policy, now)?;
        // A query string tells times to the second only.
        (query.start_at, query.end_at) = (Some(start), Some(end));
        query.inclusive = query.period.is_none();
        if query.is_raw() && query.limit.is_none() {
            query.limit = Some(MOST_RECORDS + 1);
        }
        queries.push(query);
    }
    Ok(queries)
}

/// The range in parts of a thousand periods.
fn slices(parameters: &Row, (start, end): TimeRange) -> Vec<TimeRange> {
    let Some((period, calendar)) = period(parameters) else { return vec![(start, end)] };
    let mut slices = Vec::new();
    let mut from = calendar.floor(period, start);
    while from < end {
        let Some(to) = calendar.add(period, from, MOST_PERIODS) else { break };
        slices.push((from, to.min(calendar.ceiling(period, end).unwrap_or(end))));
        from = to;
    }
    slices
}

fn query_string(parameters: &Row, start: DateTime<Utc>, end: DateTime<Utc>) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters.iter().filter(|(name, _)| !OF_THE_RUN.contains(&name.as_str())) {
        match value {
            Value::Null => {}
            Value::Array(values) => {
                for value in values {
                    text.append_pair(name, &printed(value));
                }
            }
            value => {
                text.append_pair(name, &printed(value));
            }
        }
    }
    let second = |time: DateTime<Utc>| print_time(chrono::SubsecRound::trunc_subsecs(time, 0));
    text.append_pair("start_at", &second(start)).append_pair("end_at", &second(end));
    text.append_pair("flatten", "true");
    text.finish()
}

fn printed(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The period that the parameters ask for, and the calendar by which it begins. Parameters that make no sense are refused when
/// they are asked.
fn period(parameters: &Row) -> Option<(Period, Calendar)> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let period = Period::from_name(text("period")?)?;
    let zone = text("timezone").and_then(|zone| zone.parse().ok());
    Some((period, Calendar { zone }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn row(value: Value) -> Row {
        value.as_object().unwrap().clone()
    }

    /// Ranges and when they are due, `now` for at once.
    fn told(parameters: Value, earliest: &str, latest: &str, now: &str) -> Vec<String> {
        let now = at(now);
        let short = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M").to_string();
        let due = due(&row(parameters), at(earliest), at(latest), now);
        let when = |at: DateTime<Utc>| if at == now { "now".to_owned() } else { short(at) };
        due.iter()
            .map(|due| format!("{}..{} {}", short(due.range.0), short(due.range.1), when(due.at)))
            .collect()
    }

    #[test]
    fn whole_periods_are_computed_and_none_before_it_has_ended() {
        let week = || json!({"period": "week"});
        let (early, late) = ("2016-03-02T09:00:00Z", "2016-03-10T09:00:00Z");
        for (earliest, latest, now, expected) in [
            (early, late, "2016-03-20T00:00:00Z", vec!["2016-02-29T00:00..2016-03-14T00:00 now"]),
            (early, late, "2016-03-14T00:00:00Z", vec!["2016-02-29T00:00..2016-03-14T00:00 now"]),
            // 14 March is in the future.
            (
                early,
                late,
                "2016-03-11T00:00:00Z",
                vec![
                    "2016-02-29T00:00..2016-03-07T00:00 now",
                    "2016-03-07T00:00..2016-03-14T00:00 2016-03-14T00:00",
                ],
            ),
            (
                "2016-03-07T00:00:00Z",
                late,
                "2016-03-11T00:00:00Z",
                vec!["2016-03-07T00:00..2016-03-14T00:00 2016-03-14T00:00"],
            ),
            // One moment: whatever the present.
            (early, early, "2016-03-02T10:00:00Z", vec!["2016-02-29T00:00..2016-03-07T00:00 now"]),
            // Records at the beginnings of their periods: the last one is a period too.
            (
                "2016-02-29T00:00:00Z",
                "2016-03-14T00:00:00Z",
                "2016-03-21T00:00:00Z",
                vec!["2016-02-29T00:00..2016-03-21T00:00 now"],
            ),
            (late, early, "2016-03-20T00:00:00Z", vec![]),
        ] {
            assert_eq!(told(week(), earliest, latest, now), expected, "{earliest} {latest} {now}");
        }
    }

    #[test]
    fn periods_begin_as_the_calendar_says() {
        let (earliest, latest, now) =
            ("2016-05-15T10:30:00Z", "2016-08-02T00:00:00Z", "2017-01-01T00:00:00Z");
        for (parameters, expected) in [
            (json!({"period": "hour"}), "2016-05-15T10:00..2016-08-02T01:00 now"),
            (json!({"period": "day"}), "2016-05-15T00:00..2016-08-03T00:00 now"),
            (json!({"period": "month"}), "2016-05-01T00:00..2016-09-01T00:00 now"),
            (json!({"period": "quarter"}), "2016-04-01T00:00..2016-10-01T00:00 now"),
            (json!({"period": "year"}), "2016-01-01T00:00..2017-01-01T00:00 now"),
            (json!({"period": "day", "timezone": "Europe/London"}), "2016-05-14T23:00..2016-08-02T23:00 now"),
            (json!({}), "2016-05-15T10:30..2016-08-02T00:00 now"),
        ] {
            assert_eq!(told(parameters.clone(), earliest, latest, now), [expected], "{parameters}");
        }
        assert!(
            told(json!({"period": "year"}), "9999-05-01T00:00:00Z", "9999-05-01T00:00:00Z", now).is_empty()
        );
    }

    #[test]
    fn queries_ask_for_flat_rows_of_the_range_and_for_nothing_else_about_time() {
        let parameters = row(json!({
            "collect": ["count:sum", "fee:mean"], "group_by": "channel", "period": "week",
            "filter_by": ["kind:a+b & c"], "duration": 5, "start_at": "2010-01-01T00:00:00Z", "flatten": false,
        }));
        let range = (at("2016-02-29T00:00:00Z"), at("2016-03-14T00:00:00Z"));
        let queries = queries(&parameters, range, at("2016-03-20T00:00:00Z")).unwrap();
        let printed: Vec<String> = queries.iter().map(Query::to_string).collect();
        let expected = "filter_by=kind%3Aa%2Bb+%26+c&group_by=channel&period=week&start_at=2016-02-29T00%3A00%3A00Z\
                        &end_at=2016-03-14T00%3A00%3A00Z&collect=count%3Asum&collect=fee%3Amean&flatten=true";
        let plain = |text: &str| text.replace("%3A", ":").replace("%20", "+");
        assert_eq!(printed.iter().map(|text| plain(text)).collect::<Vec<_>>(), [plain(expected)]);
    }

    #[test]
    fn queries_without_a_period_include_the_last_moment_and_have_an_end() {
        let range = (at("2016-02-29T00:00:00.000250Z"), at("2016-03-14T00:00:00.000750Z"));
        let now = at("2016-03-20T00:00:00Z");
        let asked = &queries(&Row::new(), range, now).unwrap()[0];
        assert_eq!((asked.start_at, asked.end_at), (Some(range.0), Some(range.1)));
        assert_eq!((asked.inclusive, asked.limit), (true, Some(MOST_RECORDS + 1)));
        let asked =
            queries(&row(json!({"limit": 5, "sort_by": "_timestamp:descending"})), range, now).unwrap();
        assert_eq!(asked[0].limit, Some(5));
        assert!(queries(&row(json!({"period": "week", "collect": ["x:median"]})), range, now).is_err());
        assert!(queries(&row(json!({"wat": 1})), range, now).is_err());
    }

    #[test]
    fn long_ranges_are_asked_in_parts() {
        let range = (at("2000-01-01T00:00:00Z"), at("2016-01-01T00:00:00Z"));
        let asked = queries(&row(json!({"period": "day"})), range, at("2016-03-20T00:00:00Z")).unwrap();
        assert_eq!(asked.len(), 6);
        assert_eq!((asked[0].start_at, asked[5].end_at), (Some(range.0), Some(range.1)));
        assert!(asked.windows(2).all(|pair| pair[0].end_at == pair[1].start_at));
    }

    fn moment() -> impl Strategy<Value = DateTime<Utc>> {
        (0_i64..2_000_000_000).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default())
    }

    proptest! {
        /// Against the naive model: go through the periods one by one and look whether the written range touches them.
        #[test]
        fn due_are_just_the_periods_that_were_written(
            one in moment(), length in 0_i64..20_000_000, ago in -30_000_000_i64..30_000_000,
            name in prop::sample::select(vec!["day", "week", "month", "quarter", "year"]),
        ) {
            let (earliest, latest) = (one, one + chrono::TimeDelta::seconds(length));
            let now = latest + chrono::TimeDelta::seconds(ago);
            let period = Period::from_name(name).unwrap();
            let due = due(&row(json!({"period": name})), earliest, latest, now);
            let mut start = period.floor(earliest - chrono::TimeDelta::days(800));
            while start < latest + chrono::TimeDelta::days(800) {
                let end = period.add(start, 1).unwrap();
                let written = start <= latest && earliest < end;
                let covering: Vec<&Due> = due.iter().filter(|due| due.range.0 <= start && end <= due.range.1).collect();
                prop_assert_eq!(covering.len(), usize::from(written));
                if let Some(covering) = covering.first() {
                    let complete_or_single = end <= covering.at || earliest == latest;
                    prop_assert!(complete_or_single && covering.at >= now);
                }
                start = end;
            }
        }
    }
}
