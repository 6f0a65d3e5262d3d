//! The counts of one operation. All functions with its name share them.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{
    events::GaveUpReason,
    reports::ReportedUses,
    thread_shard::{SHARDS, ThreadShard},
};

/// A thing that went wrong, or that mended it. A success at the first attempt counts nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Retry,
    Recovered,
    GaveUp(GaveUpReason),
    Timeout,
    AbandonedBody,
    Fallback,
    Hedge,
}

/// The counts since the start of the process.
#[derive(Debug, Default)]
pub(super) struct Counters {
    retries: FrequentCount,
    recovered: FrequentCount,
    attempts: AtomicU64,
    elapsed: AtomicU64,
    not_retryable: AtomicU64,
    budget: AtomicU64,
    hint: AtomicU64,
    deadline: AtomicU64,
    circuit_open: AtomicU64,
    refused: AtomicU64,
    timeouts: AtomicU64,
    abandoned_bodies: AtomicU64,
    fallbacks: AtomicU64,
    hedges: AtomicU64,
    /// The fallbacks that the log has not warned of yet.
    pub(super) fallback_uses: ReportedUses,
}

/// A count of things that calls do often. The threads that own a shard count without a locked
/// instruction, which would be a quarter of a retry without delay.
#[derive(Debug, Default)]
struct FrequentCount {
    owned: [AtomicU64; SHARDS],
    shared: AtomicU64,
}

impl FrequentCount {
    #[inline]
    fn add(&self) {
        let thread_shard = ThreadShard::current();
        if thread_shard.is_owner {
            let word = &self.owned[thread_shard.index];
            let count = word.load(Ordering::Relaxed);
            word.store(count.wrapping_add(1), Ordering::Relaxed);
        } else {
            self.shared.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn get(&self) -> u64 {
        let owned = self.owned.iter().map(|word| word.load(Ordering::Relaxed));
        owned.fold(self.shared.load(Ordering::Relaxed), u64::wrapping_add)
    }
}

/// The calls that a retry gave up, by the reason. Each call is in one of the counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GaveUpCounts {
    /// The attempts were used up.
    pub attempts: u64,
    /// The next delay would have reached `max_elapsed`.
    pub elapsed: u64,
    /// A filter said that the error is not retried.
    pub not_retryable: u64,
    /// The retry budget was used up.
    pub budget: u64,
    /// The server asked for a longer wait than the retry allows, or for no retry at all.
    pub hint: u64,
    /// The next delay would have outlasted the deadline.
    pub deadline: u64,
    /// A circuit of the own stack would still have refused after the next delay.
    pub circuit_open: u64,
    /// A layer refused the call.
    pub refused: u64,
}

impl GaveUpCounts {
    /// All calls that a retry gave up.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.attempts
            + self.elapsed
            + self.not_retryable
            + self.budget
            + self.hint
            + self.deadline
            + self.circuit_open
            + self.refused
    }
}

/// The counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) retries: u64,
    pub(super) recovered: u64,
    pub(super) gave_up: GaveUpCounts,
    pub(super) timeouts: u64,
    pub(super) abandoned_bodies: u64,
    pub(super) fallbacks: u64,
    pub(super) hedges: u64,
}

impl Counters {
    // It is inline, because the compiler knows what a caller counts.
    #[inline]
    pub(super) fn count(&self, what: Count) {
        let counter = match what {
            Count::Retry => return self.retries.add(),
            Count::Recovered => return self.recovered.add(),
            Count::GaveUp(GaveUpReason::Attempts) => &self.attempts,
            Count::GaveUp(GaveUpReason::Elapsed) => &self.elapsed,
            Count::GaveUp(GaveUpReason::NotRetryable) => &self.not_retryable,
            Count::GaveUp(GaveUpReason::Budget) => &self.budget,
            Count::GaveUp(GaveUpReason::Hint) => &self.hint,
            Count::GaveUp(GaveUpReason::Deadline) => &self.deadline,
            Count::GaveUp(GaveUpReason::CircuitOpen) => &self.circuit_open,
            Count::GaveUp(GaveUpReason::Refused) => &self.refused,
            Count::Timeout => &self.timeouts,
            Count::AbandonedBody => &self.abandoned_bodies,
            Count::Fallback => &self.fallbacks,
            Count::Hedge => &self.hedges,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Reads the counts one after the other, while calls go on.
    pub(super) fn read(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            retries: self.retries.get(),
            recovered: self.recovered.get(),
            gave_up: GaveUpCounts {
                attempts: read(&self.attempts),
                elapsed: read(&self.elapsed),
                not_retryable: read(&self.not_retryable),
                budget: read(&self.budget),
                hint: read(&self.hint),
                deadline: read(&self.deadline),
                circuit_open: read(&self.circuit_open),
                refused: read(&self.refused),
            },
            timeouts: read(&self.timeouts),
            abandoned_bodies: read(&self.abandoned_bodies),
            fallbacks: read(&self.fallbacks),
            hedges: read(&self.hedges),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Count; 14] = [
        Count::Retry,
        Count::Recovered,
        Count::GaveUp(GaveUpReason::Attempts),
        Count::GaveUp(GaveUpReason::Elapsed),
        Count::GaveUp(GaveUpReason::NotRetryable),
        Count::GaveUp(GaveUpReason::Budget),
        Count::GaveUp(GaveUpReason::Hint),
        Count::GaveUp(GaveUpReason::Deadline),
        Count::GaveUp(GaveUpReason::CircuitOpen),
        Count::GaveUp(GaveUpReason::Refused),
        Count::Timeout,
        Count::AbandonedBody,
        Count::Fallback,
        Count::Hedge,
    ];

    fn numbers(counts: Counts) -> [u64; 14] {
        let gave_up = counts.gave_up;
        [
            counts.retries,
            counts.recovered,
            gave_up.attempts,
            gave_up.elapsed,
            gave_up.not_retryable,
            gave_up.budget,
            gave_up.hint,
            gave_up.deadline,
            gave_up.circuit_open,
            gave_up.refused,
            counts.timeouts,
            counts.abandoned_bodies,
            counts.fallbacks,
            counts.hedges,
        ]
    }

    #[test]
    fn each_thing_has_a_count_of_its_own() {
        for (at, what) in ALL.into_iter().enumerate() {
            let counters = Counters::default();
            counters.count(what);
            counters.count(what);
            let mut expected = [0; 14];
            expected[at] = 2;
            assert_eq!(numbers(counters.read()), expected, "{what:?}");
        }
    }

    #[test]
    fn nothing_is_lost_between_threads_that_own_a_shard_and_threads_that_share_one() {
        let counters = Counters::default();
        std::thread::scope(|scope| {
            for _ in 0..SHARDS + 2 {
                scope.spawn(|| (0..1_000).for_each(|_| counters.count(Count::Retry)));
            }
        });
        assert_eq!(counters.read().retries, 1_000 * (SHARDS as u64 + 2));
    }

    #[test]
    fn the_total_has_every_reason_once() {
        let counters = Counters::default();
        for what in ALL {
            counters.count(what);
        }
        assert_eq!(counters.read().gave_up.total(), 8);
    }
}
