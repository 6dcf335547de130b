//! Direct labels: the name and latest value of a series, written where it ends, kept apart from its neighbours'.

use super::frame::{Frame, number};
use super::{Chart, text};
use crate::page::followed;
use crate::words::say;
use maud::{Markup, html};

/// Room to the right of the plot for labels, in pixels.
pub const WIDTH: f64 = 168.0;

/// The size of names, which are bold; the style sheet says the same.
const SIZE: f64 = 14.0;

/// How much wider than measured bold names may be, in whatever font the reader has.
const BOLD: f64 = 1.2;

/// The least distance between two labels, in pixels.
const APART: f64 = 38.0;

/// A label's series, the height at which it would like to stand, and where along the plot its series ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    pub series: usize,
    pub y: f64,
    pub from: f64,
}

/// Whether so many labels have room beside a plot.
pub fn fits(count: usize, height: f64) -> bool {
    count as f64 * APART <= height + 24.0
}

/// Heights near the wanted ones, in the same order, at least [`APART`] from each other and inside the plot where possible.
///
/// Labels that would touch form a block that stands where its members wish on average (the least squares solution).
pub fn spread(wanted: &[f64], height: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    // blocks of (sum of wishes for the block's first label, size)
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for &index in &order {
        blocks.push((wanted[index], 1));
        while let [.., (above, many), (below, more)] = blocks[..] {
            let (top, next) = (start(above, many, height), start(below, more, height));
            if top + many as f64 * APART <= next {
                break;
            }
            blocks.truncate(blocks.len() - 2);
            blocks.push((above + below - more as f64 * many as f64 * APART, many + more));
        }
    }
    let mut heights = vec![0.0; wanted.len()];
    let mut members = order.into_iter();
    for (sum, size) in blocks {
        let top = start(sum, size, height);
        for place in 0..size {
            if let Some(index) = members.next() {
                heights[index] = top + place as f64 * APART;
            }
        }
    }
    heights
}

fn start(sum: f64, size: usize, height: f64) -> f64 {
    let lowest = height - (size - 1) as f64 * APART;
    (sum / size as f64).min(lowest).max(0.0)
}

/// Draws labels to the right of the plot, each joined to the end of its series.
pub fn draw(chart: &Chart, frame: Frame, wanted: &[Wanted], height: f64) -> Markup {
    let wishes: Vec<f64> = wanted.iter().map(|label| label.y).collect();
    let heights = spread(&wishes, height);
    let latest = chart.latest();
    html! {
        g.labels {
            @for (label, y) in wanted.iter().zip(heights) {
                @let value = latest.and_then(|slot| chart.value(label.series, slot));
                @let value = value.map_or_else(|| say("no-data").into_owned(), |value| (chart.format)(value));
                @let class = format!("name s{}", chart.colour(label.series));
                @let (name, rest) = in_lines(&chart.series[label.series].name, &value);
                @let texts = html! {
                    text class=(class) data-series=(label.series) x="18" dy="0" { (name) }
                    @match rest {
                        Some(rest) => {
                            text.value x=(number(18.0 + text::width(&rest, SIZE) * BOLD + 6.0)) dy="16" { (value) }
                            text class=(class) x="18" dy="16" { (rest) }
                        }
                        None => text.value x="18" dy="16" { (value) },
                    }
                };
                @let joint = html! {
                    @if label.from > 0.995 {
                        path class={ "joint s" (chart.colour(label.series)) } d=(format!("M7 {}L14 {}", number(label.y - y), 0)) {}
                    }
                    @match chart.series[label.series].href.as_deref().and_then(followed) {
                        Some(href) => a href=(href) { (texts) },
                        None => (texts),
                    }
                };
                (frame.at(1.0, y, &joint))
            }
        }
    }
}

/// A name on the line above its value, and what of it stands before the value where it is longer than that.
fn in_lines(name: &str, value: &str) -> (String, Option<String>) {
    const ROOM: f64 = WIDTH - 22.0;
    if text::width(name, SIZE) > ROOM
        && let [first, rest] = text::wrap(name, SIZE, ROOM, 2).as_slice()
        && format!("{first} {rest}") == name
        && text::width(rest, SIZE) * BOLD + text::width(value, SIZE) + 8.0 <= ROOM
    {
        return (first.clone(), Some(rest.clone()));
    }
    (text::fit(name, SIZE, ROOM), None)
}

/// A mark at a value, whose shape as well as colour is the series' own.
pub fn marker(frame: Frame, colour: usize, round: &str, across: f64, y: f64) -> Markup {
    let class = format!("mark s{colour}{round}");
    if let Some(shape) = shape(colour) {
        return frame.at(across, y, &html! { path class=(class) d=(shape) {} });
    }
    html! { circle class=(class) cx=(frame.x(across)) cy=(number(y)) r="3.5" {} }
}

/// The mark of a colour around the origin, in one of the rounds through the colours.
pub fn shape_or_circle(colour: usize, round: &str) -> Markup {
    let class = format!("mark s{colour}{round}");
    match shape(colour) {
        Some(shape) => html! { path class=(class) d=(shape) {} },
        None => html! { circle class=(class) r="3.5" {} },
    }
}

/// The shape that goes with a colour around the origin, about eight pixels wide; none means a circle.
fn shape(colour: usize) -> Option<&'static str> {
    match colour {
        2 => Some("M-3.5-3.5h7v7h-7z"),
        3 => Some("M0-4.5L4.5 3.5h-9z"),
        4 => Some("M0-5L5 0 0 5-5 0z"),
        5 => Some("M0 4.5L4.5-3.5h-9z"),
        6 => Some("M-1.5-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z"),
        7 => Some("M-4.5-2h9v4h-9z"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_too_long_for_its_line_goes_on_before_the_value() {
        assert_eq!(in_lines("Renewals", "8,183"), ("Renewals".into(), None));
        assert_eq!(
            in_lines("Renewals (12 months ago)", "8,183"),
            ("Renewals (12 months".into(), Some("ago)".into()))
        );
        let (cut, rest) = in_lines("Applications that somebody made long before anybody was there", "8,183");
        assert!(cut.ends_with('…') && rest.is_none());
    }

    #[test]
    fn labels_far_apart_stay_where_they_wish() {
        assert_eq!(spread(&[200.0, 20.0, 100.0], 270.0), [200.0, 20.0, 100.0]);
    }

    #[test]
    fn labels_that_would_touch_share_the_room_evenly() {
        assert_eq!(spread(&[100.0, 100.0], 270.0), [81.0, 119.0]);
        let crowded = spread(&[0.0, 1.0, 2.0, 269.0], 270.0);
        assert_eq!(crowded, [0.0, 38.0, 76.0, 269.0]);
    }

    #[test]
    fn any_labels_keep_their_order_and_distance() {
        for seed in 0..200_u64 {
            let wanted: Vec<f64> = (0..7).map(|n| ((seed * 7919 + n * 104_729) % 271) as f64).collect();
            let heights = spread(&wanted, 270.0);
            let mut order: Vec<usize> = (0..7).collect();
            order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
            for pair in order.windows(2) {
                assert!(heights[pair[1]] - heights[pair[0]] >= APART - 1e-6, "{wanted:?} {heights:?}");
            }
            assert!(heights.iter().all(|y| (-1e-6..=270.0 + 1e-6).contains(y)), "{wanted:?} {heights:?}");
        }
    }
}
