//! Pages, and parts of pages, that were made before.
//!
//! A page is a function of the configuration, the versions of the data sets that it asked, the address and the minute. A kept
//! page is given again only while all of these are what they were, so that a record that is written shows at once. The facts
//! of a module are a function of the same things, with its query in the place of the address: they outlive the pages that show
//! them together with others.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use clap::ValueEnum;
use flate2::Compression;
use flate2::write::GzEncoder;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use spotlight_renderer::definition::Module;
use spotlight_renderer::view::Facts;

use crate::controllers::read::already_known;
use crate::state::AppState;

/// How much memory pages may take, in bytes.
const CAPACITY: u64 = 64 * 1024 * 1024;
/// How many pages there usually are.
const USUAL_COUNT: usize = 2048;
/// How much memory facts may take, in bytes, roughly.
const FACTS_CAPACITY: u64 = 64 * 1024 * 1024;
/// How many modules there usually are.
const USUAL_FACTS: usize = 8192;
/// How much memory facts may take that are shown where newer ones cannot be had, in bytes, roughly.
const LAST_CAPACITY: u64 = 32 * 1024 * 1024;
/// How much memory the modules of definitions may take, in bytes, roughly.
const MODULES_CAPACITY: u64 = 32 * 1024 * 1024;
/// Small answers are not worth compressing.
const WORTH_COMPRESSING: usize = 1024;

/// A page with everything that is sent with it.
#[derive(Debug)]
pub struct Made {
    /// The status.
    pub status: StatusCode,
    /// The headers, without those of the encoding.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    compressed: OnceLock<Bytes>,
}

/// What a page was made of.
#[derive(Debug, PartialEq, Eq)]
struct Sources {
    configuration: u64,
    minute: i64,
    data_sets: Vec<(String, u64)>,
}

#[derive(Debug)]
struct Kept {
    sources: Sources,
    page: Arc<Made>,
}

#[derive(Debug, Clone)]
struct ByteCount;

impl Weighter<String, Arc<Kept>> for ByteCount {
    fn weight(&self, key: &String, kept: &Arc<Kept>) -> u64 {
        // the compressed form takes about a fifth
        (key.len() + kept.page.body.len() * 6 / 5 + 1024) as u64
    }
}

impl Weighter<String, Arc<Vec<Module>>> for ByteCount {
    fn weight(&self, key: &String, modules: &Arc<Vec<Module>>) -> u64 {
        fn count(modules: &[Module]) -> usize {
            modules.iter().map(|module| 1 + count(&module.children)).sum()
        }
        // options with the defaults of a type are a few kilobytes
        (key.len() + 512 + count(modules) * 4096) as u64
    }
}

impl Weighter<String, (Arc<Facts>, DateTime<Utc>)> for ByteCount {
    fn weight(&self, key: &String, (facts, _): &(Arc<Facts>, DateTime<Utc>)) -> u64 {
        self.weight(key, facts)
    }
}

impl Weighter<String, Arc<Facts>> for ByteCount {
    fn weight(&self, key: &String, facts: &Arc<Facts>) -> u64 {
        let cells = facts.table.as_ref().map_or(0, |table| table.rows.len() * table.columns.len());
        let points = facts.charts.iter().map(|chart| chart.slots.len() * (chart.series.len() + 4));
        // with what is written of them: some forty bytes for a cell and a hundred for a strip of a chart
        (key.len() + 8192 + cells * 152 + points.sum::<usize>() * 48) as u64
    }
}

/// What dashboards keep between requests. All but the last are for measuring what the others are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, ValueEnum)]
pub enum Keep {
    /// Nothing: every query is answered anew.
    Nothing,
    /// The answers to queries.
    Answers,
    /// Also what modules made of them.
    Modules,
    /// Also pages as they were sent.
    #[default]
    Pages,
}

/// Pages by address, and the facts of modules.
#[derive(Debug)]
pub struct Pages {
    keep: Keep,
    pages: Cache<String, Arc<Kept>, ByteCount>,
    facts: Cache<String, Arc<Facts>, ByteCount>,
    last: Cache<String, (Arc<Facts>, DateTime<Utc>), ByteCount>,
    modules: Cache<String, Arc<Vec<Module>>, ByteCount>,
}

impl Default for Pages {
    fn default() -> Pages {
        Pages::keeping(Keep::default())
    }
}

impl Pages {
    /// A memory that keeps so much.
    pub fn keeping(keep: Keep) -> Pages {
        Pages {
            keep,
            pages: Cache::with_weighter(USUAL_COUNT, CAPACITY, ByteCount),
            facts: Cache::with_weighter(USUAL_FACTS, FACTS_CAPACITY, ByteCount),
            last: Cache::with_weighter(USUAL_FACTS, LAST_CAPACITY, ByteCount),
            modules: Cache::with_weighter(USUAL_COUNT, MODULES_CAPACITY, ByteCount),
        }
    }

    /// Whether the answers to queries are kept.
    pub fn keeps_answers(&self) -> bool {
        self.keep >= Keep::Answers
    }

    /// Facts that were made before. Their name tells everything that they depend on.
    pub fn facts(&self, name: &str) -> Option<Arc<Facts>> {
        self.facts.get(name)
    }

    /// Keeps facts.
    pub fn keep_facts(&self, name: String, facts: Arc<Facts>) {
        if self.keep >= Keep::Modules {
            self.facts.insert(name, facts);
        }
    }

    /// The modules of a definition that were read before. Their name tells which configuration they are of.
    pub fn modules(&self, name: &str) -> Option<Arc<Vec<Module>>> {
        self.modules.get(name)
    }

    /// Keeps the modules of a definition.
    pub fn keep_modules(&self, name: String, modules: Arc<Vec<Module>>) {
        if self.keep >= Keep::Modules {
            self.modules.insert(name, modules);
        }
    }

    /// The facts that were made last under a name, whatever has changed since, and when that was.
    pub fn last(&self, name: &str) -> Option<(Arc<Facts>, DateTime<Utc>)> {
        self.last.get(name)
    }

    /// Keeps facts for when newer ones cannot be had.
    pub fn keep_last(&self, name: String, facts: Arc<Facts>, now: DateTime<Utc>) {
        if self.keep >= Keep::Modules {
            self.last.insert(name, (facts, now));
        }
    }

    /// The page of an address, if it is as it was.
    pub async fn get(&self, address: &str, state: &AppState, now: DateTime<Utc>) -> Option<Arc<Made>> {
        let kept = self.pages.get(address)?;
        let names = kept.sources.data_sets.iter().map(|(name, _)| name.clone());
        let sources = Sources::of(names.collect(), state, now).await?;
        (kept.sources == sources).then(|| kept.page.clone())
    }

    /// Keeps a page that was made of these data sets. `configuration` and `versions` are those from before it was made.
    pub fn keep(
        &self,
        address: &str,
        page: Arc<Made>,
        configuration: u64,
        data_sets: Vec<(String, u64)>,
        now: DateTime<Utc>,
    ) {
        if self.keep < Keep::Pages {
            return;
        }
        let sources = Sources { configuration, minute: minute(now), data_sets };
        self.pages.insert(address.to_owned(), Arc::new(Kept { sources, page }));
    }
}

impl Sources {
    /// What they are now; `None` when that cannot be found out.
    async fn of(names: Vec<String>, state: &AppState, now: DateTime<Utc>) -> Option<Sources> {
        let mut data_sets = Vec::with_capacity(names.len());
        for name in names {
            let version = state.store.version(&name).await.ok()?;
            data_sets.push((name, version));
        }
        Some(Sources { configuration: state.registry.config_version(), minute: minute(now), data_sets })
    }
}

/// The minute of a moment.
pub fn minute(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(60)
}

impl Made {
    /// A page to be sent.
    pub fn new(status: StatusCode, headers: HeaderMap, body: Vec<u8>) -> Made {
        Made { status, headers, body: body.into(), compressed: OnceLock::new() }
    }

    /// The answer to a request: nothing if the reader has the page, compressed if the reader can read that.
    pub fn respond(&self, request: &HeaderMap) -> Response {
        let tag = self.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
        // the two marks of a tag that differ say how equal, not whether
        let tag = tag.map(|tag| tag.trim_start_matches("W/"));
        let mut response =
            if self.status == StatusCode::OK && tag.is_some_and(|tag| already_known(request, tag)) {
                StatusCode::NOT_MODIFIED.into_response()
            } else if takes_gzip(request) && self.is_text() && self.body.len() > WORTH_COMPRESSING {
                let body = self.compressed.get_or_init(|| gzip(&self.body)).clone();
                let mut response = (self.status, body).into_response();
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                response
            } else {
                (self.status, self.body.clone()).into_response()
            };
        let is_new = response.status() != StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(header::CONTENT_TYPE);
        for (name, value) in &self.headers {
            if is_new || name != header::CONTENT_TYPE {
                response.headers_mut().insert(name, value.clone());
            }
        }
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
        response
    }

    fn is_text(&self) -> bool {
        let content_type = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        content_type.is_some_and(|kind| {
            ["text/", "application/json", "application/xml", "application/atom", "image/svg"]
                .iter()
                .any(|text| kind.starts_with(text))
        })
    }
}

/// Whether `Accept-Encoding` names gzip and does not rule it out.
fn takes_gzip(request: &HeaderMap) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip")
            && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::default());
    // writing to memory does not fail
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_where_it_is_wanted() {
        for (value, wanted) in
            [("gzip", true), ("br, gzip;q=0.8", true), ("gzip;q=0", false), ("br", false), ("", false)]
        {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]);
            assert_eq!(takes_gzip(&headers), wanted, "{value}");
        }
    }
}
