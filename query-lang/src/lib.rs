//! The query language of the Performance Platform: from the query string of `GET /data/{group}/{type}` to a typed
//! [`Query`], and back to canonical text.
//!
//! Data flows one way: `grammar` (nom: text -> parameters) -> `validate` (rules and their messages) -> [`Query`] ->
//! `print` (canonical text). This crate knows neither storage nor HTTP, does no IO and never reads the clock: the
//! present is an argument.

mod period;
mod query;
mod value;

pub use period::Period;
pub use query::{Collect, CollectMethod, Format, Order, Policy, Query, SortBy};
pub use value::{Value, print_time};
