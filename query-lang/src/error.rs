//! Every way in which a query can be refused, with the message that clients of the older API know.

use crate::grammar;

/// What is wrong with a query. Displays as the message of the HTTP 400 answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A query string that is too long to be read.
    #[error("the query is too long: at most {most} bytes")]
    TooLong {
        /// How long it may be, in bytes.
        most: usize,
    },
    /// A parameter that does not exist.
    #[error("An unrecognised parameter was provided")]
    UnrecognisedParameter,
    /// `start_at` alone.
    #[error("Use of 'start_at' requires 'end_at' or 'duration'")]
    StartAlone,
    /// `end_at` alone.
    #[error("Use of 'end_at' requires 'start_at' or 'duration'")]
    EndAlone,
    /// `period` without a bounded range.
    #[error("Either 'duration' or both 'start_at' and 'end_at' are required for a period query")]
    PeriodWithoutRange,
    /// `limit` with `period` but without `group_by`.
    #[error("A period query can only be limited if it is grouped - please add 'group_by'")]
    LimitedPeriods,
    /// `offset` with `period` but without `group_by`.
    #[error("A period query can only have an offset if it is grouped - please add 'group_by'")]
    OffsetPeriods,
    /// `duration=0`.
    #[error("'duration' must not be zero")]
    ZeroDuration,
    /// `duration` with both ends of the range.
    #[error(
        "Absolute and relative time cannot be requested at the same time - either ask for 'start_at' and \
         'end_at', or ask for 'start_at'/'end_at' with 'duration'"
    )]
    AbsoluteAndRelative,
    /// `duration` without `period`.
    #[error(
        "If 'duration' is requested (for relative time), 'period' is required - please add a period (like \
         'day', 'month' etc)"
    )]
    DurationWithoutPeriod,
    /// A time that is not written as `2014-01-06T00:00:00Z` or that does not exist.
    #[error("{0} is not a valid datetime")]
    InvalidTime(&'static str),
    /// A filter without a colon.
    #[error("filter_by must be a field name and value separated by a colon (:) eg. authority:Westminster")]
    FilterWithoutColon,
    /// A filter on a name that no key can have.
    #[error("Cannot filter by an invalid field name")]
    FilterKey,
    /// Both kinds of filter.
    #[error("Cannot use both filter_by and filter_by_prefix in the same query")]
    BothFilters,
    /// A filter expression that cannot be read.
    #[error("filter is not a valid expression: expected {expected} at character {character}, found {found}")]
    Expression {
        /// Where, in characters of the decoded value, the first being 1.
        character: usize,
        /// What would have made sense there.
        expected: &'static str,
        /// What is there: the next word or symbol in quotes, or `the end`.
        found: String,
    },
    /// Filter expressions of too many conditions.
    #[error("filter has too many conditions: at most {most}, of which a list such as (1, 5) is one")]
    ExpressionTooLarge {
        /// How many there may be.
        most: usize,
    },
    /// A filter expression on a key of the platform itself, which might pick out single records.
    #[error("Cannot filter by internal fields, internal fields start with an underscore")]
    FilterInternal,
    /// An unknown period.
    #[error("'period' must be one of ['hour', 'day', 'week', 'month', 'quarter', 'year']")]
    UnknownPeriod,
    /// An unknown time zone.
    #[error("timezone must be the name of a time zone, like Europe/London")]
    UnknownTimeZone,
    /// A parameter that is about periods, without `period`.
    #[error("{0} can be used only with 'period'")]
    WithoutPeriod(&'static str),
    /// `fill` of a query that collects nothing: a count is never unknown.
    #[error("fill can be used only with 'collect'")]
    FillWithoutCollect,
    /// A parameter that takes one of a few words.
    #[error("{name} must be one of {words}")]
    UnknownWord {
        /// The parameter.
        name: &'static str,
        /// The words.
        words: String,
    },
    /// A cursor that no answer gave.
    #[error("cursor must be 'first' or the cursor of an earlier answer to the same query")]
    UnknownCursor,
    /// A cursor of a query that does not show records.
    #[error("cursor can be used only with raw queries")]
    CursorOfGroups,
    /// Two ways to choose a page.
    #[error("cursor and offset cannot be used together")]
    CursorAndOffset,
    /// The data set does not answer about such short periods.
    #[error("period must be an hour or more: this data-set does not show single records")]
    PeriodTooShort,
    /// A sort of periods, which are always in order of time.
    #[error("Cannot sort for period queries without group_by. Period queries are always sorted by time.")]
    SortedPeriods,
    /// A sort without a colon.
    #[error(
        "sort_by must be a field name and sort direction separated by a colon (:) eg. authority:ascending"
    )]
    SortWithoutColon,
    /// A sort in an unknown direction.
    #[error("Unrecognised sort direction. Supported directions include: ascending, descending")]
    SortDirection,
    /// A sort on a name that no key can have.
    #[error("Cannot sort by an invalid field name")]
    SortKey,
    /// A sort on something collected that the query does not collect.
    #[error("Invalid sort key {0}")]
    SortKeyNotCollected(String),
    /// Grouping on a name that no key can have.
    #[error("Cannot group by an invalid field name")]
    GroupKey,
    /// Grouping on a key of the platform itself.
    #[error("Cannot group by internal fields, internal fields start with an underscore")]
    GroupInternal,
    /// A parameter that takes a count.
    #[error("{0} must be a positive integer")]
    NotPositive(&'static str),
    /// `collect` in a query that gathers nothing.
    #[error("collect can be used only with either ['group_by', 'period']")]
    CollectWithoutGroups,
    /// An unknown way to collect.
    #[error("Unknown collection method")]
    CollectMethod,
    /// Collecting a name that no key can have.
    #[error("Cannot collect an invalid field name")]
    CollectKey,
    /// Collecting a key of the platform itself.
    #[error("Cannot collect internal fields, internal fields start with an underscore")]
    CollectInternal,
    /// Collecting a key that the query groups on.
    #[error("Cannot collect by a field that is used for group_by")]
    CollectGroupKey,
    /// A field that no row can have.
    #[error("Cannot show an invalid field name")]
    FieldKey,
    /// A field that is in no row of the answer.
    #[error("fields: there is no {field} in the answer, which has {there}")]
    FieldNotThere {
        /// The field.
        field: String,
        /// The fields that there are.
        there: String,
    },
    /// A parameter that is there too often.
    #[error("{name} can be used at most {most} times")]
    TooMany {
        /// The parameter.
        name: &'static str,
        /// How often it may be there.
        most: usize,
    },
    /// `fields` of an answer that consists of groups in groups.
    #[error("fields can be used only with raw queries or with 'flatten=true'")]
    FieldsNested,
    /// A parameter that takes `true` or `false`.
    #[error("{0} must be either 'true' or 'false'")]
    NotBoolean(&'static str),
    /// `inclusive` without a range.
    #[error("inclusive can be used only with either ['start_at', 'end_at']")]
    InclusiveWithoutRange,
    /// The data set does not show its records.
    #[error("querying for raw data is not allowed")]
    RawRefused,
    /// The data set only answers about a week or more.
    #[error("The minimum time span for a query is 7 days")]
    SpanTooShort,
    /// The data set only answers about whole days.
    #[error("{0} must be midnight")]
    NotMidnight(&'static str),
    /// The data set only answers about whole weeks.
    #[error("{0} must be a monday")]
    NotMonday(&'static str),
    /// The data set only answers about whole months.
    #[error("'{0}' must be the first of the month for period=month queries")]
    NotFirstOfMonth(&'static str),
    /// A range that leaves the calendar.
    #[error("the time range must lie between the years 1 and 9999")]
    BeyondCalendar,
}

/// A refused query: what is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct QueryError {
    problem: Problem,
    parameter: Option<String>,
    position: Option<usize>,
}

impl QueryError {
    pub(crate) fn new(problem: Problem) -> Self {
        Self { problem, parameter: None, position: None }
    }

    pub(crate) fn at(problem: Problem, parameter: &str, position: Option<usize>) -> Self {
        Self { problem, parameter: Some(parameter.to_owned()), position }
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The parameter at fault, when it is one in particular.
    pub fn parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }

    /// Where that parameter begins in the query string, in bytes; `None` when it is not there at all.
    pub fn position(&self) -> Option<usize> {
        self.position
    }

    /// The query string with a mark below the parameter at fault or, for an expression, the expression with a mark below
    /// the character at fault: two lines for people. `None` when there is no such place.
    pub fn marked(&self, query_string: &str) -> Option<String> {
        let position = self.position?;
        let written = grammar::written_at(query_string, position)?;
        let (line, before, width) = match self.problem {
            Problem::Expression { character, .. } => {
                (grammar::value_of(written), character.saturating_sub(1), 1)
            }
            _ => {
                let before = query_string.get(..position)?.chars().count();
                (query_string.to_owned(), before, written.chars().count())
            }
        };
        Some(format!("{line}\n{}{}", " ".repeat(before), "^".repeat(width)))
    }
}
