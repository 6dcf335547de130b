//! Who may write: bearer tokens of data sets, and the administrator's.

use axum::http::{HeaderMap, header};
use stagecraft::DataSet;
use subtle::ConstantTimeEq;

use crate::error::ApiError;
use crate::state::AppState;

/// A secret that is compared in constant time and never printed.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Keeps a token; `None` for an empty one, which would let everybody in.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        if text.is_empty() { None } else { Some(Self(text)) }
    }

    /// Whether the given text is this token, in a time that does not tell where they differ.
    pub fn matches(&self, given: &str) -> bool {
        same(&self.0, given)
    }
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
pub fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The token of an `Authorization: Bearer ...` header. The scheme is case-sensitive and followed by one space, as the
/// clients in use send it.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").filter(|token| !token.is_empty())
}

/// Lets a request write to a data set when it carries the token of the data set, the one before it while that is good, an
/// access token whose scopes cover it, or the administrator's.
///
/// # Errors
/// 401, with the words that the older clients know.
pub fn allow_write(state: &AppState, headers: &HeaderMap, data_set: &DataSet) -> Result<(), ApiError> {
    if !headers.contains_key(header::AUTHORIZATION) {
        return Err(ApiError::unauthorized("Expected header of form: Authorization: Bearer <token>"));
    }
    let given = bearer(headers);
    let allowed = given.is_some_and(|token| {
        data_set.accepts_token(token, state.now(headers))
            || state.admin_token.as_ref().is_some_and(|admin| admin.matches(token))
            || (state.registry.catalog().access_token(token, state.now(headers)))
                .is_some_and(|known| known.covers_writing(&data_set.data_group, &data_set.data_type))
    });
    if allowed {
        return Ok(());
    }
    let (shown, name) = (given.unwrap_or("None"), &data_set.name);
    Err(ApiError::unauthorized(format!("Unauthorized: Invalid bearer token '{shown}' for '{name}'")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))])
    }

    #[test]
    fn only_the_exact_scheme_counts() {
        assert_eq!(bearer(&headers("Bearer abc")), Some("abc"));
        assert_eq!(bearer(&headers("Bearer  abc")), Some(" abc"));
        assert_eq!(bearer(&headers("bearer abc")), None);
        assert_eq!(bearer(&headers("Bearer ")), None);
        assert_eq!(bearer(&headers("abc")), None);
    }

    #[test]
    fn a_token_never_prints() {
        assert_eq!(format!("{:?}", Token::new("secret").unwrap()), "Token(..)");
        assert!(Token::new("").is_none());
    }
}
