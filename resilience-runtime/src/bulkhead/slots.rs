//! The slots of a bulkhead: a word that calls change without a lock, and a queue under a lock for
//! those that find no slot.
//!
//! A caller that joins the queue sets the flag `WAITING` in the word after it has joined. The end
//! of a call reads the flag in the same operation that frees its slot. So either the end sees the
//! flag and hands the slot over, or the caller sees the free slot when it looks, after it has
//! joined.

use std::{hint, sync::PoisonError, task::Waker, time::Duration};

use super::{
    queue::{Queue, Ticket, Waiter},
    word::{BUSY_END, CARRIED, CARRY, END, KEYED, NOT_ENABLED, NOT_ENFORCED, WAITING, Word},
};
use crate::by_name::Modes;
use crate::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};
use crate::unwind::quietly;

#[derive(Debug)]
pub(super) struct Slots {
    word: AtomicU64,
    queue: Mutex<Queue>,
}

/// The numbers of a bulkhead at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) limit: u64,
    pub(super) running: u64,
    pub(super) waiting: u64,
    pub(super) admitted: u64,
    pub(super) would_refuse: u64,
}

impl Slots {
    pub(super) fn new(limit: u32, is_keyed: bool) -> Self {
        Self {
            word: AtomicU64::new(Word::new(limit, is_keyed).0),
            queue: Mutex::new(Queue::default()),
        }
    }

    /// Takes a slot if one is free and nobody waits.
    #[inline]
    pub(super) fn try_acquire(&self) -> bool {
        let mut word = Word(self.word.load(Ordering::Relaxed));
        while let Some(admitted) = word.admit_new() {
            // It acquires the changes of the call whose slot it takes.
            match self.word.compare_exchange_weak(
                word.0,
                admitted.0,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(changed) => {
                    // The other thread is through with the word sooner if this one does not ask for
                    // it at once.
                    hint::spin_loop();
                    word = Word(changed);
                }
            }
        }
        false
    }

    /// Admits a call that found no slot, if the file says that nobody is refused. It holds a slot
    /// nevertheless, so that the limit counts it when it is enforced again.
    #[cold]
    pub(super) fn admit_above_limit(&self) -> bool {
        if !Word(self.word.load(Ordering::Relaxed)).is(NOT_ENFORCED | NOT_ENABLED) {
            return false;
        }
        // The counts change under the lock together with the word, so that no sum of them falls.
        let mut queue = self.queue();
        let admit = |word| Some(Word(word).admit_all()?.0);
        let changed = self
            .word
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, admit);
        let Ok(before) = changed.map(Word) else {
            return false;
        };
        if before.is(NOT_ENABLED) {
            queue.passed += 1;
        } else if before.is_full() {
            queue.would_refuse += 1;
        }
        true
    }

    /// Ends a call. Returns true if the caller has to note the time.
    #[inline]
    pub(super) fn release(&self) -> bool {
        let before = Word(self.word.fetch_add(END, Ordering::Release));
        before.is(BUSY_END) && self.finish_release(before)
    }

    #[inline(never)]
    fn finish_release(&self, before: Word) -> bool {
        if before.is(CARRY) {
            self.carry();
        }
        if before.is(WAITING) {
            self.hand_over();
        }
        before.is(KEYED)
    }

    /// Takes the overflow of the ended calls out of the word. It stands there for many calls before
    /// it would overflow again, and each of them comes here.
    #[cold]
    fn carry(&self) {
        let mut queue = self.queue();
        if Word(self.word.fetch_and(!CARRY, Ordering::Relaxed)).is(CARRY) {
            queue.carried += CARRIED;
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing panics under the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the queue. The slot may be there at once, see [`take_or_wait`](Self::take_or_wait).
    pub(super) fn join(&self, waiter: Waiter) -> Ticket {
        let ticket = {
            let mut queue = self.queue();
            let ticket = queue.join(waiter);
            self.word.fetch_or(WAITING, Ordering::Relaxed);
            ticket
        };
        self.hand_over();
        ticket
    }

    /// Gives the free slots to those that have waited the longest.
    fn hand_over(&self) {
        while let Some(waiter) = self.grant() {
            // A waker that panics breaks neither the call that ends nor the waiters behind it.
            quietly(|| waiter.wake());
        }
    }

    /// Gives one free slot away.
    fn grant(&self) -> Option<Waiter> {
        let mut queue = self.queue();
        let mut word = Word(self.word.load(Ordering::Relaxed));
        while !queue.is_empty() {
            let mut admitted = word.admit()?;
            if queue.len() == 1 {
                admitted.0 &= !WAITING;
            }
            match self.word.compare_exchange_weak(
                word.0,
                admitted.0,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    if word.is_full() && !word.is(NOT_ENABLED) {
                        queue.would_refuse += 1;
                    }
                    return queue.grant();
                }
                Err(changed) => word = Word(changed),
            }
        }
        None
    }

    /// True if the waiter has a slot. Otherwise `task` is the one to be woken.
    pub(super) fn take_or_wait(&self, ticket: Ticket, task: Waker) -> bool {
        // The waker is dropped without the lock, because it is the user's code.
        let _before = {
            let mut queue = self.queue();
            if queue.take(ticket) {
                return true;
            }
            queue.replace_task(ticket, task)
        };
        false
    }

    /// Takes the waiter out of the queue. Returns true if it has a slot, which is the caller's from
    /// then on.
    pub(super) fn leave(&self, ticket: Ticket) -> bool {
        // The waker is dropped without the lock, because it is the user's code.
        let (_waiter, has_slot) = {
            let mut queue = self.queue();
            let waiter = queue.leave(ticket);
            if waiter.is_some() && queue.is_empty() {
                self.word.fetch_and(!WAITING, Ordering::Relaxed);
            }
            (waiter, queue.take(ticket))
        };
        has_slot
    }

    /// Waits in this thread until there is a slot, for at most `limit`. `clock` returns the time
    /// since the wait began.
    pub(super) fn wait(&self, limit: Duration, clock: impl Fn() -> Duration) -> bool {
        let condition = std::sync::Arc::new(Condvar::new());
        let ticket = self.join(Waiter::Thread(std::sync::Arc::clone(&condition)));
        let mut queue = self.queue();
        loop {
            if queue.take(ticket) {
                return true;
            }
            let left = limit.saturating_sub(clock());
            if left.is_zero() {
                drop(queue);
                return self.leave(ticket);
            }
            queue = match condition.wait_timeout(queue, left) {
                Ok((queue, _)) => queue,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// Changes the limit. A lower one takes effect as calls end.
    pub(super) fn set_limit(&self, limit: u32) {
        self.change(|word| word.with_limit(limit));
    }

    /// Takes the switches of the file. Nobody waits any more if nobody is refused.
    pub(super) fn set_modes(&self, modes: Modes) {
        self.change(|word| {
            word.with(NOT_ENFORCED, !modes.is_enforced)
                .with(NOT_ENABLED, !modes.is_enabled)
        });
    }

    fn change(&self, change: impl Fn(Word) -> Word) {
        let changed = |word| Some(change(Word(word)).0);
        // The function always returns a word, so that the update does not fail.
        let _ = self
            .word
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, changed);
        self.hand_over();
    }

    pub(super) fn limit(&self) -> u64 {
        Word(self.word.load(Ordering::Relaxed)).limit()
    }

    pub(super) fn numbers(&self) -> Numbers {
        // Nothing is carried under the lock, so that no count falls.
        let queue = self.queue();
        let word = Word(self.word.load(Ordering::Relaxed));
        Numbers {
            limit: word.limit(),
            running: word.running(),
            waiting: queue.len() as u64,
            admitted: queue.carried + word.ended() + word.running() - queue.passed,
            would_refuse: queue.would_refuse,
        }
    }
}
