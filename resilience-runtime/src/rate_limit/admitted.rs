//! The count of admitted calls. An admission changes one word that all threads share, and a second
//! locked instruction would take half of its time again.

// The words are the standard library's, because no decision depends on them.
use std::sync::atomic::{AtomicU64, Ordering};

use crate::thread_shard::{SHARDS, ThreadShard};

#[derive(Debug, Default)]
pub(super) struct AdmittedCount {
    owned: [Owned; SHARDS],
}

/// The calls of the threads that owned a shard, one after the other. It is aligned so that nothing
/// else lies in its cache line.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Owned(AtomicU64);

impl AdmittedCount {
    /// Counts a call. A thread that owns no shard counts in `others`, which lies in the cache line
    /// of the word, because the admission has brought this line to the thread's core.
    #[inline]
    pub(super) fn add(&self, others: &AtomicU64) {
        let thread_shard = ThreadShard::current();
        if thread_shard.is_owner {
            let Owned(count) = &self.owned[thread_shard.index];
            let calls = count.load(Ordering::Relaxed);
            count.store(calls.wrapping_add(1), Ordering::Relaxed);
        } else {
            others.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn get(&self, others: &AtomicU64) -> u64 {
        let owned = self.owned.iter().map(|it| it.0.load(Ordering::Relaxed));
        owned.fold(others.load(Ordering::Relaxed), u64::wrapping_add)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn no_call_of_any_thread_is_lost() {
        let (count, others) = (AdmittedCount::default(), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..SHARDS + 3 {
                scope.spawn(|| (0..1_000).for_each(|_| count.add(&others)));
            }
        });
        assert_eq!(count.get(&others), 1_000 * (SHARDS as u64 + 3));
    }
}
