//! A record: flat, already validated and normalised.

use indexmap::IndexMap;

pub use query_lang::Value;

/// A flat record, keys in the order given: `_id` (text), `_updated_at` (time), most often `_timestamp` (time), and the
/// owner's own keys.
pub type Record = IndexMap<String, Value>;
