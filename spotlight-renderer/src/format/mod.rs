//! Formats: a value and a rule in, the text that people read out.
//!
//! A [`Format`] is read from a definition: a word such as `"percent"` or an object with `type` and options. [`number`] writes
//! amounts, [`date`] writes days and times, [`words`] writes phrases, [`period`] writes the label of a row's period and
//! [`axis`] writes the ticks of a chart so that they agree with each other.

pub mod axis;
pub mod date;
pub mod number;
pub mod period;
pub mod words;

#[cfg(test)]
mod tests;

use crate::words::say;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// A written value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// What is shown.
    pub text: String,
    /// The value in full, where `text` shortens it.
    pub full: Option<String>,
    /// Where it leads.
    pub href: Option<String>,
    /// What readers must know about it.
    pub note: Option<String>,
}

impl Text {
    /// A text that is neither short for something nor a link.
    pub fn plain(text: impl Into<String>) -> Text {
        Text { text: text.into(), ..Text::default() }
    }
}

/// How large amounts are shortened.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Magnitude {
    /// They are not.
    #[default]
    Off,
    /// By the largest of k, m and bn that fits.
    Automatic,
    /// By this divisor and suffix.
    Fixed(f64, String),
}

/// The rule by which a value is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// An amount to a few significant figures.
    Number,
    /// A whole amount.
    Integer,
    /// An amount of money.
    Currency,
    /// A share of one.
    Percent,
    /// Milliseconds.
    Duration,
    /// A day, or the days between two.
    Date,
    /// A time of day.
    Time,
    /// A slug as a sentence.
    Sentence,
    /// The word for so many.
    Plural,
    /// An address.
    Url,
    /// A word that means nothing to us: the value is written as it is.
    Unchanged(String),
}

/// A rule with its options.
#[derive(Debug, Clone, PartialEq)]
pub struct Format {
    /// The rule.
    pub kind: Kind,
    /// Whether thousands are set apart.
    pub commas: bool,
    /// Significant figures, where `dps` is not given.
    pub sigfigs: u32,
    /// Decimal places; negative ones round to tens, hundreds and so on.
    pub dps: Option<i32>,
    /// Decimal places that are always written.
    pub fixed: Option<u32>,
    /// Whether zeros fill up the decimal places; each kind has its own default.
    pub pad: Option<bool>,
    /// How large amounts are shortened.
    pub magnitude: Magnitude,
    /// Whether a shortened amount also tells its full form.
    pub abbr: bool,
    /// The sign of the currency.
    pub symbol: String,
    /// Whether pence are written; by default for amounts below ten.
    pub pence: Option<bool>,
    /// What counts as all of it.
    pub normalisation: f64,
    /// Whether a rise has a plus sign.
    pub show_signs: bool,
    /// The unit of a duration: `ms`, `s` or `m`.
    pub unit: String,
    /// The pattern of a date or time.
    pub pattern: Option<String>,
    /// Whether days near now are called by their names.
    pub calendar: bool,
    /// Whether the end of a range is the first day after it.
    pub exclusive_end: bool,
    /// What parts the words of a slug.
    pub separator: String,
    /// Words that are written in capitals.
    pub uppercase: Vec<String>,
    /// The word for one.
    pub singular: String,
    /// The word for many.
    pub plural: Option<String>,
}

impl Format {
    /// The rule with its default options.
    pub fn new(kind: Kind) -> Format {
        Format {
            kind,
            commas: true,
            sigfigs: 3,
            dps: None,
            fixed: None,
            pad: None,
            magnitude: Magnitude::Off,
            abbr: false,
            symbol: "£".to_owned(),
            pence: None,
            normalisation: 1.0,
            show_signs: false,
            unit: "ms".to_owned(),
            pattern: None,
            calendar: false,
            exclusive_end: true,
            separator: "-".to_owned(),
            uppercase: Vec::new(),
            singular: String::new(),
            plural: None,
        }
    }

    /// A number, shortened and padded: how figures are written unless the definition says otherwise.
    pub fn figure() -> Format {
        Format { magnitude: Magnitude::Automatic, pad: Some(true), ..Format::new(Kind::Number) }
    }

    /// The format that a definition gives: a word, or an object with a type.
    pub fn parse(value: &Value) -> Option<Format> {
        match value {
            Value::String(name) => Some(Format::new(kind(name))),
            Value::Object(options) => {
                let name = options.get("type").and_then(Value::as_str)?;
                Some(with_options(Format::new(kind(name)), options))
            }
            _ => None,
        }
    }

    /// The same, with the full form told where the text shortens it.
    pub fn with_abbr(mut self) -> Format {
        self.abbr = true;
        self
    }

    /// The word for the rule.
    pub fn name(&self) -> &str {
        match &self.kind {
            Kind::Number => "number",
            Kind::Integer => "integer",
            Kind::Currency => "currency",
            Kind::Percent => "percent",
            Kind::Duration => "duration",
            Kind::Date => "date",
            Kind::Time => "time",
            Kind::Sentence => "sentence",
            Kind::Plural => "plural",
            Kind::Url => "url",
            Kind::Unchanged(name) => name,
        }
    }

    /// Whether what is written is an amount, to be aligned with others.
    pub fn is_amount(&self) -> bool {
        matches!(self.kind, Kind::Number | Kind::Integer | Kind::Currency | Kind::Percent | Kind::Duration)
    }

    /// Whether what is written is a day or a time.
    pub fn is_date(&self) -> bool {
        matches!(self.kind, Kind::Date | Kind::Time)
    }

    /// Writes a value; `None` where there is nothing to write.
    pub fn write(&self, value: &Value, now: DateTime<Utc>) -> Option<Text> {
        if value.is_null() {
            return None;
        }
        match &self.kind {
            Kind::Number | Kind::Integer | Kind::Currency | Kind::Percent | Kind::Duration => {
                number::write(self, value)
            }
            Kind::Date | Kind::Time => date::write(self, value, now).map(Text::plain),
            Kind::Sentence => Some(Text::plain(words::sentence(self, &plain(value)))),
            Kind::Plural => Some(Text::plain(words::plural(self, value))),
            Kind::Url => words::url(&plain(value)),
            Kind::Unchanged(_) => Some(Text::plain(plain(value))),
        }
    }

    /// Writes an amount, for charts.
    pub fn write_amount(&self, amount: f64) -> String {
        number::write_amount(self, amount).map_or_else(|| say("no-data").into_owned(), |text| text.text)
    }

    /// The same for charts and sentences, which must not call something nothing: with two figures more than the format has
    /// where it would write a zero, unless it is one of whole things or of money.
    pub fn write_something(&self, amount: f64) -> String {
        let text = self.write_amount(amount);
        let is_nothing = |text: &str| !text.contains(|c: char| ('1'..='9').contains(&c));
        if amount == 0.0 || !is_nothing(&text) || matches!(self.kind, Kind::Integer | Kind::Currency) {
            return text;
        }
        let with = |dps: i32| Format { dps: Some(dps), ..self.clone() }.write_amount(amount);
        (1..MOST_DECIMALS).find(|dps| !is_nothing(&with(*dps))).map_or(text, |dps| with(dps + 1))
    }
}

/// No amount is written with more decimals, however small.
const MOST_DECIMALS: i32 = 12;

fn kind(name: &str) -> Kind {
    match name {
        "number" => Kind::Number,
        "integer" => Kind::Integer,
        "currency" => Kind::Currency,
        "percent" => Kind::Percent,
        "duration" => Kind::Duration,
        "date" => Kind::Date,
        "time" => Kind::Time,
        "sentence" => Kind::Sentence,
        "plural" => Kind::Plural,
        "url" => Kind::Url,
        other => Kind::Unchanged(other.to_owned()),
    }
}

fn with_options(mut format: Format, options: &Map<String, Value>) -> Format {
    let text = |key: &str| options.get(key).and_then(Value::as_str).map(str::to_owned);
    let whole =
        |key: &str| options.get(key).and_then(Value::as_f64).map(|number| number.clamp(-20.0, 20.0) as i32);
    if let Some(commas) = options.get("commas") {
        format.commas = truthy(commas);
    }
    if let Some(sigfigs) = whole("sigfigs") {
        format.sigfigs = sigfigs.max(1) as u32;
    }
    format.dps = whole("dps");
    format.fixed = whole("fixed").map(|fixed| fixed.max(0) as u32);
    format.pad = options.get("pad").map(truthy);
    format.magnitude = match options.get("magnitude") {
        Some(Value::Object(unit)) => match unit.get("value").and_then(Value::as_f64) {
            Some(divisor) if divisor > 0.0 => {
                let suffix = unit.get("suffix").and_then(Value::as_str).unwrap_or_default();
                Magnitude::Fixed(divisor, suffix.to_owned())
            }
            _ => Magnitude::Off,
        },
        Some(other) if truthy(other) => Magnitude::Automatic,
        _ => Magnitude::Off,
    };
    format.abbr = options.get("abbr").is_some_and(truthy);
    format.symbol = text("symbol").unwrap_or(format.symbol);
    format.pence = options.get("pence").map(truthy);
    format.normalisation =
        options.get("normalisation").and_then(Value::as_f64).filter(|whole| *whole != 0.0).unwrap_or(1.0);
    format.show_signs = options.get("showSigns").is_some_and(truthy);
    format.unit = text("unit").unwrap_or(format.unit);
    format.pattern = text("format");
    format.calendar = options.get("calendar").is_some_and(truthy);
    format.exclusive_end = options.get("subtract").is_none_or(truthy);
    format.separator = text("separator").unwrap_or(format.separator);
    format.uppercase = match options.get("uppercase") {
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).map(str::to_lowercase).collect(),
        _ => Vec::new(),
    };
    format.singular = text("singular").unwrap_or_default();
    format.plural = text("plural");
    format
}

/// What counts as a yes in a definition.
pub(crate) fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// A value as it is, without any rule.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => float.to_string(),
            _ => number.to_string(),
        },
        Value::Bool(yes) => yes.to_string(),
        Value::Array(parts) => parts.iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Object(_) => value.to_string(),
    }
}

/// The amount of a value: a number, or a text that is one.
pub fn amount(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64().filter(|number| number.is_finite()),
        Value::String(text) => text.trim().parse::<f64>().ok().filter(|number| number.is_finite()),
        _ => None,
    }
}
