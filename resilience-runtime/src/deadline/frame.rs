//! The deadline of code, and the way in which the code is ended.
//!
//! Deadlines are moments on the axis of `clock`, because a moment is half as large as an instant
//! and is compared by one instruction.

use std::num::NonZeroU64;

use crate::clock::NEVER;

/// The earliest deadline of all timeouts around the code that runs.
///
/// It is two whole words, because each poll of a timeout reads and writes a frame, and smaller
/// fields would be copied one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// [`NEVER`] without a deadline.
    deadline: u64,
    /// The [`Enforcement`], and [`UNREACHED`]. It is never zero, so that a function can return an
    /// optional frame in two registers.
    flags: NonZeroU64,
}

/// The way in which code is ended at its deadline. Each is a flag of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Enforcement {
    /// Nothing here ends the code.
    Absent = 1,
    /// An async timeout drops the code, so the timeouts inside need not end it.
    Dropped = 2,
    /// A sync body runs in place. Nobody abandons it, so the clock has to tell that it is late.
    InPlace = 4,
}

impl Enforcement {
    #[inline]
    const fn flag(self) -> NonZeroU64 {
        NonZeroU64::new(self as u64).expect("each is a flag")
    }
}

/// The flag of a frame whose deadline has not ended a timeout inside of it.
const UNREACHED: NonZeroU64 = NonZeroU64::new(1 << 8).expect("it is a flag");

impl Frame {
    pub(super) const OUTERMOST: Self = Self::new(NEVER, Enforcement::Absent);

    #[inline]
    const fn new(deadline: u64, enforcement: Enforcement) -> Self {
        let flags = enforcement.flag().get() | UNREACHED.get();
        Self {
            deadline,
            flags: NonZeroU64::new(flags).expect("each part is a flag"),
        }
    }

    /// The frame of a future that is dropped at `deadline`.
    #[inline]
    pub(crate) fn dropped_at(self, deadline: u64) -> Self {
        self.no_later_than(deadline, Enforcement::Dropped)
    }

    /// True if the deadline comes after `deadline`, or never.
    #[inline]
    pub(super) fn is_later_than(self, deadline: u64) -> bool {
        deadline < self.deadline
    }

    /// The frame of a future that is dropped at `deadline`, before any deadline around it.
    #[inline]
    pub(super) fn dropped_earlier(deadline: u64) -> Self {
        Self::new(deadline, Enforcement::Dropped)
    }

    /// The frame of a sync body that runs in place.
    pub(crate) fn in_place_until(self, deadline: u64) -> Self {
        Self::new(self.deadline.min(deadline), Enforcement::InPlace)
    }

    /// The frame of code that nothing here ends at `deadline`: its deadline is a caller's.
    #[inline]
    pub(crate) fn asked_to_end_at(self, deadline: u64) -> Self {
        self.no_later_than(deadline, Enforcement::Absent)
    }

    /// The frame of a body on a worker thread. A body outlives its caller, so nothing ends it.
    pub(crate) fn on_worker(deadline: u64) -> Self {
        Self::OUTERMOST.asked_to_end_at(deadline)
    }

    #[inline]
    fn no_later_than(self, deadline: u64, enforcement: Enforcement) -> Self {
        if self.deadline < deadline {
            Self {
                flags: self.flags | UNREACHED,
                ..self
            }
        } else {
            Self::new(deadline, enforcement)
        }
    }

    /// The deadline; [`NEVER`] without one.
    #[inline]
    pub(crate) fn deadline(self) -> u64 {
        self.deadline
    }

    /// The deadline, if a future has to be ended by it because no timeout around does that.
    #[inline]
    pub(crate) fn unenforced_deadline(self) -> u64 {
        if self.is(Enforcement::Dropped) {
            NEVER
        } else {
            self.deadline
        }
    }

    /// True if a timeout inside of the frame was ended by its deadline.
    pub(super) fn is_reached(self) -> bool {
        self.flags.get() & UNREACHED.get() == 0
    }

    /// True if the clock alone tells that the code is late.
    pub(super) fn is_in_place(self) -> bool {
        self.is(Enforcement::InPlace)
    }

    fn enforcement(self) -> Enforcement {
        if self.is(Enforcement::Dropped) {
            Enforcement::Dropped
        } else if self.is(Enforcement::InPlace) {
            Enforcement::InPlace
        } else {
            Enforcement::Absent
        }
    }

    #[inline]
    fn is(self, enforcement: Enforcement) -> bool {
        self.flags.get() & enforcement as u64 != 0
    }

    /// Notes whether the deadline is the cause of the error that is on its way out.
    pub(super) fn noted(self, is_reached: bool) -> Self {
        let flags = if is_reached {
            self.enforcement().flag()
        } else {
            self.flags | UNREACHED
        };
        Self { flags, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outer(deadline: u64) -> Frame {
        Frame::OUTERMOST.asked_to_end_at(deadline)
    }

    #[test]
    fn the_earlier_of_nested_deadlines_counts() {
        let frame = outer(60);
        for (inner, expected) in [(120, 60), (NEVER, 60), (30, 30), (60, 60)] {
            assert_eq!(frame.dropped_at(inner).deadline(), expected);
            assert_eq!(frame.in_place_until(inner).deadline(), expected);
            assert_eq!(frame.asked_to_end_at(inner).deadline(), expected);
        }
    }

    #[test]
    fn only_a_deadline_that_no_future_is_dropped_at_is_unenforced() {
        assert_eq!(outer(60).unenforced_deadline(), 60);
        assert_eq!(outer(60).in_place_until(30).unenforced_deadline(), 30);
        assert_eq!(outer(60).dropped_at(30).unenforced_deadline(), NEVER);
        // The timeout inside must end itself at 60, so its body need not.
        assert_eq!(outer(60).dropped_at(60).unenforced_deadline(), NEVER);
        assert_eq!(outer(60).dropped_at(120).unenforced_deadline(), 60);
        // A sync body cannot be dropped, so a future in it has to end itself.
        let sync = outer(60).dropped_at(30).in_place_until(120);
        assert_eq!(sync.unenforced_deadline(), 30);
    }

    #[test]
    fn what_is_noted_is_of_the_frame_and_not_of_those_inside() {
        let frame = outer(60).in_place_until(30);
        assert!(!frame.is_reached());
        let reached = frame.noted(true);
        assert!(reached.is_reached() && reached.is_in_place());
        assert_eq!(reached.noted(false), frame);
        for inner in [reached.dropped_at(120), reached.dropped_at(20)] {
            assert!(!inner.is_reached());
        }
        assert!(outer(60).noted(true).is_reached());
        assert!(outer(60).dropped_at(30).noted(true).is_reached());
    }
}
