//! `journey`: how many people reach each step.

use chrono::{DateTime, Days, Utc};
use serde_json::{Map, Value, json};

use super::{Scene, Type, figure, plot, table};
use crate::chart::Kind;
use crate::data::Row;
use crate::definition::Module;
use crate::definition::query::Wishes;
use crate::format::{Format, Kind as FormatKind, date, plain};
use crate::rows::{self, number, value};
use crate::view::Facts;
use crate::words::say;

pub struct Journey;

impl Type for Journey {
    fn defaults(&self, _: &Value) -> Value {
        json!({"matching-attribute": "eventCategory", "value-attribute": "uniqueEvents"})
    }

    /// The last whole week, from Monday to Monday, unless the definition says otherwise.
    fn wishes(&self, _: &Module, now: DateTime<Utc>) -> Wishes {
        let end = date::monday(now);
        let start = end.checked_sub_days(Days::new(7)).unwrap_or(end);
        let mut under = Map::new();
        under.insert("start_at".to_owned(), date::to_query(start).into());
        under.insert("end_at".to_owned(), date::to_query(end).into());
        Wishes { under, ..Wishes::default() }
    }

    fn dates(&self) -> bool {
        true
    }

    fn weeks(&self) -> bool {
        true
    }

    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let mut axes = module.axes();
        axes.x.clear();
        let rows = rows::flat(rows, &module.group_by());
        let (field, measured) =
            (module.text("matching-attribute").unwrap_or("eventCategory"), module.value_attribute());
        let step = |group: &str| rows.iter().find(|row| row.get(field).map(plain).as_deref() == Some(group));
        let found: Vec<Option<&Row>> =
            axes.y.iter().map(|axis| axis.group.as_deref().and_then(step)).collect();
        let has_data = found.iter().flatten().any(|row| number(row, measured).is_some());
        let reached = |row: &Option<&Row>| match row {
            Some(row) => number(row, measured),
            // nobody was seen at this step, while others were
            None => has_data.then_some(0.0),
        };
        let counts: Vec<Option<f64>> = found.iter().map(reached).collect();
        let wide = axes.y.iter().zip(&counts).map(|(axis, count)| (axis.key().to_owned(), value(*count)));
        let row: Row = wide.collect();
        let bars = axes.y.iter().map(|axis| axis.label.clone()).zip(counts).collect();
        let format = figure::format(module.format().or(Some(Format::new(FormatKind::Integer))));
        Facts {
            charts: vec![plot::over_categories(module, bars, &say("people"), Kind::Steps, &format).into()],
            table: Some(table::of(module, &axes, &[row], scene)),
            ..Facts::default()
        }
    }
}
