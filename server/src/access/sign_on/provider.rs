//! Speaking with a single sign-on service: what it tells about itself (OpenID Connect Discovery 1.0), its keys, and redeeming
//! codes (RFC 6749, 4.1.3). What it told is remembered for an hour.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::sync::Mutex;

use super::id_token::Keys;

/// For how long what the service told is good.
const REMEMBERED: Duration = Duration::from_secs(3_600);
/// Nobody makes us ask for keys more often than this.
const BETWEEN_KEYS: Duration = Duration::from_secs(10);
/// How long the service may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Why the service is of no use.
#[derive(Debug, Error)]
pub enum ProviderError {
    /// The address of the service cannot be used.
    #[error(
        "the issuer {0:?} has to be an https address (http only on this machine) without query and fragment"
    )]
    Issuer(String),
    /// It cannot be reached.
    #[error("the sign-on service cannot be reached at {url}: {reason}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why not.
        reason: String,
    },
    /// It answers something else than it should.
    #[error("the sign-on service answers {url} with {reason}")]
    Nonsense {
        /// What it was asked.
        url: String,
        /// What is wrong with the answer.
        reason: String,
    },
}

/// A single sign-on service, and what we are called there.
pub struct Provider {
    issuer: String,
    client_id: String,
    client_secret: Option<String>,
    agent: ureq::Agent,
    endpoints: Mutex<Option<(Instant, Arc<Endpoints>)>>,
    keys: Mutex<Option<(Instant, Arc<Keys>)>>,
}

/// The secret is nobody's business.
impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Where a service answers what.
#[derive(Debug, Clone, Deserialize)]
pub struct Endpoints {
    issuer: String,
    /// Where browsers are sent.
    #[serde(rename = "authorization_endpoint")]
    pub authorization: String,
    #[serde(rename = "token_endpoint")]
    token: String,
    #[serde(rename = "jwks_uri")]
    keys: String,
    #[serde(default, rename = "token_endpoint_auth_methods_supported")]
    ways_to_say_who_we_are: Vec<String>,
}

#[derive(Deserialize)]
struct Redeemed {
    id_token: String,
}

impl Provider {
    /// The service of this issuer, which knows us as `client_id`. Without a secret PKCE alone shows that a code is ours.
    ///
    /// # Errors
    /// If the issuer is no safe address.
    pub fn new(
        issuer: &str,
        client_id: String,
        client_secret: Option<String>,
    ) -> Result<Provider, ProviderError> {
        if !is_safe(issuer) || issuer.contains(['?', '#']) {
            return Err(ProviderError::Issuer(issuer.to_owned()));
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            .build();
        Ok(Provider {
            issuer: issuer.to_owned(),
            client_id,
            client_secret,
            agent: config.new_agent(),
            endpoints: Mutex::default(),
            keys: Mutex::default(),
        })
    }

    /// The address that the service is known by.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What we are called there.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Where the service answers what.
    ///
    /// # Errors
    /// If it does not tell.
    pub async fn endpoints(&self) -> Result<Arc<Endpoints>, ProviderError> {
        let mut remembered = self.endpoints.lock().await;
        if let Some((at, endpoints)) = &*remembered
            && at.elapsed() < REMEMBERED
        {
            return Ok(endpoints.clone());
        }
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let told: Endpoints = self.get(&url).await?;
        let nonsense = |reason: String| ProviderError::Nonsense { url: url.clone(), reason };
        if told.issuer != self.issuer {
            return Err(nonsense(format!("the issuer {:?} instead of {:?}", told.issuer, self.issuer)));
        }
        for address in [&told.authorization, &told.token, &told.keys] {
            if !is_safe(address) {
                return Err(nonsense(format!("the address {address:?}, which is not https")));
            }
        }
        let told = Arc::new(told);
        *remembered = Some((Instant::now(), told.clone()));
        Ok(told)
    }

    /// The keys of the service; `anew` asks again, if we have not just done so.
    ///
    /// # Errors
    /// If it does not tell.
    pub async fn keys(&self, anew: bool) -> Result<Arc<Keys>, ProviderError> {
        let good_for = if anew { BETWEEN_KEYS } else { REMEMBERED };
        let url = self.endpoints().await?.keys.clone();
        let mut remembered = self.keys.lock().await;
        if let Some((at, keys)) = &*remembered
            && at.elapsed() < good_for
        {
            return Ok(keys.clone());
        }
        let keys: Arc<Keys> = Arc::new(self.get(&url).await?);
        *remembered = Some((Instant::now(), keys.clone()));
        Ok(keys)
    }

    /// The ID token that a code is good for.
    ///
    /// # Errors
    /// If the service does not hand one out.
    pub async fn redeem(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<String, ProviderError> {
        let endpoints = self.endpoints().await?;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        // Basic is what services take that do not say (OpenID Connect Core 1.0, section 9).
        let ways = &endpoints.ways_to_say_who_we_are;
        let takes = |way: &str| ways.iter().any(|taken| taken == way);
        let basic = ways.is_empty() || takes("client_secret_basic") || !takes("client_secret_post");
        let mut authorization = None;
        match &self.client_secret {
            Some(secret) if basic => {
                let pair = format!("{}:{}", escaped(&self.client_id), escaped(secret));
                authorization = Some(format!("Basic {}", STANDARD.encode(pair)));
            }
            Some(secret) => {
                fields.extend([("client_id", self.client_id.as_str()), ("client_secret", secret)])
            }
            None => fields.push(("client_id", self.client_id.as_str())),
        }
        let (agent, url, body) = (self.agent.clone(), endpoints.token.clone(), form(&fields));
        let redeemed: Redeemed = ask(url.clone(), move || {
            let mut request = agent.post(&url).header("accept", "application/json");
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            request.content_type("application/x-www-form-urlencoded").send(body)
        })
        .await?;
        Ok(redeemed.id_token)
    }

    async fn get<T: DeserializeOwned + Send + 'static>(&self, url: &str) -> Result<T, ProviderError> {
        let (agent, url) = (self.agent.clone(), url.to_owned());
        ask(url.clone(), move || agent.get(&url).header("accept", "application/json").call()).await
    }
}

/// Sends a request where waiting holds nobody up, and reads the JSON of its answer. What is told of an answer that is none
/// holds nothing of its body: there may be secrets in it.
async fn ask<T, F>(url: String, request: F) -> Result<T, ProviderError>
where
    T: DeserializeOwned + Send + 'static,
    F: FnOnce() -> Result<ureq::http::Response<ureq::Body>, ureq::Error> + Send + 'static,
{
    let unreachable = |reason: String| ProviderError::Unreachable { url: url.clone(), reason };
    let nonsense = |reason: String| ProviderError::Nonsense { url: url.clone(), reason };
    let answer = tokio::task::spawn_blocking(move || {
        let mut response = request()?;
        let text = response.body_mut().with_config().limit(LONGEST).read_to_string()?;
        Ok::<_, ureq::Error>((response.status(), text))
    });
    let (status, text) = match answer.await {
        Ok(answer) => answer.map_err(|error| unreachable(error.to_string()))?,
        Err(error) => return Err(unreachable(error.to_string())),
    };
    if !status.is_success() {
        return Err(nonsense(format!("status {status}")));
    }
    serde_json::from_str(&text).map_err(|error| {
        nonsense(format!("something that cannot be read, at line {} column {}", error.line(), error.column()))
    })
}

/// Whether what is sent to an address is for nobody else to read: https, or within this machine.
fn is_safe(url: &str) -> bool {
    let Ok(uri) = url.parse::<axum::http::Uri>() else { return false };
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => true,
        (Some("http"), Some(host)) => matches!(host, "localhost" | "127.0.0.1" | "[::1]"),
        _ => false,
    }
}

/// Fields as forms and query strings hold them.
#[must_use]
pub fn form(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte))
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_nobody_can_listen_to_are_used() {
        for good in
            ["https://id.example", "https://id.example/tenant", "http://127.0.0.1:4000", "http://localhost"]
        {
            assert!(Provider::new(good, "c".into(), None).is_ok(), "{good}");
        }
        for bad in [
            "http://id.example",
            "id.example",
            "https://id.example?a",
            "ftp://id.example",
            "",
            "http://127.0.0.1.example",
        ] {
            assert!(Provider::new(bad, "c".into(), None).is_err(), "{bad}");
        }
    }

    #[test]
    fn fields_are_escaped() {
        assert_eq!(form(&[("a", "b c&d=é/"), ("e", "")]), "a=b%20c%26d%3D%C3%A9%2F&e=");
    }

    #[test]
    fn the_secret_is_not_printed() {
        let provider = Provider::new("https://id.example", "c".into(), Some("hush".into())).unwrap();
        assert!(!format!("{provider:?}").contains("hush"));
    }
}
