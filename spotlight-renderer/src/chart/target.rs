//! Targets: what a value shall be at least or at most, drawn as a line, and whether it is met.

use super::frame::{Frame, number};
use super::summary::list;
use super::{Chart, Kind, text};
use crate::words::{say, say_with};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

/// What a target is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aimed {
    /// Every series.
    Each,
    /// The sum of all series.
    Total,
    /// One of the series.
    Series(usize),
}

/// What values shall be.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The value.
    pub value: f64,
    /// Whether it shall be reached rather than not be exceeded.
    pub least: bool,
    /// What readers call it.
    pub label: String,
    /// Since when it is in force.
    pub from: Option<DateTime<Utc>>,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
    /// What it is for.
    pub aimed: Aimed,
}

impl Target {
    /// Whether a value is as it shall be.
    pub fn met(&self, value: f64) -> bool {
        if self.least { value >= self.value } else { value <= self.value }
    }

    /// Whether it is in force at a moment.
    pub fn holds(&self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }

    /// What it asks for, in words.
    pub fn aim(&self, value: String) -> String {
        say_with(if self.least { "target-least" } else { "target-most" }, &[("value", value.into())])
    }
}

/// Whether a target was met.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What readers call it.
    pub label: String,
    /// What it asks for.
    pub aim: String,
    /// The newest period with a value for which it was in force.
    pub when: Option<String>,
    /// Whether it was met then, by all series that it is for; `None` if there is no value to compare.
    pub met: Option<bool>,
    /// What is said about it.
    pub says: String,
}

/// More targets than this are not drawn.
const MOST: usize = 6;
/// The size of a name, the least distance between two, and the most room for one.
const NAME: (f64, f64, f64) = (12.0, 16.0, 166.0);

/// The values that a target is compared with at a slot: those of its series, each with its name.
fn values(chart: &Chart, target: &Target, slot: usize) -> Vec<(String, f64)> {
    let of = |series: usize| Some((chart.series[series].name.clone(), chart.value(series, slot)?));
    match target.aimed {
        Aimed::Each => {
            (0..chart.series.len()).filter(|&series| !chart.series[series].dashed).filter_map(of).collect()
        }
        Aimed::Series(series) => of(series).into_iter().collect(),
        Aimed::Total => chart.total(slot).map(|total| (String::new(), total)).into_iter().collect(),
    }
}

/// What became of each target that was in force in what is shown.
pub fn judged(chart: &Chart) -> Vec<Judged> {
    chart.targets.iter().filter_map(|target| judge(chart, target)).collect()
}

fn judge(chart: &Chart, target: &Target) -> Option<Judged> {
    let in_force = |slot: &usize| chart.slots[*slot].at.is_some_and(|at| target.holds(at));
    let slots: Vec<usize> = (0..chart.ended()).filter(in_force).collect();
    if slots.is_empty() {
        return None;
    }
    let known: Vec<(usize, Vec<(String, f64)>)> = slots
        .iter()
        .map(|&slot| (slot, values(chart, target, slot)))
        .filter(|(_, values)| !values.is_empty())
        .collect();
    let aim = target.aim((chart.format)(target.value));
    let named = [("label", target.label.as_str().into()), ("aim", aim.as_str().into())];
    let Some((slot, latest)) = known.last() else {
        let says = say_with("says-target-open", &named);
        return Some(Judged { label: target.label.clone(), aim, when: None, met: None, says });
    };
    let when = chart.slots[*slot].label.clone();
    let all_met = |values: &[(String, f64)]| values.iter().all(|(_, value)| target.met(*value));
    let met = all_met(latest);
    let [label, aimed] = named;
    let says = if let [(_, value)] = latest.as_slice() {
        let sentence = if met { "says-target-met" } else { "says-target-missed" };
        let value = (chart.format)(*value);
        let mut says =
            say_with(sentence, &[label, aimed, ("when", when.as_str().into()), ("value", value.into())]);
        if known.len() > 1 {
            let count = known.iter().filter(|(_, values)| all_met(values)).count();
            let extent = super::summary::extent(chart, known.len());
            says.push(' ');
            says.push_str(&say_with(
                "says-target-count",
                &[("count", count.into()), ("extent", extent.into())],
            ));
        }
        says
    } else {
        let who = |wanted: bool| -> Vec<&str> {
            let those = latest.iter().filter(|(_, value)| target.met(*value) == wanted);
            those.map(|(name, _)| name.as_str()).collect()
        };
        let (hit, missed) = (who(true), who(false));
        let parts = [
            label,
            aimed,
            ("when", when.as_str().into()),
            ("met", list(&hit).into()),
            ("missed", list(&missed).into()),
        ];
        let sentence = match (hit.is_empty(), missed.is_empty()) {
            (_, true) => "says-target-all",
            (true, _) => "says-target-none",
            _ => "says-target-some",
        };
        say_with(sentence, &parts)
    };
    Some(Judged { label: target.label.clone(), aim, when: Some(when), met: Some(met), says })
}

/// The targets that are lines in a picture of a series, or of all of them.
pub fn drawn(chart: &Chart, picture: Option<usize>) -> Vec<&Target> {
    let stacked = matches!(chart.kind, Kind::Stack | Kind::Share);
    let is_line = |target: &&Target| match target.aimed {
        Aimed::Each => !stacked,
        Aimed::Total => stacked,
        Aimed::Series(series) => !stacked && picture.is_none_or(|picture| picture == series),
    };
    let in_time = |target: &&Target| chart.slots.iter().filter_map(|slot| slot.at).any(|at| target.holds(at));
    chart.targets.iter().filter(is_line).filter(in_time).take(MOST).collect()
}

/// The values that an axis must reach so that all targets can be drawn.
pub fn reach(chart: &Chart) -> impl Iterator<Item = f64> {
    drawn(chart, None).into_iter().map(|target| target.value).collect::<Vec<_>>().into_iter()
}

/// Draws lines with their names; periods begin at these shares of the width, and the last share is where the last one ends.
pub fn draw(
    chart: &Chart,
    targets: &[&Target],
    edges: &[f64],
    frame: Frame,
    height: f64,
    y: impl Fn(f64) -> f64,
) -> Markup {
    let lines: Vec<(f64, f64, f64, &Target)> = targets
        .iter()
        .map(|target| {
            let from = target.from.map_or(0.0, |from| chart.along(edges, from));
            let to = target.until.map_or(1.0, |until| chart.along(edges, until));
            (from, to, y(target.value), *target)
        })
        .collect();
    let heights = apart(&lines.iter().map(|line| line.2).collect::<Vec<_>>(), height);
    html! {
        @for ((from, to, at, target), name) in lines.into_iter().zip(heights) {
            line.target x1=(frame.x(from)) x2=(frame.x(to)) y1=(number(at)) y2=(number(at)) {}
            @let words = format!("{} {}", target.label, (chart.format)(target.value));
            @let (x, anchor) = if from > 0.5 { (to, "end") } else { (from, "start") };
            (frame.at(x, name, &html! {
                text.target-name x=(if anchor == "end" { "-4" } else { "4" }) text-anchor=(anchor) { (text::fit(&words, NAME.0, NAME.2)) }
            }))
        }
    }
}

/// The heights of names: each above its line, or below it at the top, and none nearer to another than it may be.
fn apart(lines: &[f64], height: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by(|&a, &b| lines[a].total_cmp(&lines[b]));
    let mut heights: Vec<f64> = lines.iter().map(|y| if *y < NAME.1 { y + 14.0 } else { y - 5.0 }).collect();
    for pair in order.windows(2) {
        heights[pair[1]] = heights[pair[1]].max(heights[pair[0]] + NAME.1);
    }
    // what was pushed out at the bottom pushes back
    let mut lowest = height - 4.0;
    for &index in order.iter().rev() {
        heights[index] = heights[index].min(lowest);
        lowest = heights[index] - NAME.1;
    }
    heights
}

/// What is said of targets where there is no chart: a word for each.
pub fn word(met: Option<bool>) -> String {
    say(match met {
        Some(true) => "target-met",
        Some(false) => "target-missed",
        None => "target-open",
    })
    .into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::{Series, Slot, Span, describe, render};
    use super::*;
    use chrono::{Months, TimeZone};

    fn chart(kind: Kind, all: &[(&str, &[f64])], target: Target) -> Chart {
        let start = Utc.with_ymd_and_hms(2015, 5, 1, 0, 0, 0).unwrap();
        let slot = |index: u32| {
            let at = start + Months::new(index);
            Slot { label: at.format("%B %Y").to_string(), at: Some(at) }
        };
        let series =
            all.iter().map(|(name, values)| Series::new(*name, values.iter().copied().map(Some).collect()));
        let slots = (0..all[0].1.len() as u32).map(slot).collect();
        let mut chart = Chart::new("c", "C", kind, slots, series.collect());
        chart.span = Some(Span::Month);
        chart.targets.push(target);
        chart
    }

    fn target(value: f64, least: bool) -> Target {
        Target { value, least, label: "Target".into(), from: None, until: None, aimed: Aimed::Each }
    }

    #[test]
    fn it_is_said_whether_a_target_is_met_and_how_often() {
        let waits = chart(Kind::Line, &[("Days", &[9.0, 12.0, 8.0])], target(10.0, false));
        let words = "Target (at most 10): met in July 2015 with 8. Met in 2 of 3 months.";
        assert_eq!(judged(&waits)[0].says, words);
        assert!(describe(&waits).ends_with(words));
        let late = Target { from: Utc.with_ymd_and_hms(2015, 7, 1, 0, 0, 0).single(), ..target(10.0, true) };
        let waits = chart(Kind::Bar, &[("Days", &[9.0, 12.0, 8.0])], late);
        assert_eq!(judged(&waits)[0].says, "Target (at least 10): missed in July 2015 with 8.");
    }

    #[test]
    fn of_several_series_it_is_said_which_meet_it() {
        let both = chart(Kind::Line, &[("Online", &[9.0]), ("Post", &[4.0])], target(5.0, true));
        assert_eq!(judged(&both)[0].says, "Target (at least 5) in May 2015: met by Online; missed by Post.");
        let total = chart(
            Kind::Stack,
            &[("Online", &[9.0]), ("Post", &[4.0])],
            Target { aimed: Aimed::Total, ..target(5.0, true) },
        );
        assert_eq!(judged(&total)[0].says, "Target (at least 5): met in May 2015 with 13.");
    }

    #[test]
    fn a_target_that_was_never_in_force_is_not_there() {
        let past = Target { until: Utc.with_ymd_and_hms(2015, 5, 1, 0, 0, 0).single(), ..target(5.0, true) };
        let chart = chart(Kind::Line, &[("Online", &[9.0, 9.0])], past);
        assert!(judged(&chart).is_empty() && drawn(&chart, None).is_empty());
    }

    #[test]
    fn the_axis_reaches_the_target() {
        let html = render(&chart(Kind::Line, &[("Online", &[9.0, 12.0])], target(50.0, true))).into_string();
        assert!(html.contains(">60</text>") && html.contains("class=\"target\""), "{html}");
        let bars = render(&chart(Kind::Bar, &[("Online", &[9.0, 12.0])], target(50.0, true))).into_string();
        let line = bars.split("class=\"target\"").nth(1).unwrap();
        assert!(line.contains("y1=\"0\""), "{line}");
    }

    #[test]
    fn names_never_touch_and_stay_inside() {
        for seed in 0..200_u64 {
            let lines: Vec<f64> = (0..6).map(|n| ((seed * 7919 + n * 104_729) % 201) as f64).collect();
            let mut heights = apart(&lines, 200.0);
            heights.sort_by(f64::total_cmp);
            assert!(
                heights.windows(2).all(|pair| pair[1] - pair[0] >= NAME.1 - 1e-9),
                "{lines:?} {heights:?}"
            );
            assert!(heights[0] >= 0.0 && heights[5] <= 200.0, "{lines:?} {heights:?}");
        }
    }
}
