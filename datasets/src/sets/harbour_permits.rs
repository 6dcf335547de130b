//! Harbour Permits: a boat that stays in a port for more than a night needs one. They went online during the story.

use chrono::{Datelike, Timelike, Weekday};
use query_lang::Period;

use super::{DAY, USUAL, names};
use crate::cadence::Cadence;
use crate::holidays::{is_holiday, working_days};
use crate::sample::{Moment, Record, SampleDataSet, Series, record, rounded, time};
use crate::story::{Story, season};

pub(super) const TRANSACTIONS_BY_CHANNEL: SampleDataSet = SampleDataSet {
    data_group: "harbour-permits",
    data_type: "transactions-by-channel",
    title: "Harbour permits by channel",
    description: "Permits issued each week in each port, by the channel through which people asked for them: online since its \
                  launch, by post, by telephone and at the counter.",
    auto_ids: &["_timestamp", "port", "channel"],
    raw_queries_allowed: true,
    max_age_expected: Some(14 * DAY),
    cadence: Cadence::Every(Period::Week),
    series: Series { entities: 6, variants: CHANNELS.len() as u64, record: transactions },
    ..USUAL
};

pub(super) const JOURNEY: SampleDataSet = SampleDataSet {
    data_group: "harbour-permits",
    data_type: "journey",
    title: "Harbour permit journey",
    description: "Visitors who reached each step of the online application, each week, in the two ports that began with it; \
                  before the launch it was tried by few.",
    auto_ids: &["_timestamp", "step", "port"],
    raw_queries_allowed: true,
    max_age_expected: Some(14 * DAY),
    cadence: Cadence::Every(Period::Week),
    series: Series { entities: 2, variants: STEPS.len() as u64, record: journey },
    ..USUAL
};

pub(super) const SATISFACTION: SampleDataSet = SampleDataSet {
    data_group: "harbour-permits",
    data_type: "satisfaction",
    title: "Harbour permit satisfaction",
    description: "Answers each day to the question how satisfied people were with the service, from 1 (very dissatisfied) to 5 \
                  (very satisfied), at the end of an application and by letter.",
    raw_queries_allowed: true,
    max_age_expected: Some(3 * DAY),
    cadence: Cadence::Every(Period::Day),
    series: Series { entities: 2, variants: 1, record: satisfaction },
    ..USUAL
};

pub(super) const AVAILABILITY: SampleDataSet = SampleDataSet {
    data_group: "harbour-permits",
    data_type: "availability",
    title: "Harbour permit availability",
    description: "Seconds each hour during which the service answered, failed, or was not watched, and its mean response time in \
                  milliseconds.",
    raw_queries_allowed: true,
    max_age_expected: Some(DAY),
    cadence: Cadence::Every(Period::Hour),
    series: Series { entities: 1, variants: 1, record: availability },
    ..USUAL
};

pub(super) const CALLS: SampleDataSet = SampleDataSet {
    data_group: "harbour-permits",
    data_type: "calls",
    title: "Harbour permit calls",
    description: "Telephone calls each day at each centre: how many came in, were answered and were given up, and how long people \
                  waited on average, in milliseconds. Centres are closed on Sundays and holidays.",
    auto_ids: &["_timestamp", "centre"],
    max_age_expected: Some(4 * DAY),
    cadence: Cadence::Every(Period::Day),
    series: Series { entities: 3, variants: 1, record: calls },
    ..USUAL
};

const CHANNELS: [&str; 4] = ["online", "post", "telephone", "counter"];
/// How those who do not ask online divide between the other channels.
const OFFLINE_SHARES: [f64; 4] = [0.0, 0.45, 0.2, 0.35];
const COSTS: [f64; 4] = [1.8, 13.4, 9.7, 11.2];

const STEPS: [&str; 6] = ["start", "boat_details", "choose_berth", "check_answers", "pay", "done"];
/// The share of those at one step who reach the next, before and since the redesign.
const STAY_BEFORE: [f64; 6] = [1.0, 0.81, 0.72, 0.9, 0.86, 0.95];
const STAY_SINCE: [f64; 6] = [1.0, 0.84, 0.87, 0.94, 0.9, 0.97];

const SURVEYS: [&str; 2] = ["exit-page", "letter"];
/// How answers divide from 1 to 5, before and since the redesign, and on the day of the great outage.
const RATINGS_BEFORE: [f64; 5] = [0.09, 0.13, 0.21, 0.33, 0.24];
const RATINGS_SINCE: [f64; 5] = [0.04, 0.06, 0.13, 0.34, 0.43];
const RATINGS_OUTAGE: [f64; 5] = [0.46, 0.23, 0.15, 0.1, 0.06];

/// Permits that the ports of the demo issue in an ordinary week, all together.
const WEEKLY_PERMITS: f64 = 7_400.0;
/// How they divide between the ports; later ports are as large as the last.
const PORT_SHARES: [f64; 6] = [0.31, 0.24, 0.18, 0.13, 0.09, 0.05];

/// Permits to be expected in a week that holds this moment, in the ports of the demo together.
pub(super) fn expected_permits(story: &Story, time: chrono::DateTime<chrono::Utc>) -> f64 {
    WEEKLY_PERMITS * season(time, 6, 0.32) * story.growth(time, 0.025)
}

fn transactions(moment: Moment) -> Option<Record> {
    let Moment { story, start, end, entity, variant, mut noise } = moment;
    let channel = names::pick(&CHANNELS, variant);
    let online_share = story.online_share(start);
    if channel == "online" && online_share == 0.0 {
        return None;
    }
    let share = match channel {
        "online" => online_share,
        _ => (1.0 - online_share) * names::pick(&OFFLINE_SHARES, variant),
    };
    let pace = match channel {
        "online" => 1.0,
        _ => working_days(start, end) as f64 / 5.0,
    };
    let hindrance = match channel {
        "post" if story.letters_delayed(start) => 0.2,
        "online" if story.great_outage_within(start, end) => 0.85,
        "telephone" if story.great_outage_within(start, end) => 1.9,
        _ => 1.0,
    };
    let port_share = PORT_SHARES[(entity as usize).min(PORT_SHARES.len() - 1)];
    let expected = expected_permits(&story, start) * port_share * share * pace * hindrance;
    let volume = noise.count(noise.clone().around(expected, 0.04));
    // Now and then the telephone exchange sends its record without a number.
    let lost = channel == "telephone" && noise.chance(0.006);
    let cost = volume as f64 * noise.around(names::pick(&COSTS, variant), 0.03);
    record! {
        "_timestamp": time(start),
        "period": "week",
        "port": names::port(entity),
        "channel": channel,
        "digital": channel == "online",
        "volume": (!lost).then_some(volume),
        "cost": (!lost).then_some(rounded(cost, 2)),
    }
}

fn journey(moment: Moment) -> Option<Record> {
    let Moment { story, start, end, entity, variant, mut noise } = moment;
    let stay = if story.redesigned(start) { STAY_SINCE } else { STAY_BEFORE };
    let tried = if story.online_share(start) == 0.0 { 0.015 } else { story.online_share(start) };
    let port_share = PORT_SHARES[(entity as usize).min(PORT_SHARES.len() - 1)];
    // What happens at a step happens to those who reached it: the chance of earlier steps is drawn again, the same for all.
    let mut week = story.noise("journey of a week", &[start.timestamp().unsigned_abs(), entity]);
    let starting = expected_permits(&story, start) * port_share * tried * 2.1;
    let mut visitors = week.count(week.clone().around(starting, 0.05));
    for (step, share) in stay.iter().enumerate().take(variant as usize + 1).skip(1) {
        let failing = STEPS[step] == "done" && story.great_outage_within(start, end);
        visitors = week.share_of(visitors, if failing { share * 0.8 } else { *share });
    }
    record! {
        "_timestamp": time(start),
        "period": "week",
        "port": names::port(entity),
        "step": names::pick(&STEPS, variant),
        "step_number": variant + 1,
        "visitors": visitors,
        "median_seconds": rounded(noise.around(35.0 + 14.0 * variant as f64, 0.1), 0),
    }
}

fn satisfaction(moment: Moment) -> Option<Record> {
    let Moment { story, start, end, entity, mut noise, .. } = moment;
    let survey = names::name(&SURVEYS, entity);
    let online = entity.is_multiple_of(2);
    if online && story.survey_broken(start) {
        return None;
    }
    let weekend = matches!(start.weekday(), Weekday::Sat | Weekday::Sun);
    // Letters are opened by people, who are not there at weekends and on holidays.
    if !online && (weekend || is_holiday(start.date_naive())) {
        return None;
    }
    let expected = if online { 8.0 + 110.0 * story.online_share(start) } else { 14.0 };
    let expected = expected * season(start, 6, 0.25) * if weekend { 0.55 } else { 1.0 };
    let ratings = match () {
        () if online && story.great_outage_within(start, end) => RATINGS_OUTAGE,
        () if story.redesigned(start) => RATINGS_SINCE,
        () => RATINGS_BEFORE,
    };
    let counts = ratings.map(|share| noise.count(expected * share));
    let [rating_1, rating_2, rating_3, rating_4, rating_5] = counts;
    record! {
        "_id": format!("{survey}-{}", start.date_naive()).replace(' ', "-"),
        "_timestamp": time(start),
        "period": "day",
        "survey": survey,
        "rating_1": rating_1,
        "rating_2": rating_2,
        "rating_3": rating_3,
        "rating_4": rating_4,
        "rating_5": rating_5,
        "total": counts.iter().sum::<u64>(),
    }
}

fn availability(moment: Moment) -> Option<Record> {
    const HOUR: u64 = 3_600;
    let Moment { story, start, entity, mut noise, .. } = moment;
    let check = names::name(&["harbour-permits"], entity).replace(' ', "-");
    let id = format!("{check}-{}", start.format("%Y-%m-%dt%H"));

    // Some days have a short outage, at an hour of their own.
    let day = start.date_naive().num_days_from_ce().unsigned_abs();
    let mut of_day = story.noise("outages", &[u64::from(day), entity]);
    let struck = of_day.chance(0.012) && f64::from(start.hour()) == (of_day.uniform() * 24.0).floor();
    let first_sunday = start.weekday() == Weekday::Sun && start.day() <= 7;

    let unmonitored = match () {
        // The provider that watches had a failure of its own.
        () if noise.chance(0.001) => HOUR,
        () if first_sunday && start.hour() == 2 => 900,
        () => 0,
    };
    let watched = HOUR - unmonitored;
    let downtime = match () {
        () if story.in_great_outage(start) => watched,
        () if struck => noise.share_of(watched, 0.1 + 0.8 * noise.clone().uniform()),
        () => 0,
    };
    let answered = watched > downtime;
    // Busy by day, quiet by night; and faster since the redesign.
    let hours_from_afternoon = (f64::from(start.hour()) - 14.0).abs();
    let busy = (1.0 - hours_from_afternoon / 12.0).max(0.0);
    let base = if story.redesigned(start) { 240.0 } else { 410.0 };
    let strain = if struck { 3.5 } else { 1.0 };
    let response = noise.around(base * (1.0 + 0.5 * busy) * strain, 0.08);
    record! {
        "_id": id,
        "_timestamp": time(start),
        "period": "hour",
        "check": check,
        "uptime": watched - downtime,
        "downtime": downtime,
        "unmonitored": unmonitored,
        "avgresponse": answered.then_some(rounded(response, 1)),
    }
}

fn calls(moment: Moment) -> Option<Record> {
    let Moment { story, start, end, entity, mut noise, .. } = moment;
    let date = start.date_naive();
    if is_holiday(date) || date.weekday() == Weekday::Sun {
        return None;
    }
    let weekday = match date.weekday() {
        Weekday::Mon => 1.35,
        Weekday::Tue => 1.1,
        Weekday::Fri => 0.85,
        Weekday::Sat => 0.3,
        _ => 1.0,
    };
    let outage = story.great_outage_within(start, end);
    let expected = [420.0, 310.0, 180.0][(entity % 3) as usize]
        * weekday
        * season(start, 6, 0.28)
        * (1.0 - 0.55 * story.online_share(start))
        * if outage { 3.2 } else { 1.0 };
    let calls = noise.count(noise.clone().around(expected, 0.07));
    let answered = noise.share_of(calls, if outage { 0.52 } else { 0.93 });
    let wait = noise.around(if outage { 1_150_000.0 } else { 95_000.0 * weekday }, 0.15);
    let timed = !(entity == 0 && story.calls_untimed(start));
    record! {
        "_timestamp": time(start),
        "period": "day",
        "centre": names::centre(entity),
        "calls": calls,
        "answered": answered,
        "abandoned": calls - answered,
        "average_wait": timed.then_some(rounded(wait, 0)),
    }
}
