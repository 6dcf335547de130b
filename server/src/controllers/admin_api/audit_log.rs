//! `/audit-log`: what was done and refused. Only administrators read it.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use stagecraft::{AuditEntry, AuditFilter, Role};

use super::answer::{Refusal, ok, private};
use super::caller::Caller;
use crate::state::AppState;

/// The most lines of one answer.
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
    format: Option<String>,
}

/// `GET /audit-log?since=&until=&actor=&subject=&limit=&format=`: the latest line first; `json`, `ndjson` or `csv`.
pub async fn read(
    State(state): State<AppState>,
    headers: HeaderMap,
    question: Result<Query<Question>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let response = match answer(&state, &headers, question).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(&headers),
    };
    private(response, &Method::GET)
}

async fn answer(
    state: &AppState,
    headers: &HeaderMap,
    question: Result<Query<Question>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Refusal> {
    Caller::of(state, headers)?.must_be(&[Role::Admin])?;
    let Query(question) = question.map_err(|error| Refusal::bad_request(error.body_text()))?;
    let filter = AuditFilter {
        since: time("since", question.since.as_deref())?,
        until: time("until", question.until.as_deref())?,
        actor: question.actor,
        subject: question.subject,
        limit: question.limit.unwrap_or(1_000).min(MOST),
    };
    state.access.audit.write(&state.registry).await;
    let entries = state.registry.audit_log(&filter).await?;
    match question.format.as_deref() {
        None | Some("json") => Ok(ok(&entries.iter().map(AuditEntry::to_json).collect::<Value>())),
        Some("ndjson") => {
            let lines: String = entries.iter().map(|entry| format!("{}\n", entry.to_json())).collect();
            Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response())
        }
        Some("csv") => {
            let file = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"audit-log.csv\""),
            ];
            Ok((file, csv(&entries)?).into_response())
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
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        writer.write_record(cells).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Refusal::bad_request(error.to_string()))
}
