//! `completion_table`: the newest completion rate of each category.

use serde_json::{Value, json};

use super::completion_rate::{Matchers, RATE, by_period};
use super::{Scene, Type, table, title};
use crate::data::Row;
use crate::definition::Module;
use crate::format::plain;
use crate::rows::{self, value};
use crate::view::Facts;
use crate::words::say;

pub struct CompletionTable;

impl Type for CompletionTable {
    fn defaults(&self, stored: &Value) -> Value {
        json!({"axes": {
            "x": {"label": say("axis-category"), "key": stored["category"].as_str().unwrap_or("category")},
            "y": [{"label": title(stored), "key": RATE, "format": "percent"}],
        }})
    }

    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let field = module.text("category").unwrap_or("category");
        let mut rows = rows::flat(rows, &module.group_by());
        rows.retain(|row| !rows::ends_after(row, scene.now));
        let mut categories: Vec<(String, Vec<Row>)> = Vec::new();
        for row in rows {
            let name = row.get(field).map(plain).unwrap_or_default().trim().to_owned();
            match categories.iter_mut().find(|(own, _)| *own == name) {
                _ if name.is_empty() => {}
                Some((_, rows)) => rows.push(row),
                None => categories.push((name, vec![row])),
            }
        }
        let matchers = Matchers::of(module);
        let newest = |(name, rows): (String, Vec<Row>)| {
            let rate = by_period(&rows).last().and_then(|(_, own)| matchers.rate(own));
            Row::from_iter([(field.to_owned(), Value::String(name)), (RATE.to_owned(), value(rate))])
        };
        let rows: Vec<Row> = categories.into_iter().map(newest).collect();
        Facts {
            table: Some(table::of(module, &module.axes(), &rows, scene)),
            table_first: true,
            ..Facts::default()
        }
    }
}
