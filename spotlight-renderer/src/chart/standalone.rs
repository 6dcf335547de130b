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

/// An SVG document of a chart whose plot is so many pixels wide.
pub fn standalone(chart: &Chart, plot_width: f64, theme: Theme) -> String {
    let drawing = draw(chart, &Frame::Fixed(plot_width.max(120.0))).render().into_string();
    let style = html! { style { (PreEscaped(style(theme))) } }.into_string();
    match drawing.split_once('>') {
        Some((open, rest)) => {
            format!("{open}>{style}<rect class=\"paper\" width=\"100%\" height=\"100%\"/>{rest}")
        }
        None => drawing,
    }
}

fn style(theme: Theme) -> String {
    let (colours, surface, ink, muted, rule) = match theme {
        Theme::Light => (palette::LIGHT, palette::SURFACES[0], "#14181d", "#56616c", "#dde2e7"),
        Theme::Dark => (palette::DARK, palette::SURFACES[1], "#eef1f4", "#a9b4c0", "#333b44"),
    };
    let mut css = format!(
        ".paper{{fill:{surface}}}text{{font:13px system-ui,Helvetica,Arial,sans-serif;fill:{muted}}}\
         .name,.bar-value,.step-name,.step-value{{fill:{ink};font-weight:600}}.value,.share{{font-weight:400}}\
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
