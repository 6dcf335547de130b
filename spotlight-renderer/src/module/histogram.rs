//! `column`: bars over the values of a field, in the newest period.

use serde_json::{Value, json};

use super::bars::bar_format;
use super::{Scene, Type, figure, plot, table, title};
use crate::chart::{self, Kind};
use crate::data::Row;
use crate::definition::axes::Axes;
use crate::definition::{Module, merge};
use crate::format::{Text, amount, plain};
use crate::rows::{self, number, value};
use crate::view::{Facts, Headline};
use crate::words::say;

pub struct Histogram;

/// The options of modules that show categories; `key` is the measured field unless the definition names one.
pub fn options(stored: &Value, key: &str) -> Value {
    let key = stored["value-attribute"].as_str().unwrap_or(key);
    let format = merge::deep(&bar_format(), &stored["format"]);
    json!({
        "value-attribute": key,
        "format": bar_format(),
        "axes": {
            "x": {"label": say("axis-category"), "key": stored["pin-to"].as_str().unwrap_or("_start_at"), "format": "date"},
            "y": [{"label": title(stored), "key": key, "format": format}],
        },
    })
}

impl Type for Histogram {
    fn defaults(&self, stored: &Value) -> Value {
        options(stored, "_count")
    }

    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let axes = module.axes();
        let rows = pinned(module, rows::prepare(module, &axes, rows, scene.now));
        let format = figure::format(module.format());
        let last = rows
            .last()
            .and_then(|row| format.clone().with_abbr().write(row.get(module.value_attribute())?, scene.now));
        let mut facts = drawn(module, &axes, &rows, scene);
        // the figure is that of the last bar: it means nothing without the name of the bar
        let bar = facts.charts.first().and_then(|chart| chart.slots.last()).map(|slot| slot.label.as_str());
        let note = bar.map(|bar| match &facts.caption {
            Some(caption) => format!("{caption}: {bar}"),
            None => bar.to_owned(),
        });
        facts.headline = vec![Headline { value: last, note, ..Headline::default() }];
        facts
    }
}

/// More bars than this do not lie below each other, however long their names.
const MOST_LYING: usize = 30;

/// The chart and the table of categories.
pub fn drawn(module: &Module, axes: &Axes, rows: &[Row], scene: &Scene) -> Facts {
    let key = module.value_attribute();
    let label = axes.x.first().map_or("", |axis| axis.label.as_str());
    let field = module.text("pin-to").or_else(|| axes.x.first().map(|axis| axis.key())).unwrap_or_default();
    let limit = limit(module);
    let bar = |(place, row): (usize, &Row)| {
        let name = axes.x.first().and_then(|axis| axis.format.as_ref()).filter(|format| !format.is_date());
        let category = row.get(field).unwrap_or(&Value::Null);
        let text = name.and_then(|format| format.write(category, scene.now)).map(|Text { text, .. }| text);
        let text = text.unwrap_or_else(|| plain(category));
        let more = if limit == Some(place + 1) && row.contains_key(MERGED) { "+" } else { "" };
        (format!("{text}{more}"), number(row, key))
    };
    let bars = rows.iter().enumerate().map(bar).collect();
    let name = axes.y.first().map_or("", |axis| axis.label.as_str());
    let format = figure::format(module.format());
    let mut chart = plot::over_categories(module, bars, name, Kind::Bar, &format);
    chart.across = Some(label.to_owned()).filter(|label| !label.is_empty());
    // amounts in their order can be left out here and there, names cannot
    let in_order = chart.slots.iter().all(|slot| slot.label.starts_with(|c: char| c.is_ascii_digit()));
    if !in_order && chart.slots.len() <= MOST_LYING && chart::names_crowd(&chart) {
        chart.kind = Kind::Parts;
    }
    Facts {
        caption: chart.across.clone(),
        charts: vec![chart.into()],
        table: Some(table::of(module, axes, rows, scene)),
        ..Facts::default()
    }
}

/// The mark of a row that stands for several.
const MERGED: &str = "_merged";

fn limit(module: &Module) -> Option<usize> {
    amount(&module.options["max-bars"]).filter(|limit| *limit >= 1.0).map(|limit| limit as usize)
}

/// The rows with all beyond the limit added to the last one.
pub fn pinned(module: &Module, mut rows: Vec<Row>) -> Vec<Row> {
    let key = module.value_attribute();
    let Some(limit) = limit(module).filter(|limit| rows.len() > *limit) else { return rows };
    let rest = rows.split_off(limit);
    if let Some(last) = rows.last_mut() {
        let sum = rows::total(rest.iter().chain(std::iter::once(&*last)), key);
        last.insert(key.to_owned(), value(sum));
        last.insert(MERGED.to_owned(), Value::Bool(true));
    }
    rows
}
