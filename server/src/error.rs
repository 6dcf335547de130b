//! What the server answers when it refuses: always JSON, always a sentence that says what was wrong.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::StoreError;
use query_lang::QueryError;
use serde_json::{Value, json};

/// A refusal: a status and a JSON body.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    // Boxed, so that results stay small.
    body: Box<Value>,
    hint: Hint,
}

/// The header that goes with a refusal.
#[derive(Debug)]
enum Hint {
    None,
    Challenge,
    Retry,
    /// For so many seconds.
    Wait(u64),
    /// The parameter of a query that is at fault, and where it begins in the query string.
    Place(HeaderValue, Option<usize>),
}

/// Names the parameter of a query that is at fault, where the message, which clients of the older API know, may not.
const REFUSED_PARAMETER: HeaderName = HeaderName::from_static("x-refused-parameter");
/// Tells where it begins in the query string, in bytes.
const REFUSED_POSITION: HeaderName = HeaderName::from_static("x-refused-position");

impl ApiError {
    /// `{"status": "error", "message": ...}`.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            body: Box::new(json!({"status": "error", "message": message.into()})),
            hint: Hint::None,
        }
    }

    /// 400 with one message.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 400 for a query that breaks a rule.
    pub fn bad_query(error: &QueryError) -> Self {
        let parameter = error.parameter().and_then(|name| HeaderValue::from_bytes(name.as_bytes()).ok());
        let hint = parameter.map_or(Hint::None, |parameter| Hint::Place(parameter, error.position()));
        Self { hint, ..Self::bad_request(error.to_string()) }
    }

    /// The same refusal, naming the parameter of the query that would have to be another.
    #[must_use]
    pub fn naming(self, parameter: &'static str) -> Self {
        Self { hint: Hint::Place(HeaderValue::from_static(parameter), None), ..self }
    }

    /// 429: one request too many.
    pub fn too_many(wait: std::time::Duration) -> Self {
        let seconds = wait.as_secs() + 1;
        let message = format!("Too many requests: try again in {seconds} s.");
        Self { hint: Hint::Wait(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, message) }
    }

    /// 404 with one message.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 400 with a list of what is wrong with the records: `{"messages": [...]}`.
    pub fn invalid_records(messages: Vec<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            body: Box::new(json!({"messages": messages})),
            hint: Hint::None,
        }
    }

    /// 401, with the challenge that bearer-token clients look for.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self { hint: Hint::Challenge, ..Self::new(StatusCode::UNAUTHORIZED, message) }
    }

    /// 503: try again in a second.
    pub fn busy(message: impl Into<String>) -> Self {
        Self { hint: Hint::Retry, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message) }
    }

    /// The status that is answered.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What was wrong, as text for a person.
    pub fn sentence(&self) -> String {
        match (self.body.get("message"), self.body.get("messages")) {
            (Some(Value::String(message)), _) => message.clone(),
            (_, Some(Value::Array(messages))) => {
                let messages: Vec<&str> = messages.iter().filter_map(Value::as_str).collect();
                messages.join("; ")
            }
            _ => self.status.to_string(),
        }
    }

    /// Whether the same may be taken another time.
    pub fn is_for_now(&self) -> bool {
        self.status.is_server_error()
    }

    /// The JSON body.
    pub fn body(&self) -> &Value {
        &self.body
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(*self.body)).into_response();
        let hint = match self.hint {
            Hint::None => None,
            Hint::Challenge => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("bearer"))),
            Hint::Retry => Some((header::RETRY_AFTER, HeaderValue::from_static("1"))),
            Hint::Wait(seconds) => Some((header::RETRY_AFTER, HeaderValue::from(seconds))),
            Hint::Place(parameter, position) => {
                let position = position.map(|position| (REFUSED_POSITION, HeaderValue::from(position)));
                response.headers_mut().extend(position);
                Some((REFUSED_PARAMETER, parameter))
            }
        };
        if let Some((name, value)) = hint {
            response.headers_mut().insert(name, value);
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}

impl From<StoreError> for ApiError {
    /// A store that cannot take the write now asks for another try; what went wrong is logged, and only its kind is told.
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::TooManyKeys) {
            return Self::invalid_records(vec![error.to_string()]);
        }
        tracing::error!(%error, "store error");
        match error {
            StoreError::Busy { reason } => {
                Self::busy(format!("the store is busy, {reason}: try again shortly"))
            }
            StoreError::ReadOnly | StoreError::LostLease { .. } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "this server does not write to the store: send it to the one that does; nothing was changed",
            ),
            StoreError::Io(error) if is_full(&error) => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "the disk is full; nothing was changed")
            }
            StoreError::NotVisibleYet { .. } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the write is kept, and becomes visible as soon as the data set can be read",
            ),
            _ => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the store cannot do this now; nothing was changed",
            ),
        }
    }
}

/// Whether there is no room: on the disk, in a quota, or in the size that a file may have.
fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), FileTooLarge | QuotaExceeded | StorageFull)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_cannot_take_a_write_says_whether_to_come_again() {
        let answer = |error: StoreError| {
            let response = ApiError::from(error).into_response();
            (response.status().as_u16(), response.headers().contains_key(header::RETRY_AFTER))
        };
        assert_eq!(answer(StoreError::Busy { reason: "too much waits".into() }), (503, true));
        assert_eq!(answer(StoreError::Io(std::io::ErrorKind::StorageFull.into())), (507, false));
    }
}
