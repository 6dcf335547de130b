//! Lantern Licences: everybody who hangs out a lantern by night needs one, from the authority of the place.

use query_lang::Period;

use super::{DAY, USUAL, names};
use crate::cadence::Cadence;
use crate::holidays::working_days;
use crate::sample::{Moment, Record, SampleDataSet, Series, record, rounded, time};
use crate::story::season;

pub(super) const APPLICATIONS: SampleDataSet = SampleDataSet {
    data_group: "lantern-licences",
    data_type: "applications",
    title: "Lantern licence applications",
    description: "Applications for new lantern licences and for renewals, each week, by authority: how many were received, \
                  granted and refused, and how long half of them took.",
    auto_ids: &["_timestamp", "authority", "licence_type"],
    raw_queries_allowed: true,
    max_age_expected: Some(14 * DAY),
    cadence: Cadence::Every(Period::Week),
    series: Series { entities: 14, variants: 2, record: applications },
    ..USUAL
};

pub(super) const DECISION_TIMES: SampleDataSet = SampleDataSet {
    data_group: "lantern-licences",
    data_type: "decision-times",
    title: "Lantern licence decision times",
    description: "Decisions each week by the number of working days that they took, from the authorities that measure it.",
    auto_ids: &["_timestamp", "authority", "days"],
    max_age_expected: Some(14 * DAY),
    cadence: Cadence::Every(Period::Week),
    series: Series { entities: 3, variants: DAYS.len() as u64, record: decision_times },
    ..USUAL
};

pub(super) const SATISFACTION: SampleDataSet = SampleDataSet {
    data_group: "lantern-licences",
    data_type: "satisfaction",
    title: "Lantern licence satisfaction",
    description: "The mean of what people answered in a month when they were asked how satisfied they were with the service, from 1 \
                  (very satisfied) to 5 (very dissatisfied), and how many answered.",
    auto_ids: &["_timestamp"],
    raw_queries_allowed: true,
    max_age_expected: Some(45 * DAY),
    cadence: Cadence::Every(Period::Month),
    series: Series { entities: 1, variants: 1, record: satisfaction },
    ..USUAL
};

/// Working days that a decision takes, and the share of decisions that take them, before and since the redesign.
const DAYS: [u64; 8] = [1, 2, 3, 5, 8, 10, 15, 20];
const SHARES_BEFORE: [f64; 8] = [0.04, 0.08, 0.13, 0.22, 0.21, 0.14, 0.11, 0.07];
const SHARES_SINCE: [f64; 8] = [0.11, 0.19, 0.22, 0.22, 0.13, 0.07, 0.04, 0.02];

/// The authority that once sent nothing for weeks.
const SILENT: u64 = 3;

fn applications(moment: Moment) -> Option<Record> {
    let Moment { story, start, end, entity, variant, mut noise } = moment;
    if entity == SILENT && story.authority_silent(start) {
        return None;
    }
    let renewal = variant == 1;
    let (share, peak_month, amplitude) = if renewal { (0.64, 3, 0.35) } else { (0.36, 7, 0.2) };
    let pace = working_days(start, end) as f64 / 5.0;
    let expected = weekly_applications(&moment.story, entity)
        * share
        * pace
        * season(start, peak_month, amplitude)
        * story.growth(start, 0.04)
        * story.fee_effect(start);
    let received = noise.count(noise.clone().around(expected, 0.05));
    let decided = noise.share_of(received, 0.97);
    let refused = noise.share_of(decided, if renewal { 0.03 } else { 0.11 });
    let usual_days = if story.redesigned(start) { 5.0 } else { 8.5 };
    // In some weeks a local system hands over its record without the figure that matters.
    let lost = noise.chance(0.004);

    let authority = names::authority(entity);
    record! {
        "_timestamp": time(start),
        "period": "week",
        "authority_slug": names::slug(&authority),
        "authority": authority,
        "licence_type": if renewal { "renewal" } else { "new" },
        "applications": (!lost).then_some(received),
        "granted": (!lost).then_some(decided - refused),
        "refused": (!lost).then_some(refused),
        "median_days": rounded(noise.around(usual_days, 0.12).max(1.0), 1),
    }
}

fn decision_times(moment: Moment) -> Option<Record> {
    let Moment { story, start, end, entity, variant, mut noise } = moment;
    let shares = if story.redesigned(start) { SHARES_SINCE } else { SHARES_BEFORE };
    let pace = working_days(start, end) as f64 / 5.0;
    let expected = weekly_applications(&story, entity) * pace * names::pick(&shares, variant);
    record! {
        "_timestamp": time(start),
        "period": "week",
        "authority": names::authority(entity),
        "days": names::pick(&DAYS, variant),
        "count": noise.count(noise.clone().around(expected, 0.06)),
    }
}

fn satisfaction(moment: Moment) -> Option<Record> {
    let Moment { story, start, mut noise, .. } = moment;
    let usual = if story.redesigned(start) { 1.9 } else { 2.4 };
    record! {
        "_timestamp": time(start),
        "period": "month",
        "score": rounded(noise.around(usual, 0.03), 2),
        "answers": noise.count(640.0 * season(start, 3, 0.25)),
    }
}

/// How many applications an authority usually has: a few large ones, many small ones.
fn weekly_applications(story: &crate::story::Story, authority: u64) -> f64 {
    let size = story.noise("authority", &[authority]).uniform();
    60.0 + 900.0 * size * size * size
}
