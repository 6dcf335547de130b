//! Bars: upright for periods and histograms, lying for categories and steps that have long names.

use super::annotation::Marks;
use super::axis::LABEL;
use super::frame::{Frame, Margins, number};
use super::scale::Scale;
use super::{Chart, Kind, hatch, target, text};
use crate::words::say;
use maud::{Markup, html};

const HEIGHT: f64 = 180.0;

/// The share of its room that a bar takes.
const FILL: f64 = 0.72;

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
    let values_shown = every(&texts, count, frame.widths());
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
                        x=(frame.x(middle - room * FILL / 2.0)) width=(frame.x(room * FILL)) y=(number(top)) height=(number((bottom - top).max(1.0))) {}
                    @if unended {
                        rect x=(frame.x(middle - room * FILL / 2.0)) width=(frame.x(room * FILL)) y=(number(top)) height=(number((bottom - top).max(1.0)))
                            fill={ "url(#" (hatch::name(chart)) ")" } {}
                    }
                }
                text class={ "bar-value" @if value.is_none() { " none" } (frame.visibility(values_shown[slot])) }
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

/// In which classes of width each text has room: all, or every so many counted from the last.
fn every(texts: &[String], count: usize, widths: [f64; 3]) -> Vec<[bool; 3]> {
    let longest = texts.iter().map(|value| text::width(value, LABEL)).fold(0.0, f64::max) + 4.0;
    let mut shown = vec![[false; 3]; count];
    for (class, width) in widths.into_iter().enumerate() {
        let step = (longest * count as f64 / width).ceil().max(1.0) as usize;
        for (slot, shown) in shown.iter_mut().enumerate() {
            shown[class] = (count - 1 - slot).is_multiple_of(step);
        }
    }
    shown
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

/// The room to the right of lying bars for their values, in pixels: the style sheet knows these.
const ROOMS: [f64; 3] = [72.0, 108.0, 144.0];

/// Room for the share beside a value.
const SHARE: f64 = 46.0;

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
                text.step-name x="0" y=(number(top + 14.0)) { (text::fit(&chart.slots[slot].label, LABEL + 1.0, frame.widths()[0] + right)) }
                rect.track x="0" width=(frame.x(1.0)) y=(number(top + 22.0)) height="16" {}
                @if share > 0.0 {
                    rect class="bar s1" x="0" width=(frame.x(share)) y=(number(top + 22.0)) height="16" {}
                }
                text.step-value x=(frame.x(1.0)) dx="8" y=(number(top + 35.0)) {
                    (texts[slot])
                    @if let (Some(value), Some(whole)) = (value, whole) && (slot > 0 || chart.kind == Kind::Parts) {
                        tspan class={ "share" (frame.visibility([false, true, true])) } dx="6" { (percent(value / whole)) }
                    }
                }
            }
        }
    };
    frame.picture(chart, Margins { right, ..Margins::default() }, count as f64 * ROW, &inner)
}

fn percent(share: f64) -> String {
    format!("{}%", (share * 100.0).round())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_left_out_where_they_have_no_room() {
        let texts = vec!["1,234,567".to_owned(); 10];
        let shown = every(&texts, 10, [220.0, 420.0, 840.0]);
        assert_eq!(shown[9], [true, true, true], "the last is always named");
        assert_eq!(shown.iter().filter(|shown| shown[2]).count(), 10);
        assert!(shown.iter().filter(|shown| shown[0]).count() <= 4);
    }
}
