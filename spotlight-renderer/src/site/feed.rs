//! Which dashboards have changed, and when.

use chrono::{DateTime, Utc};
use futures::future::join_all;
use serde_json::Value;

use super::dashboard::name;
use super::{LIST_AGE, Site, failure};
use crate::definition::query::Query;
use crate::definition::text;
use crate::page::plain_text;
use crate::view::page::{Answer, Feed, Page};

/// So many dashboards are in the feed, the last changed first.
const ENTRIES: usize = 50;

impl Site<'_> {
    /// The published dashboards by the time at which any of their data changed last.
    pub(super) async fn feed(&self) -> Answer {
        let Ok(published) = self.definitions.published().await else { return failure(503, false) };
        let slugs = published.iter().filter_map(|item| item["slug"].as_str());
        let entries = join_all(slugs.map(|slug| self.changed(slug))).await;
        let mut dashboards: Vec<_> = entries.into_iter().flatten().collect();
        dashboards.sort_by_key(|(.., time)| std::cmp::Reverse(*time));
        dashboards.truncate(ENTRIES);
        let path = format!("{}/feed.atom", self.root);
        let page = Page::Feed(Feed { path, dashboards });
        Answer { status: 200, max_age: Some(LIST_AGE), hidden: false, page }
    }

    async fn changed(&self, slug: &str) -> Option<(String, String, Option<String>, DateTime<Utc>)> {
        let definition = self.definitions.dashboard(slug).await.ok()?;
        let mut sources = Vec::new();
        collect(&definition, &mut sources);
        let times = join_all(sources.iter().map(|source| self.data.updated(source))).await;
        let newest = times.into_iter().flatten().max()?;
        let title = text(&definition, "title").unwrap_or_else(|| slug.to_owned());
        let tagline = text(&definition, "tagline").map(|html| plain_text(&html));
        Some((name(&definition, &title), format!("{}/{slug}", self.root), tagline, newest))
    }
}

/// The data sets of all modules, each once.
fn collect(stored: &Value, sources: &mut Vec<Query>) {
    for module in ["modules", "tabs"].iter().filter_map(|key| stored[*key].as_array()).flatten() {
        let source = &module["data-source"];
        if let (Some(group), Some(data_type)) = (text(source, "data-group"), text(source, "data-type")) {
            let source = Query { group, data_type, parameters: Vec::new() };
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        collect(module, sources);
    }
}
