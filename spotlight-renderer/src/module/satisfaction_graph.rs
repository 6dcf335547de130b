//! `user_satisfaction_graph`: how satisfied people say they are, from ratings of 1 to 5, and how the answers are spread.

use std::sync::Arc;

use serde_json::{Value, json};

use super::plot::{self, Line};
use super::{Scene, Type, figure, table, title};
use crate::chart::{Chart, Kind};
use crate::data::Row;
use crate::definition::Module;
use crate::definition::axes::Axes;
use crate::definition::query::Wishes;
use crate::format::{Format, Kind as FormatKind};
use crate::rows::{self, UNENDED, number, value};
use crate::view::Facts;
use crate::words::{say, say_with};
use chrono::{DateTime, Utc};

/// The answers, from the worst to the best.
const ANSWERS: [&str; 5] = ["answer-1", "answer-2", "answer-3", "answer-4", "answer-5"];

pub struct SatisfactionGraph;

fn rating(answer: usize) -> String {
    format!("rating_{answer}:sum")
}

/// Whether the data holds the share itself rather than ratings.
fn is_share(module: &Module) -> bool {
    module.options["migrated"] == Value::Bool(true)
}

impl Type for SatisfactionGraph {
    fn defaults(&self, stored: &Value) -> Value {
        let key = stored["value-attribute"].as_str().unwrap_or("rating");
        let score = json!({"label": title(stored), "key": key, "format": "percent"});
        let answers = ANSWERS
            .iter()
            .zip(1..)
            .map(|(label, answer)| json!({"label": say(label), "key": rating(answer), "format": "integer"}));
        json!({
            "value-attribute": key,
            "total-attribute": "total:sum",
            "axes": {
                "x": {"label": say("axis-date"), "key": "_start_at", "format": "date"},
                "y": std::iter::once(score).chain(answers).collect::<Vec<_>>(),
            },
        })
    }

    fn wishes(&self, module: &Module, _: DateTime<Utc>) -> Wishes {
        let mut wishes = Wishes { unended: module.shows_unended(), ..Wishes::default() };
        if !is_share(module) {
            let collect: Vec<String> =
                (1..=ANSWERS.len()).map(rating).chain(["total:sum".to_owned()]).collect();
            wishes.over.insert("collect".to_owned(), collect.into());
        }
        wishes
    }

    fn dates(&self) -> bool {
        true
    }

    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let axes = module.axes();
        let key = module.value_attribute();
        let mut rows = rows::prepare_with_unended(module, &axes, rows, scene.now);
        if !is_share(module) {
            for row in &mut rows {
                let score = score(row, module.text("total-attribute").unwrap_or("total:sum"));
                row.insert(key.to_owned(), value(score));
            }
        }
        if module.options["trim"] != Value::Bool(false) {
            let first = rows.iter().position(|row| number(row, key).is_some()).unwrap_or(rows.len());
            rows.drain(..first);
        }
        let percent = module.format().unwrap_or_else(|| Format::new(FormatKind::Percent));
        let name = axes.y.first().map_or("", |axis| axis.label.as_str());
        let line = plot::over_time(module, &rows, &[Line::new(name, key)], Kind::Line, &percent);
        let mut charts: Vec<Arc<Chart>> = vec![line.into()];
        if scene.own_page {
            charts.extend(Some(breakdown(module, &axes, &rows)).filter(Chart::has_data).map(Arc::new));
        }
        Facts {
            headline: vec![figure::latest(&rows, key, module.period(), &percent, scene)],
            table: Some(table::of(module, &axes, &rows, scene)),
            breakdown: scene.own_page,
            charts,
            ..Facts::default()
        }
    }
}

/// The share of the way from the worst to the best answer.
fn score(row: &Row, total: &str) -> Option<f64> {
    let total = number(row, total).filter(|total| *total > 0.0)?;
    let points =
        (1..=ANSWERS.len()).map(|answer| answer as f64 * number(row, &rating(answer)).unwrap_or(0.0));
    Some((points.sum::<f64>() / total - 1.0) / 4.0)
}

/// How the answers of all periods that have ended are spread.
fn breakdown(module: &Module, axes: &Axes, rows: &[Row]) -> Chart {
    let ended = || rows.iter().filter(|row| !row.contains_key(UNENDED));
    let bars =
        axes.y.iter().skip(1).map(|axis| (axis.label.clone(), rows::total(ended(), axis.key()))).collect();
    let integer = Format::new(FormatKind::Integer);
    let mut chart = plot::over_categories(module, bars, &say("answers"), Kind::Parts, &integer);
    chart.id.push_str("-answers");
    chart.title = say_with("answers-of", &[("title", chart.title.as_str().into())]);
    chart
}
