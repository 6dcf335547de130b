//! Request bodies: bounded in bytes and in time, unpacked when they are gzip, and JSON where JSON is due.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use engine::Store;
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::error::ApiError;

/// The greatest size of a request body as sent, in bytes.
pub const MAX_BODY: usize = 64 * 1024 * 1024;

/// The greatest size of a gzip body once unpacked, in bytes, as the older system had it.
const MAX_UNPACKED: usize = 10 * 1024 * 1024;

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

/// How much of request bodies is taken, and how long it may be on its way.
#[derive(Debug)]
pub struct Bodies {
    /// KiB that the bodies of all requests may still take together.
    room: Arc<Semaphore>,
    /// How long nothing may come.
    silence: Duration,
    /// How long a whole body may take.
    whole: Duration,
}

impl Default for Bodies {
    fn default() -> Self {
        Self::new(256 << 20, Duration::from_secs(10), Duration::from_secs(300))
    }
}

/// A whole request body. It counts as being in memory until this is dropped.
#[derive(Debug)]
pub struct Received {
    /// What came.
    pub bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    /// Bodies of all requests together have at most so many bytes; `silence` is how long nothing may come of one, `whole` how
    /// long all of it may take.
    pub fn new(bytes: usize, silence: Duration, whole: Duration) -> Self {
        Self { room: Arc::new(Semaphore::new(bytes / 1024)), silence, whole }
    }

    /// Reads a body of at most so many bytes to its end.
    ///
    /// # Errors
    /// 413 for a larger one, 408 for one that comes too slowly, 503 when there is no room for it, 400 when it breaks off.
    pub async fn receive(
        &self,
        headers: &HeaderMap,
        mut body: Body,
        most: usize,
    ) -> Result<Received, ApiError> {
        let announced =
            headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if announced.is_some_and(|bytes: u64| bytes > most as u64) {
            return Err(too_large(most));
        }
        let end = Instant::now() + self.whole;
        let mut room: Option<OwnedSemaphorePermit> = None;
        let mut kib = 0;
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        loop {
            let soon = end.min(Instant::now() + self.silence);
            let frame = timeout_at(soon, body.frame()).await.map_err(|_| too_slow())?;
            let Some(frame) = frame else { break };
            let frame = frame.map_err(|error| {
                ApiError::bad_request(format!("the request body could not be read to its end: {error}"))
            })?;
            let Ok(data) = frame.into_data() else { continue };
            let bytes = first.len() + rest.len() + data.len();
            if bytes > most {
                return Err(too_large(most));
            }
            let needed = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
            if needed > kib {
                let more = Arc::clone(&self.room).try_acquire_many_owned(needed - kib);
                let more =
                    more.map_err(|_| ApiError::busy("too many request bodies at once: try again shortly"))?;
                kib = needed;
                match &mut room {
                    Some(room) => room.merge(more),
                    none => *none = Some(more),
                }
            }
            // Most bodies come in one piece, which need not be copied.
            match (first.is_empty(), rest.is_empty()) {
                (true, true) => first = data,
                (false, _) => {
                    rest.reserve(first.len() + data.len());
                    rest.extend_from_slice(&std::mem::take(&mut first));
                    rest.extend_from_slice(&data);
                }
                (true, false) => rest.extend_from_slice(&data),
            }
        }
        let bytes = if rest.is_empty() { first } else { rest.freeze() };
        Ok(Received { bytes, _room: room })
    }
}

/// 408: the client may try again.
fn too_slow() -> ApiError {
    ApiError::new(StatusCode::REQUEST_TIMEOUT, "the request body came too slowly: send less at once")
}

/// A gzip body of more bytes is unpacked on the store's own threads, of which there are as many as cores.
const LONG_PACKED: usize = 16 << 10;

/// The JSON text of a request body: unpacked, not empty, labelled `application/json`, and more than `null`.
///
/// # Errors
/// 413 for too large a body, 400 for a broken gzip stream, an empty body, or another content type.
pub async fn json_text(store: &Store, headers: &HeaderMap, body: Bytes) -> Result<Bytes, BodyError> {
    let body = unpack(store, headers, body).await?;
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
async fn unpack(store: &Store, headers: &HeaderMap, body: Bytes) -> Result<Bytes, ApiError> {
    let Some(encoding) = headers.get(header::CONTENT_ENCODING) else { return Ok(body) };
    let encoding = String::from_utf8_lossy(encoding.as_bytes());
    if encoding.eq_ignore_ascii_case("identity") {
        return Ok(body);
    }
    if !encoding.eq_ignore_ascii_case("gzip") {
        let message = format!("Content-Encoding must be gzip or identity, not {encoding}");
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    if body.len() <= LONG_PACKED {
        return unpack_gzip(&body);
    }
    let unpacked = store.compute(move || unpack_gzip(&body)).await;
    unpacked.map_err(|_| {
        ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the body could not be unpacked; nothing was changed",
        )
    })?
}

fn unpack_gzip(body: &[u8]) -> Result<Bytes, ApiError> {
    let mut unpacked = Vec::new();
    // One byte more than allowed tells "exactly the limit" from "beyond it".
    let result = MultiGzDecoder::new(body).take(MAX_UNPACKED as u64 + 1).read_to_end(&mut unpacked);
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
