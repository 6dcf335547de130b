//! What there is to be seen on a page, as facts: figures, tables, charts, links.
//!
//! These are made once, from definitions and data (see [`crate::site`]), and shown in several ways: [`json`] writes them for
//! machines, [`crate::present`] puts them into words and layout for people. [`page`] holds what belongs to a page as a whole,
//! this file what belongs to a module. [`form`] lists the forms in which it can be had, [`provenance`] what a file that is taken away says
//! about itself.

pub mod form;
pub mod json;
pub mod page;
pub mod provenance;

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use self::provenance::Licence;
use crate::chart::{Chart, Judged};
use crate::definition::query::Query;
use crate::format::Text;
use crate::rows::sort::Sort;
use crate::written::Written;

/// Where a figure went, and whether that is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Trend {
    Increase,
    Decrease,
    NoChange,
    Improvement,
    Decline,
}

impl Trend {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Trend::Increase => "increase",
            Trend::Decrease => "decrease",
            Trend::NoChange => "no-change",
            Trend::Improvement => "improvement",
            Trend::Decline => "decline",
        }
    }
}

/// Which figure of a module it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Name {
    /// The newest value.
    #[default]
    Latest,
    /// The change on the period before, or its value.
    Previous,
    /// The share of what was aimed at.
    Share,
    /// How long a page takes to load.
    ResponseTime,
    /// How much of the time a service was there.
    Uptime,
}

impl Name {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Name::Latest => "latest",
            Name::Previous => "previous",
            Name::Share => "share",
            Name::ResponseTime => "response_time",
            Name::Uptime => "uptime",
        }
    }
}

/// A large number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headline {
    /// Which one it is.
    pub name: Name,
    /// Its period, or the words next to it.
    pub label: Option<String>,
    /// Its text; `None` if there is no data.
    pub value: Option<Text>,
    /// Where it went.
    pub trend: Vec<Trend>,
    /// What it means.
    pub note: Option<String>,
    /// Words that belong to the value of a change.
    pub suffix: Option<Cow<'static, str>>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Column {
    /// Its name.
    pub label: String,
    /// By what it is sorted.
    pub key: String,
    /// Whether its cells are amounts.
    pub numeric: bool,
}

/// Rows and columns of written values.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The cells, row by row; `None` where there is no data.
    pub rows: Arc<Vec<Vec<Option<Text>>>>,
    /// The amounts behind the cells, where there are any, for files: as many rows and columns, or none at all.
    pub amounts: Vec<Vec<Option<f64>>>,
    /// What the rows are sorted by, if by anything but the order in which they came.
    pub sorted: Option<Sort>,
    /// Whether the first cell of a row names it.
    pub row_header: bool,
    /// The rows in a page, once they are there.
    pub written: Arc<Written>,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// What it says.
    pub text: String,
    /// Where it leads.
    pub href: Option<String>,
}

/// A way to draw groups along time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// A line for each group.
    Lines,
    /// Areas on top of each other.
    Stack,
    /// The same of the groups' shares of the whole.
    Share,
    /// A small picture for each group, all with the same scale.
    Multiples,
}

impl Drawing {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Drawing; 4] = [Drawing::Lines, Drawing::Stack, Drawing::Share, Drawing::Multiples];

    /// The word for it in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Drawing::Lines => "line",
            Drawing::Stack => "stack",
            Drawing::Share => "share",
            Drawing::Multiples => "multiples",
        }
    }

    /// The drawing of a word.
    pub fn parse(word: &str) -> Option<Drawing> {
        Drawing::ALL.into_iter().find(|drawing| drawing.word() == word)
    }
}

/// A group that readers may show or hide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name in addresses.
    pub key: String,
    /// What readers call it.
    pub name: String,
    /// Whether it is shown.
    pub shown: bool,
}

/// What readers may choose about a chart of groups, and what they did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// The ways to draw it.
    pub drawings: Vec<Drawing>,
    /// The one that is shown.
    pub drawing: Drawing,
    /// The one that is shown to those who do not choose.
    pub usual: Drawing,
    /// The groups; none if there are too many to choose from.
    pub groups: Vec<Group>,
    /// What is wrong with the choice.
    pub error: Option<String>,
}

impl Choices {
    /// Whether a group is shown.
    pub fn shows(&self, key: &str) -> bool {
        self.groups.iter().all(|group| group.shown || group.key != key)
    }

    /// Whether there are groups that are not shown.
    pub fn hides_some(&self) -> bool {
        self.groups.iter().any(|group| !group.shown)
    }
}

/// What an ordinary module has to show.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The large numbers, in order.
    pub headline: Vec<Headline>,
    /// The pictures.
    pub charts: Vec<Arc<Chart>>,
    /// All values.
    pub table: Option<Table>,
    /// Whether the table is what the module is about, rather than the alternative of a chart.
    pub table_first: bool,
    /// The entries of a list.
    pub items: Option<Vec<Item>>,
    /// A line under the chart.
    pub caption: Option<String>,
    /// Whether the charts include one of how answers are spread.
    pub breakdown: bool,
    /// Whether figures without a chart are what they shall be.
    pub targets: Vec<Judged>,
    /// What readers may choose about the chart.
    pub choices: Option<Choices>,
}

/// The inside of a module.
#[derive(Debug, Clone)]
pub enum Body {
    /// Figures, charts, tables.
    Facts(Arc<Facts>),
    /// Modules under a common heading.
    Section(Vec<Module>),
    /// Modules of which one is looked at.
    Tabs(Vec<Module>),
    /// The data could not be had.
    Failed,
    /// A type that nobody knows, without data.
    Unknown,
}

/// By when newer data should be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The moment.
    pub by: DateTime<Utc>,
    /// Whether that is over.
    pub late: bool,
}

/// What is missing where present values are to be compared with earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uncompared {
    /// There are none, or they cannot be had.
    Nothing,
    /// They cannot be drawn in this kind of chart: the table has them.
    Chart,
}

/// A module as it is shown.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its name in the page.
    pub slug: String,
    /// Its type.
    pub kind: String,
    /// Whether nobody knows the type, so that its data is shown as a table.
    pub is_unknown: bool,
    /// Its heading, as HTML.
    pub title: String,
    /// The path of its own page.
    pub path: String,
    /// A paragraph under the heading, as HTML.
    pub description: Option<String>,
    /// Layout classes.
    pub classes: Vec<String>,
    /// Whether the data is not for everybody.
    pub restricted: bool,
    /// Notes about the data, as HTML.
    pub info: Vec<String>,
    /// What it asked for its data, without a format.
    pub query: Option<Query>,
    /// When its data changed last.
    pub updated: Option<DateTime<Utc>>,
    /// On what terms its data may be used, where they are terms of its own.
    pub licence: Option<Licence>,
    /// By when its data should change next; in the past if it is late.
    pub due: Option<Due>,
    /// When what it shows was made, where its data cannot be had now.
    pub outdated: Option<DateTime<Utc>>,
    /// What is missing of the comparison that the reader wants.
    pub uncompared: Option<Uncompared>,
    /// Whether readers may choose the dates that it shows.
    pub dates: bool,
    /// The inside.
    pub body: Body,
}
