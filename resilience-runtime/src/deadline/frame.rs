//! The deadline of this thread at the moment.
//!
//! Deadlines are moments on the axis of `clock`, because a moment is half as large as an instant
//! and is compared by one instruction.

use std::{cell::Cell, marker::PhantomData};

use crate::clock::NEVER;

/// The earliest deadline of all timeouts around the code that runs.
///
/// It is two whole words, because each poll of a timeout reads and writes a frame, and smaller
/// fields would be copied one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// [`NEVER`] without a deadline.
    deadline: u64,
    /// The [`Enforcement`], and [`REACHED`].
    flags: u64,
}

/// The way in which code is ended at its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Enforcement {
    /// Nothing here ends the code.
    Absent,
    /// An async timeout drops the code, so the timeouts inside need not end it.
    Dropped,
    /// A sync body runs in place. Nobody abandons it, so the clock has to tell that it is late.
    InPlace,
}

/// The flag of a frame whose deadline has ended a timeout inside of it.
const REACHED: u64 = 1 << 8;

thread_local! {
    static CURRENT: Cell<Frame> = const { Cell::new(Frame::OUTERMOST) };
}

impl Frame {
    const OUTERMOST: Self = Self::new(NEVER, Enforcement::Absent);

    #[inline]
    const fn new(deadline: u64, enforcement: Enforcement) -> Self {
        Self {
            deadline,
            flags: enforcement as u64,
        }
    }

    /// Returns the frame of the code that runs on this thread.
    #[inline]
    pub(crate) fn current() -> Self {
        CURRENT.get()
    }

    /// The frame of a future that is dropped at `deadline`.
    #[inline]
    pub(crate) fn dropped_at(self, deadline: u64) -> Self {
        self.no_later_than(deadline, Enforcement::Dropped)
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
                flags: self.flags & !REACHED,
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
        self.flags & REACHED != 0
    }

    /// True if the clock alone tells that the code is late.
    pub(super) fn is_in_place(self) -> bool {
        self.is(Enforcement::InPlace)
    }

    #[inline]
    fn is(self, enforcement: Enforcement) -> bool {
        self.flags & !REACHED == enforcement as u64
    }

    /// Makes the frame the current one of this thread until the returned guard is dropped.
    #[inline]
    pub(crate) fn enter(self) -> Entered {
        Entered {
            outer: CURRENT.replace(self),
            _not_send: PhantomData,
        }
    }

    /// Notes whether the deadline of the current frame is the cause of the error that is on its way
    /// out.
    pub(crate) fn note_reached(is_reached: bool) {
        let frame = Self::current();
        let flags = if is_reached {
            frame.flags | REACHED
        } else {
            frame.flags & !REACHED
        };
        CURRENT.set(Self { flags, ..frame });
    }
}

/// The time in which a frame is the current one. It ends with the guard, at the end of the code or
/// by its panic.
#[must_use]
#[derive(Debug)]
pub(crate) struct Entered {
    outer: Frame,
    // The guard must be dropped on the thread that it was made on, because it restores that
    // thread's frame.
    _not_send: PhantomData<*const ()>,
}

impl Entered {
    /// Leaves the frame. Returns true if a timeout inside was ended by the frame's deadline.
    pub(crate) fn leave(self) -> bool {
        let inner = CURRENT.replace(self.outer);
        inner.is_reached()
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.outer);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

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
    fn the_frame_is_restored_at_the_end_and_by_a_panic() {
        let before = Frame::current();
        {
            let entered = outer(60).enter();
            assert_eq!(Frame::current().deadline(), 60);
            {
                let _inner = Frame::current().dropped_at(30).enter();
                assert_eq!(Frame::current().deadline(), 30);
            }
            assert_eq!(Frame::current(), outer(60));
            assert!(!entered.leave());
        }
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let _entered = outer(60).enter();
            panic!("the body");
        }));
        assert!(unwound.is_err());
        assert_eq!(Frame::current(), before);
    }

    #[test]
    fn a_deadline_that_was_reached_is_noted_in_its_own_frame_only() {
        let outside = outer(60).enter();
        let inside = Frame::current().in_place_until(30).enter();
        Frame::note_reached(true);
        assert!(inside.leave());
        assert!(!outside.leave());
    }
}
