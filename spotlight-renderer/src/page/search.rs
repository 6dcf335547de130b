//! What was found among all dashboards and their modules.

use super::model::Search;
use super::shell::address;
use crate::words::say;
use maud::{Markup, html};

/// The content of the page.
pub fn body(page: &Search) -> Markup {
    html! {
        header.page-head { div.page-title { h1 { (say("search")) } } }
        (form(&page.action, &page.query))
        @if let Some(counted) = &page.counted { p.matches role="status" { strong { (counted) } } }
        @if page.counted.is_some() && page.found.is_empty() { p.no-data { (say("search-nothing")) } }
        @if !page.found.is_empty() {
            ul.found {
                @for each in &page.found {
                    li {
                        h2 { a href=(address(&each.link.href)) { (each.link.title) } }
                        @if let Some(organisation) = each.organisation.as_ref().filter(|own| **own != each.link.title) { p.note { (organisation) } }
                        @if !each.modules.is_empty() {
                            ul.inline-links { @for link in &each.modules { li { a href=(address(&link.href)) { (link.title) } } } }
                        }
                    }
                }
            }
        }
    }
}

/// The form to search with.
pub fn form(action: &str, query: &str) -> Markup {
    html! {
        search {
            form.search-form method="get" action=(address(action)) {
                span.field.wide {
                    label for="q" { (say("search-label")) }
                    input #q type="search" name="q" value=(query) autocomplete="off";
                }
                button type="submit" { (say("list-go")) }
            }
        }
    }
}
