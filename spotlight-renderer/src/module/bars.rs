//! `bar_chart_with_number`: the newest value and the last six as bars.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::plot::{self, Line};
use super::{Scene, Type, figure, table, title};
use crate::chart::Kind;
use crate::data::Row;
use crate::definition::query::Wishes;
use crate::definition::{Module, merge};
use crate::rows;
use crate::view::Facts;
use crate::words::say;

/// How many bars there are.
const BARS: usize = 6;

pub struct Bars;

/// How bars are written unless the definition says otherwise.
pub fn bar_format() -> Value {
    json!({"type": "integer", "magnitude": true, "sigfigs": 3, "pad": true})
}

impl Type for Bars {
    fn defaults(&self, stored: &Value) -> Value {
        let key = stored["value-attribute"].as_str().unwrap_or("uniqueEvents:sum");
        let format = merge::deep(&bar_format(), &stored["format"]);
        json!({
            "value-attribute": key,
            "axis-period": "week",
            "format": bar_format(),
            "axes": {
                "x": {"label": say("axis-period"), "key": ["_start_at", "end_at"], "format": "date"},
                "y": [{"label": title(stored), "key": key, "format": format}],
            },
        })
    }

    fn wishes(&self, module: &Module, _: DateTime<Utc>) -> Wishes {
        Wishes { unended: module.shows_unended(), ..Wishes::default() }
    }

    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let axes = module.axes();
        let mut rows = rows::prepare_with_unended(module, &axes, rows, scene.now);
        for row in &mut rows {
            if let (None, Some(end)) = (row.get("end_at"), row.get("_end_at").cloned()) {
                row.insert("end_at".to_owned(), end);
            }
        }
        let ended = rows.iter().filter(|row| !row.contains_key(rows::UNENDED)).count();
        rows.drain(..ended.saturating_sub(BARS));
        let key = module.value_attribute();
        let format = figure::format(module.format());
        let name = axes.y.first().map_or("", |axis| axis.label.as_str());
        Facts {
            headline: vec![figure::latest(&rows, key, module.period(), &format, scene)],
            charts: vec![plot::over_time(module, &rows, &[Line::new(name, key)], Kind::Bar, &format).into()],
            table: Some(table::of(module, &axes, &rows, scene)),
            ..Facts::default()
        }
    }
}
