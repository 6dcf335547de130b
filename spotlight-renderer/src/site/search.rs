//! Search: every published dashboard and every module of one, by the words of titles, descriptions and organisations.

use futures::future::join_all;
use serde_json::Value;

use super::dashboard::name;
use super::{LIST_AGE, Request, Site, failure};
use crate::definition::{Module as Definition, text};
use crate::page::plain_text;
use crate::view::page::{Answer, Found, Page, Search};

/// So many dashboards are shown, the best first.
const SHOWN: usize = 40;
/// So many modules of one dashboard are shown.
const MODULES: usize = 8;

impl Site<'_> {
    /// What has all words of the reader in it.
    pub(super) async fn search(&self, request: &Request) -> Answer {
        let query = request.parameter("q").unwrap_or_default().trim().to_owned();
        let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
        let Ok(published) = self.definitions.published().await else { return failure(503, false) };
        let mut found: Vec<(usize, Found)> = Vec::new();
        if !words.is_empty() {
            let slugs = published.iter().filter_map(|item| item["slug"].as_str());
            let definitions = join_all(slugs.map(|slug| self.definitions.dashboard(slug))).await;
            let definitions = definitions.into_iter().filter_map(Result::ok);
            found.extend(definitions.filter_map(|definition| self.matches(&definition, &words)));
        }
        found
            .sort_by(|(one, left), (other, right)| one.cmp(other).then_with(|| left.title.cmp(&right.title)));
        let search = Search {
            path: format!("{}/search", self.root),
            query,
            count: found.len(),
            found: found.into_iter().map(|(_, found)| found).take(SHOWN).collect(),
        };
        Answer { status: 200, max_age: Some(LIST_AGE), hidden: true, page: Page::Search(search) }
    }

    /// What of a dashboard has the words in it, and how far down it belongs.
    fn matches(&self, definition: &Value, words: &[String]) -> Option<(usize, Found)> {
        let slug = text(definition, "slug")?;
        let title = text(definition, "title").unwrap_or_else(|| slug.clone());
        let path = format!("{}/{slug}", self.root);
        let organisations: Vec<String> = ["department", "agency"]
            .iter()
            .flat_map(|key| [text(&definition[*key], "title"), text(&definition[*key], "abbr")])
            .flatten()
            .collect();
        let about = [Some(title.clone()), text(definition, "tagline"), text(definition, "description")];
        let about: Vec<String> = about.into_iter().flatten().chain(organisations.iter().cloned()).collect();
        let about = plain_text(&about.join(" ")).to_lowercase();
        let mut modules = Vec::new();
        let all = self.modules(&slug, definition, self.language_of(definition));
        collect(&all, &path, &about, words, &mut modules);
        let whole = words.iter().all(|word| about.contains(word.as_str()));
        if !whole && modules.is_empty() {
            return None;
        }
        let named = title.to_lowercase();
        let place = match (words.iter().all(|word| named.contains(word.as_str())), whole) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        };
        modules.truncate(MODULES);
        Some((
            place,
            Found {
                title: name(definition, &title),
                path,
                organisation: organisations.into_iter().next(),
                modules,
            },
        ))
    }
}

/// The modules that have all words in their own texts or in those around them, and at least one in their own.
fn collect(
    modules: &[Definition],
    path: &str,
    around: &str,
    words: &[String],
    found: &mut Vec<(String, String)>,
) {
    for module in modules {
        let own = format!("{} {}", module.title, module.description.as_deref().unwrap_or_default());
        let own = plain_text(&own).to_lowercase();
        let has = |word: &String| own.contains(word.as_str());
        let path = format!("{path}/{}", module.slug);
        if module.kind != "section"
            && words.iter().any(has)
            && words.iter().all(|word| has(word) || around.contains(word.as_str()))
        {
            found.push((plain_text(&module.title), path.clone()));
        }
        if module.kind == "section" {
            collect(&module.children, &path, &format!("{around} {own}"), words, found);
        }
    }
}
