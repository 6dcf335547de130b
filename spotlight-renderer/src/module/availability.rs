//! `availability`: how long pages take to load, and how much of the time a service was there.

use serde_json::{Value, json};

use super::plot::{self, Line};
use super::{Scene, Type, figure, table};
use crate::chart::Kind;
use crate::data::Row;
use crate::definition::query::Wishes;
use crate::definition::{Module, marks};
use crate::format::{Format, Kind as FormatKind};
use crate::rows::{self, number, value};
use crate::view::{Facts, Headline, Name};
use crate::words::say;
use chrono::{DateTime, Utc};

const RESPONSE: &str = "avgresponse:mean";
/// The field of the computed share. Time that nobody watched does not count.
const UPTIME: &str = "uptimeFraction";

pub struct Availability;

impl Type for Availability {
    fn defaults(&self, _: &Value) -> Value {
        json!({"axes": {
            "x": {"label": say("axis-time"), "key": "_timestamp", "format": "date"},
            "y": [
                {"label": say("load-time"), "key": RESPONSE, "format": "duration"},
                {"label": say("uptime"), "key": UPTIME, "format": "percent"},
            ],
        }})
    }

    fn wishes(&self, module: &Module, _: DateTime<Utc>) -> Wishes {
        let mut wishes = Wishes { unended: module.shows_unended(), ..Wishes::default() };
        wishes
            .over
            .insert("collect".to_owned(), json!(["downtime:sum", "uptime:sum", "unmonitored:sum", RESPONSE]));
        wishes
    }

    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let axes = module.axes();
        let mut rows = rows::prepare_with_unended(module, &axes, rows, scene.now);
        for row in &mut rows {
            let (up, down) = (number(row, "uptime:sum"), number(row, "downtime:sum"));
            let watched = up.unwrap_or(0.0) + down.unwrap_or(0.0);
            row.insert(UPTIME.to_owned(), value((watched > 0.0).then(|| up.unwrap_or(0.0) / watched)));
        }
        let seconds = Format { unit: "s".to_owned(), ..Format::new(FormatKind::Duration) };
        let percent = Format::new(FormatKind::Percent);
        let latest = |name: Name, key: &str, format: &Format| Headline {
            name,
            ..figure::latest(&rows, key, module.period(), format, scene)
        };
        let targets = marks::targets(&module.options);
        let chart = |name: Name, label: &str, key: &str, format: &Format| {
            let mut chart = plot::over_time(module, &rows, &[Line::new(label, key)], Kind::Line, format);
            chart.id = format!("{}-{}", chart.id, key.split(':').next().unwrap_or(key));
            chart.title = format!("{}: {}", chart.title, label.to_lowercase());
            // each chart has the targets of its figure
            let own = targets.iter().filter(|(group, _)| group.as_deref() == Some(name.word()));
            chart.targets = own.map(|(_, target)| target.clone()).collect();
            chart
        };
        Facts {
            headline: vec![
                latest(Name::ResponseTime, RESPONSE, &seconds),
                latest(Name::Uptime, UPTIME, &percent),
            ],
            charts: vec![
                chart(Name::ResponseTime, &say("load-time"), RESPONSE, &seconds).into(),
                chart(Name::Uptime, &say("uptime"), UPTIME, &percent).into(),
            ],
            table: Some(table::of(module, &axes, &rows, scene)),
            ..Facts::default()
        }
    }
}
