//! What an installation calls itself and looks like: a TOML file, read at the start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use spotlight_renderer::page::model::Link;
use spotlight_renderer::page::{Brand, PageOptions};

/// White letters on the colour, and the colour on white, must be readable (WCAG 2.2, 1.4.3).
const CONTRAST: f64 = 4.5;
/// A larger logo slows every page down.
const MOST_LOGO_BYTES: usize = 64 * 1024;

/// What pages show on behalf of the installation.
#[derive(Debug, Clone, Default)]
pub struct Branding {
    /// What is the same on every page.
    pub options: PageOptions,
    /// The logo as SVG.
    pub logo: Option<String>,
}

/// The file. Everything may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    product: Option<String>,
    phase: Option<String>,
    notice: Option<String>,
    site: Option<String>,
    contact: Option<String>,
    problem_reports: Option<String>,
    language: Option<String>,
    colour: Option<String>,
    logo: Option<PathBuf>,
    licence: Option<StoredLink>,
    menu: Option<Vec<StoredLink>>,
    support: Option<Vec<StoredLink>>,
    #[serde(default)]
    departments: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredLink {
    title: String,
    url: String,
}

impl From<StoredLink> for Link {
    fn from(stored: StoredLink) -> Link {
        Link::new(stored.title, stored.url)
    }
}

impl Branding {
    /// Reads a file. A logo is looked for beside it.
    ///
    /// # Errors
    /// When the file cannot be read, has a key that nobody knows, a colour that letters cannot be read on, or a logo that is
    /// no SVG drawing.
    pub fn read(path: &Path) -> anyhow::Result<Branding> {
        let name = || format!("the branding file {}", path.display());
        let text = std::fs::read_to_string(path).with_context(name)?;
        let stored: Stored = toml::from_str(&text).with_context(name)?;
        stored.branding(path.parent().unwrap_or(Path::new("."))).with_context(name)
    }
}

impl Stored {
    fn branding(self, folder: &Path) -> anyhow::Result<Branding> {
        let default = PageOptions::default();
        if let Some(colour) = &self.colour {
            readable("colour", colour)?;
        }
        for (department, colour) in &self.departments {
            readable(&format!("departments.{department}"), colour)?;
        }
        let logo = match &self.logo {
            Some(path) => Some(read_logo(&folder.join(path))?),
            None => None,
        };
        let links = |own: Option<Vec<StoredLink>>| {
            own.map(|links| links.into_iter().map(Link::from).collect::<Vec<_>>())
        };
        let options = PageOptions {
            product: self.product.unwrap_or(default.product),
            phase: self.phase.or(default.phase),
            notice_html: self.notice.or(default.notice_html),
            site: self.site.map(|site| site.trim_end_matches('/').to_owned()).or(default.site),
            contact: self.contact.or(default.contact),
            problem_reports: self.problem_reports.or(default.problem_reports),
            lang: self.language.unwrap_or(default.lang),
            licence: self.licence.map(Link::from).or(default.licence),
            menu: links(self.menu).or(default.menu),
            support: links(self.support).or(default.support),
            brand: Brand {
                colour: self.colour,
                has_logo: logo.is_some(),
                departments: self
                    .departments
                    .into_iter()
                    .map(|(name, colour)| (name.to_lowercase(), colour))
                    .collect(),
            },
            root: default.root,
            assets: default.assets,
        };
        Ok(Branding { options, logo })
    }
}

/// Refuses a colour that white letters cannot be read on.
fn readable(key: &str, colour: &str) -> anyhow::Result<()> {
    let contrast = contrast_with_white(colour).with_context(|| {
        format!("`{key}` is \"{colour}\" and not six hexadecimal digits such as \"#2f3f8f\"")
    })?;
    ensure!(
        contrast >= CONTRAST,
        "`{key}` is \"{colour}\", on which white letters have a contrast of {contrast:.1}: at least {CONTRAST} is needed"
    );
    Ok(())
}

fn read_logo(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("the logo {}", path.display()))?;
    ensure!(
        text.len() <= MOST_LOGO_BYTES,
        "the logo {} has {} bytes: at most {MOST_LOGO_BYTES}",
        path.display(),
        text.len()
    );
    if !text.contains("<svg") {
        bail!("the logo {} is no SVG drawing", path.display());
    }
    Ok(text)
}

/// The contrast of a colour such as `#2f3f8f` with white, from 1 to 21, as WCAG 2.2 defines it.
fn contrast_with_white(colour: &str) -> Option<f64> {
    let digits = colour.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&digits[at..at + 2], 16).ok()?) / 255.0;
        Some(if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) })
    };
    let luminance = 0.2126 * channel(0)? + 0.7152 * channel(2)? + 0.0722 * channel(4)?;
    Some(1.05 / (luminance + 0.05))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Branding> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("branding.toml");
        std::fs::write(folder.path().join("logo.svg"), "<svg xmlns=\"http://www.w3.org/2000/svg\"/>")
            .unwrap();
        std::fs::write(&path, text).unwrap();
        Branding::read(&path)
    }

    #[test]
    fn what_is_given_replaces_what_is_neutral() {
        let given = read(
            "product = \"Tidewater\"\ncolour = \"#00437b\"\nlogo = \"logo.svg\"\nsite = \"https://a.example/\"\n[[menu]]\ntitle = \"Start\"\nurl = \"/performance\"",
        )
        .unwrap();
        assert_eq!(given.options.product, "Tidewater");
        assert_eq!(given.options.site.as_deref(), Some("https://a.example"));
        assert_eq!(given.options.menu, Some(vec![Link::new("Start", "/performance")]));
        assert!(given.logo.is_some() && given.options.brand.has_logo);
        assert_eq!(read("").unwrap().options, PageOptions::default());
    }

    #[test]
    fn mistakes_are_named() {
        for (text, words) in [
            ("colour = \"red\"", "six hexadecimal digits"),
            ("colour = \"#ffee00\"", "contrast of 1.2"),
            ("[departments]\nDTR = \"#ffee00\"", "`departments.DTR`"),
            ("logo = \"none.svg\"", "the logo"),
            ("nme = \"x\"", "unknown field"),
            ("product = ", "branding.toml"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn contrast_is_that_of_the_guidelines() {
        assert_eq!(contrast_with_white("#000000").map(|contrast| contrast.round()), Some(21.0));
        assert_eq!(contrast_with_white("#ffffff"), Some(1.0));
    }
}
