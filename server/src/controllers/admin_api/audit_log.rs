//! `/audit-log`: what was done and refused. Only administrators read it.

use axum::extract::{OriginalUri, Query, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::Value;
use stagecraft::{AuditEntry, AuditFilter, Role};

use super::answer::{Refusal, ok, private, same_frame, set};
use super::caller::Caller;
use crate::access::sign_on::provider::form;
use crate::state::AppState;

/// How many lines an answer has unless the request says.
const USUAL: u32 = 1_000;
/// The most that it has.
const MOST: u32 = 100_000;

/// What to read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    since: Option<String>,
    until: Option<String>,
    actor: Option<String>,
    subject: Option<String>,
    limit: Option<u32>,
    /// Which part of so many lines, the first being 1.
    page: Option<u32>,
    format: Option<String>,
}

/// `GET /audit-log?since=&until=&actor=&subject=&limit=&page=&format=`: the latest line first; `json`, `ndjson` or `csv`.
pub async fn read(
    State(state): State<AppState>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    question: Result<Query<Question>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let answer = answer(&state, &uri, &headers, question).await;
    private(answer.unwrap_or_else(|refusal| refusal.into_response(&headers)), &Method::GET)
}

async fn answer(
    state: &AppState,
    uri: &Uri,
    headers: &HeaderMap,
    question: Result<Query<Question>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Refusal> {
    Caller::of(state, headers)?.must_be(&[Role::Admin])?;
    let Query(question) = question.map_err(|error| Refusal::bad_request(error.body_text()))?;
    let now = state.now(headers);
    let (limit, page) = (question.limit.unwrap_or(USUAL), question.page.unwrap_or(1));
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::bad_request(format!("limit is a number from 1 to {MOST}, not {limit}")));
    }
    let skip = page.checked_sub(1).and_then(|before| before.checked_mul(limit));
    let skip = skip.ok_or_else(|| Refusal::bad_request(format!("there is no page {page}")))?;
    let filter = AuditFilter {
        since: time("since", question.since.as_deref())?,
        until: time("until", question.until.as_deref())?,
        actor: question.actor.clone(),
        subject: question.subject.clone(),
        skip,
        // One more tells whether there is another page.
        limit: limit + 1,
    };
    state.access.audit.write(&state.registry).await;
    let mut entries = state.registry.audit_log(&filter).await?;
    let is_last = entries.len() <= limit as usize;
    entries.truncate(limit as usize);
    let mut response = write(&entries, question.format.as_deref())?;
    if !is_last {
        let next = question.next(page + 1, filter.until.unwrap_or(now));
        set(&mut response, header::LINK, &format!("<{}?{next}>; rel=\"next\"", uri.path()));
    }
    Ok(response)
}

impl Question {
    /// The query string of another page, which ends when this one does, so that no line comes twice.
    fn next(&self, page: u32, until: DateTime<Utc>) -> String {
        let (page, until) = (page.to_string(), until.to_rfc3339_opts(SecondsFormat::Micros, true));
        let limit = self.limit.map(|limit| limit.to_string());
        let fields = [
            ("since", self.since.as_deref()),
            ("until", Some(until.as_str())),
            ("actor", self.actor.as_deref()),
            ("subject", self.subject.as_deref()),
            ("limit", limit.as_deref()),
            ("page", Some(page.as_str())),
            ("format", self.format.as_deref()),
        ];
        let given: Vec<(&str, &str)> =
            fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        form(&given)
    }
}

/// Lines in one of the formats that there are.
fn write(entries: &[AuditEntry], format: Option<&str>) -> Result<Response, Refusal> {
    match format {
        None | Some("json") => Ok(ok(&entries.iter().map(AuditEntry::to_json).collect::<Value>())),
        Some("ndjson") => {
            let lines: String = entries.iter().map(|entry| format!("{}\n", entry.to_json())).collect();
            Ok(same_frame(([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response()))
        }
        Some("csv") => {
            let file = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"audit-log.csv\""),
            ];
            Ok(same_frame((file, csv(entries)?).into_response()))
        }
        Some(other) => Err(Refusal::bad_request(format!("format is json, ndjson or csv, not '{other}'"))),
    }
}

fn time(name: &str, text: Option<&str>) -> Result<Option<DateTime<Utc>>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let wrong =
        || Refusal::bad_request(format!("{name} is a time such as 2026-01-31T09:00:00Z, not '{text}'"));
    query_lang::parse_timestamp(text).map(Some).ok_or_else(wrong)
}

fn csv(entries: &[AuditEntry]) -> Result<Vec<u8>, Refusal> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = ["at", "actor", "credential", "address", "action", "subject", "status", "times", "request_id"];
    let failed = |error: csv::Error| Refusal::bad_request(error.to_string());
    writer.write_record(head).map_err(failed)?;
    for entry in entries {
        let json = entry.to_json();
        let cells = head.map(|name| match &json[name] {
            Value::String(text) => harmless(text),
            other => other.to_string(),
        });
        writer.write_record(cells).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Refusal::bad_request(error.to_string()))
}

/// A cell that no spreadsheet takes for a formula: anybody can put a text into the log, by trying to sign in as it.
fn harmless(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}
