//! Who is signed in with a browser: the registry knows, and what it said is remembered for a few seconds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue, header};
use quick_cache::sync::Cache;
use stagecraft::{Registry, RegistryError, Session};

use super::client::Client;

/// The name of the cookie.
const COOKIE: &str = "pp_session";

/// How long an answer of the registry is good: so long a session that ended elsewhere may still be taken for good here.
const REMEMBERED: Duration = Duration::from_secs(5);

/// Sessions that were asked for lately.
pub struct Sessions {
    known: Cache<String, (Instant, Option<Arc<Session>>)>,
}

impl Default for Sessions {
    fn default() -> Sessions {
        Sessions { known: Cache::new(1_000) }
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Sessions {
    /// Asks the registry about the session that a request presents, if it presents one.
    ///
    /// # Errors
    /// If the registry cannot be read.
    pub async fn load(&self, registry: &Registry, headers: &HeaderMap) -> Result<(), RegistryError> {
        let Some(secret) = secret(headers) else { return Ok(()) };
        if self.known.get(secret).is_none_or(|(at, _)| at.elapsed() > REMEMBERED) {
            let session = registry.session(secret).await?.map(Arc::new);
            self.known.insert(secret.to_owned(), (Instant::now(), session));
        }
        Ok(())
    }

    /// The session of a request for which [`load`](Sessions::load) was called.
    #[must_use]
    pub fn get(&self, headers: &HeaderMap) -> Option<Arc<Session>> {
        self.known.get(secret(headers)?)?.1
    }

    /// Ends the session of a request.
    ///
    /// # Errors
    /// If the registry cannot be written.
    pub async fn end(&self, registry: &Registry, headers: &HeaderMap) -> Result<(), RegistryError> {
        if let Some(secret) = secret(headers) {
            registry.end_session(secret).await?;
            self.known.remove(secret);
        }
        Ok(())
    }
}

/// The header that gives a browser its session.
#[must_use]
pub fn cookie(secret: &str, client: &Client) -> Option<HeaderValue> {
    let age = stagecraft::session::LONGEST_SESSION.num_seconds();
    HeaderValue::from_str(&cookie_named(COOKIE, secret, "/", age, client)).ok()
}

/// The header that makes a browser forget its session.
#[must_use]
pub fn no_cookie(client: &Client) -> Option<HeaderValue> {
    HeaderValue::from_str(&cookie_named(COOKIE, "", "/", 0, client)).ok()
}

/// A cookie for so many seconds that no script reads and that other sites cannot make a browser send along with a change.
#[must_use]
pub fn cookie_named(name: &str, value: &str, path: &str, age: i64, client: &Client) -> String {
    let secure = if client.secure { "; Secure" } else { "" };
    format!("{name}={value}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}")
}

/// The value of the cookie of this name.
#[must_use]
pub fn cookie_value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(given, value)| *given == name && !value.is_empty()).map(|(_, value)| value)
}

/// What a browser presents.
fn secret(headers: &HeaderMap) -> Option<&str> {
    cookie_value(headers, COOKIE)
}
