//! What stands before all pages: a password where the installation has one, a limit for programs that copy the whole site, and
//! a line in the log for each page.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::cache::minute;
use crate::access::client::Client;
use crate::auth::Token;
use crate::state::AppState;

/// How many pages a minute such a program may have.
const COPIES: u32 = 60;
/// So many addresses are counted in a minute.
const ADDRESSES: usize = 10_000;

/// The door.
#[derive(Debug, Default)]
pub struct Door {
    /// `user:password`, if not everybody may see pages.
    login: Option<Token>,
    copied: Mutex<Copied>,
}

/// How many pages copying programs had in this minute, by address.
#[derive(Debug, Default)]
struct Copied {
    minute: i64,
    counts: HashMap<Option<IpAddr>, u32>,
}

impl Copied {
    fn in_minute(&mut self, minute: i64) -> &mut HashMap<Option<IpAddr>, u32> {
        if self.minute != minute {
            *self = Copied { minute, counts: HashMap::new() };
        }
        &mut self.counts
    }
}

impl Door {
    /// A door that opens to those who know `user:password`, or to everybody.
    pub fn new(login: Option<Token>) -> Door {
        Door { login, copied: Mutex::default() }
    }

    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let Some(login) = &self.login else { return true };
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Basic "));
        let given = given.and_then(|text| BASE64_STANDARD.decode(text.trim()).ok());
        given.and_then(|bytes| String::from_utf8(bytes).ok()).is_some_and(|given| login.matches(&given))
    }

    fn copied_too_much(&self, address: Option<IpAddr>, minute: i64) -> bool {
        let mut copied = self.copied.lock().unwrap_or_else(PoisonError::into_inner);
        copied.in_minute(minute).get(&address).is_some_and(|count| *count >= COPIES)
    }

    fn count(&self, address: Option<IpAddr>, minute: i64) {
        let mut copied = self.copied.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = copied.in_minute(minute);
        if counts.len() < ADDRESSES || counts.contains_key(&address) {
            *counts.entry(address).or_default() += 1;
        }
    }
}

/// Whether the request is from a program that is known to copy whole sites without a pause.
fn copies(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    agent.starts_with("Pcore-HTTP") || agent.contains("360Spider")
}

/// Lets a request for a page pass, or refuses it.
pub async fn pass(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let headers = request.headers();
    if !state.door.lets_in(headers) {
        let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"dashboards\", charset=\"UTF-8\"")];
        return (StatusCode::UNAUTHORIZED, ask, "these pages need a user name and a password\n")
            .into_response();
    }
    let path = request
        .extensions()
        .get::<OriginalUri>()
        .map_or_else(|| request.uri().path().to_owned(), |original| original.0.path().to_owned());
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let request_id = text("govuk-request-id").or_else(|| text("request-id"));
    let client = Client::of(&state.access, &request);
    let this_minute = minute(state.now(headers));
    let counted = copies(headers) && !path.contains("assets");
    if counted && state.door.copied_too_much(client.address, this_minute) {
        let message = "too many pages in a minute: all figures can be had as data, see /docs\n";
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")], message).into_response();
    }
    let response = next.run(request).await;
    if counted && response.status().as_u16() < 400 {
        state.door.count(client.address, this_minute);
    }
    let request_id = request_id.as_deref().unwrap_or("Not-Set");
    let (status, milliseconds) = (response.status().as_u16(), begun.elapsed().as_secs_f64() * 1e3);
    tracing::debug!(path, status, milliseconds, request_id, "page");
    response
}
