//! Pages that say that there is no page.

use super::model::{Head, Link};
use super::{PageOptions, shell};
use crate::words::{Language, in_language, say};
use maud::html;

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing has this address.
    NotFound,
    /// There is something, but it cannot be shown as a page.
    NotAvailable,
    /// It was here and is not any more.
    Gone,
    /// The address has more in it than any page heeds.
    TooLong,
    /// Something went wrong on our side.
    Trouble,
}

impl Failure {
    /// The failure that a status code stands for.
    pub fn of_status(status: u16) -> Failure {
        match status {
            404 => Failure::NotFound,
            410 => Failure::Gone,
            414 => Failure::TooLong,
            501 => Failure::NotAvailable,
            _ => Failure::Trouble,
        }
    }

    /// The names of the heading and of the sentence under it.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Failure::NotFound => ("error-not-found", "error-not-found-text"),
            Failure::NotAvailable => ("error-not-available", "error-not-available-text"),
            Failure::Gone => ("error-gone", "error-gone-text"),
            Failure::TooLong => ("error-too-long", "error-too-long-text"),
            Failure::Trouble => ("error-trouble", "error-trouble-text"),
        }
    }
}

/// A complete page for a failure at a path.
pub fn error(failure: Failure, path: &str, options: &PageOptions) -> String {
    in_language(Language::of(&options.lang), || written(failure, path, options))
}

fn written(failure: Failure, path: &str, options: &PageOptions) -> String {
    let (heading, text) = failure.words();
    let (heading, text) = (say(heading), say(text));
    let head = Head {
        title: format!("{heading} - {}", options.product),
        path: path.to_owned(),
        hidden: true,
        breadcrumbs: vec![Link::new(options.product.clone(), options.root.clone())],
        ..Head::default()
    };
    let body = html! {
        div.prose.error-page {
            h1 { (heading) }
            p { (text) }
            @if failure == Failure::NotFound { (super::search::form(&format!("{}/search", options.root), "")) }
            @if failure == Failure::Trouble { p { a.button href="" { (say("again")) } } }
            p { a href=(shell::address(&options.root)) { (say("error-start")) } }
        }
    };
    shell::document(&head, options, &body)
}
