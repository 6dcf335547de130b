//! Where figures are from: what every file that is taken away says about itself.

use chrono::{DateTime, SecondsFormat, Utc};
use query_lang::{Policy, Shift};
use serde_json::{Value, json};

use super::page::{Answer, Entries, Page};
use super::{Body, Facts, Module};
use crate::definition::query::Query;
use crate::format::date;
use crate::site::measures_query;

/// A data set and what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The module that asked: its name in the page, if there is one.
    pub module: Option<String>,
    /// The data set as `group/type`.
    pub data_set: String,
    /// The address of the query, complete where the site is known.
    pub query: String,
    /// On what terms its records may be used, where they are others than those of the page.
    pub licence: Option<Licence>,
    /// The moments between which records were looked at, where the query has such bounds; the end is excluded.
    pub range: (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
}

/// A licence by name and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// Its name.
    pub title: String,
    /// Where its text is.
    pub url: Option<String>,
}

impl Licence {
    /// A licence by name and address, of which either may be empty, but not both.
    pub fn of(title: &str, url: &str) -> Option<Licence> {
        let title = if title.is_empty() { url } else { title };
        let url = Some(url).filter(|url| !url.is_empty()).map(str::to_owned);
        (!title.is_empty()).then(|| Licence { title: title.to_owned(), url })
    }

    /// What leads to it from an answer (RFC 8288), if it has an address that can stand there.
    pub fn link(&self) -> Option<String> {
        let url = self.url.as_deref().filter(|url| !url.contains(['<', '>', '"', ' ']))?;
        Some(format!("<{url}>; rel=\"license\""))
    }

    fn to_json(&self) -> Value {
        json!({"title": self.title, "url": self.url})
    }
}

/// Where the figures of a page are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// What the figures are about.
    pub title: String,
    /// Who publishes them.
    pub publisher: String,
    /// The address of the page, complete where the site is known.
    pub page: String,
    /// The data sets.
    pub sources: Vec<Source>,
    /// When any of them changed last.
    pub updated: Option<DateTime<Utc>>,
    /// When they were asked.
    pub retrieved: DateTime<Utc>,
    /// On what terms the figures may be used, if that is said.
    pub licence: Option<Licence>,
    /// The language of the texts.
    pub language: String,
}

impl Provenance {
    /// The moments between which all sources were looked at, as far as they agree that there are bounds.
    pub fn range(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let starts: Option<Vec<_>> = self.sources.iter().map(|source| source.range.0).collect();
        let ends: Option<Vec<_>> = self.sources.iter().map(|source| source.range.1).collect();
        (starts.and_then(|all| all.into_iter().min()), ends.and_then(|all| all.into_iter().max()))
    }

    /// The same for machines.
    pub fn to_json(&self) -> Value {
        let mut stated = self.lasting();
        stated["retrieved"] = moment(self.retrieved).into();
        stated
    }

    /// All of it but the time of the question: equal for equal figures, whenever they are asked for.
    pub fn lasting(&self) -> Value {
        let source = |source: &Source| {
            let mut stated = json!({"data_set": source.data_set, "query": source.query, "range": range_json(source.range)});
            if let Some(licence) = &source.licence {
                stated["licence"] = licence.to_json();
            }
            if let Some(module) = &source.module {
                stated["module"] = module.as_str().into();
            }
            stated
        };
        let licence = self.licence.as_ref().map(Licence::to_json);
        json!({
            "title": self.title,
            "publisher": self.publisher,
            "page": self.page,
            "sources": self.sources.iter().map(source).collect::<Vec<_>>(),
            "range": range_json(self.range()),
            "updated": self.updated.map(moment),
            "licence": licence,
        })
    }
}

fn range_json((from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>)) -> Value {
    match (from, to) {
        (None, None) => Value::Null,
        (from, to) => json!({"from": from.map(moment), "to": to.map(moment)}),
    }
}

/// A moment as machines read it, to the second.
pub fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The data sets that a page was made of. `address` makes the address of a query.
pub(crate) fn sources(
    answer: &Answer,
    now: DateTime<Utc>,
    address: &dyn Fn(&Query) -> String,
) -> Vec<Source> {
    let mut sources = Vec::new();
    match &answer.page {
        Page::Dashboard(page) => collect(&page.modules, now, address, &mut sources),
        Page::Module(page) => collect(std::slice::from_ref(&page.module), now, address, &mut sources),
        Page::List(list) if list.of != Entries::Dashboards => {
            sources.push(source(None, &measures_query(), now, address))
        }
        _ => {}
    }
    sources
}

fn collect(
    modules: &[Module],
    now: DateTime<Utc>,
    address: &dyn Fn(&Query) -> String,
    sources: &mut Vec<Source>,
) {
    for module in modules {
        if let Body::Section(children) | Body::Tabs(children) = &module.body {
            collect(children, now, address, sources);
        } else if let Some(query) = &module.query {
            sources.push(source(Some(module), query, now, address));
        }
    }
}

fn source(
    module: Option<&Module>,
    query: &Query,
    now: DateTime<Utc>,
    address: &dyn Fn(&Query) -> String,
) -> Source {
    Source {
        module: module.map(|module| module.slug.clone()),
        data_set: format!("{}/{}", query.group, query.data_type),
        query: address(query),
        licence: module.and_then(|module| module.licence.clone()),
        range: range(query, module.and_then(Module::facts), now),
    }
}

/// The bounds of a query. One that went to where there was data says so by what it shows.
fn range(
    query: &Query,
    facts: Option<&Facts>,
    now: DateTime<Utc>,
) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let bound = |name: &str| query.parameter(name).and_then(date::parse_text);
    let Ok(parsed) = query_lang::parse(&query.query_string(), &Policy { raw_queries_allowed: true }, now)
    else {
        return (bound("start_at"), bound("end_at"));
    };
    let window = parsed.window(now);
    let charts = facts.map(|facts| facts.charts.as_slice()).unwrap_or_default();
    let shown = charts.iter().find_map(|chart| Some((chart.slots.first()?.at?, chart.slots.last()?.at?)));
    match (window.shift, window.periods, shown) {
        (Shift::Earlier | Shift::Later, Some(periods), Some((first, last))) => {
            (Some(first), periods.calendar.add(periods.period, last, 1))
        }
        _ => (window.start, window.end),
    }
}
