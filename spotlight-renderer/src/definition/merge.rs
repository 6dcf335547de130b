//! Options completed with defaults.

use serde_json::Value;

/// Lays `over` on top of `under`: objects key by key, lists entry by entry, everything else as a whole.
///
/// Lists merge by position because stored definitions rely on it: one that names the label of the first y axis keeps its
/// default key and format, and the default axes after it.
pub fn deep(under: &Value, over: &Value) -> Value {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            let mut merged = under.clone();
            for (key, value) in over {
                let below = under.get(key).unwrap_or(&Value::Null);
                merged.insert(key.clone(), deep(below, value));
            }
            Value::Object(merged)
        }
        (Value::Array(under), Value::Array(over)) => {
            let longest = under.len().max(over.len());
            let entry = |index: usize| match (under.get(index), over.get(index)) {
                (Some(below), Some(above)) => deep(below, above),
                (Some(one), None) | (None, Some(one)) => one.clone(),
                (None, None) => Value::Null,
            };
            Value::Array((0..longest).map(entry).collect())
        }
        (under, Value::Null) => under.clone(),
        (_, over) => over.clone(),
    }
}

/// The options of a module: [`deep`], except that the default format of the x axis goes with its default key.
///
/// Default x axes are dates; a definition that puts categories in their place does not want them printed as dates.
pub fn with_axes(defaults: &Value, stored: &Value) -> Value {
    let mut merged = deep(defaults, stored);
    let own = &stored["axes"]["x"];
    let is_other = own.get("key").is_some_and(|key| !is_date_key(key));
    if is_other
        && own.get("format").is_none()
        && let Some(x) = merged["axes"]["x"].as_object_mut()
    {
        x.remove("format");
    }
    merged
}

/// Whether a key, or one of several, names a date.
pub fn is_date_key(key: &Value) -> bool {
    match key {
        Value::String(key) => key == "_timestamp" || key.ends_with("_at"),
        Value::Array(keys) => keys.iter().any(is_date_key),
        _ => false,
    }
}
