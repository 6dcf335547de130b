//! Pages of records: where the next one begins.
//!
//! Clients take a cursor as it comes and give it back; nothing inside it is theirs to read. It names the last record of
//! a page by what the page is sorted by and by the order of insertion, so that records that come or go elsewhere neither
//! repeat nor hide others.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{Value, parse_timestamp, print_time};

/// The word that asks for the first page.
const FIRST: &str = "first";

/// A page of a raw query.
#[derive(Debug, Clone, PartialEq)]
pub enum Cursor {
    /// The first page.
    First,
    /// The page after a record.
    After {
        /// The record's value of the sort key; `None` for a query without a sort.
        value: Option<Value>,
        /// The record's place in the order of insertion.
        sequence: i64,
    },
}

impl Cursor {
    /// The cursor of that text; `None` where it is none.
    pub fn read(text: &str) -> Option<Self> {
        if text == FIRST {
            return Some(Self::First);
        }
        let json: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        match json.as_array()?.as_slice() {
            [sequence] => Some(Self::After { value: None, sequence: sequence.as_i64()? }),
            [sequence, value] => {
                Some(Self::After { value: Some(scalar(value)?), sequence: sequence.as_i64()? })
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = match self {
            Self::First => return f.write_str(FIRST),
            Self::After { value: None, sequence } => serde_json::json!([sequence]),
            Self::After { value: Some(Value::Time(time)), sequence } => {
                serde_json::json!([sequence, [print_time(*time)]])
            }
            Self::After { value: Some(value), sequence } => serde_json::json!([sequence, value.to_json()]),
        };
        f.write_str(&URL_SAFE_NO_PAD.encode(parts.to_string()))
    }
}

/// A time stands in a list of its own, so that it is not taken for text.
fn scalar(json: &serde_json::Value) -> Option<Value> {
    Some(match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64()?),
        },
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(time) => Value::Time(parse_timestamp(time.first()?.as_str()?)?),
        serde_json::Value::Object(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_cursor_is_none() {
        for text in ["", "x", "W10", "e30", "W3t9XQ", "WzEsMiwzXQ", "\u{e9}"] {
            assert_eq!(Cursor::read(text), None, "{text}");
        }
    }
}
