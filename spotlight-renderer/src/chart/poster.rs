//! Modules without a chart as drawings: their figures, or the first rows of what they list.

use super::standalone::{About, Theme, sheet};
use super::text::fit;
use maud::html;

/// How wide a drawing is inside, in pixels.
const WIDTH: f64 = 860.0;
/// The heights of a figure with its label, and of a row.
const HEIGHTS: (f64, f64) = (84.0, 26.0);
/// At most so many rows are drawn.
const ROWS: usize = 20;
/// The room between columns.
const GAP: f64 = 16.0;

/// What there is to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Poster {
    /// What it is about.
    pub title: String,
    /// Large texts, each with what is said about it.
    pub figures: Vec<(String, String)>,
    /// The names of columns.
    pub head: Vec<String>,
    /// Rows of cells.
    pub rows: Vec<Vec<String>>,
}

impl Poster {
    /// An SVG document with a title above and, below, where the figures are from.
    pub fn draw(&self, theme: Theme, about: Option<About<'_>>) -> String {
        let columns = self.rows.iter().chain([&self.head]).map(Vec::len).max().unwrap_or(0).max(1) as f64;
        let column = (WIDTH + GAP) / columns;
        let cell = |text: &str| fit(text, 13.5, column - GAP);
        let rows_begin = HEIGHTS.0 * self.figures.len() as f64;
        let head = usize::from(!self.head.is_empty());
        let shown = self.rows.len().min(ROWS);
        let more = self.rows.len() - shown;
        let lines = head + shown + usize::from(more > 0);
        let at = |line: usize| rows_begin + HEIGHTS.1 * (line as f64 + 0.7);
        let inner = html! {
            @for (place, (figure, label)) in self.figures.iter().enumerate() {
                @let top = HEIGHTS.0 * place as f64;
                text.figure x="0" y=(top + 44.0) { (figure) }
                text x="0" y=(top + 66.0) { (fit(label, 13.0, WIDTH)) }
            }
            @for (place, text) in self.head.iter().enumerate() {
                text.name x=(column * place as f64) y=(at(0)) { (cell(text)) }
            }
            @for (line, row) in self.rows.iter().take(shown).enumerate() {
                @for (place, text) in row.iter().enumerate() {
                    text.cell x=(column * place as f64) y=(at(line + head)) { (cell(text)) }
                }
            }
            @if more > 0 { text x="0" y=(at(head + shown)) { "… +" (more) } }
        };
        sheet(
            &self.title,
            "sheet-title",
            (WIDTH, rows_begin + HEIGHTS.1 * lines as f64),
            &inner,
            theme,
            about,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::png;

    #[test]
    fn long_lists_and_hostile_texts_are_drawn_in_their_room() {
        let long = "<script>\u{1}& ".repeat(40);
        let poster = Poster {
            title: long.clone(),
            figures: vec![("£1,320".to_owned(), long.clone())],
            head: vec!["One".to_owned(), long.clone()],
            rows: vec![vec![long.clone(), long]; 25],
        };
        let drawing = poster.draw(Theme::Light, None);
        assert!(drawing.contains("… +5") && !drawing.contains("<script>") && !drawing.contains('\u{1}'));
        assert!(png(&drawing, 1.0).is_ok());
        assert!(png(&Poster::default().draw(Theme::Dark, None), 1.0).is_ok());
    }
}
