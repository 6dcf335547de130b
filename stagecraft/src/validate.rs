//! Checking fields and saying what is wrong with them: one line a field, as existing clients show it to people.

use crate::RegistryError;
use crate::dashboard_texts::leads_somewhere;

/// The errors found so far, in the order of their discovery.
#[derive(Debug, Default)]
pub(crate) struct FieldErrors(Vec<(&'static str, Vec<String>)>);

/// The pseudo-field under which rules about several fields report.
pub(crate) const ALL_FIELDS: &str = "__all__";

impl FieldErrors {
    /// Notes that `field` is wrong.
    pub(crate) fn add(&mut self, field: &'static str, text: impl Into<String>) {
        match self.0.iter_mut().find(|(name, _)| *name == field) {
            Some((_, texts)) => texts.push(text.into()),
            None => self.0.push((field, vec![text.into()])),
        }
    }

    /// Refuses the empty text. Returns whether the value was there.
    pub(crate) fn required(&mut self, field: &'static str, value: &str) -> bool {
        if value.is_empty() {
            self.add(field, "This field cannot be blank.");
        }
        !value.is_empty()
    }

    /// Refuses more than `most` characters.
    pub(crate) fn at_most(&mut self, field: &'static str, value: &str, most: usize) {
        let length = value.chars().count();
        if length > most {
            self.add(field, format!("Ensure this value has at most {most} characters (it has {length})."));
        }
    }

    /// Refuses what is no address that a browser can follow; the empty text is none, and fine.
    pub(crate) fn web_address(&mut self, field: &'static str, url: &str) {
        if !url.is_empty() && !leads_somewhere(url) {
            self.add(field, format!("'{url}' is not a web address."));
        }
    }

    /// Refuses characters outside those allowed, with a message of the field's own.
    pub(crate) fn only(
        &mut self,
        field: &'static str,
        value: &str,
        allowed: fn(char) -> bool,
        message: &str,
    ) {
        if !value.chars().all(allowed) {
            self.add(field, message);
        }
    }

    /// Refuses values that are not in a closed list.
    pub(crate) fn one_of(&mut self, field: &'static str, value: &str, choices: &[&str]) {
        match choices.contains(&value) {
            true => {}
            false if value.is_empty() => self.add(field, "This field cannot be blank."),
            false => self.add(field, format!("Value '{value}' is not a valid choice.")),
        }
    }

    /// Refuses negative numbers.
    pub(crate) fn not_negative(&mut self, field: &'static str, value: Option<i64>) {
        if value.is_some_and(|number| number < 0) {
            self.add(field, "Ensure this value is greater than or equal to 0.");
        }
    }

    /// Ok if nothing was found wrong; otherwise the whole list as one message.
    pub(crate) fn into_result(self) -> Result<(), RegistryError> {
        self.into_lines().map_err(|lines| RegistryError::Invalid(format!("validation errors:\n{lines}")))
    }

    /// Ok if nothing was found wrong; otherwise one line a field.
    pub(crate) fn into_lines(self) -> Result<(), String> {
        if self.0.is_empty() {
            return Ok(());
        }
        let lines = self.0.iter().map(|(field, texts)| format!("{field}: {}", texts.join(" ")));
        Err(lines.collect::<Vec<_>>().join("\n"))
    }
}

/// What is said of a slug with other characters than those of [`is_lower_slug`].
pub(crate) const SLUG_MESSAGE: &str = "Slug can only contain lower case letters, numbers or hyphens";

/// Slugs of what collectors are made of: letters, digits, hyphens and underscores.
pub(crate) fn word_slug(errors: &mut FieldErrors, slug: &str) {
    if errors.required("slug", slug) {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let message = "Enter a valid 'slug' consisting of letters, numbers, underscores or hyphens.";
        errors.only("slug", slug, word, message);
        errors.at_most("slug", slug, 100);
    }
}

/// The names of data groups and data types: lower-case letters, digits and hyphens.
pub(crate) fn hyphenated_name(errors: &mut FieldErrors, name: &str) {
    if !errors.required("name", name) {
        return;
    }
    let slug = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    errors.only(
        "name",
        name,
        slug,
        "Enter a valid 'slug' consisting of letters, numbers, underscores or hyphens.",
    );
    errors.only(
        "name",
        name,
        is_lower_slug,
        "Only lowercase alphanumeric characters and hyphens are allowed.",
    );
    errors.at_most("name", name, 60);
}

/// The characters of a slug: lower-case letters, digits and hyphens.
pub(crate) fn is_lower_slug(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_field_and_several_texts_on_one_line() {
        let mut errors = FieldErrors::default();
        hyphenated_name(&mut errors, "Bike hire");
        errors.not_negative("capped_size", Some(-5));
        let message = errors.into_result().unwrap_err().to_string();
        assert_eq!(
            message,
            "validation errors:\n\
             name: Enter a valid 'slug' consisting of letters, numbers, underscores or hyphens. \
             Only lowercase alphanumeric characters and hyphens are allowed.\n\
             capped_size: Ensure this value is greater than or equal to 0."
        );
    }

    #[test]
    fn lengths_count_characters() {
        let mut errors = FieldErrors::default();
        errors.at_most("title", "éé", 2);
        assert!(errors.into_result().is_ok());
    }
}
