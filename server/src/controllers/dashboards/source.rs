//! Definitions and figures for pages, from this process's own registry and store.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use query_lang::Policy;
use serde_json::Value;
use spotlight_renderer::data::{DataError, DataSource, Definitions, Make, NoDefinition, Row};
use spotlight_renderer::definition::Module;
use spotlight_renderer::definition::query::Query;
use spotlight_renderer::format::date;
use spotlight_renderer::view::Facts;
use spotlight_renderer::view::provenance::Licence;
use spotlight_renderer::words::Language;

use super::cache::minute;
use crate::state::AppState;
use stagecraft::Registry;

/// The registry and the store at the time of a request.
pub struct Source<'a> {
    state: &'a AppState,
    now: DateTime<Utc>,
    configuration: u64,
    asked: Mutex<BTreeMap<String, u64>>,
}

impl<'a> Source<'a> {
    /// What is known now.
    pub fn new(state: &'a AppState, now: DateTime<Utc>) -> Source<'a> {
        Source { state, now, configuration: state.registry.config_version(), asked: Mutex::default() }
    }

    /// The version of the configuration from before anything of it was read.
    pub fn configuration(&self) -> u64 {
        self.configuration
    }

    /// The data sets that were asked, each with its version from before it was asked first.
    pub fn asked(&self) -> Vec<(String, u64)> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().map(|(name, version)| (name.clone(), *version)).collect()
    }

    /// Remembers that a data set is asked, and its version.
    async fn note(&self, data_set: &str) -> Result<u64, String> {
        let version = self.state.store.version(data_set).await.map_err(|error| error.to_string())?;
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.entry(data_set.to_owned()).or_insert(version);
        Ok(version)
    }

    /// Everything that the facts of an answer depend on.
    async fn name_of_facts(&self, query: &Query, name: &str) -> Result<String, String> {
        let data_set = self.state.registry.data_set_by(&query.group, &query.data_type);
        let data_set = data_set.ok_or("there is no such data set")?;
        let version = self.note(&data_set.name).await?;
        let (asked, minute) = (query.query_string(), minute(self.now));
        Ok(format!("{} {version} {minute} {} {asked} {name}", self.configuration, data_set.name))
    }

    /// Everything that the facts of an answer depend on but the version of the data and the present.
    fn lasting_name(&self, query: &Query, name: &str) -> String {
        let now = date::to_query(self.now);
        let lasting = |(_, value): &&(String, String)| *value != now;
        let asked: String =
            query.parameters.iter().filter(lasting).map(|(name, value)| format!("{name}={value}&")).collect();
        format!("{} {} {asked} {name}", self.configuration, query.path())
    }

    async fn known_facts(&self, query: &Query, name: &str, make: Make<'_>) -> Result<Arc<Facts>, String> {
        let full_name = self.name_of_facts(query, name).await?;
        if let Some(kept) = self.state.pages.facts(&full_name) {
            return Ok(kept);
        }
        let facts = Arc::new(make(self.ask(query).await?));
        self.state.pages.keep_facts(full_name, facts.clone());
        self.state.pages.keep_last(self.lasting_name(query, name), facts.clone(), self.now);
        Ok(facts)
    }

    fn without_figures(&self, query: &Query, why: String) -> DataError {
        tracing::warn!(path = query.path(), query = query.query_string(), %why, "a module has no figures");
        self.state.metrics.module_without_figures();
        DataError(why)
    }

    async fn ask(&self, query: &Query) -> Result<Vec<Row>, String> {
        let data_set = self.state.registry.data_set_by(&query.group, &query.data_type);
        let data_set = data_set.ok_or("there is no such data set")?;
        self.note(&data_set.name).await?;
        // Whoever edits a dashboard decides what it shows.
        let policy = Policy { raw_queries_allowed: true };
        let parsed =
            query_lang::parse(&query.query_string(), &policy, self.now).map_err(|error| error.to_string())?;
        if !self.state.pages.keeps_answers() {
            let snapshot =
                self.state.store.snapshot(&data_set.name).await.map_err(|error| error.to_string())?;
            let answer = self.state.queries.answer(snapshot, &parsed, self.now).await;
            return Ok(answer.map_err(|error| error.to_string())?.rows());
        }
        let answer = self.state.queries.ask(&self.state.store, &data_set.name, &parsed, self.now).await;
        Ok(answer.map_err(|error| error.to_string())?.rows())
    }
}

#[async_trait]
impl DataSource for Source<'_> {
    async fn rows(&self, query: &Query) -> Result<Vec<Row>, DataError> {
        let answer = in_time(self.state.module_deadline, self.ask(query));
        answer.await.map_err(|why| self.without_figures(query, why))
    }

    async fn facts(&self, query: &Query, name: &str, make: Make<'_>) -> Result<Arc<Facts>, DataError> {
        let facts = in_time(self.state.module_deadline, self.known_facts(query, name, make));
        facts.await.map_err(|why| self.without_figures(query, why))
    }

    fn last_known(&self, query: &Query, name: &str) -> Option<(Arc<Facts>, DateTime<Utc>)> {
        self.state.pages.last(&self.lasting_name(query, name))
    }

    async fn updated(&self, query: &Query) -> Option<DateTime<Utc>> {
        let data_set = self.state.registry.data_set_by(&query.group, &query.data_type)?;
        self.note(&data_set.name).await.ok()?;
        self.state.store.last_updated(&data_set.name).await.ok().flatten()
    }

    fn licence(&self, query: &Query) -> Option<Licence> {
        let data_set = self.state.registry.data_set_by(&query.group, &query.data_type)?;
        Licence::of(&data_set.licence, &data_set.licence_url)
    }

    fn usual_pause(&self, query: &Query) -> Option<TimeDelta> {
        let data_set = self.state.registry.data_set_by(&query.group, &query.data_type)?;
        TimeDelta::try_seconds(data_set.max_age_expected.filter(|seconds| *seconds > 0)?)
    }
}

#[async_trait]
impl Definitions for Source<'_> {
    async fn dashboard(&self, slug: &str) -> Result<Arc<Value>, NoDefinition> {
        definition(&self.state.registry, slug).ok_or(NoDefinition(404))
    }

    fn modules(&self, slug: &str, language: Language, read: &dyn Fn() -> Vec<Module>) -> Arc<Vec<Module>> {
        let name = format!("{} {slug} {language:?}", self.configuration);
        self.state.pages.modules(&name).unwrap_or_else(|| {
            let modules = Arc::new(read());
            self.state.pages.keep_modules(name, modules.clone());
            modules
        })
    }

    async fn published(&self) -> Result<Vec<Value>, NoDefinition> {
        let mut list = self.state.registry.catalog().public_list();
        let Some(items) = list["items"].as_array_mut() else { return Ok(Vec::new()) };
        for item in items.iter_mut() {
            let definition = item["slug"].as_str().and_then(|slug| self.state.registry.dashboard(slug));
            item["tagline"] = definition.map_or(Value::Null, |definition| definition["tagline"].clone());
        }
        Ok(std::mem::take(items))
    }
}

/// The definition of a dashboard for its page: the public document, and how far it is on its way to the public where
/// `published` does not tell that.
pub fn definition(registry: &Registry, slug: &str) -> Option<Arc<Value>> {
    let document = registry.dashboard(slug)?;
    let stored = registry.catalog().dashboard_by_slug(slug)?;
    if ["published", "unpublished"].contains(&stored.status.as_str()) {
        return Some(document);
    }
    let mut with_status = Value::clone(&document);
    with_status["status"] = stored.status.as_str().into();
    Some(with_status.into())
}

/// An answer, or the news that there was none in time.
async fn in_time<T>(
    deadline: Duration,
    answer: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    tokio::time::timeout(deadline, answer).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_not_there_in_time_is_not_waited_for() {
        let (begun, deadline) = (tokio::time::Instant::now(), Duration::from_secs(5));
        let never = in_time(deadline, std::future::pending::<Result<(), String>>()).await;
        assert_eq!((never, begun.elapsed()), (Err("no answer in time".to_owned()), deadline));
        assert_eq!(in_time(deadline, async { Ok(1) }).await, Ok(1));
    }
}
