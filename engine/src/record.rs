//! A record: flat, already validated and normalised.

use indexmap::IndexMap;

pub use query_lang::Value;

/// A flat record, keys in the order given: `_id` (text), `_updated_at` (time), most often `_timestamp` (time), and the
/// owner's own keys.
pub type Record = IndexMap<String, Value>;

/// The record as a JSON object, keys in their order.
pub fn record_to_json(record: &Record) -> serde_json::Value {
    record.iter().map(|(key, value)| (key.clone(), value.to_json())).collect::<serde_json::Map<_, _>>().into()
}
