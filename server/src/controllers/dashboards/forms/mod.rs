//! The forms of a page, written: [`table`] as CSV and for spreadsheets, [`archive`] with all tables of a dashboard. [`accept`] finds out
//! which form a request wants.
//!
//! Whatever is taken away says where it is from and when it was asked for. The same figures asked for at another time are other
//! bytes then, but no other figures: such a form has a weak tag, made of all but the time.

pub mod accept;
mod archive;
mod table;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io;

use rust_xlsxwriter::XlsxError;
use serde_json::Value;
use spotlight_renderer::chart::{About, PictureError, Theme, png, standalone, with_texts};
use spotlight_renderer::page::plain_text;
use spotlight_renderer::present::Presenter;
use spotlight_renderer::view::form::Form;
use spotlight_renderer::view::page::{Answer, Page};
use spotlight_renderer::view::provenance::{Provenance, moment};
use spotlight_renderer::view::{Module, Table, json};
use zip::result::ZipError;

/// How wide the plot of a chart is in a file of its own, in pixels.
const SVG_WIDTH: f64 = 860.0;
/// How many pixels of a picture there are for one of the drawing.
const PNG_SCALE: f32 = 2.0;

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
    /// The archive could not be written.
    #[error(transparent)]
    Archive(#[from] ZipError),
    /// The work was broken off.
    #[error(transparent)]
    BrokenOff(#[from] io::Error),
}

/// A page in a form.
#[derive(Debug)]
pub struct Written {
    /// Which one.
    pub form: Form,
    /// What is sent.
    pub body: Vec<u8>,
    /// What of it stays the same as long as the figures do, where the body also tells the time.
    pub lasting: Option<Vec<u8>>,
}

impl Written {
    fn new(form: Form, body: impl Into<Vec<u8>>) -> Written {
        Written { form, body: body.into(), lasting: None }
    }
}

/// An answer in a form.
///
/// # Errors
/// When the page does not have the form, or it cannot be written.
pub fn write(form: Form, answer: &Answer, presenter: &Presenter<'_>) -> Result<Written, FormError> {
    if !answer.forms().contains(&form) {
        return Err(FormError::None);
    }
    if form == Form::Html {
        return Ok(Written::new(form, presenter.html(answer)));
    }
    let from = presenter.provenance(answer);
    let written = match (form, &answer.page, from.as_ref()) {
        (Form::Atom, Page::Feed(feed), _) => Written::new(form, presenter.feed(feed)),
        (Form::Atom, Page::Dashboard(page), _) => Written::new(form, presenter.dashboard_feed(page)),
        (Form::Embed, Page::Module(page), _) => Written::new(form, presenter.embedded(page)),
        (Form::Slides, Page::Dashboard(page), _) => Written::new(form, presenter.slides(page)),
        (Form::Json, _, None) => Written::new(form, json::answer(answer).to_string()),
        (Form::Json, _, Some(from)) => stated(json::answer(answer), from),
        (Form::Csv, _, Some(from)) => Written::new(form, table::csv(&*table_of(answer, from, presenter)?)),
        (Form::CsvMetadata, page, Some(from)) => {
            let path = path_of(page).ok_or(FormError::None)?;
            described(&*table_of(answer, from, presenter)?, &presenter.form_address(path, Form::Csv), from)
        }
        (Form::Xlsx, _, Some(from)) => {
            let table = table_of(answer, from, presenter)?;
            let about = (presenter.origin_heading(from), presenter.origin(from));
            Written {
                form,
                lasting: Some([table::csv(&table), from.lasting().to_string().into_bytes()].concat()),
                body: table::xlsx(&table, &title(answer), (&about.0, &about.1), from.retrieved)?,
            }
        }
        (Form::Svg | Form::Png, Page::Module(page), Some(from)) => {
            picture(form, &page.module, from, presenter)?
        }
        (Form::Zip, Page::Dashboard(page), Some(from)) => archive::write(page, from, presenter)?,
        _ => return Err(FormError::None),
    };
    Ok(written)
}

/// The first of these forms that a page has. Pages that say that there is no page are for people where they are not wanted for
/// machines.
///
/// # Errors
/// When it has none of them, or the form cannot be written.
pub fn first(forms: &[Form], answer: &Answer, presenter: &Presenter<'_>) -> Result<Written, FormError> {
    for form in forms {
        match write(*form, answer, presenter) {
            Err(FormError::None) => {}
            written => return written,
        }
    }
    match answer.page {
        Page::Failure | Page::Moved(_) => write(Form::Html, answer, presenter),
        _ => Err(FormError::None),
    }
}

/// JSON that says where it is from.
fn stated(mut content: Value, from: &Provenance) -> Written {
    let lasting = Some(format!("{content}{}", from.lasting()).into_bytes());
    content["about"] = from.to_json();
    Written { form: Form::Json, body: content.to_string().into_bytes(), lasting }
}

/// What machines want to know about the table at an address.
fn described(table: &Table, url: &str, from: &Provenance) -> Written {
    let mut content = table::metadata(table, from, url);
    let lasting = Some(content.to_string().into_bytes());
    content["dc:created"] = moment(from.retrieved).into();
    Written { form: Form::CsvMetadata, body: content.to_string().into_bytes(), lasting }
}

fn picture(
    form: Form,
    module: &Module,
    from: &Provenance,
    presenter: &Presenter<'_>,
) -> Result<Written, FormError> {
    let facts = module.facts().ok_or(FormError::None)?;
    let note = presenter.source_note(from);
    let about = Some(About { from, note: &note });
    let (plain, drawing) = match facts.charts.iter().find(|chart| chart.has_data()) {
        Some(chart) => (
            standalone(chart, SVG_WIDTH, Theme::Light, None),
            standalone(chart, SVG_WIDTH, Theme::Light, about),
        ),
        None => {
            let poster = presenter.poster(module, facts, &from.language);
            (poster.draw(Theme::Light, None), poster.draw(Theme::Light, about))
        }
    };
    let body = match form {
        Form::Png => {
            let (created, queries) = (moment(from.retrieved), queries(from));
            let licence = from.licence.as_ref().map(|licence| licence.title.as_str()).unwrap_or_default();
            let texts = [
                ("Title", from.title.as_str()),
                ("Author", &from.publisher),
                ("Description", &note),
                ("Source", &queries),
                ("Copyright", licence),
                ("Creation Time", &created),
            ];
            with_texts(png(&drawing, PNG_SCALE)?, &texts)
        }
        _ => drawing.into_bytes(),
    };
    Ok(Written { form, body, lasting: Some(format!("{plain}{}", from.lasting()).into_bytes()) })
}

fn queries(from: &Provenance) -> String {
    from.sources.iter().map(|source| source.query.as_str()).collect::<Vec<_>>().join(" ")
}

fn title(answer: &Answer) -> String {
    match &answer.page {
        Page::List(list) => list.heading.clone().into_owned(),
        Page::Module(page) => plain_text(&page.module.title),
        _ => String::new(),
    }
}

/// The path of a page that has a table of its own or is about one thing.
pub fn path_of(page: &Page) -> Option<&str> {
    match page {
        Page::List(page) => Some(&page.path),
        Page::Module(page) => Some(&page.path),
        Page::Dashboard(page) => Some(&page.path),
        _ => None,
    }
}

fn table_of<'a>(
    answer: &'a Answer,
    from: &Provenance,
    presenter: &Presenter<'_>,
) -> Result<Cow<'a, Table>, FormError> {
    match &answer.page {
        Page::List(list) => Ok(Cow::Borrowed(&list.table)),
        Page::Module(page) => {
            let facts = page.module.facts().ok_or(FormError::None)?;
            presenter.file_table(facts, &from.language).ok_or(FormError::None)
        }
        _ => Err(FormError::None),
    }
}
