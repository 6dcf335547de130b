//! What happened in the invented country, as annotations of charts.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::story::Story;

fn day(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d").to_string()
}

fn on(time: DateTime<Utc>, english: &str, welsh: &str) -> Value {
    json!({ "date": day(time), "text": { "en": english, "cy": welsh } })
}

fn over((first, days): (DateTime<Utc>, i64), english: &str, welsh: &str) -> Value {
    let last = first + TimeDelta::days(days - 1);
    json!({ "from": day(first), "to": day(last), "text": { "en": english, "cy": welsh } })
}

pub(super) fn redesign(story: &Story) -> Value {
    on(story.redesign(), "Pages redesigned", "Ailgynllunio'r tudalennau")
}

pub(super) fn fee_rise(story: &Story) -> Value {
    on(story.fee_rise(), "Fee rose", "Cododd y ffi")
}

pub(super) fn postal_strike(story: &Story) -> Value {
    over(story.postal_strike(), "Postal strike", "Streic bost")
}

pub(super) fn survey_break(story: &Story) -> Value {
    over(story.survey_break(), "Survey broken", "Yr arolwg wedi torri")
}

pub(super) fn counting_gap(story: &Story) -> Value {
    over(story.counting_gap(), "Counting failed", "Methodd y cyfrif")
}

pub(super) fn storm(story: &Story) -> Value {
    let mut storm = on(story.storm_day(), "Storm", "Storm");
    storm["href"] = "https://tides.example/storms".into();
    storm
}
