//! A module: its heading, figures, chart, table, files and notes; sections and tabs around others; a page of its own.

use super::model::{Body, Data, Item, Module, ModulePage};
use super::shell::{address, heading, not_published};
use super::table::{Narrow, table};
use super::{PageOptions, choices, dates, figure, safe};
use crate::chart::{self, Annotation, Chart, Kind};
use crate::words::{say, say_with};
use maud::{Markup, html};

/// The height of a module inside another page, in pixels.
pub const EMBED_HEIGHT: u32 = 560;

/// Where a module is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Among others; headings begin at this level.
    Dashboard(usize),
    /// On its own page.
    Own,
}

impl Place {
    fn level(self) -> usize {
        match self {
            Place::Dashboard(level) => level,
            Place::Own => 1,
        }
    }

    fn inside(self) -> Place {
        Place::Dashboard(self.level() + 1)
    }
}

/// One module as a region of the page.
pub fn module(module: &Module, place: Place) -> Markup {
    let heading_id = format!("{}-heading", module.slug);
    html! {
        section id=(module.slug) class=(classes(module, place)) aria-labelledby=(heading_id) {
            @if place == Place::Own { (title(module, place, &heading_id)) }
            @else { header.module-head { (title(module, place, &heading_id)) } }
            @if module.restricted { p.restricted { (say("restricted")) } }
            @if let Some(description) = filled(module.description_html.as_deref()) {
                div.description { (safe::blocks(description)) }
            }
            @if place == Place::Own && let Some(choice) = &module.dates { (dates::form(choice, &module.slug)) }
            @if let Some(choice) = &module.choices { (choices::choices(choice, &module.slug, &module.title_html, place != Place::Own)) }
            @if let Some(outdated) = &module.outdated { p.outdated role="note" { (outdated) } }
            @if let Some(late) = &module.late { p.note.uncompared role="note" { (late) } }
            @if let Some(missing) = &module.uncompared { p.note.uncompared role="note" { (missing) } }
            @if let Some(unknown) = &module.unknown { p.note.uncompared role="note" { (unknown) } }
            @match &module.body {
                Body::Data(data) => (self::data(data, module, place)),
                Body::Section(children) => {
                    @if children.is_empty() { p.no-data { (say("empty-section")) } }
                    @else { div.modules { @for child in children { (self::module(child, place.inside())) } } }
                }
                Body::Tabs(children) => (tabs(children, module, place)),
                Body::Failed => (failed(module)),
                Body::Unknown => p.no-data { (say_with("unknown-type", &[("type", module.kind.as_str().into())])) },
            }
            @if matches!(module.body, Body::Failed | Body::Unknown) { (foot(module, place)) }
        }
    }
}

fn title(module: &Module, place: Place, id: &str) -> Markup {
    let words = safe::words(&module.title_html);
    let inner = match module.href.as_deref().filter(|_| place != Place::Own) {
        Some(href) => html! { a href=(address(href)) { (words) } },
        None => words,
    };
    heading(place.level(), Some(id), "module-title", &inner)
}

fn classes(module: &Module, place: Place) -> String {
    let mut classes = format!("module kind-{}", word(&module.kind));
    match &module.body {
        Body::Section(_) => classes.push_str(" section"),
        Body::Tabs(_) => classes.push_str(" tabs"),
        Body::Data(data) if !data.figures.is_empty() && !data.charts.is_empty() => {
            classes.push_str(" figure-and-chart")
        }
        _ => {}
    }
    if module.restricted {
        classes.push_str(" module-banner restricted-data-banner");
    }
    if place == Place::Own {
        classes.push_str(" own");
    } else {
        for class in
            module.classes.iter().filter(|class| ["cols2", "cols3", "first"].contains(&class.as_str()))
        {
            classes.push(' ');
            classes.push_str(class);
        }
    }
    classes
}

/// Letters, digits, hyphens and underscores of a text, for a class name.
fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(40).collect()
}

fn data(data: &Data, module: &Module, place: Place) -> Markup {
    if nothing(data) {
        let advice = (place == Place::Own && module.dates.is_some()).then(|| say("no-data-dates"));
        return html! {
            p.no-data { (say("no-data-yet")) @if let Some(advice) = advice { " " (advice) } }
            (foot(module, place))
        };
    }
    html! {
        div.module-body {
            @if !data.figures.is_empty() {
                div class={ "figures" @if data.figures.len() > 1 { " many" } } {
                    @for each in &data.figures { (figure::figure(each)) }
                }
            }
            @if !data.charts.is_empty() {
                div.charts {
                    @for chart in &data.charts { (chart.written.once(|| graph(chart, data.caption.as_deref()))) }
                }
            }
            @for target in &data.targets { p.target-told { (target) } }
            @if let Some(items) = &data.items { (list(items)) }
        }
        // on a page of its own the table may be long: nobody should have to look for the files behind it
        @if place == Place::Own { (foot(module, place)) }
        @if let Some(values) = &data.table {
            @let id = format!("{}-table", module.slug);
            @if data.table_first || place == Place::Own { (table(values, &id, Narrow::Scroll)) }
            @else { details.table-details { summary { (say("show-table")) } (table(values, &id, Narrow::Scroll)) } }
        }
        @if place != Place::Own { (foot(module, place)) }
    }
}

/// Whether there is no value, no row and nothing drawn, which is said once.
fn nothing(data: &Data) -> bool {
    data.figures.iter().all(|figure| figure.value.is_none() && figure.change.is_none())
        && !data.charts.iter().any(|chart| chart.has_data())
        && data.items.as_ref().is_none_or(|items| items.is_empty())
        && data.table.as_ref().is_none_or(|table| table.rows.is_empty())
}

/// A chart with its legend above it and what it shows in words below it.
fn graph(chart: &Chart, caption: Option<&str>) -> Markup {
    let summary = format!("{}-summary", chart.id);
    let hidden = chart.kind == Kind::Spark || !chart.has_data();
    html! {
        figure.graph {
            (legend(chart))
            (chart::render(chart))
            // below lying bars it would seem to be about their lengths
            @if let Some(caption) = caption.filter(|_| chart.has_data() && chart.kind != Kind::Parts) { p.axis-caption { (caption) } }
            @let notes = chart::annotations(chart);
            figcaption class=[hidden.then_some("hidden")] id=(summary) {
                (chart::describe(chart))
                @if !notes.is_empty() { ol.notes-told { @for note in notes { li { (annotation(note)) } } } }
            }
        }
    }
}

/// What happened, as the list below a chart tells it.
fn annotation(note: &Annotation) -> Markup {
    html! {
        span.note-when { (note.when) ": " }
        @match note.href.as_deref().and_then(safe::href) {
            Some(href) => a href=(href) { (note.text) },
            None => (note.text),
        }
    }
}

/// The names of several series with their latest values. Where the chart is wide the names stand beside the lines instead.
fn legend(chart: &Chart) -> Markup {
    let named = matches!(chart.kind, Kind::Line | Kind::Stack | Kind::Share) && chart.series.len() > 1;
    let Some(latest) = chart.latest() else { return html! {} };
    if chart.kind == Kind::Multiples {
        // each is named above itself
        let compared: Vec<usize> =
            (0..chart.series.len()).filter(|&series| chart.series[series].dashed).collect();
        let name = compared.first().map(|&first| chart.series[first].name.as_str());
        let same = compared.iter().all(|&series| Some(chart.series[series].name.as_str()) == name);
        return html! {
            div.legend {
                p.legend-head { span.legend-when { (chart.slots[latest].label) } }
                @if let (Some(&first), true) = (compared.first(), same) {
                    ul { li { (chart::key(chart, first)) span.legend-name { (chart.series[first].name) } } }
                }
            }
        };
    }
    if !named {
        return html! {};
    }
    // shares are of what is stacked, or of the series that is the sum of the others
    let total = chart.total(latest).filter(|_| chart.kind == Kind::Stack || chart.whole.is_some());
    let told = total.filter(|_| chart.whole.is_none() && chart.tells_total);
    html! {
        div class={ "legend" @if chart.names_beside() { " beside" } } {
            p.legend-head {
                span.legend-when { (chart.slots[latest].label) }
                @if let Some(total) = told { " \u{2013} " (say("total")) " " strong { ((chart.format)(total)) } }
            }
            ul {
                @for (index, series) in chart.series.iter().enumerate() {
                    li {
                        (chart::key(chart, index))
                        span.legend-name {
                            @match series.href.as_deref().and_then(safe::href) {
                                Some(href) => a href=(href) { (series.name) },
                                None => (series.name),
                            }
                        }
                        " "
                        span.legend-value {
                            @match chart.value(index, latest) {
                                Some(value) => {
                                    ((chart.format)(value))
                                    @if let Some(total) = total && total > 0.0 && chart.whole != Some(index) { " (" (share(value / total)) ")" }
                                }
                                None => (say("no-data")),
                            }
                        }
                    }
                }
            }
        }
    }
}

fn share(value: f64) -> String {
    let percent = (value * 1000.0).round() / 10.0;
    format!("{percent}%")
}

fn list(items: &[Item]) -> Markup {
    html! {
        @if items.is_empty() { p.no-data { (say("no-data-yet")) } }
        @else {
            ol.items {
                @for item in items {
                    li {
                        div.item {
                            span.item-text {
                                @match item.href.as_deref().and_then(safe::href) {
                                    Some(href) => a href=(href) { (item.text) },
                                    None => (item.text),
                                }
                            }
                            @if let Some(value) = &item.value { " " span.item-value { (value) } }
                        }
                    }
                }
            }
        }
    }
}

/// Without scripts all tabs are shown one after another below links to them.
fn tabs(children: &[Module], module: &Module, place: Place) -> Markup {
    html! {
        div.tab-set data-tabs="" {
            ul.tab-links {
                @for child in children { li { a href={ "#" (child.slug) } { (safe::words(&child.title_html)) } } }
            }
            @if children.is_empty() { p.no-data { (say("empty-section")) } }
            @for child in children { (self::module(child, place.inside())) }
        }
        @if place == Place::Own { (about(module)) }
    }
}

fn failed(module: &Module) -> Markup {
    html! {
        div.failed role="note" {
            @let is_alone = module.href.is_none();
            p { strong { (say("failed")) } " " @if !is_alone { (say("failed-rest")) " " } (say("later")) }
            @if is_alone { p { a href="" { (say("again")) } } }
        }
    }
}

fn foot(module: &Module, place: Place) -> Markup {
    let shown = !module.downloads.is_empty() || module.source.is_some();
    html! {
        @if shown {
            footer.module-foot {
                @if let Some(source) = &module.source { p.source { (source) } }
                @if !module.downloads.is_empty() {
                    ul.inline-links.downloads aria-label=(say_with("download-of", &[("title", safe::plain(&module.title_html).into())])) {
                        @for link in &module.downloads { li { a href=(address(&link.href)) download="" rel="nofollow" { (link.title) } } }
                    }
                }
            }
        }
        @if place == Place::Own { (about(module)) }
    }
}

fn about(module: &Module) -> Markup {
    html! {
        @if !module.info_html.is_empty() {
            section.about aria-labelledby={ (module.slug) "-about" } {
                h2 id={ (module.slug) "-about" } { (say("about-data")) }
                @for line in &module.info_html { div { (safe::blocks(line)) } }
            }
        }
    }
}

/// The content of a module's own page.
pub fn page_body(page: &ModulePage, options: &PageOptions) -> Markup {
    html! {
        p.strapline { (page.dashboard.title) }
        (not_published(page.state))
        (module(&page.module, Place::Own))
        @if let Some(path) = &page.head.embed { (embed_code(path, page, options)) }
        (super::problem::form(&page.head, None, options))
    }
}

/// What to put into another page to show the module there.
fn embed_code(path: &str, page: &ModulePage, options: &PageOptions) -> Markup {
    let source = format!("{}{path}", options.site.as_deref().unwrap_or_default());
    let title = safe::plain(&page.module.title_html);
    let frame = html! { iframe src=(source) title=(title) width="100%" height=(EMBED_HEIGHT) style="border:0" loading="lazy" {} };
    html! {
        details.embed-code {
            summary { (say("embed")) }
            label for="embed-code" { (say("embed-label")) }
            textarea #embed-code readonly rows="3" spellcheck="false" { (frame.into_string()) }
        }
    }
}

/// The content of a module shown inside another site's page.
pub fn embed_body(page: &ModulePage, options: &PageOptions) -> Markup {
    let site = options.site.as_deref().unwrap_or("");
    html! {
        (module(&page.module, Place::Dashboard(1)))
        p.embed-source { a href={ (site) (address(&page.head.path)) } target="_blank" rel="noopener" { (page.dashboard.title) " \u{2013} " (options.product) } }
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}
