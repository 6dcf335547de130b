//! The picture that stands for a dashboard where somebody links to it.

use maud::html;

use crate::chart::{PictureError, png};
use crate::page::plain_text;
use crate::view::page::Dashboard;
use crate::view::{Body, Headline, Module, Name};

/// The size that most sites show, in pixels.
const SIZE: (u32, u32) = (1200, 630);
/// How many letters of a heading fit a line.
const LINE: usize = 30;
/// How many lines of a heading there may be.
const LINES: usize = 3;
/// How many figures there is room for.
const FIGURES: usize = 3;

/// A PNG picture with the name of a dashboard and its first figures.
///
/// # Errors
/// When it cannot be painted.
pub fn card(dashboard: &Dashboard, product: &str) -> Result<Vec<u8>, PictureError> {
    let mut figures = Vec::new();
    collect(&dashboard.modules, &mut figures);
    let heading = lines(&dashboard.heading);
    let below = 190 + 76 * heading.len();
    let svg = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(SIZE.0) height=(SIZE.1) viewBox={ "0 0 " (SIZE.0) " " (SIZE.1) } font-family="DejaVu Sans" {
            rect width="100%" height="100%" fill="#ffffff" {}
            rect width="100%" height="16" fill="#2f3f8f" {}
            text x="72" y="112" font-size="30" fill="#515c67" { (dashboard.strapline.as_deref().unwrap_or(product)) }
            @for (index, line) in heading.iter().enumerate() {
                text x="72" y=(190 + 76 * index) font-size="64" font-weight="700" fill="#14181d" { (line) }
            }
            @for (index, (name, value)) in figures.iter().take(FIGURES).enumerate() {
                text x=(72 + 360 * index) y=(below + 110) font-size="68" font-weight="700" fill="#2f3f8f" { (value) }
                text x=(72 + 360 * index) y=(below + 156) font-size="25" fill="#14181d" { (name) }
            }
            text x="72" y="582" font-size="28" font-weight="700" fill="#2f3f8f" { (product) }
        }
    };
    png(&svg.into_string(), 1.0)
}

fn collect(modules: &[Module], figures: &mut Vec<(String, String)>) {
    for module in modules {
        match &module.body {
            Body::Section(children) | Body::Tabs(children) => collect(children, figures),
            Body::Facts(facts) => {
                let newest =
                    |headline: &&Headline| headline.name != Name::Previous && headline.value.is_some();
                if let Some(value) = facts.headline.iter().find(newest).and_then(|own| own.value.as_ref()) {
                    figures.push((shortened(&plain_text(&module.title), 24), value.text.clone()));
                }
            }
            Body::Failed | Body::Unknown => {}
        }
    }
}

/// A heading in lines of whole words.
fn lines(heading: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in heading.split_whitespace() {
        match lines.last_mut().filter(|line| line.chars().count() + word.chars().count() < LINE) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(shortened(word, LINE)),
        }
    }
    if lines.len() > LINES {
        lines.truncate(LINES);
        lines[LINES - 1].push('…');
    }
    lines
}

fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    text.chars().take(letters - 1).chain(['…']).collect()
}
