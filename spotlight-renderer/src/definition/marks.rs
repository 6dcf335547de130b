//! What authors mark on charts: annotations of what happened, and targets.

use chrono::{DateTime, Days, Utc};
use serde_json::Value;

use super::text;
use crate::chart::{Aimed, Annotation, Target};
use crate::format::{amount, date};
use crate::words::{say, spoken};

/// More of either than this are not read.
const MOST: usize = 50;

fn list<'a>(options: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    options[key].as_array().map(Vec::as_slice).unwrap_or_default().iter().take(MOST)
}

/// A text, or one of several by language: that of the page, else the English one.
fn in_words(stored: &Value, key: &str) -> Option<String> {
    text(stored, key).or_else(|| text(&stored[key], spoken().tag())).or_else(|| text(&stored[key], "en"))
}

/// The midnight after a day; a time of day does not count.
fn day_after(stored: &Value) -> Option<DateTime<Utc>> {
    date::parse(stored)?.checked_add_days(Days::new(1))
}

/// The annotations of a module; what makes no sense is left out.
pub fn annotations(options: &Value) -> Vec<Annotation> {
    list(options, "annotations").filter_map(annotation).collect()
}

fn annotation(stored: &Value) -> Option<Annotation> {
    let from = date::parse(&stored["date"]).or_else(|| date::parse(&stored["from"]))?;
    let last = Some(&stored["to"]).filter(|to| stored["date"].is_null() && !to.is_null());
    let until = last.map_or_else(|| from.checked_add_days(Days::new(1)), day_after)?;
    if until <= from {
        return None;
    }
    Some(Annotation {
        when: date::range(from, until, "D MMMM YYYY", true),
        lasted: until > from.checked_add_days(Days::new(1))?,
        from,
        until,
        text: in_words(stored, "text")?,
        href: text(stored, "href"),
    })
}

/// The targets of a module, each with the group that it is for, if it is for one; what makes no sense is left out.
pub fn targets(options: &Value) -> Vec<(Option<String>, Target)> {
    list(options, "targets").filter_map(target).collect()
}

fn target(stored: &Value) -> Option<(Option<String>, Target)> {
    let target = Target {
        value: amount(&stored["value"]).filter(|value| value.is_finite())?,
        least: text(stored, "is").is_none_or(|word| word != AT_MOST),
        label: in_words(stored, "label").unwrap_or_else(|| say("target").into_owned()),
        from: date::parse(&stored["from"]),
        until: day_after(&stored["to"]),
        aimed: Aimed::Each,
    };
    Some((text(stored, "groupId"), target))
}

const AT_LEAST: &str = "at-least";
const AT_MOST: &str = "at-most";

/// What is wrong with the marks of a stored module. `marked` says whether its type has annotations and targets at all.
pub fn problems(stored: &Value, marked: (bool, bool)) -> Vec<String> {
    let mut says = Vec::new();
    for (key, is_known) in [("annotations", marked.0), ("targets", marked.1)] {
        match &stored[key] {
            Value::Null => {}
            Value::Array(_) if !is_known => says.push(format!("this type of module shows no {key}")),
            Value::Array(own) if own.len() > MOST => {
                says.push(format!("it has {} {key}: only the first {MOST} are shown", own.len()));
            }
            Value::Array(_) => {}
            _ => says.push(format!("{key} is not a list")),
        }
    }
    for (place, own) in (1..).zip(list(stored, "annotations")) {
        let wrong = wrong_annotation(own).into_iter().chain(wrong_dates(own));
        says.extend(wrong.map(|wrong| format!("annotation {place}: {wrong}")));
    }
    for (place, own) in (1..).zip(list(stored, "targets")) {
        let wrong = wrong_target(own, stored).into_iter().chain(wrong_dates(own));
        says.extend(wrong.map(|wrong| format!("target {place}: {wrong}")));
    }
    says
}

fn wrong_annotation(own: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if own["date"].is_null() && own["from"].is_null() {
        wrong.push(
            "it has no date: `date` is a day, or `from` and `to` are the first and the last one".to_owned(),
        );
    }
    let texts = [text(own, "text"), text(&own["text"], "en"), text(&own["text"], "cy")];
    if texts.iter().all(Option::is_none) {
        wrong.push("it has no text: a text, or `en` and `cy` with one".to_owned());
    }
    if let Some(href) = text(own, "href").filter(|href| crate::page::followed(href).is_none()) {
        wrong.push(format!("nobody can follow the link to `{href}`: it needs http, https or mailto"));
    }
    wrong
}

fn wrong_target(own: &Value, stored: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if amount(&own["value"]).is_none() {
        wrong.push("its value is not a number".to_owned());
    }
    if let Some(word) = text(own, "is").filter(|word| ![AT_LEAST, AT_MOST].contains(&word.as_str())) {
        wrong.push(format!("`is` is `{word}` and not `{AT_LEAST}` or `{AT_MOST}`"));
    }
    let axes = stored["axes"]["y"].as_array().map(Vec::as_slice).unwrap_or_default();
    let grouped = axes.iter().any(|axis| !axis["groupId"].is_null());
    if let Some(group) =
        text(own, "groupId").filter(|group| grouped && !axes.iter().any(|axis| axis["groupId"] == **group))
    {
        wrong.push(format!("no axis has the groupId `{group}`"));
    }
    wrong
}

fn wrong_dates(own: &Value) -> Vec<String> {
    let given = ["date", "from", "to"].into_iter().filter(|key| !own[*key].is_null());
    let mut wrong: Vec<String> = given
        .filter(|key| date::parse(&own[*key]).is_none())
        .map(|key| format!("`{key}` is not a day such as 2016-05-31"))
        .collect();
    if let (Some(from), Some(to)) = (date::parse(&own["from"]), date::parse(&own["to"]))
        && from > to
    {
        wrong.push("`from` is after `to`".to_owned());
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn days_and_stretches_are_read() {
        let read = annotations(&json!({"annotations": [
            {"date": "2016-05-03", "text": "A new form"},
            {"from": "2016-05-03", "to": "2016-05-07", "text": {"cy": "Streic", "en": "A strike"}},
            {"from": "2016-05-03", "to": "2016-05-01", "text": "backwards"},
            {"date": "soon", "text": "never"}, {"date": "2016-05-03"}, "nothing", null,
        ]}));
        let told: Vec<(&str, &str, bool)> =
            read.iter().map(|own| (own.when.as_str(), own.text.as_str(), own.lasted)).collect();
        assert_eq!(told, [("3 May 2016", "A new form", false), ("3 to 7 May 2016", "A strike", true)]);
    }

    #[test]
    fn targets_are_at_least_what_they_say_unless_they_say_at_most() {
        let read = targets(&json!({"targets": [
            {"value": 0.8}, {"value": 10, "is": "at-most", "label": "Promise", "groupId": "web", "to": "2016-05-31"}, {"value": "x"},
        ]}));
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].1.least, read[0].1.label.as_str()), (true, "Target"));
        assert_eq!(
            (read[1].0.as_deref(), read[1].1.least, read[1].1.until),
            (Some("web"), false, date::parse(&json!("2016-06-01")))
        );
    }
}
