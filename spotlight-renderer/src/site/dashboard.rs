//! Dashboards and the pages of their parts: what is around the modules.

use std::sync::Arc;

use serde_json::Value;

use super::list::Entry;
use super::modules::{self, Circumstances, Placed};
use super::{DASHBOARD_AGE, Request, Site, dates, failure};
use crate::definition::{Module as Definition, resolve, text};
use crate::module;
use crate::view::page::{Answer, Dashboard, Footer, ModulePage, Page, Related, State, Tagline};
use crate::view::provenance::Licence;
use crate::words::{Language, in_language, say_with};

impl Site<'_> {
    /// A dashboard, or the part of it that the rest of the path names.
    pub(super) async fn dashboard(&self, slug: &str, rest: &[&str], request: &Request) -> Answer {
        let definition = match self.definitions.dashboard(slug).await {
            Ok(definition) => definition,
            Err(reason) => return failure(reason.0, true),
        };
        let hidden = State::of(&definition) != State::Published;
        let kind = text(&definition, "page-type").unwrap_or_else(|| "dashboard".to_owned());
        if !matches!(kind.as_str(), "dashboard" | "module") {
            return failure(501, hidden);
        }
        let language = self.language_of(&definition);
        let modules = self.modules(slug, &definition, language);
        let page = if rest.is_empty() {
            Page::Dashboard(Box::new(self.whole(slug, &definition, &modules, request).await))
        } else {
            match resolve::module(&modules, rest) {
                Some(part) => {
                    Page::Module(Box::new(self.part(slug, rest, &definition, &part, request).await))
                }
                None => return failure(404, true),
            }
        };
        Answer { status: 200, max_age: Some(DASHBOARD_AGE), hidden, page }
    }

    /// The modules of a definition.
    pub(super) fn modules(&self, slug: &str, definition: &Value, language: Language) -> Arc<Vec<Definition>> {
        let read = || in_language(language, || resolve::modules(definition, &module::defaults));
        self.definitions.modules(slug, language, &read)
    }

    pub(super) fn language_of(&self, definition: &Value) -> Language {
        text(definition, "language").map_or(self.language, |tag| Language::of(&tag))
    }

    async fn whole(
        &self,
        slug: &str,
        definition: &Value,
        modules: &[Definition],
        request: &Request,
    ) -> Dashboard {
        let path = format!("{}/{slug}", self.root);
        let language = self.language_of(definition);
        let (range, dates) = in_language(language, || dates::choice(modules, request));
        let sort = |slug: &str| request.sort(Some(slug)).or_else(|| request.sort(None));
        let circumstances = Circumstances {
            data: self.data,
            now: request.now,
            sort: &sort,
            choice: &|slug| request.choice(slug, false),
            range,
            compare: dates::comparison(request),
            language,
            own_page: false,
        };
        let title = text(definition, "title").unwrap_or_else(|| slug.to_owned());
        let kind = text(definition, "dashboard-type").unwrap_or_default();
        let variant = Variant::of(&kind);
        Dashboard {
            modules: modules::load(modules, &path, &circumstances).await,
            slug: slug.to_owned(),
            strapline: text(definition, "strapline"),
            heading: in_language(language, || heading(&title, variant)),
            tagline: tagline(definition, &title, variant),
            named_for_search: (variant == Variant::Service).then(|| title.clone()),
            state: State::of(definition),
            transaction: related(&definition["relatedPages"]["transaction"]),
            other: definition["relatedPages"]["other"]
                .as_array()
                .map(|pages| pages.iter().filter_map(related).collect())
                .unwrap_or_default(),
            item_type: match variant {
                Variant::Content => "http://schema.org/GovernmentOrganization",
                _ => "http://schema.org/GovernmentService",
            },
            footer: matches!(variant, Variant::Service | Variant::Other).then(|| footer(definition)),
            language: text(definition, "language"),
            licence: licence(definition),
            abbreviation: text(&definition["department"], "abbr")
                .or_else(|| text(&definition["agency"], "abbr")),
            organisation: organisation(definition),
            dates,
            path,
        }
    }

    async fn part(
        &self,
        slug: &str,
        rest: &[&str],
        definition: &Value,
        part: &Definition,
        request: &Request,
    ) -> ModulePage {
        let dashboard = format!("{}/{slug}", self.root);
        let path = format!("{dashboard}/{}", rest.join("/"));
        let language = self.language_of(definition);
        let (range, dates) = in_language(language, || dates::choice_of_part(part, request));
        let sort = |slug: &str| request.sort(Some(slug)).or_else(|| request.sort(None));
        let circumstances = Circumstances {
            data: self.data,
            now: request.now,
            sort: &sort,
            choice: &|slug| request.choice(slug, true),
            range,
            compare: dates::comparison(request),
            language,
            own_page: true,
        };
        let placed = Placed { definition: part, slug: part.slug.clone(), path: path.clone() };
        let title = text(definition, "title").unwrap_or_else(|| slug.to_owned());
        ModulePage {
            module: modules::one(placed, &circumstances).await,
            heading: title,
            strapline: text(definition, "strapline"),
            state: State::of(definition),
            language: text(definition, "language"),
            licence: licence(definition),
            organisation: organisation(definition),
            dashboard,
            path,
            dates,
        }
    }
}

/// What the type of a dashboard decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Service,
    Organisation,
    Content,
    Other,
    Plain,
}

impl Variant {
    fn of(dashboard_type: &str) -> Variant {
        match dashboard_type {
            "transaction" | "high-volume-transaction" => Variant::Service,
            "department" | "agency" => Variant::Organisation,
            "content" => Variant::Content,
            "other" => Variant::Other,
            _ => Variant::Plain,
        }
    }
}

/// What a dashboard is called, wherever it is named.
pub(super) fn name(definition: &Value, title: &str) -> String {
    heading(title, Variant::of(&text(definition, "dashboard-type").unwrap_or_default()))
}

fn heading(title: &str, variant: Variant) -> String {
    match variant {
        Variant::Content => say_with("heading-content", &[("title", title.into())]),
        _ => title.to_owned(),
    }
}

fn tagline(definition: &Value, title: &str, variant: Variant) -> Option<Tagline> {
    let written = |key: &str| text(definition, key).map(Tagline::Written);
    match variant {
        Variant::Service => written("tagline").or_else(|| Some(Tagline::Service(title.to_owned()))),
        Variant::Organisation => Some(Tagline::Organisation(title.to_owned())),
        Variant::Other => written("description"),
        Variant::Content | Variant::Plain => written("tagline"),
    }
}

fn related(stored: &Value) -> Option<Related> {
    let title = text(stored, "title").or_else(|| text(stored, "text"))?;
    Some(Related { title, url: text(stored, "url")?, metadata: text(stored, "metadata") })
}

/// The organisation that a dashboard is listed with; those without published dashboards have no page.
fn organisation(definition: &Value) -> Option<(String, String)> {
    let entry = (State::of(definition) == State::Published).then(|| Entry::of(definition))?;
    entry.organisations().next().map(|own| (own.title.clone(), own.value.clone()))
}

fn licence(definition: &Value) -> Option<Licence> {
    let said = |key: &str| text(definition, key).unwrap_or_default();
    Licence::of(&said("licence"), &said("licence-url"))
}

fn footer(definition: &Value) -> Footer {
    let organisation = |label, key: &str| Some((label, text(&definition[key], "title")?));
    let fact = |label, key: &str| Some((label, text(definition, key)?));
    let facts = [
        organisation("fact-service", "service"),
        organisation("fact-agency", "agency"),
        organisation("fact-department", "department"),
        fact("fact-user", "customer-type"),
        fact("fact-payer", "business-model"),
    ];
    Footer {
        description: text(definition, "description"),
        facts: facts.into_iter().flatten().collect(),
        description_extra: text(definition, "description-extra"),
        costs: text(definition, "costs"),
        other_notes: text(definition, "other-notes"),
        improve: definition["relatedPages"]["improve-dashboard-message"] == Value::Bool(true),
    }
}
