//! Reading the value of each parameter: what it may say by itself, and which others it needs beside it.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{blame, refuse};
use crate::error::{Problem, QueryError};
use crate::expression::{self, Fault};
use crate::grammar::{self, Parameters};
use crate::timestamp::read_strict;
use crate::{Collect, Cursor, Expression, Period, SortBy, Value};

/// More rows than any data set can hold.
pub const MOST_ROWS: u64 = 1 << 62;

/// The most keys to group on, and the most things to collect. Nobody reads a table of more columns, and plans grow with them.
const MOST_GROUP_KEYS: usize = 20;
const MOST_COLLECTS: usize = 200;

/// The most conditions of all filter expressions together.
const MOST_CONDITIONS: usize = 200;

pub fn time(parameters: &Parameters, name: &'static str) -> Result<Option<DateTime<Utc>>, QueryError> {
    let Some(parameter) = parameters.first(name) else { return Ok(None) };
    match read_strict(&parameter.value) {
        Some(time) => Ok(Some(time)),
        None => Err(blame(parameter, Problem::InvalidTime(name))),
    }
}

type Filters = (Vec<(String, Value)>, Vec<(String, String)>);

pub fn filters(parameters: &Parameters) -> Result<Filters, QueryError> {
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
pub fn filter(parameters: &Parameters) -> Result<Option<Expression>, QueryError> {
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

pub fn period(parameters: &Parameters) -> Result<Option<Period>, QueryError> {
    let Some(parameter) = parameters.first("period") else { return Ok(None) };
    match Period::from_name(&parameter.value) {
        Some(period) => Ok(Some(period)),
        None => Err(blame(parameter, Problem::UnknownPeriod)),
    }
}

pub fn timezone(parameters: &Parameters) -> Result<Option<Tz>, QueryError> {
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

pub fn sort_by(parameters: &Parameters) -> Result<Option<SortBy>, QueryError> {
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
pub fn group_by(parameters: &Parameters) -> Result<Vec<String>, QueryError> {
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
pub fn limit(parameters: &Parameters) -> Result<Option<u64>, QueryError> {
    Ok(count(parameters, "limit")?.filter(|limit| (1..=MOST_ROWS).contains(limit)))
}

pub fn count(parameters: &Parameters, name: &'static str) -> Result<Option<u64>, QueryError> {
    let Some(parameter) = parameters.first(name) else { return Ok(None) };
    match grammar::count(&parameter.value) {
        Some(count) => Ok(Some(count)),
        None => Err(blame(parameter, Problem::NotPositive(name))),
    }
}

pub fn collect(parameters: &Parameters, group_by: &[String]) -> Result<Vec<Collect>, QueryError> {
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
pub fn fields(parameters: &Parameters, flatten: bool) -> Result<Vec<String>, QueryError> {
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
pub fn word<T: Copy>(
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

pub fn cursor(parameters: &Parameters, sorted: bool) -> Result<Option<Cursor>, QueryError> {
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

pub fn boolean(parameters: &Parameters, name: &'static str) -> Result<bool, QueryError> {
    let Some(parameter) = parameters.first(name) else { return Ok(false) };
    grammar::boolean(&parameter.value).ok_or_else(|| blame(parameter, Problem::NotBoolean(name)))
}

pub fn inclusive(parameters: &Parameters) -> Result<bool, QueryError> {
    let inclusive = boolean(parameters, "inclusive")?;
    if parameters.has("inclusive") && !parameters.has("start_at") && !parameters.has("end_at") {
        return Err(refuse(parameters, "inclusive", Problem::InclusiveWithoutRange));
    }
    Ok(inclusive)
}
