//! The front page: what there is and what the figures mean.

use super::model::Home;
use super::shell::address;
use super::{PageOptions, figure};
use maud::{Markup, html};

/// The four figures that services are judged by, explained.
const MEASURES: [(&str, &str); 4] = [
    ("Cost per transaction", "What it costs on average each time somebody completes what they came for."),
    ("User satisfaction", "How satisfied people say they are after using a service, from 0% to 100%."),
    ("Completion rate", "The share of people who begin with a service and reach its end."),
    (
        "Digital take-up",
        "The share of people who use a service online rather than by post, by phone or in person.",
    ),
];

/// The content of the page.
pub fn body(page: &Home, options: &PageOptions) -> Markup {
    html! {
        header.page-head.home-head {
            div.page-title {
                h1 { (options.product) }
                div.tagline { p { "Live figures on how public services perform: how many people use them, how well they work, and what they cost." } }
            }
        }
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
                h2 #overall { "All services together" }
                div.aggregates { @for each in &page.aggregates { (figure::figure(each)) } }
            }
        }
        @if !page.showcase.is_empty() {
            section.showcase aria-labelledby="showcase" {
                h2 #showcase { "Worth a look" }
                ul.plain { @for link in &page.showcase { li { a href=(address(&link.href)) { (link.title) } } } }
            }
        }
        section.measures aria-labelledby="measures" {
            h2 #measures { "What the figures mean" }
            dl { @for (name, text) in MEASURES { div { dt { (name) } dd { (text) } } } }
        }
    }
}
