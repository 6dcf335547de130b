//! Signing in at a single sign-on service: the authorization code flow of OpenID Connect Core 1.0, section 3.1, with PKCE
//! (RFC 7636).
//!
//! [`SignOn::begin`] sends a browser to the service with three secrets that only that browser is told ([`Pending`]):
//! `state` shows that the answer belongs to this browser, `nonce` that the ID token was made for it, and the PKCE verifier that
//! whoever redeems the code is whoever asked for it. [`SignOn::finish`] redeems the code and verifies the ID token
//! ([`id_token`]). [`provider`] speaks with the service over HTTP. [`admission`] decides who of those may come in as whom.

pub mod admission;
pub mod id_token;
pub mod provider;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::auth::same;
use admission::Admission;
use id_token::{Claims, Expected, TokenError};
use provider::{Provider, ProviderError};

/// What the installation is called at the service, and whom it lets in.
#[derive(Debug)]
pub struct SignOn {
    provider: Provider,
    redirect_uri: String,
    /// What the button says after "Sign in with".
    pub name: String,
    /// Who may come in.
    pub admission: Admission,
}

/// Why nobody is signed in.
#[derive(Debug, Error)]
pub enum SignOnError {
    /// The answer does not belong to a sign-in that this browser began, or that one is too old.
    #[error("this sign-in was not begun in this browser, or took longer than ten minutes")]
    NotBegun,
    /// The service has refused, or the user has broken off.
    #[error("the sign-on service answered {0:?}")]
    Refused(String),
    /// The service cannot be reached, or answers nonsense.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The ID token proves nothing.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// What a browser that is on its way to the service keeps, and nobody else knows.
#[derive(Clone, PartialEq, Eq)]
pub struct Pending {
    state: String,
    nonce: String,
    verifier: String,
}

/// The secrets are nobody's business.
impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pending(..)")
    }
}

impl Pending {
    /// Three new secrets of 256 bits each.
    fn new() -> Pending {
        Pending { state: random(), nonce: random(), verifier: random() }
    }

    /// Whether an answer of the service belongs to this.
    #[must_use]
    pub fn has_state(&self, state: &str) -> bool {
        same(&self.state, state)
    }

    /// As a cookie holds it.
    #[must_use]
    pub fn to_cookie(&self) -> String {
        format!("{}.{}.{}", self.state, self.nonce, self.verifier)
    }

    /// From what a cookie holds; none if that is anything else.
    #[must_use]
    pub fn from_cookie(text: &str) -> Option<Pending> {
        let mut parts = text.split('.').map(str::to_owned);
        let pending = Pending { state: parts.next()?, nonce: parts.next()?, verifier: parts.next()? };
        let whole = parts.next().is_none()
            && [&pending.state, &pending.nonce, &pending.verifier].iter().all(|part| part.len() == 43);
        whole.then_some(pending)
    }
}

impl SignOn {
    /// The service of `provider`, which sends browsers back to `redirect_uri`.
    #[must_use]
    pub fn new(provider: Provider, redirect_uri: String, name: String, admission: Admission) -> SignOn {
        SignOn { provider, redirect_uri, name, admission }
    }

    /// Where to send a browser, and what it is to keep until it comes back.
    ///
    /// # Errors
    /// If the service does not tell where that is.
    pub async fn begin(&self) -> Result<(String, Pending), SignOnError> {
        let endpoints = self.provider.endpoints().await?;
        let pending = Pending::new();
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(pending.verifier.as_bytes()));
        let question = provider::form(&[
            ("response_type", "code"),
            ("scope", "openid email profile"),
            ("client_id", self.provider.client_id()),
            ("redirect_uri", &self.redirect_uri),
            ("state", &pending.state),
            ("nonce", &pending.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let separator = if endpoints.authorization.contains('?') { '&' } else { '?' };
        Ok((format!("{}{separator}{question}", endpoints.authorization), pending))
    }

    /// Whom the service says a browser belongs to that came back with `code` and the [state](Pending::has_state) that it
    /// was sent with.
    ///
    /// # Errors
    /// If the code is not redeemed, or the ID token is not verified.
    pub async fn finish(
        &self,
        pending: &Pending,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Claims, SignOnError> {
        let token = self.provider.redeem(code, &self.redirect_uri, &pending.verifier).await?;
        let (issuer, audience) = (self.provider.issuer(), self.provider.client_id());
        let expected = Expected { issuer, audience, nonce: &pending.nonce, now };
        let keys = self.provider.keys(false).await?;
        match id_token::verify(&token, &keys, &expected) {
            Err(TokenError::UnknownKey) => {}
            verified => return Ok(verified?),
        }
        // The service may have changed its keys since we asked.
        let keys = self.provider.keys(true).await?;
        Ok(id_token::verify(&token, &keys, &expected)?)
    }
}

/// 256 bits that nobody can guess, as 43 characters that URLs take.
fn random() -> String {
    let bytes: [[u8; 16]; 2] = std::array::from_fn(|_| *stagecraft::Uuid::new_v4().as_bytes());
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_keeps_is_read_again() {
        let pending = Pending::new();
        assert_eq!(Pending::from_cookie(&pending.to_cookie()), Some(pending));
        for broken in ["", "a.b.c", "..", &format!("{}.x", Pending::new().to_cookie())] {
            assert_eq!(Pending::from_cookie(broken), None, "{broken}");
        }
        assert_ne!(Pending::new(), Pending::new());
    }
}
