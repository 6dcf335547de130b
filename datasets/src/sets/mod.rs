//! The data sets. One file for each data group; a data set is its description and one function that makes a record.

mod harbour_permits;
mod lantern_licences;
pub(crate) mod names;
mod service_figures;
mod tides_and_rivers;

use query_lang::Period;

use crate::cadence::Cadence;
use crate::sample::{SampleDataSet, Series};

const DAY: i64 = 24 * 3_600;

/// All sample data sets, the larger first.
static SETS: [SampleDataSet; 13] = [
    harbour_permits::AVAILABILITY,
    tides_and_rivers::PAGE_VISITS,
    lantern_licences::APPLICATIONS,
    lantern_licences::DECISION_TIMES,
    harbour_permits::TRANSACTIONS_BY_CHANNEL,
    harbour_permits::CALLS,
    harbour_permits::SATISFACTION,
    harbour_permits::JOURNEY,
    lantern_licences::SATISFACTION,
    tides_and_rivers::REALTIME_VISITORS,
    tides_and_rivers::DEVICE_USE,
    service_figures::SUMMARIES,
    service_figures::LATEST_VALUES,
];

/// The sample data sets.
pub fn sample_data_sets() -> &'static [SampleDataSet] {
    &SETS
}

/// The sample data set of this data group and data type.
pub fn sample_data_set(data_group: &str, data_type: &str) -> Option<&'static SampleDataSet> {
    SETS.iter().find(|set| set.data_group == data_group && set.data_type == data_type)
}

/// What most data sets have in common.
const USUAL: SampleDataSet = SampleDataSet {
    data_group: "",
    data_type: "",
    title: "",
    description: "",
    auto_ids: &[],
    raw_queries_allowed: false,
    max_age_expected: None,
    realtime: false,
    cadence: Cadence::Every(Period::Week),
    series: Series { entities: 1, variants: 1, record: |_| None },
};
