//! Tables that can be read on any screen.

use super::model::{Sorted, Table};
use super::safe;
use super::shell::address;
use crate::format::Text;
use crate::words::{say, say_with};
use maud::{Markup, Render, html};

/// How a table behaves where it does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Narrow {
    /// It is scrolled sideways.
    Scroll,
    /// Each row becomes a card.
    Cards,
}

/// A table; `id` is unique in the page.
pub fn table(table: &Table, id: &str, narrow: Narrow) -> Markup {
    html! {
        div id=(id) class={ "table-room" @if narrow == Narrow::Cards { " cards" } } role="region" aria-label=(say_with("table-region", &[("caption", table.caption.as_str().into())])) tabindex="0" {
            table {
                caption { (table.caption) }
                @if !table.columns.is_empty() { thead { tr { @for column in &table.columns { (head(column)) } } } }
                tbody { (table.written.once(|| rows(table, narrow))) }
            }
        }
    }
}

fn rows(table: &Table, narrow: Narrow) -> Markup {
    html! {
        @for row in table.rows.iter() {
            tr {
                @for (index, text) in row.iter().enumerate() {
                    @let column = table.columns.get(index);
                    @let class = column.filter(|column| column.numeric).map(|_| "number");
                    @if index == 0 && table.row_header { th scope="row" class=[class] { (Inside(text.as_ref())) } }
                    @else if narrow == Narrow::Scroll { td class=[class] { (Inside(text.as_ref())) } }
                    @else { td class=[class] data-label=[column.map(|column| column.label.as_str())] { (Inside(text.as_ref())) } }
                }
            }
        }
        @if table.rows.is_empty() {
            tr { td.nothing colspan=(table.columns.len().max(1)) { (say("table-empty")) } }
        }
    }
}

fn head(column: &super::model::Column) -> Markup {
    let sorted = column.sorted.map(|sorted| match sorted {
        Sorted::Ascending => "ascending",
        Sorted::Descending => "descending",
    });
    html! {
        th scope="col" class=[column.numeric.then_some("number")] aria-sort=[sorted] {
            @match &column.sort_href {
                Some(href) => a.sort href=(address(href)) {
                    (column.label)
                    span.arrow aria-hidden="true" { @match column.sorted { Some(Sorted::Ascending) => "▲", Some(Sorted::Descending) => "▼", None => "↕" } }
                },
                None => (column.label),
            }
        }
    }
}

/// The inside of a cell, written straight into the page: long tables have thousands of them.
struct Inside<'a>(Option<&'a Text>);

impl Render for Inside<'_> {
    fn render_to(&self, out: &mut String) {
        // an address that is not safe to follow is no link
        let link = self.0.and_then(|text| text.href.as_deref()).and_then(safe::href);
        let inside = match self.0 {
            None => html! { abbr.missing title=(say("no-data-provided")) { "\u{2014}" } },
            Some(Text { text, .. }) if link.is_some() => html! { a href=[link] { (text) } },
            Some(Text { full: Some(full), text, .. }) if full != text => {
                html! { abbr title=(full) { (text) } }
            }
            Some(Text { note: Some(note), text, .. }) => html! { (text) " " span.note { "(" (note) ")" } },
            Some(Text { text, .. }) => return text.render_to(out),
        };
        inside.render_to(out);
    }
}
