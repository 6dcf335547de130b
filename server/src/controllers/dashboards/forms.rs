//! The forms in which a page can be had.

use spotlight_renderer::chart::{Chart, Theme, standalone};
use spotlight_renderer::present::Presenter;
use spotlight_renderer::view::page::{Answer, Page};
use spotlight_renderer::view::{Body, Module, Table, json};

/// How wide the plot of a chart is in a file of its own, in pixels.
const SVG_WIDTH: f64 = 860.0;

/// A form of a page, chosen by the end of its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Html,
    /// For machines.
    Json,
    /// The table of a module or list.
    Csv,
    /// The chart of a module.
    Svg,
    /// A module without anything around it.
    Embed,
}

impl Form {
    /// The path without its form, and the form.
    pub fn of(path: &str) -> (&str, Form) {
        let endings =
            [(".json", Form::Json), (".csv", Form::Csv), (".svg", Form::Svg), ("/embed", Form::Embed)];
        let found = endings.iter().find_map(|(ending, form)| Some((path.strip_suffix(ending)?, *form)));
        found.filter(|(path, _)| !path.is_empty()).unwrap_or((path, Form::Html))
    }
}

/// The content type and the body of an answer in a form; `None` if the page does not have it.
pub fn write(form: Form, answer: &Answer, presenter: &Presenter<'_>) -> Option<(&'static str, Vec<u8>)> {
    let is_page = !matches!(answer.page, Page::Failure | Page::Moved(_));
    match form {
        Form::Html => Some(("text/html; charset=utf-8", presenter.html(answer).into_bytes())),
        Form::Json => Some(("application/json", json::answer(answer).to_string().into_bytes())),
        Form::Csv if is_page => Some(("text/csv; charset=utf-8", csv(table(answer)?))),
        Form::Svg if is_page => {
            Some(("image/svg+xml", standalone(chart(answer)?, SVG_WIDTH, Theme::Light).into_bytes()))
        }
        Form::Embed => match &answer.page {
            Page::Module(page) => Some(("text/html; charset=utf-8", presenter.embedded(page).into_bytes())),
            _ => None,
        },
        Form::Csv | Form::Svg => Some(("text/html; charset=utf-8", presenter.html(answer).into_bytes())),
    }
}

fn module(answer: &Answer) -> Option<&Module> {
    match &answer.page {
        Page::Module(page) => Some(&page.module),
        _ => None,
    }
}

fn table(answer: &Answer) -> Option<&Table> {
    if let Page::List(list) = &answer.page {
        return Some(&list.table);
    }
    match &module(answer)?.body {
        Body::Facts(facts) => facts.table.as_ref(),
        _ => None,
    }
}

fn chart(answer: &Answer) -> Option<&Chart> {
    match &module(answer)?.body {
        Body::Facts(facts) => facts.charts.iter().find(|chart| chart.has_data()),
        _ => None,
    }
}

/// Values as they are written for readers, in full where they are shortened on pages.
fn csv(table: &Table) -> Vec<u8> {
    let mut out = String::new();
    line(&mut out, table.columns.iter().map(|column| column.label.as_str()));
    for row in &table.rows {
        let cells = row.iter().map(|cell| match cell {
            None => "",
            Some(text) => text.full.as_deref().unwrap_or(&text.text),
        });
        line(&mut out, cells);
    }
    out.into_bytes()
}

fn line<'a>(out: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            out.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            out.push_str(&format!("\"{}\"", cell.replace('"', "\"\"")));
        } else {
            out.push_str(cell);
        }
    }
    out.push_str("\r\n");
}
