//! The typed query: what a query string means once it has been parsed and found valid.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::{Calendar, Cursor, Expression, Period, Value, grammar};

/// How the values of a key are gathered over the records of a group. Records without the key count for nothing.
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
    /// The smallest value, in the order in which answers are sorted.
    Min,
    /// The largest value, in the order in which answers are sorted.
    Max,
    /// The value of the earliest record by `_timestamp`; of several, of the one stored first.
    First,
    /// The value of the latest record by `_timestamp`; of several, of the one stored last.
    Last,
    /// The sample standard deviation of the numbers; null for fewer than two.
    Stddev,
    /// The number of distinct values.
    Distinct,
    /// A percentile of the numbers; null where there are none. The median is `p50`: the name `median` has always been
    /// refused, and still is.
    Percentile(Percentile),
}

impl CollectMethod {
    /// All methods with a fixed name.
    pub const NAMED: [Self; 10] = [
        Self::Sum,
        Self::Count,
        Self::Set,
        Self::Mean,
        Self::Min,
        Self::Max,
        Self::First,
        Self::Last,
        Self::Stddev,
        Self::Distinct,
    ];

    /// The name in a query string, `None` for the default.
    pub fn name(self) -> Option<Cow<'static, str>> {
        let name = match self {
            Self::Default => return None,
            Self::Sum => "sum",
            Self::Count => "count",
            Self::Set => "set",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::First => "first",
            Self::Last => "last",
            Self::Stddev => "stddev",
            Self::Distinct => "distinct",
            Self::Percentile(percentile) => return Some(percentile.to_string().into()),
        };
        Some(name.into())
    }

    /// The method of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = Self::NAMED.into_iter().find(|method| method.name().as_deref() == Some(name));
        named.or_else(|| grammar::percentile(name).map(Self::Percentile))
    }
}

/// A percentile between 0 and 100, to a thousandth. Between two values it is interpolated linearly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percentile(u32);

impl Percentile {
    /// The percentile of so many thousandths of a percent: 99.9 is 99 900. `None` above 100 percent.
    pub fn from_thousandths(thousandths: u32) -> Option<Self> {
        (thousandths <= 100_000).then_some(Self(thousandths))
    }

    /// The share of values below it, from 0 to 1.
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 100_000.0
    }
}

/// Prints as in a query string: `p90`, `p99.9`.
impl std::fmt::Display for Percentile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "p{}", f64::from(self.0) / 1_000.0)
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

    /// The key of the answer that is always there: that of the default method is `fee:set`, and `fee` only beside it.
    pub fn shown_name(&self) -> String {
        match self.method {
            CollectMethod::Default => format!("{}:set", self.key),
            _ => self.output_name(),
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
    /// One JSON object a line and nothing around them.
    Ndjson,
    /// Columns as an Arrow IPC stream.
    Arrow,
    /// Columns as a Parquet file.
    Parquet,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 5] = [Self::Json, Self::Csv, Self::Ndjson, Self::Arrow, Self::Parquet];

    /// The name in a query string.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Arrow => "arrow",
            Self::Parquet => "parquet",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// What a period is laid beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compare {
    /// The period before it.
    PreviousPeriod,
    /// The same period a year before.
    PreviousYear,
}

impl Compare {
    /// All ways to compare.
    pub const ALL: [Self; 2] = [Self::PreviousPeriod, Self::PreviousYear];

    /// The name in a query string.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreviousPeriod => "previous_period",
            Self::PreviousYear => "previous_year",
        }
    }
}

/// What stands for a collected value in a period without records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fill {
    /// Null: nothing is known.
    #[default]
    Null,
    /// Zero, or an empty list: nothing happened.
    Zero,
    /// The value of the last period that has one: nothing changed.
    Previous,
}

impl Fill {
    /// All ways to fill.
    pub const ALL: [Self; 3] = [Self::Null, Self::Zero, Self::Previous];

    /// The name in a query string.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Zero => "zero",
            Self::Previous => "previous",
        }
    }
}

/// A valid query.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// Keys and the values that a record must have, all of them.
    pub filter_by: Vec<(String, Value)>,
    /// Keys and the text that a record's value must begin with.
    pub filter_by_prefix: Vec<(String, String)>,
    /// A condition that a record must meet besides.
    pub filter: Option<Expression>,
    /// Keys to group on, outermost first.
    pub group_by: Vec<String>,
    /// Calendar period to group on.
    pub period: Option<Period>,
    /// The time zone whose calendar the periods follow; `None` is UTC.
    pub timezone: Option<Tz>,
    /// Earliest moment, inclusive.
    pub start_at: Option<DateTime<Utc>>,
    /// Latest moment, exclusive unless `inclusive`.
    pub end_at: Option<DateTime<Utc>>,
    /// Number of periods, counted from `start_at`, back from `end_at`, or back from now.
    pub duration: Option<i64>,
    /// What to gather for each group; from a query string, in the order of their names.
    pub collect: Vec<Collect>,
    /// Sort of the answer.
    pub sort_by: Option<SortBy>,
    /// Greatest number of rows (of groups, for a grouped query).
    pub limit: Option<u64>,
    /// Number of rows (of groups, for a grouped query) to leave out before the first.
    pub offset: u64,
    /// The page to show of a raw query; `None` for a query that is not asked page by page.
    pub cursor: Option<Cursor>,
    /// The only keys that the rows of the answer shall have, in this order; empty = all. Only of raw and flat answers.
    pub fields: Vec<String>,
    /// Answer grouped queries as flat rows.
    pub flatten: bool,
    /// Whether `end_at` itself belongs to the range.
    pub inclusive: bool,
    /// What to lay beside each period.
    pub compare: Option<Compare>,
    /// Whether to add running totals to each period.
    pub cumulative: bool,
    /// What stands for collected values in periods without records.
    pub fill: Fill,
    /// Form of the answer.
    pub format: Format,
    /// Whether to tell how the answer is found instead of giving it.
    pub explain: bool,
}

impl Query {
    /// Whether the answer consists of the records themselves, neither grouped nor by period.
    pub fn is_raw(&self) -> bool {
        self.group_by.is_empty() && self.period.is_none()
    }

    /// The keys of records that it is about: in conditions, grouped by, collected, and of raw queries sorted by and shown.
    pub fn keys(&self) -> BTreeSet<&str> {
        let filters = self.filter_by.iter().map(|(key, _)| key.as_str());
        let prefixes = self.filter_by_prefix.iter().map(|(key, _)| key.as_str());
        let conditions = self.filter.iter().flat_map(Expression::keys);
        let groups = self.group_by.iter().map(String::as_str);
        let collected = self.collect.iter().map(|collect| collect.key.as_str());
        let sorted = self.sort_by.iter().map(|sort| sort.key.as_str());
        let shown = self.fields.iter().map(String::as_str);
        let of_records = sorted.chain(shown).filter(|_| self.is_raw());
        filters.chain(prefixes).chain(conditions).chain(groups).chain(collected).chain(of_records).collect()
    }

    /// The names in the rows of its answer, in alphabetical order, when these are groups or
    /// periods and flat. Records may have any.
    pub fn output_names(&self) -> Vec<String> {
        let mut names = self.group_by.clone();
        let mut add = |name: String, is_number: bool, is_sum: bool| {
            if self.period.is_some() && self.compare.is_some() {
                names.push(format!("{name}:previous"));
                names.extend(is_number.then(|| format!("{name}:change")));
            }
            if self.period.is_some() && self.cumulative && is_sum {
                names.push(format!("{name}:cumulative"));
            }
            names.push(name);
        };
        add("_count".to_owned(), true, true);
        for collect in &self.collect {
            let is_set = matches!(collect.method, CollectMethod::Default | CollectMethod::Set);
            let is_sum = matches!(collect.method, CollectMethod::Sum | CollectMethod::Count);
            add(collect.shown_name(), !is_set, is_sum);
        }
        // The default method answers under the plain key too.
        names.extend(self.collect.iter().map(Collect::output_name));
        if self.period.is_some() {
            names.extend(["_start_at", "_end_at"].map(str::to_owned));
        }
        names.sort();
        names.dedup();
        names
    }

    /// The calendar that its periods follow.
    pub fn calendar(&self) -> Calendar {
        Calendar { zone: self.timezone }
    }
}

/// What a data set allows its readers to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Whether queries may ask for records themselves, and at any moment instead of whole days.
    pub raw_queries_allowed: bool,
}
