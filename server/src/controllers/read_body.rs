//! The body of a read answer, in the format asked for, with the headers that go with it.

use std::fmt::Display;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use engine::output::Answer;
use engine::query::{QueryEngine, QueryFailure, Reply};
use futures::future::ready;
use futures::stream::{self, StreamExt, TryStreamExt};
use query_lang::{Cursor, Format, Query};
use serde_json::Value;

use crate::error::ApiError;

/// Goes with the answers of a data set that is not published.
const UNPUBLISHED: &str =
    "Warning: This data-set is unpublished. Data may be subject to change or be inaccurate.";

/// The same where the body has no place for it: 299 is a warning that lasts.
const UNPUBLISHED_HEADER: &str =
    "299 - \"This data-set is unpublished. Data may be subject to change or be inaccurate.\"";

/// The form of an answer. A spreadsheet has no place for the warning and nobody sees headers of files, so that data sets which
/// are not published have never answered CSV.
pub fn shown_format(asked: Format, published: bool) -> Format {
    match asked {
        Format::Csv if !published => Format::Json,
        asked => asked,
    }
}

/// The answer to a query over a data set, published or not.
///
/// # Errors
/// When it cannot be written in the format.
pub async fn write(
    queries: &QueryEngine,
    reply: Reply,
    query: &Query,
    published: bool,
) -> Result<Response, ApiError> {
    let format = shown_format(query.format, published);
    let (body, next, unknown_keys) = match reply {
        Reply::Whole(answer) => {
            let body = queries.write(&answer, format, envelope_start(format)).await;
            let mut body = body.map_err(unwritable)?;
            body.extend(envelope_end(format, query, answer.next.as_deref(), published));
            (Body::from(body), answer.next.clone(), unknown_keys(&answer))
        }
        Reply::Stream(pieces) => {
            let start = stream::once(ready(Ok(envelope_start(format).into())));
            let end = stream::once(ready(Ok(envelope_end(format, query, None, published).into())));
            // What has been sent cannot be taken back: a failure cuts the connection, which tells the client.
            let broken =
                |failure: &QueryFailure| tracing::error!(error = %failure, "an answer was broken off");
            (Body::from_stream(start.chain(pieces).chain(end).inspect_err(broken)), None, None)
        }
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
    if let Some(keys) = unknown_keys {
        response.headers_mut().insert("x-unknown-keys", keys);
    }
    if let Some(link) = next.as_deref().and_then(|next| next_page(query, next)) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// The keys that the question is about and that no record has, as far as a header should be long.
fn unknown_keys(answer: &Answer) -> Option<HeaderValue> {
    const MOST_BYTES: usize = 1_000;
    let mut text = String::new();
    for key in &answer.unknown_keys {
        // Only the first group key has to be one that records can have.
        let key = query_lang::for_url(key);
        if text.len() + key.len() > MOST_BYTES {
            break;
        }
        text.push_str(if text.is_empty() { "" } else { ", " });
        text.push_str(&key);
    }
    HeaderValue::from_str(&text).ok().filter(|_| !text.is_empty())
}

fn unwritable(error: impl Display) -> ApiError {
    tracing::error!(%error, "answer cannot be written");
    ApiError::busy("the answer could not be written in this format: ask for another")
}

/// What stands before the rows.
fn envelope_start(format: Format) -> Vec<u8> {
    if format == Format::Json { b"{\"data\":".to_vec() } else { Vec::new() }
}

/// What stands after the rows.
fn envelope_end(format: Format, query: &Query, next: Option<&str>, published: bool) -> Vec<u8> {
    if format != Format::Json {
        return Vec::new();
    }
    let mut end = Vec::new();
    if query.cursor.is_some() {
        end.extend(format!(",\"cursor\":{}", next.map_or(Value::Null, Value::from)).as_bytes());
    }
    if !published {
        end.extend(format!(",\"warning\":\"{UNPUBLISHED}\"").as_bytes());
    }
    end.push(b'}');
    end
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

#[cfg(test)]
mod tests {
    use axum::body::{Bytes, to_bytes};

    use super::*;

    async fn body_of(pieces: Vec<Result<Bytes, QueryFailure>>) -> Result<Bytes, axum::Error> {
        let reply = Reply::Stream(stream::iter(pieces).boxed());
        let response = write(&QueryEngine::default(), reply, &Query::default(), true).await;
        to_bytes(response.unwrap().into_body(), usize::MAX).await
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_no_whole_answer() {
        let first = || Ok(Bytes::from_static(b"[{\"aa\":1}"));
        let whole = body_of(vec![first(), Ok(Bytes::from_static(b"]"))]).await.unwrap();
        assert_eq!(whole, r#"{"data":[{"aa":1}]}"#);
        // The error reaches the connection, which is cut instead of being ended in order.
        assert!(body_of(vec![first(), Err(QueryFailure::BrokenOff)]).await.is_err());
    }
}
