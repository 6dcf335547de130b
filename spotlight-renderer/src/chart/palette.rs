//! The colours of charts: seven series on a light and on a dark page.
//!
//! Every colour can carry text on its page (contrast of at least 4.5), any two stay apart for readers who see fewer
//! colours, and colour is never alone: series also have marks of their own shape and are named where they end. The tests
//! hold the palette to this. The style sheet repeats the values as custom properties.

/// How many series have a colour of their own; further ones begin again.
pub const SIZE: usize = 7;

/// The page behind charts, light and dark.
pub const SURFACES: [&str; 2] = ["#ffffff", "#15191e"];

/// Series on a light page.
pub const LIGHT: [&str; SIZE] = ["#485bbd", "#ac6303", "#085c62", "#40076c", "#6d4a02", "#5f0522", "#6b7684"];

/// Series on a dark page.
pub const DARK: [&str; SIZE] = ["#5093fa", "#f89a21", "#8bf9f0", "#b86aa0", "#f6df73", "#fa3f59", "#b2becc"];

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(colour: &str) -> [f64; 3] {
        std::array::from_fn(|index| {
            let byte = u8::from_str_radix(&colour[1 + 2 * index..3 + 2 * index], 16).unwrap();
            let share = f64::from(byte) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn luminance([red, green, blue]: [f64; 3]) -> f64 {
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// The ratio of WCAG 2.
    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(channels(a)) + 0.05, luminance(channels(b)) + 0.05);
        if a > b { a / b } else { b / a }
    }

    fn oklab([red, green, blue]: [f64; 3]) -> [f64; 3] {
        let l = (0.412_221_5 * red + 0.536_332_5 * green + 0.051_446 * blue).max(0.0).cbrt();
        let m = (0.211_903_5 * red + 0.680_699_5 * green + 0.107_397 * blue).max(0.0).cbrt();
        let s = (0.088_302_5 * red + 0.281_718_8 * green + 0.629_978_7 * blue).max(0.0).cbrt();
        [
            0.210_454_3 * l + 0.793_617_8 * m - 0.004_072 * s,
            1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
            0.025_904 * l + 0.782_771_8 * m - 0.808_675_8 * s,
        ]
    }

    /// Severe red-green blindness of both kinds (Machado, Oliveira and Fernandes 2009).
    const SIGHTS: [[[f64; 3]; 3]; 3] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_82, 0.042_94, 0.968_881],
        ],
    ];

    fn seen(colour: &str, sight: &[[f64; 3]; 3]) -> [f64; 3] {
        let channels = channels(colour);
        sight.map(|row| {
            row.iter().zip(channels).map(|(weight, channel)| weight * channel).sum::<f64>().clamp(0.0, 1.0)
        })
    }

    fn distance(a: &str, b: &str, sight: &[[f64; 3]; 3]) -> f64 {
        let (a, b) = (oklab(seen(a, sight)), oklab(seen(b, sight)));
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn every_colour_can_carry_text() {
        for (colours, surface) in [(LIGHT, SURFACES[0]), (DARK, SURFACES[1])] {
            for colour in colours {
                assert!(
                    contrast(colour, surface) >= 4.5,
                    "{colour} on {surface}: {}",
                    contrast(colour, surface)
                );
            }
        }
    }

    #[test]
    fn any_two_stay_apart_for_every_sight() {
        for colours in [LIGHT, DARK] {
            for sight in &SIGHTS {
                for (index, a) in colours.iter().enumerate() {
                    for b in &colours[index + 1..] {
                        assert!(distance(a, b, sight) >= 0.1, "{a} and {b}: {}", distance(a, b, sight));
                    }
                }
            }
        }
    }
}
