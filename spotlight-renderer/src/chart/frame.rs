//! The picture's frame: where a share of the width lands, in a plot that stretches or in one of fixed size.

use super::Chart;
use maud::{Markup, html};

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
    pub fn x(self, share: f64) -> String {
        match self {
            Frame::Fluid => format!("{}%", number(share * 100.0)),
            Frame::Fixed(width) => number(share * width),
        }
    }

    /// A position across, for path data.
    pub fn along(self, share: f64) -> String {
        match self {
            Frame::Fluid => number(share * STRETCH),
            Frame::Fixed(width) => number(share * width),
        }
    }

    /// Wraps paths so that they stretch with the plot while their strokes do not.
    pub fn paths(self, height: f64, paths: &Markup) -> Markup {
        match self {
            Frame::Fluid => html! {
                svg.stretch x="0" y="0" width="100%" height=(number(height)) viewBox=(format!("0 0 {STRETCH} {}", number(height)))
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
                html! { g transform=(format!("translate({} {})", self.x(share), number(y))) { (inner) } }
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
        let description = super::describe(chart);
        let (title, desc) = (format!("{}-chart-title", chart.id), format!("{}-chart-desc", chart.id));
        let body = html! {
            title id=(title) { (chart.title) }
            desc id=(desc) { (description) }
            g transform=(format!("translate({} {})", if self == Frame::Fluid { 0.0 } else { margins.left }, number(margins.top))) {
                (inner)
            }
        };
        match self {
            Frame::Fluid => html! {
                div class=(format!("plot {} {}", gutter('l', margins.left), gutter('r', margins.right))) {
                    svg.chart-svg role="img" aria-labelledby=(format!("{title} {desc}")) width="100%" height=(number(height))
                        focusable="false" { (body) }
                }
            },
            Frame::Fixed(width) => {
                let full = margins.left + width + margins.right;
                html! {
                    svg.chart-svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby=(format!("{title} {desc}"))
                        width=(number(full)) height=(number(height)) viewBox=(format!("0 0 {} {}", number(full), number(height))) {
                        (body)
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

/// A number with at most two decimals and nothing needless.
pub fn number(value: f64) -> String {
    // drawings are small: two decimals of a whole number of hundredths are exact, and quicker to write than a float
    let hundredths = (value * 100.0).round() as i64;
    let (sign, size) = (if hundredths < 0 { "-" } else { "" }, hundredths.unsigned_abs());
    match (size / 100, size % 100) {
        (whole, 0) => format!("{sign}{whole}"),
        (whole, rest) if rest % 10 == 0 => format!("{sign}{whole}.{}", rest / 10),
        (whole, rest) => format!("{sign}{whole}.{rest:02}"),
    }
}
