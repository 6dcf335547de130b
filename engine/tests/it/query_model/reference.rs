//! What a query means, written as plainly as possible: lists of records, loops, and nothing clever. It shares with the engine
//! only the calendar, the parsed query and its window.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use engine::{Record, Value};
use query_lang::{
    Calendar, Collect, CollectMethod, Compare, Fill, Order, Period, Periods, Query, Shift, Window, print_time,
};
use serde_json::{Map, Value as Json, json};

pub type Row = Map<String, Json>;

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    InvalidCollect,
    InvalidSort,
}

/// The answer to a query over records, which come in the order of insertion.
pub fn answer(records: &[Record], query: &Query, now: DateTime<Utc>) -> Result<Vec<Row>, Refusal> {
    let window = query.window(now);
    let rows = if query.is_raw() {
        raw(&selected(records, query, &window), query)
    } else {
        grouped(records, query, &window)?
    };
    Ok(rows.into_iter().map(|row| with_fields(row, &query.fields)).collect())
}

fn with_fields(row: Row, fields: &[String]) -> Row {
    if fields.is_empty() {
        return row;
    }
    fields.iter().filter_map(|field| Some((field.clone(), row.get(field)?.clone()))).collect()
}

fn time(record: &Record) -> Option<DateTime<Utc>> {
    match record.get("_timestamp") {
        Some(Value::Time(time)) => Some(*time),
        _ => None,
    }
}

fn selected<'r>(records: &'r [Record], query: &Query, window: &Window) -> Vec<&'r Record> {
    let in_window = |record: &Record| {
        let is_open = window.start.is_none() && window.end.is_none();
        time(record).map_or(is_open, |time| window.contains(time))
    };
    let passes = |record: &Record| {
        let exact = query.filter_by.iter().all(|(key, value)| match (record.get(key), value) {
            (Some(Value::Text(own)), Value::Text(text)) => own == text,
            (Some(Value::Bool(own)), Value::Bool(flag)) => own == flag,
            _ => false,
        });
        let prefix = query.filter_by_prefix.iter().all(|(key, prefix)| {
            record.get(key).and_then(Value::as_text).is_some_and(|own| own.starts_with(prefix))
        });
        let filter = query.filter.as_ref().is_none_or(|filter| filter.matches(&|key| record.get(key)));
        exact && prefix && filter
    };
    records.iter().filter(|record| in_window(record) && passes(record)).collect()
}

/// What a record shows under a key, the starts of periods included.
fn shown(record: &Record, key: &str) -> Option<Value> {
    match Period::ALL.into_iter().find(|period| period.start_key() == key) {
        Some(period) => time(record).map(|time| Value::Time(period.floor(time))),
        None => record.get(key).cloned(),
    }
}

fn raw(records: &[&Record], query: &Query) -> Vec<Row> {
    let mut sorted = records.to_vec();
    if let Some(sort) = &query.sort_by {
        // The starts of periods sort as the time that they follow from.
        let is_start = Period::ALL.iter().any(|period| period.start_key() == sort.key);
        let key = if is_start { "_timestamp" } else { &sort.key };
        let value = |record: &Record| record.get(key).cloned().unwrap_or(Value::Null);
        sorted.sort_by(|a, b| {
            let order = record_order(&value(a), &value(b));
            if sort.order == Order::Ascending { order } else { order.reverse() }
        });
    }
    let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
    sorted.into_iter().skip(query.offset as usize).take(limit).map(raw_row).collect()
}

fn raw_row(record: &Record) -> Row {
    let mut row: Vec<(String, Json)> =
        record.iter().map(|(key, value)| (key.clone(), value.to_json())).collect();
    if let Some(time) = time(record) {
        let starts = Period::ALL.into_iter();
        row.extend(starts.map(|period| (period.start_key().into(), print_time(period.floor(time)).into())));
    }
    row.sort_by(|a, b| a.0.cmp(&b.0));
    row.into_iter().collect()
}

/// Null, numbers, texts, booleans, times.
fn record_order(a: &Value, b: &Value) -> Ordering {
    let kind = |value: &Value| match value {
        Value::Null => 0,
        Value::Int(_) | Value::Float(_) => 1,
        Value::Text(_) => 2,
        Value::Bool(_) => 3,
        Value::Time(_) => 4,
    };
    kind(a).cmp(&kind(b)).then_with(|| a.compare(b).unwrap())
}

/// As records, but booleans are 0 and 1 among the numbers, after the number that they equal.
fn group_order(a: &Value, b: &Value) -> Ordering {
    let is_flag = |value: &Value| matches!(value, Value::Bool(_));
    order_as_numbers(a, b).then(is_flag(b).cmp(&is_flag(a)))
}

/// The same, but that false and 0 are equal, and true and 1.
fn order_as_numbers(a: &Value, b: &Value) -> Ordering {
    let number = |value: &Value| match value {
        Value::Bool(flag) => Value::Int(i64::from(*flag)),
        other => other.clone(),
    };
    record_order(&number(a), &number(b))
}

fn list_order(a: &[Value], b: &[Value]) -> Ordering {
    a.iter().zip(b).map(|(a, b)| group_order(a, b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// The records of one combination of the values of the group keys.
struct Group<'r> {
    keys: Vec<Value>,
    records: Vec<&'r Record>,
}

/// Records by the values of their group keys, in order. Records that lack a key are in no group.
fn by_keys<'r>(records: &[&'r Record], query: &Query) -> Vec<Group<'r>> {
    let mut groups: Vec<Group> = Vec::new();
    for record in records {
        let keys: Option<Vec<Value>> = query.group_by.iter().map(|key| shown(record, key)).collect();
        let Some(keys) = keys.filter(|keys| !keys.contains(&Value::Null)) else { continue };
        match groups.iter_mut().find(|group| list_order(&group.keys, &keys).is_eq()) {
            Some(group) => {
                // A number is shown as an integer where a record has it so.
                for (own, key) in group.keys.iter_mut().zip(&keys) {
                    if matches!(key, Value::Int(_)) {
                        *own = key.clone();
                    }
                }
                group.records.push(record);
            }
            None => groups.push(Group { keys, records: vec![record] }),
        }
    }
    groups.sort_by(|a, b| list_order(&a.keys, &b.keys));
    groups
}

fn within<'r>(
    records: &[&'r Record],
    calendar: Calendar,
    period: Period,
    start: DateTime<Utc>,
) -> Vec<&'r Record> {
    let is_in = |record: &&Record| time(record).is_some_and(|time| calendar.floor(period, time) == start);
    records.iter().copied().filter(is_in).collect()
}

fn grouped(records: &[Record], query: &Query, window: &Window) -> Result<Vec<Row>, Refusal> {
    let mut window = *window;
    let mut groups = groups_in(records, query, &window)?;
    if let Some(periods) = window.periods {
        let steps = groups.iter().map(|group| {
            let full = |start| !within(&group.records, periods.calendar, periods.period, start).is_empty();
            steps(window.shift, &periods.starts().map(full).collect::<Vec<_>>())
        });
        let least = steps.min_by_key(|steps| steps.abs()).unwrap_or(0);
        if let Some(moved) = window.shifted(least).filter(|_| least != 0) {
            window = moved;
            groups = groups_in(records, query, &window)?;
        }
    }
    let earlier = match query.compare.and_then(|by| window.earlier(by)) {
        Some(earlier) => groups_in(records, query, &earlier)?,
        None => Vec::new(),
    };
    let before = |keys: &[Value]| {
        earlier
            .iter()
            .find(|group| list_order(&group.keys, keys).is_eq())
            .map_or(&[][..], |group| &group.records)
    };
    let mut rows = Vec::new();
    match window.periods {
        None => {
            for group in &groups {
                let mut row = vec![("_count".to_owned(), json!(group.records.len()))];
                row.extend(keys_of(query, &group.keys));
                for collect in &query.collect {
                    row.extend(named(collect, Some(gathered(collect, &group.records)?)));
                }
                rows.push(sorted(row));
            }
        }
        Some(periods) if query.group_by.is_empty() => {
            let all = groups.first().map_or(&[][..], |group| &group.records);
            rows = series(all, before(&[]), periods, query)?.into_iter().map(sorted).collect();
        }
        Some(periods) if query.flatten => {
            let mut every: Vec<Vec<Value>> = vec![Vec::new()];
            for place in 0..query.group_by.len() {
                let mut values: Vec<Value> = Vec::new();
                for group in &groups {
                    let value = &group.keys[place];
                    if !values.iter().any(|known| group_order(known, value).is_eq()) {
                        values.push(value.clone());
                    }
                }
                every = every
                    .iter()
                    .flat_map(|keys| {
                        values.iter().map(move |value| [keys.clone(), vec![value.clone()]].concat())
                    })
                    .collect();
            }
            let mut all = Vec::new();
            for keys in &every {
                let own = groups.iter().find(|group| list_order(&group.keys, keys).is_eq());
                all.push(series(own.map_or(&[], |own| &own.records), before(keys), periods, query)?);
            }
            for place in 0..periods.starts().count() {
                for (keys, series) in every.iter().zip(&all) {
                    let mut row = series[place].clone();
                    row.extend(keys_of(query, keys));
                    rows.push(sorted(row));
                }
            }
        }
        Some(periods) => {
            for group in &groups {
                let values = series(&group.records, before(&group.keys), periods, query)?;
                let full = periods.starts().filter(|start| {
                    !within(&group.records, periods.calendar, periods.period, *start).is_empty()
                });
                // Records beside the shown periods count too.
                let mut row = vec![
                    ("_count".to_owned(), json!(group.records.len())),
                    ("_group_count".to_owned(), json!(full.count().max(periods_of(&group.records, periods)))),
                    ("values".to_owned(), values.into_iter().map(|row| Json::from(sorted(row))).collect()),
                ];
                row.extend(keys_of(query, &group.keys));
                for collect in &query.collect {
                    row.extend(named(collect, Some(gathered(collect, &group.records)?)));
                }
                rows.push(sorted(row));
            }
        }
    }
    if let Some(sort) = &query.sort_by {
        if !rows.is_empty() && !rows.iter().any(|row| row.contains_key(&sort.key)) {
            return Err(Refusal::InvalidSort);
        }
        let value = |row: &Row| row.get(&sort.key).cloned().unwrap_or(Json::Null);
        rows.sort_by(|a, b| {
            let order = json_order(&value(a), &value(b));
            if sort.order == Order::Ascending { order } else { order.reverse() }
        });
    }
    let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
    Ok(rows.into_iter().skip(query.offset as usize).take(limit).collect())
}

fn periods_of(records: &[&Record], periods: Periods) -> usize {
    let mut starts: Vec<_> = records
        .iter()
        .filter_map(|record| time(record))
        .map(|time| periods.calendar.floor(periods.period, time))
        .collect();
    starts.sort();
    starts.dedup();
    starts.len()
}

/// The groups of a window. In a query by period only records with a time count. Everything that is collected has to suit.
fn groups_in<'r>(records: &'r [Record], query: &Query, window: &Window) -> Result<Vec<Group<'r>>, Refusal> {
    let mut own = selected(records, query, window);
    if query.period.is_some() {
        own.retain(|record| time(record).is_some());
    }
    let groups = by_keys(&own, query);
    for group in &groups {
        for collect in &query.collect {
            gathered(collect, &group.records)?;
        }
    }
    Ok(groups)
}

/// By how many periods a window moves.
fn steps(shift: Shift, full: &[bool]) -> i64 {
    match shift {
        Shift::Never => 0,
        Shift::Later => full.iter().position(|full| *full).unwrap_or(0) as i64,
        Shift::Earlier => -(full.iter().rev().position(|full| *full).unwrap_or(0) as i64),
    }
}

fn keys_of(query: &Query, keys: &[Value]) -> Vec<(String, Json)> {
    query.group_by.iter().cloned().zip(keys.iter().map(Value::to_json)).collect()
}

fn sorted(mut fields: Vec<(String, Json)>) -> Row {
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    fields.into_iter().collect()
}

/// The rows of the periods of one group.
fn series(
    records: &[&Record],
    earlier: &[&Record],
    periods: Periods,
    query: &Query,
) -> Result<Vec<Vec<(String, Json)>>, Refusal> {
    let Periods { period, calendar, .. } = periods;
    let is_list = |collect: &Collect| matches!(collect.method, CollectMethod::Default | CollectMethod::Set);
    let zero = |collect: &Collect| if is_list(collect) { json!([]) } else { json!(0) };
    let (mut rows, mut count_so_far) = (Vec::new(), 0);
    let mut last: Vec<Option<Json>> = vec![None; query.collect.len()];
    let mut so_far: Vec<Json> = vec![json!(0); query.collect.len()];
    for start in periods.starts() {
        let own = within(records, calendar, period, start);
        let before = query.compare.map(|by: Compare| {
            by.before(calendar, period, start)
                .map_or(Vec::new(), |start| within(earlier, calendar, period, start))
        });
        let end = calendar.add(period, start, 1).unwrap();
        let mut row = vec![
            ("_count".to_owned(), json!(own.len())),
            ("_start_at".to_owned(), calendar.print(start).into()),
            ("_end_at".to_owned(), calendar.print(end).into()),
        ];
        if let Some(before) = &before {
            row.push(("_count:previous".into(), before.len().into()));
            row.push(("_count:change".into(), (own.len() as i64 - before.len() as i64).into()));
        }
        if query.cumulative {
            count_so_far += own.len();
            row.push(("_count:cumulative".into(), count_so_far.into()));
        }
        for (place, collect) in query.collect.iter().enumerate() {
            let value = if own.is_empty() { None } else { Some(gathered(collect, &own)?) };
            let value = match (value, query.fill) {
                (Some(value), _) => Some(value),
                (None, Fill::Null) => None,
                (None, Fill::Zero) => Some(zero(collect)),
                (None, Fill::Previous) => last[place].clone(),
            };
            if !own.is_empty() {
                last[place].clone_from(&value);
            }
            let name = match collect.method {
                CollectMethod::Default => format!("{}:set", collect.key),
                _ => collect.output_name(),
            };
            row.extend(named(collect, value.clone()));
            if let Some(before) = &before {
                let then = match (before.is_empty(), query.fill) {
                    (false, _) => gathered(collect, before)?,
                    (true, Fill::Zero) => zero(collect),
                    (true, _) => Json::Null,
                };
                if !is_list(collect) {
                    let change = value.as_ref().and_then(|value| Some(value.as_f64()? - then.as_f64()?));
                    row.push((format!("{name}:change"), change.into()));
                }
                row.push((format!("{name}:previous"), then));
            }
            if query.cumulative && matches!(collect.method, CollectMethod::Sum | CollectMethod::Count) {
                if let Some(number) = value.as_ref().and_then(Json::as_f64) {
                    so_far[place] = (so_far[place].as_f64().unwrap() + number).into();
                }
                row.push((format!("{name}:cumulative"), so_far[place].clone()));
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

fn named(collect: &Collect, value: Option<Json>) -> Vec<(String, Json)> {
    let mut named = Vec::new();
    let mut name = collect.output_name();
    if collect.method == CollectMethod::Default {
        named.extend(value.clone().map(|value| (collect.key.clone(), value)));
        name = format!("{}:set", collect.key);
    }
    named.push((name, value.unwrap_or(Json::Null)));
    named
}

fn gathered(collect: &Collect, records: &[&Record]) -> Result<Json, Refusal> {
    let values: Vec<Value> = records.iter().filter_map(|record| record.get(&collect.key).cloned()).collect();
    let numbers = || -> Result<Vec<f64>, Refusal> {
        let number = |value: &Value| match value {
            Value::Int(number) => Ok(*number as f64),
            Value::Float(number) => Ok(*number),
            Value::Bool(flag) => Ok(f64::from(u8::from(*flag))),
            _ => Err(Refusal::InvalidCollect),
        };
        values.iter().map(number).collect()
    };
    let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
    Ok(match collect.method {
        CollectMethod::Count => values.len().into(),
        CollectMethod::Sum => {
            numbers()?;
            let whole: i128 = values
                .iter()
                .map(|value| match value {
                    Value::Int(number) => i128::from(*number),
                    Value::Bool(flag) => i128::from(*flag),
                    _ => 0,
                })
                .sum();
            let floats: Vec<f64> = values
                .iter()
                .filter_map(|value| if let Value::Float(f) = value { Some(*f) } else { None })
                .collect();
            if floats.is_empty() && i64::try_from(whole).is_ok() {
                json!(i64::try_from(whole).unwrap())
            } else {
                json!(whole as f64 + floats.iter().sum::<f64>())
            }
        }
        CollectMethod::Mean => match numbers()? {
            numbers if numbers.is_empty() => Json::Null,
            numbers => mean(&numbers).into(),
        },
        CollectMethod::Stddev => match numbers()? {
            numbers if numbers.len() < 2 => Json::Null,
            numbers => {
                let mean = mean(&numbers);
                let squares: f64 = numbers.iter().map(|number| (number - mean) * (number - mean)).sum();
                (squares / (numbers.len() - 1) as f64).sqrt().into()
            }
        },
        CollectMethod::Percentile(percentile) => {
            let mut numbers = numbers()?;
            numbers.sort_by(f64::total_cmp);
            if numbers.is_empty() {
                return Ok(Json::Null);
            }
            let place = percentile.fraction() * (numbers.len() - 1) as f64;
            let (low, high) = (numbers[place.floor() as usize], numbers[place.ceil() as usize]);
            (low + (high - low) * place.fract()).into()
        }
        CollectMethod::Default | CollectMethod::Set => distinct(values).iter().map(Value::to_json).collect(),
        CollectMethod::Distinct => distinct(values).len().into(),
        CollectMethod::Min => {
            values.iter().min_by(|a, b| record_order(a, b)).map_or(Json::Null, Value::to_json)
        }
        CollectMethod::Max => {
            values.iter().max_by(|a, b| record_order(a, b)).map_or(Json::Null, Value::to_json)
        }
        CollectMethod::First | CollectMethod::Last => {
            let mut dated: Vec<(DateTime<Utc>, &Value)> = records
                .iter()
                .filter_map(|record| Some((time(record)?, record.get(&collect.key)?)))
                .collect();
            // Records come in the order of insertion, and sorting keeps that among equals.
            dated.sort_by_key(|(time, _)| *time);
            let edge = if collect.method == CollectMethod::First { dated.first() } else { dated.last() };
            edge.map_or(Json::Null, |(_, value)| value.to_json())
        }
    })
}

fn distinct(mut values: Vec<Value>) -> Vec<Value> {
    values.sort_by(group_order);
    values.dedup_by(|a, b| group_order(a, b).is_eq());
    values
}

/// The order in which rows are sorted: what is equal in it stays as it was.
fn json_order(a: &Json, b: &Json) -> Ordering {
    let value = |json: &Json| match json {
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap()),
        },
        Json::String(text) => Value::Text(text.clone()),
        _ => Value::Null,
    };
    match (a, b) {
        (Json::Array(a), Json::Array(b)) => {
            let first = a.iter().zip(b).map(|(a, b)| json_order(a, b)).find(|order| order.is_ne());
            first.unwrap_or(a.len().cmp(&b.len()))
        }
        (Json::Array(_), _) => Ordering::Greater,
        (_, Json::Array(_)) => Ordering::Less,
        _ => order_as_numbers(&value(a), &value(b)),
    }
}
