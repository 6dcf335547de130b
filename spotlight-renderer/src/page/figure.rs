//! Large numbers with their period and how they changed.

use super::model::{Change, Direction, Figure};
use crate::words::{say, say_with};
use maud::{Markup, html};

/// One figure; what is absent is said to be absent.
pub fn figure(figure: &Figure) -> Markup {
    html! {
        div.figure {
            @if let Some(name) = &figure.name { p.figure-name { (name) } }
            p.figure-value {
                @match (&figure.value, &figure.full) {
                    (Some(value), Some(full)) if full != value => {
                        abbr class={ "size" (room(value)) } title=(full) aria-hidden="true" { (value) }
                        span.hidden { (full) }
                    }
                    (Some(value), _) => span class={ "size" (room(value)) } { (value) },
                    (None, _) => span.missing { (say("no-data")) },
                }
                @if let Some(label) = &figure.label && !label.is_empty() { " " span.figure-label { (label) } }
            }
            @if let Some(change) = &figure.change { (self::change(change)) }
        }
    }
}

/// The class of amounts that are too long for the largest letters.
fn room(value: &str) -> &'static str {
    match value.chars().count() {
        0..7 => "",
        7..9 => " wide",
        _ => " long",
    }
}

fn change(change: &Change) -> Markup {
    let (sign, word, class) = match change.direction {
        Some(Direction::Up) => ("▲", "change-up", "up"),
        Some(Direction::Down) => ("▼", "change-down", "down"),
        Some(Direction::Level) => ("●", "", "level"),
        None => ("", "", "before"),
    };
    let judged = match change.good {
        Some(true) => " good",
        Some(false) => " bad",
        None => "",
    };
    html! {
        p.change {
            span class={ "change-size " (class) (judged) } {
                @if !sign.is_empty() { span.arrow aria-hidden="true" { (sign) } span.hidden { @if !word.is_empty() { (say(word)) " " } } }
                (change.text)
            }
            @if let Some(label) = &change.label && !label.is_empty() {
                " " span.change-label {
                    @if change.direction.is_some() { (say_with("change-on", &[("period", label.as_str().into())])) }
                    @else { (label) }
                }
            }
        }
    }
}
