//! The front page: what there is and what the figures mean.

use super::model::Home;
use super::shell::address;
use super::{PageOptions, figure, safe};
use crate::words::say;
use maud::{Markup, html};

/// The four figures that services are judged by, and their explanations.
const MEASURES: [(&str, &str); 4] = [
    ("measure-cost", "measure-cost-about"),
    ("measure-satisfaction", "measure-satisfaction-about"),
    ("measure-completion", "measure-completion-about"),
    ("measure-take-up", "measure-take-up-about"),
];

/// The content of the page.
pub fn body(page: &Home, options: &PageOptions) -> Markup {
    html! {
        header.page-head.home-head {
            div.page-title {
                h1 { (options.product) }
                div.tagline { p { (say("home-tagline")) } }
            }
        }
        div.home-search { (super::search::form(&page.search, "")) }
        ul.counts {
            @for (link, count) in &page.lists {
                li {
                    a href=(address(&link.href)) {
                        @match count { Some(count) => strong { (crate::chart::plain_number(*count as f64)) }, None => strong.missing { "\u{2014}" } }
                        " " span { (link.title) }
                    }
                }
            }
        }
        @if !page.aggregates.is_empty() {
            section.overall aria-labelledby="overall" {
                h2 #overall { (say("home-overall")) }
                div.aggregates { @for each in &page.aggregates { (figure::figure(each)) } }
            }
        }
        @if !page.showcase.is_empty() {
            section.showcase aria-labelledby="showcase" {
                h2 #showcase { (say("home-showcase")) }
                ul.cards-list {
                    @for link in &page.showcase {
                        li {
                            a href=(address(&link.href)) { (link.title) }
                            @if let Some(note) = &link.note_html { div.note { (safe::blocks(note)) } }
                        }
                    }
                }
            }
        }
        section.measures aria-labelledby="measures" {
            h2 #measures { (say("home-measures")) }
            dl { @for (name, text) in MEASURES { div { dt { (say(name)) } dd { (say(text)) } } } }
        }
    }
}
