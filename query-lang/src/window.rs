//! What a query is about once the present is known: which records, which periods, and whether the whole may move.

use chrono::{DateTime, Datelike, NaiveDateTime, Utc};

use crate::{Calendar, Compare, Period, Query};

/// The records and periods that a query is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Earliest moment of a record, inclusive; `None` = no bound.
    pub start: Option<DateTime<Utc>>,
    /// Latest moment of a record, exclusive unless `inclusive`; `None` = no bound.
    pub end: Option<DateTime<Utc>>,
    /// Whether a record at `end` itself belongs to the window.
    pub inclusive: bool,
    /// For a period query, the periods that the answer shows, with data or without.
    pub periods: Option<Periods>,
    /// Whether the window moves when the periods at its edge turn out to be empty.
    pub shift: Shift,
}

/// A run of calendar periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    /// Their length.
    pub period: Period,
    /// The calendar by which they begin.
    pub calendar: Calendar,
    /// Start of the first.
    pub start: DateTime<Utc>,
    /// End of the last, which is the start of the one after it.
    pub end: DateTime<Utc>,
}

/// How a window moves to where there is data.
///
/// A query for so many periods from a given start, back from a given end or back from now wants periods with data.
/// When the edge that it counts from is empty, the window moves, once: by the number of empty periods before the first
/// one with data (from that edge), and so that all keep their number. A window without any data stays. In a grouped
/// answer the group that has to move least decides. Flat answers never move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// Absolute ranges and flat answers stay where they are.
    Never,
    /// Counted from `start_at`: moves later by the number of empty periods at the beginning.
    Later,
    /// Counted back from `end_at` or now: moves earlier by the number of empty periods at the end.
    Earlier,
}

impl Shift {
    /// By how many periods to move (negative = earlier), given whether each period of a group has data, in order of time.
    pub fn steps(self, has_data: impl DoubleEndedIterator<Item = bool>) -> i64 {
        let mut has_data = has_data;
        let empty = match self {
            Self::Never => None,
            Self::Later => has_data.position(|full| full),
            Self::Earlier => has_data.rev().position(|full| full),
        };
        let steps = i64::try_from(empty.unwrap_or(0)).unwrap_or(0);
        if self == Self::Earlier { -steps } else { steps }
    }
}

impl Periods {
    /// The starts of the periods in order of time.
    pub fn starts(self) -> impl Iterator<Item = DateTime<Utc>> {
        self.calendar.range(self.period, self.start, self.end)
    }

    /// How many they are, without counting them one by one. Where a calendar skips a whole day, that counts too.
    pub fn count(self) -> u64 {
        let start = self.calendar.local(self.start);
        let end = self.calendar.local(self.end);
        let months = |time: NaiveDateTime| i64::from(time.year()) * 12 + i64::from(time.month0());
        let span = end.date() - start.date();
        let count = match self.period {
            Period::Minutes(part) if self.period.is_within_an_hour() => {
                (self.end - self.start).num_minutes() / part.minutes()
            }
            // On the clocks of the zone; where they skip the start of one, it begins later but counts.
            Period::Minutes(part) => {
                let floor = |time: NaiveDateTime| self.period.floor(time.and_utc());
                (floor(end) - floor(start)).num_minutes() / part.minutes()
            }
            Period::Hour => (self.end - self.start).num_hours(),
            Period::Day => span.num_days(),
            Period::Week => span.num_weeks(),
            Period::Month => months(end) - months(start),
            Period::Quarter => (months(end) - months(start)) / 3,
            Period::Year => (months(end) - months(start)) / 12,
        };
        u64::try_from(count).unwrap_or(0)
    }
}

impl Window {
    /// Whether a record of that moment is in the window.
    pub fn contains(&self, time: DateTime<Utc>) -> bool {
        let after_start = self.start.is_none_or(|start| time >= start);
        let before_end = self.end.is_none_or(|end| time < end || self.inclusive && time == end);
        after_start && before_end
    }

    /// The same window as it was a period, or a year, before; `None` when it would leave the calendar, or for a window
    /// without periods.
    pub fn earlier(&self, by: Compare) -> Option<Self> {
        let periods = self.periods?;
        let before = |time| by.before(periods.calendar, periods.period, time);
        let moved = |time: Option<DateTime<Utc>>| match time {
            // A bound inside a period is as far inside the earlier one.
            Some(time) => {
                let floor = periods.calendar.floor(periods.period, time);
                before(floor)?.checked_add_signed(time - floor).map(Some)
            }
            None => Some(None),
        };
        let earlier = Periods { start: before(periods.start)?, end: before(periods.end)?, ..periods };
        Some(Self {
            start: moved(self.start)?,
            end: moved(self.end)?,
            inclusive: self.inclusive,
            periods: Some(Some(earlier).filter(in_calendar)?),
            shift: Shift::Never,
        })
    }

    /// The same window, so many periods later (earlier when negative), never to move again. `None` when it would leave
    /// the calendar, or for a window without periods.
    pub fn shifted(&self, steps: i64) -> Option<Self> {
        let Periods { period, calendar, start, end } = self.periods?;
        let moved = |time: Option<DateTime<Utc>>| match time {
            Some(time) => calendar.add(period, time, steps).map(Some),
            None => Some(None),
        };
        let step = |time| calendar.add(period, time, steps);
        let periods = Periods { period, calendar, start: step(start)?, end: step(end)? };
        Some(Self {
            start: moved(self.start)?,
            end: moved(self.end)?,
            inclusive: self.inclusive,
            periods: Some(periods).filter(in_calendar),
            shift: Shift::Never,
        })
        .filter(|window| window.periods.is_some())
    }
}

impl Compare {
    /// The moment to compare with: a period earlier, or the same one a year before. Weeks are compared with the week 52
    /// weeks before, which begins on a Monday too; 29 February with the 28th.
    pub fn before(self, calendar: Calendar, period: Period, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match (self, period) {
            (Self::PreviousPeriod, _) => calendar.add(period, time, -1),
            (Self::PreviousYear, Period::Week) => calendar.add(period, time, -52),
            (Self::PreviousYear, Period::Day | Period::Month | Period::Quarter | Period::Year) => {
                calendar.year_before(time)
            }
            // Within a day the clocks of a year ago may tell another time: what counts is the distance in hours.
            (Self::PreviousYear, Period::Hour | Period::Minutes(_)) => {
                let day = calendar.floor(Period::Day, time);
                Some(calendar.year_before(day)? + (time - day))
            }
        }
    }
}

impl Query {
    /// What the query is about at the given present, which only a `duration` without `start_at` or `end_at` looks at.
    ///
    /// Queries from [`parse`](crate::parse) stay in the calendar. One that leaves it has a window without periods.
    pub fn window(&self, now: DateTime<Utc>) -> Window {
        self.checked_window(now).unwrap_or(Window {
            start: self.start_at,
            end: self.end_at,
            inclusive: self.inclusive,
            periods: None,
            shift: Shift::Never,
        })
    }

    /// Whether the answer depends on the present.
    pub fn is_relative(&self) -> bool {
        self.duration.is_some() && self.start_at.is_none() && self.end_at.is_none()
    }

    /// The window, `None` when it leaves the calendar.
    pub(crate) fn checked_window(&self, now: DateTime<Utc>) -> Option<Window> {
        let absolute = Window {
            start: self.start_at,
            end: self.end_at,
            inclusive: self.inclusive,
            periods: None,
            shift: Shift::Never,
        };
        let Some(period) = self.period else { return Some(absolute) };

        let calendar = self.calendar();
        if let Some(duration) = self.duration {
            let forward = self.start_at.is_some();
            let edge = calendar.floor(period, self.start_at.or(self.end_at).unwrap_or(now));
            let steps = if forward { duration } else { duration.checked_neg()? };
            let other_edge = calendar.add(period, edge, steps)?;
            let (start, end) = (edge.min(other_edge), edge.max(other_edge));
            let shift = match (self.flatten, forward) {
                (true, _) => Shift::Never,
                (false, true) => Shift::Later,
                (false, false) => Shift::Earlier,
            };
            let periods = Some(Periods { period, calendar, start, end }).filter(in_calendar)?;
            return Some(Window {
                start: Some(start),
                end: Some(end),
                periods: Some(periods),
                shift,
                ..absolute
            });
        }

        let periods = match (self.start_at, self.end_at) {
            (Some(start), Some(end)) => {
                let (start, end) = (calendar.floor(period, start), calendar.ceiling(period, end)?);
                Some(Some(Periods { period, calendar, start, end }).filter(in_calendar)?)
            }
            _ => None,
        };
        Some(Window { periods, ..absolute })
    }
}

/// Answers print years with four digits; the end of the last period is printed too.
fn in_calendar(periods: &Periods) -> bool {
    periods.start.min(periods.end).year() >= 1 && periods.start.max(periods.end).year() <= 9999
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Policy, parse};

    const NOW: &str = "2014-01-08T09:00:00Z";

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn window(query_string: &str) -> Window {
        let policy = Policy { raw_queries_allowed: true };
        parse(query_string, &policy, at(NOW)).unwrap().window(at(NOW))
    }

    fn starts(window: &Window) -> Vec<String> {
        window.periods.unwrap().starts().map(|time| time.format("%Y-%m-%dT%H").to_string()).collect()
    }

    #[test]
    fn a_range_inside_periods_shows_the_whole_of_them() {
        let window = window("period=day&start_at=2014-09-08T10:00:00Z&end_at=2014-09-10T11:00:00Z");
        assert_eq!(starts(&window), ["2014-09-08T00", "2014-09-09T00", "2014-09-10T00"]);
        assert!(!window.contains(at("2014-09-08T09:59:59Z")));
        assert!(!window.contains(at("2014-09-10T11:00:00Z")));
        assert_eq!(window.shift, Shift::Never);
    }

    #[test]
    fn an_inclusive_end_admits_the_moment_but_no_further_period() {
        let window =
            window("period=day&start_at=2014-09-08T00:00:00Z&end_at=2014-09-10T00:00:00Z&inclusive=true");
        assert!(window.contains(at("2014-09-10T00:00:00Z")));
        assert_eq!(starts(&window), ["2014-09-08T00", "2014-09-09T00"]);
    }

    #[test]
    fn durations_count_whole_periods_from_an_edge() {
        let later = window("period=month&duration=2&start_at=2012-01-31T00:00:00Z");
        assert_eq!(
            (starts(&later), later.shift),
            (vec!["2012-01-01T00".into(), "2012-02-01T00".into()], Shift::Later)
        );
        let earlier = window("period=hour&duration=3&end_at=2014-09-08T09:45:00Z");
        assert_eq!(starts(&earlier), ["2014-09-08T06", "2014-09-08T07", "2014-09-08T08"]);
        assert_eq!(earlier.shift, Shift::Earlier);
        let from_now = window("period=week&duration=3");
        assert_eq!(starts(&from_now), ["2013-12-16T00", "2013-12-23T00", "2013-12-30T00"]);
        assert_eq!(window("period=week&duration=3&flatten=true").shift, Shift::Never);
        assert_eq!(window("period=week&duration=00").periods.unwrap().count(), 0);
    }

    #[test]
    fn periods_follow_the_clocks_of_a_time_zone() {
        let window = window("period=day&duration=3&end_at=2013-04-01T12:00:00Z&timezone=Europe/London");
        assert_eq!(starts(&window), ["2013-03-29T00", "2013-03-30T00", "2013-03-31T00"]);
        assert_eq!(window.end, Some(at("2013-03-31T23:00:00Z")));
        assert_eq!(window.periods.unwrap().count(), 3);
        assert_eq!(starts(&window.shifted(1).unwrap()), ["2013-03-30T00", "2013-03-31T00", "2013-03-31T23"]);
    }

    #[test]
    fn shifting_keeps_the_number_of_periods() {
        let window = window("period=month&duration=3&end_at=2014-03-15T00:00:00Z");
        let steps = window.shift.steps([true, false, false].into_iter());
        assert_eq!(steps, -2);
        let shifted = window.shifted(steps).unwrap();
        assert_eq!(starts(&shifted), ["2013-10-01T00", "2013-11-01T00", "2013-12-01T00"]);
        assert_eq!(
            (shifted.start, shifted.end),
            (Some(at("2013-10-01T00:00:00Z")), Some(at("2014-01-01T00:00:00Z")))
        );
        assert_eq!(shifted.shift, Shift::Never);
        assert_eq!(Shift::Earlier.steps([false, false].into_iter()), 0);
        assert_eq!(Shift::Later.steps([false, true, false].into_iter()), 1);
        assert_eq!(Shift::Never.steps([false, true].into_iter()), 0);
    }

    #[test]
    fn earlier_windows_are_a_period_or_a_year_before() {
        let starts_before = |query: &str, by| starts(&window(query).earlier(by).unwrap());
        let day = "period=day&start_at=2012-02-28T00:00:00Z&end_at=2012-03-02T00:00:00Z";
        assert_eq!(starts_before(day, Compare::PreviousPeriod)[0], "2012-02-27T00");
        assert_eq!(starts_before(day, Compare::PreviousYear), ["2011-02-28T00", "2011-03-01T00"]);
        let week = "period=week&duration=1&end_at=2014-09-08T00:00:00Z";
        assert_eq!(starts_before(week, Compare::PreviousYear), ["2013-09-02T00"]);
        let partial = window("period=month&start_at=2014-03-10T06:00:00Z&end_at=2014-04-01T00:00:00Z");
        let earlier = partial.earlier(Compare::PreviousPeriod).unwrap();
        assert_eq!(
            (earlier.start, earlier.end),
            (Some(at("2014-02-10T06:00:00Z")), Some(at("2014-03-01T00:00:00Z")))
        );
        let summer = window("period=6hours&duration=1&end_at=2014-07-01T13:00:00Z&timezone=Europe/London");
        assert_eq!(starts(&summer), ["2014-07-01T05"]);
        assert_eq!(starts(&summer.earlier(Compare::PreviousYear).unwrap()), ["2013-07-01T05"]);
    }

    #[test]
    fn counts_agree_with_counting() {
        for period in Period::ALL {
            let (start, end) =
                (period.floor(at("2012-02-29T13:00:00Z")), period.floor(at("2015-11-05T00:00:00Z")));
            let calendar = Calendar::default();
            let periods = Periods { period, calendar, start, end };
            assert_eq!(periods.count(), periods.starts().count() as u64, "{period}");
        }
    }
}
