//! When records are due.

use chrono::{DateTime, TimeDelta, Utc};
use query_lang::Period;

/// How often a data set has records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// Every five minutes, for the last two days only: what a display of the present moment needs.
    FiveMinutes,
    /// Once in each of these periods, for three years or a little more: from the start of a quarter on.
    Every(Period),
}

const FIVE_MINUTES: TimeDelta = TimeDelta::minutes(5);
const QUARTERS_KEPT: i64 = 12;
const DAYS_OF_THE_PRESENT: i64 = 2;

impl Cadence {
    /// The start of the period that holds the moment.
    fn floor(self, time: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Cadence::Every(period) => period.floor(time),
            Cadence::FiveMinutes => {
                let seconds = time.timestamp();
                let start = seconds - seconds.rem_euclid(FIVE_MINUTES.num_seconds());
                DateTime::from_timestamp(start, 0).unwrap_or(time)
            }
        }
    }

    /// A period start some periods away; `None` beyond the calendar's range.
    pub(crate) fn add(self, time: DateTime<Utc>, periods: i32) -> Option<DateTime<Utc>> {
        match self {
            Cadence::Every(period) => period.add(time, i64::from(periods)),
            Cadence::FiveMinutes => time.checked_add_signed(FIVE_MINUTES * periods),
        }
    }

    /// The starts of all periods that are complete `now`, oldest first; of these the latest `share` (from 0 to 1), but
    /// at least one. None at all at the edges of the calendar.
    pub(crate) fn starts(
        self,
        now: DateTime<Utc>,
        share: f64,
    ) -> impl Iterator<Item = DateTime<Utc>> + use<> {
        let end = self.floor(now);
        let first = self.first(now, end, share);
        std::iter::successors(first, move |time| self.add(*time, 1)).take_while(move |time| *time < end)
    }

    fn first(self, now: DateTime<Utc>, end: DateTime<Utc>, share: f64) -> Option<DateTime<Utc>> {
        let last = self.add(end, -1)?;
        let beginning = match self {
            Cadence::Every(_) => Period::Quarter.add(Period::Quarter.floor(now), -QUARTERS_KEPT)?,
            Cadence::FiveMinutes => end.checked_sub_signed(TimeDelta::days(DAYS_OF_THE_PRESENT))?,
        };
        let kept = (end - beginning).num_seconds() as f64 * share.clamp(0.0, 1.0);
        let cut = end.checked_sub_signed(TimeDelta::try_seconds(kept as i64)?)?;
        let floor = self.floor(cut);
        let first = if floor == cut { cut } else { self.add(floor, 1)? };
        Some(first.min(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn ends_with_the_last_complete_period() {
        let now = at("2024-08-21T10:03:00Z");
        let last = |cadence: Cadence| cadence.starts(now, 1.0).last().unwrap();
        assert_eq!(last(Cadence::Every(Period::Hour)), at("2024-08-21T09:00:00Z"));
        assert_eq!(last(Cadence::Every(Period::Week)), at("2024-08-12T00:00:00Z"));
        assert_eq!(last(Cadence::Every(Period::Quarter)), at("2024-04-01T00:00:00Z"));
        assert_eq!(last(Cadence::FiveMinutes), at("2024-08-21T09:55:00Z"));
    }

    #[test]
    fn begins_three_years_or_more_ago() {
        let starts = |now: &str, period| Cadence::Every(period).starts(at(now), 1.0).collect::<Vec<_>>();
        assert_eq!(starts("2024-10-01T00:00:00Z", Period::Quarter).len(), 12);
        assert_eq!(starts("2024-09-30T00:00:00Z", Period::Month).len(), 38);
        assert_eq!(starts("2024-10-01T00:00:00Z", Period::Month)[0], at("2021-10-01T00:00:00Z"));
        assert_eq!(starts("2024-10-01T00:00:00Z", Period::Week)[0], at("2021-10-04T00:00:00Z"));
    }

    #[test]
    fn a_share_is_the_latest_and_never_nothing() {
        let now = at("2024-10-01T00:00:00Z");
        let days = Cadence::Every(Period::Day);
        assert_eq!(days.starts(now, 0.1).count(), 109);
        assert_eq!(days.starts(now, 0.0).collect::<Vec<_>>(), [at("2024-09-30T00:00:00Z")]);
    }

    #[test]
    fn the_edges_of_the_calendar_have_no_records_and_no_panic() {
        for cadence in [Cadence::FiveMinutes, Cadence::Every(Period::Hour), Cadence::Every(Period::Week)] {
            assert_eq!(cadence.starts(DateTime::<Utc>::MIN_UTC, 1.0).count(), 0);
            assert!(cadence.starts(DateTime::<Utc>::MAX_UTC, 1.0).count() > 0);
        }
    }
}
