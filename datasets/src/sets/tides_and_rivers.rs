//! The website of the Department for Tides and Rivers: pages, devices, and who is there now.

use chrono::{Datelike, Timelike, Weekday};
use query_lang::Period;

use super::{DAY, USUAL, names};
use crate::cadence::Cadence;
use crate::holidays::is_holiday;
use crate::sample::{Moment, Record, SampleDataSet, Series, record, rounded, time};
use crate::story::season;

pub(super) const PAGE_VISITS: SampleDataSet = SampleDataSet {
    data_group: "tides-and-rivers",
    data_type: "page-visits",
    title: "Tides and Rivers page visits",
    description: "Visits to the most important pages of the website, each day, with the number of different visitors and the share who \
                  left at once.",
    auto_ids: &["_timestamp", "path"],
    max_age_expected: Some(3 * DAY),
    cadence: Cadence::Every(Period::Day),
    series: Series { entities: PAGES.len() as u64, variants: 1, record: page_visits },
    ..USUAL
};

pub(super) const DEVICE_USE: SampleDataSet = SampleDataSet {
    data_group: "tides-and-rivers",
    data_type: "device-use",
    title: "Tides and Rivers device use",
    description: "Visits to the website each month, by the device on which people read it.",
    auto_ids: &["_timestamp", "site", "device"],
    max_age_expected: Some(70 * DAY),
    cadence: Cadence::Every(Period::Month),
    series: Series { entities: 1, variants: DEVICES.len() as u64, record: device_use },
    ..USUAL
};

pub(super) const REALTIME_VISITORS: SampleDataSet = SampleDataSet {
    data_group: "tides-and-rivers",
    data_type: "realtime-visitors",
    title: "Tides and Rivers visitors now",
    description: "People on the website, every five minutes of the last two days.",
    auto_ids: &["_timestamp", "site"],
    raw_queries_allowed: true,
    max_age_expected: Some(600),
    realtime: true,
    cadence: Cadence::FiveMinutes,
    series: Series { entities: 1, variants: 1, record: realtime_visitors },
};

/// Section, title and usual visits a day of a page. Paths follow from the title.
const PAGES: [(&str, &str, f64); 8] = [
    ("Safety", "Flood warnings", 5_200.0),
    ("Tides", "Tide tables", 9_400.0),
    ("Permits", "Get a harbour permit", 4_100.0),
    ("Permits", "Get a lantern licence", 2_700.0),
    ("Rivers", "River levels", 3_600.0),
    ("Rivers", "Locks and opening times", 1_450.0),
    ("Tides", "Moon and springs", 780.0),
    ("About us", "Working here", 520.0),
];

const DEVICES: [&str; 4] = ["desktop", "mobile", "tablet", "other"];

/// Visits by the hour of the day, as a share of the busiest.
const HOURS: [f64; 24] = [
    0.1, 0.06, 0.05, 0.05, 0.07, 0.15, 0.34, 0.55, 0.76, 0.92, 0.99, 1.0, 0.97, 0.95, 0.96, 0.93, 0.88, 0.84,
    0.8, 0.77, 0.7, 0.55, 0.36, 0.2,
];

fn page_visits(moment: Moment) -> Option<Record> {
    let Moment { story, start, entity, mut noise, .. } = moment;
    if story.web_uncounted(start) {
        return None;
    }
    let date = start.date_naive();
    let index = (entity % PAGES.len() as u64) as usize;
    let (section, _, usual) = PAGES[index];
    let title = names::name(&PAGES.map(|(_, title, _)| title), entity);
    let free = matches!(date.weekday(), Weekday::Sat | Weekday::Sun) || is_holiday(date);
    // Offices read about permits, everybody else about tides.
    let weekday = match (section, free) {
        ("Tides", true) => 1.4,
        ("Safety", true) => 1.0,
        (_, true) => 0.5,
        _ => 1.0,
    };
    let (peak_month, amplitude) = if section == "Safety" { (1, 0.35) } else { (7, 0.25) };
    let storm = if section == "Safety" || title.starts_with("River") { story.storm(start) } else { 1.0 };
    let found = if section == "Permits" && story.redesigned(start) { 1.35 } else { 1.0 };
    let expected =
        usual * weekday * season(start, peak_month, amplitude) * story.growth(start, 0.06) * storm * found;
    let visits = noise.count(noise.clone().around(expected, 0.06));
    let unique = noise.share_of(visits, 0.79);
    let leaving = if story.redesigned(start) { 0.34 } else { 0.43 };
    // On some days the provider could count visits and not tell visitors apart.
    let confused = noise.chance(0.005);
    record! {
        "_timestamp": time(start),
        "period": "day",
        "path": format!("/{}", names::slug(&title)),
        "page_title": title,
        "section": section,
        "visits": visits,
        "unique_visitors": (!confused).then_some(unique),
        "bounce_rate": rounded(noise.around(leaving, 0.05), 3),
    }
}

fn device_use(moment: Moment) -> Option<Record> {
    let Moment { story, start, end, entity, variant, mut noise } = moment;
    let device = names::pick(&DEVICES, variant);
    let years = story.years(start);
    let mobile = (0.41 + 0.06 * years).min(0.8);
    let tablet = 0.12 - 0.015 * years.min(4.0);
    let share = match device {
        "mobile" => mobile,
        "tablet" => tablet,
        "other" => 0.01,
        _ => 0.99 - mobile - tablet,
    };
    let days = (end - start).num_days() as f64;
    let expected = 30_000.0 * days * season(start, 7, 0.2) * story.growth(start, 0.06) * share;
    record! {
        "_timestamp": time(start),
        "period": "month",
        "site": names::name(&["tides-and-rivers"], entity).replace(' ', "-"),
        "device": device,
        "visits": noise.count(noise.clone().around(expected, 0.02)),
    }
}

fn realtime_visitors(moment: Moment) -> Option<Record> {
    let Moment { start, entity, mut noise, .. } = moment;
    // A reading fails now and then; the next is five minutes away.
    if noise.chance(0.01) {
        return None;
    }
    let hour = start.hour() as usize % HOURS.len();
    let passed = f64::from(start.minute()) / 60.0;
    let busy = HOURS[hour] * (1.0 - passed) + HOURS[(hour + 1) % HOURS.len()] * passed;
    record! {
        "_timestamp": time(start),
        "site": names::name(&["tides-and-rivers"], entity).replace(' ', "-"),
        "unique_visitors": noise.count(420.0 * busy).max(1),
    }
}
