//! The period that has not ended: what is known of it lies on hatching, so that nobody takes it for the whole.

use super::Chart;
use super::frame::{Frame, number};
use maud::{Markup, html};

/// The name of the pattern of a chart.
pub fn name(chart: &Chart) -> String {
    format!("{}-hatch", chart.id)
}

/// The pattern, which a drawing has once.
pub fn pattern(chart: &Chart) -> Markup {
    html! {
        @if chart.unended.is_some() {
            defs {
                pattern id=(name(chart)) width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    path.hatch d="M0 0v7" {}
                }
            }
        }
    }
}

/// Hatching behind the way to the last point of lines and areas, in a plot of this height.
pub fn behind(chart: &Chart, across: &[f64], frame: Frame, height: f64) -> Markup {
    let Some(slot) = chart.unended.filter(|slot| *slot > 0) else { return html! {} };
    let (Some(&from), Some(&to)) = (across.get(slot - 1), across.get(slot)) else { return html! {} };
    html! {
        rect x=(frame.x(from)) width=(frame.x((to - from).max(0.0))) y="0" height=(number(height)) fill={ "url(#" (name(chart)) ")" } {}
    }
}
