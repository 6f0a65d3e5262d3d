//! What lies within `failure_window`, by moment or by slice.

use std::collections::VecDeque;

use super::config::{CircuitBreakerConfig, Criterion};
use crate::clock::nanos;

/// The recent past of a circuit, held against its threshold or its rate.
#[derive(Debug)]
pub(super) enum Window {
    Moments(Moments),
    /// Boxed, once and for all: circuits with a threshold are the rule and should not carry the slices.
    Slices(Box<Slices>),
}

impl Window {
    pub(super) fn new(config: &CircuitBreakerConfig) -> Self {
        match config.criterion() {
            Criterion::Count(_) => Self::Moments(Moments::default()),
            Criterion::Rate(_) => Self::Slices(Box::new(Slices::new(nanos(config.get_failure_window())))),
        }
    }

    pub(super) fn success(&mut self, now: u64) {
        if let Self::Slices(slices) = self {
            slices.record(now, false);
        }
    }

    pub(super) fn failure(&mut self, config: &CircuitBreakerConfig, now: u64) {
        match self {
            Self::Moments(moments) => {
                moments.forget(now, nanos(config.get_failure_window()));
                moments.record(now, config.get_failure_threshold().unwrap_or(0));
            }
            Self::Slices(slices) => slices.record(now, true),
        }
    }

    /// Whether the circuit has to open. At the threshold it does.
    pub(super) fn is_over(&mut self, config: &CircuitBreakerConfig, now: u64) -> bool {
        match config.criterion() {
            Criterion::Count(threshold) => self.failures(config, now) >= threshold,
            Criterion::Rate(limit) => self.rate(config, now).is_some_and(|rate| rate >= limit),
        }
    }

    /// Failures in the window; never more than the threshold, as older ones are forgotten.
    pub(super) fn failures(&mut self, config: &CircuitBreakerConfig, now: u64) -> u32 {
        match self {
            Self::Moments(moments) => {
                moments.forget(now, nanos(config.get_failure_window()));
                moments.count()
            }
            Self::Slices(slices) => slices.total(now).failures,
        }
    }

    /// The rate of failures, if it is measured and `minimum_calls` lie in the window.
    pub(super) fn rate(&mut self, config: &CircuitBreakerConfig, now: u64) -> Option<f64> {
        let Self::Slices(slices) = self else {
            return None;
        };
        let total = slices.total(now);
        // A quotient, not a product: 3 of 30 is then exactly the double that the source code calls 0.1.
        (total.calls >= config.get_minimum_calls()).then(|| f64::from(total.failures) / f64::from(total.calls))
    }

    pub(super) fn clear(&mut self) {
        match self {
            Self::Moments(moments) => moments.0.clear(),
            Self::Slices(slices) => **slices = Slices::new(slices.span),
        }
    }
}

/// The moments of the latest failures, oldest first: exact, and never more than can matter. Grows with the failures,
/// as most circuits see none.
#[derive(Debug, Default)]
pub(super) struct Moments(VecDeque<u64>);

impl Moments {
    fn record(&mut self, now: u64, limit: u32) {
        if self.0.len() >= limit as usize {
            self.0.pop_front();
        }
        // Threads read the clock before they queue for the lock, so a moment may arrive after a later one.
        let newer = self.0.iter().rev().take_while(|&&time| time > now);
        let at = self.0.len() - newer.count();
        self.0.insert(at, now);
    }

    fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    fn forget(&mut self, now: u64, span: u64) {
        while let Some(&oldest) = self.0.front() {
            if now.saturating_sub(oldest) < span {
                break;
            }
            self.0.pop_front();
        }
    }
}

const SLICES: u8 = 16;

/// So that the total over all slices fits as well. A slice that is full (71 million calls a second in the default
/// window) stops counting and keeps its rate.
const SLICE_LIMIT: u32 = u32::MAX / 16;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slice {
    calls: u32,
    failures: u32,
}

/// Calls and failures by sixteenths of the window. The running slice counts as one of them, so nothing older than the
/// window is ever counted.
#[derive(Debug)]
pub(super) struct Slices {
    ring: [Slice; SLICES as usize],
    total: Slice,
    newest: u64,
    span: u64,
}

impl Slices {
    fn new(span: u64) -> Self {
        Self { ring: [Slice::default(); SLICES as usize], total: Slice::default(), newest: 0, span }
    }

    fn record(&mut self, now: u64, failed: bool) {
        self.turn(now);
        let slice = &mut self.ring[place(self.newest)];
        if slice.calls < SLICE_LIMIT {
            slice.calls += 1;
            slice.failures += u32::from(failed);
            self.total.calls += 1;
            self.total.failures += u32::from(failed);
        }
    }

    fn total(&mut self, now: u64) -> Slice {
        self.turn(now);
        self.total
    }

    /// Makes `now`'s slice the newest and drops those that slid out. A moment before the newest slice counts in it:
    /// a clock that went back must neither bring the past to life nor lose a call.
    fn turn(&mut self, now: u64) {
        let current = now / (self.span / u64::from(SLICES)).max(1);
        let passed = current.saturating_sub(self.newest);
        for step in 1..=passed.min(SLICES.into()) {
            let slice = std::mem::take(&mut self.ring[place(self.newest + step)]);
            self.total.calls -= slice.calls;
            self.total.failures -= slice.failures;
        }
        self.newest += passed;
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the remainder is below 16")]
fn place(slice: u64) -> usize {
    (slice % u64::from(SLICES)) as usize
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: u64 = 1 << 62;

    fn counting(threshold: u32, window: u64) -> (CircuitBreakerConfig, Window) {
        let config =
            CircuitBreakerConfig::new().failure_threshold(threshold).failure_window(Duration::from_nanos(window));
        (config, Window::new(&config))
    }

    fn rating(rate: f64, minimum: u32, window: u64) -> (CircuitBreakerConfig, Window) {
        let config = CircuitBreakerConfig::new()
            .failure_rate(rate)
            .minimum_calls(minimum)
            .failure_window(Duration::from_nanos(window));
        (config, Window::new(&config))
    }

    #[test]
    fn a_failure_counts_while_its_age_is_below_the_window() {
        let (config, mut window) = counting(2, 100);
        window.failure(&config, START);
        assert_eq!(window.failures(&config, START + 99), 1);
        window.failure(&config, START + 100);
        assert!(!window.is_over(&config, START + 100));
        window.failure(&config, START + 199);
        assert!(window.is_over(&config, START + 199));
    }

    #[test]
    fn no_more_moments_are_kept_than_can_matter() {
        let (config, mut window) = counting(3, 1_000_000);
        for moment in 0..100 {
            window.failure(&config, START + moment);
        }
        assert_eq!(window.failures(&config, START + 100), 3);
        let Window::Moments(moments) = &window else { unreachable!("a threshold keeps moments") };
        assert!(moments.0.capacity() <= 8);
    }

    #[test]
    fn a_moment_that_arrives_late_is_forgotten_in_its_turn() {
        let (config, mut window) = counting(5, 100);
        window.failure(&config, START + 50);
        window.failure(&config, START + 10);
        window.failure(&config, START + 60);
        assert_eq!(window.failures(&config, START + 60), 3);
        assert_eq!(window.failures(&config, START + 110), 2);
        assert_eq!(window.failures(&config, START + 150), 1);
        assert_eq!(window.failures(&config, START), 1);
    }

    #[test]
    fn a_window_for_ever_forgets_nothing() {
        let config = CircuitBreakerConfig::new().failure_window(Duration::MAX);
        let mut window = Window::new(&config);
        window.failure(&config, 0);
        assert_eq!(window.failures(&config, u64::MAX - 1), 1);
        let config = config.failure_rate(0.5).minimum_calls(1);
        let mut window = Window::new(&config);
        window.failure(&config, START);
        assert_eq!(window.rate(&config, START + (1 << 32)), Some(1.0));
    }

    #[test]
    fn a_rate_is_over_at_the_rate_itself() {
        for (rate, failures, calls) in [(0.1, 3, 30), (0.5, 10, 20), (1.0, 20, 20), (0.7, 14, 20)] {
            let (config, mut window) = rating(rate, 20, 1_600);
            for call in 0..calls {
                assert!(!window.is_over(&config, START) || call >= 20);
                if call < calls - failures {
                    window.success(START);
                } else {
                    window.failure(&config, START);
                }
            }
            assert!(window.is_over(&config, START), "{failures} of {calls} is {rate}");
            window.success(START);
            assert!(!window.is_over(&config, START), "one more success is below {rate}");
        }
    }

    #[test]
    fn a_rate_says_nothing_below_the_minimum_of_calls() {
        let (config, mut window) = rating(0.5, 3, 1_600);
        window.failure(&config, START);
        window.failure(&config, START);
        assert_eq!(window.rate(&config, START), None);
        assert!(!window.is_over(&config, START));
        window.failure(&config, START);
        assert_eq!(window.rate(&config, START), Some(1.0));
    }

    #[test]
    fn slices_slide_out_one_by_one() {
        let (config, mut window) = rating(0.5, 1, 1_600);
        let start = START - START % 100;
        window.failure(&config, start);
        window.success(start + 800);
        assert_eq!(window.rate(&config, start + 1_599), Some(0.5));
        assert_eq!(window.rate(&config, start + 1_600), Some(0.0));
        assert_eq!(window.rate(&config, start + 2_400), None);
        window.failure(&config, start + 1_000_000);
        assert_eq!(window.rate(&config, start + 1_000_000), Some(1.0));
    }

    #[test]
    fn a_clock_that_goes_back_loses_no_call_in_a_rate() {
        let (config, mut window) = rating(0.5, 1, 1_600);
        window.success(START + 10_000);
        window.failure(&config, START);
        assert_eq!(window.rate(&config, START), Some(0.5));
    }

    #[test]
    fn a_full_slice_keeps_its_rate() {
        let mut slices = Slices::new(1_600);
        slices.turn(START);
        let full = Slice { calls: SLICE_LIMIT, failures: SLICE_LIMIT / 2 };
        slices.ring = [full; SLICES as usize];
        slices.total = Slice { calls: full.calls * 16, failures: full.failures * 16 };
        let total = slices.total;
        slices.record(START, true);
        assert_eq!(slices.total, total);
    }

    #[test]
    fn clearing_empties_both_kinds() {
        for (config, mut window) in [counting(5, 1_600), rating(0.5, 1, 1_600)] {
            window.failure(&config, START);
            window.clear();
            assert_eq!(window.failures(&config, START), 0);
            window.failure(&config, START + 1);
            assert_eq!(window.failures(&config, START + 1), 1);
        }
    }

    #[test]
    fn a_window_narrower_than_its_slices_still_slides() {
        let (config, mut window) = rating(0.5, 1, 1);
        window.failure(&config, START);
        assert_eq!(window.rate(&config, START), Some(1.0));
        assert_eq!(window.failures(&config, START + 16), 0);
    }
}
