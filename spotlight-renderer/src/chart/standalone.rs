//! Charts as files of their own: the same drawing at a fixed size with its colours inside.

use super::frame::Frame;
use super::{Chart, draw, palette};
use maud::{PreEscaped, Render, html};
use std::fmt::Write;

/// The colours of a standalone chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on white.
    Light,
    /// Light on near black.
    Dark,
}

/// The room around a drawing, in pixels.
const MARGIN: f64 = 28.0;
/// The height of the title above it.
const TITLE: f64 = 34.0;

/// An SVG document of a chart whose plot is so many pixels wide, with its title above it.
pub fn standalone(chart: &Chart, plot_width: f64, theme: Theme) -> String {
    let drawing = draw(chart, &Frame::Fixed(plot_width.max(120.0))).render().into_string();
    let inner = drawing.split_once('>').and_then(|(open, rest)| Some((open, rest.strip_suffix("</svg>")?)));
    let Some((open, inner)) = inner else { return drawing };
    let length = |name: &str| -> f64 {
        let (_, rest) = open.split_once(&format!(" {name}=\"")).unwrap_or_default();
        rest.split('"').next().and_then(|text| text.parse().ok()).unwrap_or_default()
    };
    let (width, height) = (length("width") + 2.0 * MARGIN, length("height") + 2.0 * MARGIN + TITLE);
    html! {
        svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby={ (chart.id) "-chart-title " (chart.id) "-chart-desc" }
            width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } {
            style { (PreEscaped(style(theme))) }
            rect.paper width="100%" height="100%" {}
            text.heading x=(MARGIN) y=(MARGIN + 14.0) { (chart.title) }
            g transform={ "translate(" (MARGIN) " " (MARGIN + TITLE) ")" } { (PreEscaped(inner)) }
        }
    }
    .into_string()
}

fn style(theme: Theme) -> String {
    let (colours, surface, ink, muted, rule) = match theme {
        Theme::Light => (palette::LIGHT, palette::SURFACES[0], "#14181d", "#56616c", "#dde2e7"),
        Theme::Dark => (palette::DARK, palette::SURFACES[1], "#eef1f4", "#a9b4c0", "#333b44"),
    };
    let mut css = format!(
        ".paper{{fill:{surface}}}text{{font:13px system-ui,Helvetica,Arial,sans-serif;fill:{muted}}}\
         .heading{{fill:{ink};font-size:17px;font-weight:700}}.name,.bar-value,.step-name,.step-value{{fill:{ink};font-weight:600}}.value,.share{{font-weight:400}}\
         .grid{{stroke:{rule}}}.zero,.tick-x line{{stroke:{muted}}}.slot{{fill:none}}.track{{fill:{rule}}}\
         .line{{fill:none;stroke-width:2.5;stroke-linejoin:round;stroke-linecap:round}}.joint{{fill:none;stroke-width:1}}\
         .dash{{stroke-dasharray:5 6}}.area{{fill-opacity:.28}}.mark{{stroke:{surface};stroke-width:1}}"
    );
    for (index, colour) in colours.iter().enumerate() {
        let series = index + 1;
        // writing to a string cannot fail
        let _ = write!(
            css,
            ".line.s{series},.joint.s{series}{{stroke:{colour}}}.area.s{series},.mark.s{series},.bar.s{series},.name.s{series}{{fill:{colour}}}"
        );
    }
    css
}
