//! What services say of themselves each quarter: volume, cost, and how much of it is digital.

use chrono::{DateTime, TimeDelta, Utc};
use query_lang::Period;

use super::harbour_permits::expected_permits;
use super::{DAY, USUAL, names};
use crate::cadence::Cadence;
use crate::sample::{Moment, Record, SampleDataSet, Series, record, rounded, time};
use crate::story::{Story, season};

pub(super) const SUMMARIES: SampleDataSet = SampleDataSet {
    data_group: "transactional-services",
    data_type: "summaries",
    title: "Transactional services, quarter by quarter",
    description: "Number of transactions, total cost, cost per transaction and digital take-up of each service: for each quarter, and \
                  for the year that ends with it, which has no seasons.",
    auto_ids: &["service_id", "type", "end_at"],
    raw_queries_allowed: true,
    max_age_expected: Some(200 * DAY),
    cadence: Cadence::Every(Period::Quarter),
    series: Series { entities: SERVICES.len() as u64, variants: 2, record: summary },
    ..USUAL
};

pub(super) const LATEST_VALUES: SampleDataSet = SampleDataSet {
    data_group: "service-aggregates",
    data_type: "latest-dataset-values",
    title: "The latest figures of every service",
    description: "The figures that the list of services shows beside each dashboard.",
    auto_ids: &["dashboard_slug", "_timestamp"],
    raw_queries_allowed: true,
    max_age_expected: Some(200 * DAY),
    cadence: Cadence::Every(Period::Quarter),
    series: Series { entities: SERVICES.len() as u64, variants: 1, record: latest_values },
    ..USUAL
};

const SERVICES: [&str; 6] = [
    "harbour-permits",
    "lantern-licences",
    "bridge-tolls",
    "kite-registrations",
    "well-inspections",
    "ferry-passes",
];

fn summary(moment: Moment) -> Option<Record> {
    let Moment { story, start, end, entity, variant, .. } = moment;
    let whole_year = variant == 1;
    let quarters = if whole_year { 4 } else { 1 };
    let beginning = Period::Quarter.add(end, -quarters)?;
    debug_assert!(whole_year || beginning == start);
    let figures = Figures::of(&story, entity, beginning, end);
    record! {
        "_timestamp": time(beginning),
        "end_at": time(end),
        "period": if whole_year { "year" } else { "quarter" },
        "type": if whole_year { "seasonally-adjusted" } else { "quarterly" },
        "service_id": names::name(&SERVICES, entity).replace(' ', "-"),
        "number_of_transactions": figures.transactions,
        "total_cost": rounded(figures.cost, 2),
        "cost_per_transaction": figures.cost_per_transaction(),
        "digital_takeup": figures.digital_takeup,
    }
}

fn latest_values(moment: Moment) -> Option<Record> {
    let Moment { story, start, end, entity, mut noise, .. } = moment;
    let figures = Figures::of(&story, entity, Period::Year.add(end, -1)?, end);
    // Services that are not online have no journey that could be completed.
    let online = figures.digital_takeup.is_some();
    let (completion, satisfaction) = if story.redesigned(start) { (0.6, 0.77) } else { (0.43, 0.63) };
    record! {
        "_timestamp": time(start),
        "dashboard_slug": names::name(&SERVICES, entity).replace(' ', "-"),
        "number_of_transactions": figures.transactions,
        "total_cost": rounded(figures.cost, 2),
        "cost_per_transaction": figures.cost_per_transaction(),
        "digital_takeup": figures.digital_takeup,
        "completion_rate": online.then_some(rounded(noise.around(completion, 0.03), 3)),
        "user_satisfaction_score": rounded(noise.around(satisfaction, 0.02), 3),
    }
}

/// The figures of a service over some quarters.
struct Figures {
    transactions: u64,
    cost: f64,
    /// None before the service went online.
    digital_takeup: Option<f64>,
}

impl Figures {
    fn of(story: &Story, service: u64, start: DateTime<Utc>, end: DateTime<Utc>) -> Figures {
        let (mut transactions, mut cost, mut digital) = (0, 0.0, 0.0);
        for quarter in Period::Quarter.range(start, end) {
            let mut noise = story.noise("figures", &[quarter.timestamp().unsigned_abs(), service]);
            let middle = quarter + TimeDelta::days(45);
            let count = noise.count(noise.clone().around(13.0 * weekly_volume(story, service, middle), 0.02));
            let share = online_share(story, service, middle);
            transactions += count;
            digital += count as f64 * share;
            cost += count as f64 * noise.around(1.9 * share + 11.6 * (1.0 - share), 0.02);
        }
        let digital_takeup = (digital > 0.0).then(|| rounded(digital / transactions as f64, 3));
        Figures { transactions, cost, digital_takeup }
    }

    fn cost_per_transaction(&self) -> Option<f64> {
        (self.transactions > 0).then(|| rounded(self.cost / self.transactions as f64, 2))
    }
}

fn weekly_volume(story: &Story, service: u64, time: DateTime<Utc>) -> f64 {
    if service == 0 {
        // The same permits that the channels count.
        return expected_permits(story, time);
    }
    let size = 800.0 + 20_000.0 * story.noise("service", &[service]).uniform();
    size * season(time, 4, 0.15) * story.growth(time, 0.03)
}

fn online_share(story: &Story, service: u64, time: DateTime<Utc>) -> f64 {
    match service % 6 {
        0 => story.online_share(time),
        // One service has stayed on paper.
        4 => 0.0,
        other => (0.3 + 0.07 * other as f64 + 0.06 * story.years(time)).clamp(0.0, 0.95),
    }
}
