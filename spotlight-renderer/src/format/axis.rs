//! The labels of an axis, written so that they agree with each other.

use super::number::{unit_of, write_amount};
use super::{Format, Kind, Magnitude};

/// Writes the ticks of a value axis.
///
/// Shares and durations are written by their own rule. Other amounts share the unit of the largest tick if that is at
/// least a thousand, and as many decimals as their steps need.
pub fn labels(format: &Format, ticks: &[f64]) -> Vec<String> {
    if matches!(format.kind, Kind::Percent | Kind::Duration) {
        return ticks.iter().map(|&tick| format.write_amount(tick)).collect();
    }
    let largest = ticks.iter().fold(0.0_f64, |most, tick| most.max(tick.abs()));
    let (divisor, suffix) = unit_of(largest);
    let magnitude =
        if divisor >= 1000.0 { Magnitude::Fixed(divisor, suffix.to_owned()) } else { Magnitude::Automatic };
    let multiple = |step: f64| ticks.iter().all(|tick| is_multiple(*tick, step));
    let dps = if multiple(divisor) {
        Some(0)
    } else if multiple(divisor / 10.0) {
        Some(1)
    } else {
        None
    };
    let common = Format { magnitude, dps, pad: Some(true), abbr: false, ..format.clone() };
    let common = match format.kind {
        Kind::Currency => common,
        _ => Format { kind: Kind::Number, ..common },
    };
    ticks.iter().map(|&tick| write_amount(&common, tick).map(|text| text.text).unwrap_or_default()).collect()
}

fn is_multiple(tick: f64, step: f64) -> bool {
    let quotient = tick / step;
    (quotient - quotient.round()).abs() < 1e-9
}
