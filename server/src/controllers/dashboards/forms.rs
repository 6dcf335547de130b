//! The forms in which a page can be had.

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use spotlight_renderer::chart::{Chart, PictureError, Theme, png, standalone};
use spotlight_renderer::page::plain_text;
use spotlight_renderer::present::Presenter;
use spotlight_renderer::view::page::{Answer, Page};
use spotlight_renderer::view::{Body, Module, Table, json};

/// How wide the plot of a chart is in a file of its own, in pixels.
const SVG_WIDTH: f64 = 860.0;
/// How many pixels of a picture there are for one of the drawing.
const PNG_SCALE: f32 = 2.0;
const HTML: &str = "text/html; charset=utf-8";
const ATOM: &str = "application/atom+xml; charset=utf-8";

/// A form of a page, chosen by the end of its path, or by the beginning for screens on walls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Html,
    /// For machines.
    Json,
    /// The table of a module or list.
    Csv,
    /// The same for spreadsheets.
    Xlsx,
    /// The chart of a module.
    Svg,
    /// The same as a picture.
    Png,
    /// A module without anything around it.
    Embed,
    /// A dashboard for screens on walls.
    Slides,
    /// What has changed, for feed readers.
    Atom,
}

/// Why a page cannot be had in a form.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// The page has nothing that could be shown in this form.
    #[error("the page does not have this form")]
    None,
    /// The chart could not be painted.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The spreadsheet could not be written.
    #[error(transparent)]
    Spreadsheet(#[from] XlsxError),
}

/// The content type and the body.
type Written = (&'static str, Vec<u8>);

impl Form {
    /// The path without its form, and the form.
    pub fn of(path: &str) -> (&str, Form) {
        if let Some(path) = path.strip_prefix("/big-screen").filter(|path| path.len() > 1) {
            return (path, Form::Slides);
        }
        let endings = [
            (".json", Form::Json),
            (".csv", Form::Csv),
            (".xlsx", Form::Xlsx),
            (".svg", Form::Svg),
            ("/embed", Form::Embed),
            (".atom", Form::Atom),
        ];
        let found = endings.iter().find_map(|(ending, form)| Some((path.strip_suffix(ending)?, *form)));
        // pictures are of modules only: those of whole pages are gone for good
        let picture = path.strip_suffix(".png").filter(|path| path.matches('/').count() > 1);
        let found = found.or(picture.map(|path| (path, Form::Png)));
        found.filter(|(path, _)| !path.is_empty()).unwrap_or((path, Form::Html))
    }

    /// Whether the answer is to be kept as a file rather than shown.
    pub fn is_file(self) -> bool {
        matches!(self, Form::Csv | Form::Xlsx)
    }
}

/// An answer in a form.
///
/// # Errors
/// When the page does not have the form, or it cannot be written.
pub fn write(form: Form, answer: &Answer, presenter: &Presenter<'_>) -> Result<Written, FormError> {
    let html = || Ok((HTML, presenter.html(answer).into_bytes()));
    if matches!(answer.page, Page::Failure | Page::Moved(_)) && form != Form::Json {
        return html();
    }
    match form {
        Form::Html if matches!(answer.page, Page::Feed(_)) => Err(FormError::None),
        Form::Html => html(),
        Form::Atom => match &answer.page {
            Page::Feed(feed) => Ok((ATOM, presenter.feed(feed).into_bytes())),
            Page::Dashboard(page) => Ok((ATOM, presenter.dashboard_feed(page).into_bytes())),
            _ => Err(FormError::None),
        },
        Form::Json => Ok(("application/json", json::answer(answer).to_string().into_bytes())),
        Form::Csv => Ok(("text/csv; charset=utf-8", csv(table(answer)?))),
        Form::Xlsx => Ok((
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            xlsx(table(answer)?, &title(answer))?,
        )),
        Form::Svg => Ok(("image/svg+xml", drawing(answer)?.into_bytes())),
        Form::Png => Ok(("image/png", png(&drawing(answer)?, PNG_SCALE)?)),
        Form::Embed => match &answer.page {
            Page::Module(page) => Ok((HTML, presenter.embedded(page).into_bytes())),
            _ => Err(FormError::None),
        },
        Form::Slides => match &answer.page {
            Page::Dashboard(page) => Ok((HTML, presenter.slides(page).into_bytes())),
            _ => Err(FormError::None),
        },
    }
}

fn module(answer: &Answer) -> Option<&Module> {
    match &answer.page {
        Page::Module(page) => Some(&page.module),
        _ => None,
    }
}

fn title(answer: &Answer) -> String {
    match (&answer.page, module(answer)) {
        (Page::List(list), _) => list.heading.clone().into_owned(),
        (_, Some(module)) => plain_text(&module.title),
        _ => String::new(),
    }
}

fn table(answer: &Answer) -> Result<&Table, FormError> {
    if let Page::List(list) = &answer.page {
        return Ok(&list.table);
    }
    match module(answer).map(|module| &module.body) {
        Some(Body::Facts(facts)) => facts.table.as_ref().ok_or(FormError::None),
        _ => Err(FormError::None),
    }
}

fn drawing(answer: &Answer) -> Result<String, FormError> {
    let chart: Option<&Chart> = match module(answer).map(|module| &module.body) {
        Some(Body::Facts(facts)) => {
            facts.charts.iter().map(AsRef::as_ref).find(|chart: &&Chart| chart.has_data())
        }
        _ => None,
    };
    chart.map(|chart| standalone(chart, SVG_WIDTH, Theme::Light)).ok_or(FormError::None)
}

/// What a cell of a file holds.
enum Cell<'a> {
    Empty,
    Amount(f64),
    Text(&'a str),
}

/// The cells row by row: amounts as they are, everything else as readers see it.
fn cells(table: &Table) -> impl Iterator<Item = Vec<Cell<'_>>> {
    table.rows.iter().enumerate().map(|(place, row)| {
        let amounts = table.amounts.get(place);
        let amount = |column: usize| amounts.and_then(|amounts| *amounts.get(column)?);
        row.iter()
            .enumerate()
            .map(|(column, text)| match (amount(column), text) {
                (Some(amount), _) => Cell::Amount(amount),
                (None, Some(text)) => Cell::Text(text.full.as_deref().unwrap_or(&text.text)),
                (None, None) => Cell::Empty,
            })
            .collect()
    })
}

fn csv(table: &Table) -> Vec<u8> {
    let mut out = String::new();
    line(&mut out, table.columns.iter().map(|column| column.label.clone()));
    for row in cells(table) {
        let texts = row.into_iter().map(|cell| match cell {
            Cell::Empty => String::new(),
            Cell::Amount(amount) => amount.to_string(),
            Cell::Text(text) => text.to_owned(),
        });
        line(&mut out, texts);
    }
    out.into_bytes()
}

fn line(out: &mut String, cells: impl Iterator<Item = String>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            out.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            out.push_str(&format!("\"{}\"", cell.replace('"', "\"\"")));
        } else {
            out.push_str(&cell);
        }
    }
    out.push_str("\r\n");
}

fn xlsx(table: &Table, title: &str) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    // a name has at most 31 letters and none of these
    let name: String = title.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(31).collect();
    if !name.trim().is_empty() {
        sheet.set_name(name.trim())?;
    }
    let bold = Format::new().set_bold();
    for (column, head) in (0..).zip(&table.columns) {
        sheet.write_string_with_format(0, column, &head.label, &bold)?;
    }
    for (place, row) in (1..).zip(cells(table)) {
        for (column, cell) in (0..).zip(row) {
            match cell {
                Cell::Empty => {}
                Cell::Amount(amount) => {
                    sheet.write_number(place, column, amount)?;
                }
                Cell::Text(text) => {
                    sheet.write_string(place, column, text)?;
                }
            }
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofit();
    book.save_to_buffer()
}
