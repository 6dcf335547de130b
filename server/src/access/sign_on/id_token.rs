//! Verifying an ID token: a JSON Web Token (RFC 7519) signed (RFC 7515) with a key of the service.
//!
//! Only signatures with public keys count: `none` and keys shared with the client are not even known here, and a key is used
//! with the algorithms of its own kind only. The rules are those of OpenID Connect Core 1.0, section 3.1.3.7, and RFC 8725.
//!
//! The cryptography is `ring`'s. A library for tokens would leave most of what is here to us (the nonce, the parties, which key may
//! be used for what), and bring its own cryptography, or a seam for ours.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

/// How far the clocks of the service and ours may be apart.
const CLOCKS_APART: TimeDelta = TimeDelta::seconds(60);
/// The longest token that is looked at, in bytes.
const LONGEST: usize = 64 * 1024;

/// Why an ID token proves nothing.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TokenError {
    /// It is no JSON Web Token.
    #[error("the ID token cannot be read")]
    Unreadable,
    /// It is not signed, or in a way that we do not accept.
    #[error("the ID token is signed with {0:?}, which is not accepted")]
    Algorithm(String),
    /// The service has no such key.
    #[error("the ID token is signed with a key that the service does not publish")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the signature of the ID token is wrong")]
    Signature,
    /// It was made by somebody else.
    #[error("the ID token is of another issuer")]
    Issuer,
    /// It was made for somebody else.
    #[error("the ID token is for another audience")]
    Audience,
    /// It was made for another sign-in.
    #[error("the ID token is of another sign-in")]
    Nonce,
    /// It is too old, or not good yet.
    #[error("the ID token is not good at this time")]
    Time,
}

/// Public keys of a service, as it publishes them (RFC 7517).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "Published")]
pub struct Keys {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

/// Keys that cannot be read are left out of account (RFC 7517, section 5), so that they spoil none of the others.
impl From<Published> for Keys {
    fn from(published: Published) -> Keys {
        Keys { keys: published.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect() }
    }
}

/// One of them. Kinds that we do not know are never chosen.
#[derive(Debug, Clone, Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    #[serde(rename = "key_ops")]
    operations: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

/// What an ID token has to say to count.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Who made it.
    pub issuer: &'a str,
    /// Whom it is for.
    pub audience: &'a str,
    /// Which sign-in it is of.
    pub nonce: &'a str,
    /// The present.
    pub now: DateTime<Utc>,
}

/// What a service says of a user.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// Who says it.
    pub issuer: String,
    /// What the service calls the user, for ever.
    pub subject: String,
    /// All that it says.
    pub all: Map<String, Value>,
}

impl Claims {
    /// What a user is known by: issuer and subject, with a space between them.
    #[must_use]
    pub fn sign_on(&self) -> String {
        format!("{} {}", self.issuer, self.subject)
    }

    /// The e-mail address.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.all.get("email").and_then(Value::as_str).filter(|email| !email.is_empty())
    }

    /// Whether the service has made sure that the address is the user's. Some services say it as a text.
    #[must_use]
    pub fn email_is_verified(&self) -> bool {
        match self.all.get("email_verified") {
            Some(Value::Bool(verified)) => *verified,
            Some(Value::String(verified)) => verified == "true",
            _ => false,
        }
    }
}

/// What a token says, if it was made by the service, for us, for this sign-in, and is good now.
///
/// # Errors
/// Whatever is wrong with it first.
pub fn verify(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Claims, TokenError> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { return Err(TokenError::Unreadable) };
    if token.len() > LONGEST {
        return Err(TokenError::Unreadable);
    }
    let signed = &token.as_bytes()[..header.len() + 1 + payload.len()];
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenError::Unreadable)?;
    let all: Map<String, Value> = parse(header)?;
    // Extensions that must be understood (RFC 7515, 4.1.11): there are none that we do.
    if all.contains_key("crit") {
        return Err(TokenError::Unreadable);
    }
    // Read once more, since this refuses what is said twice.
    let header: Header = parse(header)?;
    check_signature(&header, keys, signed, &signature)?;
    check_claims(parse(payload)?, expected)
}

fn parse<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Unreadable)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Unreadable)
}

/// The kinds of keys and curves that go with an algorithm.
fn kind_of(algorithm: &str) -> Option<(&'static str, Option<&'static str>)> {
    match algorithm {
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" => Some(("RSA", None)),
        "ES256" => Some(("EC", Some("P-256"))),
        "ES384" => Some(("EC", Some("P-384"))),
        _ => None,
    }
}

fn check_signature(header: &Header, keys: &Keys, signed: &[u8], signature: &[u8]) -> Result<(), TokenError> {
    let (kind, curve) = kind_of(&header.alg).ok_or_else(|| TokenError::Algorithm(header.alg.clone()))?;
    let fits = |key: &&Key| {
        key.kty == kind
            && (curve.is_none() || key.crv.as_deref() == curve)
            && key.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && key.operations.as_ref().is_none_or(|all| all.iter().any(|operation| operation == "verify"))
            && key.alg.as_ref().is_none_or(|algorithm| *algorithm == header.alg)
            && header.kid.as_ref().is_none_or(|kid| key.kid.as_ref() == Some(kid))
    };
    let mut candidates = keys.keys.iter().filter(fits).peekable();
    if candidates.peek().is_none() {
        return Err(TokenError::UnknownKey);
    }
    match candidates.any(|key| key.has_signed(&header.alg, signed, signature)) {
        true => Ok(()),
        false => Err(TokenError::Signature),
    }
}

impl Key {
    /// Whether this key has signed the text. Keys that cannot be read have signed nothing.
    fn has_signed(&self, algorithm: &str, text: &[u8], signature: &[u8]) -> bool {
        let bytes = |part: &Option<String>| {
            part.as_ref().and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok())
        };
        let rsa = |parameters| {
            let (Some(n), Some(e)) = (bytes(&self.n), bytes(&self.e)) else { return false };
            RsaPublicKeyComponents { n, e }.verify(parameters, text, signature).is_ok()
        };
        let elliptic = |parameters, length: usize| {
            let (Some(x), Some(y)) = (bytes(&self.x), bytes(&self.y)) else { return false };
            let point = [&[4], x.as_slice(), y.as_slice()].concat();
            x.len() == length && UnparsedPublicKey::new(parameters, point).verify(text, signature).is_ok()
        };
        match algorithm {
            "RS256" => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            "RS384" => rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            "RS512" => rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            "PS256" => rsa(&signature::RSA_PSS_2048_8192_SHA256),
            "PS384" => rsa(&signature::RSA_PSS_2048_8192_SHA384),
            "PS512" => rsa(&signature::RSA_PSS_2048_8192_SHA512),
            "ES256" => elliptic(&signature::ECDSA_P256_SHA256_FIXED, 32),
            "ES384" => elliptic(&signature::ECDSA_P384_SHA384_FIXED, 48),
            _ => false,
        }
    }
}

fn check_claims(all: Map<String, Value>, expected: &Expected<'_>) -> Result<Claims, TokenError> {
    let text = |name: &str| all.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(TokenError::Issuer);
    }
    let ours = match all.get("aud") {
        Some(Value::String(audience)) => audience == expected.audience,
        // One of several audiences counts only if we are the party that it was made for.
        Some(Value::Array(several)) => {
            several.iter().any(|one| one == expected.audience)
                && (several.len() == 1 || text("azp") == Some(expected.audience))
        }
        _ => false,
    };
    if !ours || all.get("azp").is_some_and(|party| party != expected.audience) {
        return Err(TokenError::Audience);
    }
    if !text("nonce").is_some_and(|nonce| crate::auth::same(nonce, expected.nonce)) {
        return Err(TokenError::Nonce);
    }
    let time = |name: &str| DateTime::from_timestamp(whole(all.get(name)?)?, 0);
    let ends = time("exp").ok_or(TokenError::Time)?;
    let made = time("iat").ok_or(TokenError::Time)?;
    let begins = match all.get("nbf") {
        None => made,
        Some(_) => time("nbf").ok_or(TokenError::Time)?,
    };
    // The present is moved and not what the token says, which may be the last moment that there is.
    if expected.now - CLOCKS_APART >= ends || expected.now + CLOCKS_APART < made.max(begins) {
        return Err(TokenError::Time);
    }
    // 255 characters are the most that a subject may have (OpenID Connect Core 1.0, section 2).
    let subject = text("sub").filter(|subject| !subject.is_empty() && subject.len() <= 255);
    let subject = subject.ok_or(TokenError::Unreadable)?.to_owned();
    Ok(Claims { issuer: expected.issuer.to_owned(), subject, all })
}

/// Seconds, which some services write with a fraction.
fn whole(number: &Value) -> Option<i64> {
    #[allow(clippy::cast_possible_truncation, reason = "it is within the times that there are")]
    let from_float = |float: f64| (float.abs() < 1e11).then_some(float as i64);
    number.as_i64().or_else(|| from_float(number.as_f64()?))
}

#[cfg(test)]
mod tests;
