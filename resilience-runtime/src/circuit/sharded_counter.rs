//! Counters in shards: threads that count at the same time write to different cache lines.

use crate::sync::atomic::{AtomicU64, Ordering};
use crate::thread_shard::ThreadShard;

/// The counts of a shard. The machine counts failures, under its lock.
#[derive(Clone, Copy, Debug)]
pub(super) enum Count {
    Success,
    Refused,
}

/// The low bits of the generation stand above the count of successes. The count has room for a
/// century at a million calls a second.
const GENERATION_SHIFT: u32 = 52;
const COUNT_MASK: u64 = (1 << GENERATION_SHIFT) - 1;

fn low_bits(generation: u32) -> u64 {
    u64::from(generation) & ((1 << (u64::BITS - GENERATION_SHIFT)) - 1)
}

/// The counts of the threads that count here. It is aligned so that it lies in one cache line.
#[derive(Debug, Default)]
#[repr(align(32))]
pub(super) struct CounterShard {
    /// The calls of the thread that owns the shard. Other threads do not write here.
    owned: [AtomicU64; 2],
    shared: [AtomicU64; 2],
}

impl CounterShard {
    /// Counts a call. The owner of the shard needs no locked instruction, because no other thread
    /// writes to its words.
    #[inline]
    pub(super) fn add(&self, count: Count, thread_shard: ThreadShard) {
        if thread_shard.is_owner {
            let word = &self.owned[count as usize];
            let calls = word.load(Ordering::Relaxed);
            word.store(calls.wrapping_add(1), Ordering::Relaxed);
        } else {
            self.shared[count as usize].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a success that a window will take over, and returns true. It does not if the
    /// generation is over, because its window is gone. The comparison and the count are one
    /// operation, so that no thread can be held up in between.
    pub(super) fn add_success_in(&self, generation: u32) -> bool {
        let word = &self.shared[Count::Success as usize];
        let count = |now: u64| (now >> GENERATION_SHIFT == low_bits(generation)).then_some(now + 1);
        word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count)
            .is_ok()
    }

    /// Makes [`add_success_in`](Self::add_success_in) count in this generation and in no other.
    pub(super) fn begin_generation(&self, generation: u32) {
        let word = &self.shared[Count::Success as usize];
        let begin = |now: u64| Some(now & COUNT_MASK | low_bits(generation) << GENERATION_SHIFT);
        // Other threads count at the same time. The update succeeds, because `begin` has a value
        // for every word.
        let _ = word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, begin);
    }

    pub(super) fn get(&self, count: Count) -> u64 {
        let [owned, shared] =
            [&self.owned, &self.shared].map(|words| words[count as usize].load(Ordering::Relaxed));
        owned.wrapping_add(shared & COUNT_MASK)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::sync::Arc;
    use crate::thread_shard::SHARDS;
    use std::cell::Cell;

    #[test]
    fn nothing_is_lost_between_threads_that_come_and_go() {
        let shards: [CounterShard; SHARDS] = Default::default();
        for _ in 0..20 {
            std::thread::scope(|scope| {
                for _ in 0..SHARDS + 2 {
                    scope.spawn(|| {
                        for _ in 0..500 {
                            let thread_shard = ThreadShard::current();
                            let shard = &shards[thread_shard.index];
                            shard.add(Count::Success, thread_shard);
                            shard.add(Count::Refused, thread_shard);
                        }
                    });
                }
            });
        }
        let sum = |count| shards.iter().map(|shard| shard.get(count)).sum::<u64>();
        let expected = 20 * 500 * (SHARDS as u64 + 2);
        assert_eq!(
            (sum(Count::Success), sum(Count::Refused)),
            (expected, expected)
        );
    }

    #[test]
    fn a_thread_that_ends_counts_on_after_it_gave_its_lane_back() {
        struct Last(Arc<[CounterShard; SHARDS]>);
        impl Drop for Last {
            fn drop(&mut self) {
                let thread_shard = ThreadShard::current();
                self.0[thread_shard.index].add(Count::Success, thread_shard);
            }
        }
        thread_local! {
            static LAST: Cell<Option<Last>> = const { Cell::new(None) };
        }
        let shards = Arc::<[CounterShard; SHARDS]>::default();
        let shared = Arc::clone(&shards);
        std::thread::spawn(move || {
            // The test's value is used first, so the thread drops it last.
            LAST.set(Some(Last(Arc::clone(&shared))));
            let thread_shard = ThreadShard::current();
            shared[thread_shard.index].add(Count::Success, thread_shard);
        })
        .join()
        .expect("nothing panics");
        assert_eq!(
            shards
                .iter()
                .map(|shard| shard.get(Count::Success))
                .sum::<u64>(),
            2
        );
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use crate::sync::Arc;
    use crate::thread_shard::Owners;

    #[test]
    fn what_an_owner_counted_is_not_lost_to_the_next() {
        loom::model(|| {
            let shared = Arc::new((Owners::default(), CounterShard::default()));
            let count = |(owners, shard): &(Owners, CounterShard)| {
                let ownership = owners.take();
                let thread_shard = ThreadShard::of(ownership.as_ref());
                shard.add(Count::Success, thread_shard);
            };
            let threads = [(); 2].map(|()| {
                let shared = Arc::clone(&shared);
                loom::thread::spawn(move || count(&shared))
            });
            for thread in threads {
                thread.join().expect("no model panics in a thread");
            }
            count(&shared);
            assert_eq!(shared.1.get(Count::Success), 3);
        });
    }
}
