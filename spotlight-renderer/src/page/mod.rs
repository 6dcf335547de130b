//! Pages: view models in, complete HTML documents out.
//!
//! [`model`] says what a page shows, [`shell`] is what all pages share (head, header, footer, breadcrumbs), and one file a
//! kind of page or part writes the rest. The style sheet, the script and the icon are [`mod@assets`]; they work from a path of
//! their own with names that change with their content, or inside the page.
//!
//! Pages work without scripts. Texts of authors are cleaned in one place ([`safe`]); everything else is escaped by maud.

mod about;
mod assets;
mod choices;
mod dashboard;
mod dates;
mod error;
mod figure;
mod home;
mod list;
pub mod model;
mod module;
mod problem;
mod safe;
mod search;
mod shell;
mod slides;
mod table;

pub use about::{Prototype, about, accessibility, prototypes};
pub use assets::{Asset, assets};
pub use error::{Failure, error};
pub use module::EMBED_HEIGHT;
pub use safe::{href as followed, plain as plain_text};
pub use slides::{Slide, slides};

use std::collections::BTreeMap;

use crate::words::say;
use crate::written;
use model::{Dashboard, Home, Link, List, ModulePage, Search};

/// What is the same on every page of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageOptions {
    /// The name of the product, in the header and in titles.
    pub product: String,
    /// A few words after the name, such as `Beta`.
    pub phase: Option<String>,
    /// Where the product begins.
    pub root: String,
    /// The links of the header, if they are others than those to the lists.
    pub menu: Option<Vec<Link>>,
    /// The links of the footer, if they are others than those to the pages about this site.
    pub support: Option<Vec<Link>>,
    /// The licence of what is shown.
    pub licence: Option<Link>,
    /// A message to all visitors.
    pub notice_html: Option<String>,
    /// The language of the pages.
    pub lang: String,
    /// Where problem reports are sent; without it no page has the form.
    pub problem_reports: Option<String>,
    /// The e-mail address of those who keep the dashboards.
    pub contact: Option<String>,
    /// The scheme and host of the site, for links that must be complete.
    pub site: Option<String>,
    /// What the pages look like.
    pub brand: Brand,
    /// Where the style sheet and the script are.
    pub assets: AssetPlace,
}

/// What the pages of an installation look like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Brand {
    /// A colour such as `#2f3f8f`, on which white letters can be read; for light pages.
    pub colour: Option<String>,
    /// Whether `logo.svg` among the assets takes the place of the product's sign.
    pub has_logo: bool,
    /// Colours for the slides of departments, by their short names in small letters.
    pub departments: BTreeMap<String, String>,
}

/// Where the style sheet and the script are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssetPlace {
    /// In files below this path.
    Below(String),
    /// Inside the page.
    Inline,
}

impl Default for PageOptions {
    fn default() -> PageOptions {
        let root = "/performance";
        PageOptions {
            product: "Performance".to_owned(),
            phase: None,
            root: root.to_owned(),
            menu: None,
            support: None,
            licence: None,
            notice_html: None,
            lang: "en".to_owned(),
            problem_reports: None,
            contact: None,
            brand: Brand::default(),
            site: None,
            assets: AssetPlace::Below(format!("{root}/assets")),
        }
    }
}

impl PageOptions {
    /// The links of the header.
    fn menu(&self) -> Vec<Link> {
        self.menu.clone().unwrap_or_else(|| {
            self.links(&[
                ("menu-services", "services"),
                ("menu-web-traffic", "web-traffic"),
                ("menu-departments", "departments"),
                ("menu-other", "other"),
                ("menu-about", "about"),
            ])
        })
    }

    /// The links of the footer.
    fn support(&self) -> Vec<Link> {
        let about = || self.links(&[("menu-about", "about"), ("menu-accessibility", "accessibility")]);
        self.support.clone().unwrap_or_else(about)
    }

    fn links(&self, named: &[(&str, &str)]) -> Vec<Link> {
        named.iter().map(|(name, path)| Link::new(say(name), format!("{}/{path}", self.root))).collect()
    }
}

/// The page of a dashboard.
pub fn dashboard(page: &Dashboard, options: &PageOptions) -> String {
    written::page(|| shell::document(&page.head, options, &dashboard::body(page, options)))
}

/// The page of one module.
pub fn module(page: &ModulePage, options: &PageOptions) -> String {
    written::page(|| shell::document(&page.head, options, &module::page_body(page, options)))
}

/// One module alone, to be shown inside other sites' pages.
pub fn embed(page: &ModulePage, options: &PageOptions) -> String {
    written::page(|| shell::bare_document(&page.head, options, &module::embed_body(page, options)))
}

/// A searchable list of dashboards.
pub fn list(page: &List, options: &PageOptions) -> String {
    written::page(|| shell::document(&page.head, options, &list::body(page)))
}

/// What was found among all dashboards.
pub fn search(page: &Search, options: &PageOptions) -> String {
    shell::document(&page.head, options, &search::body(page))
}

/// The front page.
pub fn home(page: &Home, options: &PageOptions) -> String {
    shell::document(&page.head, options, &home::body(page, options))
}

/// A page whose content is the caller's own, in the frame that all pages share.
pub fn framed(head: &model::Head, body: &maud::Markup, options: &PageOptions) -> String {
    shell::document(head, options, body)
}

#[cfg(test)]
mod tests;
