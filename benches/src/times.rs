//! How long things took, in the figures that are published.

use std::time::Duration;

/// How long each of many requests took, the shortest first.
#[derive(Debug)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Puts times in order.
    #[must_use]
    pub fn of(mut times: Vec<Duration>) -> Times {
        times.sort_unstable();
        Times(times)
    }

    /// How many requests there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Milliseconds within which this share of the requests (0 to 1) was answered; 0 where there were none.
    #[must_use]
    pub fn milliseconds(&self, share: f64) -> f64 {
        let place = ((self.0.len() as f64 * share) as usize).min(self.0.len().saturating_sub(1));
        self.0.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    }

    /// The median, what one of a hundred exceeded, and the longest, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| self.milliseconds(share));
        format!("p50 {p50:.2} ms  p99 {p99:.2} ms  max {max:.2} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_the_requests_are_answered_within_times() {
        let times = Times::of((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!(times.in_words(), "p50 101.00 ms  p99 199.00 ms  max 200.00 ms");
        assert_eq!(Times::of(Vec::new()).in_words(), "p50 0.00 ms  p99 0.00 ms  max 0.00 ms");
    }
}
