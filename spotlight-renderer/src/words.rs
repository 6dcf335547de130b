//! The texts of pages in the language of the page.
//!
//! Texts are kept in `texts/`, a file a language, in the syntax of Fluent. Pages are written by plain functions, from their
//! heads to the last cell of a table; [`in_language`] sets the language for all that is written inside it, so that none of
//! them has to hand it on.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use unic_langid::LanguageIdentifier;

/// A language of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Language {
    #[default]
    English,
    Welsh,
}

/// The texts of a language. Those without gaps are kept as they are said, and those whose gaps depend on nothing as the pieces
/// that they are put together from: a page says some of them hundreds of times.
struct Texts {
    bundle: FluentBundle<FluentResource>,
    plain: HashMap<String, String>,
    pieces: HashMap<String, Vec<Piece>>,
    lists: HashMap<String, Vec<String>>,
}

/// A part of a text: words, or the name of what is to be filled in.
enum Piece {
    Words(String),
    Gap(String),
}

static ENGLISH: LazyLock<Texts> = LazyLock::new(|| read(Language::English));
static WELSH: LazyLock<Texts> = LazyLock::new(|| read(Language::Welsh));

/// Texts that are lists of words.
const LISTS: [&str; 5] = ["months", "short-months", "weekdays", "half-days", "ordinals"];

thread_local! {
    static SPOKEN: Cell<Language> = const { Cell::new(Language::English) };
}

impl Language {
    /// The language of a tag such as `cy` or `en-GB`; one that there are no texts in is English.
    pub fn of(tag: &str) -> Language {
        match tag.split(['-', '_']).next() {
            Some("cy") => Language::Welsh,
            _ => Language::English,
        }
    }

    /// The tag of the language.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Welsh => "cy",
        }
    }

    fn source(self) -> &'static str {
        match self {
            Language::English => include_str!("../texts/en.ftl"),
            Language::Welsh => include_str!("../texts/cy.ftl"),
        }
    }

    fn texts(self) -> &'static Texts {
        match self {
            Language::English => &ENGLISH,
            Language::Welsh => &WELSH,
        }
    }
}

fn read(language: Language) -> Texts {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // marks around values would end up in attributes and titles
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) => Some(crate::chart::plain_number(number.value)),
        _ => None,
    }));
    // what is wrong with a file is found by the tests below; the rest of it can be used
    let resource =
        FluentResource::try_new(language.source().to_owned()).unwrap_or_else(|(resource, _)| resource);
    let mut names: Vec<String> = Vec::new();
    let mut pieces = HashMap::new();
    for entry in resource.entries() {
        let Entry::Message(message) = entry else { continue };
        names.push(message.id.name.to_owned());
        if let Some(parts) = message.value.as_ref().and_then(pieces_of) {
            pieces.insert(message.id.name.to_owned(), parts);
        }
    }
    bundle.add_resource_overriding(resource);
    let mut plain = HashMap::new();
    for name in names {
        let Some(pattern) = bundle.get_message(&name).and_then(|message| message.value()) else { continue };
        let mut gaps = Vec::new();
        let text = bundle.format_pattern(pattern, None, &mut gaps).into_owned();
        if gaps.is_empty() {
            plain.insert(name, text);
        }
    }
    let list = |name: &&str| {
        let words = plain.get(*name)?.split_whitespace().map(str::to_owned).collect();
        Some(((*name).to_owned(), words))
    };
    let lists = LISTS.iter().filter_map(list).collect();
    Texts { bundle, plain, pieces, lists }
}

/// The pieces of a text; `None` if what it says depends on what is filled in.
fn pieces_of(pattern: &Pattern<&str>) -> Option<Vec<Piece>> {
    let piece = |element: &PatternElement<&str>| match element {
        PatternElement::TextElement { value } => Some(Piece::Words((*value).to_owned())),
        PatternElement::Placeable {
            expression: Expression::Inline(InlineExpression::VariableReference { id }),
        } => Some(Piece::Gap(id.name.to_owned())),
        PatternElement::Placeable { .. } => None,
    };
    pattern.elements.iter().map(piece).collect()
}

/// The pieces with texts and numbers filled in; `None` if anything else is to be filled in, or is missing.
fn put_together(pieces: &[Piece], gaps: &[(&'static str, FluentValue<'_>)]) -> Option<String> {
    let mut out = String::with_capacity(64);
    for piece in pieces {
        match piece {
            Piece::Words(words) => out.push_str(words),
            Piece::Gap(name) => match gaps.iter().find(|(own, _)| own == name).map(|(_, value)| value)? {
                FluentValue::String(text) => out.push_str(text),
                FluentValue::Number(number) => out.push_str(&crate::chart::plain_number(number.value)),
                _ => return None,
            },
        }
    }
    Some(out)
}

/// The language that is spoken now.
pub fn spoken() -> Language {
    SPOKEN.get()
}

/// Does something that writes texts in a language.
pub fn in_language<T>(language: Language, work: impl FnOnce() -> T) -> T {
    /// Sets the language back, also when the work panics.
    struct Back(Language);
    impl Drop for Back {
        fn drop(&mut self) {
            SPOKEN.set(self.0);
        }
    }
    let _back = Back(SPOKEN.replace(language));
    work()
}

/// A text without gaps; one that is not there is its name.
pub fn say(name: &str) -> Cow<'static, str> {
    let own = |language: Language| language.texts().plain.get(name);
    match own(SPOKEN.get()).or_else(|| own(Language::English)) {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(name.to_owned()),
    }
}

/// A text with its gaps filled.
pub fn say_with(name: &str, gaps: &[(&'static str, FluentValue<'_>)]) -> String {
    let texts = SPOKEN.get().texts();
    if let Some(text) = texts.pieces.get(name).and_then(|pieces| put_together(pieces, gaps)) {
        return text;
    }
    let arguments: FluentArgs = gaps.iter().cloned().collect();
    [SPOKEN.get(), Language::English]
        .into_iter()
        .find_map(|language| {
            let bundle = &language.texts().bundle;
            let pattern = bundle.get_message(name)?.value()?;
            Some(bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned())
        })
        .unwrap_or_else(|| name.to_owned())
}

/// A word of a list, such as a month of the year.
pub fn listed(name: &str, place: usize) -> &'static str {
    let texts = SPOKEN.get().texts();
    texts.lists.get(name).and_then(|list| list.get(place)).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(language: Language) -> BTreeSet<String> {
        let named = |line: &str| line.split_once(" = ").map(|(name, _)| name.to_owned());
        language
            .source()
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(named)
            .collect()
    }

    #[test]
    fn the_files_have_no_mistakes_and_the_same_texts() {
        for language in [Language::English, Language::Welsh] {
            let read = FluentResource::try_new(language.source().to_owned());
            assert!(read.is_ok(), "{language:?}: {:?}", read.err().map(|(_, errors)| errors));
        }
        assert_eq!(names(Language::English), names(Language::Welsh));
        for language in [Language::English, Language::Welsh] {
            in_language(language, || {
                for (name, count) in [
                    ("months", 12),
                    ("short-months", 12),
                    ("weekdays", 7),
                    ("half-days", 2),
                    ("ordinals", 31),
                ] {
                    assert_eq!(language.texts().lists[name].len(), count, "{language:?} {name}");
                }
            });
        }
    }

    /// Names in the sources are found by the call before them.
    #[test]
    fn every_text_is_used_and_every_text_that_is_used_is_there() {
        fn collect(folder: &std::path::Path, said: &mut BTreeSet<String>, quoted: &mut BTreeSet<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(&path, said, quoted);
                } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("words.rs")
                {
                    let text = std::fs::read_to_string(&path).unwrap();
                    quoted.extend(text.split('"').map(str::to_owned));
                    for call in ["say(\"", "say_with(\"", "listed(\""] {
                        let calls = text.split(call).skip(1);
                        said.extend(calls.filter_map(|rest| rest.split('"').next().map(str::to_owned)));
                    }
                }
            }
        }
        let (mut said, mut quoted) = (BTreeSet::new(), BTreeSet::new());
        let own = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        // files to download are written by the server
        for sources in [own.join("src"), own.join("../server/src/controllers/dashboards")] {
            collect(&sources, &mut said, &mut quoted);
        }
        let names = names(Language::English);
        // names that are chosen among several stand in the sources as texts of their own
        let unused: Vec<&String> =
            names.iter().filter(|name| !said.contains(*name) && !quoted.contains(*name)).collect();
        let unknown: Vec<&String> = said.iter().filter(|name| !names.contains(*name)).collect();
        assert!(unused.is_empty(), "nobody says {unused:?}");
        assert!(unknown.is_empty(), "there is no text for {unknown:?}");
    }

    #[test]
    fn the_language_is_that_of_the_innermost_page() {
        in_language(Language::Welsh, || {
            assert_eq!(say("no-data"), "dim data");
            in_language(Language::English, || assert_eq!(say("no-data"), "no data"));
            assert_eq!(say_with("range", &[("first", "1".into()), ("last", "2".into())]), "1 i 2");
        });
        assert_eq!(say("no-data"), "no data");
        assert_eq!(say_with("extent-week", &[("count", 1.into())]), "1 week");
        assert_eq!(say_with("extent-week", &[("count", 52.into())]), "52 weeks");
        assert_eq!(Language::of("cy-GB"), Language::Welsh);
        assert_eq!(say("no such text"), "no such text");
    }
}
