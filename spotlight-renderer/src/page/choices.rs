//! What readers choose about a chart of groups: how it is drawn, by links, and which groups, by a plain GET form.

use super::model::Choices;
use super::shell::address;
use super::{dates, safe};
use crate::words::say;
use maud::{Markup, html};

/// The choices of a module. Among other modules they are folded away, unless something was chosen that cannot be had.
pub fn choices(choices: &Choices, slug: &str, title_html: &str, folded: bool) -> Markup {
    if !folded {
        return html! { div.choices { (inner(choices, slug)) } };
    }
    html! {
        details.choices open[choices.error.is_some()] {
            summary { (say("choices")) span.hidden { ": " (safe::plain(title_html)) } }
            (inner(choices, slug))
        }
    }
}

fn inner(choices: &Choices, slug: &str) -> Markup {
    let error = choices.error.as_ref().map(|_| format!("{slug}-choice-error"));
    html! {
        @if choices.drawings.len() > 1 {
            ul.inline-links.presets aria-label=(say("choices-drawing")) {
                @for drawing in &choices.drawings {
                    li {
                        @if drawing.href.is_empty() { a aria-current="true" { (drawing.title) } }
                        @else { a href=(address(&drawing.href)) { (drawing.title) } }
                    }
                }
            }
        }
        @if let (Some(id), Some(text)) = (&error, &choices.error) { p.form-error id=(id) { (text) } }
        @if choices.groups.len() > 1 {
            details.series-choice open[choices.groups.iter().any(|(_, _, shown)| !shown)] {
                summary { (say("choices-series")) }
                form.series-form method="get" action=(address(&choices.action)) {
                    (dates::kept(&choices.kept))
                    fieldset aria-describedby=[error.as_deref()] {
                        legend.hidden { (say("choices-series")) }
                        @for (value, text, shown) in &choices.groups {
                            label.check {
                                input type="checkbox" name=(choices.name) value=(value) checked[*shown];
                                (text)
                            }
                        }
                    }
                    button type="submit" { (say("dates-show")) }
                    @if let Some(all) = &choices.all { a href=(address(all)) { (say("choices-all")) } }
                }
            }
        }
    }
}
