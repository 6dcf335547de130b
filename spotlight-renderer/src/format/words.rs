//! Phrases: slugs as sentences, the words for one and for many, addresses.

use super::{Format, Text, amount};
use crate::words::say_with;
use serde_json::Value;

/// A sentence that begins with one of these asks something.
const QUESTIONS: [&str; 8] = ["can", "how", "what", "why", "where", "who", "when", "is"];

/// A slug as a sentence.
pub fn sentence(format: &Format, slug: &str) -> String {
    let spaced =
        if format.separator.is_empty() { slug.to_owned() } else { slug.replace(&format.separator, " ") };
    let words: Vec<String> = spaced
        .split(' ')
        .map(|word| {
            let lower = word.to_lowercase();
            if lower == "i" || format.uppercase.contains(&lower) {
                word.to_uppercase()
            } else {
                word.to_owned()
            }
        })
        .collect();
    let mut sentence = words.join(" ");
    let first = words.first().map(|word| word.to_lowercase()).unwrap_or_default();
    if QUESTIONS.contains(&first.as_str()) && !sentence.ends_with('?') {
        sentence.push('?');
    }
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => sentence,
    }
}

/// The word for so many, without the number.
pub fn plural(format: &Format, value: &Value) -> String {
    if amount(value) == Some(1.0) {
        return format.singular.clone();
    }
    let many = || say_with("plural", &[("singular", format.singular.as_str().into())]);
    format.plural.clone().unwrap_or_else(many)
}

/// An address that leads to itself; whether it may be followed is decided where it is printed.
pub fn url(address: &str) -> Option<Text> {
    (!address.is_empty()).then(|| Text { href: Some(address.to_owned()), ..Text::plain(address) })
}
