//! The calendar of the invented country: days on which offices are closed.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};

/// Whether offices are closed for a holiday on this day.
pub(crate) fn is_holiday(date: NaiveDate) -> bool {
    let easter = easter_sunday(date.year());
    let from_easter = easter.map(|easter| date.signed_duration_since(easter).num_days());
    let monday = date.weekday() == Weekday::Mon;
    match (date.month(), date.day()) {
        (1, 1) | (12, 25 | 26) => true,
        // When one of those falls on a weekend, the next days are free instead.
        (1, 2 | 3) | (12, 27) if monday => true,
        (12, 28) if monday || date.weekday() == Weekday::Tue => true,
        (5, 1..=7) if monday => true,
        (8, 25..) if monday => true,
        _ => matches!(from_easter, Some(-2 | 1)),
    }
}

/// Whether people are at work in offices on this day.
pub(crate) fn is_working_day(date: NaiveDate) -> bool {
    !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) && !is_holiday(date)
}

/// The number of working days from a day up to, and without, another.
pub(crate) fn working_days(start: DateTime<Utc>, end: DateTime<Utc>) -> u64 {
    let days = std::iter::successors(Some(start.date_naive()), |day| day.checked_add_days(Days::new(1)));
    days.take_while(|day| *day < end.date_naive()).filter(|day| is_working_day(*day)).count() as u64
}

/// The "anonymous Gregorian" rule, as published in Nature in 1876.
fn easter_sunday(year: i32) -> Option<NaiveDate> {
    let a = year.rem_euclid(19);
    let (b, c) = (year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b.div_euclid(4), b.rem_euclid(4));
    let g = (8 * b + 13).div_euclid(25);
    let h = (19 * a + b - d - g + 15).rem_euclid(30);
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k).rem_euclid(7);
    let m = (a + 11 * h + 19 * l).div_euclid(433);
    let month = (h + l - 7 * m + 90).div_euclid(25);
    let day = (h + l - 7 * m + 33 * month + 19).rem_euclid(32);
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn easter_falls_where_almanacs_say() {
        for sunday in ["2016-03-27", "2019-04-21", "2024-03-31", "2025-04-20", "2038-04-25"] {
            assert_eq!(easter_sunday(day(sunday).year()), Some(day(sunday)));
        }
    }

    #[test]
    fn holidays_on_a_weekend_are_made_up_for() {
        // Christmas Day of 2021 was a Saturday.
        assert!(is_holiday(day("2021-12-27")) && is_holiday(day("2021-12-28")));
        assert!(!is_holiday(day("2023-12-28")));
        assert!(is_holiday(day("2022-01-03")));
        assert!(is_holiday(day("2024-03-29")) && is_holiday(day("2024-04-01")));
    }

    #[test]
    fn a_week_has_five_working_days_unless_there_is_a_holiday() {
        let days = |start: &str, end: &str| working_days(start.parse().unwrap(), end.parse().unwrap());
        assert_eq!(days("2024-02-05T00:00:00Z", "2024-02-12T00:00:00Z"), 5);
        assert_eq!(days("2024-03-25T00:00:00Z", "2024-04-08T00:00:00Z"), 8);
    }
}
