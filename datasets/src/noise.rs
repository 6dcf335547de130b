//! Chance that can be repeated: the same seed, label and keys give the same numbers for ever, on every machine.
//!
//! Our own few lines rather than a crate of random numbers, whose generators may give other numbers in their next
//! version. The mixing function is SplitMix64 (Steele, Lea and Flood, 2014), labels are hashed by FNV-1a.

/// A stream of chance.
#[derive(Debug, Clone)]
pub(crate) struct Noise(u64);

impl Noise {
    /// The stream for this label and these keys.
    pub(crate) fn new(seed: u64, label: &str, keys: &[u64]) -> Noise {
        let mut state = seed ^ 0xcbf2_9ce4_8422_2325;
        for byte in label.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        for key in keys {
            state = mix(state ^ mix(*key));
        }
        Noise(state)
    }

    /// Evenly between 0 and 1, without 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        // 53 bits, as many as a float holds exactly.
        (mix(self.0) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// Near 0, nearly always between -3 and 3, with a spread of 1: twelve even numbers added up, which is close to a
    /// bell and needs no function that machines calculate differently.
    pub(crate) fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// Around a mean, by a share of it.
    pub(crate) fn around(&mut self, mean: f64, share: f64) -> f64 {
        mean * (1.0 + share * self.bell())
    }

    /// How many things were counted where this many were to be expected; never negative.
    pub(crate) fn count(&mut self, expected: f64) -> u64 {
        // Things that happen independently vary by the square root of their number.
        let counted = expected + expected.max(0.0).sqrt() * self.bell();
        counted.round().max(0.0) as u64
    }

    /// How many of `number` there were, where each is one with this probability.
    pub(crate) fn share_of(&mut self, number: u64, probability: f64) -> u64 {
        let expected = number as f64 * probability;
        let spread = (expected * (1.0 - probability)).max(0.0).sqrt();
        let counted = (expected + spread * self.bell()).round().max(0.0) as u64;
        counted.min(number)
    }
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_keys_give_the_same_numbers_and_others_do_not() {
        let first: Vec<f64> = (0..4).map(|_| Noise::new(7, "calls", &[1, 2]).uniform()).collect();
        assert!(first.windows(2).all(|pair| pair[0] == pair[1]));
        assert_ne!(first[0], Noise::new(7, "calls", &[2, 1]).uniform());
        assert_ne!(first[0], Noise::new(8, "calls", &[1, 2]).uniform());
        assert_ne!(first[0], Noise::new(7, "visits", &[1, 2]).uniform());
    }

    #[test]
    fn numbers_are_never_other_than_these() {
        let mut noise = Noise::new(1, "pinned", &[2024]);
        let counted: Vec<u64> = (0..4).map(|_| noise.count(1000.0)).collect();
        assert_eq!(counted, PINNED);
    }

    const PINNED: [u64; 4] = [991, 947, 966, 1006];

    #[test]
    fn counts_lie_around_what_is_expected() {
        let mut noise = Noise::new(3, "counts", &[]);
        let mean = (0..2_000).map(|_| noise.count(50.0)).sum::<u64>() as f64 / 2_000.0;
        assert!((49.0..51.0).contains(&mean), "{mean}");
        assert_eq!(noise.count(0.0), 0);
        assert_eq!(noise.count(-5.0), 0);
        assert!((0..500).all(|_| noise.share_of(10, 0.99) <= 10));
    }
}
