//! Lines: one a series, broken where there is no data.

use super::annotation::Marks;
use super::axis::{self, BELOW};
use super::frame::{Frame, Margins, number, step};
use super::label::{self, Wanted};
use super::scale::Scale;
use super::{Chart, hatch, target};
use maud::{Markup, html};

/// The height of the plot of a chart with one series, and of one with several.
const HEIGHTS: [f64; 2] = [200.0, 270.0];

/// More slots than this get no dot each.
const DOTTED: usize = 16;

/// The height of the plot.
pub fn height(chart: &Chart) -> f64 {
    HEIGHTS[usize::from(chart.series.len() > 1)]
}

pub fn draw(chart: &Chart, frame: &Frame) -> Markup {
    let height = height(chart);
    let scale = Scale::covering(
        chart
            .series
            .iter()
            .flat_map(|series| series.values.iter().flatten().copied())
            .chain(target::reach(chart)),
        chart.unit,
        4,
    );
    let labels = chart.axis_labels(&scale.ticks);
    let across = axis::positions(&chart.slots);
    let wanted: Vec<Wanted> = (0..chart.series.len())
        .filter_map(|series| {
            let last = (0..chart.slots.len()).rev().find(|&slot| chart.value(series, slot).is_some())?;
            let y = height * (1.0 - scale.position(chart.value(series, last)?));
            Some(Wanted { series, y, from: across.get(last).copied()? })
        })
        .collect();
    let direct = chart.names_beside();
    let edges = axis::edges(&across);
    let marks = Marks::of(chart, &edges, *frame);
    let margins = Margins {
        top: 12.0 + marks.above(),
        right: if direct { label::WIDTH } else { 12.0 },
        bottom: BELOW + marks.below(*frame),
        left: axis::beside(&labels),
    };
    let y = |value: f64| height * (1.0 - scale.position(value));
    let paths = html! {
        @for series in (0..chart.series.len()).rev() {
            path class={ "line s" (chart.colour(series)) (chart.round(series)) @if chart.series[series].dashed { " dash" } } data-series=(series)
                d=(path(chart, series, &across, *frame, y)) {}
        }
    };
    let inner = html! {
        (axis::draw_y(&scale, &labels, *frame, height))
        (axis::draw_x(&axis::ticks(chart), *frame, height))
        (hatch::pattern(chart))
        (hatch::behind(chart, &across, *frame, height))
        (marks.behind(*frame, height))
        (slots(chart, &across, *frame, height))
        (frame.paths(height, &paths))
        @for series in (0..chart.series.len()).rev() {
            @for slot in dotted(chart, series) {
                @if let Some(value) = chart.value(series, slot) {
                    (label::marker(*frame, chart.colour(series), chart.round(series), across[slot], y(value)))
                }
            }
        }
        (target::draw(chart, &target::drawn(chart, None), &edges, *frame, height, y))
        (marks.draw(*frame, height + BELOW))
        @if direct { (label::draw(chart, *frame, &wanted, height)) }
    };
    frame.picture(chart, margins, height, &inner)
}

/// The path of a series: a new stroke after every gap.
pub fn path(chart: &Chart, series: usize, across: &[f64], frame: Frame, y: impl Fn(f64) -> f64) -> String {
    let mut data = String::new();
    let mut drawing = false;
    for (slot, &position) in across.iter().enumerate() {
        match chart.value(series, slot) {
            Some(value) => {
                let letter = if drawing { 'L' } else { 'M' };
                step(&mut data, letter, frame.along(position), number(y(value)));
                drawing = true;
            }
            None => drawing = false,
        }
    }
    data
}

/// The slots of a series that get a dot: all if they are few, else those that no line reaches and the last.
pub fn dotted(chart: &Chart, series: usize) -> Vec<usize> {
    let count = chart.slots.len();
    let there = |slot: usize| chart.value(series, slot).is_some();
    let last = (0..count).rev().find(|&slot| there(slot));
    (0..count)
        .filter(|&slot| there(slot))
        .filter(|&slot| {
            let reached = (slot > 0 && there(slot - 1)) || (slot + 1 < count && there(slot + 1));
            count <= DOTTED || !reached || Some(slot) == last
        })
        .collect()
}

/// More slots than this are too narrow to be pointed at.
const POINTED: usize = 400;

/// Strips of the plot that can be pointed at, each naming its values; shaded where nothing is known.
pub fn slots(chart: &Chart, across: &[f64], frame: Frame, height: f64) -> Markup {
    if across.len() > POINTED {
        return html! {};
    }
    let edge = |index: usize| match index {
        0 => 0.0,
        index if index >= across.len() => 1.0,
        index => f64::midpoint(across[index - 1], across[index]),
    };
    html! {
        g.slots {
            @for slot in 0..across.len() {
                @let (from, to) = (edge(slot), edge(slot + 1));
                @let empty = (0..chart.series.len()).all(|series| chart.value(series, slot).is_none());
                rect class=(if empty { "slot empty" } else { "slot" }) x=(frame.x(from)) width=(frame.x((to - from).max(0.0)))
                    y="0" height=(number(height)) { title { (chart.tooltip(slot)) } }
            }
        }
    }
}
