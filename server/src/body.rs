//! Request bodies: bounded, unpacked when they are gzip, and JSON where JSON is due.

use std::io::Read;

use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use crate::error::ApiError;

/// The greatest size of a request body as sent, in bytes.
pub const MAX_BODY: usize = 64 * 1024 * 1024;

/// The greatest size of a gzip body once unpacked, in bytes, as the older system had it.
pub const MAX_UNPACKED: usize = 10 * 1024 * 1024;

/// The sentence for a body that is not labelled as JSON. Clients compare it to the letter.
const WRONG_CONTENT_TYPE: &str = "ValidationError('Expected header: Content-type: application/json',)";

/// What is wrong with a body that should be JSON.
#[derive(Debug)]
pub enum BodyError {
    /// Refused before looking at the content.
    Refused(ApiError),
    /// Not labelled as JSON, or nothing but `null`: reported in the form of the endpoint.
    NotJson(&'static str),
}

impl From<ApiError> for BodyError {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl BodyError {
    /// As `{"status": "error", "message": ...}`.
    pub fn into_message(self) -> ApiError {
        match self {
            Self::Refused(error) => error,
            Self::NotJson(message) => ApiError::bad_request(message),
        }
    }

    /// As `{"messages": [...]}`, the form of the endpoint that takes records.
    pub fn into_messages(self) -> ApiError {
        match self {
            Self::Refused(error) => error,
            Self::NotJson(message) => ApiError::invalid_records(vec![message.to_owned()]),
        }
    }
}

/// The JSON text of a request body: unpacked, not empty, labelled `application/json`, and more than `null`.
///
/// # Errors
/// 413 for too large a body, 400 for a broken gzip stream, an empty body, or another content type.
pub fn json_text(headers: &HeaderMap, body: Bytes) -> Result<Bytes, BodyError> {
    let body = unpack(headers, body)?;
    let media_type = media_type(headers);
    // Form bodies count as empty: the older system had its framework consume them.
    let is_form = matches!(media_type.as_str(), "application/x-www-form-urlencoded" | "multipart/form-data");
    if body.is_empty() || is_form {
        return Err(ApiError::bad_request("Expected JSON request body but received zero bytes.").into());
    }
    if media_type != "application/json" || body.trim_ascii() == b"null" {
        return Err(BodyError::NotJson(WRONG_CONTENT_TYPE));
    }
    Ok(body)
}

/// The content type in lower case, without its parameters.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Unpacks a gzip body; leaves any other as it is.
fn unpack(headers: &HeaderMap, body: Bytes) -> Result<Bytes, ApiError> {
    let encoding =
        headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("identity");
    if encoding.eq_ignore_ascii_case("identity") {
        return Ok(body);
    }
    if !encoding.eq_ignore_ascii_case("gzip") {
        let message = format!("Content-Encoding must be gzip or identity, not {encoding}");
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let mut unpacked = Vec::new();
    // One byte more than allowed tells "exactly the limit" from "beyond it".
    let result = MultiGzDecoder::new(body.as_ref()).take(MAX_UNPACKED as u64 + 1).read_to_end(&mut unpacked);
    if let Err(error) = result {
        return Err(ApiError::bad_request(format!("the body is not valid gzip: {error}")));
    }
    if unpacked.len() > MAX_UNPACKED {
        return Err(too_large(MAX_UNPACKED));
    }
    Ok(unpacked.into())
}

/// 413, with the limit in bytes.
pub fn too_large(limit: usize) -> ApiError {
    let message = format!("the body is larger than {limit} bytes: send the records in several requests");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message)
}
