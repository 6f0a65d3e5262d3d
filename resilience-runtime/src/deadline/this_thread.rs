//! The frame of the code that runs on this thread.

use std::{cell::Cell, marker::PhantomData, mem, time::Duration};

use super::frame::Frame;
use crate::clock::{self, QuickClock};

/// The values that the first poll of a timeout needs. They are one value, because a library gets
/// the address of a thread-local value by a call, and code around a call saves registers.
struct ThisThread {
    frame: Cell<Frame>,
    clock: QuickClock,
}

thread_local! {
    static THIS_THREAD: ThisThread = const {
        ThisThread {
            frame: Cell::new(Frame::OUTERMOST),
            clock: QuickClock::new(),
        }
    };
}

impl Frame {
    /// Returns the frame of the code that runs on this thread.
    #[inline]
    pub(crate) fn current() -> Self {
        THIS_THREAD.with(|thread| thread.frame.get())
    }

    /// Makes the frame the current one of this thread until the returned guard is dropped.
    #[inline]
    pub(crate) fn enter(self) -> Entered {
        THIS_THREAD.with(|thread| thread.enter(self))
    }

    /// Makes the frame the current one of this thread again.
    #[inline]
    pub(crate) fn set_current(self) {
        THIS_THREAD.with(|thread| thread.frame.set(self));
    }

    /// Enters the frame of a future that is dropped at `deadline`.
    #[inline]
    pub(crate) fn enter_dropped_at(deadline: u64) -> Entered {
        THIS_THREAD.with(|thread| thread.enter(thread.frame.get().dropped_at(deadline)))
    }

    /// Enters the frame of a future that is dropped after `limit`, and returns its deadline. `None`
    /// if a deadline around the future is as early, and now and then: then
    /// [`clock_now`](Self::clock_now) reads the clock.
    #[inline]
    pub(crate) fn enter_dropped_after(limit: Duration) -> Option<(Entered, u64)> {
        THIS_THREAD.with(|thread| {
            let deadline = thread.clock.now()?.saturating_add(clock::nanos(limit));
            let is_usual = thread.frame.get().is_later_than(deadline);
            is_usual.then(|| (thread.enter(Self::dropped_earlier(deadline)), deadline))
        })
    }

    /// Reads the clock after [`enter_dropped_after`](Self::enter_dropped_after) did not.
    pub(crate) fn clock_now() -> u64 {
        THIS_THREAD.with(|thread| thread.clock.renewed_now())
    }

    /// Notes whether the deadline of the current frame is the cause of the error that is on its way
    /// out.
    pub(crate) fn note_reached(is_reached: bool) {
        THIS_THREAD.with(|thread| thread.frame.set(thread.frame.get().noted(is_reached)));
    }
}

impl ThisThread {
    #[inline]
    fn enter(&self, frame: Frame) -> Entered {
        Entered {
            outer: self.frame.replace(frame),
            _not_send: PhantomData,
        }
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
    /// Takes the guard away and returns the frame around. The caller makes that the current one
    /// again, also after a panic.
    #[inline]
    pub(crate) fn into_outer(self) -> Frame {
        let outer = self.outer;
        mem::forget(self);
        outer
    }

    /// Leaves the frame. Returns true if a timeout inside was ended by the frame's deadline.
    pub(crate) fn leave(self) -> bool {
        let inner = Frame::current();
        drop(self);
        inner.is_reached()
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        THIS_THREAD.with(|thread| thread.frame.set(self.outer));
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::clock::NEVER;

    fn outer(deadline: u64) -> Frame {
        Frame::OUTERMOST.asked_to_end_at(deadline)
    }

    #[test]
    fn a_deadline_is_entered_with_its_limit_if_none_around_it_is_as_early() {
        let _outer = outer(clock::now() + 1_000_000_000_000).enter();
        for (limit, is_entered) in [
            (0, true),
            (1_000, true),
            (2_000_000_000_000, false),
            (NEVER, false),
        ] {
            let before = Frame::current();
            // On targets where each reading asks the system, `None` is the only answer.
            Frame::clock_now();
            let entered = Frame::enter_dropped_after(clock::span(limit));
            assert!(entered.is_none() || is_entered);
            if let Some((_entered, deadline)) = &entered {
                assert_eq!(Frame::current(), before.dropped_at(*deadline));
                assert!(*deadline <= clock::now() + limit);
            }
            drop(entered);
            assert_eq!(Frame::current(), before);
        }
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
