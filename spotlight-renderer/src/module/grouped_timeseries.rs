//! `grouped_timeseries` and `comparison`: a line or an area for each group.
//!
//! Rows hold a field `<group>:<value>` for each group. Groups may be mapped onto others by regular expressions; those without
//! an axis add up to `other`, if there is such an axis; `total` is the sum of what is shown. Axes with a `timeshift` show their
//! group as it was some periods ago.

use std::collections::{BTreeSet, HashMap};

use regex::Regex;
use serde_json::{Value, json};

use super::plot::{self, Line};
use super::{Scene, Type, choice, figure, table};
use crate::chart::{Aimed, Kind, Target};
use crate::data::Row;
use crate::definition::axes::{Axes, Axis};
use crate::definition::query::Wishes;
use crate::definition::{Module, marks};
use crate::format::{Format, Kind as FormatKind, period};
use crate::pattern;
use crate::rows::{self, number, value};
use crate::view::{Choices, Drawing, Facts};
use crate::words::{say, say_with};
use chrono::{DateTime, Utc};

pub struct GroupedTimeseries;

impl Type for GroupedTimeseries {
    fn defaults(&self, _: &Value) -> Value {
        json!({"axes": {
            "x": {"label": say("axis-date"), "key": "_start_at", "format": {"type": "date", "format": "MMMM YYYY"}},
            "y": [],
        }})
    }

    fn wishes(&self, module: &Module, _: DateTime<Utc>) -> Wishes {
        Wishes {
            nested: true,
            periods_before: longest_shift(&module.axes()),
            unended: module.shows_unended(),
            ..Wishes::default()
        }
    }

    fn dates(&self) -> bool {
        true
    }

    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let mut axes = module.axes();
        let mut rows = rows::prepare_with_unended(module, &axes, rows, scene.now);
        let measured = module.value_attribute();
        let mut names = Names::new(&axes, mappings(&module.options["group-mapping"]), measured);
        for row in &mut rows {
            compute(row, &axes, &mut names);
        }
        let rows = shift(rows, measured, &axes);
        let own = choice::own_drawing(module, &axes, &rows);
        let choices = choice::choices(module, &axes, &rows, &scene.choice);
        let drawing = choices.as_ref().map_or(own, |choices| choices.drawing);
        if let Some(choices) = &choices {
            axes.y.retain(|axis| choices.shows(name_of_group(axis)));
        }
        // small pictures beside each other show what the definition wants to be shown in one
        let shares = drawing == Drawing::Share || (drawing == Drawing::Multiples && own == Drawing::Share);
        for axis in &mut axes.y {
            adjust(axis, module, shares);
        }
        // what readers pile up are the parts: not their sum, nor what they were some time ago
        let piled = drawing != own && matches!(drawing, Drawing::Stack | Drawing::Share);
        let drawn: Vec<&Axis> = axes.y.iter().filter(|axis| !piled || is_part(axis)).collect();
        let line = |axis: &&Axis| Line {
            dashed: axis.timeshift.is_some(),
            href: axis.href.clone(),
            ..Line::new(&axis.label, axis.key())
        };
        let lines: Vec<Line> = drawn.iter().map(line).collect();
        let kind = match drawing {
            Drawing::Lines => Kind::Line,
            Drawing::Stack => Kind::Stack,
            Drawing::Share => Kind::Share,
            Drawing::Multiples => Kind::Multiples,
        };
        let format =
            if shares { Format::new(FormatKind::Percent) } else { figure::format(amounts(module, own)) };
        let mut chart = plot::over_time(module, &rows, &lines, kind, &format);
        chart.whole = drawn.iter().position(|axis| is_total(axis));
        chart.tells_total = module.options["show-total-label"] != Value::Bool(false);
        // a target of amounts says nothing about shares, nor the other way round
        chart.targets =
            if shares == (own == Drawing::Share) { targets(module, own, &drawn) } else { Vec::new() };
        chart.partly = choices.as_ref().is_some_and(Choices::hides_some);
        Facts {
            charts: vec![chart.into()],
            table: Some(table::of(module, &axes, &rows, scene)),
            choices,
            ..Facts::default()
        }
    }
}

/// What addresses call the group of an axis.
pub(super) fn name_of_group(axis: &Axis) -> &str {
    axis.group.as_deref().unwrap_or_else(|| axis.key())
}

/// Whether an axis is about all groups together.
pub(super) fn is_total(axis: &Axis) -> bool {
    axis.group.as_deref() == Some("total")
}

/// Whether an axis is about a part of the whole as it is now.
fn is_part(axis: &Axis) -> bool {
    axis.timeshift.is_none() && !is_total(axis)
}

/// The format of amounts; a definition that draws shares may have that of shares.
fn amounts(module: &Module, own: Drawing) -> Option<Format> {
    module.format().filter(|format| own != Drawing::Share || format.kind != FormatKind::Percent)
}

/// The targets that what is drawn can meet: of a group that is shown, of all together where they are piled up, or of each.
fn targets(module: &Module, own: Drawing, drawn: &[&Axis]) -> Vec<Target> {
    let aimed = |(group, target): (Option<String>, Target)| {
        let aimed = match group {
            Some(group) => {
                let of_group = |axis: &&Axis| axis.timeshift.is_none() && name_of_group(axis) == group;
                Aimed::Series(drawn.iter().position(of_group)?)
            }
            None if own == Drawing::Stack => Aimed::Total,
            None => Aimed::Each,
        };
        Some(Target { aimed, ..target })
    };
    marks::targets(&module.options).into_iter().filter_map(aimed).collect()
}

/// A pattern and the group that takes what it matches.
struct Mapping {
    pattern: Regex,
    target: String,
}

/// The mappings of a definition in their order; patterns that are none are left out.
fn mappings(stored: &Value) -> Vec<Mapping> {
    let one = |(pattern, target): (&String, &Value)| {
        Some(Mapping { pattern: pattern::read(pattern)?, target: target.as_str()?.to_owned() })
    };
    stored.as_object().into_iter().flatten().filter_map(one).collect()
}

/// The names under which groups are shown, found once for each.
struct Names<'a> {
    axes: &'a Axes,
    mappings: Vec<Mapping>,
    /// What follows the name of a group in the name of a field.
    suffix: String,
    /// By field, the name under which it is shown; none for fields that are no group's.
    known: HashMap<String, Option<String>>,
}

impl<'a> Names<'a> {
    fn new(axes: &'a Axes, mappings: Vec<Mapping>, measured: &str) -> Names<'a> {
        Names { axes, mappings, suffix: format!(":{measured}"), known: HashMap::new() }
    }

    fn shown(&mut self, field: &str) -> Option<&str> {
        if !self.known.contains_key(field) {
            let shown = field.strip_suffix(&self.suffix).map(|group| self.of_axis(self.mapped(group)));
            self.known.insert(field.to_owned(), shown);
        }
        self.known.get(field).and_then(Option::as_deref)
    }

    /// A group goes to the target of the first pattern that finds something in it.
    fn mapped(&self, group: &str) -> String {
        let found = |text: &str| self.mappings.iter().find(|mapping| mapping.pattern.is_match(text));
        let mapping = found(group)
            .or_else(|| found(&format!("{group}{}", self.suffix)))
            .or_else(|| found(&escaped(group)));
        mapping.map_or_else(|| group.to_owned(), |mapping| mapping.target.clone())
    }

    /// Definitions were written when markup in group names was escaped before it was compared.
    fn of_axis(&self, name: String) -> String {
        let mut groups = self.axes.y.iter().filter_map(|axis| axis.group.as_ref());
        groups.find(|own| unescaped(own) == name).cloned().unwrap_or(name)
    }
}

/// Maps the groups of a row, adds them up, and gives every axis its value and its share.
fn compute(row: &mut Row, axes: &Axes, names: &mut Names<'_>) {
    let mut groups: Vec<(String, Option<f64>)> = Vec::new();
    for field in row.keys() {
        let Some(name) = names.shown(field) else { continue };
        let value = number(row, field);
        match groups.iter_mut().find(|(own, _)| own == name) {
            Some((_, sum)) => *sum = sum.zip(value).map(|(a, b)| a + b).or(*sum).or(value),
            None => groups.push((name.to_owned(), value)),
        }
    }
    let has_axis = |name: &str| axes.y.iter().any(|axis| axis.group.as_deref() == Some(name));
    let takes_others = has_axis("other");
    let (mut total, mut other) = (None, None);
    // zeros alone make no total: published dashboards show nothing there, rather than a total of 0
    let add = |sum: &mut Option<f64>, value: Option<f64>| {
        if let Some(value) = value.filter(|value| *value != 0.0) {
            *sum = Some(sum.unwrap_or(0.0) + value);
        }
    };
    let given_total = groups.iter().find(|(name, _)| name == "total").and_then(|(_, total)| *total);
    for (name, value) in groups.iter().filter(|(name, _)| name != "total") {
        if has_axis(name) || takes_others {
            add(&mut total, *value);
        }
        if !has_axis(name) || name == "other" {
            add(&mut other, *value);
        }
    }
    let total = given_total.or(total);
    let suffix = &names.suffix;
    row.retain(|key, _| !key.ends_with(suffix));
    for name in axes.y.iter().filter_map(|axis| axis.group.as_deref()).collect::<BTreeSet<_>>() {
        let amount = match name {
            "total" => total,
            "other" => other,
            name => groups.iter().find(|(own, _)| own == name).and_then(|(_, value)| *value),
        };
        let share = amount.zip(total.filter(|total| *total != 0.0)).map(|(part, total)| part / total);
        row.insert(format!("{name}{suffix}"), value(amount));
        row.insert(format!("{name}{suffix}:percent"), value(share));
    }
}

fn longest_shift(axes: &Axes) -> usize {
    axes.y.iter().filter_map(|axis| axis.timeshift).max().unwrap_or(0)
}

/// Drops the rows that are only there to be compared with, and gives the others what was so many rows before.
fn shift(rows: Vec<Row>, measured: &str, axes: &Axes) -> Vec<Row> {
    let longest = longest_shift(axes);
    if longest == 0 {
        return rows;
    }
    let mut shown: Vec<Row> = rows.iter().skip(longest).cloned().collect();
    for axis in &axes.y {
        let (Some(periods), Some(group)) = (axis.timeshift, &axis.group) else { continue };
        for field in [format!("{group}:{measured}"), format!("{group}:{measured}:percent")] {
            for (place, row) in shown.iter_mut().enumerate() {
                let before = rows.get(place + longest - periods).and_then(|row| row.get(&field));
                row.insert(format!("timeshift{periods}:{field}"), before.cloned().unwrap_or(Value::Null));
            }
        }
    }
    shown
}

/// The field and the name of an axis as they are shown.
fn adjust(axis: &mut Axis, module: &Module, shares: bool) {
    if let Some(periods) = axis.timeshift {
        let unit = match module.query_period().and_then(period::span) {
            Some(span) => span.extent(periods),
            None => say_with("extent-period", &[("count", periods.into())]),
        };
        let parts = [("name", axis.label.as_str().into()), ("extent", unit.into())];
        axis.label = say_with("series-ago", &parts);
    }
    for key in &mut axis.keys {
        if let Some(periods) = axis.timeshift {
            *key = format!("timeshift{periods}:{key}");
        }
        if shares {
            key.push_str(":percent");
        }
    }
    // a share written as a whole number would be 0 or 1
    let is_share = axis.format.as_ref().is_some_and(|format| format.kind == FormatKind::Percent);
    if shares && !is_share {
        axis.format = Some(Format::new(FormatKind::Percent));
    }
    // an amount where the definition wants a share would be hundreds of per cent
    if !shares && is_share && module.flag("one-hundred-percent") {
        axis.format = Some(Format::new(FormatKind::Integer));
    }
}

/// A text as it was written after markup had been escaped.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn unescaped(text: &str) -> String {
    let quotes = text.replace("&quot;", "\"").replace("&#39;", "'").replace("&#x27;", "'");
    quotes.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
