//! The texts of a dashboard that have a usual value, each said once: its name, what it is and what it usually says.

use serde::{Deserialize, Serialize};

use crate::validate::FieldErrors;

/// Makes [`Texts`] of a list of its fields, each with what it usually says.
macro_rules! texts {
    ($($(#[$about:meta])* $name:ident: $usual:literal,)*) => {
        /// The texts of a dashboard that have a usual value.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Texts {
            $($(#[$about])* pub $name: String,)*
        }

        impl Default for Texts {
            fn default() -> Texts {
                Texts { $($name: $usual.into(),)* }
            }
        }

        /// The names of the texts, as bodies and answers of the admin API spell them.
        pub const TEXTS: &[&str] = &[$(stringify!($name)),*];

        impl Texts {
            /// The text of this name.
            #[must_use]
            pub fn get(&self, name: &str) -> Option<&str> {
                match name {
                    $(stringify!($name) => Some(&self.$name),)*
                    _ => None,
                }
            }

            /// Changes the text of this name, if there is one.
            pub(crate) fn set(&mut self, name: &str, text: &str) {
                match name {
                    $(stringify!($name) => text.clone_into(&mut self.$name),)*
                    _ => {}
                }
            }
        }
    };
}

texts! {
    /// What kind of thing it is about.
    dashboard_type: "transaction",
    /// What kind of page it is.
    page_type: "dashboard",
    /// What it is about, in a paragraph.
    description: "",
    /// More of the same.
    description_extra: "",
    /// What its costs include.
    costs: "",
    /// What else there is to know.
    other_notes: "",
    /// Who uses the service.
    customer_type: "",
    /// Who pays for the service.
    business_model: "",
    /// The line above the heading.
    strapline: "Dashboard",
    /// The line below the heading.
    tagline: "",
    /// The language of the page, such as `cy`; empty for that of the installation.
    language: "",
    /// The name of the licence of its figures; empty for that of the installation.
    licence: "",
    /// Where the text of that licence is.
    licence_url: "",
}

/// The types of dashboards.
pub const DASHBOARD_TYPES: &[&str] =
    &["transaction", "high-volume-transaction", "service-group", "agency", "department", "content", "other"];
const CUSTOMER_TYPES: &[&str] = &["", "Business", "Individuals", "Business and individuals", "Charity"];
const BUSINESS_MODELS: &[&str] =
    &["", "Department budget", "Fees and charges", "Taxpayers", "Fees and charges, and taxpayers"];
const STRAPLINES: &[&str] = &[
    "Dashboard",
    "Service dashboard",
    "Content dashboard",
    "Performance",
    "Policy dashboard",
    "Public sector purchasing dashboard",
    "Topic Explorer",
    "Service Explorer",
];

/// The languages that there are interface texts in; empty for that of the installation.
const LANGUAGES: &[&str] = &["", "en", "cy"];

/// Texts that older clients do not know: they are told only where they are used.
const NEWER: &[&str] = &["language", "licence", "licence_url"];

impl Texts {
    /// The texts that are told, with their names: all that clients know since long, and the newer ones where they are used.
    pub(crate) fn told(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let named = TEXTS.iter().filter_map(|name| Some((*name, self.get(name)?)));
        named.filter(|(name, text)| !NEWER.contains(name) || !text.is_empty())
    }

    pub(crate) fn check(&self, errors: &mut FieldErrors) {
        errors.one_of("dashboard_type", &self.dashboard_type, DASHBOARD_TYPES);
        errors.required("page_type", &self.page_type);
        errors.at_most("page_type", &self.page_type, 80);
        errors.at_most("description", &self.description, 500);
        errors.at_most("description_extra", &self.description_extra, 400);
        errors.at_most("costs", &self.costs, 1500);
        errors.at_most("other_notes", &self.other_notes, 1000);
        errors.one_of("customer_type", &self.customer_type, CUSTOMER_TYPES);
        errors.one_of("business_model", &self.business_model, BUSINESS_MODELS);
        errors.one_of("strapline", &self.strapline, STRAPLINES);
        errors.at_most("tagline", &self.tagline, 400);
        errors.one_of("language", &self.language, LANGUAGES);
        errors.at_most("licence", &self.licence, 100);
        errors.at_most("licence_url", &self.licence_url, 200);
        errors.web_address("licence_url", &self.licence_url);
    }
}

/// Whether readers of a page can follow an address.
pub(crate) fn leads_somewhere(url: &str) -> bool {
    ["http://", "https://", "/"].iter().any(|start| url.starts_with(start))
}
