//! `kpi`: one figure, and how it changed. The first row is the newest.

use serde_json::{Value, json};

use super::{Scene, Type, figure};
use crate::data::Row;
use crate::definition::Module;
use crate::definition::axes::Axes;
use crate::format::period;
use crate::rows::{self, number};
use crate::view::{Facts, Headline, Name};

pub struct Kpi;

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
        let ended = current.filter(|row| row.contains_key("_timestamp") && row.contains_key("end_at"));
        let mut headline =
            vec![Headline { label: ended.and_then(label), value: write(current), ..Headline::default() }];
        let before = previous.and_then(|row| Some((row, number(row, key).filter(|before| *before != 0.0)?)));
        if let Some((row, before)) = before {
            let changed =
                current.and_then(|row| number(row, key)).and_then(|now| figure::change(now, before));
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
