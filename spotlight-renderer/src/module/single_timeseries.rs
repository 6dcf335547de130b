//! `single_timeseries`: the newest value and a line.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::plot::{self, Line};
use super::{Scene, Type, figure, table, title};
use crate::chart::Kind;
use crate::data::Row;
use crate::definition::Module;
use crate::definition::query::Wishes;
use crate::rows;
use crate::view::Facts;
use crate::words::say;

/// The field in which the value is shown, whatever the measured field is called.
const SHOWN: &str = "uniqueEvents";

pub struct SingleTimeseries;

impl Type for SingleTimeseries {
    fn defaults(&self, stored: &Value) -> Value {
        let format =
            [&stored["format"], &stored["format-options"]].into_iter().find(|format| !format.is_null());
        json!({
            "value-attribute": SHOWN,
            "axes": {
                "x": {"label": say("axis-date"), "key": ["_start_at", "_end_at"], "format": "date"},
                "y": [{"label": title(stored), "key": SHOWN, "format": format.cloned().unwrap_or_else(|| json!("integer"))}],
            },
        })
    }

    fn dates(&self) -> bool {
        true
    }

    fn wishes(&self, module: &Module, _: DateTime<Utc>) -> Wishes {
        Wishes { unended: module.shows_unended(), ..Wishes::default() }
    }

    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let axes = module.axes();
        let mut rows = rows::prepare_with_unended(module, &axes, rows, scene.now);
        let default = &module.options["default-value"];
        for row in &mut rows {
            let value = row.get(module.value_attribute()).filter(|value| !value.is_null()).unwrap_or(default);
            let value = value.clone();
            row.insert(SHOWN.to_owned(), value);
        }
        let format = figure::format(module.format());
        let name = axes.y.first().map_or("", |axis| axis.label.as_str());
        let chart = plot::over_time(module, &rows, &[Line::new(name, SHOWN)], Kind::Line, &format);
        Facts {
            headline: vec![figure::latest(&rows, SHOWN, module.period(), &format, scene)],
            table: Some(table::of(module, &axes, &rows, scene)),
            charts: vec![chart.into()],
            ..Facts::default()
        }
    }
}
