//! What has changed, for feed readers (Atom, RFC 4287).

use chrono::{DateTime, SecondsFormat, Utc};
use maud::{Markup, PreEscaped, html};

use super::Presenter;
use crate::chart;
use crate::page::plain_text;
use crate::view::page::{Dashboard, Feed};
use crate::view::{Body, Module};

/// An entry: title, path, what it says, and when that changed.
type Entry = (String, String, Option<String>, DateTime<Utc>);

impl Presenter<'_> {
    /// The dashboards of a site, the last changed first.
    pub fn feed(&self, feed: &Feed) -> String {
        let entries: Vec<Entry> = feed
            .dashboards
            .iter()
            .map(|(title, path, tagline, time)| (title.clone(), path.clone(), tagline.clone(), *time))
            .collect();
        self.atom(&self.options.product, &feed.path, &self.options.root, &entries)
    }

    /// The modules of a dashboard with what they show now.
    pub fn dashboard_feed(&self, dashboard: &Dashboard) -> String {
        self.speaking(dashboard.language.as_deref(), || {
            let mut entries = Vec::new();
            collect(&dashboard.modules, &mut entries);
            entries.sort_by_key(|(.., time)| std::cmp::Reverse(*time));
            let title = format!("{} - {}", dashboard.heading, self.options.product);
            self.atom(&title, &format!("{}.atom", dashboard.path), &dashboard.path, &entries)
        })
    }

    fn atom(&self, title: &str, own: &str, page: &str, entries: &[Entry]) -> String {
        let site = self.options.site.as_deref();
        let link = |path: &str| format!("{}{path}", site.unwrap_or_default());
        // a feed that knows no site still has names that nobody else's has
        let name = |path: &str| {
            site.map_or_else(
                || format!("urn:performance:{}", path.trim_start_matches('/')),
                |site| format!("{site}{path}"),
            )
        };
        let newest = entries.iter().map(|(.., time)| *time).max().unwrap_or(self.request.now);
        let feed = html! {
            (PreEscaped("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"))
            feed xmlns="http://www.w3.org/2005/Atom" {
                id { (name(own)) }
                title { (title) }
                updated { (written(newest)) }
                author { name { (self.options.product) } }
                (PreEscaped(alternate(&link(page))))
                (PreEscaped(format!("<link rel=\"self\" type=\"application/atom+xml\" href=\"{}\"/>", escaped(&link(own)))))
                @for (title, path, summary, time) in entries {
                    entry {
                        id { (name(path)) }
                        title { (title) }
                        updated { (written(*time)) }
                        (PreEscaped(alternate(&link(path))))
                        @if let Some(summary) = summary { summary { (summary) } }
                    }
                }
            }
        };
        clean(feed)
    }
}

/// A link to a page. HTML's way to write links is not XML's.
fn alternate(href: &str) -> String {
    format!("<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>", escaped(href))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// Takes away what no XML document may hold: HTML does not mind control characters.
fn clean(feed: Markup) -> String {
    let mut text = feed.into_string();
    text.retain(|c| matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}')));
    text
}

fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn collect(modules: &[Module], entries: &mut Vec<Entry>) {
    for module in modules {
        match (&module.body, module.updated) {
            (Body::Section(children) | Body::Tabs(children), _) => collect(children, entries),
            (Body::Facts(facts), Some(time)) => {
                let figures = facts.headline.iter().filter_map(|headline| {
                    let value = &headline.value.as_ref()?.text;
                    Some(headline.label.as_ref().map_or(value.clone(), |label| format!("{value} ({label})")))
                });
                let charts = facts.charts.iter().map(|chart| chart::describe(chart));
                let says: Vec<String> =
                    if facts.charts.is_empty() { figures.collect() } else { charts.collect() };
                let summary = Some(says.join(" ")).filter(|text| !text.is_empty());
                entries.push((plain_text(&module.title), module.path.clone(), summary, time));
            }
            _ => {}
        }
    }
}
