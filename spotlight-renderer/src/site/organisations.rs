//! Departments and other bodies: all of them with what their services come to, and a page for each with its dashboards.

use serde_json::Value;

use super::list::{Entry, ORGANISATION, answered, choices_of_measures, chosen_measures, filter};
use super::measures::{MEASURES, Measure, Values};
use super::{Request, Site, failure, measures};
use crate::definition::query::encoded;
use crate::format::Text;
use crate::rows::sort::{self, Direction, Sort};
use crate::view::page::{Answer, Entries, List};
use crate::view::{Column, Table};
use crate::words::{in_language, say};

/// Where the pages of organisations begin.
pub const PATH: &str = "departments";
/// The key of the column that counts dashboards.
const COUNT: &str = "dashboards";

/// An organisation with the measures of its services.
struct Row {
    title: String,
    value: String,
    dashboards: usize,
    amounts: Vec<Option<f64>>,
}

impl Site<'_> {
    /// All organisations that have dashboards.
    pub(super) async fn organisations(&self, request: &Request) -> Answer {
        let (published, measures) = self.published_and_measured(request).await;
        let published = match published {
            Ok(published) => published,
            Err(reason) => return failure(reason.0, false),
        };
        in_language(self.language, || {
            let shown = measures_shown(request);
            let filter = filter(request);
            let entries: Vec<Entry> = published.iter().map(Entry::of).collect();
            let rows = rows(&entries, &measures, &shown, &filter);
            let all: Vec<Values> = entries.iter().map(|entry| measures.of(entry.item)).collect();
            let services: Vec<Values> = all.into_iter().filter(|values| !values.is_empty()).collect();
            answered(List {
                path: format!("{}/{PATH}", self.root),
                heading: say("heading-departments"),
                of: Entries::Organisations,
                above: Vec::new(),
                example: None,
                count: rows.len(),
                organisations: None,
                selected: None,
                measures: choices_of_measures(&shown),
                // what all services come to is no sum of what some organisations have
                aggregates: shown
                    .iter()
                    .filter(|_| filter.is_empty())
                    .map(|measure| measure.over(&services))
                    .collect(),
                table: self.table_of_organisations(rows, &shown, request),
                without_measures: measures.failed,
                filter,
            })
        })
    }

    /// The dashboards of one organisation; `value` is its name in addresses.
    pub(super) async fn organisation(&self, value: &str, request: &Request) -> Answer {
        let (published, measures) = self.published_and_measured(request).await;
        let published = match published {
            Ok(published) => published,
            Err(reason) => return failure(reason.0, false),
        };
        in_language(self.language, || {
            let mut own: Vec<Entry> = published.iter().map(Entry::of).collect();
            own.retain(|entry| entry.organisations().any(|own| own.value == value));
            own.sort_by(|one, other| one.title.cmp(&other.title));
            let title = own.iter().flat_map(Entry::organisations).find(|own| own.value == value);
            let Some(title) = title.map(|own| own.title.clone()) else { return failure(404, true) };
            let filter = filter(request);
            own.retain(|entry| entry.matches(&filter));
            let shown = measures_shown(request);
            let values: Vec<Values> = own.iter().map(|entry| measures.of(entry.item)).collect();
            let services: Vec<Values> = values.iter().filter(|values| !values.is_empty()).cloned().collect();
            answered(List {
                path: format!("{}/{PATH}/{}", self.root, encoded(value)),
                heading: title.into(),
                of: Entries::OfOrganisation,
                above: vec![(say("heading-departments").into_owned(), format!("{}/{PATH}", self.root))],
                example: None,
                count: own.len(),
                filter,
                organisations: None,
                selected: None,
                measures: choices_of_measures(&shown),
                aggregates: shown.iter().map(|measure| measure.over(&services)).collect(),
                table: self.table(&own, &values, &shown, &say("column-dashboard"), request),
                without_measures: measures.failed,
            })
        })
    }

    fn table_of_organisations(&self, mut rows: Vec<Row>, shown: &[&Measure], request: &Request) -> Table {
        let column = |label: &str, key: &str, numeric| Column {
            label: label.to_owned(),
            key: key.to_owned(),
            numeric,
        };
        let mut columns = vec![
            column(&say("column-department"), ORGANISATION, false),
            column(&say("column-dashboards"), COUNT, true),
        ];
        columns.extend(shown.iter().map(|measure| column(&measure.label(), measure.key, true)));
        let usual = Sort { key: ORGANISATION.to_owned(), direction: Direction::Ascending };
        let wanted = request.sort(None).filter(|sort| columns.iter().any(|column| column.key == sort.key));
        let sorted = wanted.unwrap_or(usual);
        let place = shown.iter().position(|measure| measure.key == sorted.key);
        sort::by_value(&mut rows, sorted.direction, |row| match (sorted.key.as_str(), place) {
            (COUNT, _) => row.dashboards.into(),
            (_, Some(place)) => crate::rows::value(row.amounts[place]),
            _ => Value::String(row.title.clone()),
        });
        let cells = |row: &Row| -> Vec<Option<Text>> {
            let link = Text {
                href: Some(format!("{}/{PATH}/{}", self.root, encoded(&row.value))),
                ..Text::plain(row.title.clone())
            };
            let count = Text::plain(row.dashboards.to_string());
            let measured = shown
                .iter()
                .zip(&row.amounts)
                .map(|(measure, amount)| measure.format()?.write(&crate::rows::value(*amount), request.now));
            [Some(link), Some(count)].into_iter().chain(measured).collect()
        };
        let amounts = |row: &Row| -> Vec<Option<f64>> {
            [None, Some(row.dashboards as f64)].into_iter().chain(row.amounts.iter().copied()).collect()
        };
        Table {
            amounts: rows.iter().map(amounts).collect(),
            row_header: !rows.is_empty(),
            rows: rows.iter().map(cells).collect::<Vec<_>>().into(),
            columns,
            sorted: Some(sorted),
            ..Table::default()
        }
    }
}

/// The measures that readers chose, else all.
fn measures_shown(request: &Request) -> Vec<&'static Measure> {
    let chosen = chosen_measures(request);
    if chosen.is_empty() { MEASURES.iter().collect() } else { chosen }
}

/// The organisations whose names have the filter in them, by title.
fn rows(entries: &[Entry<'_>], measures: &measures::Measures, shown: &[&Measure], filter: &str) -> Vec<Row> {
    let mut found: Vec<(&str, &str, Vec<Values>)> = Vec::new();
    for entry in entries {
        for organisation in entry.organisations() {
            let values = measures.of(entry.item);
            match found.iter_mut().find(|(value, ..)| *value == organisation.value) {
                Some((_, _, own)) => own.push(values),
                None => found.push((&organisation.value, &organisation.title, vec![values])),
            }
        }
    }
    found.sort_by_key(|(_, title, _)| *title);
    let matches = |title: &str| title.to_lowercase().contains(&filter.to_lowercase());
    let row = |(value, title, values): (&str, &str, Vec<Values>)| Row {
        title: title.to_owned(),
        value: value.to_owned(),
        dashboards: values.len(),
        amounts: shown.iter().map(|measure| measure.amount(&values).0).collect(),
    };
    found.into_iter().filter(|(_, title, _)| matches(title)).map(row).collect()
}
