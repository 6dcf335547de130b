//! The parts of a page: each asks for its data, and is what its type makes of the answer.

use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, join_all};

use super::compare::{Compare, Earlier};
use super::dates::Range;
use crate::data::DataSource;
use crate::definition::Module as Definition;
use crate::definition::query::Query;
use crate::module::{self, Scene};
use crate::rows::sort::Sort;
use crate::view::{Body, Module};
use crate::words::{Language, in_language};

/// The circumstances in which the modules of a page are made.
pub struct Circumstances<'a> {
    pub data: &'a dyn DataSource,
    pub now: DateTime<Utc>,
    /// What a reader wants the table of a module to be sorted by.
    pub sort: &'a (dyn Fn(&str) -> Option<Sort> + Sync),
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
        let kind = module::of(&definition.kind);
        let wishes = kind.map(|kind| {
            let mut wishes = kind.wishes(definition, circumstances.now);
            if let Some(range) = circumstances.range.as_ref().filter(|_| kind.dates()) {
                wishes.over.extend(range.parameters(definition.query_period(), circumstances.now));
            }
            wishes
        });
        let query = wishes.and_then(|wishes| Query::of(definition, &wishes, circumstances.now));
        let mut updated = None;
        let body = match (definition.kind.as_str(), kind) {
            ("section", _) => Body::Section(load(&definition.children, &path, circumstances).await),
            ("tab", _) => Body::Tabs(tabs(definition, &slug, &path, circumstances).await),
            (_, None) => Body::Unknown,
            (_, Some(kind)) => match &query {
                None => Body::Failed,
                Some(query) => match circumstances.data.rows(query).await {
                    Err(_) => Body::Failed,
                    Ok(rows) => {
                        updated = circumstances.data.updated(query).await;
                        let scene = Scene {
                            now: circumstances.now,
                            sort: (circumstances.sort)(&slug),
                            own_page: circumstances.own_page,
                        };
                        let earlier = match circumstances.compare.filter(|_| kind.dates()) {
                            Some(compare) => Earlier::of(compare, query, &rows),
                            None => None,
                        };
                        let facts_of = |rows| kind.facts(definition, rows, &scene);
                        let mut facts = in_language(circumstances.language, || facts_of(rows));
                        if let Some(earlier) = earlier
                            && let Ok(rows) = circumstances.data.rows(&earlier.query).await
                        {
                            in_language(circumstances.language, || {
                                earlier.beside(&mut facts, &facts_of(rows))
                            });
                        }
                        Body::Facts(Box::new(facts))
                    }
                },
            },
        };
        Module {
            dates: kind.is_some_and(|kind| kind.dates()),
            kind: definition.kind.clone(),
            title: definition.title.clone(),
            description: definition.description.clone(),
            classes: definition.classes.clone(),
            restricted: definition.restricted,
            info: definition.info.clone(),
            query,
            updated,
            slug,
            path,
            body,
        }
    })
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
