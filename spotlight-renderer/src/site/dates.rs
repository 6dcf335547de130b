//! The dates that readers choose: months, from one to another, both included; or, for steps of a journey, a week.
//!
//! The choice is in the address (`from=2016-01&to=2016-05`, `week=2016-05-30`), so that it can be kept and passed on.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};
use query_lang::Period;
use serde_json::{Map, Value};

use super::Request;
use super::compare::Compare;
use crate::definition::Module as Definition;
use crate::format::date;
use crate::module;
use crate::view::page::Dates;
use crate::words::{say, say_with};

/// The months offered begin here unless the definition says otherwise.
const FIRST: (i32, u32) = (2013, 4);
/// At most so many months are offered, however early a definition says that data begins.
const MOST: u32 = 600;
/// At most so many weeks are offered.
const MOST_WEEKS: u64 = 260;

/// Days from one to another, without the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    from: NaiveDate,
    to: NaiveDate,
}

impl Range {
    /// Months, both included; each is its first day.
    fn of_months(from: NaiveDate, to: NaiveDate) -> Range {
        Range { from, to: to.checked_add_months(Months::new(1)).unwrap_or(to) }
    }

    /// The parameters of a query for these days, widened to whole periods; the future is left out.
    pub fn parameters(&self, period: Option<&str>, now: DateTime<Utc>) -> Map<String, Value> {
        let period = period.and_then(Period::from_name);
        let start = midnight(self.from);
        let end = midnight(self.to).min(now);
        let (start, end) = match period {
            Some(period) => (period.floor(start), period.floor(end)),
            None => (start, end),
        };
        let text = |time: DateTime<Utc>| Value::String(date::to_query(time));
        Map::from_iter([
            ("start_at".to_owned(), text(start)),
            ("end_at".to_owned(), text(end.max(start))),
            ("duration".to_owned(), Value::Null),
        ])
    }
}

/// What the request wants present values to be compared with.
pub fn comparison(request: &Request) -> Option<Compare> {
    request.parameter("compare").and_then(Compare::parse)
}

/// What the request chooses, and what may be chosen, if any of the modules heeds dates.
pub fn choice(modules: &[Definition], request: &Request) -> (Option<Range>, Option<Dates>) {
    let mut first = None;
    if !heeded(modules, &mut first) {
        return (None, None);
    }
    let this_month = first_of_month(request.now.date_naive());
    let first = first.or_else(|| NaiveDate::from_ymd_opt(FIRST.0, FIRST.1, 1)).unwrap_or(this_month);
    let mut dates =
        Dates { choices: choices(first, this_month), compare: comparison(request), ..Dates::default() };
    let read = |name: &str| request.parameter(name).map(|text| (text.to_owned(), month(text)));
    let range = match (read("from"), read("to")) {
        (None, None) => None,
        (Some((text, None)), _) | (_, Some((text, None))) => {
            dates.error = Some(say_with("dates-no-month", &[("text", text.into())]));
            None
        }
        (from, to) => {
            let from = from.and_then(|(_, month)| month).unwrap_or(first);
            let to = to.and_then(|(_, month)| month).unwrap_or(this_month);
            (dates.from, dates.to) = (Some(value(from)), Some(value(to)));
            if from > to {
                dates.error = Some(say("dates-order").into_owned());
            }
            (from <= to).then(|| Range::of_months(from, to))
        }
    };
    (range, Some(dates))
}

/// The same for a module on its own page, which may be one about a week.
pub fn choice_of_part(part: &Definition, request: &Request) -> (Option<Range>, Option<Dates>) {
    if !module::of(&part.kind).is_some_and(|kind| kind.weeks()) || request.parameter("from").is_some() {
        return choice(std::slice::from_ref(part), request);
    }
    let mut first = None;
    heeded(std::slice::from_ref(part), &mut first);
    let this_week = date::monday(request.now).date_naive();
    let mut dates = Dates { weeks: weeks(first, this_week), ..Dates::default() };
    let Some(text) = request.parameter("week") else { return (None, Some(dates)) };
    // any day stands for its week; a week that has not ended has no figures
    let day = text.parse::<NaiveDate>().ok();
    let monday = day
        .map(|day| date::monday(midnight(day)).date_naive())
        .filter(|monday| monday.year() > 0 && *monday < this_week);
    match monday {
        Some(monday) => dates.week = Some(monday.to_string()),
        None => dates.error = Some(say_with("dates-no-week", &[("text", text.into())])),
    }
    let range = monday.map(|from| Range { from, to: from.checked_add_days(Days::new(7)).unwrap_or(from) });
    (range, Some(dates))
}

/// The weeks that have ended, newest first, each named by its last day.
fn weeks(first: Option<NaiveDate>, this_week: NaiveDate) -> Vec<(String, String)> {
    let mondays = (1..=MOST_WEEKS)
        .map_while(|back| this_week.checked_sub_days(Days::new(7 * back)))
        .take_while(|monday| first.is_none_or(|first| *monday >= first));
    let named = |monday: NaiveDate| {
        let sunday = monday.checked_add_days(Days::new(6)).unwrap_or(monday);
        (monday.to_string(), date::by_pattern(midnight(sunday), "D MMMM YYYY"))
    };
    mondays.map(named).collect()
}

/// Whether any module heeds dates; finds the earliest month that a definition offers.
fn heeded(modules: &[Definition], first: &mut Option<NaiveDate>) -> bool {
    let mut any = false;
    for definition in modules {
        any |= heeded(&definition.children, first);
        if !module::of(&definition.kind).is_some_and(|kind| kind.dates()) {
            continue;
        }
        any = true;
        let start = date::parse(&definition.options["date-picker"]["start-date"]);
        if let Some(start) = start.map(|start| first_of_month(start.date_naive())) {
            *first = Some(first.map_or(start, |known| known.min(start)));
        }
    }
    any
}

fn choices(first: NaiveDate, last: NaiveDate) -> Vec<(String, String)> {
    let months = (0..MOST)
        .map_while(|back| last.checked_sub_months(Months::new(back)))
        .take_while(|month| *month >= first);
    months.map(|month| (value(month), date::by_pattern(midnight(month), "MMMM YYYY"))).collect()
}

/// A month as addresses have it.
pub fn value(month: NaiveDate) -> String {
    format!("{:04}-{:02}", month.year(), month.month())
}

/// Reads `2016-05`; a day or time after it is not needed.
fn month(text: &str) -> Option<NaiveDate> {
    let (year, rest) = text.split_once('-')?;
    let month = rest.split('-').next()?;
    if year.len() != 4 {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}
