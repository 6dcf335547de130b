//! The page of a dashboard: its heading, its modules, and the notes at its end.

use super::model::{Body, Dashboard, Footer, Link};
use super::module::{Place, module};
use super::shell::{address, not_published};
use super::{PageOptions, problem, safe};
use crate::words::say;
use maud::{Markup, html};

/// A page with at least so many titled parts begins with a list of them.
const CONTENTS: usize = 7;

/// The content of the page.
pub fn body(page: &Dashboard, options: &PageOptions) -> Markup {
    let links = page.service.is_some() || !page.related.is_empty();
    html! {
        header.page-head {
            div.page-title {
                @if let Some(strapline) = filled(page.strapline.as_deref()) { p.strapline { (strapline) } }
                h1 { (page.heading) }
                @if let Some(tagline) = filled(page.tagline_html.as_deref()) { div.tagline { (safe::blocks(tagline)) } }
                div.page-meta {
                    @if let Some(updated) = &page.updated { p.updated { (updated) } }
                    @if !page.forms.is_empty() {
                        ul.inline-links.forms { @for form in &page.forms { li { a href=(address(&form.href)) { (form.title) } } } }
                    }
                }
            }
            @if links { (aside(page)) }
        }
        (not_published(page.state))
        @if let Some(choice) = &page.dates { (super::dates::form(choice, "page")) }
        (contents(page))
        @if page.modules.is_empty() { p.no-data { (say("nothing-yet")) } }
        @else { div.modules { @for each in &page.modules { (module(each, Place::Dashboard(2))) } } }
        @if let Some(notes) = &page.footer { (footer(notes, &page.related, page.service.as_ref())) }
        (problem::form(&page.head, page.service.as_ref(), options))
    }
}

fn aside(page: &Dashboard) -> Markup {
    html! {
        aside.related aria-label=(say("related")) {
            @if let Some(service) = &page.service {
                p.visit itemscope[page.item_type.is_some()] itemtype=[page.item_type.as_deref()] {
                    a.button href=(address(&service.href)) itemprop=[page.item_type.as_ref().map(|_| "url")] {
                        (say("visit")) span.hidden itemprop=[page.item_type.as_ref().map(|_| "name")] { ": " (service.title) }
                    }
                }
            }
            @if !page.related.is_empty() { h2.small-heading { (say("find-out-more")) } (related(&page.related)) }
        }
    }
}

fn related(links: &[Link]) -> Markup {
    html! {
        ul.plain {
            @for link in links {
                li {
                    @match safe::href(&link.href) { Some(href) => a href=(href) { (link.title) }, None => (link.title) }
                    @if let Some(note) = filled(link.note_html.as_deref()) { " " span.note { (safe::phrases(note)) } }
                }
            }
        }
    }
}

fn contents(page: &Dashboard) -> Markup {
    let titled = page.modules.iter().filter(|module| !module.title_html.is_empty());
    let sections = titled.clone().filter(|module| matches!(module.body, Body::Section(_))).count();
    let (shown, only_sections) = (titled.clone().count() >= CONTENTS || sections >= 3, sections >= 3);
    html! {
        @if shown {
            nav.contents aria-label=(say("on-this-page")) {
                details {
                    summary { (say("on-this-page")) }
                    ul {
                        @for module in titled.filter(|module| !only_sections || matches!(module.body, Body::Section(_))) {
                            li { a href={ "#" (module.slug) } { (safe::words(&module.title_html)) } }
                        }
                    }
                }
            }
        }
    }
}

fn footer(notes: &Footer, links: &[Link], service: Option<&Link>) -> Markup {
    html! {
        section.notes aria-labelledby="about-this-page" {
            h2 #about-this-page { (say("about-service")) }
            @if let Some(description) = filled(notes.description_html.as_deref()) { div.lead { (safe::blocks(description)) } }
            div.notes-columns {
                @if !notes.facts.is_empty() {
                    dl.facts { @for (label, text) in &notes.facts { div { dt { (label) } dd { (text) } } } }
                }
                @let (extra, costs, other) = (&notes.description_extra_html, &notes.costs_html, &notes.other_notes_html);
                @if [extra, costs, other].into_iter().any(|text| filled(text.as_deref()).is_some()) {
                    div.notes-text {
                        @if let Some(extra) = filled(extra.as_deref()) { div { (safe::blocks(extra)) } }
                        @if let Some(costs) = filled(costs.as_deref()) { h3 { (say("costs")) } div { (safe::blocks(costs)) } }
                        @if let Some(other) = filled(other.as_deref()) { h3 { (say("other-notes")) } div { (safe::blocks(other)) } }
                    }
                }
                @if service.is_some() || !links.is_empty() || notes.improve.is_some() {
                    div.notes-links {
                        @if let Some(service) = service { p { a href=(address(&service.href)) { (service.title) } } }
                        @if !links.is_empty() { (related(links)) }
                        @if let Some(improve) = &notes.improve {
                            h3 { (say("improve")) }
                            p { (say("improve-text")) " " a href=(address(&improve.href)) { (improve.title) } "." }
                        }
                    }
                }
            }
        }
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}
