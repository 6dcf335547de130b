//! The picture's frame: where a share of the width lands, in a plot that stretches or in one of fixed size.

use super::Chart;
use crate::words::say;
use maud::{Markup, Render, html};
use std::fmt;

/// The class of plot widths that labels are thinned for, narrowest first: the least width in pixels that a plot has in it.
/// The style sheet's container queries switch at the matching widths of the whole chart.
pub const WIDTHS: [f64; 3] = [180.0, 400.0, 500.0];

/// Units of the stretched coordinate system across the plot.
const STRETCH: f64 = 1000.0;

/// How the plot is measured across.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Frame {
    /// Percentages of whatever width there is.
    Fluid,
    /// Pixels of a plot this wide.
    Fixed(f64),
}

impl Frame {
    pub fn fluid() -> Frame {
        Frame::Fluid
    }

    /// A length across, for attributes that take percentages.
    pub fn x(self, share: f64) -> Length {
        match self {
            Frame::Fluid => Length { percent: true, ..number(share * 100.0) },
            Frame::Fixed(width) => number(share * width),
        }
    }

    /// A position across, for path data.
    pub fn along(self, share: f64) -> Length {
        match self {
            Frame::Fluid => number(share * STRETCH),
            Frame::Fixed(width) => number(share * width),
        }
    }

    /// Wraps paths so that they stretch with the plot while their strokes do not.
    pub fn paths(self, height: f64, paths: &Markup) -> Markup {
        match self {
            Frame::Fluid => html! {
                svg.stretch x="0" y="0" width="100%" height=(number(height)) viewBox={ "0 0 " (number(STRETCH)) " " (number(height)) }
                    preserveAspectRatio="none" { (paths) }
            },
            Frame::Fixed(_) => html! { g { (paths) } },
        }
    }

    /// Something drawn in pixels around a point of the plot.
    pub fn at(self, share: f64, y: f64, inner: &Markup) -> Markup {
        match self {
            Frame::Fluid => html! { svg.at x=(self.x(share)) y=(number(y)) { (inner) } },
            Frame::Fixed(_) => {
                html! { g transform={ "translate(" (self.x(share)) " " (number(y)) ")" } { (inner) } }
            }
        }
    }

    /// Classes that hide a label where it would collide, given where it may be seen.
    pub fn visibility(self, shown: [bool; 3]) -> &'static str {
        match (self, shown) {
            (Frame::Fixed(_), _) | (_, [true, true, true]) => "",
            (_, [false, true, true]) => " hn",
            (_, [true, false, true]) => " hm",
            (_, [true, true, false]) => " hw",
            (_, [false, false, true]) => " hn hm",
            (_, [false, true, false]) => " hn hw",
            (_, [true, false, false]) => " hm hw",
            (_, [false, false, false]) => " hn hm hw",
        }
    }

    /// The widths to thin labels for.
    pub fn widths(self) -> [f64; 3] {
        match self {
            Frame::Fluid => WIDTHS,
            Frame::Fixed(width) => [width; 3],
        }
    }

    /// The whole picture: margins, name and description around a drawing of a given plot height.
    pub fn picture(self, chart: &Chart, margins: Margins, plot: f64, inner: &Markup) -> Markup {
        let height = margins.top + plot + margins.bottom;
        let left = if self == Frame::Fluid { 0.0 } else { margins.left };
        let drawing =
            html! { g transform={ "translate(" (number(left)) " " (number(margins.top)) ")" } { (inner) } };
        let id = &chart.id;
        match self {
            // in a page the caption below says what the chart shows
            Frame::Fluid => html! {
                div class={ "plot " (gutter('l', margins.left)) " " (gutter('r', margins.right)) } data-keys=(say("chart-keys")) {
                    svg.chart-svg role="img" aria-labelledby={ (id) "-chart-title " (id) "-summary" } width="100%" height=(number(height))
                        focusable="false" { title id={ (id) "-chart-title" } { (chart.title) } (drawing) }
                }
            },
            Frame::Fixed(width) => {
                let full = margins.left + width + margins.right;
                html! {
                    svg.chart-svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby={ (id) "-chart-title " (id) "-chart-desc" }
                        width=(number(full)) height=(number(height)) viewBox={ "0 0 " (number(full)) " " (number(height)) } {
                        title id={ (id) "-chart-title" } { (chart.title) }
                        desc id={ (id) "-chart-desc" } { (super::told(chart)) }
                        (drawing)
                    }
                }
            }
        }
    }
}

/// Room around the plot, in pixels. Across, it is rounded up to what the style sheet has a class for.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Margins {
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
    pub left: f64,
}

/// A class that keeps this much room at a side; the style sheet knows multiples of 12 pixels up to 180.
fn gutter(side: char, pixels: f64) -> String {
    format!("g{side}{}", (pixels / 12.0).ceil().clamp(0.0, 15.0) as usize)
}

/// A length of a drawing, which is written with at most two decimals and nothing needless.
///
/// Drawings are small: two decimals of a whole number of hundredths are exact, and quicker to write than a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    hundredths: i64,
    percent: bool,
}

/// A length in units of the drawing.
pub fn number(value: f64) -> Length {
    Length { hundredths: (value * 100.0).round() as i64, percent: false }
}

impl Render for Length {
    fn render_to(&self, out: &mut String) {
        if self.hundredths < 0 {
            out.push('-');
        }
        let size = self.hundredths.unsigned_abs();
        (size / 100).render_to(out);
        let (tenth, hundredth) = ((size / 10 % 10) as u8, (size % 10) as u8);
        if tenth > 0 || hundredth > 0 {
            out.push('.');
            out.push(char::from(b'0' + tenth));
        }
        if hundredth > 0 {
            out.push(char::from(b'0' + hundredth));
        }
        if self.percent {
            out.push('%');
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.render_to(&mut text);
        f.write_str(&text)
    }
}

/// Adds a step of a path: `M` or `L`, and where it leads.
pub fn step(path: &mut String, letter: char, x: Length, y: Length) {
    path.push(letter);
    x.render_to(path);
    path.push(' ');
    y.render_to(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_two_decimals_at_most() {
        for (value, text) in [
            (0.0, "0"),
            (12.0, "12"),
            (0.5, "0.5"),
            (-0.25, "-0.25"),
            (3.456, "3.46"),
            (7.001, "7"),
            (0.049, "0.05"),
        ] {
            assert_eq!(number(value).to_string(), text);
        }
        assert_eq!(Frame::Fluid.x(0.3333).to_string(), "33.33%");
        assert_eq!(Frame::Fixed(300.0).x(0.5).to_string(), "150");
    }
}
