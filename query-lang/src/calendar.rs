//! Periods as they begin in a time zone. The platform's own calendar is that of UTC.

use chrono::{DateTime, Months, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use crate::{Period, print_time};

/// The calendar of a time zone, UTC unless said otherwise.
///
/// Periods of a day and more begin at midnight there, or with the first moment after it where the clocks skip midnight;
/// so a day may have 23 or 25 hours, and six hours five or seven. Hours have 60 minutes always, and begin at the full hour
/// of the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Calendar {
    /// The time zone; `None` is UTC.
    pub zone: Option<Tz>,
}

impl Calendar {
    /// The start of the period that holds the moment.
    pub fn floor(self, period: Period, time: DateTime<Utc>) -> DateTime<Utc> {
        let Some(zone) = self.zone else { return period.floor(time) };
        let local = time.with_timezone(&zone).naive_local();
        match period {
            // Not by way of the local time, which is not unique in the hour when the clocks go back.
            _ if is_physical(period) => time - (local - period.floor(local.and_utc()).naive_utc()),
            _ => first_moment(zone, period.floor(local.and_utc()).naive_utc()).unwrap_or(time),
        }
    }

    /// The moment itself when it starts a period, else the start of the next one; `None` past the end of time.
    pub fn ceiling(self, period: Period, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let floor = self.floor(period, time);
        if floor == time { Some(time) } else { self.add(period, floor, 1) }
    }

    /// The start of the period so many later (earlier when negative) than the one that begins at `start`; `None` beyond
    /// the calendar's range.
    pub fn add(self, period: Period, start: DateTime<Utc>, periods: i64) -> Option<DateTime<Utc>> {
        match self.zone {
            Some(zone) if !is_physical(period) => {
                let local = start.with_timezone(&zone).naive_local();
                let start = period.floor(local.and_utc());
                first_moment(zone, period.add(start, periods)?.naive_utc())
            }
            _ => period.add(start, periods),
        }
    }

    /// The start of the same day (or of a longer period) a year before; 29 February becomes the 28th.
    pub fn year_before(self, start: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = self.local(start).date().and_time(NaiveTime::MIN);
        let earlier = local.checked_sub_months(Months::new(12))?;
        self.zone.map_or(Some(earlier.and_utc()), |zone| first_moment(zone, earlier))
    }

    /// The starts of the periods from `start` (itself a period start) up to, and without, `end`.
    pub fn range(
        self,
        period: Period,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> impl Iterator<Item = DateTime<Utc>> {
        let next = move |time: &DateTime<Utc>| self.add(period, *time, 1).filter(|next| next > time);
        std::iter::successors(Some(start), next).take_while(move |time| *time < end)
    }

    /// The time of a moment on the clocks of the zone.
    pub fn local(self, time: DateTime<Utc>) -> NaiveDateTime {
        self.zone.map_or(time.naive_utc(), |zone| time.with_timezone(&zone).naive_local())
    }

    /// Prints a moment with the zone's offset: `2014-07-01T00:00:00+01:00`. In UTC the same as [`print_time`].
    pub fn print(self, time: DateTime<Utc>) -> String {
        let Some(zone) = self.zone else { return print_time(time) };
        let local = time.with_timezone(&zone);
        let form = if local.nanosecond() == 0 { "%Y-%m-%dT%H:%M:%S%:z" } else { "%Y-%m-%dT%H:%M:%S%.6f%:z" };
        local.format(form).to_string()
    }
}

/// Whether all periods of the kind are equally long, whatever the clocks do: those of an hour and less.
fn is_physical(period: Period) -> bool {
    period == Period::Hour || period.is_within_an_hour()
}

/// The first moment at which the clocks of a zone show this time or, where they skip it, a later one. The widest gap in
/// history is a whole day, skipped in Samoa.
fn first_moment(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    let quarters_of_an_hour = 0..=2 * 24 * 4;
    quarters_of_an_hour
        .filter_map(|quarters| local.checked_add_signed(TimeDelta::try_minutes(15 * quarters)?))
        .find_map(|local| zone.from_local_datetime(&local).earliest())
        .map(|time| time.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn calendar(zone: &str) -> Calendar {
        Calendar { zone: Some(zone.parse().unwrap()) }
    }

    fn printed(zone: &str, period: Period, from: &str, to: &str) -> Vec<String> {
        let calendar = calendar(zone);
        let start = calendar.floor(period, at(from));
        let end = calendar.ceiling(period, at(to)).unwrap();
        calendar.range(period, start, end).map(|time| calendar.print(time)).collect()
    }

    #[test]
    fn days_follow_the_clocks() {
        assert_eq!(
            printed("Europe/London", Period::Day, "2013-03-30T12:00:00Z", "2013-04-01T12:00:00Z"),
            ["2013-03-30T00:00:00+00:00", "2013-03-31T00:00:00+00:00", "2013-04-01T00:00:00+01:00"]
        );
        assert_eq!(
            printed("Europe/London", Period::Month, "2013-10-31T23:30:00Z", "2013-11-01T00:30:00Z"),
            ["2013-10-01T00:00:00+01:00", "2013-11-01T00:00:00+00:00"]
        );
    }

    #[test]
    fn hours_are_unique_when_the_clocks_go_back() {
        assert_eq!(
            printed("Europe/London", Period::Hour, "2013-10-27T00:15:00Z", "2013-10-27T02:30:00Z"),
            ["2013-10-27T01:00:00+01:00", "2013-10-27T01:00:00+00:00", "2013-10-27T02:00:00+00:00"]
        );
        assert_eq!(
            calendar("Asia/Kolkata").floor(Period::Hour, at("2014-01-01T00:15:00Z")),
            at("2013-12-31T23:30:00Z")
        );
    }

    #[test]
    fn a_skipped_midnight_or_day_does_no_harm() {
        assert_eq!(
            printed("America/Sao_Paulo", Period::Day, "2013-10-19T12:00:00Z", "2013-10-20T12:00:00Z"),
            ["2013-10-19T00:00:00-03:00", "2013-10-20T01:00:00-02:00"]
        );
        assert_eq!(
            printed("Pacific/Apia", Period::Day, "2011-12-29T12:00:00Z", "2012-01-01T00:00:00Z"),
            ["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00"]
        );
    }

    #[test]
    fn without_a_zone_it_is_utc() {
        let time = at("2014-08-20T13:45:12.5Z");
        for period in Period::ALL {
            assert_eq!(Calendar::default().floor(period, time), period.floor(time));
            let utc = calendar("UTC");
            assert_eq!(utc.floor(period, time), period.floor(time));
            assert_eq!(utc.add(period, period.floor(time), -7), period.add(period.floor(time), -7));
        }
        assert_eq!(Calendar::default().print(time), calendar("UTC").print(time));
    }
}
