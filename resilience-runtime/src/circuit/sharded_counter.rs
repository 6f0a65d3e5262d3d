//! Counting calls without two threads writing to one cache line.

// Nobody owns a shard there but in the model of that.
#![cfg_attr(all(test, loom), allow(dead_code))]

#[cfg(not(all(test, loom)))]
use std::cell::Cell;

use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What became of a call that is counted in a shard. Failures are the machine's to count.
#[derive(Clone, Copy, Debug)]
pub(super) enum Count {
    Success,
    Ignored,
    Refused,
}

/// More would take a circuit beyond 512 bytes, with its name, its window and its place in the registry; under loom they
/// would only be more states.
pub(super) const SHARDS: usize = if cfg!(all(test, loom)) { 1 } else { 3 };

/// Above the count of successes stand the low bits of the generation. The count has room for a century at a million calls a
/// second.
const GENERATION_SHIFT: u32 = 52;
const COUNT_MASK: u64 = (1 << GENERATION_SHIFT) - 1;

fn low_bits(generation: u32) -> u64 {
    u64::from(generation) & ((1 << (u64::BITS - GENERATION_SHIFT)) - 1)
}

/// The counts of the threads that are assigned to it. Aligned so that it lies in one cache line.
#[derive(Debug, Default)]
#[repr(align(32))]
pub(super) struct CounterShard {
    /// Successes of the thread that has the shard for its own.
    owned: AtomicU64,
    shared: [AtomicU64; 3],
}

impl CounterShard {
    /// Counts a success. The owner of the shard is its only writer, so it needs no locked instruction.
    #[inline]
    pub(super) fn succeed(&self, thread_shard: ThreadShard) {
        if thread_shard.is_owner {
            let successes = self.owned.load(Ordering::Relaxed);
            self.owned
                .store(successes.wrapping_add(1), Ordering::Relaxed);
        } else {
            self.add(Count::Success);
        }
    }

    /// Counts a success of a circuit whose window takes over successes; not if the generation is over, whose window that
    /// was. Looking and counting is one, so no thread can be held up in between.
    pub(super) fn succeed_in(&self, generation: u32) -> bool {
        let word = &self.shared[Count::Success as usize];
        let count = |now: u64| (now >> GENERATION_SHIFT == low_bits(generation)).then_some(now + 1);
        word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count)
            .is_ok()
    }

    /// From now on `succeed_in` counts in this generation and in no other.
    pub(super) fn begin_generation(&self, generation: u32) {
        let word = &self.shared[Count::Success as usize];
        let begin = |now: u64| Some(now & COUNT_MASK | low_bits(generation) << GENERATION_SHIFT);
        // Other threads count at the same time. It always succeeds, because there is always a next value.
        let _ = word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, begin);
    }

    #[inline]
    pub(super) fn add(&self, count: Count) {
        self.shared[count as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self, count: Count) -> u64 {
        let shared = self.shared[count as usize].load(Ordering::Relaxed) & COUNT_MASK;
        match count {
            Count::Success => shared.wrapping_add(self.owned.load(Ordering::Relaxed)),
            Count::Ignored | Count::Refused => shared,
        }
    }
}

/// Where a thread counts, in each circuit.
#[derive(Clone, Copy, Debug)]
pub(super) struct ThreadShard {
    pub(super) shard: usize,
    is_owner: bool,
}

impl ThreadShard {
    #[cfg(not(all(test, loom)))]
    fn guest() -> Self {
        static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        Self {
            shard: NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS,
            is_owner: false,
        }
    }

    /// This thread's. The first threads get a shard to themselves until they end, the others take turns in sharing them.
    #[cfg(not(all(test, loom)))]
    #[inline]
    pub(super) fn get() -> Self {
        THREAD_SHARD.get().unwrap_or_else(take_shard)
    }

    /// Loom's atomics cannot be statics, so nobody owns a shard, but for a model of that alone.
    #[cfg(all(test, loom))]
    pub(super) fn get() -> Self {
        Self {
            shard: 0,
            is_owner: false,
        }
    }
}

#[cfg(not(all(test, loom)))]
thread_local! {
    static THREAD_SHARD: Cell<Option<ThreadShard>> = const { Cell::new(None) };
    /// Apart from the thread_shard, which is read with every call and must not need a drop.
    static OWNERSHIP: Cell<Option<Ownership<'static>>> = const { Cell::new(None) };
}

#[cfg(not(all(test, loom)))]
#[cold]
fn take_shard() -> ThreadShard {
    static OWNERS: Owners = Owners([const { AtomicBool::new(false) }; SHARDS]);
    // In a thread that ends already there is no place for the ownership: it is dropped, and the shard free again.
    let own = |ownership: Ownership<'static>| {
        let shard = ownership.shard;
        OWNERSHIP
            .try_with(|place| place.set(Some(ownership)))
            .ok()
            .map(|()| ThreadShard {
                shard,
                is_owner: true,
            })
    };
    let thread_shard = OWNERS
        .take()
        .and_then(own)
        .unwrap_or_else(ThreadShard::guest);
    THREAD_SHARD.set(Some(thread_shard));
    thread_shard
}

/// Which shards have an owner.
#[derive(Debug)]
struct Owners([AtomicBool; SHARDS]);

impl Owners {
    fn take(&self) -> Option<Ownership<'_>> {
        // Acquire, for what the owner before it counted.
        let free = |owned: &AtomicBool| {
            owned
                .compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        };
        let shard = self.0.iter().position(free)?;
        Some(Ownership {
            shard,
            owned: &self.0[shard],
        })
    }
}

/// A shard that no other thread owns, for as long as this lives.
#[derive(Debug)]
struct Ownership<'o> {
    shard: usize,
    owned: &'o AtomicBool,
}

impl Drop for Ownership<'_> {
    fn drop(&mut self) {
        // What the thread still counts, it counts as a guest.
        #[cfg(not(all(test, loom)))]
        THREAD_SHARD.set(Some(ThreadShard {
            shard: self.shard,
            is_owner: false,
        }));
        self.owned.store(false, Ordering::Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::sync::Arc;

    #[test]
    fn nothing_is_lost_between_threads_that_come_and_go() {
        let shards: [CounterShard; SHARDS] = Default::default();
        for _ in 0..20 {
            std::thread::scope(|scope| {
                for _ in 0..SHARDS + 2 {
                    scope.spawn(|| {
                        for _ in 0..500 {
                            let thread_shard = ThreadShard::get();
                            shards[thread_shard.shard].succeed(thread_shard);
                            shards[thread_shard.shard].add(Count::Refused);
                        }
                    });
                }
            });
        }
        let sum = |count| shards.iter().map(|shard| shard.get(count)).sum::<u64>();
        let expected = 20 * 500 * (SHARDS as u64 + 2);
        assert_eq!(
            (
                sum(Count::Success),
                sum(Count::Refused),
                sum(Count::Ignored)
            ),
            (expected, expected, 0)
        );
    }

    #[test]
    fn a_thread_that_ends_counts_on_after_it_gave_its_lane_back() {
        struct Last(Arc<[CounterShard; SHARDS]>);
        impl Drop for Last {
            fn drop(&mut self) {
                let thread_shard = ThreadShard::get();
                self.0[thread_shard.shard].succeed(thread_shard);
            }
        }
        thread_local! {
            static LAST: Cell<Option<Last>> = const { Cell::new(None) };
        }
        let shards = Arc::<[CounterShard; SHARDS]>::default();
        let shared = Arc::clone(&shards);
        std::thread::spawn(move || {
            // Used first, so dropped last.
            LAST.set(Some(Last(Arc::clone(&shared))));
            let thread_shard = ThreadShard::get();
            shared[thread_shard.shard].succeed(thread_shard);
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

    #[test]
    fn what_an_owner_counted_is_not_lost_to_the_next() {
        loom::model(|| {
            let shared = Arc::new((Owners(Default::default()), CounterShard::default()));
            let count = |(owners, shard): &(Owners, CounterShard)| {
                let ownership = owners.take();
                let thread_shard = ThreadShard {
                    shard: ownership.as_ref().map_or(0, |own| own.shard),
                    is_owner: ownership.is_some(),
                };
                shard.succeed(thread_shard);
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
