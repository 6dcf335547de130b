//! Reading the options of a transform. Their schema has been checked when the transform was made, but types of transforms can
//! be changed afterwards.

use regex::Regex;
use serde_json::{Value, json};

use crate::{Row, Unfit};

/// A text that has to be there.
pub fn text<'a>(options: &'a Row, name: &str) -> Result<&'a str, Unfit> {
    let value = options.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    value.ok_or_else(|| Unfit::new(format!("the option {name} has to be a text")))
}

/// A regular expression that has to be there. It is looked for anywhere in a text.
pub fn pattern(options: &Row, name: &str) -> Result<Regex, Unfit> {
    read_pattern(text(options, name)?, name)
}

/// Reads a regular expression of an option.
pub fn read_pattern(pattern: &str, name: &str) -> Result<Regex, Unfit> {
    // The error's text points into the pattern over several lines; the last one says what is wrong.
    let wrong = |error: regex::Error| {
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default().trim().to_owned();
        Unfit::new(format!("the option {name} has an expression that cannot be used, {pattern:?}: {reason}"))
    };
    Regex::new(pattern).map_err(wrong)
}

/// The schema of options of which these have to be there, each of a type. Others are allowed, since the same schema is used by
/// transforms that were made for the older system.
pub fn schema(required: &[(&str, &str)]) -> Value {
    let mut properties = json!({"additionalFields": {"type": "object"}});
    for (name, kind) in required {
        properties[*name] = json!({"type": kind, "required": true});
    }
    json!({"$schema": "http://json-schema.org/draft-03/schema#", "type": "object", "properties": properties})
}
