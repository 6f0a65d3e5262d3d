//! Counts of durations, in buckets that are an eighth of a power of two wide.

use std::sync::atomic::{AtomicU32, Ordering};

/// Eight buckets for each power of two from a microsecond to an hour.
pub(super) const BUCKETS: usize = 256;

/// The power of two at which the first bucket ends.
const FIRST: u32 = 10;

const SHIFT: u32 = 3;

/// The bucket of a duration in nanoseconds.
pub(super) fn bucket(nanoseconds: u64) -> usize {
    let power = nanoseconds.max(1).ilog2();
    if power < FIRST {
        return 0;
    }
    let eighth = (nanoseconds >> (power - SHIFT)) & 7;
    let at = u64::from(power - FIRST) * 8 + eighth;
    usize::try_from(at).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The end of a bucket in nanoseconds, which is at most an eighth above each duration in it.
pub(super) fn end_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let (power, eighth) = (bucket / 8 + u64::from(FIRST), bucket % 8);
    (8 + eighth + 1) << (power - u64::from(SHIFT))
}

#[derive(Debug)]
pub(super) struct Histogram([AtomicU32; BUCKETS]);

impl Histogram {
    pub(super) const fn new() -> Self {
        Self([const { AtomicU32::new(0) }; BUCKETS])
    }

    pub(super) fn add(&self, nanoseconds: u64) {
        if let Some(count) = self.0.get(bucket(nanoseconds)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn clear(&self) {
        for count in &self.0 {
            count.store(0, Ordering::Relaxed);
        }
    }

    /// Adds the counts to those of other histograms.
    pub(super) fn add_to(&self, sums: &mut [u64; BUCKETS]) {
        for (sum, count) in sums.iter_mut().zip(&self.0) {
            *sum += u64::from(count.load(Ordering::Relaxed));
        }
    }
}

/// The duration that this share of the durations is not longer than, in nanoseconds. `None` if
/// there are fewer than `least`.
pub(super) fn percentile(sums: &[u64; BUCKETS], percentile: u8, least: u64) -> Option<u64> {
    let total: u64 = sums.iter().sum();
    if total < least {
        return None;
    }
    let rank = (total * u64::from(percentile)).div_ceil(100).max(1);
    let mut below = 0;
    let bucket = sums.iter().position(|count| {
        below += count;
        below >= rank
    });
    bucket.map(end_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_ends_at_most_an_eighth_above_its_durations() {
        let mut last = 0;
        for power in FIRST..42 {
            for sixteenth in 16..32_u64 {
                let nanoseconds = sixteenth << (power - 4);
                let at = bucket(nanoseconds);
                let end = end_of(at);
                assert!(nanoseconds < end && end <= nanoseconds + nanoseconds / 8 + 1);
                assert!(at >= last, "longer durations are in later buckets");
                last = at;
            }
        }
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn a_percentile_is_that_of_the_sorted_durations() {
        let histogram = Histogram::new();
        for millisecond in 1..=100 {
            histogram.add(millisecond * 1_000_000);
        }
        let mut sums = [0; BUCKETS];
        histogram.add_to(&mut sums);
        for p in [1, 50, 90, 95, 99] {
            let exact = u64::from(p) * 1_000_000;
            let found = percentile(&sums, p, 100).expect("there are 100");
            assert!(found > exact && found <= exact + exact / 8, "{p}: {found}");
        }
        assert_eq!(percentile(&sums, 95, 101), None);
        histogram.clear();
        let mut sums = [0; BUCKETS];
        histogram.add_to(&mut sums);
        assert_eq!(sums, [0; BUCKETS]);
    }
}
