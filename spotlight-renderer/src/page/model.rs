//! What a page shows, ready to be written: every text is final, only escaping and layout are left to do.
//!
//! Fields that end in `_html` hold inline HTML as authors wrote it; it is cleaned when it is printed (see [`super::safe`]).

use std::sync::Arc;

use crate::chart::Chart;
use crate::format::Text;
use crate::view::page::State;
use crate::written::Written;

/// A link with its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// What to click on.
    pub title: String,
    /// Where it leads; only `http`, `https`, `mailto` and paths are followed.
    pub href: String,
    /// A few words after the link.
    pub note_html: Option<String>,
}

impl Link {
    /// A link without a note.
    pub fn new(title: impl Into<String>, href: impl Into<String>) -> Link {
        Link { title: title.into(), href: href.into(), note_html: None }
    }
}

/// What every page has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// The title of the document.
    pub title: String,
    /// A sentence for search engines and link previews.
    pub description: Option<String>,
    /// The path of the page, without its query.
    pub path: String,
    /// The pages above this one, topmost first, without this one.
    pub breadcrumbs: Vec<Link>,
    /// Whether search engines shall stay away.
    pub hidden: bool,
    /// The path of a picture that stands for the page where somebody links to it.
    pub image: Option<String>,
    /// The language of the page; the branding's if absent.
    pub lang: Option<String>,
    /// The same page in other forms: media types and addresses.
    pub alternates: Vec<(&'static str, String)>,
    /// The licence of what is shown, where it is another one than that of the site.
    pub licence: Option<Link>,
    /// The path of what other sites show of the page.
    pub embed: Option<String>,
    /// The id of the part that has to be there before anything is drawn, because parts beside it would move it; the
    /// whole content if absent.
    pub drawn_after: Option<&'static str>,
}

/// Where long pages may begin to be drawn: after the menu of the site.
pub const MENU: &str = "site-menu";

/// Where lists may begin to be drawn: after their form.
pub const LIST_FORM: &str = "list-form";

/// A page about one service, organisation or topic.
#[derive(Debug, Clone, Default)]
pub struct Dashboard {
    /// Title, path and so on.
    pub head: Head,
    /// A few words above the heading that say what kind of page it is.
    pub strapline: Option<String>,
    /// The main heading.
    pub heading: String,
    /// An opening paragraph.
    pub tagline_html: Option<String>,
    /// Whether it is ready to be quoted.
    pub state: State,
    /// The service itself.
    pub service: Option<Link>,
    /// The schema.org type of what the service link leads to.
    pub item_type: Option<String>,
    /// Pages to find out more.
    pub related: Vec<Link>,
    /// What is shown, in order.
    pub modules: Vec<Module>,
    /// Facts and notes at the end.
    pub footer: Option<Footer>,
    /// When any of the data changed last, as readers say it.
    pub updated: Option<String>,
    /// The same page in other forms.
    pub forms: Vec<Link>,
    /// A choice of dates for all modules that heed it.
    pub dates: Option<Dates>,
}

/// The notes at the end of a dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Footer {
    /// A lead paragraph.
    pub description_html: Option<String>,
    /// Labels with their texts.
    pub facts: Vec<(String, String)>,
    /// More about the service.
    pub description_extra_html: Option<String>,
    /// Notes on costs.
    pub costs_html: Option<String>,
    /// Other notes.
    pub other_notes_html: Option<String>,
    /// Whom to write to who could add data.
    pub improve: Option<Link>,
}

/// A page for one module.
#[derive(Debug, Clone, Default)]
pub struct ModulePage {
    /// Title, path and so on.
    pub head: Head,
    /// The dashboard that the module belongs to.
    pub dashboard: Link,
    /// Whether it is ready to be quoted.
    pub state: State,
    /// What is shown.
    pub module: Module,
}

/// One part of a dashboard.
#[derive(Debug, Clone, Default)]
pub struct Module {
    /// Unique in the page.
    pub slug: String,
    /// Its type, such as `kpi`.
    pub kind: String,
    /// Its heading.
    pub title_html: String,
    /// Its own page.
    pub href: Option<String>,
    /// A paragraph under the heading.
    pub description_html: Option<String>,
    /// Layout classes; `cols2`, `cols3` and `first` have a meaning.
    pub classes: Vec<String>,
    /// Whether the data is not for everybody.
    pub restricted: bool,
    /// What it has to show.
    pub body: Body,
    /// The same as files.
    pub downloads: Vec<Link>,
    /// Notes about the data, a paragraph each.
    pub info_html: Vec<String>,
    /// Where the data comes from and how fresh it is.
    pub source: Option<String>,
    /// A choice of dates (module pages).
    pub dates: Option<Dates>,
    /// A choice of what a chart shows and how.
    pub choices: Option<Choices>,
    /// That its data is late, where nothing else says so.
    pub late: Option<String>,
    /// What is missing of the comparison that the reader wants.
    pub uncompared: Option<String>,
    /// That its data is shown as a table, because nobody knows its type.
    pub unknown: Option<String>,
    /// That newer data could not be had, and how old what is shown is.
    pub outdated: Option<String>,
}

/// What a module has to show.
#[derive(Debug, Clone)]
pub enum Body {
    /// Figures, charts and tables.
    Data(Data),
    /// Modules under a common heading.
    Section(Vec<Module>),
    /// Modules of which one is looked at.
    Tabs(Vec<Module>),
    /// The data could not be had.
    Failed,
    /// A type of module that this version does not know.
    Unknown,
}

impl Default for Body {
    fn default() -> Body {
        Body::Data(Data::default())
    }
}

/// The parts of an ordinary module, shown in this order; each may be absent.
#[derive(Debug, Clone, Default)]
pub struct Data {
    /// Large numbers.
    pub figures: Vec<Figure>,
    /// Pictures.
    pub charts: Vec<Arc<Chart>>,
    /// Numbered entries; an empty list says that there is nothing.
    pub items: Option<Vec<Item>>,
    /// All values.
    pub table: Option<Table>,
    /// Whether the table is what the module is about, rather than the alternative of a chart.
    pub table_first: bool,
    /// A line under the charts.
    pub caption: Option<String>,
    /// What is said about targets where there is no chart.
    pub targets: Vec<String>,
}

/// A number with the period it is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figure {
    /// What it is, if the title of the module does not say it.
    pub name: Option<String>,
    /// The period, or the words next to it.
    pub label: Option<String>,
    /// The text of the number; absent if there is no data.
    pub value: Option<String>,
    /// The number in full, if `value` abbreviates it.
    pub full: Option<String>,
    /// How it compares with an earlier one.
    pub change: Option<Change>,
}

/// A comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// The difference, or the earlier value.
    pub text: String,
    /// The period compared with.
    pub label: Option<String>,
    /// Where it went; absent if `text` is the earlier value itself.
    pub direction: Option<Direction>,
    /// Whether that is good, where somebody said what is good.
    pub good: Option<bool>,
}

/// Where a number went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Direction {
    Up,
    Down,
    Level,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// What it says.
    pub text: String,
    /// Where it leads.
    pub href: Option<String>,
    /// A number beside it.
    pub value: Option<String>,
}

/// Values in rows and columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// What the table holds.
    pub caption: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The cells, row by row; `None` where there is no data.
    pub rows: Arc<Vec<Vec<Option<Text>>>>,
    /// Whether the first cell of a row names it.
    pub row_header: bool,
    /// The rows in a page, once they are there.
    pub written: Arc<Written>,
}

/// The head of a column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Column {
    /// Its name.
    pub label: String,
    /// Whether its cells are numbers.
    pub numeric: bool,
    /// Where to go to have the table sorted by it.
    pub sort_href: Option<String>,
    /// Whether the table is sorted by it, and which way.
    pub sorted: Option<Sorted>,
}

/// The direction of sorting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Sorted {
    Ascending,
    Descending,
}

/// A form to choose the dates shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dates {
    /// Where the form leads, without a query.
    pub action: String,
    /// The choices as value and text, newest first.
    pub choices: Vec<(String, String)>,
    /// The chosen first one.
    pub from: Option<String>,
    /// The chosen last one.
    pub to: Option<String>,
    /// The weeks to choose from as value and text, newest first, where weeks are chosen.
    pub weeks: Vec<(String, String)>,
    /// The chosen one.
    pub week: Option<String>,
    /// Ready-made ranges; the chosen one has an empty `href`.
    pub presets: Vec<Link>,
    /// Whether the reader chose dates that no ready-made range has.
    pub own: bool,
    /// What present values may be compared with: value, text, and whether it is chosen.
    pub comparisons: Vec<(String, String, bool)>,
    /// What is wrong with the choice.
    pub error: Option<String>,
    /// What else the reader chose, as names and values of parameters.
    pub kept: Vec<(String, String)>,
}

/// What readers choose about a chart of groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choices {
    /// Ways to draw it; the chosen one has an empty `href`.
    pub drawings: Vec<Link>,
    /// Where the form of groups leads, without a query.
    pub action: String,
    /// The name of the parameter for a group that is shown.
    pub name: String,
    /// The groups: value, text, and whether it is shown.
    pub groups: Vec<(String, String, bool)>,
    /// Where all groups are shown, if some are not.
    pub all: Option<String>,
    /// What is wrong with the choice.
    pub error: Option<String>,
    /// What else the reader chose, as names and values of parameters.
    pub kept: Vec<(String, String)>,
}

/// What was found among all dashboards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search {
    /// Title, path and so on.
    pub head: Head,
    /// Where the form leads.
    pub action: String,
    /// The words searched for.
    pub query: String,
    /// How much was found, if anything was searched for.
    pub counted: Option<String>,
    /// Dashboards with the modules in which it was found.
    pub found: Vec<Found>,
}

/// A dashboard in which something was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The dashboard.
    pub link: Link,
    /// Whose it is.
    pub organisation: Option<String>,
    /// The modules.
    pub modules: Vec<Link>,
}

/// A searchable list of dashboards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct List {
    /// Title, path and so on.
    pub head: Head,
    /// The main heading.
    pub heading: String,
    /// A paragraph under it.
    pub intro: Option<String>,
    /// How many dashboards match, and of what: `12 services`.
    pub counted: String,
    /// The text searched for.
    pub filter: String,
    /// An example of what to search for.
    pub example: Option<String>,
    /// Organisations to choose from: groups of value and text.
    pub organisations: Vec<(String, Vec<(String, String)>)>,
    /// The chosen organisation's value.
    pub organisation: Option<String>,
    /// Measures to choose from: value, text, and whether it is shown.
    pub measures: Vec<(String, String, bool)>,
    /// A sentence about what is missing.
    pub notice: Option<String>,
    /// Filters in force, each with a link that removes it.
    pub active: Vec<Link>,
    /// Sums and means of what is listed.
    pub aggregates: Vec<Figure>,
    /// The dashboards.
    pub table: Table,
    /// The same as files.
    pub downloads: Vec<Link>,
    /// Whether the list could not be had.
    pub failed: bool,
}

/// The front page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Home {
    /// Title, path and so on.
    pub head: Head,
    /// Lists with how many dashboards each holds; absent counts could not be had.
    pub lists: Vec<(Link, Option<usize>)>,
    /// What is known about all services together.
    pub aggregates: Vec<Figure>,
    /// Dashboards worth a look.
    pub showcase: Vec<Link>,
    /// Where the search is.
    pub search: String,
}
