//! Charts of rows.

use std::sync::Arc;

use crate::chart::{Chart, Kind, Series, Slot, Unit};
use crate::data::Row;
use crate::definition::{Module, marks};
use crate::format::{Format, Kind as FormatKind, axis, period};
use crate::rows::{UNENDED, number};

/// A line or area of a chart: its name, the field it shows, and whether it is there for comparison.
pub struct Line {
    /// What readers call it.
    pub name: String,
    /// The field.
    pub key: String,
    /// Whether it is drawn in dashes.
    pub dashed: bool,
    /// Where its name leads.
    pub href: Option<String>,
}

impl Line {
    /// A line of its own right.
    pub fn new(name: &str, key: &str) -> Line {
        Line { name: name.to_owned(), key: key.to_owned(), dashed: false, href: None }
    }
}

/// A chart along time, with a slot for each row.
pub fn over_time(module: &Module, rows: &[Row], lines: &[Line], kind: Kind, format: &Format) -> Chart {
    let name = module.period();
    let slot =
        |row: &Row| Slot { label: period::label(row, name).unwrap_or_default(), at: period::bounds(row).0 };
    let mut chart = with_format(module, kind, rows.iter().map(slot).collect(), series(rows, lines), format);
    chart.span = period::span(name);
    chart.unended = rows.last().filter(|row| row.contains_key(UNENDED)).map(|_| rows.len() - 1);
    chart.annotations = marks::annotations(&module.options);
    chart.targets = marks::targets(&module.options).into_iter().map(|(_, target)| target).collect();
    chart
}

/// A chart over categories.
pub fn over_categories(
    module: &Module,
    bars: Vec<(String, Option<f64>)>,
    name: &str,
    kind: Kind,
    format: &Format,
) -> Chart {
    let (labels, values): (Vec<String>, Vec<Option<f64>>) = bars.into_iter().unzip();
    let slots = labels.into_iter().map(|label| Slot { label, at: None }).collect();
    with_format(module, kind, slots, vec![Series::new(name, values)], format)
}

fn series(rows: &[Row], lines: &[Line]) -> Vec<Series> {
    let one = |line: &Line| Series {
        name: line.name.clone(),
        values: rows.iter().map(|row| number(row, &line.key)).collect(),
        dashed: line.dashed,
        href: line.href.clone(),
    };
    lines.iter().map(one).collect()
}

fn with_format(module: &Module, kind: Kind, slots: Vec<Slot>, series: Vec<Series>, format: &Format) -> Chart {
    let title = crate::page::plain_text(&module.title);
    let mut chart =
        Chart::new(&format!("{}-chart", module.slug.replace(' ', "-")), &title, kind, slots, series);
    chart.unit = match format.kind {
        FormatKind::Percent => Unit::Percent,
        FormatKind::Duration => Unit::Duration,
        _ => Unit::Number,
    };
    let (values, ticks) = (format.clone(), format.clone());
    chart.format = Arc::new(move |value| values.write_something(value));
    chart.axis_format = Some(Arc::new(move |ticks_at: &[f64]| axis::labels(&ticks, ticks_at)));
    chart
}
