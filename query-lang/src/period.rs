//! The calendar: minutes and their multiples, hours, days, weeks, months, quarters and years in UTC.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};

use crate::grammar;

const MINUTES_A_DAY: u16 = 1_440;

/// A calendar period. A week begins on Monday, a quarter in January, April, July or October.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// So many minutes, counted from midnight; a day holds a whole number of them.
    Minutes(PartOfDay),
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week from Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// Three calendar months.
    Quarter,
    /// A calendar year.
    Year,
}

/// A number of minutes that divides a day evenly and is neither an hour nor a day: these have names of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartOfDay(u16);

impl PartOfDay {
    /// How many minutes.
    pub fn minutes(self) -> i64 {
        i64::from(self.0)
    }
}

impl Period {
    /// The periods that records are marked with, shortest first.
    pub const ALL: [Self; 6] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// The name in a query string.
    pub fn name(self) -> Cow<'static, str> {
        let name = match self {
            Self::Minutes(PartOfDay(1)) => "minute",
            Self::Minutes(PartOfDay(minutes)) if minutes % 60 == 0 => {
                return format!("{}hours", minutes / 60).into();
            }
            Self::Minutes(PartOfDay(minutes)) => return format!("{minutes}minutes").into(),
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        };
        name.into()
    }

    /// The period of that name: `week`, `minute`, `15minutes`, `6hours`.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = Self::ALL.into_iter().find(|period| period.name() == name);
        named.or_else(|| Self::of_minutes(grammar::minutes(name)?))
    }

    /// The period of so many minutes; `None` when a day does not hold a whole number of them.
    pub fn of_minutes(minutes: u16) -> Option<Self> {
        match minutes {
            60 => Some(Self::Hour),
            MINUTES_A_DAY => Some(Self::Day),
            1.. if MINUTES_A_DAY.is_multiple_of(minutes) => Some(Self::Minutes(PartOfDay(minutes))),
            _ => None,
        }
    }

    /// Whether a period may be shorter than an hour.
    pub fn is_within_an_hour(self) -> bool {
        matches!(self, Self::Minutes(part) if part.minutes() < 60)
    }

    /// The key under which a record shows the start of this period, such as `_week_start_at`. Parts of a day other than
    /// the hour are not shown.
    pub fn start_key(self) -> &'static str {
        match self {
            Self::Minutes(_) => "_minute_start_at",
            Self::Hour => "_hour_start_at",
            Self::Day => "_day_start_at",
            Self::Week => "_week_start_at",
            Self::Month => "_month_start_at",
            Self::Quarter => "_quarter_start_at",
            Self::Year => "_year_start_at",
        }
    }

    /// The start of the period that holds the moment.
    pub fn floor(self, time: DateTime<Utc>) -> DateTime<Utc> {
        let date = time.date_naive();
        let first_of = |month: u32| NaiveDate::from_ymd_opt(date.year(), month, 1).unwrap_or(date);
        let start = match self {
            Self::Minutes(part) => {
                let minute = i64::from(time.hour() * 60 + time.minute());
                let start = TimeDelta::minutes(minute - minute % part.minutes());
                return date.and_time(NaiveTime::MIN).and_utc() + start;
            }
            Self::Hour => {
                let hour = NaiveTime::from_hms_opt(time.hour(), 0, 0).unwrap_or_default();
                return date.and_time(hour).and_utc();
            }
            Self::Day => date,
            Self::Week => {
                let back = Days::new(u64::from(date.weekday().num_days_from_monday()));
                date.checked_sub_days(back).unwrap_or(date)
            }
            Self::Month => first_of(date.month()),
            Self::Quarter => first_of(date.month0() / 3 * 3 + 1),
            Self::Year => first_of(1),
        };
        start.and_time(NaiveTime::MIN).and_utc()
    }

    /// The moment itself when it starts a period, else the start of the next one; `None` past the end of time.
    pub fn ceiling(self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let floor = self.floor(time);
        if floor == time { Some(time) } else { self.add(floor, 1) }
    }

    /// The moment this many periods later (earlier when negative); `None` beyond the calendar's range.
    /// A day of the month that does not exist becomes the month's last day.
    pub fn add(self, time: DateTime<Utc>, periods: i64) -> Option<DateTime<Utc>> {
        let seconds_each = match self {
            Self::Minutes(part) => part.minutes() * 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Week => 604_800,
            Self::Month => return add_months(time, periods),
            Self::Quarter => return add_months(time, periods.checked_mul(3)?),
            Self::Year => return add_months(time, periods.checked_mul(12)?),
        };
        time.checked_add_signed(TimeDelta::try_seconds(periods.checked_mul(seconds_each)?)?)
    }

    /// The starts of the periods from `start` (itself a period start) up to, and without, `end`.
    pub fn range(self, start: DateTime<Utc>, end: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        std::iter::successors(Some(start), move |time| self.add(*time, 1)).take_while(move |time| *time < end)
    }
}

fn add_months(time: DateTime<Utc>, months: i64) -> Option<DateTime<Utc>> {
    let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    if months < 0 { time.checked_sub_months(count) } else { time.checked_add_months(count) }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn floors_to_the_start_of_each_period() {
        let time = at("2014-08-20T13:45:12.5Z");
        let floors: Vec<String> = Period::ALL.iter().map(|p| p.floor(time).to_rfc3339()).collect();
        assert_eq!(
            floors,
            [
                "2014-08-20T13:00:00+00:00",
                "2014-08-20T00:00:00+00:00",
                "2014-08-18T00:00:00+00:00",
                "2014-08-01T00:00:00+00:00",
                "2014-07-01T00:00:00+00:00",
                "2014-01-01T00:00:00+00:00",
            ]
        );
    }

    #[test]
    fn ceiling_leaves_a_period_start_alone() {
        assert_eq!(Period::Week.ceiling(at("2014-08-18T00:00:00Z")), Some(at("2014-08-18T00:00:00Z")));
        assert_eq!(Period::Week.ceiling(at("2014-08-18T00:00:01Z")), Some(at("2014-08-25T00:00:00Z")));
    }

    #[test]
    fn parts_of_a_day_are_counted_from_midnight() {
        let time = at("2014-08-20T13:47:12.5Z");
        for (name, start) in [
            ("minute", "2014-08-20T13:47:00Z"),
            ("15minutes", "2014-08-20T13:45:00Z"),
            ("90minutes", "2014-08-20T13:30:00Z"),
            ("6hours", "2014-08-20T12:00:00Z"),
        ] {
            let period = Period::from_name(name).unwrap();
            assert_eq!((period.floor(time), period.to_string().as_str()), (at(start), name));
        }
        for (name, same) in [("60minutes", Period::Hour), ("1hours", Period::Hour), ("24hours", Period::Day)]
        {
            assert_eq!(Period::from_name(name), Some(same), "{name}");
        }
        for name in
            ["7minutes", "0minutes", "48hours", "minutes", "15 minutes", "015minute", "99999minutes", "2days"]
        {
            assert_eq!(Period::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_range_has_every_start_once() {
        let starts: Vec<_> =
            Period::Quarter.range(at("2013-10-01T00:00:00Z"), at("2014-07-01T00:00:00Z")).collect();
        assert_eq!(
            starts,
            [at("2013-10-01T00:00:00Z"), at("2014-01-01T00:00:00Z"), at("2014-04-01T00:00:00Z")]
        );
    }

    #[test]
    fn beyond_the_calendar_there_is_nothing() {
        assert_eq!(Period::Year.add(at("2014-01-01T00:00:00Z"), i64::MAX), None);
        assert_eq!(Period::Hour.add(at("2014-01-01T00:00:00Z"), i64::MIN), None);
    }
}
