//! Stacked areas: the first series is drawn on top, the last at the bottom.

use super::annotation::Marks;
use super::axis::{self, BELOW};
use super::frame::{Frame, Margins, number, step};
use super::label::{self, Wanted};
use super::scale::Scale;
use super::{Chart, Kind, Unit, colour, hatch, target};
use maud::{Markup, html};

/// The height of the plot.
pub const HEIGHT: f64 = 270.0;

pub fn draw(chart: &Chart, frame: &Frame) -> Markup {
    let bands = bands(chart);
    let unit = if chart.kind == Kind::Share { Unit::Percent } else { chart.unit };
    let tops = bands.iter().flat_map(|band| band.iter().flatten().flat_map(|&(base, top)| [base, top]));
    let tops = tops.chain(target::reach(chart));
    let scale = Scale::covering(tops, unit, 4);
    let labels = chart.axis_labels(&scale.ticks);
    let across = axis::positions(&chart.slots);
    let y = |value: f64| HEIGHT * (1.0 - scale.position(value));
    let wanted: Vec<Wanted> = bands
        .iter()
        .enumerate()
        .filter_map(|(series, band)| {
            let last = band.iter().rposition(Option::is_some)?;
            let (base, top) = band[last]?;
            Some(Wanted { series, y: y(f64::midpoint(base, top)), from: *across.get(last)? })
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
    let paths = html! {
        @for (series, band) in bands.iter().enumerate() {
            @for run in runs(band) {
                path class={ "area s" (colour(series)) } data-series=(series) d=(area(band, run.clone(), &across, *frame, y)) {}
                path class={ "line s" (colour(series)) (chart.round(series)) } data-series=(series) d=(top_edge(band, run, &across, *frame, y)) {}
            }
        }
    };
    let inner = html! {
        (axis::draw_y(&scale, &labels, *frame, HEIGHT))
        (axis::draw_x(&axis::ticks(chart), *frame, HEIGHT))
        (frame.paths(HEIGHT, &paths))
        (hatch::pattern(chart))
        (hatch::behind(chart, &across, *frame, HEIGHT))
        (marks.behind(*frame, HEIGHT))
        @for (series, band) in bands.iter().enumerate() {
            @for run in runs(band).into_iter().filter(|run| run.len() == 1) {
                @if let Some((_, top)) = band[run.start] { (label::marker(*frame, colour(series), chart.round(series), across[run.start], y(top))) }
            }
        }
        (super::line::slots(chart, &across, *frame, HEIGHT))
        (target::draw(chart, &target::drawn(chart, None), &edges, *frame, HEIGHT, y))
        (marks.draw(*frame, HEIGHT + BELOW))
        @if direct { (label::draw(chart, *frame, &wanted, HEIGHT)) }
    };
    frame.picture(chart, margins, HEIGHT, &inner)
}

/// The lower and upper edge of every series at every slot.
///
/// A series has no band where it has no value. Before its first and after its last value it counts as nothing; a gap in
/// between is not known, so that nothing can stand on it either.
fn bands(chart: &Chart) -> Vec<Vec<Option<(f64, f64)>>> {
    let count = chart.series.len();
    let mut bands = vec![Vec::new(); count];
    // what the next series stands on; none where that is not known
    let mut bases = vec![Some(0.0); chart.slots.len()];
    for (series, band) in bands.iter_mut().enumerate().rev() {
        let known = known(chart, series);
        let place = |(slot, base): (usize, &mut Option<f64>)| {
            let Some(value) = chart.value(series, slot) else {
                if known.is_some_and(|(first, last)| (first..last).contains(&slot)) {
                    *base = None;
                }
                return None;
            };
            // an area below nothing cannot be seen: negative parts count as none
            let top = (*base)? + value.max(0.0);
            Some((base.replace(top)?, top))
        };
        *band = bases.iter_mut().enumerate().map(place).collect();
    }
    bands
}

/// The first and last slot at which a series has a value.
fn known(chart: &Chart, series: usize) -> Option<(usize, usize)> {
    let mut there = (0..chart.slots.len()).filter(|&slot| chart.value(series, slot).is_some());
    let first = there.next()?;
    Some((first, there.next_back().unwrap_or(first)))
}

/// Stretches of slots without a gap.
fn runs(band: &[Option<(f64, f64)>]) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let mut start = None;
    for slot in 0..=band.len() {
        match (start, band.get(slot).copied().flatten()) {
            (None, Some(_)) => start = Some(slot),
            (Some(from), None) => {
                runs.push(from..slot);
                start = None;
            }
            _ => {}
        }
    }
    runs
}

fn top_edge(
    band: &[Option<(f64, f64)>],
    run: std::ops::Range<usize>,
    across: &[f64],
    frame: Frame,
    y: impl Fn(f64) -> f64,
) -> String {
    let points = run.filter_map(|slot| Some((across[slot], band[slot]?.1)));
    join(points, frame, y)
}

fn area(
    band: &[Option<(f64, f64)>],
    run: std::ops::Range<usize>,
    across: &[f64],
    frame: Frame,
    y: impl Fn(f64) -> f64,
) -> String {
    let above = run.clone().filter_map(|slot| Some((across[slot], band[slot]?.1)));
    let below = run.rev().filter_map(|slot| Some((across[slot], band[slot]?.0)));
    join(above.chain(below), frame, y) + "Z"
}

fn join(points: impl Iterator<Item = (f64, f64)>, frame: Frame, y: impl Fn(f64) -> f64) -> String {
    let mut path = String::new();
    for (index, (position, value)) in points.enumerate() {
        step(&mut path, if index == 0 { 'M' } else { 'L' }, frame.along(position), number(y(value)));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::super::{Series, Slot};
    use super::*;

    fn chart(web: &[Option<f64>], post: &[Option<f64>]) -> Chart {
        let slots = web.iter().map(|_| Slot { label: "a".into(), at: None }).collect();
        let series = |name: &str, values: &[Option<f64>]| Series::new(name, values.to_vec());
        Chart::new("c", "C", Kind::Stack, slots, vec![series("web", web), series("post", post)])
    }

    #[test]
    fn nothing_stands_on_a_gap() {
        let bands = bands(&chart(&[Some(5.0), Some(5.0), Some(5.0)], &[Some(2.0), None, Some(2.0)]));
        assert_eq!(bands[0], [Some((2.0, 7.0)), None, Some((2.0, 7.0))]);
    }

    #[test]
    fn the_first_series_stands_on_the_others() {
        let chart = chart(&[Some(5.0), Some(1.0)], &[Some(2.0), None]);
        let bands = bands(&chart);
        assert_eq!(bands[0], [Some((2.0, 7.0)), Some((0.0, 1.0))]);
        assert_eq!(bands[1], [Some((0.0, 2.0)), None]);
        assert_eq!(runs(&bands[1]), std::slice::from_ref(&(0..1)));
        assert_eq!(runs(&[None, Some((0.0, 1.0)), Some((0.0, 1.0)), None, Some((0.0, 2.0))]), [1..3, 4..5]);
    }
}
