//! The body of each type of module.

use std::sync::Arc;

use regex::Regex;
use serde_json::Value;

use super::series::{self, Period, categories, cell, number, periods, slots, sum};
use super::{Context, write};
use crate::chart::{Chart, Kind, Series, Slot, Unit};
use crate::data::Row;
use crate::page::model::{Body, Cell, Change, Column, Data, Direction, Figure, Item, Table};

/// What a module shows of its rows.
pub fn body(definition: &Value, rows: &[Row], context: &Context) -> Body {
    let data = match definition["module-type"].as_str().unwrap_or_default() {
        "kpi" => kpi(definition, rows, context),
        "single_timeseries" => single_timeseries(definition, rows),
        "grouped_timeseries" => grouped_timeseries(definition, rows),
        "completion_rate" => completion_rate(definition, rows),
        "user_satisfaction_graph" | "user_satisfaction" => satisfaction(definition, rows),
        "availability" => availability(definition, rows),
        "bar_chart_with_number" => bars(definition, rows),
        "column" | "applications" | "journey" => by_category(definition, rows),
        "headline_figure" => share(definition, rows),
        "realtime" => realtime(definition, rows),
        "list" => list(definition, rows),
        "table" => table(definition, rows),
        _ => return Body::Unknown,
    };
    Body::Data(data)
}

/// The format of a module's values, by default a number.
fn format_of(definition: &Value) -> Value {
    [&definition["format"], &definition["format-options"], &definition["axes"]["y"][0]["format"]]
        .into_iter()
        .find(|format| !format.is_null())
        .cloned()
        .unwrap_or_else(|| "number".into())
}

/// The same format, with thousands as a letter, for large figures.
fn short(format: &Value) -> Value {
    let mut short = if format.is_object() { format.clone() } else { serde_json::json!({"type": format}) };
    if short["type"] == "integer" {
        short["type"] = "number".into();
    }
    short["magnitude"] = true.into();
    short
}

fn unit_of(format: &Value) -> Unit {
    match format.as_str().or_else(|| format["type"].as_str()) {
        Some("percent") => Unit::Percent,
        Some("duration") => Unit::Duration,
        _ => Unit::Number,
    }
}

fn chart(definition: &Value, kind: Kind, format: &Value, slots: Vec<Slot>, series: Vec<Series>) -> Chart {
    let id = format!("{}-chart", definition["slug"].as_str().unwrap_or_default());
    let title = definition["title"].as_str().unwrap_or_default();
    let written = format.clone();
    Chart {
        unit: unit_of(format),
        format: Arc::new(move |value| write::number(&written, value)),
        ..Chart::new(&id, title, kind, slots, series)
    }
}

fn series(name: impl Into<String>, values: Vec<Option<f64>>) -> Series {
    Series { name: name.into(), values, dashed: false }
}

/// The newest value with its period.
fn latest(format: &Value, periods: &[Period<'_>], values: &[Option<f64>]) -> Figure {
    let last = periods.iter().zip(values).rev().find_map(|(period, value)| Some((period, (*value)?)));
    match last {
        None => Figure::default(),
        Some((period, value)) => {
            let (brief, full) = (write::number(&short(format), value), write::number(format, value));
            Figure {
                label: Some(period.label.clone()),
                full: (brief != full).then_some(full),
                value: Some(brief),
                ..Figure::default()
            }
        }
    }
}

/// A table of periods and named values.
fn period_table(definition: &Value, format: &Value, periods: &[Period<'_>], all: &[Series]) -> Table {
    let name = definition["axes"]["x"]["label"].as_str().unwrap_or("Period");
    let mut columns = vec![Column { label: name.to_owned(), ..Column::default() }];
    columns.extend(all.iter().map(|one| Column {
        label: one.name.clone(),
        numeric: true,
        ..Column::default()
    }));
    let rows = periods.iter().enumerate().map(|(index, period)| {
        let mut row = vec![Cell { text: Some(period.label.clone()), ..Cell::default() }];
        row.extend(all.iter().map(|one| {
            let value = one.values.get(index).copied().flatten();
            Cell { text: value.map(|value| write::number(format, value)), ..Cell::default() }
        }));
        row
    });
    Table { caption: title(definition), columns, rows: rows.collect(), row_header: true }
}

fn title(definition: &Value) -> String {
    definition["title"].as_str().unwrap_or_default().to_owned()
}

/// Lines or areas over periods, the newest value large, and a table.
fn over_time(
    definition: &Value,
    kind: Kind,
    format: &Value,
    periods: &[Period<'_>],
    all: Vec<Series>,
) -> Data {
    let figure = all.first().filter(|_| all.len() == 1).map(|one| latest(format, periods, &one.values));
    let table = period_table(definition, format, periods, &all);
    let mut chart = chart(definition, kind, format, slots(periods), all);
    chart.span = series::span(series::period_name(definition));
    Data { figures: figure.into_iter().collect(), charts: vec![chart], table: Some(table), ..Data::default() }
}

fn value_key<'a>(definition: &'a Value, fallback: &'a str) -> &'a str {
    definition["value-attribute"].as_str().unwrap_or(fallback)
}

fn axis_label(definition: &Value) -> String {
    definition["axes"]["y"][0]["label"].as_str().map_or_else(|| title(definition), str::to_owned)
}

fn single_timeseries(definition: &Value, rows: &[Row]) -> Data {
    let key = value_key(definition, "uniqueEvents");
    let periods = periods(definition, rows);
    let values = periods.iter().map(|period| period.rows.first().and_then(|row| number(row, key))).collect();
    over_time(
        definition,
        Kind::Line,
        &format_of(definition),
        &periods,
        vec![series(axis_label(definition), values)],
    )
}

fn grouped_timeseries(definition: &Value, rows: &[Row]) -> Data {
    let key = value_key(definition, "_count");
    let group_keys: Vec<&str> = match &definition["data-source"]["query-params"]["group_by"] {
        Value::String(key) => vec![key],
        Value::Array(keys) => keys.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let group_of = |row: &Row| {
        let parts: Vec<String> = group_keys.iter().filter_map(|key| cell(row.get(*key))).collect();
        parts.join(":")
    };
    let periods = periods(definition, rows);
    let axes = definition["axes"]["y"].as_array().cloned().unwrap_or_default();
    let listed: Vec<&str> = axes.iter().filter_map(|axis| axis["groupId"].as_str()).collect();
    let mut all: Vec<Series> = Vec::new();
    for axis in &axes {
        let Some(id) = axis["groupId"].as_str() else { continue };
        let belongs = |row: &Row| match id {
            "total" => true,
            "other" => !listed.contains(&group_of(row).as_str()),
            id => group_of(row) == id,
        };
        let values = periods
            .iter()
            .map(|period| sum(period.rows.iter().copied().filter(|row| belongs(row)), key))
            .collect();
        all.push(series(axis["label"].as_str().unwrap_or(id), values));
    }
    let share = definition["one-hundred-percent"] == Value::Bool(true);
    if share {
        for index in 0..periods.len() {
            let total: f64 = all.iter().filter_map(|one| one.values[index]).sum();
            for one in &mut all {
                one.values[index] = one.values[index].filter(|_| total > 0.0).map(|value| value / total);
            }
        }
    }
    let kind = match (share, definition["use_stack"] == Value::Bool(true)) {
        (true, _) => Kind::Share,
        (false, true) => Kind::Stack,
        (false, false) => Kind::Line,
    };
    let format = if share { "percent".into() } else { format_of(definition) };
    over_time(definition, kind, &format, &periods, all)
}

fn completion_rate(definition: &Value, rows: &[Row]) -> Data {
    let key = value_key(definition, "uniqueEvents");
    let matching = definition["matching-attribute"].as_str().unwrap_or("eventCategory");
    let matcher = |name: &str| Regex::new(definition[name].as_str().unwrap_or(".*")).ok();
    let (over, under) = (matcher("numerator-matcher"), matcher("denominator-matcher"));
    let total = |period: &Period<'_>, matcher: Option<&Regex>| {
        let matches = |row: &&Row| {
            matcher.is_some_and(|matcher| cell(row.get(matching)).is_some_and(|text| matcher.is_match(&text)))
        };
        sum(period.rows.iter().copied().filter(matches), key)
    };
    let periods = periods(definition, rows);
    let values = periods
        .iter()
        .map(|period| {
            let under = total(period, under.as_ref()).filter(|under| *under > 0.0)?;
            Some(total(period, over.as_ref())? / under)
        })
        .collect();
    over_time(
        definition,
        Kind::Line,
        &"percent".into(),
        &periods,
        vec![series(axis_label(definition), values)],
    )
}

/// Ratings from 1 (worst) to 5 (best), as a share of the best possible.
fn satisfaction(definition: &Value, rows: &[Row]) -> Data {
    let periods = periods(definition, rows);
    let values = periods
        .iter()
        .map(|period| {
            let ratings: Vec<f64> = (1..=5)
                .map(|rating| {
                    sum(period.rows.iter().copied(), &format!("rating_{rating}:sum")).unwrap_or(0.0)
                })
                .collect();
            let count: f64 = ratings.iter().sum();
            let points: f64 =
                ratings.iter().zip(0..).map(|(ratings, points)| ratings * f64::from(points)).sum();
            (count > 0.0).then(|| points / (count * 4.0))
        })
        .collect();
    over_time(definition, Kind::Line, &"percent".into(), &periods, vec![series("Satisfaction", values)])
}

fn availability(definition: &Value, rows: &[Row]) -> Data {
    let periods = periods(definition, rows);
    let of = |key: &str| -> Vec<Option<f64>> {
        periods.iter().map(|period| sum(period.rows.iter().copied(), key)).collect()
    };
    let (up, down) = (of("uptime:sum"), of("downtime:sum"));
    let uptime: Vec<Option<f64>> = up
        .iter()
        .zip(&down)
        .map(|(up, down)| {
            let watched = up.unwrap_or(0.0) + down.unwrap_or(0.0);
            (watched > 0.0).then(|| up.unwrap_or(0.0) / watched)
        })
        .collect();
    let (total_up, total_down) = (up.iter().flatten().sum::<f64>(), down.iter().flatten().sum::<f64>());
    let figure = Figure {
        name: Some("Uptime".to_owned()),
        label: Some("over the time shown".to_owned()),
        value: (total_up + total_down > 0.0)
            .then(|| write::number(&"percent".into(), total_up / (total_up + total_down))),
        ..Figure::default()
    };
    let mut data =
        over_time(definition, Kind::Line, &"percent".into(), &periods, vec![series("Uptime", uptime)]);
    data.figures = vec![figure];
    data
}

fn bars(definition: &Value, rows: &[Row]) -> Data {
    let key = value_key(definition, "_count");
    let periods = periods(definition, rows);
    let values = periods.iter().map(|period| period.rows.first().and_then(|row| number(row, key))).collect();
    over_time(
        definition,
        Kind::Bar,
        &format_of(definition),
        &periods,
        vec![series(axis_label(definition), values)],
    )
}

/// Bars over the values of a key, in the order of the axes or of the answer.
fn by_category(definition: &Value, rows: &[Row]) -> Data {
    let key = definition["matching-attribute"]
        .as_str()
        .or_else(|| definition["axes"]["x"]["key"].as_str())
        .unwrap_or("_id");
    let value = value_key(definition, "_count");
    let format = definition["axes"]["y"][0].get("format").cloned().unwrap_or_else(|| "integer".into());
    let newest = rows.iter().filter_map(series::start).max();
    let of_newest: Vec<Row> = rows.iter().filter(|row| series::start(row) == newest).cloned().collect();
    let steps: Vec<(String, String)> = definition["axes"]["y"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|axis| Some((axis["groupId"].as_str()?.to_owned(), axis["label"].as_str()?.to_owned())))
        .collect();
    let steps = if steps.is_empty() {
        categories(&of_newest, key).into_iter().map(|id| (id.clone(), id)).collect()
    } else {
        steps
    };
    let values: Vec<Option<f64>> = steps
        .iter()
        .map(|(id, _)| sum(of_newest.iter().filter(|row| cell(row.get(key)).as_deref() == Some(id)), value))
        .collect();
    let slots = steps.iter().map(|(_, label)| Slot { label: label.clone(), at: None }).collect();
    let rows = steps.iter().zip(&values).map(|((_, label), value)| {
        let text = value.map(|value| write::number(&format, value));
        vec![Cell { text: Some(label.clone()), ..Cell::default() }, Cell { text, ..Cell::default() }]
    });
    let x = definition["axes"]["x"]["label"].as_str().unwrap_or("Category");
    let y = if definition["module-type"] == "journey" { "Number".to_owned() } else { axis_label(definition) };
    let table = Table {
        caption: title(definition),
        columns: vec![
            Column { label: x.to_owned(), ..Column::default() },
            Column { label: y.clone(), numeric: true, ..Column::default() },
        ],
        rows: rows.collect(),
        row_header: true,
    };
    // The steps of a journey follow from one another; other categories stand side by side.
    let kind = if definition["module-type"] == "journey" { Kind::Steps } else { Kind::Bar };
    let chart = chart(definition, kind, &format, slots, vec![series(y, values)]);
    Data { charts: vec![chart], table: Some(table), ..Data::default() }
}

/// The share of one value of a key in the newest period.
fn share(definition: &Value, rows: &[Row]) -> Data {
    let key = definition["pin-to"].as_str().unwrap_or_default();
    let target = cell(definition.get("target"));
    let value = value_key(definition, "_count");
    let periods = periods(definition, rows);
    let values: Vec<Option<f64>> = periods
        .iter()
        .map(|period| {
            let total = sum(period.rows.iter().copied(), value).filter(|total| *total > 0.0)?;
            let own = sum(period.rows.iter().copied().filter(|row| cell(row.get(key)) == target), value)?;
            Some(own / total)
        })
        .collect();
    Data { figures: vec![latest(&"percent".into(), &periods, &values)], ..Data::default() }
}

fn realtime(definition: &Value, rows: &[Row]) -> Data {
    let key = value_key(definition, "unique_visitors");
    let mut ordered: Vec<&Row> = rows.iter().collect();
    ordered.sort_by_key(|row| series::start(row));
    let values: Vec<Option<f64>> = ordered.iter().map(|row| number(row, key)).collect();
    let slots = ordered
        .iter()
        .map(|row| {
            let at = series::start(row);
            Slot { label: at.map(|at| at.format("%-I:%M%P").to_string()).unwrap_or_default(), at }
        })
        .collect();
    let figure = Figure {
        label: Some("users online now".to_owned()),
        value: values.iter().rev().flatten().next().map(|value| write::number(&"integer".into(), *value)),
        ..Figure::default()
    };
    let chart =
        chart(definition, Kind::Spark, &"integer".into(), slots, vec![series("Users online", values)]);
    Data { figures: vec![figure], charts: vec![chart], ..Data::default() }
}

fn list(definition: &Value, rows: &[Row]) -> Data {
    let attribute = |name: &str| definition[name].as_str();
    let label = attribute("label-attr").unwrap_or("_id");
    let root = attribute("url-root").unwrap_or_default();
    let mut items: Vec<Item> = Vec::new();
    for row in rows {
        let Some(text) = cell(row.get(label)) else { continue };
        let href =
            attribute("link-attr").and_then(|key| cell(row.get(key))).map(|path| format!("{root}{path}"));
        // Over several periods a flat answer names an entry once for each.
        if !items.iter().any(|item| item.text == text) {
            items.push(Item { text, href, value: None });
        }
    }
    items.truncate(10);
    Data { items: Some(items), ..Data::default() }
}

fn table(definition: &Value, rows: &[Row]) -> Data {
    let x = &definition["axes"]["x"];
    let axes: Vec<Value> = x
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![x.clone()])
        .into_iter()
        .chain(definition["axes"]["y"].as_array().cloned().unwrap_or_default())
        .filter(|axis| axis["key"].is_string())
        // Computed columns need figures of several periods.
        .filter(|axis| !axis["key"].as_str().is_some_and(|key| key.contains('(')))
        .collect();
    let newest = rows.iter().filter_map(series::start).max();
    let mut shown: Vec<&Row> = rows.iter().filter(|row| series::start(row) == newest).collect();
    if let Some(key) = definition["sort-by"].as_str() {
        let value = |row: &Row| number(row, key).unwrap_or(f64::NEG_INFINITY);
        shown.sort_by(|a, b| value(a).total_cmp(&value(b)));
        if definition["sort-order"] == "descending" {
            shown.reverse();
        }
    }
    let columns = axes.iter().map(|axis| Column {
        label: axis["label"].as_str().or_else(|| axis["key"].as_str()).unwrap_or_default().to_owned(),
        numeric: shown
            .iter()
            .any(|row| row.get(axis["key"].as_str().unwrap_or_default()).is_some_and(Value::is_number)),
        ..Column::default()
    });
    let cells = |row: &Row| {
        axes.iter()
            .map(|axis| {
                let value = row.get(axis["key"].as_str().unwrap_or_default());
                let text = match value.and_then(Value::as_f64) {
                    Some(number) => Some(write::number(&axis["format"], number)),
                    None => cell(value),
                };
                Cell { text, ..Cell::default() }
            })
            .collect()
    };
    let table = Table {
        caption: title(definition),
        columns: columns.collect(),
        rows: shown.into_iter().map(cells).collect(),
        row_header: true,
    };
    Data { table: Some(table), table_first: true, ..Data::default() }
}

/// The newest figure, and how it compares with the one before.
fn kpi(definition: &Value, rows: &[Row], context: &Context) -> Data {
    let key = value_key(definition, "_count");
    let format = format_of(definition);
    let name = definition["date-period"].as_str().unwrap_or("quarter");
    let over: Vec<&Row> =
        rows.iter().filter(|row| series::end(row).is_none_or(|end| end <= context.now)).collect();
    let label = |row: &Row| series::start(row).map(|start| write::period(name, start, series::end(row)));
    let value = |index: usize| over.get(index).and_then(|row| number(row, key));
    let (current, previous) = (value(0), value(1).filter(|previous| *previous != 0.0));
    let change = current.zip(previous).map(|(current, previous)| {
        let change = current / previous - 1.0;
        let (sign, direction) = match change {
            up if up > 0.0 => ("+", Direction::Up),
            down if down < 0.0 => ("", Direction::Down),
            _ => ("", Direction::Level),
        };
        Change {
            text: format!(
                "{sign}{}",
                write::number(&serde_json::json!({"type": "percent", "dps": 2}), change)
            ),
            label: over.get(1).and_then(|row| label(row)),
            direction: Some(direction),
            good: None,
        }
    });
    let full = current.map(|value| write::number(&format_in_full(&format), value));
    let text = current.map(|value| write::number(&format, value));
    let figure = Figure {
        name: None,
        label: over.first().and_then(|row| label(row)),
        full: full.filter(|full| Some(full) != text.as_ref()),
        value: text,
        change,
    };
    Data { figures: vec![figure], ..Data::default() }
}

fn format_in_full(format: &Value) -> Value {
    let mut full = format.clone();
    if let Some(options) = full.as_object_mut() {
        options.remove("magnitude");
    }
    full
}
