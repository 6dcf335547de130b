//! How many requests a caller may make, and how often somebody may try to sign in.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::HeaderMap;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use sha2::{Digest, Sha256};

use super::client::Client;
use crate::auth::bearer;

/// Attempts to sign in, by address and by user: as many at once as somebody who mistypes needs, then one in a while.
const ATTEMPTS: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

type Limiter = DefaultKeyedRateLimiter<[u8; 32]>;

/// The limits, and how far each caller is from them.
#[derive(Debug)]
pub struct Limits {
    requests: Option<Limiter>,
    sign_in: Limiter,
    clock: DefaultClock,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::new(None)
    }
}

impl Limits {
    /// At most so many requests a second by one token or, without a token, by one address; `None`: any number. Twice as many
    /// may come at once.
    #[must_use]
    pub fn new(requests_per_second: Option<NonZeroU32>) -> Limits {
        let requests = requests_per_second.map(|rate| {
            let at_once = rate.saturating_mul(NonZeroU32::MIN.saturating_add(1));
            Limiter::keyed(Quota::per_second(rate).allow_burst(at_once))
        });
        let sign_in = Limiter::keyed(Quota::per_minute(ATTEMPTS));
        Limits { requests, sign_in, clock: DefaultClock::default() }
    }

    /// Counts a request. `is_known` tells whether a token is one that we have given to somebody: others count by address, so that
    /// nobody gets further by making tokens up.
    ///
    /// # Errors
    /// How long to wait, if it is one too many.
    pub fn request(
        &self,
        client: &Client,
        headers: &HeaderMap,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<(), Duration> {
        let Some(requests) = &self.requests else { return Ok(()) };
        let key = match bearer(headers).filter(|token| is_known(token)) {
            Some(token) => digest(token.as_bytes()),
            None => digest(client.name().as_bytes()),
        };
        self.check(requests, &key)
    }

    /// Counts an attempt to sign in as a user.
    ///
    /// # Errors
    /// How long to wait, if it is one too many from this address or for this user.
    pub fn sign_in(&self, client: &Client, email: &str) -> Result<(), Duration> {
        self.check(&self.sign_in, &digest(format!("from {}", client.name()).as_bytes()))?;
        self.check(&self.sign_in, &digest(format!("as {}", email.to_lowercase()).as_bytes()))
    }

    fn check(&self, limiter: &Limiter, key: &[u8; 32]) -> Result<(), Duration> {
        limiter.check_key(key).map_err(|until| until.wait_time_from(self.clock.now()))
    }

    /// Forgets callers who have not come for a while.
    pub fn forget_idle(&self) {
        self.sign_in.retain_recent();
        if let Some(requests) = &self.requests {
            requests.retain_recent();
        }
    }
}

/// Tokens must not lie about in memory longer than a request lasts.
fn digest(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_past_the_limit_waits_and_others_do_not() {
        let limits = Limits::new(NonZeroU32::new(5));
        let request = |limits: &Limits, last: u8, token: Option<&str>| {
            let client = Client { address: Some([192, 0, 2, last].into()), secure: false };
            let header = token.map(|token| format!("Bearer {token}").parse().unwrap());
            let headers =
                header.into_iter().map(|value| (axum::http::header::AUTHORIZATION, value)).collect();
            limits.request(&client, &headers, |token| token == "known")
        };
        let passed = (0..20).take_while(|_| request(&limits, 1, None).is_ok()).count();
        assert!((10..20).contains(&passed), "{passed}");
        let wait = request(&limits, 1, None).unwrap_err();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        assert!(request(&limits, 2, None).is_ok());
        assert!(request(&limits, 1, Some("known")).is_ok(), "a token has a limit of its own");
        assert!(request(&limits, 1, Some("made up")).is_err(), "a token that is nobody's has not");
        assert!(request(&Limits::default(), 1, None).is_ok());
    }

    #[test]
    fn guessing_passwords_takes_for_ever() {
        let limits = Limits::default();
        let client = |last: u8| Client { address: Some([192, 0, 2, last].into()), secure: false };
        for n in 0..10 {
            assert!(limits.sign_in(&client(n), "ann@example.gov.uk").is_ok());
        }
        assert!(limits.sign_in(&client(99), "Ann@example.gov.uk").is_err(), "the same user from elsewhere");
        assert!(limits.sign_in(&client(98), "bob@example.gov.uk").is_ok());
    }
}
