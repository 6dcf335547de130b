//! What a record may look like, and how the older system printed the values of which it made ids.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use query_lang::{TimestampError, read_timestamp};

use crate::columns::Scalar;
use crate::schema::{ID, TIMESTAMP};

/// The greatest length of a key, in bytes.
pub const MAX_KEY: usize = 4_096;

/// The greatest length of an id, in bytes: whoever changes or removes a record writes it into an address.
pub const MAX_ID: usize = 4_096;

/// The keys whose values are times, in the order in which their faults are told.
pub const TIMES: [&str; 3] = ["_end_at", "_start_at", TIMESTAMP];

/// Whether a key may be used.
///
/// # Errors
/// What is wrong with it.
pub fn check_key(key: &str) -> Result<(), String> {
    // One line break at the end was always let through, and is in use.
    let name = key.strip_suffix('\n').unwrap_or(key);
    if !query_lang::is_valid_key(name) {
        return Err(format!("{key} is not a valid key"));
    }
    if key.starts_with('_') && key != ID {
        return Err(format!("{key} is not a recognised internal field"));
    }
    Ok(())
}

/// Whether a text can be an id: there is something, not too much of it, and no white space.
pub fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_ID && !text.contains(char::is_whitespace)
}

/// Whether a value can be an id.
///
/// # Errors
/// What is wrong with it.
pub fn check_id(value: Scalar<'_>) -> Result<(), String> {
    match value {
        Scalar::Text(text) if is_id(text) => Ok(()),
        Scalar::Text(text) if text.len() > MAX_ID => Err(format!("_id has more than {MAX_ID} bytes")),
        value => Err(format!("_id \"{}\" is not a valid id", print(value))),
    }
}

/// Reads the text of a time.
///
/// # Errors
/// The two messages of a time that cannot be read.
pub fn time(key: &str, text: Option<&str>) -> Result<DateTime<Utc>, Vec<String>> {
    let shown = if key == TIMESTAMP { "the _timestamp" } else { key };
    let format = format!("{shown} must be a date in the format yyyy-MM-ddT00:00:00Z");
    let fault = match text.map(|text| (text, read_timestamp(text))) {
        Some((_, Ok(time))) => return Ok(time),
        Some((text, Err(TimestampError::OutOfRange))) => {
            format!("{text} in the {key} field is not a valid date")
        }
        Some((_, Err(TimestampError::Unrecognised))) | None => format,
    };
    Err(vec![fault, format!("{key} is not a valid datetime object")])
}

/// An id for a record that has nothing to make one of.
pub fn new_id() -> uuid::Uuid {
    // These need not be secret, so that the system need not be asked for each.
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}

/// Base64 of the printed values joined by full stops.
pub fn auto_id(printed: &[String]) -> String {
    STANDARD.encode(printed.join("."))
}

/// A value in the print of the older system: `None`, `True`, twelve digits of a float.
pub fn print(value: Scalar<'_>) -> String {
    match value {
        Scalar::Null => "None".to_owned(),
        Scalar::Bool(true) => "True".to_owned(),
        Scalar::Bool(false) => "False".to_owned(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Float(number) => print_float(number),
        Scalar::Text(text) => text.to_owned(),
        Scalar::Time(micros) => {
            DateTime::from_timestamp_micros(micros).map(query_lang::print_time).unwrap_or_default()
        }
    }
}

/// `%.12g` with at least one decimal: `2.0`, `1234567.89123`, `1e+16`.
fn print_float(number: f64) -> String {
    let scientific = format!("{number:.11e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |digits: &str| match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => digits.to_owned(),
    };
    if !(-4..12).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trim(mantissa), exponent.abs());
    }
    let decimals = usize::try_from(11 - exponent).unwrap_or(0);
    let plain = trim(&format!("{number:.decimals$}"));
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}
