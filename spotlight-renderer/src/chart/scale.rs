//! Scales: values to positions, and the round numbers worth naming on the way.

use super::Unit;

/// A linear scale with ticks at round numbers, both ends being ticks.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// The lowest value on the axis.
    pub low: f64,
    /// The highest value on the axis; always above `low`.
    pub high: f64,
    /// Round numbers from low to high.
    pub ticks: Vec<f64>,
}

impl Scale {
    /// A scale that holds zero and all values, with about `wanted` steps between its ticks.
    pub fn covering(values: impl Iterator<Item = f64>, unit: Unit, wanted: usize) -> Scale {
        let (low, high) = values
            .filter(|value| value.is_finite())
            .fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        if unit == Unit::Percent && low >= 0.0 && high > 0.5 && high <= 1.0 {
            return Scale::stepping(0.0, 1.0, if wanted >= 4 { 0.25 } else { 0.5 });
        }
        if low == 0.0 && high == 0.0 {
            return Scale::stepping(0.0, 1.0, 1.0);
        }
        Scale::stepping(low, high, step(high - low, unit, wanted.max(1)))
    }

    /// A scale without ticks that holds zero and all values and nothing more.
    pub fn filling(values: impl Iterator<Item = f64>) -> Scale {
        let (low, high) = values
            .filter(|value| value.is_finite())
            .fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        Scale { low, high: if high > low { high } else { low + 1.0 }, ticks: Vec::new() }
    }

    fn stepping(low: f64, high: f64, step: f64) -> Scale {
        // multiples of the step, not sums of it: sums of 0.1 drift
        let first = (low / step + 1e-9).floor();
        let last = (high / step - 1e-9).ceil().max(first + 1.0);
        let count = (last - first) as usize;
        let ticks: Vec<f64> = (0..=count).map(|index| tidy((first + index as f64) * step)).collect();
        Scale { low: tidy(first * step), high: tidy(last * step), ticks }
    }

    /// The share of the way from low to high.
    pub fn position(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// Removes what binary fractions add: 0.30000000000000004 is 0.3 here.
fn tidy(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let digits = 12 - value.abs().log10().ceil() as i32;
    let power = 10_f64.powi(digits);
    if power.is_finite() && power != 0.0 { (value * power).round() / power } else { value }
}

fn step(span: f64, unit: Unit, wanted: usize) -> f64 {
    let rough = span / wanted as f64;
    if unit == Unit::Duration && rough > 1000.0 {
        // seconds, minutes and hours are not decimal
        const MINUTE: f64 = 60_000.0;
        const STEPS: [f64; 14] = [
            2_000.0,
            5_000.0,
            10_000.0,
            15_000.0,
            30_000.0,
            MINUTE,
            2.0 * MINUTE,
            5.0 * MINUTE,
            10.0 * MINUTE,
            15.0 * MINUTE,
            30.0 * MINUTE,
            60.0 * MINUTE,
            120.0 * MINUTE,
            240.0 * MINUTE,
        ];
        if let Some(step) = STEPS.into_iter().find(|step| *step >= rough) {
            return step;
        }
    }
    let power = 10_f64.powf(rough.log10().floor());
    let multiple = rough / power;
    let round = match multiple {
        m if m <= 1.0 => 1.0,
        m if m <= 2.0 => 2.0,
        m if m <= 2.5 && power >= 10.0 => 2.5,
        m if m <= 5.0 => 5.0,
        _ => 10.0,
    };
    round * power
}

/// A number as a careful person would type it: thousands separated, no more than three figures of fraction.
pub fn plain_number(value: f64) -> String {
    let rounded = format!("{:.*}", decimals(value), value.abs());
    let (whole, fraction) = rounded.split_once('.').unwrap_or((&rounded, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    if value < 0.0 && text != "0" { format!("\u{2212}{text}") } else { text }
}

fn decimals(value: f64) -> usize {
    let size = value.abs();
    if size >= 100.0 || size == 0.0 {
        0
    } else if size >= 10.0 {
        1
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(values: &[f64], wanted: usize) -> Vec<f64> {
        Scale::covering(values.iter().copied(), Unit::Number, wanted).ticks
    }

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        assert_eq!(ticks(&[6.0], 4), [0.0, 2.0, 4.0, 6.0]);
        assert_eq!(ticks(&[37.0], 4), [0.0, 10.0, 20.0, 30.0, 40.0]);
        assert_eq!(ticks(&[0.3], 3), [0.0, 0.1, 0.2, 0.3]);
        assert_eq!(ticks(&[1_250_000.0], 4), [0.0, 500_000.0, 1_000_000.0, 1_500_000.0]);
        assert_eq!(ticks(&[-4.0, 6.0], 4), [-5.0, 0.0, 5.0, 10.0]);
        assert_eq!(ticks(&[0.0, 0.0], 4), [0.0, 1.0]);
        assert_eq!(ticks(&[], 4), [0.0, 1.0]);
    }

    #[test]
    fn every_magnitude_gives_few_ticks_around_the_values() {
        for exponent in -9..16 {
            for lead in [1.0, 1.9, 2.2, 3.7, 5.1, 9.9] {
                let value = lead * 10_f64.powi(exponent);
                let scale = Scale::covering([value].into_iter(), Unit::Number, 4);
                assert!(scale.low <= 0.0 && scale.high >= value * (1.0 - 1e-9), "{value} {scale:?}");
                assert!((3..=7).contains(&scale.ticks.len()), "{value} {scale:?}");
                assert!((0.5..=1.0).contains(&scale.position(value)), "{value} {scale:?}");
            }
        }
    }

    #[test]
    fn shares_end_at_the_whole_and_times_step_by_the_clock() {
        assert_eq!(Scale::covering([0.83].into_iter(), Unit::Percent, 4).ticks, [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(
            Scale::covering([0.04].into_iter(), Unit::Percent, 4).ticks,
            [0.0, 0.01, 0.02, 0.03, 0.04]
        );
        assert_eq!(Scale::covering([1.3].into_iter(), Unit::Percent, 3).high, 1.5);
        assert_eq!(
            Scale::covering([55_000.0].into_iter(), Unit::Duration, 4).ticks,
            [0.0, 15e3, 30e3, 45e3, 60e3]
        );
    }

    #[test]
    fn numbers_are_written_with_care() {
        for (value, text) in [
            (0.0, "0"),
            (1234.0, "1,234"),
            (0.126, "0.13"),
            (2.5, "2.5"),
            (-1234567.0, "\u{2212}1,234,567"),
            (-0.001, "0"),
        ] {
            assert_eq!(plain_number(value), text);
        }
    }
}
