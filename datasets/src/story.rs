//! What happened in the invented country, and when, so that the data sets tell one story.
//!
//! Everything happens in the years before the one of the present, on fixed days: the story is the same from the first of
//! January to the last of December and records made later continue those made earlier; a new year tells it anew,
//! a year later, so that it never grows old.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use crate::noise::Noise;

/// The events, at a present.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Story {
    pub(crate) seed: u64,
    year: i32,
}

impl Story {
    pub(crate) fn new(now: DateTime<Utc>, seed: u64) -> Story {
        Story { seed, year: now.year() }
    }

    /// Chance that belongs to this label and these keys, whoever asks.
    pub(crate) fn noise(&self, label: &str, keys: &[u64]) -> Noise {
        Noise::new(self.seed, label, keys)
    }

    /// Years since the story began, with their fraction.
    pub(crate) fn years(&self, time: DateTime<Utc>) -> f64 {
        days_between(self.date(3, 1, 1), time) / 365.25
    }

    /// Growth by this share each year, from 1 at the beginning.
    pub(crate) fn growth(&self, time: DateTime<Utc>, per_year: f64) -> f64 {
        (1.0 + per_year * self.years(time)).max(0.1)
    }

    /// The permits could be had online from this day on.
    pub(crate) fn launch(&self) -> DateTime<Utc> {
        self.date(2, 2, 1)
    }

    /// The share of people who use the new online channel: none before the launch, most after some years.
    pub(crate) fn online_share(&self, time: DateTime<Utc>) -> f64 {
        let months = days_between(self.launch(), time) / 30.4;
        if months < 0.0 { 0.0 } else { 0.12 + 0.7 * months / (months + 7.0) }
    }

    /// The pages of the permit service were redesigned on this day: a step change for the better.
    pub(crate) fn redesign(&self) -> DateTime<Utc> {
        self.date(2, 9, 15)
    }

    pub(crate) fn redesigned(&self, time: DateTime<Utc>) -> bool {
        time >= self.redesign()
    }

    /// A licence fee rose on this day.
    pub(crate) fn fee_rise(&self) -> DateTime<Utc> {
        self.date(1, 4, 1)
    }

    /// What people do about a licence fee that rises: they hurry before it, and stay away after it.
    pub(crate) fn fee_effect(&self, time: DateTime<Utc>) -> f64 {
        match days_between(self.fee_rise(), time) {
            days if (-28.0..0.0).contains(&days) => 1.6,
            days if (0.0..56.0).contains(&days) => 0.72,
            days if days >= 56.0 => 0.95,
            _ => 1.0,
        }
    }

    /// The outage that everybody remembers: most of a day in November.
    pub(crate) fn in_great_outage(&self, time: DateTime<Utc>) -> bool {
        let start = self.date(1, 11, 14) + TimeDelta::hours(8);
        time >= start && time < start + TimeDelta::hours(9)
    }

    /// Whether the great outage fell in the time from `start` up to `end`.
    pub(crate) fn great_outage_within(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> bool {
        let day = self.date(1, 11, 14);
        day >= start && day < end
    }

    /// Letters did not arrive for two weeks in October: the first day, and how many.
    pub(crate) fn postal_strike(&self) -> (DateTime<Utc>, i64) {
        (self.date(1, 10, 7), 14)
    }

    pub(crate) fn letters_delayed(&self, time: DateTime<Utc>) -> bool {
        within(time, self.postal_strike())
    }

    /// The survey was broken and asked nobody, for nine days in May.
    pub(crate) fn survey_break(&self) -> (DateTime<Utc>, i64) {
        (self.date(1, 5, 11), 9)
    }

    pub(crate) fn survey_broken(&self, time: DateTime<Utc>) -> bool {
        within(time, self.survey_break())
    }

    /// The measuring of web pages failed altogether, for three days in March.
    pub(crate) fn counting_gap(&self) -> (DateTime<Utc>, i64) {
        (self.date(1, 3, 5), 3)
    }

    pub(crate) fn web_uncounted(&self, time: DateTime<Utc>) -> bool {
        within(time, self.counting_gap())
    }

    /// A telephone centre could not time its calls, for a week in August.
    pub(crate) fn calls_untimed(&self, time: DateTime<Utc>) -> bool {
        within(time, (self.date(1, 8, 10), 7))
    }

    /// One authority sent no figures, for three weeks in June.
    pub(crate) fn authority_silent(&self, time: DateTime<Utc>) -> bool {
        within(time, (self.date(1, 6, 1), 21))
    }

    /// A storm in February began on this day.
    pub(crate) fn storm_day(&self) -> DateTime<Utc> {
        self.date(1, 2, 18)
    }

    /// How many times the usual visitors look for warnings of floods: a storm in February, and calm again within a week.
    pub(crate) fn storm(&self, time: DateTime<Utc>) -> f64 {
        let day = days_between(self.storm_day(), time);
        if (0.0..7.0).contains(&day) { 9.0 - day } else { 1.0 }
    }

    fn date(&self, years_ago: i32, month: u32, day: u32) -> DateTime<Utc> {
        let date = NaiveDate::from_ymd_opt(self.year.saturating_sub(years_ago), month, day);
        date.unwrap_or(NaiveDate::MIN).and_time(chrono::NaiveTime::MIN).and_utc()
    }
}

/// The season: around 1, most in the middle of that month of the year (1 to 12), by that amplitude.
pub(crate) fn season(time: DateTime<Utc>, peak_month: u32, amplitude: f64) -> f64 {
    let day_of_peak = (f64::from(peak_month) - 0.5) * 30.44;
    let angle = (f64::from(time.ordinal()) - day_of_peak) / 365.25 * std::f64::consts::TAU;
    1.0 + amplitude * angle.cos()
}

fn days_between(start: DateTime<Utc>, end: DateTime<Utc>) -> f64 {
    (end - start).num_minutes() as f64 / 1440.0
}

fn within(time: DateTime<Utc>, (start, days): (DateTime<Utc>, i64)) -> bool {
    time >= start && time < start + TimeDelta::days(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_story_is_the_same_all_year_and_a_year_later_the_next() {
        let launches = ["2024-01-01T00:00:00Z", "2024-12-31T23:00:00Z", "2025-01-01T00:00:00Z"]
            .map(|now| Story::new(at(now), 1).launch().to_rfc3339());
        assert_eq!(
            launches,
            ["2022-02-01", "2022-02-01", "2023-02-01"].map(|day| format!("{day}T00:00:00+00:00"))
        );
    }

    #[test]
    fn online_use_begins_at_the_launch_and_grows() {
        let story = Story::new(at("2024-06-01T00:00:00Z"), 1);
        let shares: Vec<f64> = ["2022-01-31", "2022-02-01", "2022-12-01", "2024-05-01"]
            .map(|day| story.online_share(at(&format!("{day}T00:00:00Z"))))
            .to_vec();
        assert_eq!(shares[0], 0.0);
        assert!(shares.windows(2).all(|pair| pair[0] < pair[1]), "{shares:?}");
        assert!(shares[3] < 0.82);
    }

    #[test]
    fn a_season_has_its_peak_in_its_month() {
        assert!(season(at("2023-06-15T00:00:00Z"), 6, 0.3) > 1.29);
        assert!(season(at("2023-12-15T00:00:00Z"), 6, 0.3) < 0.71);
    }
}
