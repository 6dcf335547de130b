//! Canonical text of a query: equal queries print equal text, so that it can name an answer in a cache.
//!
//! A query that came from text reads back as itself. Values that no query string can hold (a filter on a number, say)
//! print as the text that comes nearest.

use std::fmt::{self, Display, Formatter, Write};

use chrono::{DateTime, Timelike, Utc};

use crate::{Fill, Format, Order, Query, Value};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut list = Printer { out: f, empty: true };
        for (key, value) in &self.filter_by {
            list.parameter("filter_by", &format!("{key}:{}", print_value(value)))?;
        }
        for (key, prefix) in &self.filter_by_prefix {
            list.parameter("filter_by_prefix", &format!("{key}:{prefix}"))?;
        }
        if let Some(filter) = &self.filter {
            list.parameter("filter", &filter.to_string())?;
        }
        for key in &self.group_by {
            list.parameter("group_by", key)?;
        }
        if let Some(period) = self.period {
            list.parameter("period", &period.name())?;
        }
        if let Some(zone) = self.timezone {
            list.parameter("timezone", zone.name())?;
        }
        if let Some(time) = self.start_at {
            list.parameter("start_at", &print_moment(time))?;
        }
        if let Some(time) = self.end_at {
            list.parameter("end_at", &print_moment(time))?;
        }
        match self.duration {
            // The spelling `0` is refused, other spellings of it always were an empty range.
            Some(0) => list.parameter("duration", "00")?,
            Some(periods) => list.parameter("duration", &periods.to_string())?,
            None => {}
        }
        for collect in &self.collect {
            list.parameter("collect", &collect.output_name())?;
        }
        if let Some(sort) = &self.sort_by {
            list.parameter("sort_by", &format!("{}:{}", sort.key, sort.order.name()))?;
        }
        if let Some(limit) = self.limit {
            list.parameter("limit", &limit.to_string())?;
        }
        if self.offset > 0 {
            list.parameter("offset", &self.offset.to_string())?;
        }
        if let Some(cursor) = &self.cursor {
            list.parameter("cursor", &cursor.to_string())?;
        }
        if !self.fields.is_empty() {
            list.parameter("fields", &self.fields.join(","))?;
        }
        if self.flatten {
            list.parameter("flatten", "true")?;
        }
        if self.inclusive {
            list.parameter("inclusive", "true")?;
        }
        if let Some(compare) = self.compare {
            list.parameter("compare", compare.name())?;
        }
        if self.cumulative {
            list.parameter("cumulative", "true")?;
        }
        if self.fill != Fill::Null {
            list.parameter("fill", self.fill.name())?;
        }
        if self.format != Format::Json {
            list.parameter("format", self.format.name())?;
        }
        if self.explain {
            list.parameter("explain", "true")?;
        }
        Ok(())
    }
}

impl Order {
    /// The name in a query string.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ascending => "ascending",
            Self::Descending => "descending",
        }
    }
}

struct Printer<'a, 'f> {
    out: &'a mut Formatter<'f>,
    empty: bool,
}

impl Printer<'_, '_> {
    fn parameter(&mut self, name: &str, value: &str) -> fmt::Result {
        if !self.empty {
            self.out.write_char('&')?;
        }
        self.empty = false;
        write!(self.out, "{name}=")?;
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b',' | b'/' => {
                    self.out.write_char(char::from(byte))?;
                }
                _ => write!(self.out, "%{byte:02X}")?,
            }
        }
        Ok(())
    }
}

fn print_value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(x) => x.to_string(),
        Value::Text(text) => text.clone(),
        Value::Time(time) => print_moment(*time),
    }
}

pub(crate) fn print_moment(time: DateTime<Utc>) -> String {
    let form = if time.nanosecond() == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
    time.format(form).to_string()
}
