//! The present, as the server sees it.

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};

/// The header that sets the present of one request, where the test clock is on.
pub const TEST_NOW: &str = "x-test-now";

/// Where the present comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The clock of the machine.
    System,
    /// The `X-Test-Now` header of the request, else the clock of the machine. For tests only: it lets callers choose
    /// the present.
    TestHeader,
}

impl Clock {
    /// The present for a request with these headers.
    pub fn now(self, headers: &HeaderMap) -> DateTime<Utc> {
        let asked = match self {
            Self::System => None,
            Self::TestHeader => headers.get(TEST_NOW).and_then(|value| value.to_str().ok()?.parse().ok()),
        };
        asked.unwrap_or_else(Utc::now)
    }
}
