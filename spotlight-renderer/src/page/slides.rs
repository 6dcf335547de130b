//! Figures in very large type for screens on walls: one slide after another, or below each other without scripts.

use super::model::{Figure, Head, Table};
use super::{PageOptions, figure, shell, table};
use crate::words::say;
use maud::html;

/// One slide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slide {
    /// What it is about.
    pub title: String,
    /// The number.
    pub figure: Option<Figure>,
    /// Or a short table.
    pub table: Option<Table>,
    /// The module whose figures are of this moment, so that they are asked for again and again.
    pub live: Option<String>,
}

/// A page of slides. `interval` is in seconds.
pub fn slides(
    head: &Head,
    dashboard: &str,
    department: Option<&str>,
    slides: &[Slide],
    interval: u32,
    options: &PageOptions,
) -> String {
    let own = department.and_then(|name| options.brand.departments.get(&name.to_lowercase()));
    let style = own.map(|colour| format!("--brand:{colour}"));
    let body = html! {
        div.slides data-interval=(interval.clamp(1, 3600)) data-full-screen=(say("full-screen")) style=[style] {
            h1.slides-title { (dashboard) }
            @if slides.is_empty() { section.slide { p.slide-text { (say("slides-nothing")) } } }
            @for (index, slide) in slides.iter().enumerate() {
                section.slide aria-label=(slide.title) data-live=[slide.live.as_deref()] {
                    h2 { (slide.title) }
                    @if let Some(each) = &slide.figure { (figure::figure(each)) }
                    @if let Some(each) = &slide.table { (table::table(each, &format!("slide-{index}"), table::Narrow::Scroll)) }
                }
            }
            p.slides-address { (options.site.as_deref().unwrap_or("")) (head.path) }
        }
    };
    shell::bare_document(head, options, &body)
}
