//! Pages that are about all dashboards: what they are for, how accessible they are, which are not finished.

use super::model::{Head, Link};
use super::{PageOptions, safe, shell};
use crate::view::page::State;
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
            h2 { (say("accessibility-known")) }
            ul { @for name in ["accessibility-known-1", "accessibility-known-2", "accessibility-known-3"] { li { (say(name)) } } }
            h2 { (say("accessibility-tested")) }
            p { (say("accessibility-tested-text")) }
            h2 { (say("accessibility-tell")) }
            p { (say("accessibility-mistakes")) " " @if let Some(mail) = &options.contact { a href={ "mailto:" (mail) } { (mail) } } }
        }
    })
}

/// A dashboard that is not published yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prototype {
    /// Its title and path, with what it says about itself.
    pub link: Link,
    /// How far it is.
    pub state: State,
}

/// Dashboards that are not published.
pub fn prototypes(dashboards: &[Prototype], options: &PageOptions) -> String {
    page("prototypes", "prototypes", options, || {
        html! {
            @if dashboards.is_empty() { p { (say("prototypes-none")) } }
            @else {
                p { (say("prototypes-text")) }
                ul.cards-list {
                    @for Prototype { link, state } in dashboards {
                        li {
                            a href=(shell::address(&link.href)) { (link.title) }
                            " " span.phase { (say(state.word())) }
                            @if let Some(note) = &link.note_html { div.note { (safe::blocks(note)) } }
                        }
                    }
                }
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
