//! The rules, in the order in which they are checked: the first one broken is the one reported.
//!
//! The order is part of the interface, since clients see one message only. First the rules that hold for every query,
//! then those of data sets that do not show single records, then what the older system left to crash.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;

use crate::error::{Problem, QueryError};
use crate::expression::{self, Fault};
use crate::grammar::{self, Parameter, Parameters};
use crate::timestamp::read_strict;
use crate::{
    Collect, CollectMethod, Compare, Cursor, Expression, Fill, Format, Period, Policy, Query, SortBy, Value,
};

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

/// More rows than any data set can hold.
const MOST_ROWS: u64 = 1 << 62;

/// The most keys to group on, and the most things to collect. Nobody reads a table of more columns, and plans grow with them.
const MOST_GROUP_KEYS: usize = 20;
const MOST_COLLECTS: usize = 200;

/// The most conditions of all filter expressions together.
const MOST_CONDITIONS: usize = 200;

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
    let start_at = time(&parameters, "start_at")?;
    let end_at = time(&parameters, "end_at")?;
    let (filter_by, filter_by_prefix) = filters(&parameters)?;
    let filter = filter(&parameters)?;
    let period = period(&parameters)?;
    let timezone = timezone(&parameters)?;
    let sort_by = sort_by(&parameters)?;
    let group_by = group_by(&parameters)?;
    let limit = limit(&parameters)?;
    let collect = collect(&parameters, &group_by)?;
    let duration = count(&parameters, "duration")?;
    let flatten = boolean(&parameters, "flatten")?;
    let inclusive = inclusive(&parameters)?;
    let offset = count(&parameters, "offset")?.unwrap_or(0).min(MOST_ROWS);
    let fields = fields(&parameters, flatten)?;
    let compare = word(&parameters, "compare", &Compare::ALL, Compare::name)?;
    let cumulative = boolean(&parameters, "cumulative")?;
    let fill = word(&parameters, "fill", &Fill::ALL, Fill::name)?;
    only_of_periods(&parameters)?;
    let cursor = cursor(&parameters, sort_by.is_some())?;
    let explain = boolean(&parameters, "explain")?;
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

fn time(parameters: &Parameters, name: &'static str) -> Result<Option<DateTime<Utc>>, QueryError> {
    let Some(parameter) = parameters.first(name) else { return Ok(None) };
    match read_strict(&parameter.value) {
        Some(time) => Ok(Some(time)),
        None => Err(blame(parameter, Problem::InvalidTime(name))),
    }
}

type Filters = (Vec<(String, Value)>, Vec<(String, String)>);

fn filters(parameters: &Parameters) -> Result<Filters, QueryError> {
    let mut filter_by = Vec::new();
    for (key, text) in filter_pairs(parameters, "filter_by")? {
        // Only the booleans are read as such: a filter on `5` has always meant the text.
        let value = grammar::boolean(&text).map_or(Value::Text(text), Value::Bool);
        filter_by.push((key, value));
    }
    let filter_by_prefix = filter_pairs(parameters, "filter_by_prefix")?;
    if !filter_by.is_empty() && !filter_by_prefix.is_empty() {
        return Err(refuse(parameters, "filter_by_prefix", Problem::BothFilters));
    }
    Ok((filter_by, filter_by_prefix))
}

/// Keys and texts, sorted by key, the last one of each key.
fn filter_pairs(parameters: &Parameters, name: &str) -> Result<Vec<(String, String)>, QueryError> {
    let mut pairs = BTreeMap::new();
    for parameter in parameters.all(name) {
        let Some((key, text)) = grammar::key_and_value(&parameter.value) else {
            return Err(blame(parameter, Problem::FilterWithoutColon));
        };
        if !grammar::is_valid_key(key) {
            return Err(blame(parameter, Problem::FilterKey));
        }
        pairs.insert(key.to_owned(), text.to_owned());
    }
    Ok(pairs.into_iter().collect())
}

/// Several expressions must all hold.
fn filter(parameters: &Parameters) -> Result<Option<Expression>, QueryError> {
    let (mut expressions, mut conditions) = (Vec::new(), 0);
    for parameter in parameters.all("filter") {
        let fault = |Fault { character, expected, found }| {
            blame(parameter, Problem::Expression { character, expected, found })
        };
        let expression = expression::read(&parameter.value).map_err(fault)?;
        conditions += expression.size();
        if conditions > MOST_CONDITIONS {
            return Err(blame(parameter, Problem::ExpressionTooLarge { most: MOST_CONDITIONS }));
        }
        expressions.push(expression);
    }
    Ok((!expressions.is_empty()).then(|| Expression::all(expressions)))
}

fn period(parameters: &Parameters) -> Result<Option<Period>, QueryError> {
    let Some(parameter) = parameters.first("period") else { return Ok(None) };
    match Period::from_name(&parameter.value) {
        Some(period) => Ok(Some(period)),
        None => Err(blame(parameter, Problem::UnknownPeriod)),
    }
}

fn timezone(parameters: &Parameters) -> Result<Option<Tz>, QueryError> {
    let Some(parameter) = parameters.first("timezone") else { return Ok(None) };
    if !parameters.has("period") {
        return Err(blame(parameter, Problem::WithoutPeriod("timezone")));
    }
    match parameter.value.parse() {
        Ok(Tz::UTC) => Ok(None),
        Ok(zone) => Ok(Some(zone)),
        Err(_) => Err(blame(parameter, Problem::UnknownTimeZone)),
    }
}

fn sort_by(parameters: &Parameters) -> Result<Option<SortBy>, QueryError> {
    let Some(parameter) = parameters.first("sort_by") else { return Ok(None) };
    if parameters.has("period") && !parameters.has("group_by") {
        return Err(blame(parameter, Problem::SortedPeriods));
    }
    let Some((first, _)) = grammar::key_and_value(&parameter.value) else {
        return Err(blame(parameter, Problem::SortWithoutColon));
    };
    let Some((key, order)) = grammar::key_and_order(&parameter.value) else {
        return Err(blame(parameter, Problem::SortDirection));
    };
    if !grammar::is_valid_key(first) {
        return Err(blame(parameter, Problem::SortKey));
    }
    Ok(Some(SortBy { key: output_name(key).unwrap_or_else(|| key.to_owned()), order }))
}

/// The name that a key, something collected, or what stands beside it, has in the answer; `None` when it can have none of
/// that name.
fn output_name(text: &str) -> Option<String> {
    let beside = [":previous", ":change", ":cumulative"].into_iter().find(|beside| text.ends_with(beside));
    let (key, method) = grammar::key_and_method(text.strip_suffix(beside.unwrap_or_default())?);
    let key = Some(key).filter(|key| grammar::is_valid_key(key))?;
    let name = Collect { key: key.to_owned(), method: method? }.output_name();
    Some(name + beside.unwrap_or_default())
}

/// Only the first key is checked, as it always was. A further key that no record can have groups nothing.
fn group_by(parameters: &Parameters) -> Result<Vec<String>, QueryError> {
    let Some(first) = parameters.first("group_by") else { return Ok(Vec::new()) };
    if !grammar::is_valid_key(&first.value) {
        return Err(blame(first, Problem::GroupKey));
    }
    if first.value.starts_with('_') {
        return Err(blame(first, Problem::GroupInternal));
    }
    let mut seen = HashSet::new();
    let mut keys: Vec<String> = Vec::new();
    for parameter in parameters.all("group_by") {
        if seen.insert(&parameter.value) {
            if keys.len() == MOST_GROUP_KEYS {
                return Err(blame(parameter, Problem::TooMany { name: "group_by", most: MOST_GROUP_KEYS }));
            }
            keys.push(parameter.value.clone());
        }
    }
    Ok(keys)
}

/// A limit of zero, or one beyond what any data set can hold, is none.
fn limit(parameters: &Parameters) -> Result<Option<u64>, QueryError> {
    Ok(count(parameters, "limit")?.filter(|limit| (1..=MOST_ROWS).contains(limit)))
}

fn count(parameters: &Parameters, name: &'static str) -> Result<Option<u64>, QueryError> {
    let Some(parameter) = parameters.first(name) else { return Ok(None) };
    match grammar::count(&parameter.value) {
        Some(count) => Ok(Some(count)),
        None => Err(blame(parameter, Problem::NotPositive(name))),
    }
}

fn collect(parameters: &Parameters, group_by: &[String]) -> Result<Vec<Collect>, QueryError> {
    if parameters.has("collect") && !parameters.has("group_by") && !parameters.has("period") {
        return Err(refuse(parameters, "collect", Problem::CollectWithoutGroups));
    }
    let mut seen = HashSet::new();
    let mut collects = Vec::new();
    for parameter in parameters.all("collect") {
        let (key, method) = grammar::key_and_method(&parameter.value);
        let Some(method) = method else { return Err(blame(parameter, Problem::CollectMethod)) };
        if !grammar::is_valid_key(key) {
            return Err(blame(parameter, Problem::CollectKey));
        }
        if key.starts_with('_') {
            return Err(blame(parameter, Problem::CollectInternal));
        }
        if group_by.iter().any(|group_key| group_key == key) {
            return Err(blame(parameter, Problem::CollectGroupKey));
        }
        let collect = Collect { key: key.to_owned(), method };
        if seen.insert(collect.clone()) {
            if collects.len() == MOST_COLLECTS {
                return Err(blame(parameter, Problem::TooMany { name: "collect", most: MOST_COLLECTS }));
            }
            collects.push(collect);
        }
    }
    // Names in answers stand in alphabetical order, whatever the order of the question: it is the same question.
    collects.sort_by_cached_key(Collect::output_name);
    Ok(collects)
}

/// Names of fields, several in one parameter or in several. What was collected has a colon in its name.
fn fields(parameters: &Parameters, flatten: bool) -> Result<Vec<String>, QueryError> {
    let mut seen = HashSet::new();
    let mut fields: Vec<String> = Vec::new();
    for parameter in parameters.all("fields") {
        for name in parameter.value.split(',') {
            let Some(field) = output_name(name) else { return Err(blame(parameter, Problem::FieldKey)) };
            if seen.insert(field.clone()) {
                fields.push(field);
            }
        }
    }
    let nested = parameters.has("group_by") || parameters.has("period");
    if !fields.is_empty() && nested && !flatten {
        return Err(refuse(parameters, "fields", Problem::FieldsNested));
    }
    Ok(fields)
}

/// One of a few words.
fn word<T: Copy>(
    parameters: &Parameters,
    name: &'static str,
    all: &[T],
    name_of: fn(T) -> &'static str,
) -> Result<Option<T>, QueryError> {
    let Some(parameter) = parameters.first(name) else { return Ok(None) };
    match all.iter().find(|word| name_of(**word) == parameter.value) {
        Some(word) => Ok(Some(*word)),
        None => {
            let words: Vec<&str> = all.iter().map(|word| name_of(*word)).collect();
            Err(blame(parameter, Problem::UnknownWord { name, words: words.join(", ") }))
        }
    }
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

fn cursor(parameters: &Parameters, sorted: bool) -> Result<Option<Cursor>, QueryError> {
    let Some(parameter) = parameters.first("cursor") else { return Ok(None) };
    if parameters.has("group_by") || parameters.has("period") {
        return Err(blame(parameter, Problem::CursorOfGroups));
    }
    if parameters.has("offset") {
        return Err(blame(parameter, Problem::CursorAndOffset));
    }
    match Cursor::read(&parameter.value) {
        // A cursor of another sort would name no place in this one.
        Some(Cursor::After { value, .. }) if value.is_some() != sorted => {
            Err(blame(parameter, Problem::UnknownCursor))
        }
        None => Err(blame(parameter, Problem::UnknownCursor)),
        cursor => Ok(cursor),
    }
}

fn boolean(parameters: &Parameters, name: &'static str) -> Result<bool, QueryError> {
    let Some(parameter) = parameters.first(name) else { return Ok(false) };
    grammar::boolean(&parameter.value).ok_or_else(|| blame(parameter, Problem::NotBoolean(name)))
}

fn inclusive(parameters: &Parameters) -> Result<bool, QueryError> {
    let inclusive = boolean(parameters, "inclusive")?;
    if parameters.has("inclusive") && !parameters.has("start_at") && !parameters.has("end_at") {
        return Err(refuse(parameters, "inclusive", Problem::InclusiveWithoutRange));
    }
    Ok(inclusive)
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
