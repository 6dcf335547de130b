//! The facts of a page for machines.
//!
//! Amounts are there as they are written for readers, so that what a machine reads and what a page shows cannot differ.

use serde_json::{Map, Value, json};

use super::page::{
    Aggregate, Answer, Choices, Dashboard, Entries, Footer, Found, Home, List, ModulePage, Page, Related,
    Search, State, Tagline,
};
use super::{Body, Facts, Headline, Module, Table};
use crate::chart::{self, Annotation, Judged};
use crate::definition::query::Query;
use crate::format::{Text, date};
use crate::page::followed;
use crate::words::{Language, in_language, say};

/// A whole answer, with its status and what is said to caches and search engines.
pub fn answer(answer: &Answer) -> Value {
    let mut page = match &answer.page {
        Page::Home(page) => home(page),
        Page::List(page) => list(page),
        Page::Dashboard(page) => dashboard(page),
        Page::Module(page) => module_page(page),
        Page::Search(page) => search(page),
        Page::Feed(page) => {
            object(json!({"page": "feed", "dashboards": page.dashboards.iter().map(|(title, path, _, time)| {
            json!({"title": title, "path": path, "updated": time.to_rfc3339()})
        }).collect::<Vec<_>>()}))
        }
        Page::Failure => Map::from_iter([("error".to_owned(), reason(answer.status).into())]),
        Page::Moved(path) => Map::from_iter([("location".to_owned(), path.as_str().into())]),
    };
    page.insert("status".to_owned(), answer.status.into());
    let headers = json!({
        "cache-control": answer.max_age.map(|seconds| format!("public, max-age={seconds}")),
        "x-robots-tag": answer.hidden.then_some("none"),
    });
    page.insert("headers".to_owned(), headers);
    Value::Object(page)
}

/// Why a page is not there.
fn reason(status: u16) -> &'static str {
    match status {
        404 => "not found",
        501 => "not available",
        _ => "could not be loaded",
    }
}

/// The queries that a page was made of: the module as a path of slugs, the data set, and the parameters.
pub fn requests(answer: &Answer) -> Vec<Value> {
    let mut requests = Vec::new();
    match &answer.page {
        Page::Dashboard(page) => page.modules.iter().for_each(|module| asked(module, "", &mut requests)),
        Page::Module(page) => asked(&page.module, "", &mut requests),
        _ => {}
    }
    requests
}

fn asked(module: &Module, above: &str, requests: &mut Vec<Value>) {
    let path = if above.is_empty() { module.slug.clone() } else { format!("{above}/{}", module.slug) };
    if let Some(query) = &module.query {
        requests.push(json!({"module": path, "path": query.path(), "query": query.canonical()}));
    }
    if let Body::Section(children) | Body::Tabs(children) = &module.body {
        children.iter().for_each(|child| asked(child, &path, requests));
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn home(page: &Home) -> Map<String, Value> {
    object(json!({
        "page": "home",
        "counts": {"services": page.services, "web_traffic": page.web_traffic, "other": page.other},
        "aggregates": page.aggregates.iter().map(aggregate).collect::<Vec<_>>(),
    }))
}

fn aggregate(aggregate: &Aggregate) -> Value {
    let mut out = json!({"key": aggregate.key, "label": aggregate.label, "caption": aggregate.caption});
    out["value"] = text_or_null(aggregate.value.as_ref());
    if let Some(full) = aggregate.value.as_ref().and_then(|text| text.full.as_ref()) {
        out["full"] = full.as_str().into();
    }
    out
}

fn text_or_null(text: Option<&Text>) -> Value {
    text.map_or(Value::Null, |text| text.text.as_str().into())
}

fn list(page: &List) -> Map<String, Value> {
    let mut out = object(json!({
        "page": "list",
        "heading": page.heading,
        "count": page.count,
        "filter": page.filter,
        "table": table(&page.table),
    }));
    if let Some((departments, agencies)) = &page.organisations {
        let choices = |choices: &Choices| choices.iter().map(|(value, text)| json!([value, text])).collect();
        out.insert("departments".to_owned(), choices(departments));
        out.insert("agencies".to_owned(), choices(agencies));
        out.insert("selected".to_owned(), json!(page.selected));
        let filters = [("filter", !page.filter.is_empty()), ("department", page.selected.is_some())];
        let active: Vec<&str> = filters.iter().filter(|(_, active)| *active).map(|(name, _)| *name).collect();
        out.insert("active_filters".to_owned(), json!(active));
    }
    if page.of != Entries::Dashboards {
        out.insert("aggregates".to_owned(), page.aggregates.iter().map(aggregate).collect());
    }
    out
}

fn search(page: &Search) -> Map<String, Value> {
    let found = |found: &Found| {
        let module = |(title, path): &(String, String)| json!({"title": title, "path": path});
        json!({
            "title": found.title,
            "path": found.path,
            "organisation": found.organisation,
            "modules": found.modules.iter().map(module).collect::<Vec<_>>(),
        })
    };
    object(json!({
        "page": "search",
        "query": page.query,
        "count": page.count,
        "found": page.found.iter().map(found).collect::<Vec<_>>(),
    }))
}

fn dashboard(page: &Dashboard) -> Map<String, Value> {
    let tagline = match &page.tagline {
        None => Value::Null,
        Some(Tagline::Written(html)) => html.as_str().into(),
        Some(Tagline::Service(name)) => json!({"generated": "service", "name": name}),
        Some(Tagline::Organisation(name)) => json!({"generated": "organisation", "name": name}),
    };
    let related = related(page.transaction.as_ref(), &page.other);
    object(json!({
        "page": "dashboard",
        "strapline": page.strapline,
        "heading": page.heading,
        "tagline": tagline,
        "meta_description": page.named_for_search.as_ref().map(|_| json!({"generated": "service"})),
        "prototype_warning": page.state != State::Published,
        "state": page.state.word(),
        "item_type": page.transaction.as_ref().map(|_| page.item_type),
        "modules": page.modules.iter().map(|each| module(each, true)).collect::<Vec<_>>(),
        "footer": page.footer.as_ref().map(|notes| footer(notes, &related)),
        "related": related,
    }))
}

fn related(transaction: Option<&Related>, other: &[Related]) -> Value {
    let link = |link: &Related| {
        let mut out = json!({"title": link.title, "url": link.url});
        if let Some(metadata) = &link.metadata {
            out["metadata"] = metadata.as_str().into();
        }
        out
    };
    json!({"transaction": transaction.map(link), "other": other.iter().map(link).collect::<Vec<_>>()})
}

fn footer(notes: &Footer, related: &Value) -> Value {
    json!({
        "description": notes.description,
        "facts": notes.facts.iter().map(|(name, text)| json!([in_language(Language::English, || say(name)), text])).collect::<Vec<_>>(),
        "description_extra": notes.description_extra,
        "costs": notes.costs,
        "other_notes": notes.other_notes,
        "related": related,
        "improve": notes.improve,
    })
}

fn module_page(page: &ModulePage) -> Map<String, Value> {
    let mut own = module(&page.module, false);
    if page.module.dates && !matches!(page.module.body, Body::Failed) {
        // where readers choose dates the description leads the page rather than the module
        own["lead"] = own["description"].take();
    }
    own["date_picker"] = page.module.dates.into();
    own["info"] = json!(page.module.info);
    own["download"] = page.module.query.as_ref().map_or(Value::Null, download);
    object(json!({
        "page": "module",
        "heading": page.heading,
        "heading_link": page.dashboard,
        "prototype_warning": page.state != State::Published,
        "state": page.state.word(),
        "modules": [own],
    }))
}

fn download(query: &Query) -> Value {
    json!({"path": query.path(), "query": query.with("format", "json").canonical()})
}

/// One module; `linked` if its title leads to a page of its own.
pub fn module(module: &Module, linked: bool) -> Value {
    let mut out = json!({
        "slug": module.slug,
        "type": module.kind,
        "title": module.title,
        "classes": module.classes,
        "restricted": module.restricted,
        "description": module.description,
    });
    if linked && !matches!(module.body, Body::Section(_)) {
        out["title_link"] = module.path.as_str().into();
    }
    if let Some(due) = module.due {
        out["next_update"] = json!({"by": due.by.to_rfc3339(), "late": due.late});
    }
    if module.is_unknown {
        out["unknown"] = true.into();
    }
    if let Some(then) = module.outdated {
        out["outdated"] = then.to_rfc3339().into();
    }
    match &module.body {
        Body::Failed => out["error"] = true.into(),
        Body::Unknown => {}
        Body::Section(children) => {
            out["modules"] = children.iter().map(|child| self::module(child, linked)).collect();
        }
        Body::Tabs(children) => {
            let link = |child: &Module| json!({"text": child.title, "href": child.path});
            out["links"] = children.iter().map(link).collect();
            out["modules"] = children.iter().map(|child| self::module(child, linked)).collect();
        }
        Body::Facts(facts) => self::facts(facts, &mut out),
    }
    out
}

fn facts(facts: &Facts, out: &mut Value) {
    out["headline"] = facts.headline.iter().map(headline).collect();
    out["table"] = facts.table.as_ref().map_or(Value::Null, table);
    if let Some(items) = &facts.items {
        let item = |item: &super::Item| json!({"text": item.text, "href": item.href});
        out["items"] = items.iter().map(item).collect();
    }
    if let Some(caption) = &facts.caption {
        out["caption"] = caption.as_str().into();
    }
    if facts.breakdown {
        out["breakdown"] = true.into();
    }
    let judged: Vec<Value> = facts
        .charts
        .iter()
        .flat_map(|chart| chart::judged(chart))
        .chain(facts.targets.clone())
        .map(target)
        .collect();
    if !judged.is_empty() {
        out["targets"] = judged.into();
    }
    let noted = facts.charts.first().map(|chart| chart::annotations(chart)).unwrap_or_default();
    if !noted.is_empty() {
        out["annotations"] = noted.into_iter().map(annotation).collect();
    }
    if let Some(chart) = facts.charts.first()
        && let Some(slot) = chart.unended
    {
        out["unended_period"] = chart.slots[slot].label.as_str().into();
    }
    if let Some(choices) = &facts.choices {
        chosen(choices, out);
    }
}

fn target(judged: Judged) -> Value {
    let mut out = json!({"label": judged.label, "aim": judged.aim, "met": judged.met, "says": judged.says});
    if let Some(when) = judged.when {
        out["when"] = when.into();
    }
    out
}

fn annotation(note: &Annotation) -> Value {
    let mut out = json!({"when": note.when, "text": note.text, "from": date::to_query(note.from), "until": date::to_query(note.until)});
    if let Some(href) = note.href.as_deref().and_then(followed) {
        out["href"] = href.into();
    }
    out
}

/// What a reader chose, where it is not what everybody sees.
fn chosen(choices: &super::Choices, out: &mut Value) {
    if choices.drawing != choices.usual {
        out["view"] = choices.drawing.word().into();
    }
    if choices.hides_some() {
        let shown = choices.groups.iter().filter(|group| group.shown);
        out["series"] = shown.map(|group| group.key.as_str()).collect();
    }
    if let Some(error) = &choices.error {
        out["choice_error"] = error.as_str().into();
    }
}

fn headline(headline: &Headline) -> Value {
    let mut out = json!({"name": headline.name.word(), "label": headline.label});
    let words = headline.suffix.as_ref().map(|words| format!(" {words}")).unwrap_or_default();
    out["value"] =
        headline.value.as_ref().map_or(Value::Null, |value| format!("{}{words}", value.text).into());
    if let Some(full) = headline.value.as_ref().and_then(|value| value.full.as_ref()) {
        out["full"] = full.as_str().into();
    }
    if !headline.trend.is_empty() {
        out["trend"] = headline.trend.iter().map(|trend| trend.word()).collect();
    }
    if let Some(note) = &headline.note {
        out["note"] = note.as_str().into();
    }
    out
}

fn table(table: &Table) -> Value {
    json!({
        "head": table.columns.iter().map(|column| column.label.as_str()).collect::<Vec<_>>(),
        "keys": table.columns.iter().map(|column| column.key.as_str()).collect::<Vec<_>>(),
        "sorted": table.sorted.as_ref().map(|sort| json!({"key": sort.key, "order": sort.direction.word()})),
        "rows": table.rows.iter().map(|row| row.iter().map(|cell| self::cell(cell.as_ref())).collect()).collect::<Vec<Value>>(),
        "row_header": table.row_header,
    })
}

fn cell(text: Option<&Text>) -> Value {
    match text {
        None => Value::Null,
        Some(Text { text, full: None, href: None, .. }) => text.as_str().into(),
        Some(Text { text, full, href, .. }) => {
            let mut out = Map::from_iter([("text".to_owned(), text.as_str().into())]);
            out.extend(full.as_ref().map(|full| ("full".to_owned(), full.as_str().into())));
            out.extend(href.as_ref().map(|href| ("href".to_owned(), href.as_str().into())));
            Value::Object(out)
        }
    }
}
