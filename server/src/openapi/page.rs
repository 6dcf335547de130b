//! The description of the APIs for people: a page with a table of what can be asked.

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use spotlight_renderer::page;
use spotlight_renderer::page::model::Head;

use super::{Access, Body, Operation, operations, query};
use crate::controllers::admin_api::shape::Kind;
use crate::state::AppState;

/// `GET /docs`.
pub async fn page(State(state): State<AppState>) -> Response {
    let options = &state.branding.options;
    let head = Head {
        title: format!("The APIs - {}", options.product),
        description: Some("What programs can ask of this site, and how.".to_owned()),
        path: "/docs".to_owned(),
        ..Head::default()
    };
    Html(page::framed(&head, &contents(), options)).into_response()
}

fn contents() -> Markup {
    let all = operations();
    let mut tags: Vec<&str> = Vec::new();
    for operation in &all {
        if !tags.contains(&operation.tag) {
            tags.push(operation.tag);
        }
    }
    html! {
        div.prose {
            h1 { "The APIs" }
            p { "What programs can ask of this site. The same as an OpenAPI document: " a href="/openapi.json" { "openapi.json" } "." }
            p { "A token is presented as " code { "Authorization: Bearer TOKEN" } ". Bodies are JSON, and so are refusals, with a sentence that says what was wrong." }
        }
        @for tag in tags {
            div.prose { h2 { (tag) } }
            div.table-room role="region" tabindex="0" aria-label=(tag) {
                table {
                    thead { tr { th scope="col" { "Request" } th scope="col" { "What it does" } th scope="col" { "Who may" } th scope="col" { "Body" } th scope="col" { "Refusals" } } }
                    tbody { @for operation in all.iter().filter(|operation| operation.tag == tag) { (row(operation)) } }
                }
            }
        }
    }
}

fn row(operation: &Operation) -> Markup {
    let who = match operation.access {
        Access::Everybody => "everybody",
        Access::DataSetToken => "the data set's token",
        Access::Role => "a role that allows it",
        Access::Administrator => "the administrator",
    };
    let refusals: Vec<String> = operation.refusals.iter().map(u16::to_string).collect();
    html! {
        tr {
            th scope="row" { code { (operation.method.to_uppercase()) " " (operation.path) } }
            td { (with_code(operation.summary)) (query_in_words(operation)) }
            td { (who) }
            td { (with_code(&body_in_words(&operation.body))) }
            td { (refusals.join(", ")) }
        }
    }
}

/// The parameters of the query string, to be opened by whoever wants to know.
fn query_in_words(operation: &Operation) -> Markup {
    let parameters = query::of(operation);
    html! {
        @if !parameters.is_empty() {
            details {
                summary { "Parameters" }
                ul { @for (name, about) in parameters { li { code { (name) } ": " (with_code(about)) } } }
            }
        }
    }
}

/// A text in which what stands between backticks is code.
fn with_code(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn body_in_words(body: &Body) -> String {
    match body {
        Body::None => String::new(),
        Body::Json(about) => (*about).to_owned(),
        Body::Shaped(shape) => {
            let names = |fields: &[(&'static str, Kind)]| {
                fields.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
            };
            match shape.optional.is_empty() {
                true => names(shape.required),
                false => format!("{}; optional: {}", names(shape.required), names(shape.optional)),
            }
        }
    }
}
