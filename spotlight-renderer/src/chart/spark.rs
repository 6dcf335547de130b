//! Sparklines: the shape of the recent past beside a figure, without axes.

use super::axis;
use super::frame::{Frame, Margins, number};
use super::{Chart, label};
use maud::{Markup, html};

const HEIGHT: f64 = 56.0;

/// The part of a sparkline's height that its values use at most.
const USED: f64 = 0.86;

pub fn draw(chart: &Chart, frame: &Frame) -> Markup {
    let values = || (0..chart.slots.len()).filter_map(|slot| chart.value(0, slot));
    let (low, high) =
        values().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let span = if high > low { high - low } else { 1.0 };
    let y = |value: f64| HEIGHT * (1.0 - (value - low) / span * USED - (1.0 - USED) / 2.0);
    let across = axis::positions(&chart.slots);
    let mut line = String::new();
    let mut area = String::new();
    let mut run: Option<f64> = None;
    let mut end = None;
    for (slot, &position) in across.iter().enumerate() {
        match chart.value(0, slot) {
            Some(value) => {
                let point = format!("{} {}", frame.along(position), number(y(value)));
                line.push(if run.is_some() { 'L' } else { 'M' });
                line.push_str(&point);
                match run {
                    Some(_) => area.push_str(&format!("L{point}")),
                    None => area.push_str(&format!("M{} {HEIGHT}L{point}", frame.along(position))),
                }
                run = Some(position);
                end = Some((position, y(value)));
            }
            None => {
                if let Some(last) = run.take() {
                    area.push_str(&format!("L{} {HEIGHT}Z", frame.along(last)));
                }
            }
        }
    }
    if let Some(last) = run {
        area.push_str(&format!("L{} {HEIGHT}Z", frame.along(last)));
    }
    let paths = html! { path.area.s1 data-series="0" d=(area) {} path.line.s1 data-series="0" d=(line) {} };
    let inner = html! {
        (frame.paths(HEIGHT, &paths))
        @if let Some((position, height)) = end { (label::marker(*frame, 1, "", position, height)) }
    };
    frame.picture(chart, Margins { right: 6.0, ..Margins::default() }, HEIGHT, &inner)
}
