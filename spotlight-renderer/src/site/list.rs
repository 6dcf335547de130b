//! Lists of dashboards: services with their measures, web traffic, and all others.

use futures::future::join;
use serde_json::Value;
use std::borrow::Cow;

use super::measures::{MEASURES, Measure, Measures, Values};
use super::{LIST_AGE, Request, Site, failure, measures};
use crate::data::NoDefinition;
use crate::definition::text;
use crate::format::{Format, Kind as FormatKind, Text};
use crate::rows::sort::{self, Direction, Sort};
use crate::view::page::{Answer, Choices, Entries, List, Page};
use crate::view::{Column, Table};
use crate::words::{in_language, say};

/// What a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Services that people use.
    Services,
    /// The reading of content.
    WebTraffic,
    /// Everything else.
    Other,
}

impl Kind {
    /// The list at a path.
    pub fn of(path: &str) -> Option<Kind> {
        Some(match path {
            "services" => Kind::Services,
            "web-traffic" => Kind::WebTraffic,
            "other" => Kind::Other,
            _ => return None,
        })
    }

    fn holds(self, dashboard_type: &str) -> bool {
        match self {
            Kind::Services => {
                matches!(dashboard_type, "transaction" | "high-volume-transaction" | "service-group")
            }
            Kind::WebTraffic => dashboard_type == "content",
            Kind::Other => dashboard_type == "other",
        }
    }

    fn words(self) -> Words {
        let words = |path, heading, column| Words { path, heading: say(heading), column: say(column) };
        match self {
            Kind::Services => words("services", "heading-services", "column-service"),
            Kind::WebTraffic => words("web-traffic", "heading-web-traffic", "column-dashboard"),
            Kind::Other => words("other", "heading-other", "column-dashboard"),
        }
    }
}

struct Words {
    path: &'static str,
    heading: Cow<'static, str>,
    column: Cow<'static, str>,
}

/// The key of the column of names.
pub(super) const TITLE: &str = "titleLink";
/// The key of the column of organisations.
pub(super) const ORGANISATION: &str = "department_name";

/// An organisation as filters know it.
pub(super) struct Organisation {
    pub title: String,
    abbr: String,
    pub value: String,
}

impl Organisation {
    pub fn of(item: &Value, key: &str, prefix: &str) -> Option<Organisation> {
        let stored = &item[key];
        let title = text(stored, "title")?;
        let abbr = text(stored, "abbr").unwrap_or_default();
        let named = [text(stored, "slug"), slug_of(&abbr), slug_of(&title)];
        let slug = named.into_iter().flatten().next().unwrap_or_else(|| "unknown-organisation".to_owned());
        Some(Organisation { title, abbr, value: format!("{prefix}{slug}") })
    }
}

fn slug_of(text: &str) -> Option<String> {
    let slug = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-");
    (!slug.is_empty()).then_some(slug)
}

/// A dashboard in a list.
pub(super) struct Entry<'a> {
    pub item: &'a Value,
    pub title: String,
    department: Option<Organisation>,
    agency: Option<Organisation>,
}

impl<'a> Entry<'a> {
    pub fn of(item: &'a Value) -> Entry<'a> {
        Entry {
            item,
            title: text(item, "title").unwrap_or_default(),
            department: Organisation::of(item, "department", ""),
            agency: Organisation::of(item, "agency", "agency:"),
        }
    }

    pub fn organisations(&self) -> impl Iterator<Item = &Organisation> {
        self.department.iter().chain(&self.agency)
    }

    pub fn matches(&self, filter: &str) -> bool {
        let mut searched = self.title.clone();
        for organisation in self.organisations() {
            searched.push_str(&format!(" {} {}", organisation.abbr, organisation.title));
        }
        searched.to_lowercase().contains(&filter.to_lowercase())
    }
}

/// The dashboards that a list holds, by title.
pub fn members(published: &[Value], kind: Kind) -> Vec<&Value> {
    let mut members: Vec<&Value> = published
        .iter()
        .filter(|item| text(item, "dashboard-type").is_some_and(|own| kind.holds(&own)))
        .collect();
    members.sort_by_key(|item| text(item, "title"));
    members
}

/// A list as an answer.
pub(super) fn answered(list: List) -> Answer {
    Answer { status: 200, max_age: Some(LIST_AGE), hidden: false, page: Page::List(Box::new(list)) }
}

/// What names have to contain; empty for all.
pub(super) fn filter(request: &Request) -> String {
    request.parameter("filter").unwrap_or_default().trim().to_owned()
}

impl Site<'_> {
    pub(super) async fn list(&self, kind: Kind, request: &Request) -> Answer {
        let (published, measures) = if kind == Kind::Services {
            self.published_and_measured(request).await
        } else {
            (self.definitions.published().await, Measures::default())
        };
        let published = match published {
            Ok(published) => published,
            Err(reason) => return failure(reason.0, false),
        };
        in_language(self.language, || self.listed(kind, request, &published, &measures))
    }

    fn listed(&self, kind: Kind, request: &Request, published: &[Value], measures: &Measures) -> Answer {
        let words = kind.words();
        let all: Vec<Entry> = members(published, kind).into_iter().map(Entry::of).collect();
        let organisations = (kind == Kind::Services).then(|| organisations(&all));
        let example = all.first().map(|entry| {
            entry.organisations().next().map_or_else(|| entry.title.clone(), |own| own.title.clone())
        });
        let offered = |value: &&str| {
            organisations
                .iter()
                .flat_map(|(departments, agencies)| departments.iter().chain(agencies))
                .any(|(own, _)| own == value)
        };
        let selected = request.parameter("department").filter(offered).map(str::to_owned);
        let filter = filter(request);
        let is_listed = |entry: &Entry| {
            let chosen = |value: &String| entry.organisations().any(|own| own.value == *value);
            selected.as_ref().is_none_or(chosen) && entry.matches(&filter)
        };
        let listed: Vec<Entry> = all.into_iter().filter(is_listed).collect();
        let shown: Vec<&Measure> = shown(kind, request);
        let values: Vec<Values> = listed.iter().map(|entry| measures.of(entry.item)).collect();
        answered(List {
            path: format!("{}/{}", self.root, words.path),
            heading: words.heading,
            of: if kind == Kind::Services { Entries::Services } else { Entries::Dashboards },
            above: Vec::new(),
            example,
            count: listed.len(),
            filter,
            organisations,
            selected,
            measures: if kind == Kind::Services { choices_of_measures(&shown) } else { Vec::new() },
            aggregates: shown.iter().map(|measure| measure.over(&values)).collect(),
            table: self.table(&listed, &values, &shown, &words.column, request),
            without_measures: measures.failed,
        })
    }

    /// What is published and what services measure, asked for at the same time.
    pub(super) async fn published_and_measured(
        &self,
        request: &Request,
    ) -> (Result<Vec<Value>, NoDefinition>, Measures) {
        join(self.definitions.published(), measures::load(self.data, request.now)).await
    }

    /// The table of dashboards with the measures that are shown.
    pub(super) fn table(
        &self,
        listed: &[Entry<'_>],
        values: &[Values],
        shown: &[&Measure],
        name: &str,
        request: &Request,
    ) -> Table {
        let column = |label: &str, key: &str, numeric| Column {
            label: label.to_owned(),
            key: key.to_owned(),
            numeric,
        };
        let mut columns =
            vec![column(&say("column-department"), ORGANISATION, false), column(name, TITLE, false)];
        columns.extend(shown.iter().map(|measure| column(&measure.label(), measure.key, true)));
        let default = match shown.first() {
            Some(measure) => Sort { key: measure.key.to_owned(), direction: Direction::Descending },
            None => Sort { key: TITLE.to_owned(), direction: Direction::Ascending },
        };
        let wanted = request.sort(None).filter(|sort| columns.iter().any(|column| column.key == sort.key));
        let sorted = wanted.unwrap_or(default);
        let organisation =
            |entry: &Entry| entry.organisations().next().map(|organisation| organisation.title.clone());
        let sort_value = |&(entry, values): &(&Entry<'_>, &Values)| match sorted.key.as_str() {
            TITLE => Value::String(entry.title.clone()),
            ORGANISATION => organisation(entry).map_or(Value::Null, Value::String),
            key => crate::rows::value(values.get(key).copied()),
        };
        let mut rows: Vec<_> = listed.iter().zip(values).collect();
        sort::by_value(&mut rows, sorted.direction, sort_value);
        let sentence = Format::new(FormatKind::Sentence);
        let cells = |(entry, values): (&Entry<'_>, &Values)| -> Vec<Option<Text>> {
            let organisation = match organisation(entry) {
                Some(title) => sentence.write(&Value::String(title), request.now),
                None => Some(Text { full: Some(say("unknown").into_owned()), ..Text::plain("—") }),
            };
            let slug = text(entry.item, "slug").unwrap_or_default();
            let title =
                Text { href: Some(format!("{}/{slug}", self.root)), ..Text::plain(entry.title.clone()) };
            let measured = shown.iter().map(|measure| {
                let value = crate::rows::value(values.get(measure.key).copied());
                measure.format()?.write(&value, request.now)
            });
            [organisation, Some(title)].into_iter().chain(measured).collect()
        };
        let amounts = |(_, values): &(&Entry<'_>, &Values)| -> Vec<Option<f64>> {
            let measured = shown.iter().map(|measure| values.get(measure.key).copied());
            [None, None].into_iter().chain(measured).collect()
        };
        Table {
            amounts: rows.iter().map(amounts).collect(),
            rows: rows.into_iter().map(cells).collect::<Vec<_>>().into(),
            columns,
            row_header: !listed.is_empty(),
            sorted: Some(sorted),
            ..Table::default()
        }
    }
}

/// The measures that a list shows: those that readers chose, else the first.
fn shown(kind: Kind, request: &Request) -> Vec<&'static Measure> {
    if kind != Kind::Services {
        return Vec::new();
    }
    let shown = chosen_measures(request);
    if shown.is_empty() { MEASURES.iter().take(1).collect() } else { shown }
}

/// The measures to choose from, and whether they are shown.
pub(super) fn choices_of_measures(shown: &[&Measure]) -> Vec<(&'static str, Cow<'static, str>, bool)> {
    let is_shown = |measure: &Measure| shown.iter().any(|own| own.key == measure.key);
    MEASURES.iter().map(|measure| (measure.key, measure.label(), is_shown(measure))).collect()
}

/// The measures that readers chose.
pub(super) fn chosen_measures(request: &Request) -> Vec<&'static Measure> {
    let chosen = |measure: &&Measure| request.all("measure").any(|key| key == measure.key || key == "all");
    MEASURES.iter().filter(chosen).collect()
}

/// Departments and other bodies to choose from, by title.
fn organisations(entries: &[Entry<'_>]) -> (Choices, Choices) {
    let choices = |own: &dyn Fn(&Entry<'_>) -> Option<(String, String)>| {
        let mut choices: Choices = entries.iter().filter_map(own).collect();
        choices.sort_by(|a, b| a.1.cmp(&b.1));
        choices.dedup_by(|a, b| a.1 == b.1);
        choices
    };
    let pair = |organisation: &Option<Organisation>| {
        organisation.as_ref().map(|own| (own.value.clone(), own.title.clone()))
    };
    (choices(&|entry| pair(&entry.department)), choices(&|entry| pair(&entry.agency)))
}
