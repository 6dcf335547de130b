//! Taking records in: the one way for every caller (HTTP, the command line, the sample data).

use chrono::{DateTime, Utc};
use engine::{DecodeOptions, Record, decode};
use stagecraft::DataSet;

use crate::error::ApiError;
use crate::state::AppState;

/// Appends the records of a JSON text, one object or a list, all or nothing. Returns how many.
///
/// When this returns, they are on disk and visible to the next query.
///
/// # Errors
/// 400 with everything that is wrong with the records; 503 when the store cannot take them now.
pub async fn append(
    state: &AppState,
    data_set: &DataSet,
    json: &[u8],
    now: DateTime<Utc>,
) -> Result<usize, ApiError> {
    let options = DecodeOptions { auto_ids: &data_set.auto_ids, now };
    let records = decode(json, &options).map_err(refusal)?;
    append_records(state, data_set, records).await
}

/// Appends decoded records, all or nothing. Returns how many.
///
/// # Errors
/// As [`append`].
pub async fn append_records(
    state: &AppState,
    data_set: &DataSet,
    records: Vec<Record>,
) -> Result<usize, ApiError> {
    let broken = state.schemas.violations(data_set, &records)?;
    if !broken.is_empty() {
        return Err(ApiError::invalid_records(broken));
    }
    let count = records.len();
    if count > 0 {
        state.store.append(&data_set.name, records).await?;
    }
    Ok(count)
}

/// How a body that is not records is refused: broken JSON in one form, wrong records in another, as clients expect.
fn refusal(error: engine::DecodeError) -> ApiError {
    match error {
        engine::DecodeError::Syntax(message) => {
            ApiError::bad_request(format!("Error parsing JSON: \"{message}\""))
        }
        engine::DecodeError::Invalid(messages) => ApiError::invalid_records(messages),
    }
}

/// Decodes the body of a PATCH: one flat object whose keys and values follow the rules of records.
///
/// # Errors
/// 400 with everything that is wrong with it.
pub fn decode_changes(json: &[u8], now: DateTime<Utc>) -> Result<Record, ApiError> {
    engine::decode_changes(json, now).map_err(refusal)
}
