//! The typed query: what a query string means once it has been parsed and found valid.

use chrono::{DateTime, Utc};

use crate::{Period, Value};

/// How the values of a key are gathered over the records of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CollectMethod {
    /// No method named: the distinct values, under the plain key.
    Default,
    /// The sum of the numbers.
    Sum,
    /// The number of values.
    Count,
    /// The distinct values.
    Set,
    /// The mean of the numbers; null where there are none.
    Mean,
}

impl CollectMethod {
    /// All methods that have a name.
    pub const NAMED: [Self; 4] = [Self::Sum, Self::Count, Self::Set, Self::Mean];

    /// The name in a query string, `None` for the default.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Default => None,
            Self::Sum => Some("sum"),
            Self::Count => Some("count"),
            Self::Set => Some("set"),
            Self::Mean => Some("mean"),
        }
    }

    /// The method of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|method| method.name() == Some(name))
    }
}

/// One `collect=key:method`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Collect {
    /// The key whose values are gathered.
    pub key: String,
    /// How.
    pub method: CollectMethod,
}

impl Collect {
    /// The key of the answer: `volume:sum`, or `volume` for the default method.
    pub fn output_name(&self) -> String {
        match self.method.name() {
            Some(method) => format!("{}:{method}", self.key),
            None => self.key.clone(),
        }
    }
}

/// Direction of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// `sort_by=key:order`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SortBy {
    /// The key to sort on; may be a collected name such as `volume:sum`.
    pub key: String,
    /// Direction.
    pub order: Order,
}

/// The form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// JSON, unless asked otherwise.
    #[default]
    Json,
    /// Comma-separated values with a header line.
    Csv,
}

/// A valid query.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// Keys and the values that a record must have, all of them.
    pub filter_by: Vec<(String, Value)>,
    /// Keys and the text that a record's value must begin with.
    pub filter_by_prefix: Vec<(String, String)>,
    /// Keys to group on, outermost first.
    pub group_by: Vec<String>,
    /// Calendar period to group on.
    pub period: Option<Period>,
    /// Earliest moment, inclusive.
    pub start_at: Option<DateTime<Utc>>,
    /// Latest moment, exclusive unless `inclusive`.
    pub end_at: Option<DateTime<Utc>>,
    /// Number of periods, counted from `start_at`, back from `end_at`, or back from now.
    pub duration: Option<i64>,
    /// What to gather for each group, in the order asked.
    pub collect: Vec<Collect>,
    /// Sort of the answer.
    pub sort_by: Option<SortBy>,
    /// Greatest number of rows (of groups, for a grouped query).
    pub limit: Option<u64>,
    /// Answer grouped queries as flat rows.
    pub flatten: bool,
    /// Whether `end_at` itself belongs to the range.
    pub inclusive: bool,
    /// Form of the answer.
    pub format: Format,
}

impl Query {
    /// Whether the answer consists of the records themselves, neither grouped nor by period.
    pub fn is_raw(&self) -> bool {
        self.group_by.is_empty() && self.period.is_none()
    }
}

/// What a data set allows its readers to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Whether queries may ask for records themselves, and at any moment instead of whole days.
    pub raw_queries_allowed: bool,
}
