//! The shapes of request bodies, and what is said of a body that has another one.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};
use stagecraft::Uuid;

use super::answer::Refusal;
use crate::body::Received;
use crate::state::AppState;

/// The most bytes of a body: a dashboard with thousands of modules.
const MOST_BODY: usize = 8 * 1024 * 1024;

/// What a property may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A truth value.
    Truth,
    /// A list.
    List,
    /// A list of texts.
    Texts,
    /// An object.
    Object,
    /// An object, or nothing.
    ObjectOrNull,
    /// A whole number.
    Integer,
    /// An amount: a number, a text of digits, or nothing.
    Amount,
    /// A text that is a UUID.
    Uuid,
    /// A text that is a UUID, or nothing.
    UuidOrNull,
}

/// The shape of a body: an object with these properties.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Properties that must be there.
    pub required: &'static [(&'static str, Kind)],
    /// Properties that may be there.
    pub optional: &'static [(&'static str, Kind)],
    /// Whether there may be others, which are ignored.
    pub open: bool,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Text | Kind::Uuid | Kind::UuidOrNull => "string",
            Kind::Truth => "boolean",
            Kind::List | Kind::Texts => "array",
            Kind::Object | Kind::ObjectOrNull => "object",
            Kind::Integer => "integer",
            Kind::Amount => "integer, string or null",
        }
    }

    /// What is wrong with a value, if anything.
    fn complaint(self, value: &Value) -> Option<String> {
        let good = match self {
            Kind::Text | Kind::Uuid => value.is_string(),
            Kind::UuidOrNull => value.is_string() || value.is_null(),
            Kind::Truth => value.is_boolean(),
            Kind::List => value.is_array(),
            Kind::Texts => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
            Kind::Object => value.is_object(),
            Kind::ObjectOrNull => value.is_object() || value.is_null(),
            Kind::Integer => value.is_i64() || value.is_u64(),
            Kind::Amount => value.is_number() || value.is_string() || value.is_null(),
        };
        if !good {
            return Some(format!("{} is not of type '{}'", quoted(value), self.name()));
        }
        let text = value.as_str().filter(|_| matches!(self, Kind::Uuid | Kind::UuidOrNull))?;
        Uuid::parse_str(text).is_err().then(|| format!("'{text}' is not a 'uuid'"))
    }
}

impl Shape {
    /// Checks an object.
    ///
    /// # Errors
    /// What is wrong with it first.
    pub fn check(&self, object: &Map<String, Value>) -> Result<(), String> {
        for (name, _) in self.required {
            if !object.contains_key(*name) {
                return Err(format!("'{name}' is a required property"));
            }
        }
        for (name, value) in object {
            let known = self.required.iter().chain(self.optional).find(|(known, _)| known == name);
            match known {
                Some((_, kind)) => match kind.complaint(value) {
                    Some(complaint) => return Err(complaint),
                    None => continue,
                },
                None if self.open => {}
                None => {
                    return Err(format!("Additional properties are not allowed ('{name}' was unexpected)"));
                }
            }
        }
        Ok(())
    }

    /// Reads the body of a request: JSON, an object, and of this shape.
    ///
    /// # Errors
    /// 415 if it is not labelled as JSON, 400 if it is not what it should be.
    pub fn read(&self, headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
        let object = read_object(headers, body)?;
        self.check(&object).map_err(failed)?;
        Ok(object)
    }
}

/// The whole body of a request, which takes its part of the room for bodies until it is dropped.
///
/// # Errors
/// 413 if it is too large, 408 if it comes too slowly, 503 if there is no room for it, 400 if it does not come whole.
pub async fn whole(state: &AppState, headers: &HeaderMap, body: Body) -> Result<Received, Refusal> {
    state.bodies.receive(headers, body, MOST_BODY).await.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Refusal::new(error.status(), format!("the body is larger than {MOST_BODY} bytes"))
        }
        status => Refusal::new(status, error.sentence()),
    })
}

/// Reads the body of a request: JSON, and an object.
///
/// # Errors
/// 415 if it is not labelled as JSON, 400 if it is not what it should be.
fn read_object(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let label = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let label = label.split(';').next().unwrap_or_default().trim();
    if !label.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "bad content type"));
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(format!("error decoding JSON: {error}")))?;
    if has_nul(&value) {
        return Err(failed("texts cannot hold the character U+0000"));
    }
    match value {
        Value::Object(object) => Ok(object),
        other => Err(failed(format!("{} is not of type 'object'", quoted(&other)))),
    }
}

/// Whether a text somewhere in it holds the one character that not every database can store.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// 400, saying that the body has not the shape it should have.
pub fn failed(complaint: impl std::fmt::Display) -> Refusal {
    Refusal::bad_request(format!("options failed validation: {complaint}"))
}

fn quoted(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SHAPE: Shape = Shape {
        required: &[("name", Kind::Text)],
        optional: &[("size", Kind::Amount), ("id", Kind::Uuid)],
        open: false,
    };

    fn complaint(value: Value) -> String {
        SHAPE.check(value.as_object().unwrap()).unwrap_err()
    }

    #[test]
    fn says_what_is_wrong_first() {
        assert_eq!(complaint(json!({})), "'name' is a required property");
        assert_eq!(complaint(json!({"name": 5})), "5 is not of type 'string'");
        assert_eq!(complaint(json!({"name": "a", "id": "b"})), "'b' is not a 'uuid'");
        assert_eq!(
            complaint(json!({"name": "a", "colour": "red"})),
            "Additional properties are not allowed ('colour' was unexpected)"
        );
    }

    #[test]
    fn what_not_every_database_can_store_is_refused() {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, "application/json".parse().unwrap())]);
        let read = |body: &str| read_object(&headers, body.as_bytes()).is_ok();
        assert!(read(r#"{"a": ["b"]}"#));
        assert!(!read(r#"{"a": ["b\u0000"]}"#) && !read(r#"{"a\u0000": 1}"#));
    }

    #[test]
    fn an_amount_is_a_number_or_digits_or_nothing() {
        for size in [json!(4096), json!("4096"), json!(null)] {
            assert!(SHAPE.check(json!({"name": "a", "size": size}).as_object().unwrap()).is_ok());
        }
        assert_eq!(
            complaint(json!({"name": "a", "size": []})),
            "[] is not of type 'integer, string or null'"
        );
    }
}
