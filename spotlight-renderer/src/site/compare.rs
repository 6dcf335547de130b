//! What is shown beside earlier values of its own: the period before, or the same time a year ago.
//!
//! A module's own answer says which time it is about, or the chart of what was made of an older one; the same query is asked for
//! the earlier time, made into facts like any other, and laid beside the present ones by date.

use crate::words::say;
use crate::written::Written;
use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Months, TimeDelta, Utc};

use crate::chart::{Chart, Kind, Series};
use crate::data::Row;
use crate::definition::query::Query;
use crate::format::date;
use crate::module::table::NOTES;
use crate::rows::flat;
use crate::view::{Column, Facts, Table, Uncompared};

/// What present values are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// As many periods, directly before those shown.
    PreviousPeriod,
    /// The same periods a year before.
    PreviousYear,
}

impl Compare {
    /// All comparisons with the words of addresses and the names of those for readers.
    pub const ALL: [(Compare, &'static str, &'static str); 2] = [
        (Compare::PreviousPeriod, "previous_period", "compare-previous-period"),
        (Compare::PreviousYear, "previous_year", "compare-previous-year"),
    ];

    /// The comparison of a word.
    pub fn parse(word: &str) -> Option<Compare> {
        Compare::ALL.iter().find(|(_, own, _)| *own == word).map(|(compare, _, _)| *compare)
    }

    fn words(self) -> Cow<'static, str> {
        let name = Compare::ALL.iter().find(|(own, _, _)| *own == self).map_or("", |(_, _, name)| name);
        say(name)
    }
}

/// How far back the earlier values are.
#[derive(Debug, Clone, Copy)]
enum Distance {
    Months(u32),
    Time(TimeDelta),
}

impl Distance {
    fn before(self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Distance::Months(months) => time.checked_sub_months(Months::new(months)),
            Distance::Time(time_delta) => time.checked_sub_signed(time_delta),
        }
    }
}

/// The earlier time of a module's answer: the query for it, and how far back it is.
#[derive(Debug)]
pub struct Earlier {
    /// What to ask.
    pub query: Query,
    distance: Distance,
    compare: Compare,
}

impl Earlier {
    /// The time before the one that an answer to a query by period is about; `None` if it has none.
    pub fn of(
        compare: Compare,
        query: &Query,
        (start, end): (DateTime<Utc>, DateTime<Utc>),
    ) -> Option<Earlier> {
        let period = query.parameter("period")?;
        let distance = match (compare, period) {
            // weeks and days a year ago are those that began on the same day of the week
            (Compare::PreviousYear, "hour" | "day" | "week") => Distance::Time(TimeDelta::weeks(52)),
            (Compare::PreviousYear, _) => Distance::Months(12),
            (Compare::PreviousPeriod, "hour" | "day" | "week") => Distance::Time(end - start),
            (Compare::PreviousPeriod, _) => Distance::Months(months_between(start, end)?),
        };
        let bounds = [("start_at", distance.before(start)?), ("end_at", distance.before(end)?)];
        let mut query = query.clone();
        query.parameters.retain(|(name, _)| !["duration", "start_at", "end_at"].contains(&name.as_str()));
        for (name, time) in bounds {
            query.parameters.push((name.to_owned(), date::to_query(time)));
        }
        Some(Earlier { query, distance, compare })
    }

    /// Lays earlier facts beside present ones: dashed lines in charts along time, and columns in their table.
    ///
    /// Says what is missing of that.
    pub fn beside(&self, facts: &mut Facts, earlier: &Facts) -> Option<Uncompared> {
        let (mut drawn, mut told) = (false, false);
        for (chart, before) in facts.charts.iter_mut().zip(&earlier.charts) {
            drawn |= self.add_lines(Arc::make_mut(chart), before);
        }
        if let (Some(table), Some(before)) = (&mut facts.table, &earlier.table) {
            told = self.add_columns(
                table,
                before,
                facts.charts.first().map(|chart| &**chart),
                earlier.charts.first().map(|chart| &**chart),
            );
        }
        match (drawn, told) {
            (true, _) => None,
            (false, true) => Some(Uncompared::Chart),
            (false, false) => Some(Uncompared::Nothing),
        }
    }

    fn places(&self, present: &Chart, before: &Chart) -> Vec<Option<usize>> {
        let place = |at: Option<DateTime<Utc>>| {
            let wanted = self.distance.before(at?)?;
            before.slots.iter().position(|slot| slot.at == Some(wanted))
        };
        present.slots.iter().map(|slot| place(slot.at)).collect()
    }

    /// Whether there were any to add.
    fn add_lines(&self, chart: &mut Chart, before: &Chart) -> bool {
        if !matches!(chart.kind, Kind::Line | Kind::Bar | Kind::Multiples) || chart.span.is_none() {
            return false;
        }
        let places = self.places(chart, before);
        let words = self.compare.words();
        // what is compared with a single series needs no name of its own
        let in_pictures = chart.kind == Kind::Multiples;
        let alone = in_pictures || before.series.iter().filter(|series| !series.dashed).count() == 1;
        let lines: Vec<Series> = before
            .series
            .iter()
            .filter(|series| !series.dashed)
            .map(|series| Series {
                name: if alone { words.clone().into_owned() } else { format!("{} ({words})", series.name) },
                values: places.iter().map(|place| *series.values.get((*place)?)?).collect(),
                dashed: true,
                href: None,
            })
            .collect();
        // bars show one series only: beside another they become lines
        let found = lines.iter().any(|series| series.values.iter().any(Option::is_some));
        if found {
            if chart.kind == Kind::Bar {
                chart.kind = Kind::Line;
            }
            chart.series.extend(lines);
            chart.written = Written::default();
        }
        found
    }

    /// Whether there were any to add.
    fn add_columns(
        &self,
        table: &mut Table,
        before: &Table,
        present: Option<&Chart>,
        earlier: Option<&Chart>,
    ) -> bool {
        let (Some(present), Some(earlier)) = (present, earlier) else { return false };
        // only a table with a row for each moment of its chart, in their order, can be told apart by place
        let in_order = table.sorted.is_none() && table.rows.len() == present.slots.len();
        if !in_order || before.rows.len() != earlier.slots.len() {
            return false;
        }
        let places = self.places(present, earlier);
        if places.iter().all(Option::is_none) {
            return false;
        }
        table.written = Arc::default();
        let both = before.columns.len().min(table.columns.len());
        let measured: Vec<usize> = (1..both)
            .filter(|column| table.columns[*column].key != NOTES && before.columns[*column].key != NOTES)
            .collect();
        for &column in &measured {
            table.columns.push(Column {
                label: format!("{} ({})", before.columns[column].label, self.compare.words()),
                key: String::new(),
                numeric: before.columns[column].numeric,
            });
        }
        for (row, place) in Arc::make_mut(&mut table.rows).iter_mut().zip(&places) {
            let cells = place.and_then(|place| before.rows.get(place));
            row.extend(measured.iter().map(|column| cells.and_then(|cells| cells.get(*column)?.clone())));
        }
        for (row, place) in table.amounts.iter_mut().zip(&places) {
            let amounts = place.and_then(|place| before.amounts.get(place));
            row.extend(measured.iter().map(|column| *amounts?.get(*column)?));
        }
        true
    }
}

/// The time that the rows of an answer are about; `None` if none has a period.
pub fn extent(rows: &[Row]) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let rows = flat(rows.to_vec(), &[]);
    let ends = |key: &'static str| rows.iter().filter_map(move |row| row.get(key).and_then(date::parse));
    Some((ends("_start_at").min()?, ends("_end_at").max()?))
}

fn months_between(start: DateTime<Utc>, end: DateTime<Utc>) -> Option<u32> {
    let months = |time: DateTime<Utc>| time.year() * 12 + time.month0() as i32;
    u32::try_from(months(end) - months(start)).ok().filter(|months| *months > 0)
}
