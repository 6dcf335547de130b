//! Taking records in: the one way for every caller (HTTP, the command line, the sample data).

use std::sync::Arc;

use axum::http::StatusCode;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use engine::{Batch, DecodeError, DecodeOptions, Record, decode};
use stagecraft::{DataSet, TimeRange};

use crate::error::ApiError;
use crate::record_schema::RecordSchemas;
use crate::state::AppState;

/// A longer text is decoded on the store's own threads, of which there are as many as cores, so that it does not keep others
/// waiting.
const LONG: usize = 256 << 10;

/// What was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// How many records.
    pub records: usize,
    /// The earliest and the latest `_timestamp` of them; none if no record has one.
    pub range: Option<TimeRange>,
}

/// Appends the records of a JSON text, one object or a list, all or nothing.
///
/// When this returns, they are on disk and visible to the next query.
///
/// # Errors
/// 400 with everything that is wrong with the records; 503 when the store cannot take them now.
pub async fn append(
    state: &AppState,
    data_set: &Arc<DataSet>,
    json: Bytes,
    now: DateTime<Utc>,
) -> Result<Appended, ApiError> {
    let records = if json.len() <= LONG && data_set.schema.is_none() {
        checked(&state.schemas, data_set, &json, now)?
    } else {
        let (schemas, data_set) = (Arc::clone(&state.schemas), Arc::clone(data_set));
        let checking = state.store.compute(move || checked(&schemas, &data_set, &json, now));
        checking.await.map_err(|_| {
            ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the records could not be read; nothing was changed",
            )
        })??
    };
    let appended = Appended { records: records.rows(), range: records.time_range() };
    state.store.append(&data_set.name, records).await?;
    Ok(appended)
}

/// The records of a JSON text, if nothing is wrong with them.
fn checked(
    schemas: &RecordSchemas,
    data_set: &DataSet,
    json: &[u8],
    now: DateTime<Utc>,
) -> Result<Batch, ApiError> {
    let options = DecodeOptions { auto_ids: &data_set.auto_ids, now };
    let records = decode(json, &options).map_err(refusal)?;
    let broken = schemas.violations(data_set, &records)?;
    if broken.is_empty() { Ok(records) } else { Err(ApiError::invalid_records(broken.into_messages())) }
}

/// How a body that is not records is refused: broken JSON in one form, wrong records in another, as clients expect.
fn refusal(error: DecodeError) -> ApiError {
    match error {
        DecodeError::Syntax(message) => ApiError::bad_request(format!("Error parsing JSON: \"{message}\"")),
        DecodeError::Invalid(complaints) => ApiError::invalid_records(complaints.into_messages()),
        DecodeError::TooMuch(message) => ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message),
    }
}

/// Decodes the body of a PATCH: one flat object whose keys and values follow the rules of records.
///
/// # Errors
/// 400 with everything that is wrong with it.
pub fn decode_changes(json: &[u8], now: DateTime<Utc>) -> Result<Record, ApiError> {
    engine::decode_changes(json, now).map_err(refusal)
}
