//! The latency of a function, for a hedge after a percentile of it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::histogram::{self, BUCKETS, Histogram};

const SECOND: u64 = 1_000_000_000;

/// The window is four slices, of which one is still filled.
const SLICES: usize = 4;
const SLICE: u64 = 15 * SECOND;

/// The percentile is taken anew after this time.
const REFRESH: u64 = 3 * SECOND;

/// There is no percentile of fewer calls.
const LEAST: u64 = 100;

/// The durations of a function's calls within the last minute.
#[derive(Debug)]
pub struct Latency {
    slices: [Slice; SLICES],
    /// The moment at which the percentile was taken, and zero before.
    refreshed_at: AtomicU64,
    /// The percentile that was taken last.
    taken: AtomicU64,
}

/// A percentile in one word: its nanoseconds, and in the lowest eight bits which one it is. The
/// configuration file may ask for another one at any time.
#[derive(Clone, Copy)]
struct Taken(u64);

const WHICH_BITS: u32 = 8;

/// The nanoseconds of a percentile that there are too few calls for.
const NONE: u64 = u64::MAX >> WHICH_BITS;

impl Taken {
    fn new(which: u8, nanoseconds: Option<u64>) -> Self {
        let nanoseconds = nanoseconds.unwrap_or(NONE).min(NONE);
        Self(nanoseconds << WHICH_BITS | u64::from(which))
    }

    fn is_of(self, which: u8) -> bool {
        self.0 % (1 << WHICH_BITS) == u64::from(which)
    }

    fn nanoseconds(self) -> Option<u64> {
        let nanoseconds = self.0 >> WHICH_BITS;
        (nanoseconds != NONE).then_some(nanoseconds)
    }
}

#[derive(Debug)]
struct Slice {
    /// The number of the slice since the start of the clock.
    number: AtomicU64,
    durations: Histogram,
}

impl Latency {
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slices: [const {
                Slice {
                    number: AtomicU64::new(0),
                    durations: Histogram::new(),
                }
            }; SLICES],
            refreshed_at: AtomicU64::new(0),
            taken: AtomicU64::new(0),
        }
    }

    /// Adds a call that took so many nanoseconds and ends at `now`. Durations that arrive while
    /// another thread empties an old slice may be lost, which changes no percentile by much.
    pub(super) fn add(&self, now: u64, nanoseconds: u64) {
        let number = now / SLICE;
        let Some(slice) = self.slices.get(number as usize % SLICES) else {
            return;
        };
        let last = slice.number.load(Ordering::Acquire);
        if last != number {
            let is_mine =
                slice
                    .number
                    .compare_exchange(last, number, Ordering::AcqRel, Ordering::Acquire);
            if is_mine.is_ok() {
                slice.durations.clear();
            }
        }
        slice.durations.add(nanoseconds);
    }

    /// Returns the percentile in nanoseconds. It is at most a few seconds old.
    pub(super) fn percentile(&self, now: u64, which: u8) -> Option<u64> {
        let load = || Taken(self.taken.load(Ordering::Acquire));
        let at = self.refreshed_at.load(Ordering::Acquire);
        let is_old = !load().is_of(which) || now.saturating_sub(at) >= REFRESH;
        let refresh = || {
            self.refreshed_at
                .compare_exchange(at, now, Ordering::AcqRel, Ordering::Acquire)
        };
        // One of the threads that come at once takes it anew.
        if is_old && refresh().is_ok() {
            let taken = Taken::new(which, self.taken(now, which));
            self.taken.store(taken.0, Ordering::Release);
        }
        let taken = load();
        taken.nanoseconds().filter(|_| taken.is_of(which))
    }

    fn taken(&self, now: u64, percentile: u8) -> Option<u64> {
        let newest = now / SLICE;
        let mut sums = [0; BUCKETS];
        for slice in &self.slices {
            let age = newest.saturating_sub(slice.number.load(Ordering::Acquire));
            if age < SLICES as u64 {
                slice.durations.add_to(&mut sums);
            }
        }
        histogram::percentile(&sums, percentile, LEAST)
    }
}

#[cfg(feature = "test-util")]
impl crate::scope::Own for Latency {
    fn unused(&self) -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: u64 = SECOND / 1_000;

    /// Some moment of the clock.
    const START: u64 = 1_000 * SLICE;

    #[test]
    fn there_is_no_percentile_before_a_hundred_calls() {
        let latency = Latency::new();
        for _ in 0..99 {
            latency.add(START, 10 * MILLISECOND);
        }
        assert_eq!(latency.percentile(START, 95), None);
        latency.add(START, 10 * MILLISECOND);
        assert_eq!(latency.percentile(START + REFRESH - 1, 95), None);
        let found = latency.percentile(START + REFRESH, 95).expect("a hundred");
        assert!((10 * MILLISECOND..12 * MILLISECOND).contains(&found));
    }

    #[test]
    fn another_percentile_is_taken_at_once() {
        let latency = Latency::new();
        for milliseconds in 1..=100 {
            latency.add(START, milliseconds * MILLISECOND);
        }
        let median = latency.percentile(START, 50).expect("a hundred");
        let highest = latency.percentile(START, 99).expect("a hundred");
        assert!(median < 60 * MILLISECOND, "{median}");
        assert!(highest > 90 * MILLISECOND, "{highest}");
        assert_eq!(latency.percentile(START, 50), Some(median));
    }

    #[test]
    fn calls_count_for_a_minute() {
        let latency = Latency::new();
        for _ in 0..200 {
            latency.add(START, MILLISECOND);
        }
        let slow = START + 3 * SLICE;
        for _ in 0..100 {
            latency.add(slow, 100 * MILLISECOND);
        }
        let median = |now| latency.percentile(now, 50).map(|it| it < 2 * MILLISECOND);
        assert_eq!(median(slow), Some(true));
        assert_eq!(median(START + 4 * SLICE), Some(false), "the old ones left");
        assert_eq!(median(START + 7 * SLICE), None, "nothing is left");
    }
}
