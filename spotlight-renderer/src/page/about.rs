//! Pages that are about all dashboards: what they are for, how accessible they are, which are not finished.

use super::model::{Head, Link};
use super::{PageOptions, shell};
use crate::words::{Language, in_language, say};
use maud::{Markup, html};

/// What dashboards are for.
pub fn about(options: &PageOptions) -> String {
    page("about", "about-heading", options, || {
        html! {
            p { (say("about-text")) }
            h2 { (say("about-readers")) }
            ul { @for name in ["about-reader-1", "about-reader-2", "about-reader-3"] { li { (say(name)) } } }
            h2 { (say("about-figures")) }
            p { (say("about-figures-text")) }
        }
    })
}

/// How accessible the pages are.
pub fn accessibility(options: &PageOptions) -> String {
    page("accessibility", "menu-accessibility", options, || {
        html! {
            p { (say("accessibility-text")) }
            ul {
                @for name in ["accessibility-1", "accessibility-2", "accessibility-3", "accessibility-4"] {
                    li { (say(name)) }
                }
            }
            p { (say("accessibility-mistakes")) " " @if let Some(mail) = &options.contact { a href={ "mailto:" (mail) } { (mail) } } }
        }
    })
}

/// Dashboards that are not published, each with its path.
pub fn prototypes(dashboards: &[Link], options: &PageOptions) -> String {
    page("prototypes", "prototypes", options, || {
        html! {
            @if dashboards.is_empty() { p { (say("prototypes-none")) } }
            @else {
                p { (say("prototypes-text")) }
                ul { @for link in dashboards { li { a href=(shell::address(&link.href)) { (link.title) } } } }
            }
        }
    })
}

/// A page of text in the language of the installation.
fn page(path: &str, heading: &str, options: &PageOptions, body: impl FnOnce() -> Markup) -> String {
    in_language(Language::of(&options.lang), || {
        let heading = say(heading);
        let head = Head {
            title: format!("{heading} - {}", options.product),
            path: format!("{}/{path}", options.root),
            breadcrumbs: vec![Link::new(options.product.clone(), options.root.clone())],
            ..Head::default()
        };
        shell::document(&head, options, &html! { div.prose { h1 { (heading) } (body()) } })
    })
}
