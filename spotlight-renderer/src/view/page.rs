//! What belongs to a page as a whole.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::provenance::Licence;
use super::{Module, Table};
use crate::format::Text;
use crate::site::Compare;

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// For how many seconds the answer may be kept; `None` says nothing about it.
    pub max_age: Option<u32>,
    /// Whether search engines shall stay away.
    pub hidden: bool,
    /// What is there.
    pub page: Page,
}

/// The kinds of pages.
#[derive(Debug, Clone)]
pub enum Page {
    /// The front page.
    Home(Home),
    /// A list of dashboards.
    List(Box<List>),
    /// A dashboard.
    Dashboard(Box<Dashboard>),
    /// A part of a dashboard on its own.
    Module(Box<ModulePage>),
    /// What was found among all of them.
    Search(Search),
    /// What has changed.
    Feed(Feed),
    /// There is nothing to show, for the reason that the status tells.
    Failure,
    /// The page is at this path.
    Moved(String),
}

/// How far a dashboard is on its way to the public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// It is in lists and may be quoted.
    #[default]
    Published,
    /// It is being made, perhaps with demonstration data.
    Prototype,
    /// It is being checked before it is published.
    InReview,
    /// It is not kept up any more, and shows the last data that there was.
    Retired,
}

impl State {
    /// What a definition says: `published`, and for those that are not, `status`.
    pub fn of(definition: &Value) -> State {
        match definition["status"].as_str() {
            _ if definition["published"] == Value::Bool(true) => State::Published,
            Some("in-review") => State::InReview,
            Some("retired") => State::Retired,
            _ => State::Prototype,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            State::Published => "published",
            State::Prototype => "prototype",
            State::InReview => "in-review",
            State::Retired => "retired",
        }
    }
}

/// A paragraph that an author wrote, or one that names what the page is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Tagline {
    /// HTML of the author.
    Written(String),
    /// How the service of this name performs.
    Service(String),
    /// How services of the organisation of this name perform.
    Organisation(String),
}

/// A link that an author gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// What it says.
    pub title: String,
    /// Where it leads; not checked.
    pub url: String,
    /// A few words after it, as HTML.
    pub metadata: Option<String>,
}

/// The notes at the end of a dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Footer {
    /// The lead paragraph, as HTML.
    pub description: Option<String>,
    /// The names of labels with what belongs to them.
    pub facts: Vec<(&'static str, String)>,
    /// More about the service, as HTML.
    pub description_extra: Option<String>,
    /// Notes on costs, as HTML.
    pub costs: Option<String>,
    /// Other notes, as HTML.
    pub other_notes: Option<String>,
    /// Whether those who run the service are asked to add data.
    pub improve: bool,
}

/// A month or a week that readers may choose, as `2016-05` or `2016-05-30`.
pub type Day = String;

/// The dates that readers chose, and those they may choose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dates {
    /// The first month shown.
    pub from: Option<Day>,
    /// The last month shown.
    pub to: Option<Day>,
    /// The months to choose from as value and text, newest first.
    pub choices: Vec<(Day, String)>,
    /// The week shown, by its Monday, where weeks are chosen.
    pub week: Option<Day>,
    /// The weeks to choose from as value and text, newest first.
    pub weeks: Vec<(Day, String)>,
    /// What present values are compared with.
    pub compare: Option<Compare>,
    /// What is wrong with the choice.
    pub error: Option<String>,
}

/// A page about one service, organisation or topic.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// Its name in addresses.
    pub slug: String,
    /// Its path.
    pub path: String,
    /// What kind of page it is, in the author's words.
    pub strapline: Option<String>,
    /// Its heading.
    pub heading: String,
    /// The opening paragraph.
    pub tagline: Option<Tagline>,
    /// The service or organisation that search engines are told the page is about.
    pub named_for_search: Option<String>,
    /// Whether it is ready to be quoted.
    pub state: State,
    /// The service itself.
    pub transaction: Option<Related>,
    /// Pages to find out more.
    pub other: Vec<Related>,
    /// The schema.org type of the service link.
    pub item_type: &'static str,
    /// What is shown, in order.
    pub modules: Vec<Module>,
    /// Notes at the end.
    pub footer: Option<Footer>,
    /// The choice of dates, if any module heeds it.
    pub dates: Option<Dates>,
    /// The organisation that it belongs to: title, and name in addresses.
    pub organisation: Option<(String, String)>,
    /// The short name of the department, else of the agency.
    pub abbreviation: Option<String>,
    /// The language of its texts, if the definition says so.
    pub language: Option<String>,
    /// On what terms the figures may be used, if the definition says so.
    pub licence: Option<Licence>,
}

/// A page for one module.
#[derive(Debug, Clone)]
pub struct ModulePage {
    /// The title of the dashboard.
    pub heading: String,
    /// The path of the dashboard.
    pub dashboard: String,
    /// Its organisation, if that has a page: its name, and the end of the path.
    pub organisation: Option<(String, String)>,
    /// The path of this page.
    pub path: String,
    /// What kind of page the dashboard is.
    pub strapline: Option<String>,
    /// Whether the dashboard is ready to be quoted.
    pub state: State,
    /// The module.
    pub module: Module,
    /// The choice of dates, if the module heeds it.
    pub dates: Option<Dates>,
    /// The language of the texts, if the definition says so.
    pub language: Option<String>,
    /// On what terms the figures may be used, if the definition says so.
    pub licence: Option<Licence>,
}

/// A figure about all that a list holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// The measure.
    pub key: &'static str,
    /// What readers call it.
    pub label: Cow<'static, str>,
    /// The figure; `None` if nobody has the measure.
    pub value: Option<Text>,
    /// What it was made of.
    pub caption: Option<String>,
}

/// What a list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entries {
    /// Services, with their measures.
    Services,
    /// Dashboards of other types.
    Dashboards,
    /// All dashboards of one organisation, with the measures of those that are services.
    OfOrganisation,
    /// Organisations, with the measures of their services.
    Organisations,
}

/// A list of dashboards, or of the organisations that have some.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    /// Its path.
    pub path: String,
    /// Its heading.
    pub heading: Cow<'static, str>,
    /// What its entries are.
    pub of: Entries,
    /// The pages above it, below the front page: title and path.
    pub above: Vec<(String, String)>,
    /// An example of what to search for: something that is there.
    pub example: Option<String>,
    /// How many entries are listed.
    pub count: usize,
    /// The text searched for.
    pub filter: String,
    /// Departments and other bodies to choose from, as value and text; `None` where there is no such choice.
    pub organisations: Option<(Choices, Choices)>,
    /// The chosen organisation.
    pub selected: Option<String>,
    /// The measures that readers may choose, and whether they did.
    pub measures: Vec<(&'static str, Cow<'static, str>, bool)>,
    /// Figures about what is listed.
    pub aggregates: Vec<Aggregate>,
    /// The entries.
    pub table: Table,
    /// Whether the measures could not be had.
    pub without_measures: bool,
}

/// Values and texts of a choice.
pub type Choices = Vec<(String, String)>;

/// What a reader searched for, and what has all words of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The path of the page.
    pub path: String,
    /// The words.
    pub query: String,
    /// In how many dashboards something was found.
    pub count: usize,
    /// The first of them, the best first.
    pub found: Vec<Found>,
}

/// A dashboard in which something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its title.
    pub title: String,
    /// Its path.
    pub path: String,
    /// Whose it is.
    pub organisation: Option<String>,
    /// The modules in which it was found: title and path.
    pub modules: Vec<(String, String)>,
}

/// Dashboards by the time of their last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// The path of the feed.
    pub path: String,
    /// Title, path, a few words, and when any of its data changed.
    pub dashboards: Vec<(String, String, Option<String>, DateTime<Utc>)>,
}

/// The front page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Home {
    /// How many services have dashboards.
    pub services: usize,
    /// How many dashboards are about web traffic.
    pub web_traffic: usize,
    /// How many others there are.
    pub other: usize,
    /// What is known about all services together.
    pub aggregates: Vec<Aggregate>,
    /// Dashboards worth a look: title, path and tagline as HTML.
    pub showcase: Vec<(String, String, Option<String>)>,
}
