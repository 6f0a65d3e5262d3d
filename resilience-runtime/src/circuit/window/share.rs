//! The calls of a window and the marked ones among them, for a criterion that is a share.

use super::{
    calls::Calls,
    slices::{Slices, width},
};
use crate::clock::NEVER;

/// The length of the window of a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// In nanoseconds.
    Time(u64),
    Calls(u32),
}

/// A window of calls. A call has a mark if it failed, or if it was slow.
///
/// Most calls have no mark and are successes. They are counted without the lock, and the window
/// takes them over before anybody looks at it.
#[derive(Debug)]
pub(crate) enum Share {
    Slices(Slices),
    Calls(Box<Calls>),
}

impl Share {
    pub(super) fn new(length: Length) -> Self {
        match length {
            Length::Time(_) => Self::Slices(Slices::default()),
            Length::Calls(calls) => Self::Calls(Box::new(Calls::new(calls))),
        }
    }

    /// Takes over the successes that came since this was called last, out of all `successes`. They
    /// were counted without the lock, in the slice that ran until now.
    #[inline]
    pub(super) fn take_over(&mut self, successes: u64) {
        match self {
            Self::Slices(slices) => slices.take_over(successes),
            Self::Calls(calls) => calls.take_over(successes),
        }
    }

    /// Leaves out the successes that came since then.
    pub(super) fn skip(&mut self, successes: u64) {
        match self {
            Self::Slices(slices) => slices.skip(successes),
            Self::Calls(calls) => calls.skip(successes),
        }
    }

    /// The moment that ends the running slice.
    #[inline]
    pub(super) fn turns_at(&self, window: u64) -> u64 {
        match self {
            Self::Slices(slices) => slices.turns_at(width(window)),
            Self::Calls(_) => NEVER,
        }
    }

    /// Forgets the calls that are older than `window`.
    #[inline]
    fn turn(&mut self, window: u64, now: u64) {
        if let Self::Slices(slices) = self {
            slices.turn(now, width(window));
        }
    }

    /// Counts one call at `now`. The caller counts a success among all successes, too.
    #[inline]
    pub(super) fn record(&mut self, window: u64, now: u64, is_marked: bool, is_success: bool) {
        self.turn(window, now);
        match self {
            Self::Slices(slices) => slices.record(is_marked, is_success),
            Self::Calls(calls) => calls.record(is_marked, is_success),
        }
    }

    #[inline]
    fn total(&self) -> (u32, u32) {
        match self {
            Self::Slices(slices) => slices.total(),
            Self::Calls(calls) => calls.total(),
        }
    }

    /// The number of marked calls at `now`.
    pub(super) fn marked(&mut self, window: u64, now: u64) -> u32 {
        self.turn(window, now);
        self.total().1
    }

    /// The share of marked calls at `now`, if there are as many calls as `minimum`.
    #[inline]
    pub(super) fn share(&mut self, window: u64, now: u64, minimum: u32) -> Option<f64> {
        self.turn(window, now);
        let (calls, marked) = self.total();
        // The share is a quotient, because 3 of 30 is then exactly the double that the source code
        // calls 0.1.
        (calls >= minimum).then(|| f64::from(marked) / f64::from(calls))
    }

    /// The moment from which no call lies in the window, if none comes.
    ///
    /// The last calls never leave the window by themselves. If none of them has a mark, the window
    /// counts as fresh, because otherwise the circuit of a key that was called once would be kept
    /// for ever.
    pub(super) fn fresh_at(&mut self, window: u64, now: u64) -> u64 {
        self.turn(window, now);
        match self {
            Self::Slices(slices) => slices.empty_at(width(window)),
            Self::Calls(calls) if calls.total().1 == 0 => 0,
            Self::Calls(_) => NEVER,
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Self::Slices(slices) => slices.clear(),
            Self::Calls(calls) => calls.clear(),
        }
    }
}
