//! Transforms: from the records of one data set to those of another, such as from transactions by channel to the share of
//! digital ones.
//!
//! ```text
//!   what was written: earliest and latest moment -> due      (which range to compute, and when)
//!   range + query parameters of the transform    -> queries  (what to ask of the input)
//!   rows of the answers + options                -> Function -> records of the output
//! ```
//!
//! A function is one file in `functions/` and one line in [`FUNCTIONS`]. It is known by the dotted path that configurations
//! have always named. All of it is pure: this crate asks and writes nothing itself, and never reads the clock.
//! What a function has to know of dashboards comes through [`Dashboards`].

mod additional_fields;
mod ask;
mod functions;
mod identity;
mod number;
mod options;
mod periods;

pub use ask::{Due, MOST_RECORDS, TimeRange, due, queries};
pub use functions::{FUNCTIONS, find};
pub use identity::encode;

use serde_json::{Map, Value};

/// A record, or a row of an answer.
pub type Row = Map<String, Value>;

/// A function of transforms.
#[derive(Debug)]
pub struct Function {
    /// The dotted path by which types of transforms name it.
    pub path: &'static str,
    /// What its type of transforms is called: at most 25 characters.
    pub name: &'static str,
    /// The JSON schema of its options.
    pub options: fn() -> Value,
    compute: fn(&Input<'_>) -> Result<Output, Unfit>,
}

/// What a function works on.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// What the input answered, in the order of the answer.
    pub rows: &'a [Row],
    /// The options of the transform.
    pub options: &'a Row,
    /// The data type of the input.
    pub data_type: &'a str,
    /// Which dashboards show what.
    pub dashboards: &'a dyn Dashboards,
}

/// Which dashboards show what, by slug.
pub trait Dashboards {
    /// The published dashboards that show the input.
    fn showing_input(&self) -> Vec<String>;
    /// The published dashboards that show the transactions of a service.
    fn of_service(&self, service: &str) -> Vec<String>;
}

/// What a function made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Output {
    /// The records, ready to be written.
    pub records: Vec<Row>,
    /// Whether a record may only take the place of one that is not newer, by `_timestamp`.
    pub keeps_newer: bool,
}

/// Why a transform cannot work on what it was given. Another time would not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(String);

impl Unfit {
    fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl Function {
    /// The records of the output.
    ///
    /// # Errors
    /// If the options make no sense, or the rows are not of the kind that the function works on.
    pub fn run(&self, input: &Input<'_>) -> Result<Output, Unfit> {
        let mut output = (self.compute)(input)?;
        additional_fields::add(&mut output.records, input.options)?;
        Ok(output)
    }
}
