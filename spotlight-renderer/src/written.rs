//! HTML that is written once, and kept with the facts that it shows.
//!
//! Drawing charts and writing long tables is most of the work of a page, and neither knows the page around it: whoever keeps facts
//! between requests keeps these with them. A page is written around them ([`page`]): a mark stands in the place of each, and
//! they are put in at the end, each copied once, however deep in the page it stands.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use maud::{Markup, PreEscaped};

/// A place for the HTML of something. A copy is empty, as it may be a copy that is changed; places are equal whatever is in them.
#[derive(Debug, Default)]
pub struct Written(OnceLock<Arc<str>>);

/// What a mark begins and ends with. No text becomes one: texts are escaped, and comments of authors are taken out.
const MARK: (&str, &str) = ("<!--kept ", "-->");

thread_local! {
    /// What is to be put into the page that is being written.
    static KEPT: RefCell<Option<Vec<Arc<str>>>> = const { RefCell::new(None) };
}

impl Written {
    /// The HTML, written if this is the first time; inside a [`page`], the mark of its place.
    pub(crate) fn once(&self, write: impl FnOnce() -> Markup) -> Markup {
        let html = self.0.get_or_init(|| outside_of_pages(write).into());
        KEPT.with_borrow_mut(|kept| match kept {
            Some(kept) => {
                kept.push(html.clone());
                PreEscaped(format!("{}{}{}", MARK.0, kept.len() - 1, MARK.1))
            }
            None => PreEscaped(html.to_string()),
        })
    }
}

/// Sets back what was to be put into the page around, also when the work panics.
struct Back(Option<Vec<Arc<str>>>);

impl Drop for Back {
    fn drop(&mut self) {
        KEPT.set(self.0.take());
    }
}

/// What is kept must not hold marks of a page.
fn outside_of_pages(write: impl FnOnce() -> Markup) -> String {
    let _back = Back(KEPT.take());
    write().into_string()
}

/// A page with everything that is kept in its place.
pub(crate) fn page(write: impl FnOnce() -> String) -> String {
    let back = Back(KEPT.replace(Some(Vec::new())));
    let written = write();
    let kept = KEPT.take().unwrap_or_default();
    drop(back);
    let mut out = String::with_capacity(written.len() + kept.iter().map(|html| html.len()).sum::<usize>());
    let mut rest = written.as_str();
    while let Some((before, after)) = rest.split_once(MARK.0) {
        out.push_str(before);
        let (place, after) = after.split_once(MARK.1).unwrap_or((after, ""));
        if let Some(html) = place.parse().ok().and_then(|place: usize| kept.get(place)) {
            out.push_str(html);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

impl Clone for Written {
    fn clone(&self) -> Written {
        Written::default()
    }
}

impl PartialEq for Written {
    fn eq(&self, _: &Written) -> bool {
        true
    }
}

impl Eq for Written {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::plain_text;
    use maud::html;

    #[test]
    fn it_is_written_once_and_copies_are_empty() {
        let place = Written::default();
        assert_eq!(place.once(|| html! { "one" }).0, "one");
        assert_eq!(place.once(|| html! { "two" }).0, "one");
        assert_eq!(place.clone().once(|| html! { "two" }).0, "two");
    }

    #[test]
    fn a_page_has_what_is_kept_in_its_place() {
        let (chart, table) = (Written::default(), Written::default());
        for _ in 0..2 {
            let written = page(|| {
                let table = table.once(|| html! { i { "table" } });
                html! { p { (chart.once(|| html! { b { "chart" } })) (table) (chart.once(|| html! { "never" })) } }.into_string()
            });
            assert_eq!(written, "<p><b>chart</b><i>table</i><b>chart</b></p>");
        }
    }

    #[test]
    fn no_text_is_a_mark() {
        let place = Written::default();
        let text = "<!--kept 0-->";
        let written = page(|| html! { (text) (place.once(|| html! { "x" })) }.into_string());
        assert_eq!(written, "&lt;!--kept 0--&gt;x");
        assert_eq!(plain_text(text), "");
    }
}
