//! The calls of a window. Every call deposits, so a deposit takes no lock.

use super::slices::{PLACES, Slice};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::thread_shard::{SHARDS, ThreadShard};

/// The calls that entered retries with this budget.
#[derive(Debug, Default)]
pub(super) struct Deposits {
    shards: [DepositShard; SHARDS],
}

impl Deposits {
    #[inline]
    pub(super) fn add(&self, slice: Slice, thread_shard: ThreadShard) {
        let shard = &self.shards[thread_shard.index];
        if thread_shard.is_owner {
            shard.owned.add_as_owner(slice);
        } else {
            shard.shared.add(slice);
        }
    }

    /// The calls in the window that ends with `last`.
    pub(super) fn in_window(&self, last: Slice) -> u64 {
        let shards = self.shards.iter();
        shards
            .map(|shard| shard.owned.in_window(last) + shard.shared.in_window(last))
            .sum()
    }

    /// The calls since the start.
    pub(super) fn total(&self) -> u64 {
        let shards = self.shards.iter();
        let totals = shards.map(|shard| shard.owned.total().wrapping_add(shard.shared.total()));
        totals.fold(0, u64::wrapping_add)
    }
}

/// The alignment keeps the words of two threads in different cache lines.
#[derive(Debug, Default)]
#[repr(align(64))]
struct DepositShard {
    /// The calls of the thread that owns the shard. No other thread writes here.
    owned: SliceCounts,
    shared: SliceCounts,
}

/// The calls of the last slices. A word is the number of its slice above the calls in it, so that
/// nobody has to clear the words of old slices.
#[derive(Debug, Default)]
struct SliceCounts {
    words: [AtomicU64; PLACES],
    /// The calls of slices whose word has been taken by a later slice.
    earlier: AtomicU64,
}

impl SliceCounts {
    /// Counts a call without a locked instruction, because only the owner of the shard writes.
    #[inline]
    fn add_as_owner(&self, slice: Slice) {
        let word = &self.words[slice.place()];
        let now = Word(word.load(Ordering::Relaxed));
        let next = now.plus_one(slice);
        word.store(next.0, Ordering::Relaxed);
        if next.replaces(now) {
            self.keep_earlier(now);
        }
    }

    fn add(&self, slice: Slice) {
        let word = &self.words[slice.place()];
        let next = |now: u64| Some(Word(now).plus_one(slice).0);
        // The update succeeds, because each word has a next one.
        let before = word
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .map_or_else(Word, Word);
        if before.plus_one(slice).replaces(before) {
            self.keep_earlier(before);
        }
    }

    #[cold]
    fn keep_earlier(&self, word: Word) {
        self.earlier.fetch_add(word.calls(), Ordering::Relaxed);
    }

    fn in_window(&self, last: Slice) -> u64 {
        let words = self
            .words
            .iter()
            .map(|word| Word(word.load(Ordering::Relaxed)));
        words
            .filter(|word| word.slice().is_in_window_of(last))
            .map(Word::calls)
            .sum()
    }

    fn total(&self) -> u64 {
        let words = self
            .words
            .iter()
            .map(|word| Word(word.load(Ordering::Relaxed)));
        words
            .map(Word::calls)
            .fold(self.earlier.load(Ordering::Relaxed), u64::wrapping_add)
    }
}

/// The number of a slice in the upper half, and its calls in the lower one.
#[derive(Clone, Copy)]
struct Word(u64);

impl Word {
    fn slice(self) -> Slice {
        Slice((self.0 >> 32) as u32)
    }

    fn calls(self) -> u64 {
        self.0 & u64::from(u32::MAX)
    }

    /// Counts one more call. A word of an earlier slice begins anew. A thread that was held up for
    /// a whole window finds a later slice and counts in it, because the call must not be lost.
    #[inline]
    fn plus_one(self, slice: Slice) -> Self {
        if self.calls() == 0 || slice.is_after(self.slice()) {
            return Self(u64::from(slice.0) << 32 | 1);
        }
        // At its maximum, four thousand million calls in a slice, the count stays.
        let is_full = self.calls() == u64::from(u32::MAX);
        Self(self.0 + u64::from(!is_full))
    }

    /// True if `self` began a slice in the place of `before`.
    #[inline]
    fn replaces(self, before: Self) -> bool {
        self.0 >> 32 != before.0 >> 32 && before.calls() > 0
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn add(deposits: &Deposits, slice: u32) {
        deposits.add(Slice(slice), ThreadShard::current());
    }

    #[test]
    fn a_deposit_leaves_the_window_with_its_slice() {
        let deposits = Deposits::default();
        add(&deposits, 5);
        add(&deposits, 5);
        add(&deposits, 6);
        let in_window = |last| deposits.in_window(Slice(last));
        assert_eq!(
            [in_window(6), in_window(15), in_window(16), in_window(17)],
            [3, 3, 1, 0]
        );
        assert_eq!(deposits.total(), 3);
    }

    #[test]
    fn a_place_is_used_again_and_the_total_keeps_its_calls() {
        let deposits = Deposits::default();
        for slice in 0..1_000 {
            add(&deposits, slice);
        }
        assert_eq!(deposits.in_window(Slice(999)), 11);
        assert_eq!(deposits.total(), 1_000);
    }

    #[test]
    fn a_thread_that_was_held_up_for_a_window_loses_no_call() {
        let deposits = Deposits::default();
        add(&deposits, 20);
        add(&deposits, 4);
        assert_eq!(deposits.total(), 2);
        assert_eq!(deposits.in_window(Slice(20)), 2);
    }

    #[test]
    fn a_full_word_stays_full() {
        let full = Word(7 << 32 | u64::from(u32::MAX));
        assert_eq!(full.plus_one(Slice(7)).0, full.0);
        assert_eq!(full.plus_one(Slice(8)).calls(), 1);
    }

    #[test]
    fn nothing_is_lost_between_threads() {
        let deposits = Deposits::default();
        let in_threads = |slice: fn(u32) -> u32| {
            std::thread::scope(|scope| {
                for _ in 0..SHARDS + 2 {
                    scope.spawn(|| (0..10_000).for_each(|at| add(&deposits, slice(at))));
                }
            });
        };
        let calls = 10_000 * (SHARDS as u64 + 2);
        in_threads(|at| at / 100);
        assert_eq!(
            deposits.total(),
            calls,
            "the threads are in different slices"
        );
        in_threads(|_| 500);
        assert_eq!(deposits.in_window(Slice(500)), calls);
        assert_eq!(deposits.total(), 2 * calls);
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use crate::sync::Arc;

    /// Two threads of a shared shard count while the word passes to a later slice.
    #[test]
    fn a_call_is_counted_once_while_its_place_passes_to_a_later_slice() {
        loom::model(|| {
            let counts = Arc::new(SliceCounts::default());
            counts.add(Slice(1));
            let later = Slice(1 + 16);
            let threads = [Slice(1), later].map(|slice| {
                let counts = Arc::clone(&counts);
                loom::thread::spawn(move || counts.add(slice))
            });
            for thread in threads {
                thread.join().expect("no model panics in a thread");
            }
            assert_eq!(counts.total(), 3);
            assert!([1, 2].contains(&counts.in_window(later)));
        });
    }
}
