//! Tables of rows, with computed columns.

use serde_json::Value;

use super::Scene;
use crate::data::Row;
use crate::definition::Module;
use crate::definition::axes::{Axes, Axis};
use crate::format::{Text, plain};
use crate::rows::group;
use crate::rows::sort::{self, Direction, Sort};
use crate::rows::{self, number};
use crate::view::{Column, Table};

/// The table of a module's axes.
pub fn of(module: &Module, axes: &Axes, rows: &[Row], scene: &Scene) -> Table {
    let columns: Vec<&Axis> = axes.columns().collect();
    let sort = wanted_sort(module, &columns, scene);
    build(&columns, rows, sort, !axes.x.is_empty(), scene)
}

/// What a table is sorted by: what the reader asked for if it has such a column, else what the definition says.
fn wanted_sort(module: &Module, columns: &[&Axis], scene: &Scene) -> Option<Sort> {
    let own = module
        .text("sort-by")
        .map(|key| Sort { key: key.to_owned(), direction: Direction::parse(module.text("sort-order")) });
    let known = |sort: &Sort| columns.iter().any(|column| column.key() == sort.key);
    scene.sort.clone().filter(known).or(own.filter(known))
}

/// A table with these columns.
pub fn build(columns: &[&Axis], rows: &[Row], sort: Option<Sort>, row_header: bool, scene: &Scene) -> Table {
    let mut ordered = rows.to_vec();
    if let Some(sort) = &sort {
        sort::sort(&mut ordered, sort, |row, key| value(row, key, rows));
    }
    let found = |axis: &Axis, row: &Row| match axis.keys.as_slice() {
        [key] => value(row, key, rows),
        keys => Value::Array(keys.iter().map(|key| value(row, key, rows)).collect()),
    };
    let cell = |axis: &Axis, row: &Row| -> Option<Text> {
        let found = found(axis, row);
        match &axis.format {
            Some(format) => format.write(&found, scene.now),
            None if found.is_null() => None,
            None => Some(Text::plain(plain(&found))),
        }
    };
    Table {
        columns: columns.iter().map(|axis| column(axis, rows)).collect(),
        rows: ordered.iter().map(|row| columns.iter().map(|axis| cell(axis, row)).collect()).collect(),
        amounts: ordered
            .iter()
            .map(|row| columns.iter().map(|axis| found(axis, row).as_f64()).collect())
            .collect(),
        sorted: sort,
        row_header: row_header && !rows.is_empty(),
    }
}

fn column(axis: &Axis, all: &[Row]) -> Column {
    let numeric = match &axis.format {
        Some(format) => format.is_amount(),
        None => all.iter().any(|row| value(row, axis.key(), all).is_number()),
    };
    Column { label: axis.label.clone(), key: axis.key().to_owned(), numeric }
}

/// The value of a column in a row: that of a field, or one computed from all rows.
fn value(row: &Row, key: &str, all: &[Row]) -> Value {
    let computed = key.strip_suffix(')').and_then(|rest| rest.split_once('('));
    match computed {
        Some(("percentOfTotal", field)) => {
            let total = rows::total(all, field).filter(|total| *total != 0.0);
            rows::value(number(row, field).zip(total).map(|(part, total)| part / total))
        }
        Some(("delta", field)) => {
            let values = group::values(row);
            let before = values.len().checked_sub(2).and_then(|place| number(values[place], field));
            let before = before.filter(|before| *before != 0.0);
            rows::value(number(row, field).zip(before).map(|(now, before)| (now - before) / before))
        }
        _ => row.get(key).cloned().unwrap_or(Value::Null),
    }
}
