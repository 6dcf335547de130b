//! A list of dashboards with a search form, sums of what is listed, and a table to sort.

use super::figure;
use super::model::{LIST_FORM, List};
use super::shell::address;
use super::table::{Narrow, table};
use crate::words::{say, say_with};
use maud::{Markup, html};

/// The content of the page.
pub fn body(page: &List) -> Markup {
    html! {
        header.page-head { div.page-title {
            h1 { (page.heading) }
            @if let Some(intro) = &page.intro { div.tagline { p { (intro) } } }
        } }
        (form(page))
        @if page.failed {
            div.failed role="note" { p { strong { (say("list-failed")) } " " (say("later")) } }
        } @else {
            p.matches role="status" {
                strong { (page.counted) }
                @for filter in &page.active {
                    " " a.remove href=(address(&filter.href)) { (filter.title) span.hidden { " " (say("list-remove")) } span aria-hidden="true" { " ×" } }
                }
            }
            @if let Some(notice) = &page.notice { p.no-data { (notice) } }
            @if !page.aggregates.is_empty() && !page.table.rows.is_empty() {
                div.aggregates { @for each in &page.aggregates { (figure::figure(each)) } }
            }
            @if page.table.rows.is_empty() { (nothing(page)) } @else { (table(&page.table, "list", Narrow::Cards)) }
            @if !page.downloads.is_empty() && !page.table.rows.is_empty() {
                ul.inline-links.downloads aria-label=(say("download")) {
                    @for link in &page.downloads { li { a href=(address(&link.href)) download="" rel="nofollow" { (link.title) } } }
                }
            }
        }
    }
}

/// What to do where nothing is listed.
fn nothing(page: &List) -> Markup {
    html! {
        p.no-data {
            @if page.active.is_empty() { (say("list-empty")) }
            @else { (say("list-nothing")) " " a href=(address(&page.head.path)) { (say("list-whole")) } }
        }
    }
}

fn form(page: &List) -> Markup {
    html! {
        search id=(LIST_FORM) {
            form.search-form method="get" action=(address(&page.head.path)) {
                span.field.wide {
                    label for="filter" { @if page.organisations.is_empty() { (say("list-search")) } @else { (say("list-search-organisation")) } }
                    input #filter type="search" name="filter" value=(page.filter) aria-describedby=[page.example.as_ref().map(|_| "filter-hint")] autocomplete="off";
                    @if let Some(example) = &page.example { span.hint #filter-hint { (say_with("list-example", &[("text", example.as_str().into())])) } }
                }
                @if !page.organisations.is_empty() {
                    span.field {
                        label for="department" { (say("list-organisation")) }
                        select #department name="department" {
                            option value="" { (say("list-all-organisations")) }
                            @for (group, choices) in &page.organisations {
                                optgroup label=(group) {
                                    @for (value, text) in choices {
                                        option value=(value) selected[page.organisation.as_deref() == Some(value)] { (text) }
                                    }
                                }
                            }
                        }
                    }
                }
                @if !page.measures.is_empty() {
                    @let shown = page.measures.iter().filter(|(_, _, shown)| *shown).count();
                    // whoever has chosen some sees which; one and all are the usual choices
                    details.measures open[shown > 1 && shown < page.measures.len()] {
                        summary { (say("list-measures")) }
                        fieldset {
                            legend.hidden { (say("list-measures")) }
                            @for (value, text, shown) in &page.measures {
                                label.check { input type="checkbox" name="measure" value=(value) checked[*shown]; span { (text) } }
                            }
                        }
                    }
                }
                button type="submit" { (say("list-go")) }
            }
        }
    }
}
