//! The parts of a page: each asks for its data, and is what its type makes of the answer.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, join_all};

use super::compare::{self, Compare, Earlier};
use super::dates::Range;
use crate::data::{DataError, DataSource, Row};
use crate::definition::Module as Definition;
use crate::definition::query::Query;
use crate::module::choice::Choice;
use crate::module::{self, Scene, Type};
use crate::rows::sort::Sort;
use crate::view::{Body, Due, Facts, Module, Uncompared};
use crate::words::{Language, in_language};

/// The circumstances in which the modules of a page are made.
pub struct Circumstances<'a> {
    pub data: &'a dyn DataSource,
    pub now: DateTime<Utc>,
    /// What a reader wants the table of a module to be sorted by.
    pub sort: &'a (dyn Fn(&str) -> Option<Sort> + Sync),
    /// What a reader wants of the charts of a module.
    pub choice: &'a (dyn Fn(&str) -> Choice + Sync),
    /// The dates that a reader chose.
    pub range: Option<Range>,
    /// What a reader wants present values to be compared with.
    pub compare: Option<Compare>,
    /// The language of the page.
    pub language: Language,
    /// Whether the page is one of this module alone.
    pub own_page: bool,
}

/// A module in its place.
pub struct Placed<'a> {
    pub definition: &'a Definition,
    /// Its name in the page.
    pub slug: String,
    /// The path of its own page.
    pub path: String,
}

/// The modules of a list of definitions; those of unknown types are there too.
pub async fn load(definitions: &[Definition], path: &str, circumstances: &Circumstances<'_>) -> Vec<Module> {
    let placed: Vec<Placed> = definitions
        .iter()
        .map(|definition| Placed {
            slug: definition.slug.clone(),
            path: format!("{path}/{}", definition.slug),
            definition,
        })
        .collect();
    join_all(placed.into_iter().map(|placed| one(placed, circumstances))).await
}

/// One module, with all that is inside it.
pub fn one<'a>(
    Placed { definition, slug, path }: Placed<'a>,
    circumstances: &'a Circumstances<'a>,
) -> BoxFuture<'a, Module> {
    Box::pin(async move {
        let is_unknown = !module::is_known(&definition.kind);
        let kind = if is_unknown { Some(module::plain()) } else { module::of(&definition.kind) };
        let wishes = kind.map(|kind| {
            let mut wishes = kind.wishes(definition, circumstances.now);
            if let Some(range) = circumstances.range.as_ref().filter(|_| kind.dates()) {
                wishes.over.extend(range.parameters(definition.query_period(), circumstances.now));
            }
            wishes
        });
        let query = wishes.and_then(|wishes| Query::of(definition, &wishes, circumstances.now));
        let (mut updated, mut outdated, mut uncompared) = (None, None, None);
        let mut due = None;
        let body = match (definition.kind.as_str(), kind.zip(query.as_ref())) {
            ("section", ..) => Body::Section(load(&definition.children, &path, circumstances).await),
            ("tab", ..) => Body::Tabs(tabs(definition, &slug, &path, circumstances).await),
            (_, None) if is_unknown => Body::Unknown,
            (_, None) => Body::Failed,
            (_, Some((kind, query))) => {
                let asking = Asking {
                    kind,
                    definition,
                    query,
                    name: name_of_facts(&slug, &path, circumstances),
                    scene: Scene {
                        now: circumstances.now,
                        sort: (circumstances.sort)(&slug),
                        choice: (circumstances.choice)(&slug),
                        own_page: circumstances.own_page,
                    },
                    circumstances,
                };
                match asking.facts().await {
                    Ok((facts, missing)) => {
                        uncompared = missing;
                        updated = circumstances.data.updated(query).await;
                        due = next_update(updated, query, circumstances);
                        Body::Facts(facts)
                    }
                    Err(_) => match asking.last_known().await {
                        Some((facts, missing, then)) => {
                            outdated = Some(then);
                            uncompared = missing;
                            Body::Facts(facts)
                        }
                        None => Body::Failed,
                    },
                }
            }
        };
        Module {
            dates: kind.is_some_and(|kind| kind.dates()),
            kind: definition.kind.clone(),
            is_unknown,
            title: definition.title.clone(),
            description: definition.description.clone(),
            classes: definition.classes.clone(),
            restricted: definition.restricted,
            info: definition.info.clone(),
            licence: query.as_ref().and_then(|query| circumstances.data.licence(query)),
            query,
            updated,
            due,
            outdated,
            uncompared,
            slug,
            path,
            body,
        }
    })
}

/// By when data should change that changed last at a moment.
fn next_update(
    updated: Option<DateTime<Utc>>,
    query: &Query,
    circumstances: &Circumstances<'_>,
) -> Option<Due> {
    let by = updated?.checked_add_signed(circumstances.data.usual_pause(query)?)?;
    Some(Due { by, late: by < circumstances.now })
}

/// What tells the facts of a module apart from all others that are made of the same answer.
fn name_of_facts(slug: &str, path: &str, circumstances: &Circumstances<'_>) -> String {
    let sort = (circumstances.sort)(slug);
    let mut name = format!("{path} {:?} {sort:?} {}", circumstances.language, circumstances.own_page);
    let choice = (circumstances.choice)(slug);
    if !choice.is_usual() {
        name.push_str(&format!(" {choice:?}"));
    }
    name
}

/// A module that asks for its data.
struct Asking<'a> {
    kind: &'a dyn Type,
    definition: &'a Definition,
    query: &'a Query,
    /// What tells its facts apart from all others that are made of the same answer.
    name: String,
    scene: Scene,
    circumstances: &'a Circumstances<'a>,
}

impl Asking<'_> {
    fn make(&self, rows: Vec<Row>) -> Facts {
        in_language(self.circumstances.language, || self.kind.facts(self.definition, rows, &self.scene))
    }

    /// What a reader wants its values to be compared with, if it can be compared.
    fn compare(&self) -> Option<Compare> {
        self.circumstances.compare.filter(|_| self.kind.dates())
    }

    /// What it has to show, perhaps beside earlier values.
    async fn facts(&self) -> Result<(Arc<Facts>, Option<Uncompared>), DataError> {
        let data = self.circumstances.data;
        let make = |rows: Vec<Row>| self.make(rows);
        let Some(compare) = self.compare() else {
            return Ok((data.facts(self.query, &self.name, &make).await?, None));
        };
        let rows = data.rows(self.query).await?;
        let earlier = compare::extent(&rows).and_then(|extent| Earlier::of(compare, self.query, extent));
        let facts = Arc::new(make(rows));
        let before = match &earlier {
            Some(earlier) => data.facts(&earlier.query, &self.name, &make).await.ok(),
            None => None,
        };
        Ok(self.beside(facts, earlier.zip(before)))
    }

    /// What it showed last and when, where its data cannot be had now; beside earlier values, where a reader wants them and those
    /// are known or can be had.
    async fn last_known(&self) -> Option<(Arc<Facts>, Option<Uncompared>, DateTime<Utc>)> {
        let data = self.circumstances.data;
        let (facts, then) = data.last_known(self.query, &self.name)?;
        let Some(compare) = self.compare() else { return Some((facts, None, then)) };
        let extent = facts.charts.iter().find_map(|chart| chart.extent());
        let earlier = extent.and_then(|extent| Earlier::of(compare, self.query, extent));
        let before = match &earlier {
            Some(earlier) => match data.last_known(&earlier.query, &self.name) {
                Some((before, _)) => Some(before),
                None => {
                    let make = |rows: Vec<Row>| self.make(rows);
                    data.facts(&earlier.query, &self.name, &make).await.ok()
                }
            },
            None => None,
        };
        let (facts, uncompared) = self.beside(facts, earlier.zip(before));
        Some((facts, uncompared, then))
    }

    /// Facts beside earlier ones, if there are any, and what is missing of the comparison.
    fn beside(
        &self,
        facts: Arc<Facts>,
        earlier: Option<(Earlier, Arc<Facts>)>,
    ) -> (Arc<Facts>, Option<Uncompared>) {
        let Some((earlier, before)) = earlier else { return (facts, Some(Uncompared::Nothing)) };
        let mut both = Arc::unwrap_or_clone(facts);
        let uncompared = in_language(self.circumstances.language, || earlier.beside(&mut both, &before));
        (Arc::new(both), uncompared)
    }
}

/// The children of a set of tabs, which go by the name of the set and their own.
async fn tabs(
    definition: &Definition,
    slug: &str,
    path: &str,
    circumstances: &Circumstances<'_>,
) -> Vec<Module> {
    let child = |child: &Definition| {
        let mut definition_of_child = child.clone();
        if definition_of_child.info.is_empty() {
            definition_of_child.info = definition.info.clone();
        }
        let slug = format!("{slug}-{}", child.slug);
        (definition_of_child, format!("{path}/{slug}"), slug)
    };
    let children: Vec<_> = definition.children.iter().map(child).collect();
    let placed = children.iter().map(|(definition, path, slug)| {
        one(Placed { definition, slug: slug.clone(), path: path.clone() }, circumstances)
    });
    join_all(placed).await
}
