//! The form to choose which dates a module shows; a plain GET form.

use super::model::Dates;
use super::shell::address;
use crate::words::say;
use maud::{Markup, html};

/// The form; `slug` keeps its ids apart from others'.
pub fn form(dates: &Dates, slug: &str) -> Markup {
    let error = dates.error.as_ref().map(|_| format!("{slug}-dates-error"));
    html! {
        div.dates {
            @if !dates.presets.is_empty() {
                ul.inline-links.presets aria-label=(say("dates")) {
                    @for preset in &dates.presets {
                        li {
                            @if preset.href.is_empty() { a aria-current="true" { (preset.title) } }
                            @else { a href=(address(&preset.href)) { (preset.title) } }
                        }
                    }
                }
            }
            @if !dates.weeks.is_empty() {
                form.dates-form method="get" action=(address(&dates.action)) {
                    (kept(&dates.kept))
                    span.field {
                        label for={ (slug) "-week" } { (say("dates-week")) }
                        select id={ (slug) "-week" } name="week" aria-describedby=[error.as_deref()] aria-invalid=[error.as_ref().map(|_| "true")] {
                            @for (value, text) in &dates.weeks {
                                option value=(value) selected[dates.week.as_deref() == Some(value)] { (text) }
                            }
                        }
                    }
                    button type="submit" { (say("dates-show")) }
                    @if let (Some(id), Some(text)) = (&error, &dates.error) { p.form-error id=(id) { (text) } }
                }
            }
            @if !dates.choices.is_empty() {
                details.other-dates open[dates.error.is_some() || dates.own] {
                    summary { (say("dates-other")) }
                    form.dates-form method="get" action=(address(&dates.action)) {
                        (kept(&dates.kept))
                        (choice("from", &say("dates-from"), dates.from.as_deref(), dates, slug, error.as_deref()))
                        (choice("to", &say("dates-to"), dates.to.as_deref(), dates, slug, error.as_deref()))
                        @if !dates.comparisons.is_empty() {
                            span.field {
                                label for={ (slug) "-compare" } { (say("compare")) }
                                select id={ (slug) "-compare" } name="compare" {
                                    option value="" { (say("compare-nothing")) }
                                    @for (value, text, chosen) in &dates.comparisons {
                                        option value=(value) selected[*chosen] { (text) }
                                    }
                                }
                            }
                        }
                        button type="submit" { (say("dates-show")) }
                        @if let (Some(id), Some(text)) = (&error, &dates.error) { p.form-error id=(id) { (text) } }
                    }
                }
            }
        }
    }
}

/// What else the reader chose, which a form hands on.
pub fn kept(parameters: &[(String, String)]) -> Markup {
    html! { @for (name, value) in parameters { input type="hidden" name=(name) value=(value); } }
}

fn choice(
    name: &str,
    label: &str,
    chosen: Option<&str>,
    dates: &Dates,
    slug: &str,
    error: Option<&str>,
) -> Markup {
    let id = format!("{slug}-{name}");
    html! {
        span.field {
            label for=(id) { (label) }
            select id=(id) name=(name) aria-describedby=[error] aria-invalid=[error.map(|_| "true")] {
                @for (value, text) in &dates.choices {
                    option value=(value) selected[chosen == Some(value)] { (text) }
                }
            }
        }
    }
}
