//! Where the figures of a page are from, in words for files that are taken away, and the addresses of a page's other forms.

use chrono::{DateTime, Utc};

use super::{Presenter, day_and_time};
use crate::definition::query::{Query, encoded};
use crate::format::date;
use crate::page::plain_text;
use crate::view::form::Form;
use crate::view::page::{Answer, Dashboard, Page};
use crate::view::provenance::{self, Licence, Provenance, Source};
use crate::view::{Body, Module};
use crate::words::{say, say_with};

impl Presenter<'_> {
    /// The same page in other forms, each with its address.
    pub fn alternates(&self, answer: &Answer) -> Vec<(Form, String)> {
        let path = match &answer.page {
            Page::Home(_) => Some(self.options.root.as_str()),
            _ => path_of(answer),
        };
        let Some(path) = path else { return Vec::new() };
        let own = |form: &Form| matches!(form, Form::Html | Form::CsvMetadata | Form::Embed | Form::Slides);
        let others = answer.forms().into_iter().filter(|form| !own(form));
        others.map(|form| (form, self.form_address(path, form))).collect()
    }

    /// The address of a form of the page at a path, with the choices of the request.
    pub fn form_address(&self, path: &str, form: Form) -> String {
        self.address(&format!("{path}{}", form.ending()), &[], None)
    }

    /// Where a page has moved to, as a header has it: no letter beyond ASCII, and all that the request says of the page.
    pub fn moved_to(&self, path: &str) -> String {
        let parts: Vec<String> = path.split('/').map(encoded).collect();
        self.address(&parts.join("/"), &[], None)
    }

    pub(super) fn alternate_types(&self, answer: &Answer) -> Vec<(&'static str, String)> {
        self.alternates(answer).into_iter().map(|(form, address)| (form.media_type(), address)).collect()
    }

    /// Where the figures of a page are from; `None` for pages that have none to take away.
    pub fn provenance(&self, answer: &Answer) -> Option<Provenance> {
        let path = path_of(answer)?;
        let (title, updated, language) = match &answer.page {
            Page::Dashboard(page) => (page.heading.clone(), super::latest(&page.modules), &page.language),
            Page::Module(page) => {
                let title = format!("{} - {}", plain_text(&page.module.title), page.heading);
                let updated = super::latest(std::slice::from_ref(&page.module));
                (title, updated, &page.language)
            }
            Page::List(list) => (list.heading.clone().into_owned(), None, &None),
            _ => return None,
        };
        let site = self.options.site.as_deref().unwrap_or_default();
        let address = |query: &Query| self.data_address(query);
        Some(Provenance {
            title,
            publisher: self.options.product.clone(),
            page: format!("{site}{}", self.address(path, &[], None)),
            sources: provenance::sources(answer, self.request.now, &address),
            updated,
            retrieved: self.request.now,
            licence: self.licence(answer),
            language: language.clone().unwrap_or_else(|| self.options.lang.clone()),
        })
    }

    /// On what terms the figures of a page may be used: those of its data set, else those of its dashboard, else those of the site.
    pub fn licence(&self, answer: &Answer) -> Option<Licence> {
        let own = match &answer.page {
            Page::Dashboard(page) => page.licence.clone(),
            Page::Module(page) => page.module.licence.as_ref().or(page.licence.as_ref()).cloned(),
            _ => None,
        };
        own.or_else(|| {
            let usual = self.options.licence.as_ref()?;
            Licence::of(&usual.title, &usual.href)
        })
    }

    /// Where the figures of one module of a dashboard are from.
    pub fn provenance_of(&self, dashboard: &Dashboard, module: &Module, whole: &Provenance) -> Provenance {
        let site = self.options.site.as_deref().unwrap_or_default();
        Provenance {
            title: format!("{} - {}", plain_text(&module.title), dashboard.heading),
            page: format!("{site}{}", self.address(&module.path, &[], None)),
            sources: whole
                .sources
                .iter()
                .filter(|source| source.module.as_ref() == Some(&module.slug))
                .cloned()
                .collect(),
            updated: super::latest(std::slice::from_ref(module)),
            licence: module.licence.as_ref().or(whole.licence.as_ref()).cloned(),
            ..whole.clone()
        }
    }

    /// The address at which the read API answers a query.
    pub(super) fn data_address(&self, query: &Query) -> String {
        let site = match self.read_api {
            "" => self.options.site.as_deref().unwrap_or_default(),
            read_api => read_api,
        };
        format!("{site}{}?{}", query.path(), query.query_string())
    }

    /// What files say about themselves: labels with their texts, in the language of the page.
    pub fn origin(&self, from: &Provenance) -> Labelled {
        self.speaking(Some(&from.language), || {
            [heading(from), sources(from), dates(from), terms(from)].concat()
        })
    }

    /// The same of a dashboard whose parts say themselves which data sets they are of.
    pub fn origin_of_whole(&self, from: &Provenance) -> Labelled {
        self.speaking(Some(&from.language), || [heading(from), dates(from), terms(from)].concat())
    }

    /// The same of such a part and its files.
    pub fn origin_of_part(&self, from: &Provenance, files: &[String]) -> Labelled {
        self.speaking(Some(&from.language), || {
            let own = vec![
                (say("origin-files").into_owned(), files.join(", ")),
                (say("origin-page").into_owned(), from.page.clone()),
            ];
            // of those that are not said for the whole
            let is_particular = from.sources.iter().any(|source| source.licence.is_some());
            let licence = is_particular.then(|| labelled([("origin-licence", licence_in_words(from))]));
            [own, sources(from), dates(from), licence.unwrap_or_default()].concat()
        })
    }

    /// What the list of all that is called.
    pub fn origin_heading(&self, from: &Provenance) -> String {
        self.speaking(Some(&from.language), || say("origin").into_owned())
    }

    /// The same in a line or two below a picture.
    pub fn source_note(&self, from: &Provenance) -> String {
        self.speaking(Some(&from.language), || {
            let mut data_sets: Vec<&str> =
                from.sources.iter().map(|source| source.data_set.as_str()).collect();
            data_sets.dedup();
            let source = [&[from.publisher.as_str()], data_sets.as_slice()].concat().join(", ");
            let licence = from.licence.as_ref().map(|licence| licence.title.clone());
            let licence = licence.unwrap_or_else(|| say("origin-no-licence").into_owned());
            let words = [
                ("source", source.into()),
                ("range", in_words(from.range()).into()),
                ("retrieved", clock(from.retrieved).into()),
                ("licence", licence.into()),
            ];
            say_with("origin-note", &words)
        })
    }
}

/// Labels with their texts.
pub type Labelled = Vec<(String, String)>;

fn labelled<const N: usize>(lines: [(&str, String); N]) -> Labelled {
    lines.into_iter().map(|(name, text)| (say(name).into_owned(), text)).collect()
}

fn heading(from: &Provenance) -> Labelled {
    labelled([
        ("origin-title", from.title.clone()),
        ("origin-publisher", from.publisher.clone()),
        ("origin-page", from.page.clone()),
    ])
}

fn sources(from: &Provenance) -> Labelled {
    let source = |source: &Source| {
        labelled([("origin-source", source.data_set.clone()), ("origin-query", source.query.clone())])
    };
    from.sources.iter().flat_map(source).collect()
}

fn dates(from: &Provenance) -> Labelled {
    let mut lines = labelled([("origin-range", in_words(from.range()))]);
    lines.extend(from.updated.into_iter().flat_map(|time| labelled([("origin-updated", clock(time))])));
    lines
}

fn terms(from: &Provenance) -> Labelled {
    labelled([("origin-retrieved", clock(from.retrieved)), ("origin-licence", licence_in_words(from))])
}

/// The path of a page that has other forms.
fn path_of(answer: &Answer) -> Option<&str> {
    match &answer.page {
        Page::List(page) => Some(&page.path),
        Page::Dashboard(page) => Some(&page.path),
        Page::Module(page) => Some(&page.path),
        Page::Search(page) => Some(&page.path),
        Page::Home(_) | Page::Feed(_) | Page::Failure | Page::Moved(_) => None,
    }
}

fn licence_in_words(from: &Provenance) -> String {
    match &from.licence {
        None => say("origin-no-licence").into_owned(),
        Some(Licence { title, url: Some(url) }) if url != title => format!("{title}, {url}"),
        Some(Licence { title, .. }) => title.clone(),
    }
}

fn clock(time: DateTime<Utc>) -> String {
    say_with("origin-clock", &day_and_time(time))
}

/// Days from one to another, the last included.
fn in_words((from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>)) -> String {
    let day = |time: DateTime<Utc>| date::by_pattern(time, "D MMMM YYYY");
    let last = to.and_then(|end| end.checked_sub_signed(chrono::TimeDelta::milliseconds(1)));
    match (from, last) {
        (Some(from), Some(last)) => {
            say_with("range", &[("first", day(from).into()), ("last", day(last).into())])
        }
        (Some(from), None) => say_with("origin-since", &[("day", day(from).into())]),
        (None, Some(last)) => say_with("origin-until", &[("day", day(last).into())]),
        (None, None) => say("origin-everything").into_owned(),
    }
}

/// The ordinary modules of a page, however deep they are.
pub fn ordinary(modules: &[Module]) -> Vec<&Module> {
    let mut found = Vec::new();
    for module in modules {
        match &module.body {
            Body::Section(children) | Body::Tabs(children) => found.extend(ordinary(children)),
            Body::Facts(_) | Body::Failed | Body::Unknown => found.push(module),
        }
    }
    found
}
