//! Records as JSON and CSV, straight from their columns.

use arrow::array::{
    Array, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType};
use chrono::DateTime;
use query_lang::{Period, Value, print_time};

use super::records::Shown;
use crate::query::kernel::{Source, Texts};
use crate::schema::TIMESTAMP;

const MICROS_A_SECOND: i64 = 1_000_000;
const MICROS_A_DAY: i64 = 86_400 * MICROS_A_SECOND;

/// One column of a batch, ready to be printed row by row.
struct Printed<'a> {
    typed: Typed<'a>,
    off_type: Source<'a>,
}

enum Typed<'a> {
    Nothing,
    Whole(&'a Int64Array),
    Broken(&'a Float64Array),
    Flags(&'a BooleanArray),
    Texts(Texts<'a>),
    Times(&'a TimestampMicrosecondArray, Day),
    Starts(&'a TimestampMicrosecondArray, Start),
}

/// What stands in a cell, until the next one is asked for.
enum Cell<'c> {
    /// Text that JSON puts between quotes.
    Text(&'c str),
    /// A moment: text that needs no escaping.
    Time(&'c str),
    Whole(i64),
    Broken(f64),
    Flag(bool),
    Other(Value),
}

impl<'a> Printed<'a> {
    fn of(batch: &'a RecordBatch, shown: &Shown) -> Self {
        let key = if shown.period.is_some() { TIMESTAMP } else { &shown.name };
        let source = Source::of(batch, key);
        let typed = match source.typed.map(|typed| (typed, typed.data_type())) {
            None => Typed::Nothing,
            Some((typed, DataType::Int64)) => Typed::Whole(typed.as_primitive::<Int64Type>()),
            Some((typed, DataType::Float64)) => Typed::Broken(typed.as_primitive::<Float64Type>()),
            Some((typed, DataType::Boolean)) => Typed::Flags(typed.as_boolean()),
            Some((typed, DataType::Timestamp(..))) => {
                let times = typed.as_primitive::<TimestampMicrosecondType>();
                match shown.period {
                    Some(period) => Typed::Starts(times, Start::new(period)),
                    None => Typed::Times(times, Day::default()),
                }
            }
            Some((typed, _)) => Texts::of(typed).map_or(Typed::Nothing, Typed::Texts),
        };
        Self { typed, off_type: Source { typed: None, off_type: source.off_type } }
    }

    /// The cell of a row; `None` where the record does not have the key.
    fn cell(&mut self, row: usize) -> Option<Cell<'_>> {
        if self.off_type.off_type.is_some()
            && let Some(value) = self.off_type.value(row)
        {
            return Some(Cell::Other(value));
        }
        match &mut self.typed {
            Typed::Nothing => None,
            Typed::Whole(numbers) => numbers.is_valid(row).then(|| Cell::Whole(numbers.value(row))),
            Typed::Broken(numbers) => numbers.is_valid(row).then(|| Cell::Broken(numbers.value(row))),
            Typed::Flags(flags) => flags.is_valid(row).then(|| Cell::Flag(flags.value(row))),
            Typed::Texts(texts) => texts.get(row).map(Cell::Text),
            Typed::Times(times, day) => {
                times.is_valid(row).then(|| day.print(times.value(row))).map(Cell::Time)
            }
            Typed::Starts(times, start) => {
                times.is_valid(row).then(|| start.print(times.value(row))).map(Cell::Time)
            }
        }
    }
}

/// Prints moments as [`print_time`] does; the date of the last one is kept.
#[derive(Debug, Default)]
struct Day {
    start: i64,
    date: String,
    text: String,
}

impl Day {
    fn print(&mut self, micros: i64) -> &str {
        let start = micros.div_euclid(MICROS_A_DAY) * MICROS_A_DAY;
        if self.date.is_empty() || start != self.start {
            let midnight = DateTime::from_timestamp_micros(start).map(print_time).unwrap_or_default();
            self.date = midnight.split_inclusive('T').next().unwrap_or_default().to_owned();
            self.start = start;
        }
        let within = micros - start;
        let (seconds, rest) = (within / MICROS_A_SECOND, within % MICROS_A_SECOND);
        self.text.clear();
        self.text.push_str(&self.date);
        for (place, number) in [seconds / 3_600, seconds / 60 % 60, seconds % 60].into_iter().enumerate() {
            if place > 0 {
                self.text.push(':');
            }
            self.text.push(digit(number / 10));
            self.text.push(digit(number % 10));
        }
        if rest != 0 {
            self.text.push('.');
            for power in [100_000, 10_000, 1_000, 100, 10, 1] {
                self.text.push(digit(rest / power % 10));
            }
        }
        self.text.push_str("+00:00");
        &self.text
    }
}

fn digit(number: i64) -> char {
    char::from(b'0' + (number % 10) as u8)
}

/// Prints the starts of periods; that of the last one is kept.
#[derive(Debug)]
struct Start {
    period: Period,
    from: i64,
    to: i64,
    text: String,
}

impl Start {
    fn new(period: Period) -> Self {
        Self { period, from: 1, to: 0, text: String::new() }
    }

    fn print(&mut self, micros: i64) -> &str {
        if (micros < self.from || micros >= self.to)
            && let Some(time) = DateTime::from_timestamp_micros(micros)
        {
            let start = self.period.floor(time);
            self.from = start.timestamp_micros();
            self.to = self.period.add(start, 1).map_or(self.from, |end| end.timestamp_micros());
            self.text = print_time(start);
        }
        &self.text
    }
}

/// Appends every record as a JSON object, each after `between` but the very first, which `is_first` says, and before `after`.
pub fn write_json(
    shown: &[Shown],
    batch: &RecordBatch,
    (between, after): (&[u8], &[u8]),
    mut is_first: bool,
    text: &mut Vec<u8>,
) {
    let name = |shown: &Shown| {
        let mut name = serde_json::to_vec(&shown.name).unwrap_or_default();
        name.push(b':');
        name
    };
    let mut columns: Vec<(Vec<u8>, Printed)> =
        shown.iter().map(|shown| (name(shown), Printed::of(batch, shown))).collect();
    for row in 0..batch.num_rows() {
        if !is_first {
            text.extend_from_slice(between);
        }
        is_first = false;
        text.push(b'{');
        let mut is_first_cell = true;
        for (name, column) in &mut columns {
            let Some(cell) = column.cell(row) else { continue };
            if !is_first_cell {
                text.push(b',');
            }
            is_first_cell = false;
            text.extend_from_slice(name);
            json_cell(&cell, text);
        }
        text.push(b'}');
        text.extend_from_slice(after);
    }
}

fn json_cell(cell: &Cell<'_>, text: &mut Vec<u8>) {
    // Writing to memory does not fail, and all of these are JSON.
    let _ = match cell {
        Cell::Text(own) => serde_json::to_writer(text, own),
        Cell::Time(own) => {
            text.push(b'"');
            text.extend_from_slice(own.as_bytes());
            text.push(b'"');
            Ok(())
        }
        Cell::Whole(number) => serde_json::to_writer(text, number),
        Cell::Broken(number) => serde_json::to_writer(text, number),
        Cell::Flag(flag) => serde_json::to_writer(text, flag),
        Cell::Other(value) => serde_json::to_writer(text, &value.to_json()),
    };
}

/// Appends every record as a line of CSV.
pub fn write_csv(shown: &[&Shown], batch: &RecordBatch, text: Vec<u8>) -> Vec<u8> {
    let mut columns: Vec<Printed> = shown.iter().map(|shown| Printed::of(batch, shown)).collect();
    let mut writer = csv_writer(text);
    let mut scratch = Vec::new();
    for row in 0..batch.num_rows() {
        for column in &mut columns {
            scratch.clear();
            // Writing to memory does not fail.
            let _ = match column.cell(row) {
                None => writer.write_field(""),
                Some(Cell::Text(own) | Cell::Time(own)) => writer.write_field(own),
                Some(Cell::Flag(flag)) => writer.write_field(if flag { "True" } else { "False" }),
                Some(Cell::Other(value)) => writer.write_field(super::Cell::from(&value).to_csv().as_ref()),
                Some(number) => {
                    json_cell(&number, &mut scratch);
                    writer.write_field(&scratch)
                }
            };
        }
        let _ = writer.write_record(None::<&[u8]>);
    }
    writer.into_inner().unwrap_or_default()
}

/// A writer of lines that end in CRLF.
pub fn csv_writer(text: Vec<u8>) -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_print_as_everywhere() {
        let mut day = Day::default();
        for micros in [
            0,
            -1,
            1_388_534_400_000_000,
            1_388_534_400_000_001,
            1_388_567_890_120_000,
            253_402_300_800_000_000,
        ] {
            assert_eq!(day.print(micros), print_time(DateTime::from_timestamp_micros(micros).unwrap()));
        }
    }
}
