//! The body of a read answer, in the format asked for, with the headers that go with it.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use engine::output::Answer;
use query_lang::{Cursor, Format, Query};
use serde_json::Value;

use crate::error::ApiError;

/// Goes with the answers of a data set that is not published.
const UNPUBLISHED: &str =
    "Warning: This data-set is unpublished. Data may be subject to change or be inaccurate.";

/// The same where the body has no place for it: 299 is a warning that lasts.
const UNPUBLISHED_HEADER: &str =
    "299 - \"This data-set is unpublished. Data may be subject to change or be inaccurate.\"";

/// A spreadsheet has no place for the warning and nobody sees headers of files, so that data sets which are not published
/// have never answered CSV.
fn shown_format(asked: Format, published: bool) -> Format {
    match asked {
        Format::Csv if !published => Format::Json,
        asked => asked,
    }
}

/// The answer to a query over a data set, published or not.
///
/// # Errors
/// When it cannot be written in the format.
pub fn write(answer: &Answer, query: &Query, published: bool) -> Result<Response, ApiError> {
    let format = shown_format(query.format, published);
    let unwritable = |error| {
        tracing::error!(%error, "answer cannot be written");
        ApiError::busy("the answer could not be written in this format: ask for another")
    };
    let body = match format {
        Format::Json => json(answer, query, published),
        Format::Csv => answer.to_csv(),
        Format::Ndjson => answer.to_ndjson(),
        Format::Arrow => answer.to_arrow().map_err(unwritable)?,
        Format::Parquet => answer.to_parquet().map_err(unwritable)?,
    };
    let mut response = ([(header::CONTENT_TYPE, media_type(format))], body).into_response();
    if let Some(name) = file_name(format) {
        let disposition = format!("attachment; filename={name}");
        response.headers_mut().extend(
            HeaderValue::from_str(&disposition).ok().map(|value| (header::CONTENT_DISPOSITION, value)),
        );
    }
    if !published {
        response.headers_mut().insert(header::WARNING, HeaderValue::from_static(UNPUBLISHED_HEADER));
    }
    if let Some(link) = answer.next.as_deref().and_then(|next| next_page(query, next)) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

fn json(answer: &Answer, query: &Query, published: bool) -> Vec<u8> {
    let mut body = b"{\"data\":".to_vec();
    body.extend(answer.to_json());
    if query.cursor.is_some() {
        let next = answer.next.as_deref().map_or(Value::Null, Value::from);
        body.extend(format!(",\"cursor\":{next}").as_bytes());
    }
    if !published {
        body.extend(format!(",\"warning\":\"{UNPUBLISHED}\"").as_bytes());
    }
    body.push(b'}');
    body
}

fn media_type(format: Format) -> &'static str {
    match format {
        Format::Json => "application/json",
        Format::Csv => "text/csv",
        Format::Ndjson => "application/x-ndjson",
        Format::Arrow => "application/vnd.apache.arrow.stream",
        Format::Parquet => "application/vnd.apache.parquet",
    }
}

/// The name under which a browser keeps the answer; `None` for what it shows.
fn file_name(format: Format) -> Option<&'static str> {
    match format {
        Format::Json | Format::Ndjson => None,
        Format::Csv => Some("export.csv"),
        Format::Arrow => Some("export.arrows"),
        Format::Parquet => Some("export.parquet"),
    }
}

/// Where the next page is, relative to this one.
fn next_page(query: &Query, next: &str) -> Option<HeaderValue> {
    let cursor = Cursor::read(next)?;
    let next = Query { cursor: Some(cursor), ..query.clone() };
    HeaderValue::from_str(&format!("<?{next}>; rel=\"next\"")).ok()
}
