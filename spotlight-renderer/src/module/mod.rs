//! The types of modules: one file each, with its default options, its query and its facts.
//!
//! A new type is a new file and a line in [`of`]. What several of them need is in [`figure`], [`table`] and [`plot`].

mod availability;
mod bars;
pub mod choice;
mod completion_rate;
mod completion_table;
mod figure;
mod grouped_timeseries;
mod histogram;
mod journey;
mod kpi;
mod list;
mod plot;
mod realtime;
mod satisfaction;
mod satisfaction_graph;
mod share;
mod single_timeseries;
pub(crate) mod table;
mod table_module;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

pub(crate) use figure::change;
use serde_json::{Value, json};

use crate::data::Row;
use crate::definition::Module;
use crate::definition::query::Wishes;
use crate::rows::sort::Sort;
use crate::view::Facts;
use crate::words::say;
use choice::Choice;

/// The circumstances in which a module is shown.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The present.
    pub now: DateTime<Utc>,
    /// What the reader wants tables to be sorted by.
    pub sort: Option<Sort>,
    /// What the reader wants of a chart of groups.
    pub choice: Choice,
    /// Whether it is shown on a page of its own.
    pub own_page: bool,
}

/// A type of module.
pub trait Type: Sync {
    /// The options of a definition that has none.
    fn defaults(&self, _stored: &Value) -> Value {
        json!({})
    }

    /// What it needs of its query.
    fn wishes(&self, _module: &Module, _now: DateTime<Utc>) -> Wishes {
        Wishes::default()
    }

    /// Whether readers may choose the dates that it shows.
    fn dates(&self) -> bool {
        false
    }

    /// Whether what they choose is a week, where it is on a page of its own.
    fn weeks(&self) -> bool {
        false
    }

    /// What it has to show, given the rows of the answer.
    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts;
}

/// The type of a name; sections and tabs are none, they have no data of their own.
pub fn of(kind: &str) -> Option<&'static dyn Type> {
    Some(match kind {
        "kpi" => &kpi::Kpi,
        "single_timeseries" => &single_timeseries::SingleTimeseries,
        "grouped_timeseries" | "comparison" => &grouped_timeseries::GroupedTimeseries,
        "bar_chart_with_number" => &bars::Bars,
        "column" => &histogram::Histogram,
        "applications" => &share::Share { within: true },
        "headline_figure" => &share::Share { within: false },
        "completion_rate" => &completion_rate::CompletionRate,
        "completion_table" => &completion_table::CompletionTable,
        "user_satisfaction" => &satisfaction::Satisfaction,
        "user_satisfaction_graph" => &satisfaction_graph::SatisfactionGraph,
        "journey" => &journey::Journey,
        "list" => &list::List,
        "table" => &table_module::TableModule,
        "availability" => &availability::Availability,
        "realtime" => &realtime::Realtime,
        _ => return None,
    })
}

/// Whether there is such a type, sections and tabs among them.
pub fn is_known(kind: &str) -> bool {
    ["section", "tab"].contains(&kind) || of(kind).is_some()
}

/// What shows the data of a type that nobody knows: a table of all fields.
pub fn plain() -> &'static dyn Type {
    &table_module::TableModule
}

/// The default options of a type, for [`Module::parse`].
pub fn defaults(kind: &str, stored: &Value) -> Value {
    of(kind).map_or_else(|| json!({}), |kind| kind.defaults(stored))
}

/// The title of a stored module, to name a value that the definition does not name.
fn title(stored: &Value) -> String {
    stored["title"].as_str().map_or_else(|| say("value").into_owned(), crate::page::plain_text)
}
