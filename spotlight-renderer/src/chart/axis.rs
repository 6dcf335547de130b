//! Axes: which moments deserve a tick, which labels fit, and both drawn.

use super::frame::{Frame, number};
use super::scale::Scale;
use super::{Chart, Slot, Span, text};
use crate::words::{listed, say};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeZone, Timelike, Utc};
use maud::{Markup, html};

/// The size of tick labels, in pixels; the style sheet says the same.
pub const LABEL: f64 = 13.0;

/// Room below a plot for tick labels of two lines.
pub const BELOW: f64 = 42.0;

/// Where each slot stands, from 0 to 1: by time if every slot has one, else evenly.
pub fn positions(slots: &[Slot]) -> Vec<f64> {
    let times: Option<Vec<i64>> = slots.iter().map(|slot| slot.at.map(|at| at.timestamp_millis())).collect();
    if let Some(times) = times
        && let (Some(&first), Some(&last)) = (times.iter().min(), times.iter().max())
        && first < last
    {
        return times.iter().map(|&time| (time - first) as f64 / (last - first) as f64).collect();
    }
    match slots.len() {
        0 => Vec::new(),
        1 => vec![0.5],
        count => (0..count).map(|index| index as f64 / (count - 1) as f64).collect(),
    }
}

/// Where the periods of points along time begin, and where the last of them ends: what is after the last point stands there, too.
pub fn edges(across: &[f64]) -> Vec<f64> {
    across.iter().copied().chain(across.last().copied()).collect()
}

/// A place on the x axis with its label, whose second line is said only where it changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    pub position: f64,
    pub label: String,
    pub below: Option<String>,
}

/// The ticks of an x axis along which lines run.
pub fn ticks(chart: &Chart) -> Vec<Tick> {
    let times: Option<Vec<DateTime<Utc>>> = chart.slots.iter().map(|slot| slot.at).collect();
    match (times, chart.span) {
        (Some(times), Some(span)) if times.len() > 1 => time_ticks(&times, span),
        _ => positions(&chart.slots)
            .into_iter()
            .zip(&chart.slots)
            .map(|(position, slot)| Tick {
                position,
                label: text::fit(&slot.label, LABEL, 110.0),
                below: None,
            })
            .collect(),
    }
}

/// The first and the last moment of an x axis, each in full.
pub fn ends(chart: &Chart) -> (String, String) {
    let (Some(first), Some(last)) = (chart.slots.first(), chart.slots.last()) else {
        return Default::default();
    };
    let named = |slot: &Slot| match (slot.at, chart.span) {
        (Some(at), Some(span)) => {
            let (label, year) = unit_of(&[at, at], span).label(at);
            format!("{label} {year}").trim_end().to_owned()
        }
        _ => slot.label.clone(),
    };
    (named(first), named(last))
}

/// More ticks than this ask for a coarser calendar unit.
const MOST: i64 = 15;

fn time_ticks(times: &[DateTime<Utc>], span: Span) -> Vec<Tick> {
    let (Some(&first), Some(&last)) = (times.iter().min(), times.iter().max()) else { return Vec::new() };
    let length = (last - first).num_milliseconds();
    if length <= 0 {
        return Vec::new();
    }
    let (days, months) = ((last - first).num_days(), months_between(first, last));
    let mut moments = match span {
        Span::Hour if days <= 2 => hours(first, last),
        // few slots: each is a tick
        _ if (times.len() as i64) < MOST && span != Span::Hour => times.to_vec(),
        Span::Hour | Span::Day if days <= MOST => every_day(first, last),
        Span::Hour | Span::Day | Span::Week if days <= 7 * MOST => mondays(first, last),
        _ if months <= 18 => every_months(first, last, 1),
        _ if months <= 3 * MOST => every_months(first, last, 3),
        _ => every_months(first, last, 12 * (1 + months / 12 / MOST) as u32),
    };
    moments.sort_unstable();
    moments.dedup();
    let unit = unit_of(&moments, span);
    let mut before: Option<String> = None;
    moments
        .into_iter()
        .map(|moment| {
            let (label, below) = unit.label(moment);
            let below = (!below.is_empty() && before.as_deref() != Some(&below)).then_some(below);
            if below.is_some() {
                before.clone_from(&below);
            }
            Tick { position: (moment - first).num_milliseconds() as f64 / length as f64, label, below }
        })
        .collect()
}

/// How the ticks of one axis are written.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Clock,
    Date,
    Month,
    Year,
}

fn unit_of(moments: &[DateTime<Utc>], span: Span) -> Unit {
    let all = |test: fn(&DateTime<Utc>) -> bool| moments.iter().all(test);
    if span == Span::Hour && !all(|moment| moment.hour() == 0) {
        Unit::Clock
    } else if span == Span::Year
        || (span > Span::Month && all(|moment| moment.month() == 1 && moment.day() == 1))
    {
        Unit::Year
    } else if moments.len() > 1 && all(|moment| moment.day() == 1) {
        if all(|moment| moment.month() == 1) { Unit::Year } else { Unit::Month }
    } else {
        Unit::Date
    }
}

impl Unit {
    fn label(self, moment: DateTime<Utc>) -> (String, String) {
        let month = listed("short-months", moment.month0() as usize);
        match self {
            Unit::Clock => (clock(moment.hour()), format!("{} {month}", moment.day())),
            Unit::Date => (format!("{} {month}", moment.day()), moment.year().to_string()),
            Unit::Month => (month.to_owned(), moment.year().to_string()),
            Unit::Year => (moment.year().to_string(), String::new()),
        }
    }
}

fn clock(hour: u32) -> String {
    match hour {
        0 => say("midnight").into_owned(),
        12 => say("midday").into_owned(),
        1..12 => format!("{hour}{}", listed("half-days", 0)),
        _ => format!("{}{}", hour - 12, listed("half-days", 1)),
    }
}

fn months_between(first: DateTime<Utc>, last: DateTime<Utc>) -> i64 {
    i64::from(last.year() - first.year()) * 12 + i64::from(last.month()) - i64::from(first.month())
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    Utc.from_utc_datetime(&day.and_time(chrono::NaiveTime::MIN))
}

fn hours(first: DateTime<Utc>, last: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let start = midnight(first.date_naive());
    (0..)
        .map_while(|index| start.checked_add_signed(chrono::TimeDelta::hours(6 * index)))
        .skip_while(|moment| *moment < first)
        .take_while(|moment| *moment <= last)
        .collect()
}

fn by_days(from: DateTime<Utc>, first: DateTime<Utc>, last: DateTime<Utc>, days: u64) -> Vec<DateTime<Utc>> {
    std::iter::successors(Some(midnight(from.date_naive())), |moment| {
        moment.checked_add_days(Days::new(days))
    })
    .skip_while(|moment| *moment < first)
    .take_while(|moment| *moment <= last)
    .collect()
}

fn every_day(first: DateTime<Utc>, last: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    by_days(first, first, last, 1)
}

fn mondays(first: DateTime<Utc>, last: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let back = Days::new(u64::from(first.weekday().num_days_from_monday()));
    by_days(first.checked_sub_days(back).unwrap_or(first), first, last, 7)
}

/// The first days of every so many months, counted from January.
fn every_months(first: DateTime<Utc>, last: DateTime<Utc>, months: u32) -> Vec<DateTime<Utc>> {
    let years = (months / 12).max(1) as i32;
    let start = NaiveDate::from_ymd_opt(first.year() - first.year().rem_euclid(years), 1, 1);
    std::iter::successors(start.map(midnight), |moment| moment.checked_add_months(Months::new(months.max(1))))
        .skip_while(|moment| *moment < first)
        .take_while(|moment| *moment <= last)
        .collect()
}

/// Which labels are shown in each class of width so that none touches another.
pub fn thin(ticks: &[Tick], widths: [f64; 3]) -> Vec<[bool; 3]> {
    let mut shown = vec![[false; 3]; ticks.len()];
    for (class, width) in widths.into_iter().enumerate() {
        // where the years begin is what a reader looks for
        let anchor = ticks.iter().skip(1).position(|tick| tick.below.is_some()).map_or(0, |index| index + 1);
        let step = [1, 2, 3, 4, 6, 8, 12].into_iter().find(|&step| apart(ticks, anchor, step, width));
        let step = step.unwrap_or(ticks.len().max(1));
        for (index, shown) in shown.iter_mut().enumerate() {
            shown[class] = index % step == anchor % step;
        }
    }
    shown
}

fn apart(ticks: &[Tick], anchor: usize, step: usize, width: f64) -> bool {
    let mut end = f64::NEG_INFINITY;
    for tick in ticks.iter().skip(anchor % step).step_by(step) {
        let longest = text::width(&tick.label, LABEL)
            .max(tick.below.as_deref().map_or(0.0, |line| text::width(line, LABEL)));
        let (from, to) = match anchor_of(tick.position) {
            "start" => (tick.position * width, tick.position * width + longest),
            "end" => (tick.position * width - longest, tick.position * width),
            _ => (tick.position * width - longest / 2.0, tick.position * width + longest / 2.0),
        };
        if from < end + 8.0 {
            return false;
        }
        end = to;
    }
    true
}

/// Labels at the edges are kept inside.
fn anchor_of(position: f64) -> &'static str {
    match position {
        p if p < 0.02 => "start",
        p if p > 0.98 => "end",
        _ => "middle",
    }
}

/// Draws the x axis below a plot of this height.
pub fn draw_x(ticks: &[Tick], frame: Frame, height: f64) -> Markup {
    let shown = thin(ticks, frame.widths());
    // a second line whose label is hidden is said by the next label that is shown, so repeat it per label where years differ
    html! {
        @for (tick, shown) in ticks.iter().zip(shown) {
            @if matches!(frame, Frame::Fluid) || shown[2] {
                @let x = frame.x(tick.position);
                g class={ "tick-x" (frame.visibility(shown)) } {
                    line x1=(x) x2=(x) y1=(number(height)) y2=(number(height + 5.0)) {}
                    text x=(x) y=(number(height + 20.0)) text-anchor=(anchor_of(tick.position)) { (tick.label) }
                    @if let Some(below) = &tick.below {
                        text.year x=(x) y=(number(height + 36.0)) text-anchor=(anchor_of(tick.position)) { (below) }
                    }
                }
            }
        }
    }
}

/// Draws grid lines and their labels to the left of the plot.
pub fn draw_y(scale: &Scale, labels: &[String], frame: Frame, height: f64) -> Markup {
    html! {
        @for (tick, label) in scale.ticks.iter().zip(labels) {
            @let y = number(height * (1.0 - scale.position(*tick)));
            line class=(if *tick == 0.0 { "grid zero" } else { "grid" }) x1="0" x2=(frame.x(1.0)) y1=(y) y2=(y) {}
            text.tick-y x="-8" y=(y) dy="0.32em" text-anchor="end" { (label) }
        }
    }
}

/// Room that the labels of a y axis need.
pub fn beside(labels: &[String]) -> f64 {
    labels.iter().map(|label| text::width(label, LABEL)).fold(16.0, f64::max) + 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(start: &str, count: u32, next: impl Fn(DateTime<Utc>) -> DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let start = midnight(start.parse().unwrap());
        std::iter::successors(Some(start), |moment| Some(next(*moment))).take(count as usize).collect()
    }

    fn labels(times: &[DateTime<Utc>], span: Span) -> Vec<String> {
        time_ticks(times, span)
            .into_iter()
            .map(|tick| tick.below.map_or(tick.label.clone(), |below| format!("{}/{below}", tick.label)))
            .collect()
    }

    #[test]
    fn a_year_of_weeks_is_read_by_months() {
        let weeks = from("2015-06-08", 52, |at| at + Days::new(7));
        let labels = labels(&weeks, Span::Week);
        assert_eq!(labels.first().unwrap(), "July/2015");
        assert_eq!(labels[6], "Jan/2016");
        assert_eq!(labels.len(), 11);
    }

    #[test]
    fn a_day_is_read_by_the_clock() {
        let hours = from("2016-02-01", 25, |at| at + chrono::TimeDelta::hours(1));
        assert_eq!(labels(&hours, Span::Hour), ["midnight/1 Feb", "6am", "midday", "6pm", "midnight/2 Feb"]);
    }

    #[test]
    fn few_periods_are_all_named() {
        let months = from("2015-11-01", 4, |at| at + Months::new(1));
        assert_eq!(labels(&months, Span::Month), ["Nov/2015", "Dec", "Jan/2016", "Feb"]);
        let weeks = from("2016-02-01", 3, |at| at + Days::new(7));
        assert_eq!(labels(&weeks, Span::Week), ["1 Feb/2016", "8 Feb", "15 Feb"]);
        let quarters = from("2014-01-01", 5, |at| at + Months::new(3));
        assert_eq!(labels(&quarters, Span::Quarter), ["Jan/2014", "Apr", "July", "Oct", "Jan/2015"]);
    }

    #[test]
    fn decades_are_read_by_years() {
        let months = from("1990-01-01", 400, |at| at + Months::new(1));
        let labels = labels(&months, Span::Month);
        assert!(labels.len() <= 16, "{labels:?}");
        assert!(labels.iter().all(|label| label.len() == 4), "{labels:?}");
    }

    #[test]
    fn shown_labels_never_touch() {
        for count in [2, 5, 13, 24, 60, 100, 365] {
            let days = from("2015-01-30", count, |at| at + Days::new(1));
            let ticks = time_ticks(&days, Span::Day);
            let shown = thin(&ticks, super::super::frame::WIDTHS);
            for (class, width) in super::super::frame::WIDTHS.into_iter().enumerate() {
                let kept: Vec<Tick> = ticks
                    .iter()
                    .zip(&shown)
                    .filter(|(_, shown)| shown[class])
                    .map(|(tick, _)| tick.clone())
                    .collect();
                assert!(apart(&kept, 0, 1, width), "{count} days at {width}");
                assert!(!kept.is_empty());
            }
        }
    }

    #[test]
    fn slots_without_times_stand_evenly() {
        let slot = |label: &str| Slot { label: label.into(), at: None };
        assert_eq!(positions(&[slot("a"), slot("b"), slot("c")]), [0.0, 0.5, 1.0]);
        assert_eq!(positions(&[slot("a")]), [0.5]);
        assert!(positions(&[]).is_empty());
    }
}
