//! Pages that say that there is no page.

use super::model::{Head, Link};
use super::{PageOptions, shell};
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
    /// Something went wrong on our side.
    Trouble,
}

impl Failure {
    /// The failure that a status code stands for.
    pub fn of_status(status: u16) -> Failure {
        match status {
            404 => Failure::NotFound,
            410 => Failure::Gone,
            501 => Failure::NotAvailable,
            _ => Failure::Trouble,
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Failure::NotFound => (
                "Page not found",
                "There is no page at this address. If you typed it, check that it is correct; if you followed a link, the page may have moved.",
            ),
            Failure::NotAvailable => {
                ("Page not available", "What is stored at this address cannot be shown as a page.")
            }
            Failure::Gone => ("No longer available", "What was at this address has been withdrawn."),
            Failure::Trouble => (
                "This page could not be loaded",
                "Something went wrong on our side. Please try again in a few minutes.",
            ),
        }
    }
}

/// A complete page for a failure at a path.
pub fn error(failure: Failure, path: &str, options: &PageOptions) -> String {
    let (heading, text) = failure.words();
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
            @if failure == Failure::Trouble { p { a.button href="" { "Try again" } } }
            p { a href=(shell::address(&options.root)) { "Go to the start page" } }
        }
    };
    shell::document(&head, options, &body)
}
