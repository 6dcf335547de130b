//! What is measured of every service, and figures over many services.
//!
//! The figures are kept in a data set of their own, one row a service and time; the newest value of each measure counts.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::data::DataSource;
use crate::definition::query::Query;
use crate::definition::text;
use crate::format::{Format, amount};
use crate::view::page::Aggregate;
use crate::words::{say, say_with};

/// How a figure over many services is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    /// Added up.
    Sum,
    /// The mean, in which a service weighs as much as it has transactions.
    WeightedMean,
}

/// Something that is measured of services.
#[derive(Debug)]
pub struct Measure {
    /// The field of the data set, and the key of the column.
    pub key: &'static str,
    /// The name of the text that readers call it by.
    name: &'static str,
    /// The name of the format of its values.
    format: &'static str,
    over: Over,
}

/// The field that weighs services.
const VOLUME: &str = "number_of_transactions";
/// A cost counts even where nobody counted transactions.
const COST: &str = "total_cost";

/// All measures; lists show the first unless readers choose others.
pub const MEASURES: [Measure; 6] = [
    measure(VOLUME, "measure-volume", "integer", Over::Sum),
    measure(COST, "measure-total-cost", "currency", Over::Sum),
    measure("cost_per_transaction", "measure-cost", "currency", Over::WeightedMean),
    measure("digital_takeup", "measure-take-up", "percent", Over::WeightedMean),
    measure("user_satisfaction_score", "measure-satisfaction", "percent", Over::WeightedMean),
    measure("completion_rate", "measure-completion", "percent", Over::WeightedMean),
];

const fn measure(key: &'static str, name: &'static str, format: &'static str, over: Over) -> Measure {
    Measure { key, name, format, over }
}

/// The values of one service by measure.
pub type Values = HashMap<&'static str, f64>;

/// The newest values of all services.
#[derive(Debug, Default)]
pub struct Measures {
    by_slug: HashMap<String, Values>,
    /// Whether there is no answer at all.
    pub failed: bool,
}

/// The query for the values of all services.
pub fn query() -> Query {
    Query {
        group: "service-aggregates".to_owned(),
        data_type: "latest-dataset-values".to_owned(),
        parameters: vec![("sort_by".to_owned(), "_timestamp:descending".to_owned())],
    }
}

/// Asks for the values of all services. Without an answer no service has any.
pub async fn load(data: &dyn DataSource, now: DateTime<Utc>) -> Measures {
    let Ok(rows) = data.rows(&query()).await else {
        return Measures { failed: true, ..Measures::default() };
    };
    let is_past = |row: &&crate::data::Row| {
        row.get("_timestamp").and_then(crate::format::date::parse).is_none_or(|time| time <= now)
    };
    let mut by_slug: HashMap<String, Values> = HashMap::new();
    for row in rows.iter().filter(is_past) {
        let Some(slug) = row.get("dashboard_slug").and_then(Value::as_str) else { continue };
        let values = by_slug.entry(slug.to_owned()).or_default();
        for measure in &MEASURES {
            // rows come newest first
            if let Some(value) = row.get(measure.key).and_then(amount) {
                values.entry(measure.key).or_insert(value);
            }
        }
    }
    Measures { by_slug, failed: false }
}

impl Measures {
    /// The values of a listed dashboard.
    pub fn of(&self, item: &Value) -> Values {
        text(item, "slug").and_then(|slug| self.by_slug.get(&slug).cloned()).unwrap_or_default()
    }
}

impl Measure {
    /// What readers call it.
    pub fn label(&self) -> Cow<'static, str> {
        say(self.name)
    }

    /// How a single value is written.
    pub fn format(&self) -> Option<Format> {
        Format::parse(&json!(self.format))
    }

    /// The amount over these services, and how many of them count: those that have the measure and any transactions.
    pub fn amount(&self, services: &[Values]) -> (Option<f64>, usize) {
        let volume = |values: &Values| values.get(VOLUME).copied().filter(|volume| *volume != 0.0);
        let counted: Vec<(f64, f64)> = services
            .iter()
            .filter_map(|values| {
                let weight = volume(values).or((self.key == COST).then_some(0.0))?;
                Some((*values.get(self.key)?, weight))
            })
            .collect();
        let value = match self.over {
            _ if counted.is_empty() => None,
            Over::Sum => Some(counted.iter().map(|(value, _)| value).sum::<f64>()),
            Over::WeightedMean => {
                let weight: f64 = counted.iter().map(|(_, weight)| weight).sum();
                let mean = counted.iter().map(|(value, weight)| value * weight).sum::<f64>() / weight;
                let decimals = if self.format == "percent" { 1000.0 } else { 10.0 };
                Some((mean * decimals).round() / decimals).filter(|mean| mean.is_finite())
            }
        };
        (value, counted.len())
    }

    /// The figure over these services.
    pub fn over(&self, services: &[Values]) -> Aggregate {
        let (value, counted) = self.amount(services);
        let short = Format::parse(&json!({"type": self.format, "magnitude": true, "sigfigs": 3}));
        let write = |value: f64| {
            short.clone()?.with_abbr().write(&crate::rows::value(Some(value)), DateTime::UNIX_EPOCH)
        };
        Aggregate {
            key: self.key,
            label: self.label(),
            caption: value.map(|_| self.caption(counted, services.len())),
            value: value.and_then(write),
        }
    }

    fn caption(&self, counted: usize, listed: usize) -> String {
        let counts = [("counted", counted.into()), ("listed", listed.into())];
        match (counted == listed, self.over) {
            (true, _) if listed == 1 => say_with("list-services", &[("count", listed.into())]),
            (true, Over::Sum) => say_with("total-all", &counts),
            (true, Over::WeightedMean) => say_with("mean-all", &counts),
            (false, Over::Sum) => say_with("total-some", &counts),
            (false, Over::WeightedMean) => say_with("mean-some", &counts),
        }
    }
}
