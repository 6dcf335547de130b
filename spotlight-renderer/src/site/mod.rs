//! What is at an address: from the path and parameters of a request to the facts of a page.
//!
//! [`modules`] makes the parts of a page from their definitions and data, [`dashboard`] what is around them, [`list`] the lists
//! with their [`measures`], [`search`] looks through all of them and [`mod@feed`] says what changed last, [`organisations`] what departments have, [`dates`] is the choice of
//! dates, [`mod@compare`] what is laid beside present values. Everything that has to be waited for is waited for at the same time;
//! what fails leaves a gap and not an error.

mod compare;
mod dashboard;
mod dates;
mod feed;
mod list;
mod measures;
mod modules;
mod organisations;
mod search;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::data::{DataSource, Definitions};
use crate::definition::resolve;
use crate::module::choice::Choice;
use crate::rows::sort::{Direction, Sort};
use crate::view::page::{Answer, Home, Page};
use crate::words::{Language, in_language};

pub use compare::Compare;
pub use measures::query as measures_query;

/// Seconds for which a dashboard may be kept.
const DASHBOARD_AGE: u32 = 600;
/// Seconds for which a list may be kept.
const LIST_AGE: u32 = 7200;
/// Seconds for which a failure may be kept.
const FAILURE_AGE: u32 = 5;

/// A site: where its definitions and figures are, and where it begins.
pub struct Site<'a> {
    /// The stored dashboards.
    pub definitions: &'a dyn Definitions,
    /// The figures.
    pub data: &'a dyn DataSource,
    /// Where the site begins, such as `/performance`.
    pub root: &'a str,
    /// The language of texts on pages whose definition does not say.
    pub language: Language,
}

/// What a reader asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The path below the root, percent-decoded, such as `/carers-allowance/journey`; empty for the front page.
    pub path: String,
    /// The parameters, decoded, in their order.
    pub parameters: Vec<(String, String)>,
    /// The present.
    pub now: DateTime<Utc>,
}

impl Request {
    /// The value of a parameter, if it is there and not empty; of several the first counts.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(own, _)| own == name)?;
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }

    /// All values of a parameter.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.parameters.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// What the reader wants tables to be sorted by: all of them, or that of one module.
    fn sort(&self, module: Option<&str>) -> Option<Sort> {
        let named = |name: &str| match module {
            Some(slug) => self.parameter(&format!("{name}.{slug}")),
            None => self.parameter(name),
        };
        let key = named("sortby")?.to_owned();
        Some(Sort { key, direction: Direction::parse(named("sortorder")) })
    }

    /// What the reader wants of the charts of a module: named for it alone, or for the page; groups are never those of a whole
    /// dashboard.
    fn choice(&self, module: &str, own_page: bool) -> Choice {
        let (drawing, groups) = (format!("view.{module}"), format!("series.{module}"));
        let mut groups: Vec<String> = self.all(&groups).map(str::to_owned).collect();
        if groups.is_empty() && own_page {
            groups = self.all("series").map(str::to_owned).collect();
        }
        groups.retain(|group| !group.is_empty());
        let drawing = self.parameter(&drawing).or_else(|| self.parameter("view"));
        Choice { drawing: drawing.map(str::to_owned), groups }
    }
}

impl Site<'_> {
    /// The answer to a request for a page.
    pub async fn answer(&self, request: &Request) -> Answer {
        let path = request.path.trim_start_matches('/');
        if let Some((organisations::PATH, value)) =
            path.split_once('/').filter(|(_, value)| !value.is_empty() && !value.ends_with('/'))
        {
            return self.organisation(value, request).await;
        }
        if path.contains('&') {
            return failure(404, true);
        }
        if path.is_empty() {
            return self.home(request).await;
        }
        if let Some(path) = path.strip_suffix('/') {
            let page = Page::Moved(format!("{}/{}", self.root, path.trim_end_matches('/')));
            return Answer { status: 301, max_age: Some(LIST_AGE), hidden: false, page };
        }
        if path.ends_with(".png") {
            // pictures of whole pages are gone for good
            return Answer { max_age: None, ..failure(410, false) };
        }
        match path {
            "search" => return self.search(request).await,
            "feed" => return self.feed().await,
            organisations::PATH => return self.organisations(request).await,
            _ => {}
        }
        if let Some(kind) = list::Kind::of(path) {
            return self.list(kind, request).await;
        }
        match resolve::slugs(path) {
            Some((slug, rest)) => self.dashboard(slug, &rest, request).await,
            None => failure(404, true),
        }
    }

    async fn home(&self, request: &Request) -> Answer {
        let (published, measures) = self.published_and_measured(request).await;
        let Ok(published) = published else { return failure(503, false) };
        in_language(self.language, || self.front(&published, &measures))
    }

    fn front(&self, published: &[Value], measures: &measures::Measures) -> Answer {
        let of = |kind: list::Kind| list::members(published, kind);
        let services = of(list::Kind::Services);
        let entries: Vec<_> = services.iter().map(|item| measures.of(item)).collect();
        let known = measures::MEASURES
            .iter()
            .map(|measure| measure.over(&entries))
            .filter(|aggregate| aggregate.value.is_some());
        let showcase = published.iter().filter_map(|item| {
            let text = |key: &str| crate::definition::text(item, key);
            let slug = text("slug")?;
            Some((
                dashboard::name(item, &text("title").unwrap_or_else(|| slug.clone())),
                format!("{}/{slug}", self.root),
                text("tagline"),
            ))
        });
        let home = Home {
            services: services.len(),
            web_traffic: of(list::Kind::WebTraffic).len(),
            other: of(list::Kind::Other).len(),
            aggregates: known.collect(),
            showcase: showcase.take(SHOWCASE).collect(),
        };
        Answer { status: 200, max_age: Some(LIST_AGE), hidden: false, page: Page::Home(home) }
    }
}

/// How many dashboards the front page names.
const SHOWCASE: usize = 12;

fn failure(status: u16, hidden: bool) -> Answer {
    Answer { status, max_age: Some(FAILURE_AGE), hidden, page: Page::Failure }
}
