//! The calls of a circuit are counted without its lock.

use super::Shared;
use crate::{
    circuit::{
        admission::Outcome,
        sharded_counter::{Count, CounterShard},
    },
    sync::atomic::Ordering,
    thread_shard::{SHARDS, ThreadShard},
};

impl Shared {
    #[inline]
    pub(super) fn shard(&self, thread_shard: ThreadShard) -> &CounterShard {
        match thread_shard.index {
            0 => &self.shard_0,
            1 => &self.shard_1,
            _ => &self.shard_2,
        }
    }

    #[inline]
    pub(super) fn count_success(&self) {
        self.count(Count::Success);
    }

    #[inline]
    pub(super) fn count(&self, count: Count) {
        let thread_shard = ThreadShard::current();
        self.shard(thread_shard).add(count, thread_shard);
    }

    pub(super) fn count_ignored(&self) {
        self.ignored.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_outcome(&self, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.count_success(),
            Outcome::Ignored => self.count_ignored(),
            // The machine has counted it, under the lock that a failure needs anyway.
            Outcome::Failure => {}
        }
    }

    #[cold]
    pub(super) fn count_would_refuse(&self) {
        let seldom = self.config.seldom.get_or_make();
        seldom.would_refuse.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn would_refuse(&self) -> u64 {
        let seldom = self.config.seldom.get();
        seldom.map_or(0, |parts| parts.would_refuse.load(Ordering::Relaxed))
    }

    pub(super) fn count_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn shards(&self) -> impl Iterator<Item = &CounterShard> {
        [&self.shard_0, &self.shard_1, &self.shard_2]
            .into_iter()
            .take(SHARDS)
    }

    pub(super) fn sum(&self, count: Count) -> u64 {
        self.shards()
            .map(|shard| shard.get(count))
            .fold(0, u64::wrapping_add)
    }
}
