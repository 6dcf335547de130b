//! Tables of rows, with computed columns.

use std::borrow::Cow;

use serde_json::Value;

use super::Scene;
use crate::chart::Annotation;
use crate::data::Row;
use crate::definition::axes::{Axes, Axis};
use crate::definition::{Module, marks};
use crate::format::{Text, period, plain};
use crate::rows::group;
use crate::rows::sort::{self, Direction, Sort};
use crate::rows::{self, number};
use crate::view::{Column, Table};
use crate::words::say;

/// The table of a module's axes.
pub fn of(module: &Module, axes: &Axes, rows: &[Row], scene: &Scene) -> Table {
    let notes = marks::annotations(&module.options);
    let noted = if notes.is_empty() || !axes.over_time { None } else { with_notes(module, rows, &notes) };
    let columns: Vec<&Axis> = axes.columns().chain(noted.as_ref().map(|(axis, _)| axis)).collect();
    let rows = noted.as_ref().map_or(rows, |(_, rows)| rows);
    let sort = wanted_sort(module, &columns, scene);
    build(&columns, rows, sort, !axes.x.is_empty(), scene)
}

/// The field of a row that says what happened in its period.
pub const NOTES: &str = "_notes";

/// A column that says what happened in the period of each row, with the rows that have it; nothing if nothing happened.
fn with_notes(module: &Module, rows: &[Row], notes: &[Annotation]) -> Option<(Axis, Vec<Row>)> {
    let span = period::span(module.period());
    let of_row = |row: &Row| {
        let (start, end) = period::bounds(row);
        let end = end.or_else(|| span?.after(start?));
        let (start, end) = start.zip(end)?;
        let own = notes.iter().filter(|note| note.from < end && note.until > start);
        let told: Vec<String> = own.map(|note| format!("{}: {}", note.when, note.text)).collect();
        (!told.is_empty()).then(|| told.join("; "))
    };
    let told: Vec<Option<String>> = rows.iter().map(of_row).collect();
    if told.iter().all(Option::is_none) {
        return None;
    }
    let mut rows = rows.to_vec();
    for (row, told) in rows.iter_mut().zip(told) {
        // a row without a note has an empty cell: nothing is missing there
        row.insert(NOTES.to_owned(), told.unwrap_or_default().into());
    }
    Some((Axis::plain(&say("axis-notes"), NOTES), rows))
}

/// What a table is sorted by: what the reader asked for if it has such a column, else what the definition says.
fn wanted_sort(module: &Module, columns: &[&Axis], scene: &Scene) -> Option<Sort> {
    let own = module
        .text("sort-by")
        .map(|key| Sort { key: key.to_owned(), direction: Direction::parse(module.text("sort-order")) });
    let known = |sort: &Sort| columns.iter().any(|column| column.key() == sort.key);
    scene.sort.clone().filter(known).or(own.filter(known))
}

/// The field of a row whose text is put beside the last cell.
pub const NOTE: &str = "_note";

/// A table with these columns.
pub fn build(columns: &[&Axis], rows: &[Row], sort: Option<Sort>, row_header: bool, scene: &Scene) -> Table {
    let read: Vec<Vec<Read<'_>>> =
        columns.iter().map(|axis| axis.keys.iter().map(|key| Read::of(key, rows)).collect()).collect();
    let mut ordered: Vec<&Row> = rows.iter().collect();
    if let Some(sort) = &sort {
        let key = Read::of(&sort.key, rows);
        sort::sort(&mut ordered, sort, |row| key.value(row));
    }
    let mut table = Table {
        columns: columns.iter().zip(&read).map(|(axis, read)| column(axis, read, rows)).collect(),
        sorted: sort,
        row_header: row_header && !rows.is_empty(),
        ..Table::default()
    };
    let mut cells = Vec::with_capacity(rows.len());
    for row in ordered {
        let found: Vec<Cow<'_, Value>> = read.iter().map(|keys| value(keys, row)).collect();
        let mut texts: Vec<Option<Text>> =
            columns.iter().zip(&found).map(|(axis, found)| written(axis, found, scene)).collect();
        if let (true, Some(Some(text))) = (row.contains_key(rows::UNENDED), texts.first_mut()) {
            text.note = Some(say("so-far").into_owned());
        }
        if let (Some(note), Some(Some(text))) = (row.get(NOTE).and_then(Value::as_str), texts.last_mut()) {
            text.note = Some(note.to_owned());
        }
        cells.push(texts);
        table.amounts.push(found.iter().map(|found| found.as_f64()).collect());
    }
    table.rows = cells.into();
    table
}

fn written(axis: &Axis, found: &Value, scene: &Scene) -> Option<Text> {
    match &axis.format {
        Some(format) => format.write(found, scene.now),
        None if found.is_null() => None,
        None => Some(Text::plain(plain(found))),
    }
}

fn column(axis: &Axis, read: &[Read<'_>], all: &[Row]) -> Column {
    let numeric = match (&axis.format, read.first()) {
        (Some(format), _) => format.is_amount(),
        (None, Some(first)) => all.iter().any(|row| first.value(row).is_number()),
        (None, None) => false,
    };
    Column { label: axis.label.clone(), key: axis.key().to_owned(), numeric }
}

/// The value of a column in a row; several keys are a range.
fn value<'a>(keys: &[Read<'_>], row: &'a Row) -> Cow<'a, Value> {
    match keys {
        [key] => key.value(row),
        keys => Cow::Owned(Value::Array(keys.iter().map(|key| key.value(row).into_owned()).collect())),
    }
}

/// How the value of a key is had from a row.
enum Read<'k> {
    /// It is a field.
    Field(&'k str),
    /// It is the share of a field in its sum over all rows, where there is such a sum.
    ShareOf(&'k str, Option<f64>),
    /// It is the change of a field on the period before.
    ChangeOf(&'k str),
}

impl<'k> Read<'k> {
    fn of(key: &'k str, all: &[Row]) -> Read<'k> {
        match key.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
            Some(("percentOfTotal", field)) => {
                Read::ShareOf(field, rows::total(all, field).filter(|total| *total != 0.0))
            }
            Some(("delta", field)) => Read::ChangeOf(field),
            _ => Read::Field(key),
        }
    }

    fn value<'a>(&self, row: &'a Row) -> Cow<'a, Value> {
        match *self {
            Read::Field(key) => row.get(key).map_or(Cow::Owned(Value::Null), Cow::Borrowed),
            Read::ShareOf(field, total) => {
                Cow::Owned(rows::value(number(row, field).zip(total).map(|(part, total)| part / total)))
            }
            Read::ChangeOf(field) => {
                let values = group::values(row);
                let before = values.len().checked_sub(2).and_then(|place| number(values[place], field));
                let before = before.filter(|before| *before != 0.0);
                let change = number(row, field).zip(before).map(|(now, before)| (now - before) / before);
                Cow::Owned(rows::value(change))
            }
        }
    }
}
