//! `user_satisfaction`: a score from 1 (best) to 5 as a percentage, and its change on the month before.

use crate::words::say;
use chrono::Months;

use super::{Scene, Type, figure};
use crate::data::Row;
use crate::definition::Module;
use crate::definition::axes::Axes;
use crate::format::{Format, Kind, Text, date};
use crate::rows::{self, number, value};
use crate::view::{Facts, Headline, Name, Trend};

/// The field of the computed percentage.
const PERCENTAGE: &str = "satisfaction";

pub struct Satisfaction;

impl Type for Satisfaction {
    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let mut rows = rows::prepare(module, &Axes::default(), rows, scene.now);
        for row in &mut rows {
            let score = number(row, module.value_attribute());
            row.insert(PERCENTAGE.to_owned(), value(score.map(|score| (5.0 - score) / 4.0)));
        }
        let percent = Format::new(Kind::Percent);
        let period = module.text("axis-period").unwrap_or("week");
        let mut headline = vec![figure::latest(&rows, PERCENTAGE, period, &percent, scene)];
        headline.extend(month_before(&rows));
        Facts { headline, ..Facts::default() }
    }
}

fn month_before(rows: &[Row]) -> Option<Headline> {
    let when = |row: &Row| row.get("_timestamp").and_then(date::parse);
    let last = rows.last()?;
    let before = when(last)?.checked_sub_months(Months::new(1))?;
    let earlier = rows.iter().find(|row| when(row) == Some(before));
    let both = number(last, PERCENTAGE).zip(earlier.and_then(|row| number(row, PERCENTAGE)));
    let change = both.and_then(|(now, before)| figure::change(now, before));
    let (value, trend) = match change {
        // the words follow what is printed, so that a change too small to be seen is none
        Some((Text { text, .. }, _)) if text == "0%" => {
            (Some(Text::plain(say("no-change"))), vec![Trend::NoChange])
        }
        Some((text, Trend::Increase)) => (Some(text), vec![Trend::Increase, Trend::Improvement]),
        Some((text, _)) => (Some(text), vec![Trend::Decrease, Trend::Decline]),
        None => (None, Vec::new()),
    };
    let label = Some(date::by_pattern(before, "MMM YYYY"));
    Some(Headline { name: Name::Previous, label, value, trend, ..Headline::default() })
}
