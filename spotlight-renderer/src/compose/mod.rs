//! From a stored definition and figures to what a page shows.
//!
//! `query` asks for the figures of a module, `write` puts numbers and periods into words, `series` lays rows out along time and
//! categories, and `module` makes the body of each type of module. All modules of a page ask at the same time; one that
//! fails shows that it has no figures, and the others do not notice.

mod module;
mod query;
mod series;
mod write;

use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, join_all};
use serde_json::Value;

use crate::data::DataSource;
use crate::page::model::{Body, Dashboard, Footer, Head, Link, Module};

/// Where a definition's page is, and when.
#[derive(Debug, Clone)]
pub struct Context {
    /// The present.
    pub now: DateTime<Utc>,
    /// Where dashboards begin, such as `/performance`.
    pub root: String,
    /// Where the read API's data sets begin, such as `/data`, for downloads.
    pub data_root: String,
}

/// The page of a dashboard.
pub async fn dashboard(definition: &Value, data: &dyn DataSource, context: &Context) -> Dashboard {
    let slug = text(definition, "slug");
    let title = text(definition, "title");
    let modules = modules(&definition["modules"], data, context, slug.clone()).await;
    let service = link(&definition["relatedPages"]["transaction"]);
    let related =
        definition["relatedPages"]["other"].as_array().into_iter().flatten().filter_map(link).collect();
    Dashboard {
        head: Head {
            description: Some(format!("How {title} performs: figures, charts and data.")),
            path: format!("{}/{slug}", context.root),
            breadcrumbs: vec![Link::new("Performance", context.root.clone())],
            hidden: definition["published"] != Value::Bool(true),
            lang: definition["language"].as_str().map(str::to_owned),
            title: title.clone(),
        },
        strapline: optional(definition, "strapline"),
        heading: title,
        tagline_html: optional(definition, "tagline"),
        prototype: definition["published"] != Value::Bool(true),
        service,
        item_type: None,
        related,
        modules,
        footer: footer(definition),
        updated: None,
    }
}

/// The modules of a list of definitions, in their order.
fn modules<'a>(
    definitions: &'a Value,
    data: &'a dyn DataSource,
    context: &'a Context,
    path: String,
) -> BoxFuture<'a, Vec<Module>> {
    Box::pin(async move {
        let definitions = definitions.as_array().map(Vec::as_slice).unwrap_or_default();
        join_all(definitions.iter().map(|definition| one(definition, data, context, path.clone()))).await
    })
}

async fn one(definition: &Value, data: &dyn DataSource, context: &Context, path: String) -> Module {
    let slug = text(definition, "slug");
    let kind = text(definition, "module-type");
    let classes = match &definition["classes"] {
        Value::String(classes) => classes.split_whitespace().map(str::to_owned).collect(),
        Value::Array(classes) => classes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let mut module = Module {
        title_html: text(definition, "title"),
        description_html: optional(definition, "description"),
        classes,
        restricted: definition["restricted_data"] == Value::Bool(true),
        info_html: definition["info"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|line| line.as_str().map(str::to_owned))
            .collect(),
        slug: slug.clone(),
        kind: kind.clone(),
        ..Module::default()
    };
    let inner = format!("{path}/{slug}");
    module.body = match kind.as_str() {
        "section" => Body::Section(modules(&definition["modules"], data, context, inner).await),
        "tab" => Body::Tabs(modules(&definition["tabs"], data, context, inner).await),
        _ => {
            let query = query::of(definition);
            module.downloads = query::downloads(definition, &query, &context.data_root);
            match query::rows(definition, &query, data).await {
                Ok(rows) => module::body(definition, &rows, context),
                Err(_) => Body::Failed,
            }
        }
    };
    module
}

fn footer(definition: &Value) -> Option<Footer> {
    let fact = |label: &str, key: &str| Some((label.to_owned(), optional(definition, key)?));
    let organisation =
        |label: &str, key: &str| Some((label.to_owned(), definition[key]["title"].as_str()?.to_owned()));
    let facts = [
        organisation("Department", "department"),
        organisation("Agency", "agency"),
        fact("Customer type", "customer-type"),
        fact("Business model", "business-model"),
    ];
    let footer = Footer {
        description_html: optional(definition, "description"),
        facts: facts.into_iter().flatten().collect(),
        description_extra_html: optional(definition, "description-extra"),
        costs_html: optional(definition, "costs"),
        other_notes_html: optional(definition, "other-notes"),
        improve: None,
    };
    (footer != Footer::default()).then_some(footer)
}

fn link(value: &Value) -> Option<Link> {
    let title = value["title"].as_str().or_else(|| value["text"].as_str())?;
    Some(Link::new(title, value["url"].as_str()?))
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn optional(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests;
