//! Annotations: what happened on a day or over some days, marked on charts along time and told below them.
//!
//! A mark is a line, or a band for several days, with a number above the plot that the list below it explains. Where there is
//! room beside a number stands what happened, too. Numbers and texts never touch each other, at any width.

use super::frame::{Frame, number};
use super::{Chart, text};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// When it began.
    pub from: DateTime<Utc>,
    /// When it was over: the midnight after its last day.
    pub until: DateTime<Utc>,
    /// Whether it took several days.
    pub lasted: bool,
    /// Its day or days, as readers say them.
    pub when: String,
    /// What happened.
    pub text: String,
    /// Where there is more about it; not checked.
    pub href: Option<String>,
}

/// Room for a number, in pixels across and down.
const NUMBER: (f64, f64) = (20.0, 21.0);
/// More rows of numbers than this are not put above a plot; the list has the rest.
const MOST_ROWS: usize = 4;
/// The size of a text beside a number, its distance from the middle of the number, and the most room that it takes.
const TEXT: (f64, f64, f64) = (12.0, 13.0, 210.0);
/// The height of a line of the list in a file.
const LINE: f64 = 19.0;

/// The annotations of what a chart shows, in the order of their days.
pub fn shown(chart: &Chart) -> Vec<&Annotation> {
    let Some((first, last)) = chart.extent() else { return Vec::new() };
    let mut shown: Vec<&Annotation> =
        chart.annotations.iter().filter(|note| note.until > first && note.from < last).collect();
    shown.sort_by_key(|note| (note.from, note.until));
    shown
}

/// The side of a number on which its text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// Where the mark of an annotation stands.
#[derive(Debug, Clone, PartialEq)]
struct Mark {
    from: f64,
    to: Option<f64>,
    text: String,
    /// The row of its number, counted from the plot; none where there was no room for it.
    row: Option<usize>,
    /// On which side its text stands, in each class of width.
    sides: [Option<Side>; 3],
}

/// All marks of a chart.
#[derive(Debug, Default)]
pub struct Marks {
    marks: Vec<Mark>,
    lines: Vec<String>,
    /// Room between the plot and the numbers.
    lift: f64,
}

impl Marks {
    /// The marks of a chart whose periods begin at these shares of the width; the last share is where the last one ends.
    pub fn of(chart: &Chart, edges: &[f64], frame: Frame) -> Marks {
        let widths = frame.widths();
        let mut marks = Marks::numbers_only(chart, edges, widths[0], 0.0);
        if frame == Frame::Fluid {
            put_texts(&mut marks.marks, widths);
        }
        marks
    }

    /// The same without texts beside the numbers, which stand some way above a plot of at least this width.
    pub fn numbers_only(chart: &Chart, edges: &[f64], width: f64, lift: f64) -> Marks {
        let notes = shown(chart);
        let mark = |note: &&Annotation| Mark {
            from: chart.along(edges, note.from),
            to: note.lasted.then(|| chart.along(edges, note.until)),
            text: text::fit(&note.text, TEXT.0, TEXT.2),
            row: None,
            sides: [None; 3],
        };
        let mut marks: Vec<Mark> = notes.iter().map(mark).collect();
        put_in_rows(&mut marks, width);
        let told =
            notes.iter().zip(1..).map(|(note, place)| format!("{place}. {}: {}", note.when, note.text));
        Marks { lines: told.collect(), marks, lift }
    }

    /// Whether a line leads to a number between two shares of the width.
    pub fn stand_in(&self, from: f64, to: f64) -> bool {
        self.marks.iter().any(|mark| (from..=to).contains(&mark.from))
    }

    /// Room for numbers above the plot.
    pub fn above(&self) -> f64 {
        let rows = self.marks.iter().filter_map(|mark| mark.row).max().map_or(0, |row| row + 1);
        rows as f64 * NUMBER.1
    }

    /// Room for the list below a plot in a file; in a page it stands below the picture.
    pub fn below(&self, frame: Frame) -> f64 {
        if frame == Frame::Fluid { 0.0 } else { self.lines.len() as f64 * LINE }
    }

    /// Lines and bands behind what is drawn in a plot of this height.
    pub fn behind(&self, frame: Frame, height: f64) -> Markup {
        html! {
            @for mark in &self.marks {
                @let top = mark.row.map_or(0.0, |row| -self.lift - row as f64 * NUMBER.1 - 4.0);
                @if let Some(to) = mark.to {
                    rect.note-band x=(frame.x(mark.from)) width=(frame.x((to - mark.from).max(0.0))) y="0" height=(number(height)) {}
                }
                line.note-line x1=(frame.x(mark.from)) x2=(frame.x(mark.from)) y1=(number(top)) y2=(number(height)) {}
            }
        }
    }

    /// Numbers with what fits beside them, and in a file the list, which begins at a height.
    pub fn draw(&self, frame: Frame, list: f64) -> Markup {
        html! {
            (self.signs(frame))
            @if frame != Frame::Fluid { (self.list(list)) }
        }
    }

    /// Numbers with what fits beside them.
    pub fn signs(&self, frame: Frame) -> Markup {
        html! {
            @for (place, mark) in (1_usize..).zip(&self.marks) {
                @if let Some(row) = mark.row {
                    @let y = -self.lift - row as f64 * NUMBER.1 - 12.0;
                    (frame.at(mark.from, y, &html! {
                        circle.note-sign r="8.5" {}
                        text.note-number y="4" text-anchor="middle" { (place) }
                        @for side in [Side::Left, Side::Right] {
                            @let shown = mark.sides.map(|own| own == Some(side));
                            @if shown.contains(&true) {
                                @let (x, anchor) = if side == Side::Left { (-TEXT.1, "end") } else { (TEXT.1, "start") };
                                text class={ "note-text" (frame.visibility(shown)) } x=(number(x)) y="4" text-anchor=(anchor) { (mark.text) }
                            }
                        }
                    }))
                }
            }
        }
    }

    /// The list that explains the numbers, beginning at a height.
    pub fn list(&self, from: f64) -> Markup {
        html! {
            @for (place, line) in self.lines.iter().enumerate() {
                text.note-told x="0" y=(number(from + LINE * (place + 1) as f64)) { (line) }
            }
        }
    }
}

/// Gives each number the lowest row in which it touches no other one at the least width.
fn put_in_rows(marks: &mut [Mark], width: f64) {
    let mut ends = [f64::NEG_INFINITY; MOST_ROWS];
    for mark in marks {
        let left = mark.from * width - NUMBER.0 / 2.0;
        mark.row = ends.iter().position(|end| *end <= left);
        if let Some(row) = mark.row {
            ends[row] = left + NUMBER.0;
        }
    }
}

/// Puts texts where nothing is in their way: neither the ends of the plot, nor numbers and texts of their row, nor lines that
/// lead to numbers above it.
fn put_texts(marks: &mut [Mark], widths: [f64; 3]) {
    for (class, width) in widths.into_iter().enumerate() {
        for place in 0..marks.len() {
            let Some(row) = marks[place].row else { continue };
            let middle = marks[place].from * width;
            let long = text::width(&marks[place].text, TEXT.0);
            let free = |(from, to): (f64, f64)| {
                let others = marks.iter().enumerate().filter(|(other, _)| *other != place);
                from >= 0.0
                    && to <= width
                    && others.filter_map(|(_, other)| Some((other, other.row?))).all(|(other, own)| {
                        let (left, right) = match own {
                            above if above > row => (other.from * width, other.from * width),
                            same if same == row => taken(other, class, width),
                            _ => return true,
                        };
                        right + 4.0 <= from || to + 4.0 <= left
                    })
            };
            let sides = [
                (Side::Right, (middle + TEXT.1, middle + TEXT.1 + long)),
                (Side::Left, (middle - TEXT.1 - long, middle - TEXT.1)),
            ];
            marks[place].sides[class] =
                sides.into_iter().find(|(_, extent)| free(*extent)).map(|(side, _)| side);
        }
    }
}

/// From where to where a number with its text reaches.
fn taken(mark: &Mark, class: usize, width: f64) -> (f64, f64) {
    let middle = mark.from * width;
    let (left, right) = (middle - NUMBER.0 / 2.0, middle + NUMBER.0 / 2.0);
    let long = TEXT.1 + text::width(&mark.text, TEXT.0);
    match mark.sides[class] {
        Some(Side::Left) => (middle - long, right),
        Some(Side::Right) => (left, middle + long),
        None => (left, right),
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::WIDTHS;
    use super::*;

    fn marks(places: &[f64], text: &str) -> Vec<Mark> {
        let mark =
            |from: &f64| Mark { from: *from, to: None, text: text.to_owned(), row: None, sides: [None; 3] };
        let mut marks: Vec<Mark> = places.iter().map(mark).collect();
        marks.sort_by(|a, b| a.from.total_cmp(&b.from));
        put_in_rows(&mut marks, WIDTHS[0]);
        put_texts(&mut marks, WIDTHS);
        marks
    }

    #[test]
    fn a_text_stands_beside_its_number_where_it_fits() {
        let sides =
            |places: &[f64]| marks(places, "A new form").iter().map(|mark| mark.sides[2]).collect::<Vec<_>>();
        assert_eq!(sides(&[0.1]), [Some(Side::Right)]);
        assert_eq!(sides(&[0.95]), [Some(Side::Left)]);
        assert_eq!(sides(&[0.4, 0.52]), [Some(Side::Left), Some(Side::Right)]);
        assert_eq!(sides(&[0.5, 0.51]), [Some(Side::Right), Some(Side::Right)], "they stand in two rows");
    }

    #[test]
    fn numbers_and_texts_never_touch() {
        for seed in 0..300_u64 {
            let count = 1 + seed % 9;
            let places: Vec<f64> =
                (0..count).map(|n| ((seed * 7919 + n * n * 104_729) % 1001) as f64 / 1000.0).collect();
            let text = "Letters delayed by the weather".split_at((seed % 30) as usize).0;
            let marks = marks(&places, text);
            for (class, narrowest) in WIDTHS.into_iter().enumerate() {
                for width in [narrowest, narrowest * 1.3] {
                    for (place, one) in marks.iter().enumerate() {
                        let (left, right) = taken(one, class, width);
                        let text = one.sides[class].is_some();
                        assert!(!text || (left >= -NUMBER.0 && right <= width + NUMBER.0), "{marks:?}");
                        for other in marks[place + 1..]
                            .iter()
                            .filter(|other| other.row == one.row && one.row.is_some())
                        {
                            let (next, end) = taken(other, class, width);
                            assert!(
                                right <= next + 1e-9 || end <= left + 1e-9,
                                "{one:?} touches {other:?} at {width}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn more_than_there_is_room_for_are_lines_only() {
        let crowd = marks(&[0.5; 7], "x");
        assert_eq!(crowd.iter().filter(|mark| mark.row.is_some()).count(), MOST_ROWS);
    }
}
