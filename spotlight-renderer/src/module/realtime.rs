//! `realtime`: how many people are there now, and over the last day.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::plot::{self, Line};
use super::{Scene, Type, table};
use crate::chart::Kind;
use crate::data::Row;
use crate::definition::Module;
use crate::format::{Format, Kind as FormatKind, date, number as numbers};
use crate::rows::{self, number};
use crate::view::{Facts, Headline};
use crate::words::{say, say_with};

const USERS: &str = "unique_visitors";
/// Older figures are not about now.
const FRESH: TimeDelta = TimeDelta::minutes(10);
/// How much is shown.
const SHOWN: TimeDelta = TimeDelta::hours(24);

pub struct Realtime;

impl Type for Realtime {
    fn defaults(&self, _: &Value) -> Value {
        json!({"value-attribute": USERS, "axes": {
            "x": {"label": say("axis-time"), "key": "_timestamp", "format": "time"},
            "y": [{"label": say("axis-users"), "key": USERS, "format": "integer"}],
        }})
    }

    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let axes = module.axes();
        let when = |row: &Row| row.get("_timestamp").and_then(date::parse);
        let mut rows = rows::prepare(module, &axes, rows, scene.now);
        rows.retain(|row| when(row).is_some());
        rows.sort_by_key(when);
        if let Some(first) = rows.last().and_then(when).and_then(|last| last.checked_sub_signed(SHOWN)) {
            rows.retain(|row| when(row).is_some_and(|time| time >= first));
        }
        let integer = Format::new(FormatKind::Integer);
        let mut chart =
            plot::over_time(module, &rows, &[Line::new(&say("users"), USERS)], Kind::Spark, &integer);
        for (slot, row) in chart.slots.iter_mut().zip(&rows) {
            slot.at = when(row);
            slot.label = when(row).map(|time| date::by_pattern(time, "h:mma")).unwrap_or_default();
        }
        let latest = rows.last().and_then(|row| Some((when(row)?, number(row, USERS)?)));
        let headline = match latest {
            Some((time, users)) => Headline {
                label: Some(label(users, time, scene.now)),
                value: numbers::write_amount(&integer, users),
                ..Headline::default()
            },
            None => Headline::default(),
        };
        Facts {
            headline: vec![headline],
            charts: if rows.len() > 1 { vec![chart.into()] } else { Vec::new() },
            table: Some(table::of(module, &axes, &rows, scene)),
            ..Facts::default()
        }
    }
}

fn label(users: f64, time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let count = ("count", users.round().into());
    if now - time <= FRESH {
        return say_with("online-now", &[count]);
    }
    let time = date::by_pattern(time, "h:mma, D MMMM YYYY");
    say_with("online-at", &[count, ("time", time.into())])
}
