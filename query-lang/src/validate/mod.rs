//! The rules, in the order in which they are checked: the first one broken is the one reported.
//!
//! The order is part of the interface, since clients see one message only. First the rules that hold for every query,
//! then those of data sets that do not show single records, then what the older system left to crash.

mod read;

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc, Weekday};

use crate::error::{Problem, QueryError};
use crate::grammar::{Parameter, Parameters};
use crate::{Collect, CollectMethod, Compare, Expression, Fill, Format, Period, Policy, Query};
use read::MOST_ROWS;

/// The names of all parameters.
pub const PARAMETERS: [&str; 22] = [
    "start_at",
    "end_at",
    "duration",
    "period",
    "timezone",
    "filter_by",
    "filter_by_prefix",
    "filter",
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
    "explain",
];

/// The length of the longest query string, in bytes: that of the longest address that HTTP servers take.
pub const LONGEST: usize = 65_535;

/// Keys that can tell one record from all others.
const IDENTIFYING: [&str; 3] = ["_id", "_timestamp", "_updated_at"];

/// Reads a query string, still percent-encoded and without its `?`, for a data set of that policy.
///
/// Of a parameter that makes sense only once, the first counts; of several filters on one key, the last.
///
/// # Errors
///
/// The first rule that the query breaks, with the message of the older API.
pub fn parse(query_string: &str, policy: &Policy, now: DateTime<Utc>) -> Result<Query, QueryError> {
    if query_string.len() > LONGEST {
        return Err(QueryError::new(Problem::TooLong { most: LONGEST }));
    }
    let parameters = Parameters::read(query_string);
    only_known_names(&parameters)?;
    time_parameters_agree(&parameters)?;
    let start_at = read::time(&parameters, "start_at")?;
    let end_at = read::time(&parameters, "end_at")?;
    let (filter_by, filter_by_prefix) = read::filters(&parameters)?;
    let filter = read::filter(&parameters)?;
    let period = read::period(&parameters)?;
    let timezone = read::timezone(&parameters)?;
    let sort_by = read::sort_by(&parameters)?;
    let group_by = read::group_by(&parameters)?;
    let limit = read::limit(&parameters)?;
    let collect = read::collect(&parameters, &group_by)?;
    let duration = read::count(&parameters, "duration")?;
    let flatten = read::boolean(&parameters, "flatten")?;
    let inclusive = read::inclusive(&parameters)?;
    let offset = read::count(&parameters, "offset")?.unwrap_or(0).min(MOST_ROWS);
    let fields = read::fields(&parameters, flatten)?;
    let compare = read::word(&parameters, "compare", &Compare::ALL, Compare::name)?;
    let cumulative = read::boolean(&parameters, "cumulative")?;
    let fill = read::word(&parameters, "fill", &Fill::ALL, Fill::name)?;
    only_of_periods(&parameters)?;
    let cursor = read::cursor(&parameters, sort_by.is_some())?;
    let explain = read::boolean(&parameters, "explain")?;
    // An unknown format has always been JSON.
    let format = parameters.first("format").and_then(|format| Format::from_name(&format.value));
    let query = Query {
        filter_by,
        filter_by_prefix,
        filter,
        group_by,
        period,
        timezone,
        start_at,
        end_at,
        duration: duration.map(|periods| i64::try_from(periods).unwrap_or(i64::MAX)),
        collect,
        sort_by,
        limit,
        offset,
        cursor,
        fields,
        flatten,
        inclusive,
        compare,
        cumulative,
        fill: fill.unwrap_or_default(),
        format: format.unwrap_or_default(),
        explain,
    };
    if !policy.raw_queries_allowed {
        only_whole_days(&query, &parameters)?;
    }
    sorts_on_what_is_there(&query, &parameters)?;
    shows_what_is_there(&query, &parameters)?;
    if query.checked_window(now).is_none() {
        return Err(refuse(&parameters, period_bound(&query), Problem::BeyondCalendar));
    }
    Ok(query)
}

fn refuse(parameters: &Parameters, name: &str, problem: Problem) -> QueryError {
    QueryError::at(problem, name, parameters.first(name).map(|parameter| parameter.position))
}

fn blame(parameter: &Parameter, problem: Problem) -> QueryError {
    QueryError::at(problem, &parameter.name, Some(parameter.position))
}

fn only_known_names(parameters: &Parameters) -> Result<(), QueryError> {
    match parameters.iter().find(|parameter| !PARAMETERS.contains(&parameter.name.as_str())) {
        Some(unknown) => Err(blame(unknown, Problem::UnrecognisedParameter)),
        None => Ok(()),
    }
}

/// Which of `period`, `duration`, `start_at` and `end_at` may, and must, come together.
fn time_parameters_agree(parameters: &Parameters) -> Result<(), QueryError> {
    let has = |name: &str| parameters.has(name);
    let problem = match parameters.first("duration").map(|duration| duration.value.as_str()) {
        Some("0") => Some(("duration", Problem::ZeroDuration)),
        Some(_) if has("start_at") && has("end_at") => Some(("duration", Problem::AbsoluteAndRelative)),
        Some(_) if !has("period") => Some(("duration", Problem::DurationWithoutPeriod)),
        Some(_) => None,
        None if has("start_at") && has("end_at") => None,
        None if has("period") => Some(("period", Problem::PeriodWithoutRange)),
        None if has("start_at") => Some(("start_at", Problem::StartAlone)),
        None if has("end_at") => Some(("end_at", Problem::EndAlone)),
        None => None,
    };
    if let Some((name, problem)) = problem {
        return Err(refuse(parameters, name, problem));
    }
    if has("period") && has("limit") && !has("group_by") {
        return Err(refuse(parameters, "limit", Problem::LimitedPeriods));
    }
    if has("period") && has("offset") && !has("group_by") {
        return Err(refuse(parameters, "offset", Problem::OffsetPeriods));
    }
    Ok(())
}

/// What is laid beside periods, or into them, needs periods.
fn only_of_periods(parameters: &Parameters) -> Result<(), QueryError> {
    let names = ["compare", "cumulative", "fill"];
    if let Some(name) = names.into_iter().find(|name| parameters.has(name) && !parameters.has("period")) {
        return Err(refuse(parameters, name, Problem::WithoutPeriod(name)));
    }
    if parameters.has("fill") && !parameters.has("collect") {
        return Err(refuse(parameters, "fill", Problem::FillWithoutCollect));
    }
    Ok(())
}

/// The rules of data sets that answer only with figures about whole days, so that no single person can be made out.
/// Figures by the hour are exempt from the rules about time, as they always were.
fn only_whole_days(query: &Query, parameters: &Parameters) -> Result<(), QueryError> {
    if query.is_raw() {
        return Err(QueryError::new(Problem::RawRefused));
    }
    // The first group key is no key of the platform; a further one may be, but not one that tells records apart.
    if query.group_by.iter().any(|key| IDENTIFYING.contains(&key.as_str())) {
        return Err(refuse(parameters, "group_by", Problem::GroupInternal));
    }
    let keys = query.filter.iter().flat_map(Expression::keys);
    if keys.into_iter().any(|key| key.starts_with('_')) {
        return Err(refuse(parameters, "filter", Problem::FilterInternal));
    }
    if query.period.is_some_and(Period::is_within_an_hour) {
        return Err(refuse(parameters, "period", Problem::PeriodTooShort));
    }
    if matches!(query.period, Some(Period::Hour | Period::Minutes(_))) {
        return Ok(());
    }
    let calendar = query.calendar();
    if let (Some(start), Some(end)) = (query.start_at, query.end_at)
        && calendar.local(end) - calendar.local(start) < TimeDelta::days(7)
    {
        return Err(refuse(parameters, "end_at", Problem::SpanTooShort));
    }
    let bounds = [("start_at", query.start_at), ("end_at", query.end_at)];
    let bounds = bounds.iter().filter_map(|(name, time)| Some((*name, calendar.local((*time)?))));
    if let Some((name, _)) = bounds.clone().find(|(_, time)| time.time() != NaiveTime::MIN) {
        return Err(refuse(parameters, name, Problem::NotMidnight(name)));
    }
    for (name, time) in bounds {
        match query.period {
            Some(Period::Week) if time.weekday() != Weekday::Mon => {
                return Err(refuse(parameters, name, Problem::NotMonday(name)));
            }
            Some(Period::Month) if time.day() != 1 => {
                return Err(refuse(parameters, name, Problem::NotFirstOfMonth(name)));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A sort key with a colon names something collected.
fn sorts_on_what_is_there(query: &Query, parameters: &Parameters) -> Result<(), QueryError> {
    let Some((key, method)) = query.sort_by.as_ref().and_then(|sort| sort.key.split_once(':')) else {
        return Ok(());
    };
    let problem = match CollectMethod::from_name(method) {
        None => Problem::SortDirection,
        Some(method) => {
            let collect = Collect { key: key.to_owned(), method };
            if query.collect.contains(&collect) {
                return Ok(());
            }
            Problem::SortKeyNotCollected(collect.output_name())
        }
    };
    Err(refuse(parameters, "sort_by", problem))
}

/// What a grouped answer can show is known before it is asked for; a record may have any key.
fn shows_what_is_there(query: &Query, parameters: &Parameters) -> Result<(), QueryError> {
    if query.is_raw() {
        return Ok(());
    }
    let there = query.output_names();
    match query.fields.iter().find(|field| !there.contains(field)) {
        None => Ok(()),
        Some(field) => {
            let problem = Problem::FieldNotThere { field: field.clone(), there: there.join(", ") };
            Err(refuse(parameters, "fields", problem))
        }
    }
}

/// The parameter that makes a range leave the calendar.
fn period_bound(query: &Query) -> &'static str {
    if query.duration.is_some() { "duration" } else { "end_at" }
}
