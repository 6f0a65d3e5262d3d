//! The count of admitted calls, in shards: an admission changes one word that all threads share,
//! and a second one would double its price.

// The words are the standard library's, because no decision depends on them.
use std::sync::atomic::{AtomicU64, Ordering};

use crate::thread_shard::{SHARDS, ThreadShard};

#[derive(Debug, Default)]
pub(super) struct AdmittedCount {
    shards: [Shard; SHARDS],
}

/// The counts of the threads that count here. It is aligned so that no other shard lies in its
/// cache line.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Shard {
    /// The calls of the thread that owns the shard. Other threads do not write here.
    owned: AtomicU64,
    shared: AtomicU64,
}

impl AdmittedCount {
    #[inline]
    pub(super) fn add(&self) {
        let thread_shard = ThreadShard::current();
        let shard = &self.shards[thread_shard.index];
        if thread_shard.is_owner {
            let calls = shard.owned.load(Ordering::Relaxed);
            shard.owned.store(calls.wrapping_add(1), Ordering::Relaxed);
        } else {
            shard.shared.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn get(&self) -> u64 {
        let calls = |shard: &Shard| {
            let owned = shard.owned.load(Ordering::Relaxed);
            owned.wrapping_add(shard.shared.load(Ordering::Relaxed))
        };
        self.shards.iter().map(calls).sum()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn no_call_of_any_thread_is_lost() {
        let count = AdmittedCount::default();
        std::thread::scope(|scope| {
            for _ in 0..SHARDS + 3 {
                scope.spawn(|| (0..1_000).for_each(|_| count.add()));
            }
        });
        assert_eq!(count.get(), 1_000 * (SHARDS as u64 + 3));
    }
}
