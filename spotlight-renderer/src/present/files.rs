//! What modules without a table or without a chart have to show in files: figures and lists in rows, and posters of them.

use std::borrow::Cow;
use std::sync::Arc;

use super::Presenter;
use crate::chart::Poster;
use crate::format::Text;
use crate::page::plain_text;
use crate::view::{Column, Facts, Headline, Item, Module, Name, Table};
use crate::words::say;

impl Presenter<'_> {
    /// The table of a module for files, in a language: its own, else its list or its figures in rows.
    pub fn file_table<'a>(&self, facts: &'a Facts, language: &str) -> Option<Cow<'a, Table>> {
        self.speaking(Some(language), || match (&facts.table, &facts.items) {
            (Some(own), _) => Some(Cow::Borrowed(own)),
            (None, Some(items)) => Some(Cow::Owned(of_items(items))),
            (None, None) if !facts.headline.is_empty() => Some(Cow::Owned(of_figures(&facts.headline))),
            (None, None) => None,
        })
    }

    /// A module without a chart as a drawing, in a language.
    pub fn poster(&self, module: &Module, facts: &Facts, language: &str) -> Poster {
        self.speaking(Some(language), || {
            let label = |headline: &Headline| {
                let parts =
                    [Some(name(headline.name).into_owned()), headline.note.clone(), headline.label.clone()];
                parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
            };
            let figure = |headline: &Headline| {
                let value = headline
                    .value
                    .as_ref()
                    .map_or_else(|| say("no-data").into_owned(), |text| text.text.clone());
                (value, label(headline))
            };
            let cell =
                |cell: &Option<Text>| cell.as_ref().map_or_else(|| "—".to_owned(), |text| text.text.clone());
            let (head, rows) = match (&facts.table, &facts.items) {
                (Some(table), _) if facts.headline.is_empty() => (
                    table.columns.iter().map(|column| column.label.clone()).collect(),
                    table.rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
                ),
                (_, Some(items)) => {
                    let row = |(place, item): (usize, &Item)| vec![format!("{}. {}", place + 1, item.text)];
                    (Vec::new(), items.iter().enumerate().map(row).collect())
                }
                _ => (Vec::new(), Vec::new()),
            };
            Poster {
                title: plain_text(&module.title),
                figures: facts.headline.iter().map(figure).collect(),
                head,
                rows,
            }
        })
    }
}

fn name(name: Name) -> Cow<'static, str> {
    say(match name {
        Name::Latest => "file-latest",
        Name::Previous => "file-change",
        Name::Share => "file-share",
        Name::ResponseTime => "load-time",
        Name::Uptime => "uptime",
    })
}

fn column(label: Cow<'static, str>, key: &str) -> Column {
    Column { label: label.into_owned(), key: key.to_owned(), numeric: false }
}

fn table(columns: Vec<Column>, rows: Vec<Vec<Option<Text>>>) -> Table {
    Table { columns, rows: Arc::new(rows), ..Table::default() }
}

fn of_items(items: &[Item]) -> Table {
    let row = |item: &Item| vec![Some(Text::plain(item.text.clone())), item.href.clone().map(Text::plain)];
    let columns = vec![column(say("file-entry"), "text"), column(say("file-link"), "href")];
    table(columns, items.iter().map(row).collect())
}

fn of_figures(headline: &[Headline]) -> Table {
    let row = |headline: &Headline| {
        vec![
            Some(Text::plain(name(headline.name))),
            headline.label.clone().map(Text::plain),
            headline.value.clone(),
        ]
    };
    let columns = vec![
        column(say("file-figure"), "name"),
        column(say("axis-period"), "period"),
        column(say("value"), "value"),
    ];
    table(columns, headline.iter().map(row).collect())
}
