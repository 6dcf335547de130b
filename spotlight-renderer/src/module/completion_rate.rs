//! `completion_rate`: how many of those who began came to the end, in each period.

use chrono::{DateTime, Utc};
use regex::Regex;
use serde_json::{Value, json};

use super::plot::{self, Line};
use super::{Scene, Type, figure, table, title};
use crate::chart::Kind;
use crate::data::Row;
use crate::definition::Module;
use crate::definition::query::Wishes;
use crate::format::{Format, Kind as FormatKind, date, plain};
use crate::pattern;
use crate::rows::{self, number, value};
use crate::view::Facts;
use crate::words::{say, say_with};

/// The field of the computed rate.
pub const RATE: &str = "completion";

pub struct CompletionRate;

/// Tells who began from who came to the end.
pub struct Matchers {
    field: String,
    measured: String,
    end: Matcher,
    start: Matcher,
}

/// Which names a matcher fits.
enum Matcher {
    /// The definition has no matcher.
    Everything,
    Pattern(Regex),
    /// A pattern that cannot be read fits nothing, rather than everything.
    Nothing,
}

impl Matcher {
    fn of(text: Option<&str>) -> Matcher {
        match text.map(pattern::read) {
            None => Matcher::Everything,
            Some(Some(pattern)) => Matcher::Pattern(pattern),
            Some(None) => Matcher::Nothing,
        }
    }

    fn fits(&self, name: &str) -> bool {
        match self {
            Matcher::Everything => true,
            Matcher::Pattern(pattern) => pattern.is_match(name),
            Matcher::Nothing => false,
        }
    }
}

impl Matchers {
    /// The matchers of a definition; one that is missing matches everything.
    pub fn of(module: &Module) -> Matchers {
        Matchers {
            field: module.text("matching-attribute").unwrap_or_default().to_owned(),
            measured: module.value_attribute().to_owned(),
            end: Matcher::of(module.text("numerator-matcher")),
            start: Matcher::of(module.text("denominator-matcher")),
        }
    }

    /// The rate among rows: `None` if nobody began. Where some began and nobody is known to have come to the end, it is 0.
    pub fn rate(&self, rows: &[&Row]) -> Option<f64> {
        let (started, ended) = (self.count(&self.start, rows)?, self.count(&self.end, rows));
        (started > 0.0).then(|| ended.unwrap_or(0.0) / started)
    }

    /// How many began, if nothing is known about how many of them came to the end.
    fn without_end(&self, rows: &[&Row]) -> Option<f64> {
        self.count(&self.start, rows)
            .filter(|started| *started > 0.0 && self.count(&self.end, rows).is_none())
    }

    /// The sum over the rows that a matcher fits; `None` if there is none with a value.
    fn count(&self, matcher: &Matcher, rows: &[&Row]) -> Option<f64> {
        let matches = |row: &&&Row| {
            let name = row.get(&self.field).filter(|name| !name.is_null()).map(plain);
            name.filter(|name| !name.is_empty()).is_some_and(|name| matcher.fits(&name))
        };
        rows.iter().filter(matches).filter_map(|row| number(row, &self.measured)).reduce(|a, b| a + b)
    }
}

/// The periods of rows in the order in which they come, with the rows of each.
pub fn by_period(rows: &[Row]) -> Vec<(Option<DateTime<Utc>>, Vec<&Row>)> {
    let mut periods: Vec<(Option<DateTime<Utc>>, Vec<&Row>)> = Vec::new();
    for row in rows {
        let start = row.get("_start_at").and_then(date::parse);
        match periods.iter_mut().find(|(own, _)| *own == start) {
            Some((_, rows)) => rows.push(row),
            None => periods.push((start, vec![row])),
        }
    }
    periods
}

impl Type for CompletionRate {
    fn defaults(&self, stored: &Value) -> Value {
        json!({"axes": {
            "x": {"label": say("axis-date"), "key": ["_start_at", "_end_at"], "format": "date"},
            "y": [{"label": title(stored), "key": RATE, "format": "percent"}],
        }})
    }

    fn dates(&self) -> bool {
        true
    }

    fn wishes(&self, module: &Module, _: DateTime<Utc>) -> Wishes {
        Wishes { unended: module.shows_unended(), ..Wishes::default() }
    }

    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let axes = module.axes();
        let mut rows = rows::flat(rows, &module.group_by());
        rows::mark_unended(module, &mut rows, scene.now);
        let matchers = Matchers::of(module);
        let amounts = Format::new(FormatKind::Integer);
        let rate = |(_, own): (Option<DateTime<Utc>>, Vec<&Row>)| {
            let dates = own.first()?.iter().filter(|(key, _)| key.starts_with('_') && *key != "_count");
            let mut row: Row = dates.map(|(key, value)| (key.clone(), value.clone())).collect();
            row.insert(RATE.to_owned(), value(matchers.rate(&own)));
            if let Some(started) = matchers.without_end(&own) {
                let began = amounts.write_amount(started);
                row.insert(table::NOTE.to_owned(), say_with("none-of", &[("began", began.into())]).into());
            }
            Some(row)
        };
        let rates: Vec<Row> = by_period(&rows).into_iter().filter_map(rate).collect();
        let percent = module.format().unwrap_or_else(|| Format::new(FormatKind::Percent));
        let name = axes.y.first().map_or("", |axis| axis.label.as_str());
        Facts {
            headline: vec![figure::latest(&rates, RATE, module.period(), &percent, scene)],
            charts: vec![
                plot::over_time(module, &rates, &[Line::new(name, RATE)], Kind::Line, &percent).into(),
            ],
            table: Some(table::of(module, &axes, &rates, scene)),
            ..Facts::default()
        }
    }
}
