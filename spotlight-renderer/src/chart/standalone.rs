//! Charts as files of their own: the same drawing at a fixed size with its colours inside.

use super::frame::Frame;
use super::text::{fit, wrap};
use super::{Chart, draw, palette};
use crate::view::provenance::{Provenance, moment};
use maud::{Markup, PreEscaped, Render, html};
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
/// The size of the letters of what is said about the figures below it, and the height of a line of them.
const NOTE: (f64, f64) = (11.5, 16.0);
/// At most so many lines are said about the figures.
const NOTE_LINES: usize = 4;

/// What a drawing that is taken away says about its figures.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Where they are from, for programs.
    pub from: &'a Provenance,
    /// The same for people.
    pub note: &'a str,
}

/// An SVG document of a chart whose plot is so many pixels wide, with its title above it and, below it, where its figures are from.
pub fn standalone(chart: &Chart, plot_width: f64, theme: Theme, about: Option<About<'_>>) -> String {
    let drawing = draw(chart, &Frame::Fixed(plot_width.max(120.0))).render().into_string();
    let inner = drawing.split_once('>').and_then(|(open, rest)| Some((open, rest.strip_suffix("</svg>")?)));
    let Some((open, inner)) = inner else { return drawing };
    let length = |name: &str| -> f64 {
        let (_, rest) = open.split_once(&format!(" {name}=\"")).unwrap_or_default();
        rest.split('"').next().and_then(|text| text.parse().ok()).unwrap_or_default()
    };
    let named = format!("{0}-chart-title {0}-chart-desc", chart.id);
    let size = (length("width"), length("height"));
    sheet(&chart.title, &named, size, &PreEscaped(inner.to_owned()), theme, about)
}

/// A drawing of a size on a sheet of its own; `named` are the ids of what names and describes it.
pub(super) fn sheet(
    title: &str,
    named: &str,
    (inner_width, inner_height): (f64, f64),
    inner: &Markup,
    theme: Theme,
    about: Option<About<'_>>,
) -> String {
    let width = inner_width + 2.0 * MARGIN;
    let note = about
        .map(|about| wrap(about.note, NOTE.0, (width - 2.0 * MARGIN) * 0.96, NOTE_LINES))
        .unwrap_or_default();
    let below = MARGIN + TITLE + inner_height + MARGIN / 2.0;
    let height = below + MARGIN / 2.0 + NOTE.1 * note.len() as f64;
    let drawing = html! {
        svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby=(named)
            width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } {
            @if let Some(about) = about { (metadata(about.from)) }
            style { (PreEscaped(style(theme))) }
            rect.paper width="100%" height="100%" {}
            text.heading #sheet-title x=(MARGIN) y=(MARGIN + 14.0) { (fit(title, 17.0, inner_width)) }
            g transform={ "translate(" (MARGIN) " " (MARGIN + TITLE) ")" } { (inner) }
            @for (index, line) in note.iter().enumerate() {
                text.source x=(MARGIN) y=(below + NOTE.1 * (index + 1) as f64 - 4.0) { (line) }
            }
        }
    };
    xml(drawing)
}

/// Where the figures are from, in the terms of the Dublin Core.
fn metadata(from: &Provenance) -> Markup {
    let (start, end) = from.range();
    html! {
        metadata {
            rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcterms="http://purl.org/dc/terms/" {
                rdf:Description rdf:about=(from.page) {
                    dcterms:title { (from.title) }
                    dcterms:publisher { (from.publisher) }
                    @for source in &from.sources { dcterms:source { (source.query) } }
                    @if start.is_some() || end.is_some() {
                        dcterms:temporal { (start.map(moment).unwrap_or_default()) "/" (end.map(moment).unwrap_or_default()) }
                    }
                    @if let Some(updated) = from.updated { dcterms:modified { (moment(updated)) } }
                    dcterms:created { (moment(from.retrieved)) }
                    @if let Some(licence) = &from.licence {
                        dcterms:license { (licence.url.as_ref().unwrap_or(&licence.title)) }
                        dcterms:rights { (licence.title) }
                    }
                    dcterms:language { (from.language) }
                }
            }
        }
    }
}

/// HTML does not mind control characters, XML does.
fn xml(drawing: Markup) -> String {
    let mut text = drawing.into_string();
    text.retain(|c| matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}')));
    text
}

fn style(theme: Theme) -> String {
    let (colours, surface, ink, muted, rule) = match theme {
        Theme::Light => (palette::LIGHT, palette::SURFACES[0], "#14181d", "#56616c", "#dde2e7"),
        Theme::Dark => (palette::DARK, palette::SURFACES[1], "#eef1f4", "#a9b4c0", "#333b44"),
    };
    let size = NOTE.0;
    let mut css = format!(
        ".paper{{fill:{surface}}}text{{font:13px system-ui,Helvetica,Arial,sans-serif;fill:{muted}}}\
         .source{{font-size:{size}px}}.heading{{fill:{ink};font-size:17px;font-weight:700}}.figure{{fill:{ink};font-size:44px;font-weight:700}}.cell{{fill:{ink};font-size:13.5px}}.name,.bar-value,.step-name,.step-value{{fill:{ink};font-weight:600}}.value,.share{{font-weight:400}}\
         .grid{{stroke:{rule}}}.zero,.tick-x line{{stroke:{muted}}}.slot{{fill:none}}.track{{fill:{rule}}}\
         .line{{fill:none;stroke-width:2.5;stroke-linejoin:round;stroke-linecap:round}}.joint{{fill:none;stroke-width:1}}\
         .hatch{{stroke:{muted};stroke-width:2;stroke-opacity:.45}}.bar.unended{{fill-opacity:.3}}.target{{stroke:{ink};stroke-width:1.5;stroke-dasharray:1 3}}.note-line{{stroke:{muted};stroke-dasharray:3 3}}.note-band{{fill:{muted};fill-opacity:.14}}\
         .note-sign{{fill:{surface};stroke:{muted}}}.note-number,.target-name,.note-told{{fill:{ink};font-size:12px}}.target-name{{paint-order:stroke;stroke:{surface};stroke-width:3px;stroke-linejoin:round}}\
         .dash{{stroke-dasharray:5 6}}.line.r1{{stroke-dasharray:14 4}}.line.r2{{stroke-dasharray:2 5}}.area{{fill-opacity:.28}}.mark{{stroke:{surface};stroke-width:1}}"
    );
    for (index, colour) in colours.iter().enumerate() {
        let series = index + 1;
        // writing to a string cannot fail
        let _ = write!(
            css,
            ".line.s{series},.joint.s{series}{{stroke:{colour}}}.area.s{series},.mark.s{series},.bar.s{series},.name.s{series}{{fill:{colour}}}\
             .mark.s{series}.r1,.mark.s{series}.r2{{fill:{surface};stroke:{colour}}}"
        );
    }
    css
}
