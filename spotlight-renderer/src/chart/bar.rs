//! Bars: upright for periods and histograms, lying for categories and steps that have long names.

use super::annotation::Marks;
use super::axis::LABEL;
use super::frame::{Frame, Margins, number};
use super::scale::Scale;
use super::{Chart, Kind, hatch, target, text};
use crate::words::say;
use maud::{Markup, html};

const HEIGHT: f64 = 180.0;

/// The share of its room that a bar takes, and of the whole width that it takes at most.
const FILL: f64 = 0.72;
const WIDEST: f64 = 0.2;

/// Lines of text that a name below a bar may take.
const LINES: usize = 3;

/// Upright bars of the first series with their values above and their names below.
pub fn upright(chart: &Chart, frame: &Frame) -> Markup {
    let count = chart.slots.len();
    let values = (0..count).filter_map(|slot| chart.value(0, slot));
    let scale = Scale::filling(values.chain(target::reach(chart)));
    let y = |value: f64| HEIGHT * (1.0 - scale.position(value));
    let room = 1.0 / count as f64;
    let texts: Vec<String> = (0..count)
        .map(|slot| {
            chart.value(0, slot).map_or_else(|| say("no-data").into_owned(), |value| (chart.format)(value))
        })
        .collect();
    let wide = (room * FILL).min(WIDEST);
    let tops: Vec<f64> =
        (0..count).map(|slot| chart.value(0, slot).map_or(HEIGHT, |value| y(value.max(0.0)))).collect();
    let values_shown = frame.widths().map(|width| values_with_room(chart, &texts, &tops, wide, width));
    let names = Names::new(chart, frame.widths());
    let edges: Vec<f64> = (0..=count).map(|slot| slot as f64 * room).collect();
    let marks = Marks::of(chart, &edges, *frame);
    let below = 12.0 + 16.0 * names.lines() as f64;
    let margins =
        Margins { top: 26.0 + marks.above(), right: 0.0, bottom: below + marks.below(*frame), left: 0.0 };
    let inner = html! {
        (hatch::pattern(chart))
        // numbers stand above the values of the highest bars
        g transform=[(marks.above() > 0.0).then_some("translate(0 -20)")] { (marks.behind(*frame, HEIGHT + 20.0)) }
        @for slot in 0..count {
            @let middle = (slot as f64 + 0.5) * room;
            @let value = chart.value(0, slot);
            @let (top, bottom) = value.map_or((HEIGHT, HEIGHT), |value| (y(value.max(0.0)), y(value.min(0.0))));
            g.bar-slot {
                title { (chart.tooltip(slot)) }
                rect class="slot" x=(frame.x(slot as f64 * room)) width=(frame.x(room)) y="0" height=(number(HEIGHT)) {}
                @if value.is_some() {
                    @let unended = chart.unended == Some(slot);
                    @let latest = slot + 1 == chart.ended() && chart.span.is_some();
                    rect class={ "bar s1" @if latest { " latest" } @if unended { " unended" } }
                        x=(frame.x(middle - wide / 2.0)) width=(frame.x(wide)) y=(number(top)) height=(number((bottom - top).max(1.0))) {}
                    @if unended {
                        rect x=(frame.x(middle - wide / 2.0)) width=(frame.x(wide)) y=(number(top)) height=(number((bottom - top).max(1.0)))
                            fill={ "url(#" (hatch::name(chart)) ")" } {}
                    }
                }
                text class={ "bar-value" @if value.is_none() { " none" } (frame.visibility(values_shown.each_ref().map(|shown| shown[slot]))) }
                    x=(frame.x(middle)) y=(number(top - 8.0)) text-anchor="middle" { (texts[slot]) }
                (names.draw(slot, middle, *frame))
            }
        }
        line class="grid zero" x1="0" x2=(frame.x(1.0)) y1=(number(y(0.0))) y2=(number(y(0.0))) {}
        (target::draw(chart, &target::drawn(chart, None), &edges, *frame, HEIGHT, y))
        g transform=[(marks.above() > 0.0).then_some("translate(0 -20)")] { (marks.draw(*frame, HEIGHT + 20.0 + below)) }
    };
    frame.picture(chart, margins, HEIGHT, &inner)
}

/// Which values have room above their bars in a plot of this width: none touches another one or a higher bar beside its own. The
/// last, the highest and the lowest come first, then those from the last to the first. `tops` are the heights at which bars end,
/// and `wide` is the share of the width that a bar takes.
fn values_with_room(chart: &Chart, texts: &[String], tops: &[f64], wide: f64, width: f64) -> Vec<bool> {
    let count = texts.len();
    let by_value = |a: &usize, b: &usize| tops[*a].total_cmp(&tops[*b]);
    let known = || (0..count).filter(|&slot| chart.value(0, slot).is_some());
    let first = [count.checked_sub(1), known().min_by(by_value), known().max_by(by_value)];
    let across = |slot: usize, own: f64| {
        let middle = (slot as f64 + 0.5) / count as f64 * width;
        (middle - own / 2.0, middle + own / 2.0)
    };
    let touch = |(a, b): (f64, f64), (c, d): (f64, f64)| a < d && c < b;
    let mut shown = vec![false; count];
    for slot in first.into_iter().flatten().chain((0..count).rev()) {
        let own = across(slot, text::width(&texts[slot], LABEL) + 4.0);
        let has_room = (0..count).filter(|other| *other != slot).all(|other| {
            let bar_is_lower = tops[other] >= tops[slot] - 4.0;
            let apart = (tops[other] - tops[slot]).abs() >= 16.0;
            let its_own = across(other, text::width(&texts[other], LABEL));
            (bar_is_lower || !touch(own, across(other, wide * width)))
                && (!shown[other] || apart || !touch(own, its_own))
        });
        shown[slot] |= has_room;
    }
    shown
}

/// Whether the names of bars need more room than they have below them at the usual width of a page, so that some would be left out.
pub fn names_crowd(chart: &Chart) -> bool {
    Names::new(chart, super::frame::WIDTHS).shown.iter().any(|shown| !shown[2])
}

/// The names below upright bars, wrapped for each class of width.
struct Names {
    wrapped: Vec<[Vec<String>; 3]>,
    shown: Vec<[bool; 3]>,
}

impl Names {
    fn new(chart: &Chart, widths: [f64; 3]) -> Names {
        let count = chart.slots.len();
        // a name of one long word, or of many words, may use the room of bars whose names are left out
        let word = |slot: &super::Slot| {
            let words =
                slot.label.split_whitespace().map(|word| text::width(word, LABEL)).fold(0.0, f64::max);
            words.min(90.0).max(text::width(&slot.label, LABEL) / LINES as f64 * 1.15)
        };
        let longest = chart.slots.iter().map(word).fold(1.0, f64::max).min(100.0);
        let steps = widths.map(|width| ((longest + 6.0) * count as f64 / width).ceil().max(1.0) as usize);
        let shown =
            (0..count).map(|slot| steps.map(|step| (count - 1 - slot).is_multiple_of(step))).collect();
        let wrapped = (0..count)
            .map(|slot| {
                std::array::from_fn(|class| {
                    let room = widths[class] / count as f64 * steps[class] as f64 - 6.0;
                    text::wrap(&chart.slots[slot].label, LABEL, room, LINES)
                })
            })
            .collect();
        Names { wrapped, shown }
    }

    fn lines(&self) -> usize {
        self.wrapped.iter().flatten().map(Vec::len).max().unwrap_or(1)
    }

    fn draw(&self, slot: usize, middle: f64, frame: Frame) -> Markup {
        let (wrapped, shown) = (&self.wrapped[slot], self.shown[slot]);
        let mut variants: Vec<(&Vec<String>, [bool; 3])> = Vec::new();
        for class in 0..3 {
            if !shown[class] || (matches!(frame, Frame::Fixed(_)) && class != 2) {
                continue;
            }
            match variants.iter_mut().find(|(lines, _)| **lines == wrapped[class]) {
                Some((_, classes)) => classes[class] = true,
                None => variants.push((&wrapped[class], std::array::from_fn(|other| other == class))),
            }
        }
        html! {
            @for (lines, classes) in variants {
                text class={ "bar-name" (frame.visibility(classes)) } y=(number(HEIGHT + 4.0)) text-anchor="middle" {
                    @for line in lines { tspan x=(frame.x(middle)) dy="16" { (line) } }
                }
            }
        }
    }
}

/// The height of one lying bar with its name.
const ROW: f64 = 50.0;

/// The room to the right of lying bars for their values, in pixels, and where a chart is narrow: the style sheet knows these.
const ROOMS: [f64; 3] = [72.0, 108.0, 144.0];
const NARROW_ROOM: f64 = 64.0;

/// Room for the share beside a value.
const SHARE: f64 = 46.0;

/// A name as far as it fits in each class of width above a bar with some room to its right.
fn fitted(name: &str, frame: Frame, right: f64) -> Vec<(String, [bool; 3])> {
    let mut variants: Vec<(String, [bool; 3])> = Vec::new();
    let rooms = if frame == Frame::Fluid { [NARROW_ROOM, right, right] } else { [right; 3] };
    for (class, (width, room)) in frame.widths().into_iter().zip(rooms).enumerate() {
        let text = text::fit(name, LABEL + 1.0, width + room);
        match variants.iter_mut().find(|(own, _)| *own == text) {
            Some((_, classes)) => classes[class] = true,
            None => variants.push((text, std::array::from_fn(|other| other == class))),
        }
    }
    variants
}

/// Lying bars of the first series, each below its name; steps also say how they compare with the first, parts how they compare
/// with the whole.
pub fn lying(chart: &Chart, frame: &Frame) -> Markup {
    let count = chart.slots.len();
    let most = (0..count).filter_map(|slot| chart.value(0, slot)).fold(0.0, f64::max);
    let whole = match chart.kind {
        Kind::Parts => Some((0..count).filter_map(|slot| chart.value(0, slot)).sum()),
        _ => chart.value(0, 0),
    };
    let whole = whole.filter(|whole| *whole > 0.0 && chart.unit != super::Unit::Percent);
    let texts: Vec<String> = (0..count)
        .map(|slot| {
            chart.value(0, slot).map_or_else(|| say("no-data").into_owned(), |value| (chart.format)(value))
        })
        .collect();
    // values are bold
    let longest = texts.iter().map(|value| text::width(value, LABEL + 1.0) * 1.08).fold(0.0, f64::max);
    let wanted = 8.0 + longest + if whole.is_some() { SHARE } else { 0.0 };
    let right = ROOMS.into_iter().find(|room| *room >= wanted).unwrap_or(ROOMS[2]);
    let inner = html! {
        @for slot in 0..count {
            @let value = chart.value(0, slot);
            @let top = slot as f64 * ROW;
            @let share = value.filter(|_| most > 0.0).map_or(0.0, |value| (value / most).clamp(0.0, 1.0));
            g.bar-slot {
                title { (chart.tooltip(slot)) }
                @for (name, classes) in fitted(&chart.slots[slot].label, *frame, right) {
                    text class={ "step-name" (frame.visibility(classes)) } x="0" y=(number(top + 14.0)) { (name) }
                }
                rect.track x="0" width=(frame.x(1.0)) y=(number(top + 22.0)) height="16" {}
                @if share > 0.0 {
                    rect class="bar s1" x="0" width=(frame.x(share)) y=(number(top + 22.0)) height="16" {}
                }
                text.step-value x=(frame.x(1.0)) dx="8" y=(number(top + 35.0)) {
                    (texts[slot])
                    @if let (Some(value), Some(whole)) = (value, whole) && (slot > 0 || chart.kind == Kind::Parts) {
                        tspan class={ "share" (frame.visibility([false, true, true])) } dx="6" { (text::share(value / whole)) }
                    }
                }
            }
        }
    };
    frame.picture(chart, Margins { right, ..Margins::default() }, count as f64 * ROW, &inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(values: &[f64], width: f64) -> Vec<usize> {
        let slots = values.iter().map(|value| super::super::Slot { label: value.to_string(), at: None });
        let series = super::super::Series::new("Boats", values.iter().map(|value| Some(*value)).collect());
        let chart = Chart::new("boats", "Boats", Kind::Bar, slots.collect(), vec![series]);
        let scale = Scale::filling(values.iter().copied());
        let tops: Vec<f64> = values.iter().map(|value| HEIGHT * (1.0 - scale.position(*value))).collect();
        let texts: Vec<String> = values.iter().map(|value| (chart.format)(*value)).collect();
        let wide = (FILL / values.len() as f64).min(WIDEST);
        let shown = values_with_room(&chart, &texts, &tops, wide, width);
        (0..values.len()).filter(|slot| shown[*slot]).collect()
    }

    #[test]
    fn values_stand_above_their_bars_where_they_touch_nothing() {
        assert_eq!(shown(&[5.0, 9.0, 3.0], 300.0), [0, 1, 2]);
        // long numbers beside higher bars would lie on them
        assert_eq!(shown(&[700_000.0, 900_000.0, 300_000.0, 800_000.0, 600_000.0], 150.0), [1, 3]);
        // of equal ones those that have room beside each other, the last first
        assert_eq!(shown(&[1_234_567.0; 9], 240.0), [0, 5, 8]);
    }
}
