//! The calls that lie within `failure_window`, kept by moment or by slice.

use std::collections::VecDeque;

use super::{active_config::ActiveConfig, config::Criterion};

/// The recent outcomes of a circuit: the moments of failures for a threshold, or counts by slice
/// for a rate.
#[derive(Debug)]
pub(super) enum Window {
    Moments(Moments),
    Slices(Slices),
}

impl Window {
    pub(super) fn new(config: &ActiveConfig) -> Self {
        match config.criterion() {
            Criterion::Count(_) => Self::Moments(Moments::default()),
            Criterion::Rate(_) => Self::Slices(Slices::default()),
        }
    }

    /// True if the window was made for the criterion of `config`.
    pub(super) fn fits(&self, config: &ActiveConfig) -> bool {
        matches!(self, Self::Slices(_)) == config.is_rated()
    }

    /// Forgets the oldest failures beyond a threshold that became lower.
    pub(super) fn limit(&mut self, config: &ActiveConfig) {
        if let (Self::Moments(moments), Criterion::Count(threshold)) = (self, config.criterion()) {
            let excess = moments.0.len().saturating_sub(threshold as usize);
            moments.0.drain(..excess);
        }
    }

    /// Takes over the successes that came since this was called last, out of all `successes`. They
    /// were counted without the lock, in the slice that ran until now.
    pub(super) fn take_over(&mut self, successes: u64) {
        if let Self::Slices(slices) = self {
            slices.take_over(successes);
        }
    }

    /// Leaves out the successes that came since then.
    pub(super) fn skip(&mut self, successes: u64) {
        if let Self::Slices(slices) = self {
            slices.taken = successes;
        }
    }

    /// The moment that ends the running slice: 0 where successes are not counted.
    pub(super) fn turns_at(&self, config: &ActiveConfig) -> u64 {
        match self {
            Self::Moments(_) => 0,
            Self::Slices(slices) => slices.turns_at(width(config)),
        }
    }

    /// Counts a success. The caller counts it among all successes, too.
    pub(super) fn success(&mut self, config: &ActiveConfig, now: u64) {
        if let Self::Slices(slices) = self {
            slices.turn(now, width(config));
            slices.take_over(slices.taken.wrapping_add(1));
        }
    }

    /// Counts a failure and returns true if the circuit has to open with it. At the threshold it
    /// has to.
    #[inline]
    pub(super) fn failure(&mut self, config: &ActiveConfig, now: u64) -> bool {
        match (self, config.criterion()) {
            (Self::Moments(moments), Criterion::Count(threshold)) => {
                moments.forget(now, config.failure_window());
                moments.record(now, threshold);
                moments.count() >= threshold
            }
            (Self::Slices(slices), Criterion::Rate(limit)) => {
                slices.turn(now, width(config));
                slices.count(1, 1);
                slices
                    .rate(config.minimum_calls())
                    .is_some_and(|rate| rate >= limit)
            }
            _ => unreachable!("the window was made for the criterion"),
        }
    }

    /// The failures in the window. They are never more than the threshold, because older ones are
    /// forgotten.
    pub(super) fn failures(&mut self, config: &ActiveConfig, now: u64) -> u32 {
        match self {
            Self::Moments(moments) => {
                moments.forget(now, config.failure_window());
                moments.count()
            }
            Self::Slices(slices) => {
                slices.turn(now, width(config));
                slices.ring.total.failures
            }
        }
    }

    /// The rate of failures, if the circuit opens by one and `minimum_calls` lie in the window.
    pub(super) fn rate(&mut self, config: &ActiveConfig, now: u64) -> Option<f64> {
        let Self::Slices(slices) = self else {
            return None;
        };
        slices.turn(now, width(config));
        slices.rate(config.minimum_calls())
    }

    /// The moment from which the window decides as an empty one does, if no call comes. `NEVER` if
    /// only a call can bring that about.
    pub(super) fn fresh_at(&mut self, config: &ActiveConfig, now: u64) -> u64 {
        match self {
            Self::Moments(moments) => {
                moments.forget(now, config.failure_window());
                let newest = moments.0.back();
                newest.map_or(0, |newest| newest.saturating_add(config.failure_window()))
            }
            Self::Slices(slices) => {
                slices.turn(now, width(config));
                slices.empty_at(width(config))
            }
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Self::Moments(moments) => moments.0.clear(),
            Self::Slices(slices) => *slices.ring = Ring::default(),
        }
    }
}

/// The moments of the latest failures, oldest first. There are never more of them than the
/// threshold. The list grows with the failures, because most circuits see none.
#[derive(Debug, Default)]
pub(super) struct Moments(VecDeque<u64>);

impl Moments {
    #[inline]
    fn record(&mut self, now: u64, limit: u32) {
        let (length, limit) = (self.0.len(), limit as usize);
        if length >= limit {
            self.0.pop_front();
        } else if length == self.0.capacity() {
            // The list does not grow by itself, because it would take room for more than the limit.
            self.0.reserve_exact(length.max(8).min(limit - length));
        }
        if self.0.back().is_none_or(|&newest| newest <= now) {
            self.0.push_back(now);
        } else {
            self.insert(now);
        }
    }

    /// Inserts a moment before later ones. Threads read the clock before they wait for the lock, so
    /// a moment may arrive after a later one.
    #[cold]
    fn insert(&mut self, now: u64) {
        let at = self.0.partition_point(|&time| time <= now);
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

const SLICES: u8 = 12;

/// The length of a slice.
fn width(config: &ActiveConfig) -> u64 {
    (config.failure_window() / u64::from(SLICES)).max(1)
}

/// The limit is so low that the total over all slices fits, too. A slice that is full (71 million
/// calls a second in the default window) stops counting and keeps its rate.
const SLICE_LIMIT: u32 = u32::MAX / SLICES as u32;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slice {
    calls: u32,
    failures: u32,
}

#[derive(Debug, Default)]
struct Ring {
    slices: [Slice; SLICES as usize],
    total: Slice,
}

/// The calls and failures in each twelfth of the window. The running slice is one of the twelve, so
/// no call that is older than the window counts.
#[derive(Debug, Default)]
pub(super) struct Slices {
    /// The slices are in a box, so that the many circuits with a threshold do not carry them.
    ring: Box<Ring>,
    newest: u64,
    /// The number of all successes when they were taken over last.
    taken: u64,
}

impl Slices {
    fn take_over(&mut self, successes: u64) {
        let calls = u32::try_from(successes.wrapping_sub(self.taken)).unwrap_or(u32::MAX);
        self.taken = successes;
        self.count(calls, 0);
    }

    fn count(&mut self, calls: u32, failures: u32) {
        let Ring { slices, total } = &mut *self.ring;
        let slice = &mut slices[index_of(self.newest)];
        let calls = calls.min(SLICE_LIMIT - slice.calls);
        let failures = failures.min(calls);
        slice.calls += calls;
        slice.failures += failures;
        total.calls += calls;
        total.failures += failures;
    }

    /// The rate of failures, if there are so many calls.
    fn rate(&self, minimum_calls: u32) -> Option<f64> {
        let Slice { calls, failures } = self.ring.total;
        // The rate is a quotient, because 3 of 30 is then exactly the double that the source code
        // calls 0.1.
        (calls >= minimum_calls).then(|| f64::from(failures) / f64::from(calls))
    }

    /// The moment from which no slice holds a call, if none comes.
    fn empty_at(&self, width: u64) -> u64 {
        let holds_calls = |slice: &u64| self.ring.slices[index_of(*slice)].calls > 0;
        let slices = (0..u64::from(SLICES)).filter_map(|age| self.newest.checked_sub(age));
        let newest = slices.into_iter().find(holds_calls);
        newest.map_or(0, |slice| (slice + u64::from(SLICES)).saturating_mul(width))
    }

    fn turns_at(&self, width: u64) -> u64 {
        (self.newest + 1).saturating_mul(width)
    }

    /// Makes the slice of `now` the newest and drops the slices that slid out.
    ///
    /// A moment before the newest slice counts in the newest, because a clock that went back must
    /// neither bring old slices back nor lose a call.
    fn turn(&mut self, now: u64, width: u64) {
        if now < self.turns_at(width) {
            return;
        }
        let Ring { slices, total } = &mut *self.ring;
        let passed = now / width - self.newest;
        for step in 1..=passed.min(SLICES.into()) {
            let slice = std::mem::take(&mut slices[index_of(self.newest + step)]);
            total.calls -= slice.calls;
            total.failures -= slice.failures;
        }
        self.newest += passed;
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the remainder is small")]
fn index_of(slice: u64) -> usize {
    (slice % u64::from(SLICES)) as usize
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::CircuitBreakerConfig;

    const START: u64 = 1 << 62;

    fn counting(threshold: u32, window: u64) -> (ActiveConfig, Window) {
        let config = CircuitBreakerConfig::new()
            .failure_threshold(threshold)
            .failure_window(Duration::from_nanos(window));
        let config = ActiveConfig::new(&config);
        let window = Window::new(&config);
        (config, window)
    }

    fn rating(rate: f64, minimum: u32, window: u64) -> (ActiveConfig, Window) {
        let config = CircuitBreakerConfig::new()
            .failure_rate(rate)
            .minimum_calls(minimum)
            .failure_window(Duration::from_nanos(window));
        let config = ActiveConfig::new(&config);
        let window = Window::new(&config);
        (config, window)
    }

    #[test]
    fn a_failure_counts_while_its_age_is_below_the_window() {
        let (config, mut window) = counting(2, 100);
        window.failure(&config, START);
        assert_eq!(window.failures(&config, START + 99), 1);
        assert!(!window.failure(&config, START + 100));
        assert!(window.failure(&config, START + 199));
    }

    #[test]
    fn no_more_moments_are_kept_than_can_matter() {
        let (config, mut window) = counting(3, 1_000_000);
        for moment in 0..100 {
            window.failure(&config, START + moment);
        }
        assert_eq!(window.failures(&config, START + 100), 3);
        let Window::Moments(moments) = &window else {
            unreachable!("a threshold keeps moments")
        };
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
        let forever = CircuitBreakerConfig::new().failure_window(Duration::MAX);
        let config = ActiveConfig::new(&forever);
        let mut window = Window::new(&config);
        window.failure(&config, 0);
        assert_eq!(window.failures(&config, u64::MAX - 1), 1);
        let config = ActiveConfig::new(&forever.failure_rate(0.5).minimum_calls(1));
        let mut window = Window::new(&config);
        window.failure(&config, START);
        assert_eq!(window.rate(&config, START + (1 << 32)), Some(1.0));
    }

    #[test]
    fn a_rate_is_over_at_the_rate_itself() {
        for (rate, failures, calls) in [(0.1, 3, 30), (0.5, 10, 20), (1.0, 20, 20), (0.7, 14, 20)] {
            for successes in [calls - failures, calls - failures + 1] {
                let (config, mut window) = rating(rate, 20, 1_200);
                for _ in 0..successes {
                    window.success(&config, START);
                }
                for _ in 1..failures {
                    assert!(!window.failure(&config, START), "below {rate}");
                }
                let reached = successes + failures == calls;
                assert_eq!(
                    window.failure(&config, START),
                    reached,
                    "{failures} beside {successes} for {rate}"
                );
            }
        }
    }

    #[test]
    fn a_rate_says_nothing_below_the_minimum_of_calls() {
        let (config, mut window) = rating(0.5, 3, 1_200);
        window.failure(&config, START);
        window.failure(&config, START);
        assert_eq!(window.rate(&config, START), None);
        window.failure(&config, START);
        assert_eq!(window.rate(&config, START), Some(1.0));
    }

    #[test]
    fn slices_slide_out_one_by_one() {
        let (config, mut window) = rating(0.5, 1, 1_200);
        let start = START - START % 100;
        window.failure(&config, start);
        window.success(&config, start + 600);
        assert_eq!(window.rate(&config, start + 1_199), Some(0.5));
        assert_eq!(window.rate(&config, start + 1_200), Some(0.0));
        assert_eq!(window.rate(&config, start + 1_800), None);
        window.failure(&config, start + 1_000_000);
        assert_eq!(window.rate(&config, start + 1_000_000), Some(1.0));
    }

    #[test]
    fn a_clock_that_goes_back_loses_no_call_in_a_rate() {
        let (config, mut window) = rating(0.5, 1, 1_200);
        window.success(&config, START + 10_000);
        window.failure(&config, START);
        assert_eq!(window.rate(&config, START), Some(0.5));
    }

    #[test]
    fn a_full_slice_keeps_its_rate() {
        let mut slices = Slices::default();
        slices.turn(START, 100);
        let full = Slice {
            calls: SLICE_LIMIT,
            failures: SLICE_LIMIT / 2,
        };
        let total = Slice {
            calls: full.calls * u32::from(SLICES),
            failures: full.failures * u32::from(SLICES),
        };
        *slices.ring = Ring {
            slices: [full; SLICES as usize],
            total,
        };
        slices.count(1, 1);
        slices.take_over(1_000_000);
        assert_eq!(slices.ring.total, total);
    }

    #[test]
    fn both_kinds_take_the_same_room_in_the_circuit() {
        assert_eq!(
            (size_of::<Window>(), size_of::<Ring>()),
            (size_of::<Moments>(), 104)
        );
    }

    #[test]
    fn clearing_empties_both_kinds() {
        for (config, mut window) in [counting(5, 1_200), rating(0.5, 1, 1_200)] {
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
