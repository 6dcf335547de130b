//! Dashboards: what a page says above, beside and below its modules, which are in `module.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::catalog::{Catalog, Entity, Table, entity};
pub use crate::dashboard_texts::{DASHBOARD_TYPES, TEXTS, Texts};
use crate::database::{Column, Row, RowReader};
use crate::module::ModuleEntry;
use crate::validate::{FieldErrors, SLUG_MESSAGE, is_lower_slug};
use crate::{Edit, RegistryError};

const PUBLISHED: &str = "published";
pub(crate) const UNPUBLISHED: &str = "unpublished";

/// A dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Dashboard {
    /// Identifies it.
    pub id: Uuid,
    /// Its address below the public site: lower-case letters, digits and hyphens.
    pub slug: String,
    /// Its heading.
    pub title: String,
    /// `unpublished`, `in-review`, `published` or `retired`; others are kept as they come.
    pub status: String,
    /// What else it says.
    pub texts: Texts,
    /// Whether the page invites to improve it.
    pub improve_dashboard_message: bool,
    /// The node of the organisation that it is about.
    pub organisation: Option<Uuid>,
    /// Where it leads: at most one transaction, and others.
    pub links: Vec<Link>,
    /// The e-mail addresses of those who may see and change it here; the public page is everybody's.
    pub owners: BTreeSet<String>,
}

/// Words that stand for pages of the public site: a dashboard of such a name could never be seen.
pub const RESERVED_SLUGS: &[&str] = &[
    "about",
    "accessibility",
    "services",
    "web-traffic",
    "other",
    "prototypes",
    "data",
    "assets",
    "big-screen",
    "search",
    "departments",
    "feed",
    "oembed",
];

/// A link from a dashboard to somewhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it says.
    pub title: String,
    /// What it leads to.
    #[serde(rename = "type")]
    pub kind: LinkKind,
    /// Where it leads.
    pub url: String,
}

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkKind {
    /// The service itself.
    Transaction,
    /// Anything else.
    Other,
}

impl Link {
    fn check(&self) -> Result<(), RegistryError> {
        let mut errors = FieldErrors::default();
        errors.at_most("links", &self.title, 100);
        errors.at_most("links", &self.url, 200);
        errors.web_address("links", &self.url);
        errors.into_result()
    }
}

/// Parts of a dashboard to be changed; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct DashboardChanges {
    /// See [`Dashboard::slug`].
    pub slug: Option<String>,
    /// See [`Dashboard::title`].
    pub title: Option<String>,
    /// See [`Dashboard::status`].
    pub status: Option<String>,
    /// Publishes it, or takes it back. Wins over a status that says the opposite.
    pub published: Option<bool>,
    /// Texts by name, see [`TEXTS`].
    pub texts: Vec<(String, String)>,
    /// See [`Dashboard::improve_dashboard_message`].
    pub improve_dashboard_message: Option<bool>,
    /// See [`Dashboard::organisation`].
    pub organisation: Option<Uuid>,
    /// A transaction link takes the place of the one there is; other links, or an empty list, that of all others.
    pub links: Option<Vec<Link>>,
    /// The complete tree of modules; modules that are not in it are removed.
    pub modules: Option<Vec<ModuleEntry>>,
}

impl Dashboard {
    /// Whether it is in the public list.
    #[must_use]
    pub fn published(&self) -> bool {
        self.status == PUBLISHED
    }

    /// Its links, the transaction first.
    fn sorted_links(&self) -> impl Iterator<Item = &Link> {
        let of = |kind: LinkKind| self.links.iter().filter(move |link| link.kind == kind);
        of(LinkKind::Transaction).chain(of(LinkKind::Other))
    }

    /// The admin API's form of one dashboard. The organisation is only named.
    #[must_use]
    pub fn to_json(&self, catalog: &Catalog) -> Value {
        let mut form = self.common_json(catalog);
        if let Some(node) = self.organisation.and_then(|id| catalog.node(id)) {
            form["organisation"] = json!({"id": node.id.to_string(), "name": node.name});
        }
        form
    }

    /// The form in which dashboards are found by what they use. The organisation is there in full, or null.
    #[must_use]
    pub fn to_full_json(&self, catalog: &Catalog) -> Value {
        let mut form = self.common_json(catalog);
        let node = self.organisation.and_then(|id| catalog.node(id));
        form["organisation"] = node.map_or(Value::Null, |node| node.to_json(catalog));
        form
    }

    fn common_json(&self, catalog: &Catalog) -> Value {
        let mut form = json!({
            "id": self.id.to_string(),
            "slug": self.slug,
            "title": self.title,
            "status": self.status,
            "published": self.published(),
            "improve_dashboard_message": self.improve_dashboard_message,
            "links": self.sorted_links().collect::<Vec<_>>(),
            "modules": catalog.module_tree(self.id).to_json(catalog),
        });
        for (name, text) in self.texts.told() {
            form[name] = text.into();
        }
        form
    }

    fn apply(&mut self, changes: &DashboardChanges) {
        if let Some(slug) = &changes.slug {
            self.slug.clone_from(slug);
        }
        if let Some(title) = &changes.title {
            self.title.clone_from(title);
        }
        if let Some(status) = &changes.status {
            self.status.clone_from(status);
        }
        // Documents that are read, changed and sent back have both: one that is retired stays so.
        let is_kept_back = changes.status.as_ref().is_some_and(|status| status != PUBLISHED);
        match changes.published {
            Some(true) => PUBLISHED.clone_into(&mut self.status),
            Some(false) if !is_kept_back => UNPUBLISHED.clone_into(&mut self.status),
            Some(false) | None => {}
        }
        for (name, text) in &changes.texts {
            self.texts.set(name, text);
        }
        if let Some(improve) = changes.improve_dashboard_message {
            self.improve_dashboard_message = improve;
        }
        if let Some(organisation) = changes.organisation {
            self.organisation = Some(organisation);
        }
        if let Some(links) = &changes.links {
            for kind in [LinkKind::Transaction, LinkKind::Other] {
                let given = links.iter().any(|link| link.kind == kind);
                if given || (kind == LinkKind::Other && links.is_empty()) {
                    self.links.retain(|link| link.kind != kind);
                }
            }
            // Of several transactions the last one counts.
            let transaction = links.iter().rev().find(|link| link.kind == LinkKind::Transaction);
            let others = links.iter().filter(|link| link.kind == LinkKind::Other);
            self.links.extend(transaction.into_iter().chain(others).cloned());
        }
    }
}

impl Row for Dashboard {
    const TABLE: &'static str = "dashboards";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "slug",
        "title",
        "status",
        "texts",
        "improve_dashboard_message",
        "organisation_id",
        "links",
        "owners",
    ];

    fn to_row(&self) -> Vec<Column> {
        vec![
            self.id.into(),
            self.slug.as_str().into(),
            self.title.as_str().into(),
            self.status.as_str().into(),
            (&json!(self.texts)).into(),
            self.improve_dashboard_message.into(),
            Column::NullableText(self.organisation.map(|id| id.to_string())),
            (&json!(self.links)).into(),
            (&json!(self.owners)).into(),
        ]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<Dashboard, RegistryError> {
        Ok(Dashboard {
            id: row.uuid()?,
            slug: row.text()?,
            title: row.text()?,
            status: row.text()?,
            texts: row.json()?,
            improve_dashboard_message: row.truth()?,
            organisation: row.nullable_uuid()?,
            links: row.json()?,
            owners: row.json()?,
        })
    }
}

entity!(Dashboard, Uuid, id, dashboards);

impl Catalog {
    /// The dashboard with this identifier.
    #[must_use]
    pub fn dashboard(&self, id: Uuid) -> Option<Arc<Dashboard>> {
        self.dashboards.get(&id).cloned()
    }

    /// The dashboard with this slug.
    #[must_use]
    pub fn dashboard_by_slug(&self, slug: &str) -> Option<Arc<Dashboard>> {
        self.dashboards.values().find(|dashboard| dashboard.slug == slug).cloned()
    }

    /// All dashboards, by title.
    #[must_use]
    pub fn dashboards(&self) -> Vec<Arc<Dashboard>> {
        let mut all: Vec<_> = self.dashboards.values().cloned().collect();
        all.sort_by(|one, other| one.title.cmp(&other.title));
        all
    }
}

impl Edit {
    /// Makes a dashboard with its modules, owned by the author of the edit.
    ///
    /// # Errors
    /// If the slug is taken, the organisation does not exist, or a field or module breaks the rules.
    pub fn create_dashboard(&mut self, changes: &DashboardChanges) -> Result<Arc<Dashboard>, RegistryError> {
        let dashboard = Dashboard {
            id: Uuid::new_v4(),
            slug: String::new(),
            title: String::new(),
            status: UNPUBLISHED.into(),
            texts: Texts::default(),
            improve_dashboard_message: true,
            organisation: None,
            links: Vec::new(),
            owners: self.author_as_owner()?,
        };
        self.change_dashboard(dashboard, changes)
    }

    /// Changes a dashboard and, if they are given, its modules.
    ///
    /// # Errors
    /// If there is no such dashboard, or as for making one.
    pub fn update_dashboard(
        &mut self,
        id: Uuid,
        changes: &DashboardChanges,
    ) -> Result<Arc<Dashboard>, RegistryError> {
        let old = self.catalog().dashboard(id).ok_or_else(RegistryError::no_such_item)?;
        self.change_dashboard(Dashboard::clone(&old), changes)
    }

    /// Removes a dashboard with its modules, and answers what it was.
    ///
    /// # Errors
    /// If there is no such dashboard, or it is published.
    pub fn delete_dashboard(&mut self, id: Uuid) -> Result<Arc<Dashboard>, RegistryError> {
        let dashboard = self.catalog().dashboard(id).ok_or_else(RegistryError::no_such_item)?;
        if dashboard.published() {
            return Err(RegistryError::Invalid("cannot delete published resource".into()));
        }
        self.remove_modules(|module| module.dashboard_id == id);
        self.remove::<Dashboard>(&id);
        Ok(dashboard)
    }

    fn change_dashboard(
        &mut self,
        mut dashboard: Dashboard,
        changes: &DashboardChanges,
    ) -> Result<Arc<Dashboard>, RegistryError> {
        if changes.organisation.is_some_and(|id| self.catalog().node(id).is_none()) {
            return Err(RegistryError::NotFound("Organisation does not exist".into()));
        }
        for link in changes.links.iter().flatten() {
            link.check()?;
        }
        dashboard.apply(changes);
        let dashboard = self.put_dashboard_row(dashboard)?;
        if let Some(entries) = &changes.modules {
            self.replace_modules(dashboard.id, entries)?;
        }
        Ok(dashboard)
    }

    /// Puts a dashboard without its modules, if it keeps the rules.
    pub(crate) fn put_dashboard_row(
        &mut self,
        dashboard: Dashboard,
    ) -> Result<Arc<Dashboard>, RegistryError> {
        self.check_dashboard(&dashboard)?;
        Ok(self.put(dashboard))
    }

    fn check_dashboard(&self, dashboard: &Dashboard) -> Result<(), RegistryError> {
        let mut errors = FieldErrors::default();
        if errors.required("slug", &dashboard.slug) {
            errors.only("slug", &dashboard.slug, is_lower_slug, SLUG_MESSAGE);
            errors.at_most("slug", &dashboard.slug, 1000);
            if RESERVED_SLUGS.contains(&dashboard.slug.as_str()) {
                errors.add("slug", format!("'{}' is a page of the public site.", dashboard.slug));
            }
        }
        errors.required("title", &dashboard.title);
        errors.at_most("title", &dashboard.title, 256);
        errors.required("status", &dashboard.status);
        errors.at_most("status", &dashboard.status, 30);
        dashboard.texts.check(&mut errors);
        if self.all::<Dashboard>().any(|other| other.slug == dashboard.slug && other.id != dashboard.id) {
            errors.add("slug", "Dashboard with this Slug already exists.");
        }
        errors.into_result()
    }
}
