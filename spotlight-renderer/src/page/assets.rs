//! The style sheet and the script, named after their content so that they may be kept for ever.

use std::sync::LazyLock;

/// A file that pages refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The file's name, which changes with its content.
    pub name: String,
    /// Its media type.
    pub content_type: &'static str,
    /// Its content.
    pub body: &'static str,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        asset("app", "css", "text/css; charset=utf-8", include_str!("assets/app.css")),
        asset("app", "js", "text/javascript; charset=utf-8", include_str!("assets/app.js")),
        asset("icon", "svg", "image/svg+xml", include_str!("assets/icon.svg")),
    ]
});

fn asset(stem: &str, extension: &str, content_type: &'static str, body: &'static str) -> Asset {
    Asset { name: format!("{stem}-{:016x}.{extension}", digest(body)), content_type, body }
}

/// FNV-1a: it only has to change when the content does.
fn digest(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// All files that pages refer to: the style sheet, the script, the icon.
pub fn assets() -> &'static [Asset] {
    ASSETS.as_slice()
}

pub(super) fn style_sheet() -> &'static Asset {
    &ASSETS[0]
}

pub(super) fn script() -> &'static Asset {
    &ASSETS[1]
}

pub(super) fn icon() -> &'static Asset {
    &ASSETS[2]
}
