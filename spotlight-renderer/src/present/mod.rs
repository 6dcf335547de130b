//! Facts put into words and layout: from [`crate::view`] to [`crate::page::model`] and HTML.
//!
//! This file does pages, [`module`] their parts, [`mod@slides`] those for screens on walls. Whatever is wording (headings of lists, generated sentences, labels of
//! figures) is decided here.

mod card;
mod feed;
mod files;
mod module;
mod origin;
mod slides;

use crate::format::date;
use crate::page::model::{
    Dashboard, Dates, Footer, Found, Head, Home, Item, LIST_FORM, Link, List, MENU, ModulePage, Search,
};
use crate::page::{self, Failure, PageOptions};
use crate::site::{Compare, Request};
use crate::view::form::Form;
use crate::view::page as facts;
use crate::view::page::{Answer, Entries, Page, State, Tagline};
use crate::view::provenance::Licence;
use crate::view::{Body, Module};
use crate::words::{Language, in_language, say, say_with};
use chrono::{DateTime, Utc};
use fluent_bundle::FluentValue;

pub use card::card;
pub use origin::ordinary;

/// What pages need to know beyond their facts.
#[derive(Debug, Clone)]
pub struct Presenter<'a> {
    /// What is the same on all pages.
    pub options: &'a PageOptions,
    /// What goes before the path of a data set in links, such as `https://data.example`; may be empty.
    pub read_api: &'a str,
    /// What was asked for.
    pub request: &'a Request,
}

impl Presenter<'_> {
    /// The page as HTML, in its language.
    pub fn html(&self, answer: &Answer) -> String {
        let own = match &answer.page {
            Page::Dashboard(page) => page.language.as_deref(),
            Page::Module(page) => page.language.as_deref(),
            _ => None,
        };
        self.speaking(own, || self.written(answer))
    }

    /// Writes texts in the language of a page, else that of the installation.
    fn speaking<T>(&self, own: Option<&str>, work: impl FnOnce() -> T) -> T {
        in_language(Language::of(own.unwrap_or(&self.options.lang)), work)
    }

    fn written(&self, answer: &Answer) -> String {
        match &answer.page {
            Page::Home(home) => page::home(&self.home(home), self.options),
            Page::List(list) => {
                let mut list = self.list(list);
                list.head.alternates = self.alternate_types(answer);
                page::list(&list, self.options)
            }
            Page::Dashboard(dashboard) => {
                let mut dashboard = self.dashboard(dashboard);
                dashboard.head.alternates = self.alternate_types(answer);
                page::dashboard(&dashboard, self.options)
            }
            Page::Module(module) => {
                let mut module = self.module_page(module);
                module.head.alternates = self.alternate_types(answer);
                page::module(&module, self.options)
            }
            Page::Search(search) => page::search(&self.search(search), self.options),
            Page::Feed(feed) => self.feed(feed),
            Page::Failure | Page::Moved(_) => {
                let path = format!("{}{}", self.options.root, self.request.path);
                page::error(Failure::of_status(answer.status), &path, self.options)
            }
        }
    }

    /// A module's page without anything around it, to be shown inside other sites' pages.
    pub fn embedded(&self, page: &facts::ModulePage) -> String {
        self.speaking(page.language.as_deref(), || {
            let mut page = self.module_page(page);
            // whoever shows it elsewhere chose in the address
            page.module.choices = None;
            page::embed(&page, self.options)
        })
    }

    fn home(&self, home: &facts::Home) -> Home {
        let root = &self.options.root;
        let list =
            |title: &str, path: &str, count| (Link::new(say(title), format!("{root}/{path}")), Some(count));
        Home {
            head: Head {
                title: self.options.product.clone(),
                path: root.clone(),
                alternates: vec![(Form::Atom.media_type(), format!("{root}/feed.atom"))],
                ..Head::default()
            },
            search: format!("{root}/search"),
            lists: vec![
                list("menu-services", "services", home.services),
                list("menu-web-traffic", "web-traffic", home.web_traffic),
                list("menu-other", "other", home.other),
            ],
            aggregates: home.aggregates.iter().map(module::aggregate).collect(),
            showcase: home
                .showcase
                .iter()
                .map(|(title, path, tagline)| Link {
                    note_html: tagline.clone(),
                    ..Link::new(title.clone(), path.clone())
                })
                .collect(),
        }
    }

    fn search(&self, search: &facts::Search) -> Search {
        let link = |(title, path): &(String, String)| Link::new(title.clone(), path.clone());
        let found = |found: &facts::Found| Found {
            link: Link::new(found.title.clone(), found.path.clone()),
            organisation: found.organisation.clone(),
            modules: found.modules.iter().map(link).collect(),
        };
        let words = [("count", search.count.into()), ("text", search.query.as_str().into())];
        Search {
            head: Head {
                title: format!("{} - {}", say("search"), self.options.product),
                path: search.path.clone(),
                breadcrumbs: vec![self.home_link()],
                hidden: true,
                ..Head::default()
            },
            action: search.path.clone(),
            query: search.query.clone(),
            counted: (!search.query.is_empty()).then(|| say_with("search-found", &words)),
            found: search.found.iter().map(found).collect(),
        }
    }

    fn list(&self, list: &facts::List) -> List {
        let organisations = list.organisations.iter().flat_map(|(departments, agencies)| {
            let groups = [(say("list-departments"), departments), (say("list-bodies"), agencies)];
            groups.into_iter().filter(|(_, choices)| !choices.is_empty())
        });
        let organisations: Vec<_> =
            organisations.map(|(name, choices)| (name.into_owned(), choices.clone())).collect();
        let mut active = Vec::new();
        if !list.filter.is_empty() {
            let words = say_with("list-matching", &[("text", list.filter.as_str().into())]);
            active.push(Link::new(words, self.address(&list.path, &[("filter", None)], None)));
        }
        let titles = organisations.iter().flat_map(|(_, choices)| choices);
        let title = list.selected.as_ref().and_then(|value| titles.clone().find(|(own, _)| own == value));
        if let Some((_, title)) = title {
            active.push(Link::new(
                say_with("list-of", &[("organisation", title.as_str().into())]),
                self.address(&list.path, &[("department", None)], None),
            ));
        }
        let (caption, counted) = match list.of {
            Entries::Services => ("list-caption-services", "list-services"),
            Entries::Dashboards | Entries::OfOrganisation => ("list-caption-dashboards", "list-dashboards"),
            Entries::Organisations => ("list-caption-departments", "list-departments-counted"),
        };
        let above = list.above.iter().map(|(title, path)| Link::new(title.clone(), path.clone()));
        List {
            head: Head {
                title: format!("{} - {}", list.heading, self.options.product),
                path: list.path.clone(),
                breadcrumbs: std::iter::once(self.home_link()).chain(above).collect(),
                drawn_after: Some(LIST_FORM),
                ..Head::default()
            },
            heading: list.heading.clone().into_owned(),
            intro: None,
            counted: say_with(counted, &[("count", list.count.into())]),
            filter: list.filter.clone(),
            example: list.example.clone(),
            organisations,
            organisation: list.selected.clone(),
            measures: list
                .measures
                .iter()
                .map(|(value, text, shown)| ((*value).to_owned(), text.clone().into_owned(), *shown))
                .collect(),
            // where nothing is listed nothing is missing
            notice: (list.without_measures && list.count > 0).then(|| say("list-no-measures").into_owned()),
            active,
            aggregates: list.aggregates.iter().map(module::aggregate).collect(),
            table: self.table(&list.table, say(caption).into_owned(), |key, direction| {
                self.address(&list.path, &[("sortby", Some(key)), ("sortorder", Some(direction))], None)
            }),
            downloads: [("CSV", Form::Csv), ("XLSX", Form::Xlsx), ("JSON", Form::Json)]
                .map(|(title, form)| {
                    Link::new(title, self.address(&format!("{}{}", list.path, form.ending()), &[], None))
                })
                .into(),
            failed: false,
        }
    }

    fn dashboard(&self, page: &facts::Dashboard) -> Dashboard {
        let title = match &page.strapline {
            Some(strapline) => format!("{strapline} - {} - {}", page.heading, self.options.product),
            None => format!("{} - {}", page.heading, self.options.product),
        };
        let described = page.named_for_search.as_ref();
        let tagline = page.tagline.as_ref().map(|tagline| match tagline {
            Tagline::Written(html) => html.clone(),
            Tagline::Service(name) => say_with("tagline-service", &[("name", escaped(name).into())]),
            Tagline::Organisation(name) => {
                say_with("tagline-organisation", &[("name", escaped(name).into())])
            }
        });
        Dashboard {
            head: Head {
                title,
                description: described
                    .map(|name| say_with("about-service-page", &[("name", name.as_str().into())])),
                path: page.path.clone(),
                breadcrumbs: self.above(page.organisation.as_ref()),
                hidden: page.state != State::Published,
                image: Some(format!("{}/assets/cards/{}.png", self.options.root, page.slug)),
                lang: page.language.clone(),
                alternates: Vec::new(),
                licence: page.licence.as_ref().map(licence_link),
                embed: None,
                drawn_after: Some(MENU),
            },
            strapline: page.strapline.clone(),
            heading: page.heading.clone(),
            tagline_html: tagline,
            state: page.state,
            service: page.transaction.as_ref().map(related),
            item_type: Some(page.item_type.to_owned()),
            related: page.other.iter().map(related).collect(),
            modules: page.modules.iter().map(|module| self.module(module, &page.path, false)).collect(),
            footer: page
                .footer
                .as_ref()
                .map(|notes| self.footer(notes))
                .filter(|footer| *footer != Footer::default()),
            updated: latest(&page.modules).map(|time| self.updated(time)),
            forms: vec![
                Link::new(say("full-screen"), format!("{}/big-screen/{}", self.options.root, page.slug)),
                Link::new(say("as-json"), self.address(&format!("{}.json", page.path), &[], None)),
                Link::new(say("as-zip"), self.address(&format!("{}.zip", page.path), &[], None)),
                Link::new(say("as-feed"), format!("{}.atom", page.path)),
            ],
            dates: page.dates.as_ref().map(|dates| self.dates(dates, &page.path)),
        }
    }

    fn module_page(&self, page: &facts::ModulePage) -> ModulePage {
        let name = page::plain_text(&page.module.title);
        let dashboard = Link::new(page.heading.clone(), page.dashboard.clone());
        let mut module = self.module(&page.module, &page.path, true);
        module.href = None;
        module.dates = page.dates.as_ref().map(|dates| self.dates(dates, &page.path));
        ModulePage {
            head: Head {
                title: format!("{name} - {} - {}", page.heading, self.options.product),
                description: Some(say_with(
                    "about-module-page",
                    &[("name", name.as_str().into()), ("dashboard", page.heading.as_str().into())],
                )),
                path: page.path.clone(),
                breadcrumbs: [self.above(page.organisation.as_ref()), vec![dashboard.clone()]].concat(),
                hidden: page.state != State::Published,
                image: None,
                lang: page.language.clone(),
                alternates: Vec::new(),
                licence: page.module.licence.as_ref().or(page.licence.as_ref()).map(licence_link),
                embed: matches!(page.module.body, Body::Facts(_))
                    .then(|| self.address(&format!("{}/embed", page.path), &[], None)),
                drawn_after: Some(MENU),
            },
            dashboard,
            state: page.state,
            module,
        }
    }

    fn footer(&self, notes: &facts::Footer) -> Footer {
        let contact = self.options.contact.as_ref().filter(|_| notes.improve);
        Footer {
            description_html: notes.description.clone(),
            facts: notes.facts.iter().map(|(name, text)| (say(name).into_owned(), text.clone())).collect(),
            description_extra_html: notes.description_extra.clone(),
            costs_html: notes.costs.clone(),
            other_notes_html: notes.other_notes.clone(),
            improve: contact.map(|mail| Link::new(mail.clone(), format!("mailto:{mail}"))),
        }
    }

    /// What is above a dashboard: the front page, and the organisation by its name and the end of its path.
    fn above(&self, organisation: Option<&(String, String)>) -> Vec<Link> {
        let organisation = organisation.map(|(title, slug)| {
            let slug = crate::definition::query::encoded(slug);
            Link::new(title.clone(), format!("{}/departments/{slug}", self.options.root))
        });
        std::iter::once(self.home_link()).chain(organisation).collect()
    }

    fn home_link(&self) -> Link {
        Link::new(self.options.product.clone(), self.options.root.clone())
    }

    fn dates(&self, dates: &facts::Dates, path: &str) -> Dates {
        if !dates.weeks.is_empty() {
            return Dates {
                action: path.to_owned(),
                weeks: dates.weeks.clone(),
                week: dates.week.clone(),
                error: dates.error.clone(),
                kept: self.kept(&["week"]),
                ..Dates::default()
            };
        }
        let month = |back: usize| dates.choices.get(back).map(|(value, _)| value.clone());
        let chosen = (dates.from.clone(), dates.to.clone());
        let preset = |title: String, from: Option<String>, to: Option<String>| {
            let current = dates.error.is_none() && (from.clone(), to.clone()) == chosen;
            let href = self.address(path, &[("from", from.as_deref()), ("to", to.as_deref())], None);
            Link::new(title, if current { String::new() } else { href })
        };
        let mut presets = vec![preset(say("dates-usual").into_owned(), None, None)];
        let last = |months: usize| match months {
            years if years > 12 => say_with("dates-last-years", &[("years", (years / 12).into())]),
            months => say_with("dates-last-months", &[("months", months.into())]),
        };
        for months in [3, 6, 12, 36] {
            // the month that has not ended is not counted
            if let (Some(from), Some(to)) = (month(months), month(1)) {
                presets.push(preset(last(months), Some(from), Some(to)));
            }
        }
        if let Some((first, _)) = dates.choices.last() {
            presets.push(preset(say("dates-all").into_owned(), Some(first.clone()), month(0)));
        }
        Dates {
            own: dates.compare.is_some() || presets.iter().all(|preset| !preset.href.is_empty()),
            action: path.to_owned(),
            choices: dates.choices.clone(),
            from: dates.from.clone().or_else(|| month(12).or_else(|| month(0))),
            to: dates.to.clone().or_else(|| month(0)),
            presets,
            comparisons: Compare::ALL
                .iter()
                .map(|(own, value, text)| {
                    ((*value).to_owned(), say(text).into_owned(), dates.compare == Some(*own))
                })
                .collect(),
            error: dates.error.clone(),
            kept: self.kept(&["from", "to", "compare"]),
            ..Dates::default()
        }
    }

    /// When something changed, as readers say it.
    fn updated(&self, time: DateTime<Utc>) -> String {
        say_with("updated", &day_and_time(time))
    }

    /// The parameters of the request but those of these names, for a form to hand on.
    fn kept(&self, but: &[&str]) -> Vec<(String, String)> {
        let kept = self.request.parameters.iter();
        kept.filter(|(name, value)| !value.is_empty() && !but.contains(&name.as_str())).cloned().collect()
    }

    /// The address of a path with the parameters of the request, some of them changed or taken away.
    fn address(&self, path: &str, changes: &[(&str, Option<&str>)], fragment: Option<&str>) -> String {
        let encoded = crate::definition::query::encoded;
        let kept = self
            .request
            .parameters
            .iter()
            .filter(|(name, value)| !value.is_empty() && !changes.iter().any(|(own, _)| own == name))
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let changed = changes.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let pairs: Vec<String> = kept
            .chain(changed)
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
        format!("{path}{query}{fragment}")
    }
}

fn related(link: &facts::Related) -> Link {
    Link { note_html: link.metadata.clone(), ..Link::new(link.title.clone(), link.url.clone()) }
}

fn licence_link(licence: &Licence) -> Link {
    Link::new(licence.title.clone(), licence.url.clone().unwrap_or_default())
}

fn item(item: &crate::view::Item) -> Item {
    Item { text: item.text.clone(), href: item.href.clone(), value: None }
}

/// A moment as readers say it; clocks are set as in London.
fn day_and_time(time: DateTime<Utc>) -> [(&'static str, FluentValue<'static>); 2] {
    let time = date::london(time);
    [("day", date::by_pattern(time, "D MMMM YYYY").into()), ("time", date::by_pattern(time, "h:mma").into())]
}

/// When any of the modules' data changed last.
fn latest(modules: &[Module]) -> Option<DateTime<Utc>> {
    let own = |module: &Module| match &module.body {
        Body::Section(children) | Body::Tabs(children) => latest(children),
        _ => module.updated,
    };
    modules.iter().filter_map(own).max()
}

/// A text inside HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
