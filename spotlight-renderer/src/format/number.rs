//! Amounts: numbers, whole numbers, money, shares and durations.
//!
//! The rules are those that published figures rely on, down to which way binary fractions round. What was plainly wrong is
//! not kept: a negative amount of money has its sign before the currency, a rise too small to be written has no sign, and
//! sixty seconds are a minute.

use super::{Format, Kind, Magnitude, Text, amount, plain};
use serde_json::Value;

/// From where, by what and with which suffix an amount is shortened; what has at least 0.9995 of a threshold counts.
const UNITS: [(f64, f64, &str); 3] = [(1e9, 1e9, "bn"), (1e6, 1e6, "m"), (1e4, 1e3, "k")];

/// Writes a value that should be an amount. A text that is none stays as it is, except where only a whole number makes sense.
pub fn write(format: &Format, value: &Value) -> Option<Text> {
    match (amount(value), &format.kind) {
        (Some(number), _) => write_amount(format, number),
        (None, Kind::Integer | Kind::Currency | Kind::Duration) => None,
        (None, _) => Some(Text::plain(plain(value))),
    }
}

/// Writes an amount.
pub fn write_amount(format: &Format, number: f64) -> Option<Text> {
    if !number.is_finite() {
        return None;
    }
    let digits = Digits::of(format);
    let text = written(format, digits, number);
    if format.abbr && format.magnitude != Magnitude::Off {
        let full = written(format, Digits { magnitude: &Magnitude::Off, pad: Some(false), ..digits }, number);
        return Some(Text { full: (full != text).then_some(full), text, ..Text::default() });
    }
    Some(Text::plain(text))
}

/// How the digits of an amount are written: the options of a format, or what a kind of amount makes of them.
#[derive(Clone, Copy)]
struct Digits<'a> {
    commas: bool,
    sigfigs: u32,
    dps: Option<i32>,
    fixed: Option<u32>,
    pad: Option<bool>,
    magnitude: &'a Magnitude,
}

impl Digits<'_> {
    fn of(format: &Format) -> Digits<'_> {
        Digits {
            commas: format.commas,
            sigfigs: format.sigfigs,
            dps: format.dps,
            fixed: format.fixed,
            pad: format.pad,
            magnitude: &format.magnitude,
        }
    }
}

fn written(format: &Format, digits: Digits<'_>, number: f64) -> String {
    match format.kind {
        Kind::Integer => decimal(digits, round_half_up(number)),
        Kind::Currency => currency(format, digits, number),
        Kind::Percent => percent(format, digits, number),
        Kind::Duration => duration(format, digits, number),
        _ => decimal(digits, number),
    }
}

/// Halves go up, towards positive infinity.
fn round_half_up(number: f64) -> f64 {
    (number + 0.5).floor()
}

fn currency(format: &Format, digits: Digits<'_>, number: f64) -> String {
    let size = number.abs();
    let pence = format.pence.unwrap_or(size < 10.0);
    let text = if pence {
        decimal(Digits { dps: Some(2), fixed: Some(2), ..digits }, size)
    } else {
        decimal(digits, round_half_up(size))
    };
    let sign = if number < 0.0 && text != "0" { "-" } else { "" };
    format!("{sign}{}{text}", format.symbol)
}

fn percent(format: &Format, digits: Digits<'_>, number: f64) -> String {
    let percentage = number * 100.0 / format.normalisation;
    let whole = percentage == 0.0 || percentage == 100.0;
    let dps = if whole { Some(0) } else { digits.dps.or(Some(1)) };
    let mut text = decimal(Digits { dps, ..digits }, percentage);
    text.push('%');
    if !format.show_signs || text == "0%" {
        return text;
    }
    match text.strip_prefix('-') {
        Some(size) => format!("\u{2212}{size}"),
        None => format!("+{text}"),
    }
}

fn duration(format: &Format, digits: Digits<'_>, number: f64) -> String {
    let padded = Digits { pad: Some(digits.pad.unwrap_or(true)), ..digits };
    match format.unit.as_str() {
        "s" => decimal(padded, number / 1000.0) + "s",
        "m" => {
            let seconds = round_half_up(number.abs() / 1000.0);
            let (minutes, rest) = ((seconds / 60.0).floor(), seconds % 60.0);
            let sign = if number < 0.0 && seconds > 0.0 { "-" } else { "" };
            let minutes = decimal(Digits { magnitude: &Magnitude::Off, ..digits }, minutes);
            if rest == 0.0 { format!("{sign}{minutes}m") } else { format!("{sign}{minutes}m {rest}s") }
        }
        _ => decimal(padded, number) + "ms",
    }
}

/// The common rule: shorten, round, fill up, set thousands apart.
fn decimal(digits: Digits<'_>, number: f64) -> String {
    let size = number.abs();
    let (divisor, suffix) = match digits.magnitude {
        Magnitude::Off => (1.0, ""),
        Magnitude::Automatic => unit_of(size),
        Magnitude::Fixed(divisor, suffix) => (*divisor, suffix.as_str()),
    };
    let size = size / divisor;
    let dps = digits.dps.unwrap_or_else(|| decimal_places(size, digits.sigfigs));
    let rounded = round_to(size, dps);
    if rounded == 0.0 {
        return "0".to_owned();
    }
    let shortens = *digits.magnitude != Magnitude::Off;
    let fills = digits.pad.unwrap_or(false) && dps > 0 && (!suffix.is_empty() || !shortens);
    let fixed = if fills { Some(dps as u32) } else { digits.fixed };
    let mut out = String::with_capacity(16);
    if number < 0.0 {
        out.push('-');
    }
    write_digits(&mut out, rounded, fixed, digits.commas);
    out.push_str(suffix);
    out
}

/// The divisor and suffix that an amount is shortened with.
pub(super) fn unit_of(size: f64) -> (f64, &'static str) {
    UNITS
        .iter()
        .find(|(threshold, ..)| threshold * 0.9995 <= size)
        .map_or((1.0, ""), |&(_, divisor, suffix)| (divisor, suffix))
}

fn decimal_places(size: f64, sigfigs: u32) -> i32 {
    let most = f64::from(sigfigs) - 1.0;
    (most - size.log10()).ceil().clamp(0.0, most) as i32
}

fn round_to(size: f64, dps: i32) -> f64 {
    let scale = 10f64.powi(dps);
    let rounded = round_half_up(size * scale) / scale;
    // a scale below one is itself inexact
    if dps < 0 { rounded.round() } else { rounded }
}

/// Writes the digits of a number that has been rounded, with at least `fixed` decimals.
fn write_digits(out: &mut String, number: f64, fixed: Option<u32>, commas: bool) {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    for (index, digit) in whole.chars().enumerate() {
        if commas && index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let wanted = fixed.unwrap_or(0) as usize;
    if !fraction.is_empty() || wanted > 0 {
        out.push('.');
        out.push_str(fraction);
        out.extend(std::iter::repeat_n('0', wanted.saturating_sub(fraction.len())));
    }
}
