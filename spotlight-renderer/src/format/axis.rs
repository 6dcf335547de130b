//! The labels of an axis, written so that they agree with each other.

use super::number::unit_of;
use super::{Format, Kind, MOST_DECIMALS, Magnitude};

/// Writes the ticks of a value axis.
///
/// Shares and durations are written by their own rule. Other amounts share the unit of the largest tick if that is at
/// least a thousand, and as many decimals as their steps need. All have more decimals where they would be the same else.
pub fn labels(format: &Format, ticks: &[f64]) -> Vec<String> {
    let own = match format.kind {
        Kind::Percent | Kind::Duration => format.clone(),
        _ => common(format, ticks),
    };
    let write = |format: &Format| ticks.iter().map(|&tick| format.write_amount(tick)).collect();
    let differ = |labels: &Vec<String>| labels.windows(2).all(|pair| pair[0] != pair[1]);
    let labels: Vec<String> = write(&own);
    if differ(&labels) {
        return labels;
    }
    let finer = |dps: i32| write(&Format { dps: Some(dps), pad: Some(true), ..own.clone() });
    (1..=MOST_DECIMALS).map(finer).find(differ).unwrap_or(labels)
}

/// The format that the ticks of an axis share.
fn common(format: &Format, ticks: &[f64]) -> Format {
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
    match format.kind {
        // all with pence or none
        Kind::Currency => Format { pence: Some(!multiple(1.0)), ..common },
        _ => Format { kind: Kind::Number, ..common },
    }
}

fn is_multiple(tick: f64, step: f64) -> bool {
    let quotient = tick / step;
    (quotient - quotient.round()).abs() < 1e-9
}
