//! `kpi`: one figure, and how it changed. The first row is the newest.

use chrono::{DateTime, Days, Utc};
use serde_json::{Value, json};

use super::{Scene, Type, figure};
use crate::chart::{Judged, Target, target_word};
use crate::data::Row;
use crate::definition::axes::Axes;
use crate::definition::{Module, marks};
use crate::format::{Format, Text, period};
use crate::rows::{self, number};
use crate::view::{Facts, Headline, Name, Trend};
use crate::words::say_with;

pub struct Kpi;

/// Whether the figure of a period that has ended is what it shall be.
fn targets(
    module: &Module,
    ended: Option<DateTime<Utc>>,
    value: Option<f64>,
    format: &Format,
) -> Vec<Judged> {
    let in_force = |target: &Target| {
        ended.and_then(|end| end.checked_sub_days(Days::new(1))).is_none_or(|day| target.holds(day))
    };
    let judge = |target: Target| {
        let aim = target.aim(format.write_amount(target.value));
        let met = value.map(|value| target.met(value));
        let parts = [
            ("label", target.label.as_str().into()),
            ("aim", aim.as_str().into()),
            ("met", target_word(met).into()),
        ];
        let says = say_with("says-target-figure", &parts);
        Judged { says, label: target.label, aim, when: None, met }
    };
    marks::targets(&module.options)
        .into_iter()
        .map(|(_, target)| target)
        .filter(in_force)
        .map(judge)
        .collect()
}

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
        let ended = current.and_then(|row| period::bounds(row).1);
        let value = current.and_then(|row| number(row, key));
        Facts { targets: targets(module, ended, value, &format), headline, ..Facts::default() }
    }
}
