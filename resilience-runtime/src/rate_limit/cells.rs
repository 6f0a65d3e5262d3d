//! The state of a rate limit in one word, so that an admission is one atomic operation.

use super::rate::{Decision, LAST_MOMENT, Rate};
use crate::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering, fence},
};
use std::sync::PoisonError;

/// The word holds the moment at which the taken cells end, in units after a base, above the number
/// of the base.
///
/// A word has not enough bits for all moments in small units, so the base moves on now and then.
/// Base and rate stand in one of two places, and the number in the word chooses the place. Whoever
/// changes them writes to the other place and then changes the number. A call that has read a place
/// of before finds another number in the word, and reads anew.
///
/// The layout is that of C, so that the word and the count are in one cache line.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Cells {
    word: AtomicU64,
    /// The calls of the threads that count nowhere else. The word does not depend on it.
    pub(super) admitted: std::sync::atomic::AtomicU64,
    places: [Place; 2],
    changing: Mutex<()>,
}

const NUMBER_BITS: u32 = 4;
const NUMBERS: u64 = 1 << NUMBER_BITS;
const _: () = assert!(LAST_MOMENT <= u64::MAX >> NUMBER_BITS);

/// A base and the rate from it on.
#[derive(Debug)]
struct Place {
    base: AtomicU64,
    scale: AtomicU64,
    cell: AtomicU64,
    tolerance: AtomicU64,
}

impl Place {
    fn new(base: u64, rate: Rate) -> Self {
        Self {
            base: AtomicU64::new(base),
            scale: AtomicU64::new(rate.scale),
            cell: AtomicU64::new(rate.cell),
            tolerance: AtomicU64::new(rate.tolerance),
        }
    }

    fn store(&self, base: u64, rate: Rate) {
        // A reader that sees one of the values sees the number that was written before them, too.
        fence(Ordering::Release);
        self.base.store(base, Ordering::Relaxed);
        self.scale.store(rate.scale, Ordering::Relaxed);
        self.cell.store(rate.cell, Ordering::Relaxed);
        self.tolerance.store(rate.tolerance, Ordering::Relaxed);
    }

    #[inline]
    fn load(&self) -> (u64, Rate) {
        let rate = Rate {
            // A place that is being written may hold a zero of nobody, and nothing divides by it.
            scale: self.scale.load(Ordering::Relaxed).max(1),
            cell: self.cell.load(Ordering::Relaxed),
            tolerance: self.tolerance.load(Ordering::Relaxed),
        };
        (self.base.load(Ordering::Relaxed), rate)
    }
}

/// The word, taken apart.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Word(u64);

impl Word {
    #[inline]
    fn new(taken_until: u64, number: u64) -> Self {
        Self((taken_until << NUMBER_BITS) | (number % NUMBERS))
    }

    #[inline]
    fn taken_until(self) -> u64 {
        self.0 >> NUMBER_BITS
    }

    #[inline]
    fn number(self) -> u64 {
        self.0 % NUMBERS
    }
}

/// The answer to one call, with its wait in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Admitted { wait: u64 },
    Refused { wait: u64 },
}

/// The end of one try to answer a call.
enum Try {
    Answered(Answer),
    /// Another call has changed the word.
    Disturbed,
    /// The moment is too far away from the base.
    TooFar {
        word: Word,
        rate: Rate,
    },
}

impl Cells {
    pub(super) fn new(rate: Rate, now: u64) -> Self {
        Self {
            word: AtomicU64::new(Word::new(0, 0).0),
            admitted: std::sync::atomic::AtomicU64::new(0),
            places: [Place::new(now, rate), Place::new(now, rate)],
            changing: Mutex::new(()),
        }
    }

    #[inline]
    fn place(&self, number: u64) -> &Place {
        let [even, odd] = &self.places;
        if number % 2 == 0 { even } else { odd }
    }

    /// Takes a cell for a call that may wait.
    #[inline]
    pub(super) fn take(&self, now: u64, max_wait: u64) -> Answer {
        match self.try_take(now, max_wait) {
            Try::Answered(answer) => answer,
            Try::Disturbed | Try::TooFar { .. } => self.take_again(now, max_wait),
        }
    }

    /// Takes a cell, although another call has changed the word meanwhile or the base is too old.
    // It is out of line, because a call that nobody disturbs would save more registers otherwise.
    #[cold]
    #[inline(never)]
    fn take_again(&self, now: u64, max_wait: u64) -> Answer {
        let mut is_moved = false;
        loop {
            match self.try_take(now, max_wait) {
                Try::Answered(answer) => return answer,
                Try::Disturbed => {}
                Try::TooFar { word, rate } if is_moved => {
                    // No base is late enough for the wait.
                    if self.is_still(word) {
                        let wait = rate.idle_after(word.taken_until());
                        return Answer::Refused { wait };
                    }
                }
                Try::TooFar { .. } => {
                    self.change(now, |rate| rate);
                    is_moved = true;
                }
            }
        }
    }

    #[inline]
    fn try_take(&self, now: u64, max_wait: u64) -> Try {
        let word = Word(self.word.load(Ordering::Acquire));
        let (base, rate) = self.place(word.number()).load();
        match rate.decide(word.taken_until(), now.saturating_sub(base), max_wait) {
            Decision::Admit { taken_until, wait } => {
                let next = Word::new(taken_until, word.number());
                self.replace(word, next)
                    .then_some(Answer::Admitted { wait })
                    .map_or(Try::Disturbed, Try::Answered)
            }
            Decision::Refuse { wait } => self
                .is_still(word)
                .then_some(Answer::Refused { wait })
                .map_or(Try::Disturbed, Try::Answered),
            Decision::TooFar => Try::TooFar { word, rate },
        }
    }

    /// True if the place was not written while it was read, so that an answer from it holds. This
    /// is the read side of a sequence lock: H.-J. Boehm, "Can seqlocks get along with programming
    /// language memory models?", MSPC 2012.
    #[inline]
    fn is_still(&self, word: Word) -> bool {
        fence(Ordering::Acquire);
        self.word.load(Ordering::Relaxed) == word.0
    }

    #[inline]
    fn replace(&self, word: Word, next: Word) -> bool {
        let replaced =
            self.word
                .compare_exchange_weak(word.0, next.0, Ordering::AcqRel, Ordering::Relaxed);
        replaced.is_ok()
    }

    /// Takes another rate from now on. The cells that are taken stay taken until the same moment.
    pub(super) fn set_rate(&self, rate: Rate, now: u64) {
        self.change(now, |_| rate);
    }

    /// Moves the base to now, and changes the rate.
    #[cold]
    fn change(&self, now: u64, change: impl FnOnce(Rate) -> Rate) {
        let _changing = self.changing();
        let number = Word(self.word.load(Ordering::Acquire)).number();
        let (base, rate) = self.place(number).load();
        let (now, next_rate) = (now.max(base), change(rate));
        self.place(number + 1).store(now, next_rate);
        loop {
            // Nobody else changes the number under the lock.
            let word = Word(self.word.load(Ordering::Acquire));
            let taken_until = rate.moved(word.taken_until(), now - base, next_rate);
            if self.replace(word, Word::new(taken_until, number + 1)) {
                return;
            }
        }
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        // Nothing panics under the lock.
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The moment from which no cell is taken.
    pub(super) fn idle_at(&self) -> u64 {
        let _changing = self.changing();
        let word = Word(self.word.load(Ordering::Acquire));
        let (base, rate) = self.place(word.number()).load();
        base.saturating_add(rate.idle_after(word.taken_until()))
    }
}
