//! What all pages share: the document's head, the header with its menu, breadcrumbs, the footer.

use super::model::{Head, Link, MENU};
use super::{AssetPlace, PageOptions, assets, safe};
use crate::definition::query::encoded;
use crate::view::page::State;
use crate::words::say;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The id of what is not the same on all pages.
const CONTENT: &str = "content";

/// A complete page around its own content.
pub fn document(head: &Head, options: &PageOptions, body: &Markup) -> String {
    let has_menu = !options.menu().is_empty();
    let drawn_after = head.drawn_after.filter(|id| has_menu || *id != MENU).unwrap_or(CONTENT);
    html! {
        (DOCTYPE)
        html lang=(head.lang.as_deref().unwrap_or(&options.lang)) {
            (document_head(head, options, drawn_after))
            body {
                a.skip href={ "#" (CONTENT) } { (say("skip")) }
                header.site-header {
                    div.width {
                        a.product href=(address(&options.root)) {
                            (sign(options))
                            span { (options.product) }
                        }
                        @if let Some(phase) = &options.phase { span.phase { (phase) } }
                        @if has_menu {
                            nav.menu id=(MENU) aria-label=(say("menu")) {
                                ul { @for link in &options.menu() { li { (menu_link(link, &head.path)) } } }
                            }
                        }
                    }
                }
                @if let Some(notice) = &options.notice_html {
                    aside.notice aria-label=(say("notice")) { div.width { p { (safe::phrases(notice)) } } }
                }
                @if !head.breadcrumbs.is_empty() { (breadcrumbs(&head.breadcrumbs)) }
                main.width id=(CONTENT) tabindex="-1" { (body) }
                (footer(head, options))
            }
        }
    }
    .into_string()
}

/// A page with nothing around its content.
pub fn bare_document(head: &Head, options: &PageOptions, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html.bare lang=(head.lang.as_deref().unwrap_or(&options.lang)) {
            (document_head(head, options, CONTENT))
            body { main id=(CONTENT) { (body) } }
        }
    }
    .into_string()
}

fn document_head(head: &Head, options: &PageOptions, drawn_after: &str) -> Markup {
    let site = options.site.as_deref().unwrap_or_default();
    html! {
        head {
            meta charset="utf-8";
            title { (head.title) }
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            @if head.hidden { meta name="robots" content="noindex, nofollow"; }
            @if let Some(description) = &head.description { meta name="description" content=(description); }
            meta property="og:title" content=(head.title);
            meta property="og:type" content="website";
            meta property="og:site_name" content=(options.product);
            @if let Some(description) = &head.description { meta property="og:description" content=(description); }
            @if let Some(image) = &head.image {
                meta property="og:image" content={ (options.site.as_deref().unwrap_or("")) (image) };
                meta name="twitter:card" content="summary_large_image";
            }
            @if let Some(site) = &options.site && !head.path.is_empty() {
                link rel="canonical" href={ (site) (head.path) };
                meta property="og:url" content={ (site) (head.path) };
            }
            @for (media_type, href) in &head.alternates { link rel="alternate" type=(media_type) href=(href); }
            @if let Some(embed) = &head.embed {
                link rel="alternate" type="application/json+oembed" href={ (site) (options.root) "/oembed?url=" (encoded(&format!("{site}{embed}"))) };
            }
            @match &options.assets {
                AssetPlace::Below(path) => {
                    link rel="stylesheet" href={ (path) "/" (assets::style_sheet().name) };
                    link rel="icon" type="image/svg+xml" href={ (path) "/" (assets::icon().name) };
                    script src={ (path) "/" (assets::script().name) } defer {}
                }
                AssetPlace::Inline => {
                    style { (PreEscaped(assets::style_sheet().body)) }
                    script type="module" { (PreEscaped(assets::script().body)) }
                }
            }
            (colours(options))
            link rel="expect" href={ "#" (drawn_after) } blocking="render";
        }
    }
}

/// The logo of the installation, else the product's own.
fn sign(options: &PageOptions) -> Markup {
    match &options.assets {
        AssetPlace::Below(path) if options.brand.has_logo => {
            html! { img.logo src={ (path) "/logo.svg" } alt="" height="28"; }
        }
        _ => mark(),
    }
}

/// The colours of the installation; what is no colour is left out.
fn colours(options: &PageOptions) -> Markup {
    let is_colour = |text: &&String| {
        text.strip_prefix('#')
            .is_some_and(|rest| rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let Some(colour) = options.brand.colour.as_ref().filter(is_colour) else { return html! {} };
    let css = format!(
        "@media not (prefers-color-scheme:dark){{:root{{--brand:{colour};--button:{colour};--link:{colour};--link-hover:#14181d}}\
         .mark-sign rect{{fill:{colour}}}}}"
    );
    html! { style { (PreEscaped(css)) } }
}

/// The product's sign: three bars.
fn mark() -> Markup {
    html! {
        svg.mark-sign viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false" {
            rect width="32" height="32" rx="7" {}
            path d="M8.5 24v-6M16 24V12M23.500 24V7.500" {}
        }
    }
}

fn menu_link(link: &Link, path: &str) -> Markup {
    let current = link.href == path;
    html! { a href=(address(&link.href)) aria-current=[current.then_some("page")] { (link.title) } }
}

fn breadcrumbs(links: &[Link]) -> Markup {
    html! {
        nav.breadcrumbs.width aria-label=(say("breadcrumb")) {
            ol { @for link in links { li { a href=(address(&link.href)) { (link.title) } } } }
        }
    }
}

fn footer(head: &Head, options: &PageOptions) -> Markup {
    html! {
        footer.site-footer {
            div.width {
                @if !options.support().is_empty() {
                    nav aria-label=(say("support")) {
                        ul.inline-links { @for link in &options.support() { li { a href=(address(&link.href)) { (link.title) } } } }
                    }
                }
                @if let Some(licence) = head.licence.as_ref().or(options.licence.as_ref()) {
                    p {
                        (say("licence-before")) " "
                        @if licence.href.is_empty() { (licence.title) } @else { a href=(address(&licence.href)) rel="license" { (licence.title) } }
                        (say("licence-after"))
                    }
                }
            }
        }
    }
}

/// An address that is safe to follow, or none at all.
pub fn address(href: &str) -> &str {
    safe::href(href).unwrap_or("#")
}

/// A heading of a level from 1 to 6.
pub fn heading(level: usize, id: Option<&str>, class: &str, inner: &Markup) -> Markup {
    match level {
        1 => html! { h1 id=[id] class=(class) { (inner) } },
        2 => html! { h2 id=[id] class=(class) { (inner) } },
        3 => html! { h3 id=[id] class=(class) { (inner) } },
        4 => html! { h4 id=[id] class=(class) { (inner) } },
        5 => html! { h5 id=[id] class=(class) { (inner) } },
        _ => html! { h6 id=[id] class=(class) { (inner) } },
    }
}

/// What readers must know of a page that is not published.
pub fn not_published(state: State) -> Markup {
    let (word, warning) = match state {
        State::Published => return html! {},
        State::Prototype => ("prototype", "prototype-warning"),
        State::InReview => ("in-review", "in-review-warning"),
        State::Retired => ("retired", "retired-warning"),
    };
    html! {
        div.prototype role="note" {
            strong { (say(word)) }
            p { (say(warning)) }
        }
    }
}
