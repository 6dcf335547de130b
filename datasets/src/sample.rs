//! What a sample data set is, and how its records follow one another.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};

use crate::cadence::Cadence;
use crate::noise::Noise;
use crate::story::Story;

/// A record as it would be sent to the platform: a flat JSON object.
pub type Record = Map<String, Value>;

/// A data set of the demo: how it is to be registered, and how its records are made.
#[derive(Debug, Clone, Copy)]
pub struct SampleDataSet {
    /// The data group.
    pub data_group: &'static str,
    /// The data type.
    pub data_type: &'static str,
    /// A name for people.
    pub title: &'static str,
    /// What is in it, in a sentence or two.
    pub description: &'static str,
    /// The fields whose values identify a record; none: its records bring their own `_id`.
    pub auto_ids: &'static [&'static str],
    /// Whether queries may ask for single records.
    pub raw_queries_allowed: bool,
    /// The seconds after which the data counts as stale; none: it is not watched.
    pub max_age_expected: Option<i64>,
    /// Whether its records show the present moment.
    pub realtime: bool,
    /// How often there are records.
    pub cadence: Cadence,
    pub(crate) series: Series,
}

/// The records of one period: one for each of the entities (authorities, ports, pages) in each of the variants
/// (licence types, channels, devices).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Series {
    /// How many entities the demo has; a larger scale has more of them.
    pub(crate) entities: u64,
    /// How many records each entity has in a period.
    pub(crate) variants: u64,
    /// The record of one entity and variant in one period, if there is one.
    pub(crate) record: fn(Moment) -> Option<Record>,
}

/// Where a record stands.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    pub(crate) story: Story,
    /// The start of the period.
    pub(crate) start: DateTime<Utc>,
    /// Its end, which is the start of the next.
    pub(crate) end: DateTime<Utc>,
    /// Counted from 0.
    pub(crate) entity: u64,
    /// Counted from 0.
    pub(crate) variant: u64,
    /// Chance that only this record has.
    pub(crate) noise: Noise,
}

impl SampleDataSet {
    /// The name that the platform gives to a data set of this group and type.
    pub fn name(&self) -> String {
        format!("{}_{}", self.data_group, self.data_type).replace('-', "_")
    }
}

/// The records of a data set, oldest first, up to the last period that is complete `now`.
///
/// A scale of 1 gives what the demo shows: three years. A larger one has more authorities, ports or pages over the same
/// time, so ten times the scale is about ten times the records; a smaller one has fewer of them, and when there is only
/// one left, fewer of the latest periods. A scale that is zero, negative or not a number gives nothing.
///
/// Records are made one by one as they are asked for, and the same arguments always give the same records.
pub fn generate(
    set: &SampleDataSet,
    now: DateTime<Utc>,
    scale: f64,
    seed: u64,
) -> impl Iterator<Item = Record> + use<> {
    let scale = if scale > 0.0 { scale } else { 0.0 };
    let Series { entities, variants, record } = set.series;
    let wanted = entities as f64 * scale;
    let entities = (wanted.round() as u64).max(1);
    let share_of_time = if wanted < 1.0 { wanted } else { 1.0 };

    let cadence = set.cadence;
    let label = set.name();
    let story = Story::new(now, seed);
    let starts = cadence.starts(now, share_of_time).filter(move |_| scale > 0.0);
    let places = starts.flat_map(move |start| {
        (0..entities).flat_map(move |entity| (0..variants).map(move |variant| (start, entity, variant)))
    });
    places.filter_map(move |(start, entity, variant)| {
        let end = cadence.add(start, 1)?;
        let noise = story.noise(&label, &[start.timestamp().unsigned_abs(), entity, variant]);
        record(Moment { story, start, end, entity, variant, noise })
    })
}

/// A moment as records write it.
pub(crate) fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Rounded to that many decimals, so that records hold figures and not dust.
pub(crate) fn rounded(value: f64, decimals: i32) -> f64 {
    let factor = 10_f64.powi(decimals);
    (value * factor).round() / factor
}

/// A record from its fields, in the order in which they are written. A figure that is not known is left out: an explicit
/// null among the values of a key makes its sum an error.
macro_rules! record {
    ($($key:literal: $value:expr),* $(,)?) => {{
        let mut record = crate::sample::Record::new();
        $(
            let value = serde_json::Value::from($value);
            if !value.is_null() {
                record.insert($key.to_owned(), value);
            }
        )*
        Some(record)
    }};
}
pub(crate) use record;
