//! Tables that can be read on any screen.

use super::model::{Cell, Sorted, Table};
use super::shell::address;
use crate::words::{say, say_with};
use maud::{Markup, html};

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
                tbody {
                    @for row in &table.rows {
                        tr { @for (index, cell) in row.iter().enumerate() { (body_cell(table, index, cell)) } }
                    }
                    @if table.rows.is_empty() {
                        tr { td.nothing colspan=(table.columns.len().max(1)) { (say("table-empty")) } }
                    }
                }
            }
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

fn body_cell(table: &Table, index: usize, cell: &Cell) -> Markup {
    let column = table.columns.get(index);
    let class = column.filter(|column| column.numeric).map(|_| "number");
    let inner = html! {
        @match (&cell.text, &cell.href) {
            (Some(text), Some(href)) => a href=(address(href)) { (text) },
            (Some(text), None) => {
                @match cell.full.as_deref().filter(|full| full != text) {
                    Some(full) => abbr title=(full) { (text) },
                    None => (text),
                }
            }
            (None, _) => abbr.missing title=(say("no-data-provided")) { "\u{2014}" },
        }
    };
    html! {
        @if index == 0 && table.row_header { th scope="row" class=[class] { (inner) } }
        @else { td class=[class] data-label=[column.map(|column| column.label.as_str())] { (inner) } }
    }
}
