//! HTML that is written once, and kept with the facts that it shows.
//!
//! Drawing charts and writing long tables is most of the work of a page, and neither knows the page around it: whoever keeps facts
//! between requests keeps these with them.

use std::sync::OnceLock;

use maud::{Markup, PreEscaped};

/// A place for the HTML of something. A copy is empty, as it may be a copy that is changed; places are equal whatever is in them.
#[derive(Debug, Default)]
pub struct Written(OnceLock<String>);

impl Written {
    /// The HTML, written if this is the first time.
    pub(crate) fn once(&self, write: impl FnOnce() -> Markup) -> PreEscaped<&str> {
        PreEscaped(self.0.get_or_init(|| write().into_string()))
    }
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
    use maud::html;

    #[test]
    fn it_is_written_once_and_copies_are_empty() {
        let place = Written::default();
        assert_eq!(place.once(|| html! { "one" }).0, "one");
        assert_eq!(place.once(|| html! { "two" }).0, "one");
        assert_eq!(place.clone().once(|| html! { "two" }).0, "two");
    }
}
