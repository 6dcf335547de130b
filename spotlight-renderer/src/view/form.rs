//! The forms in which pages can be had: each has an ending of addresses and a media type.

use super::page::{Answer, Page};
use super::{Body, Facts, Module};

/// A form of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Html,
    /// For machines.
    Json,
    /// The table of a module or list.
    Csv,
    /// What a table for machines does not say itself: where it is from and what its columns hold.
    CsvMetadata,
    /// The table for spreadsheets.
    Xlsx,
    /// The chart of a module.
    Svg,
    /// The same as a picture.
    Png,
    /// The tables of all modules of a dashboard.
    Zip,
    /// What has changed, for feed readers.
    Atom,
    /// A module without anything around it.
    Embed,
    /// A dashboard for screens on walls.
    Slides,
}

impl Form {
    /// Forms that requests may ask for by their media type, the most wanted first.
    pub const NEGOTIATED: [Form; 8] =
        [Form::Html, Form::Json, Form::Csv, Form::Xlsx, Form::Svg, Form::Png, Form::Zip, Form::Atom];

    /// The media type without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Form::Html | Form::Embed | Form::Slides => "text/html",
            Form::Json => "application/json",
            Form::Csv => "text/csv",
            Form::CsvMetadata => "application/csvm+json",
            Form::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Form::Svg => "image/svg+xml",
            Form::Png => "image/png",
            Form::Zip => "application/zip",
            Form::Atom => "application/atom+xml",
        }
    }

    /// The media type as answers have it.
    pub fn content_type(self) -> &'static str {
        match self {
            Form::Html | Form::Embed | Form::Slides => "text/html; charset=utf-8",
            Form::Csv => "text/csv; charset=utf-8",
            Form::Atom => "application/atom+xml; charset=utf-8",
            other => other.media_type(),
        }
    }

    /// What addresses of this form end in.
    pub fn ending(self) -> &'static str {
        match self {
            Form::Html | Form::Slides => "",
            Form::Json => ".json",
            Form::Csv => ".csv",
            Form::CsvMetadata => ".csv-metadata.json",
            Form::Xlsx => ".xlsx",
            Form::Svg => ".svg",
            Form::Png => ".png",
            Form::Zip => ".zip",
            Form::Atom => ".atom",
            Form::Embed => "/embed",
        }
    }

    /// The path without its form, and the form: that of its ending, or of its beginning for screens on walls.
    pub fn of(path: &str) -> (&str, Form) {
        if let Some(path) = path.strip_prefix("/big-screen").filter(|path| path.len() > 1) {
            return (path, Form::Slides);
        }
        // one ending is a part of another
        let endings = [
            Form::CsvMetadata,
            Form::Json,
            Form::Csv,
            Form::Xlsx,
            Form::Svg,
            Form::Zip,
            Form::Embed,
            Form::Atom,
        ];
        let found = endings.iter().find_map(|form| Some((path.strip_suffix(form.ending())?, *form)));
        // pictures are of modules only: those of whole pages are gone for good
        let picture = path.strip_suffix(".png").filter(|path| path.matches('/').count() > 1);
        let found = found.or(picture.map(|path| (path, Form::Png)));
        found.filter(|(path, _)| !path.is_empty()).unwrap_or((path, Form::Html))
    }

    /// Whether the answer is to be kept as a file rather than shown.
    pub fn is_file(self) -> bool {
        matches!(self, Form::Csv | Form::Xlsx | Form::Zip)
    }

    /// Whether writing it keeps a core busy for long: it is painted or compressed.
    pub fn is_much_work(self) -> bool {
        matches!(self, Form::Png | Form::Xlsx | Form::Zip)
    }
}

impl Answer {
    /// The forms in which the page can be had.
    pub fn forms(&self) -> Vec<Form> {
        match &self.page {
            Page::Home(_) | Page::Search(_) | Page::Failure => vec![Form::Html, Form::Json],
            Page::Moved(_) => vec![Form::Html],
            Page::Feed(_) => vec![Form::Json, Form::Atom],
            Page::List(_) => vec![Form::Html, Form::Json, Form::Csv, Form::CsvMetadata, Form::Xlsx],
            Page::Dashboard(_) => vec![Form::Html, Form::Json, Form::Zip, Form::Atom, Form::Slides],
            Page::Module(page) => {
                let mut forms = vec![Form::Html, Form::Json, Form::Embed];
                forms.extend(page.module.facts().map(Facts::forms).unwrap_or_default());
                forms
            }
        }
    }
}

impl Module {
    /// What it has to show, if it is an ordinary module that has its data.
    pub fn facts(&self) -> Option<&Facts> {
        match &self.body {
            Body::Facts(facts) => Some(facts),
            Body::Section(_) | Body::Tabs(_) | Body::Failed | Body::Unknown => None,
        }
    }
}

impl Facts {
    /// The forms in which what it shows can be had alone: in rows, and as a picture where there is anything to be seen.
    pub fn forms(&self) -> Vec<Form> {
        let figures = self.headline.iter().any(|headline| headline.value.is_some());
        let entries = self.items.as_ref().is_some_and(|items| !items.is_empty());
        let rows = self.table.as_ref().is_some_and(|table| !table.rows.is_empty());
        let mut forms = Vec::new();
        if self.table.is_some() || self.items.is_some() || !self.headline.is_empty() {
            forms.extend([Form::Csv, Form::CsvMetadata, Form::Xlsx]);
        }
        if figures || entries || rows || self.charts.iter().any(|chart| chart.has_data()) {
            forms.extend([Form::Svg, Form::Png]);
        }
        forms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_name_forms() {
        for (path, expected) in [
            ("/quay/fees", ("/quay/fees", Form::Html)),
            ("/quay/fees.csv", ("/quay/fees", Form::Csv)),
            ("/quay/fees.csv-metadata.json", ("/quay/fees", Form::CsvMetadata)),
            ("/quay/fees.json", ("/quay/fees", Form::Json)),
            ("/quay/fees.png", ("/quay/fees", Form::Png)),
            ("/quay.png", ("/quay.png", Form::Html)),
            ("/quay.zip", ("/quay", Form::Zip)),
            ("/quay/fees/embed", ("/quay/fees", Form::Embed)),
            ("/big-screen/quay", ("/quay", Form::Slides)),
            (".json", (".json", Form::Html)),
        ] {
            assert_eq!(Form::of(path), expected, "{path}");
        }
    }
}
