//! `applications` and `headline_figure`: which share of the newest period meets a target, and how it changed.

use crate::words::{say, say_with};
use serde_json::Value;

use super::histogram::{drawn, options, pinned};
use super::{Scene, Type, figure};
use crate::data::Row;
use crate::definition::Module;
use crate::definition::query::Wishes;
use crate::format::{Format, Kind, Text, amount, number as numbers, period, plain};
use crate::rows::{self, group, number};
use crate::view::{Facts, Headline, Name, Trend};
use chrono::{DateTime, Utc};

/// Either type.
pub struct Share {
    /// Whether the target is a limit to be kept rather than a category to be met.
    pub within: bool,
}

impl Type for Share {
    fn defaults(&self, stored: &Value) -> Value {
        options(stored, "count:sum")
    }

    fn wishes(&self, _: &Module, _: DateTime<Utc>) -> Wishes {
        Wishes { nested: true, ..Wishes::default() }
    }

    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let axes = module.axes();
        let rows = rows::prepare(module, &axes, rows, scene.now);
        // the share is of all rows, also of those that the chart puts together
        let headline = if rows.is_empty() { vec![Headline::default()] } else { self.headline(module, &rows) };
        let mut facts = drawn(module, &axes, &pinned(module, rows), scene);
        facts.headline = headline;
        if !self.within {
            (facts.charts, facts.caption) = (Vec::new(), None);
        }
        facts
    }
}

impl Share {
    fn headline(&self, module: &Module, rows: &[Row]) -> Vec<Headline> {
        let has_target = !module.options["target"].is_null();
        let label = |back: usize| {
            let values = group::values(rows.first()?);
            let row = values.get(values.len().checked_sub(back + 1)?)?;
            period::label(row, module.period())
        };
        let now = self.share(module, rows, 0);
        let before = self.share(module, rows, 1);
        let percent = Format::new(Kind::Percent);
        let write = |share: f64| numbers::write_amount(&percent, share);
        let days = plain(&module.options["target"]);
        let mut headline = vec![Headline {
            name: Name::Share,
            label: label(0).filter(|_| has_target),
            value: now.and_then(write),
            note: (has_target && self.within && now.is_some())
                .then(|| say_with("within-days", &[("days", days.as_str().into())])),
            ..Headline::default()
        }];
        if let Some(label) = label(1) {
            // the words are the same whatever the period, as stored figures have them
            let suffix = Some(say("on-last-week"));
            let changed = now.zip(before).map(|(now, before)| (now - before, figure::trend(now, before)));
            let (value, trend) = match changed.filter(|(change, _)| *change != 0.0) {
                Some((change, trend)) => (write(change), trend),
                None => (Some(Text::plain(say("no-change"))), Trend::NoChange),
            };
            headline.push(Headline {
                name: Name::Previous,
                label: Some(label),
                value,
                trend: vec![trend],
                suffix,
                note: None,
            });
        }
        headline
    }

    /// The share in the newest period, or in one so many before; `None` where nothing was counted.
    fn share(&self, module: &Module, rows: &[Row], back: usize) -> Option<f64> {
        let key = module.value_attribute();
        let field = module.text("pin-to").unwrap_or_default();
        let counted = |row: &Row| -> Option<f64> {
            let values = group::values(row);
            match values.len() {
                0 | 1 if back == 0 => number(row, key),
                length => number(values.get(length.checked_sub(back + 1)?)?, key),
            }
        };
        let sum = |meets: &dyn Fn(&Row) -> bool| -> f64 {
            rows.iter().filter(|row| meets(row)).filter_map(counted).sum()
        };
        let all = sum(&|_| true);
        let target = &module.options["target"];
        let share = if self.within {
            let limit = amount(target).unwrap_or(f64::INFINITY);
            1.0 - sum(&|row| number(row, field).is_some_and(|value| value > limit)) / all
        } else {
            sum(&|row| row.get(field).is_some_and(|value| plain(value) == plain(target))) / all
        };
        share.is_finite().then_some(share)
    }
}
