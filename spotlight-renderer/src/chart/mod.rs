//! Charts: numbers in, accessible inline SVG and a sentence out.
//!
//! A [`Chart`] is plain data. [`render`] draws it as an SVG that stretches to whatever width it is given: text and strokes
//! keep their size, only the plot stretches, and labels are thinned by CSS container queries so that they never
//! collide at any width. [`mod@standalone`] draws the same geometry at a fixed size for files, and [`picture`] paints those.
//!
//! Data flows `Chart` -> [`scale`] (values to positions) -> [`axis`] (which ticks, which labels) -> one file a kind of
//! mark ([`mod@line`], [`stack`], [`bar`], [`spark`]) -> [`frame`] (SVG). [`summary`] says in words what the picture shows (and [`direction`] where it goes), and
//! [`palette`] holds the colours.

mod annotation;
mod axis;
mod bar;
mod direction;
mod frame;
mod hatch;
mod label;
mod line;
mod multiples;
pub mod palette;
mod picture;
mod picture_text;
mod poster;
mod scale;
mod spark;
mod stack;
mod standalone;
mod summary;
mod target;
mod text;

use crate::words::{say, say_with};
use crate::written::Written;
use chrono::{DateTime, Days, Months, TimeDelta, Utc};
use maud::{Markup, html};
use std::fmt;
use std::sync::Arc;

pub use annotation::{Annotation, shown as annotations};
pub use bar::names_crowd;
pub use picture::{PictureError, png};
pub use picture_text::with_texts;
pub use poster::Poster;
pub use scale::plain_number;
pub use standalone::{About, Theme, standalone};
pub use summary::{describe, told};
pub use target::{Aimed, Judged, Target, judged, word as target_word};

/// What kind of marks a chart is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line for each series.
    Line,
    /// Areas on top of each other; the first series is on top.
    Stack,
    /// Like [`Kind::Stack`], the values being shares of a whole.
    Share,
    /// A small line for each series in a picture of its own.
    Multiples,
    /// Upright bars of the first series, with their values above them.
    Bar,
    /// Lying bars of the first series, one for each step of a way that people go, labelled in full.
    Steps,
    /// The same for the parts of a whole.
    Parts,
    /// A small line without axes.
    Spark,
}

/// What the values count, as far as it matters to an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// A number of any size.
    #[default]
    Number,
    /// A share: 1 is 100%.
    Percent,
    /// Milliseconds.
    Duration,
}

/// The length of the periods along the x axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Span {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Span {
    /// The word for one such period.
    pub fn word(self) -> &'static str {
        match self {
            Span::Hour => "hour",
            Span::Day => "day",
            Span::Week => "week",
            Span::Month => "month",
            Span::Quarter => "quarter",
            Span::Year => "year",
        }
    }

    /// When such a period is over that begins at a moment.
    pub fn after(self, start: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Span::Hour => start.checked_add_signed(TimeDelta::hours(1)),
            Span::Day => start.checked_add_days(Days::new(1)),
            Span::Week => start.checked_add_days(Days::new(7)),
            Span::Month => start.checked_add_months(Months::new(1)),
            Span::Quarter => start.checked_add_months(Months::new(3)),
            Span::Year => start.checked_add_months(Months::new(12)),
        }
    }

    /// So many of them in words, such as `3 weeks`.
    pub fn extent(self, count: usize) -> String {
        let unit = match self {
            Span::Hour => "extent-hour",
            Span::Day => "extent-day",
            Span::Week => "extent-week",
            Span::Month => "extent-month",
            Span::Quarter => "extent-quarter",
            Span::Year => "extent-year",
        };
        say_with(unit, &[("count", count.into())])
    }
}

/// One position along the x axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The name of the position in full, as it is shown in tooltips and under bars.
    pub label: String,
    /// When it began, if the axis is one of time.
    pub at: Option<DateTime<Utc>>,
}

/// One row of values, as long as the chart has slots.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What a reader calls it.
    pub name: String,
    /// The values; `None` is drawn as a gap.
    pub values: Vec<Option<f64>>,
    /// Whether it is a comparison, drawn in dashes.
    pub dashed: bool,
    /// Where its name leads.
    pub href: Option<String>,
}

impl Series {
    /// A series of its own right that leads nowhere.
    pub fn new(name: impl Into<String>, values: Vec<Option<f64>>) -> Series {
        Series { name: name.into(), values, dashed: false, href: None }
    }
}

/// Writes a value for readers.
pub type Format = Arc<dyn Fn(f64) -> String + Send + Sync>;
/// Writes all labels of an axis so that they agree with each other.
pub type AxisFormat = Arc<dyn Fn(&[f64]) -> Vec<String> + Send + Sync>;

/// Everything needed to draw.
#[derive(Clone)]
pub struct Chart {
    /// Unique in the page; other ids are derived from it.
    pub id: String,
    /// What the chart shows, in a few words.
    pub title: String,
    /// How to draw it.
    pub kind: Kind,
    /// The x axis.
    pub slots: Vec<Slot>,
    /// The values.
    pub series: Vec<Series>,
    /// What the values are.
    pub unit: Unit,
    /// The length of the periods, if the x axis is one of time.
    pub span: Option<Span>,
    /// The series that is the sum of the others, if one is.
    pub whole: Option<usize>,
    /// Whether the sum of stacked series is told.
    pub tells_total: bool,
    /// Whether some series of the whole are not shown, so that there are neither shares nor a sum to tell.
    pub partly: bool,
    /// What the x axis is about, where it is not along time.
    pub across: Option<String>,
    /// How values are written.
    pub format: Format,
    /// How the y axis is written; by default each label as a value.
    pub axis_format: Option<AxisFormat>,
    /// The last slot, if its period has not ended: it is shown, but nothing is said of it but that.
    pub unended: Option<usize>,
    /// What happened, for charts along time.
    pub annotations: Vec<Annotation>,
    /// What the values shall be.
    pub targets: Vec<Target>,
    /// The chart in a page, once it is there.
    pub written: Written,
}

impl fmt::Debug for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chart")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("slots", &self.slots.len())
            .field("series", &self.series)
            .finish_non_exhaustive()
    }
}

impl Chart {
    /// A chart of plain numbers, to be adjusted.
    pub fn new(id: &str, title: &str, kind: Kind, slots: Vec<Slot>, series: Vec<Series>) -> Chart {
        Chart {
            id: id.to_owned(),
            title: title.to_owned(),
            kind,
            slots,
            series,
            unit: Unit::Number,
            span: None,
            whole: None,
            tells_total: true,
            partly: false,
            across: None,
            format: Arc::new(scale::plain_number),
            axis_format: None,
            unended: None,
            annotations: Vec::new(),
            targets: Vec::new(),
            written: Written::default(),
        }
    }

    /// Whether any value is there to be drawn.
    pub fn has_data(&self) -> bool {
        self.series.iter().any(|series| series.values.iter().flatten().any(|value| value.is_finite()))
    }

    /// The value of a series at a slot; what is not finite is not there.
    pub(crate) fn value(&self, series: usize, slot: usize) -> Option<f64> {
        self.series.get(series)?.values.get(slot).copied().flatten().filter(|value| value.is_finite())
    }

    /// How many slots are of periods that have ended.
    pub(crate) fn ended(&self) -> usize {
        self.unended.unwrap_or(self.slots.len())
    }

    /// The last slot of an ended period that has a value in any series.
    pub(crate) fn latest(&self) -> Option<usize> {
        (0..self.ended())
            .rev()
            .find(|&slot| (0..self.series.len()).any(|series| self.value(series, slot).is_some()))
    }

    /// When what is shown begins and ends, if it is along time.
    pub(crate) fn extent(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let (first, last) = (self.slots.first()?.at?, self.slots.last()?.at?);
        Some((first, self.span?.after(last)?))
    }

    /// The share of the width at which a moment stands, given those at which periods begin and, at last, the one at which the
    /// last of them ends.
    pub(crate) fn along(&self, edges: &[f64], moment: DateTime<Utc>) -> f64 {
        let Some((_, end)) = self.extent() else { return 0.0 };
        let begins: Vec<i64> = self
            .slots
            .iter()
            .filter_map(|slot| Some(slot.at?.timestamp()))
            .chain([end.timestamp()])
            .collect();
        let moment = moment.timestamp();
        let next = begins.partition_point(|begin| *begin <= moment);
        if next == 0 || begins.len() != edges.len() {
            return edges.first().copied().unwrap_or(0.0);
        }
        if next == begins.len() {
            return edges[next - 1];
        }
        let (from, to) = (begins[next - 1], begins[next]);
        let share = (moment - from) as f64 / (to - from).max(1) as f64;
        edges[next - 1] + share * (edges[next] - edges[next - 1])
    }

    /// What all series are together at a slot: the one that is their sum, else their sum; `None` if none has a value.
    pub(crate) fn total(&self, slot: usize) -> Option<f64> {
        if let Some(whole) = self.whole {
            return self.value(whole, slot);
        }
        if self.partly {
            return None;
        }
        (0..self.series.len()).filter_map(|series| self.value(series, slot)).reduce(|a, b| a + b)
    }

    /// What is true of a slot: a line for its name, and one for each series. The script reads these lines too.
    pub(crate) fn tooltip(&self, slot: usize) -> String {
        if let Some(isolated) = text::isolated(self) {
            return isolated.tooltip_of_names(slot);
        }
        self.tooltip_of_names(slot)
    }

    fn tooltip_of_names(&self, slot: usize) -> String {
        let label = self.slots.get(slot).map_or("", |slot| slot.label.as_str());
        let values: Vec<String> = (0..self.series.len())
            .map(|series| {
                let value = self
                    .value(series, slot)
                    .map_or_else(|| say("no-data").into_owned(), |value| (self.format)(value));
                match self.series.len() {
                    1 => value,
                    _ => format!("{}: {value}", self.series[series].name),
                }
            })
            .collect();
        let so_far = if self.unended == Some(slot) { format!(" ({})", say("so-far")) } else { String::new() };
        format!("{label}{so_far}\n{}", values.join("\n"))
    }

    /// Whether the names of the series are written beside the plot where there is room.
    pub(crate) fn names_beside(&self) -> bool {
        let named = (0..self.series.len())
            .filter(|&series| (0..self.slots.len()).any(|slot| self.value(series, slot).is_some()))
            .count();
        match self.kind {
            Kind::Line => self.series.len() > 1 && label::fits(named, line::height(self)),
            Kind::Stack | Kind::Share => self.series.len() > 1 && label::fits(named, stack::HEIGHT),
            Kind::Bar | Kind::Steps | Kind::Parts | Kind::Spark | Kind::Multiples => false,
        }
    }

    /// The colour of a series. One that is there for comparison has that of the series it is compared with.
    pub(crate) fn colour(&self, series: usize) -> usize {
        colour(self.compared(series).unwrap_or(series))
    }

    /// The class of further rounds through the colours: lines and marks of each look otherwise.
    pub(crate) fn round(&self, series: usize) -> &'static str {
        match self.compared(series).unwrap_or(series) / palette::SIZE % 3 {
            0 => "",
            1 => " r1",
            _ => " r2",
        }
    }

    /// The series that a dashed one is compared with: they come in the same order.
    fn compared(&self, series: usize) -> Option<usize> {
        let place = self.series[..series].iter().filter(|own| own.dashed).count();
        let mut own = self.series.iter().enumerate().filter(|(_, series)| !series.dashed);
        own.nth(place).map(|(index, _)| index).filter(|_| self.series[series].dashed)
    }

    fn axis_labels(&self, ticks: &[f64]) -> Vec<String> {
        match &self.axis_format {
            Some(format) => format(ticks),
            None => ticks.iter().map(|&tick| (self.format)(tick)).collect(),
        }
    }
}

/// Draws a chart as SVG that is as wide as what contains it.
///
/// Without any value the answer is a short text that says so.
pub fn render(chart: &Chart) -> Markup {
    if !chart.has_data() {
        return html! { p.no-data { (say("no-data-yet")) } };
    }
    match chart.kind {
        Kind::Multiples => multiples::grid(chart),
        _ => draw(chart, &frame::Frame::fluid()),
    }
}

fn draw(chart: &Chart, frame: &frame::Frame) -> Markup {
    match chart.kind {
        Kind::Multiples => multiples::draw(chart, frame.widths()[2]),
        Kind::Line => line::draw(chart, frame),
        Kind::Stack | Kind::Share => stack::draw(chart, frame),
        Kind::Bar => bar::upright(chart, frame),
        Kind::Steps | Kind::Parts => bar::lying(chart, frame),
        Kind::Spark => spark::draw(chart, frame),
    }
}

/// A small sign that stands for a series in a legend.
pub(crate) fn key(chart: &Chart, series: usize) -> Markup {
    let class = chart.colour(series);
    let dash = if chart.series[series].dashed { " dash" } else { "" };
    html! {
        svg.key aria-hidden="true" focusable="false" {
            @if matches!(chart.kind, Kind::Stack | Kind::Share) {
                rect class={ "area s" (class) } width="18" height="14" {}
                path class={ "line s" (class) (chart.round(series)) } d="M0 1h18" {}
            } @else {
                path class={ "line s" (class) (chart.round(series)) (dash) } d="M0 7h18" {}
                @if dash.is_empty() { g transform="translate(9 7)" { (label::shape_or_circle(class, chart.round(series))) } }
            }
        }
    }
}

/// The series' own places in the colour system, from 1 to [`palette::SIZE`].
pub(crate) fn colour(series: usize) -> usize {
    series % palette::SIZE + 1
}

#[cfg(test)]
mod tests;
