//! The successes of a circuit within its failure window, from samples of a counter.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Readings of the counter of successes.
#[derive(Debug, Default)]
pub(super) struct Samples(VecDeque<(Instant, u64)>);

/// The number of samples that one window has at most.
const SAMPLES: u32 = 16;

impl Samples {
    /// Adds a reading, unless the last one is young.
    pub(super) fn add(&mut self, now: Instant, successes: u64, window: Duration) {
        let is_due = self
            .0
            .back()
            .is_none_or(|(at, _)| now.duration_since(*at) >= window / SAMPLES);
        if is_due {
            self.0.push_back((now, successes));
        }
        // One sample before the window stays, because the count begins with it.
        while self
            .0
            .get(1)
            .is_some_and(|(at, _)| now.duration_since(*at) >= window)
        {
            self.0.pop_front();
        }
    }

    /// The successes since the window began, or since the first reading.
    pub(super) fn within_window(&self, successes: u64) -> u64 {
        let first = self.0.front().map_or(successes, |(_, first)| *first);
        successes.saturating_sub(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successes_before_the_window_do_not_count() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let window = 60 * second;
        let mut samples = Samples::default();
        assert_eq!(samples.within_window(7), 0, "nothing was read yet");
        samples.add(start, 7, window);
        assert_eq!(samples.within_window(10), 3);
        for at in 1..=200 {
            samples.add(start + at * second, 10, window);
        }
        assert_eq!(samples.within_window(10), 0);
        assert_eq!(samples.within_window(12), 2);
        assert!(samples.0.len() <= SAMPLES as usize + 2);
    }
}
