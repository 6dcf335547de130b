//! Small multiples: a small picture for each series, all with the same scale, where one picture would be a tangle.
//!
//! In a page they are a grid that takes as many columns as there is room for; in a file they stand in one drawing. Each is
//! named above itself, so that no colour has to be told from another. What happened has the same number in each.

use super::annotation::Marks;
use super::axis::{self, LABEL};
use super::frame::{Frame, Margins, number};
use super::scale::Scale;
use super::{Chart, hatch, label, line, summary, target, text};
use crate::page::followed;
use crate::words::say;
use maud::{Markup, html};

/// The height of the plot of one picture.
const HEIGHT: f64 = 84.0;
/// Room above it for the label of the highest tick, and below it for the ends of the x axis.
const ABOVE: f64 = 18.0;
const BELOW: f64 = 22.0;
/// Room for the label of the highest tick below the numbers of annotations.
const TICK: f64 = 18.0;
/// The least width of a picture in a page, in pixels; the style sheet says the same.
const NARROWEST: f64 = 136.0;
/// How many pictures stand side by side at most in a page of some room, and of much; the style sheet says where these begin.
const ROOM: [usize; 2] = [4, 7];
/// The least width of a picture in a file, and the room around it.
const FILE_WIDTH: f64 = 180.0;
const FILE_GAP: (f64, f64) = (24.0, 16.0);
/// Room for name and value of a picture in a file.
const FILE_HEAD: f64 = 38.0;
/// More pictures than this are not drawn; the table has the rest.
pub const MOST: usize = 60;

/// The series that have a picture of their own; those for comparison stand in the pictures of others.
fn pictured(chart: &Chart) -> impl Iterator<Item = usize> {
    (0..chart.series.len()).filter(|&series| !chart.series[series].dashed).take(MOST)
}

/// The series that is there to be compared with another one.
fn compared(chart: &Chart, series: usize) -> Option<usize> {
    (0..chart.series.len()).find(|&other| chart.compared(other) == Some(series))
}

fn scale(chart: &Chart) -> Scale {
    let values = chart.series.iter().flat_map(|series| series.values.iter().flatten().copied());
    Scale::covering(values.chain(target::reach(chart)), chart.unit, 3)
}

/// In how many columns so many pictures stand, where there is room for some: those that fill their rows best and take more than
/// half of the room, and rather more than less.
fn columns(pictures: usize, most: usize) -> usize {
    let fewest = (most / 2 + 1).min(pictures).max(1);
    let empty = |columns: &usize| pictures.div_ceil(*columns) * columns - pictures;
    (fewest..=most.min(pictures).max(1)).rev().min_by_key(empty).unwrap_or(1)
}

/// The grid of a page.
pub fn grid(chart: &Chart) -> Markup {
    let (scale, across) = (scale(chart), axis::positions(&chart.slots));
    let latest = chart.latest();
    let moments: Vec<&str> = chart.slots.iter().map(|slot| slot.label.as_str()).collect();
    let places: Vec<String> = across.iter().map(|&share| Frame::Fluid.x(share).to_string()).collect();
    let count = pictured(chart).count();
    let numbers = Marks::numbers_only(chart, &axis::edges(&across), NARROWEST, TICK);
    let above = ABOVE + numbers.above();
    html! {
        div class={ "panels m" (columns(count, ROOM[0])) " w" (columns(count, ROOM[1])) } data-moments=(moments.join("\n")) data-across=(places.join(" ")) data-keys=(say("multiples-keys")) {
            @for (place, series) in pictured(chart).enumerate() {
                div.panel data-says=(values(chart, series)) {
                    p.panel-head {
                        span.panel-name {
                            @match chart.series[series].href.as_deref().and_then(followed) {
                                Some(href) => a href=(href) { (chart.series[series].name) },
                                None => (chart.series[series].name),
                            }
                        }
                        " "
                        span.panel-value { (value(chart, series, latest)) }
                    }
                    div.plot {
                        svg.chart-svg role="img" aria-label=(said(chart, series)) width="100%" height=(number(above + HEIGHT + BELOW)) focusable="false" {
                            g transform={ "translate(0 " (number(above)) ")" } {
                                @if place == 0 { (hatch::pattern(chart)) }
                                (picture(chart, series, &scale, &across, &numbers, Frame::Fluid))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// All pictures in one drawing of this width.
pub fn draw(chart: &Chart, width: f64) -> Markup {
    let (scale, across) = (scale(chart), axis::positions(&chart.slots));
    let latest = chart.latest();
    let (gap, row_gap) = FILE_GAP;
    let count = pictured(chart).count();
    let columns = columns(count, (((width + gap) / (FILE_WIDTH + gap)).floor() as usize).max(1));
    let each = (width - gap * (columns - 1) as f64) / columns as f64;
    let numbers = Marks::numbers_only(chart, &axis::edges(&across), each, TICK);
    let above = ABOVE + numbers.above();
    let row = FILE_HEAD + above + HEIGHT + BELOW + row_gap;
    let pictures = row * count.div_ceil(columns) as f64 - row_gap;
    let inner = html! {
        (hatch::pattern(chart))
        @for (place, series) in pictured(chart).enumerate() {
            @let (x, y) = ((place % columns) as f64 * (each + gap), (place / columns) as f64 * row);
            g transform={ "translate(" (number(x)) " " (number(y)) ")" } {
                text.name x="0" y="12" { (text::fit(&chart.series[series].name, LABEL + 1.0, each)) }
                text.value x="0" y="30" { (value(chart, series, latest)) }
                g transform={ "translate(0 " (number(FILE_HEAD + above)) ")" } { (picture(chart, series, &scale, &across, &numbers, Frame::Fixed(each))) }
            }
        }
        (numbers.list(pictures))
    };
    let margins = Margins { bottom: numbers.below(Frame::Fixed(width)), ..Margins::default() };
    Frame::Fixed(width).picture(chart, margins, pictures, &inner)
}

/// One plot with the tick of the highest value, and the first and last moment where both have room.
fn picture(
    chart: &Chart,
    series: usize,
    scale: &Scale,
    across: &[f64],
    numbers: &Marks,
    frame: Frame,
) -> Markup {
    let y = |value: f64| HEIGHT * (1.0 - scale.position(value));
    let labels = chart.axis_labels(&scale.ticks);
    let compared = compared(chart, series);
    let edges = axis::edges(across);
    let (first, last) = axis::ends(chart);
    let width = if let Frame::Fixed(width) = frame { width } else { NARROWEST };
    let both = text::width(&first, LABEL) + text::width(&last, LABEL) + 6.0 <= width && first != last;
    let paths = html! {
        @for (place, own) in compared.into_iter().chain([series]).enumerate().collect::<Vec<_>>() {
            @let dashed = place == 0 && compared.is_some();
            path class={ "line s1" @if dashed { " dash" } } data-series=(usize::from(dashed)) d=(line::path(chart, own, across, frame, y)) {}
        }
    };
    html! {
        @for &tick in &scale.ticks {
            line class={ "grid" @if tick == 0.0 { " zero" } } x1="0" x2=(frame.x(1.0)) y1=(number(y(tick))) y2=(number(y(tick))) {}
        }
        @if let Some(highest) = labels.last() {
            // out of the way of the lines that lead to numbers
            @let long = text::width(highest, LABEL) / width;
            @if numbers.stand_in(0.0, long) && !numbers.stand_in(1.0 - long, 1.0) {
                text x=(frame.x(1.0)) y="-5" text-anchor="end" { (highest) }
            } @else {
                text x="0" y="-5" { (highest) }
            }
        }
        (hatch::behind(chart, across, frame, HEIGHT))
        (numbers.behind(frame, HEIGHT))
        (frame.paths(HEIGHT, &paths))
        @for target in target::drawn(chart, Some(series)) {
            @let (from, to) = (target.from.map_or(0.0, |from| chart.along(&edges, from)), target.until.map_or(1.0, |until| chart.along(&edges, until)));
            line.target x1=(frame.x(from)) x2=(frame.x(to)) y1=(number(y(target.value))) y2=(number(y(target.value))) {}
        }
        @for slot in line::dotted(chart, series) {
            @if let Some(value) = chart.value(series, slot) { (label::marker(frame, 1, "", across[slot], y(value))) }
        }
        (numbers.signs(frame))
        @if both { text x="0" y=(number(HEIGHT + 17.0)) { (first) } }
        text x=(frame.x(1.0)) y=(number(HEIGHT + 17.0)) text-anchor="end" { (text::fit(&last, LABEL, width)) }
    }
}

fn value(chart: &Chart, series: usize, slot: Option<usize>) -> String {
    let value = slot.and_then(|slot| chart.value(series, slot));
    value.map_or_else(|| say("no-data").into_owned(), |value| (chart.format)(value))
}

/// The values of a picture for the script: a line a moment, with a tab before what it is compared with.
fn values(chart: &Chart, series: usize) -> String {
    let compared = compared(chart, series);
    let moment = |slot: usize| match compared {
        None => value(chart, series, Some(slot)),
        Some(other) => {
            let named = |own: usize| format!("{}: {}", chart.series[own].name, value(chart, own, Some(slot)));
            format!("{}\t{}", named(series), named(other))
        }
    };
    (0..chart.slots.len()).map(moment).collect::<Vec<_>>().join("\n")
}

/// What one picture shows.
fn said(chart: &Chart, series: usize) -> String {
    format!("{}: {}", chart.series[series].name, summary::of_series(chart, series))
}

#[cfg(test)]
mod tests {
    use super::super::{Annotation, Kind, Series, Slot, Span, Theme, render, standalone};
    use super::*;
    use chrono::{Months, TimeZone, Utc};

    fn chart(names: usize, count: u32) -> Chart {
        let start = Utc.with_ymd_and_hms(2015, 5, 1, 0, 0, 0).unwrap();
        let slot = |index: u32| {
            let at = start + Months::new(index);
            Slot { label: at.format("%B %Y").to_string(), at: Some(at) }
        };
        let one = |name: usize| {
            let values = (0..count).map(|slot| (slot != 2).then(|| f64::from(slot) * 10.0 + name as f64));
            Series::new(format!("Quay {name}"), values.collect())
        };
        let series = (0..names).map(one).collect();
        let mut chart = Chart::new("quays", "Quays", Kind::Multiples, (0..count).map(slot).collect(), series);
        chart.span = Some(Span::Month);
        chart
    }

    #[test]
    fn every_series_has_a_picture_with_its_name_value_and_words() {
        let html = render(&chart(9, 24)).into_string();
        assert_eq!(html.matches("class=\"panel\"").count(), 9);
        assert!(
            html.contains("<span class=\"panel-name\">Quay 8</span> <span class=\"panel-value\">238</span>")
        );
        assert!(
            html.contains("aria-label=\"Quay 8: April 2017: 238, up from 228 the month before"),
            "{html}"
        );
        assert_eq!(html.matches(">300</text>").count(), 9, "all have the same scale");
        assert_eq!(
            html.matches("M").count() - html.matches("March").count() - html.matches("May").count(),
            18,
            "gaps break lines"
        );
    }

    #[test]
    fn rows_are_filled_where_the_count_allows_it() {
        for (pictures, at_most_4, at_most_7) in [
            (1, 1, 1),
            (3, 3, 3),
            (5, 3, 5),
            (8, 4, 4),
            (12, 4, 6),
            (14, 3, 7),
            (15, 3, 5),
            (20, 4, 5),
            (23, 4, 6),
            (60, 4, 6),
        ] {
            assert_eq!((columns(pictures, 4), columns(pictures, 7)), (at_most_4, at_most_7), "{pictures}");
        }
    }

    #[test]
    fn what_happened_has_its_number_in_every_picture() {
        let mut quays = chart(9, 24);
        let happened = |month: u32, text: &str| Annotation {
            from: Utc.with_ymd_and_hms(2016, month, 1, 0, 0, 0).unwrap(),
            until: Utc.with_ymd_and_hms(2016, month, 2, 0, 0, 0).unwrap(),
            lasted: false,
            when: format!("1.{month}.2016"),
            text: text.to_owned(),
            href: None,
        };
        quays.annotations = vec![happened(2, "Storm"), happened(3, "Flood")];
        let html = render(&quays).into_string();
        for number in 1..=2 {
            let sign = format!("text-anchor=\"middle\">{number}</text>");
            assert_eq!(html.matches(&sign).count(), 9, "{html}");
        }
        let file = standalone(&quays, 860.0, Theme::Light, None);
        assert_eq!(file.matches("text-anchor=\"middle\">2</text>").count(), 9);
        assert_eq!(file.matches(">2. 1.3.2016: Flood</text>").count(), 1, "the list stands once below all");
    }

    #[test]
    fn only_so_many_are_drawn() {
        assert_eq!(render(&chart(MOST + 5, 3)).into_string().matches("class=\"panel\"").count(), MOST);
    }

    #[test]
    fn in_a_file_they_stand_in_rows_and_none_is_outside() {
        for names in [1, 8, 23] {
            for width in [150.0, 860.0] {
                let file = standalone(&chart(names, 24), width, Theme::Light, None);
                let (_, size) = file.split_once(" height=\"").unwrap();
                let height: f64 = size.split('"').next().unwrap().parse().unwrap();
                let columns = if width < 200.0 { 1 } else { columns(names, 4) };
                assert!(
                    height >= names.div_ceil(columns) as f64 * (FILE_HEAD + ABOVE + HEIGHT + BELOW),
                    "{names}"
                );
                assert_eq!(file.matches("class=\"name\"").count(), names);
            }
        }
    }

    #[test]
    fn the_ends_of_the_axis_never_touch() {
        // weeks have long names: only the last one has room in a narrow picture
        let mut weeks = chart(8, 24);
        weeks.span = Some(Span::Week);
        for slot in &mut weeks.slots {
            slot.at = slot.at.map(|at| at + chrono::TimeDelta::days(25));
        }
        let (first, last) = axis::ends(&weeks);
        assert_eq!((first.as_str(), last.as_str()), ("26 May 2015", "26 Apr 2017"));
        let html = render(&weeks).into_string();
        assert!(!html.contains(&format!(">{first}</text>")) && html.contains(&format!(">{last}</text>")));
        assert!(render(&chart(8, 24)).into_string().contains(">May 2015</text>"));
    }
}
