//! `kpi`: one figure, and how it changed. The first row is the newest.

use serde_json::{Value, json};

use super::{Scene, Type, figure};
use crate::data::Row;
use crate::definition::Module;
use crate::definition::axes::Axes;
use crate::format::{Text, period};
use crate::rows::{self, number};
use crate::view::{Facts, Headline, Name, Trend};

pub struct Kpi;

/// How a figure changed, by how many times it is what it was before. Figures below zero are compared in the same way, as published
/// ones were.
fn change(ratio: f64) -> Option<(Text, Trend)> {
    Some((figure::signed(ratio - 1.0)?, figure::trend(ratio, 1.0)))
}

impl Type for Kpi {
    fn defaults(&self, _: &Value) -> Value {
        json!({"format": "number", "date-period": "quarter"})
    }

    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let rows = rows::prepare(module, &Axes::default(), rows, scene.now);
        let format = figure::format(module.format()).with_abbr();
        let key = module.value_attribute();
        let label = |row: &Row| period::label(row, module.text("date-period").unwrap_or("quarter"));
        let (current, previous) = (rows.first(), rows.get(1));
        let write = |row: Option<&Row>| format.write(row?.get(key)?, scene.now);
        // a year that is still open has no name
        let has = |row: &Row, key: &str| row.get(key).is_some_and(|value| !value.is_null());
        let ended = current.filter(|row| has(row, "_timestamp") && has(row, "end_at"));
        let mut headline =
            vec![Headline { label: ended.and_then(label), value: write(current), ..Headline::default() }];
        let before = previous.and_then(|row| Some((row, number(row, key).filter(|before| *before != 0.0)?)));
        if let Some((row, before)) = before {
            let changed = current.and_then(|row| number(row, key)).and_then(|now| change(now / before));
            let (value, trend) = match changed {
                Some((text, trend)) => (Some(text), vec![trend]),
                None => (write(previous), Vec::new()),
            };
            headline.push(Headline {
                name: Name::Previous,
                label: label(row),
                value,
                trend,
                ..Headline::default()
            });
        }
        Facts { headline, ..Facts::default() }
    }
}
