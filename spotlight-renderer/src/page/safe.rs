//! Text written by authors of dashboards, with the few tags they may use.

use ammonia::Builder;
use maud::{Markup, PreEscaped};
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

static BLOCKS: LazyLock<Builder<'static>> =
    LazyLock::new(|| cleaner(&["a", "abbr", "b", "br", "em", "strong", "i", "span", "p", "ul", "ol", "li"]));
static PHRASES: LazyLock<Builder<'static>> =
    LazyLock::new(|| cleaner(&["a", "abbr", "b", "br", "em", "strong", "i", "span"]));
static WORDS: LazyLock<Builder<'static>> =
    LazyLock::new(|| cleaner(&["abbr", "b", "em", "strong", "i", "span"]));

static NO_TAGS: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder.clean_content_tags(HashSet::from(["script", "style"]));
    builder
});

fn cleaner(tags: &[&'static str]) -> Builder<'static> {
    let mut builder = Builder::empty();
    builder
        .tags(tags.iter().copied().collect::<HashSet<_>>())
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("abbr", HashSet::from(["title"])),
            ("span", HashSet::from(["class"])),
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .link_rel(None)
        .attribute_filter(|tag, name, value| match (tag, name) {
            // the colour keys of charts, nothing else
            ("span", "class") => colour_key(value).map(Into::into),
            _ => Some(value.into()),
        });
    builder
}

fn colour_key(class: &str) -> Option<&str> {
    class.split_ascii_whitespace().find(|name| {
        name.strip_prefix("group")
            .is_some_and(|digit| matches!(digit, "0" | "1" | "2" | "3" | "4" | "5" | "6"))
    })
}

/// What a cleaner leaves of a text. Most texts have no markup, and need no parser.
fn cleaned(cleaner: &Builder<'static>, html: &str) -> Markup {
    if is_plain(html) {
        maud::html! { (html) }
    } else {
        PreEscaped(cleaner.clean(html).to_string())
    }
}

fn is_plain(html: &str) -> bool {
    !html.contains(['<', '&'])
}

/// Paragraphs, lists and phrases.
pub fn blocks(html: &str) -> Markup {
    cleaned(&BLOCKS, html)
}

/// Phrases, to be put into a paragraph.
pub fn phrases(html: &str) -> Markup {
    cleaned(&PHRASES, html)
}

/// Words without links, to be put into a link or a heading.
pub fn words(html: &str) -> Markup {
    cleaned(&WORDS, html)
}

/// The text alone, for places without markup.
pub fn plain(html: &str) -> String {
    if is_plain(html) {
        return html.to_owned();
    }
    let text = NO_TAGS.clean(html).to_string();
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
}

/// An address that may be followed: a path, a fragment, a query, or a well-known scheme.
pub fn href(address: &str) -> Option<&str> {
    let address = address.trim();
    let scheme =
        address.split_once(':').map(|(scheme, _)| scheme).filter(|scheme| !scheme.contains(['/', '?', '#']));
    match scheme {
        None => Some(address),
        Some(scheme)
            if ["http", "https", "mailto"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) =>
        {
            Some(address)
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_keep_their_tags_and_nothing_else() {
        let html = "<p onclick=x>See <a href='/x' style='y'>this</a> <span class='group2 big'>Online</span><script>alert(1)</script></p>";
        assert_eq!(
            blocks(html).into_string(),
            "<p>See <a href=\"/x\">this</a> <span class=\"group2\">Online</span></p>"
        );
        assert_eq!(words("<a href=x>A</a> & <b>c</b>").into_string(), "A &amp; <b>c</b>");
        assert_eq!(plain("<b>A</b> &amp; 3 < 4<style>x</style>"), "A & 3 < 4");
        assert!(!blocks("<a href='javascript:alert(1)'>x</a>").into_string().contains("javascript"));
        assert!(!blocks("<img src=x onerror=alert(1)><svg onload=alert(1)>").into_string().contains("alert"));
    }

    #[test]
    fn only_known_schemes_are_followed() {
        for good in ["/x", "https://a.example/?b=c:d", "mailto:a@b.example", "?a=b:c", "#top", "", "HTTP://x"]
        {
            assert_eq!(href(good), Some(good));
        }
        for bad in [
            "javascript:alert(1)",
            " JavaScript:alert(1)",
            "data:text/html,x",
            "java\nscript:alert(1)",
            "vbscript:x",
        ] {
            assert_eq!(href(bad), None, "{bad}");
        }
    }
}
