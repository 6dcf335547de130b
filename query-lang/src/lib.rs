//! The query language of the Performance Platform: from the query string of `GET /data/{group}/{type}` to a typed
//! [`Query`], and back to canonical text.
//!
//! Data flows one way: `grammar` (nom: text -> parameters and their parts) -> `validate` (rules, in order) ->
//! [`Query`] -> `print` (canonical text) and `window` (the records and periods that a query is about).
//! `expression` is the language inside `filter=`, `timestamp` reads the many ways to write a moment; `error` holds every message. This crate knows neither
//! storage nor HTTP, does no IO and never reads the clock: the present is an argument.

mod calendar;
mod cursor;
mod error;
mod expression;
mod grammar;
mod period;
mod print;
mod query;
mod steps;
mod timestamp;
mod validate;
mod value;
mod window;

pub use calendar::Calendar;
pub use chrono_tz::Tz;
pub use cursor::Cursor;
pub use error::{Problem, QueryError};
pub use expression::{Comparison, Expression, Place};
pub use grammar::{for_url, is_valid_key};
pub use period::{PartOfDay, Period};
pub use query::{Collect, CollectMethod, Compare, Fill, Format, Order, Percentile, Policy, Query, SortBy};
pub use timestamp::{TimestampError, parse_timestamp, read_timestamp};
pub use validate::{LONGEST, PARAMETERS, parse};
pub use value::{Value, print_time};
pub use window::{Periods, Shift, Window};
