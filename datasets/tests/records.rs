//! What everybody may rely on about the sample records.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use datasets::{Cadence, Record, SampleDataSet, generate, sample_data_set, sample_data_sets};
use query_lang::{Period, is_valid_key};

const NOW: &str = "2024-08-21T10:03:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn moment(record: &Record, key: &str) -> DateTime<Utc> {
    at(record[key].as_str().unwrap())
}

/// The demo's records, made once.
fn demo(set: &SampleDataSet) -> &'static [Record] {
    static DEMO: LazyLock<BTreeMap<String, Vec<Record>>> = LazyLock::new(|| {
        let records = |set: &SampleDataSet| generate(set, at(NOW), 1.0, 1).collect();
        sample_data_sets().iter().map(|set| (set.name(), records(set))).collect()
    });
    &DEMO[&set.name()]
}

#[test]
fn there_are_many_data_sets_and_each_can_be_found() {
    assert!(sample_data_sets().len() >= 10);
    let names: BTreeSet<String> = sample_data_sets().iter().map(SampleDataSet::name).collect();
    assert_eq!(names.len(), sample_data_sets().len());
    for set in sample_data_sets() {
        assert_eq!(sample_data_set(set.data_group, set.data_type).map(SampleDataSet::name), Some(set.name()));
        assert!(!set.title.is_empty() && set.description.ends_with('.'), "{}", set.name());
    }
    assert!(sample_data_set("harbour-permits", "no-such-type").is_none());
    assert_eq!(sample_data_set("harbour-permits", "calls").unwrap().name(), "harbour_permits_calls");
}

#[test]
fn the_demo_is_of_a_moderate_size() {
    let sizes: BTreeMap<String, usize> =
        sample_data_sets().iter().map(|set| (set.name(), demo(set).len())).collect();
    let total: usize = sizes.values().sum();
    assert!((40_000..65_000).contains(&total), "{total}: {sizes:#?}");
    // the smallest has a record a month for three years
    assert!(sizes.values().all(|size| *size >= 36), "{sizes:#?}");
}

#[test]
fn records_are_flat_with_well_formed_keys_and_times() {
    for set in sample_data_sets() {
        for record in demo(set) {
            for (key, value) in record {
                let snake_case =
                    key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
                assert!(snake_case && is_valid_key(key), "{}: {key}", set.name());
                assert!(!value.is_object() && !value.is_array(), "{}: {key} is nested", set.name());
            }
            assert!(record["_timestamp"].as_str().unwrap().ends_with('Z'));
            // Some years end with other quarters than the last.
            if let Some(period) = record.get("period").filter(|period| *period != "year") {
                let period = Period::from_name(period.as_str().unwrap()).unwrap();
                assert_eq!(period.floor(moment(record, "_timestamp")), moment(record, "_timestamp"));
            }
        }
    }
}

#[test]
fn every_record_can_be_told_from_every_other() {
    for set in sample_data_sets() {
        let mut seen = BTreeSet::new();
        for record in demo(set) {
            let identity = match set.auto_ids {
                [] => record["_id"].as_str().unwrap().to_owned(),
                keys => keys.iter().map(|key| record[*key].to_string()).collect::<Vec<_>>().join(" "),
            };
            assert!(!identity.contains("null"), "{}: {identity}", set.name());
            assert_eq!(
                set.auto_ids.is_empty(),
                record.contains_key("_id"),
                "{}: one way to identify",
                set.name()
            );
            assert!(seen.insert(identity.clone()), "{}: {identity} twice", set.name());
        }
    }
}

#[test]
fn identifiers_are_plain() {
    for set in sample_data_sets().iter().filter(|set| set.auto_ids.is_empty()) {
        for record in generate(set, at(NOW), 3.0, 1).step_by(97) {
            let id = record["_id"].as_str().unwrap();
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(id.chars().all(plain), "{id}");
        }
    }
}

#[test]
fn records_come_in_order_and_end_with_the_last_complete_period() {
    for set in sample_data_sets() {
        // A year's figure begins earlier than its quarter; it counts from where it ends.
        let due = |record: &Record| {
            moment(record, if record.contains_key("end_at") { "end_at" } else { "_timestamp" })
        };
        let records = demo(set);
        assert!(records.windows(2).all(|pair| due(&pair[0]) <= due(&pair[1])), "{}", set.name());

        let (first, last) = (due(&records[0]), due(records.last().unwrap()));
        assert!(last < at(NOW));
        let patience = match set.cadence {
            Cadence::FiveMinutes => TimeDelta::minutes(15),
            Cadence::Every(Period::Hour) => TimeDelta::hours(2),
            // Offices close for a day or two.
            Cadence::Every(Period::Day) => TimeDelta::days(5),
            Cadence::Every(Period::Week) => TimeDelta::days(14),
            Cadence::Every(_) => TimeDelta::days(184),
        };
        assert!(at(NOW) - last <= patience, "{} ends at {last}", set.name());
        if set.cadence != Cadence::FiveMinutes && set.data_type != "summaries" {
            assert!(at(NOW) - first >= TimeDelta::days(3 * 365), "{} begins at {first}", set.name());
        }
    }
}

#[test]
fn the_same_arguments_give_the_same_records_and_another_seed_others() {
    for set in sample_data_sets() {
        let records = |seed| generate(set, at(NOW), 0.1, seed).collect::<Vec<Record>>();
        assert_eq!(records(1), records(1), "{}", set.name());
        assert_ne!(records(1), records(2), "{}", set.name());
    }
}

#[test]
fn what_was_reported_stays_as_it_was_when_time_goes_on() {
    for set in sample_data_sets().iter().filter(|set| !set.realtime) {
        let identity = |record: &Record| serde_json::to_string(record).unwrap();
        let records = |now| generate(set, at(now), 0.2, 1).map(|record| identity(&record));
        let later: BTreeSet<String> = records("2024-09-25T00:00:00Z").collect();
        let earlier: Vec<String> = records(NOW).skip_while(|record| !later.contains(record)).collect();
        assert!(!earlier.is_empty());
        assert!(earlier.iter().all(|record| later.contains(record)), "{}", set.name());
    }
}

#[test]
fn scale_is_the_number_of_records() {
    for set in sample_data_sets() {
        let size = |scale| generate(set, at(NOW), scale, 1).count() as f64;
        let demo = demo(set).len() as f64;
        let larger = size(2.0);
        assert!((1.8 * demo..2.2 * demo).contains(&larger), "{}: {demo} {larger}", set.name());
        let smaller = size(0.1);
        assert!((1.0..0.2 * demo).contains(&smaller), "{}: {demo} {smaller}", set.name());
        for nothing in [0.0, -1.0, f64::NAN] {
            assert_eq!(size(nothing), 0.0, "{} at {nothing}", set.name());
        }
    }
}

#[test]
fn millions_of_records_begin_at_once() {
    for set in sample_data_sets() {
        let first: Vec<Record> = generate(set, at(NOW), 1e9, 1).take(50).collect();
        assert_eq!(first.len(), 50, "{}", set.name());
    }
}

#[test]
fn any_present_will_do() {
    for now in
        ["1900-03-01T00:00:00Z", "2024-02-29T00:00:00Z", "2025-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
    {
        for set in sample_data_sets() {
            assert!(generate(set, at(now), 0.02, 1).count() > 0, "{} at {now}", set.name());
        }
    }
    for now in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        for set in sample_data_sets() {
            generate(set, now, 0.05, 1).take(100).for_each(drop);
        }
    }
}

#[test]
fn providers_fail_now_and_then() {
    let unknown = |group: &str, data_type: &str, key: &str| {
        let records = demo(sample_data_set(group, data_type).unwrap());
        records.iter().filter(|record| !record.contains_key(key)).count()
    };
    assert!(unknown("harbour-permits", "availability", "avgresponse") >= 9);
    assert!(unknown("lantern-licences", "applications", "applications") >= 3);
    assert!(unknown("harbour-permits", "calls", "average_wait") >= 5);
}

#[test]
fn the_story_shows_in_the_figures() {
    let records = demo(sample_data_set("harbour-permits", "transactions-by-channel").unwrap());
    let online = |record: &&Record| record["channel"] == "online";
    let launch = records.iter().filter(online).map(|record| moment(record, "_timestamp")).min();
    // The first Monday after the launch on the first of February.
    assert_eq!(launch, Some(at("2022-02-07T00:00:00Z")));

    let share = |year: &str| {
        let of_year =
            || records.iter().filter(|record| record["_timestamp"].as_str().unwrap().starts_with(year));
        let sum = |records: &mut dyn Iterator<Item = &Record>| -> f64 {
            records.filter_map(|record| record.get("volume")?.as_f64()).sum()
        };
        sum(&mut of_year().filter(online)) / sum(&mut of_year())
    };
    assert!(share("2024") > share("2023") && share("2023") > 0.4, "{} {}", share("2023"), share("2024"));

    let uptime = demo(sample_data_set("harbour-permits", "availability").unwrap());
    let down = uptime
        .iter()
        .filter(|record| record.get("downtime") == Some(&3_600.into()))
        .map(|record| moment(record, "_timestamp"));
    assert!(down.filter(|time| time.date_naive().to_string() == "2023-11-14").count() >= 8);
}

#[test]
fn fewer_and_fewer_reach_the_next_step() {
    let mut visitors: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
    for record in demo(sample_data_set("harbour-permits", "journey").unwrap()) {
        let place = (record["_timestamp"].to_string(), record["port"].to_string());
        visitors.entry(place).or_default().push(record["visitors"].as_u64().unwrap());
    }
    assert!(visitors.len() > 300);
    for (place, steps) in visitors {
        assert!(
            steps.len() == 6 && steps.is_sorted_by(|earlier, later| earlier >= later),
            "{place:?}: {steps:?}"
        );
    }
}
