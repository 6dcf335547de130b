//! Patterns of definitions, read once: a page is made anew far more often than its patterns change.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;

/// So many patterns are remembered; definitions have a few dozen.
const REMEMBERED: usize = 1000;

static KNOWN: LazyLock<Mutex<HashMap<String, Option<Regex>>>> = LazyLock::new(Mutex::default);

/// The pattern of a text; `None` if it is none.
pub fn read(text: &str) -> Option<Regex> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pattern) = known.get(text) {
        return pattern.clone();
    }
    let pattern = Regex::new(text).ok();
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(text.to_owned(), pattern.clone());
    pattern
}
