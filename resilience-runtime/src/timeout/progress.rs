//! The limit of a call that runs: its deadline and its timer.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::time::{Sleep, sleep_until};

use super::{
    call_limit::CallLimit,
    config::TimeoutConfig,
    error::{Cause, TimedOut},
};
use crate::clock::{self, NEVER, create_timer};
use crate::deadline::Frame;

/// The part of the state that has no timer in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    pub(super) phase: Phase,
    /// True if a deadline around the call leaves less time than the configuration does.
    is_inherited: bool,
    /// The deadline of the body. If it is inherited, the moment of the first poll, because the
    /// timer has the deadline and the user's future is smaller without it.
    moment: u64,
}

impl Progress {
    pub(super) const UNPOLLED: Self = Self {
        phase: Phase::Unpolled,
        is_inherited: false,
        moment: 0,
    };

    /// Begins the call and returns the deadline of the body. `None` means that no time is left.
    // It is out of line, as `expiry` is, because it is the same for all bodies.
    #[inline(never)]
    pub(super) fn begin(&mut self, config: &TimeoutConfig, frame: Frame) -> Option<u64> {
        // A call under no deadline calls no other function, so it saves no registers: a timeout
        // around a ready body took a fifth more instructions.
        if frame.unenforced_deadline() == NEVER && !config.is_disabled() {
            if let Some(now) = clock::quick_now() {
                self.moment = now.saturating_add(clock::nanos(config.get_limit()));
                return Some(self.moment);
            }
        }
        self.begin_in_current_frame(config)
    }

    #[cold]
    #[inline(never)]
    fn begin_in_current_frame(&mut self, config: &TimeoutConfig) -> Option<u64> {
        if config.is_disabled() {
            self.moment = NEVER;
            return Some(NEVER);
        }
        let (now, outer) = (clock::now(), Frame::current().unenforced_deadline());
        if outer != NEVER {
            match CallLimit::of(config, now, outer) {
                limit if limit.has_passed() => return None,
                CallLimit::Inherited { .. } => {
                    self.is_inherited = true;
                    self.moment = now;
                    return Some(outer);
                }
                CallLimit::Own => {}
            }
        }
        self.moment = now.saturating_add(clock::nanos(config.get_limit()));
        Some(self.moment)
    }

    /// Returns the deadline of a body that has begun.
    #[inline]
    pub(super) fn deadline(&self, timer: Pin<&Option<Sleep>>) -> u64 {
        if self.is_inherited {
            inherited_deadline(timer)
        } else {
            self.moment
        }
    }

    /// Polls the timer after a body that is pending, and returns the error of the call if the limit
    /// is reached. The timer is created here, because a body that is done at once needs none.
    #[inline(never)]
    pub(super) fn expiry(
        &mut self,
        config: &TimeoutConfig,
        deadline: u64,
        mut timer: Pin<&mut Option<Sleep>>,
        cx: &mut Context<'_>,
    ) -> Option<TimedOut> {
        if self.phase == Phase::Unpolled {
            if config.get_limit().is_zero() {
                return Some(self.expired(config, timer.as_ref()));
            }
            set_timer(timer.as_mut(), deadline, config);
        }
        poll_timer(timer.as_mut(), deadline, &mut self.phase, cx)
            .is_ready()
            .then(|| self.expired(config, timer.as_ref()))
    }

    /// Returns the error of the call.
    #[cold]
    fn expired(&self, config: &TimeoutConfig, timer: Pin<&Option<Sleep>>) -> TimedOut {
        let limit = if self.is_inherited {
            let left = clock::remaining(self.deadline(timer), self.moment);
            CallLimit::Inherited {
                left: clock::span(left),
            }
        } else {
            CallLimit::Own
        };
        limit.error(config, Cause::Expired)
    }
}

/// The deadline that the timer of a call with an inherited deadline is set to.
// It is out of line, because most calls inherit nothing.
#[cold]
#[inline(never)]
fn inherited_deadline(timer: Pin<&Option<Sleep>>) -> u64 {
    match timer.as_pin_ref() {
        Some(timer) => clock::moment(timer.deadline()),
        None => NEVER,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Unpolled,
    Waiting {
        /// The number of polls since the clock was read.
        polls: u8,
    },
    /// The deadline has passed, and the body gets one more poll.
    Late,
}

/// The clock is read once in so many polls, because a reading costs as much as the rest of a poll.
pub(super) const POLLS_PER_CLOCK_READING: u8 = 16;

// A deadline that never comes gets no timer.
#[inline(never)]
fn set_timer(mut timer: Pin<&mut Option<Sleep>>, deadline: u64, config: &TimeoutConfig) {
    let at = (deadline != NEVER).then(|| clock::instant(deadline));
    timer.set(at.map(|at| create_timer(config.get_operation(), || sleep_until(at))));
}

fn poll_timer(
    timer: Pin<&mut Option<Sleep>>,
    deadline: u64,
    phase: &mut Phase,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let Some(mut timer) = timer.as_pin_mut() else {
        *phase = Phase::Waiting { polls: 0 };
        return Poll::Pending;
    };
    if timer.as_mut().poll(cx).is_ready() {
        return Poll::Ready(());
    }
    let polls = match *phase {
        Phase::Unpolled => 0,
        Phase::Waiting { polls } => polls + 1,
        Phase::Late => return Poll::Ready(()),
    };
    // A timer is also pending when the task's cooperative budget is spent, and a body that spends
    // the budget in every poll would never be timed out. `tokio::time::timeout` polls its timer
    // outside of the budget, but the means for it are private to tokio's feature `rt`. `is_elapsed`
    // needs no budget; it stays false for a timer that has never had budget in any poll, because
    // such a timer is not registered. For that timer the coarse clock is read in one of sixteen
    // polls.
    let reads_clock = polls == POLLS_PER_CLOCK_READING;
    let is_late = timer.is_elapsed() || reads_clock && deadline <= clock::coarse_now();
    // The body may have been refused the budget as well although its result is ready, so it gets
    // one more poll. The timer wakes the task for that poll: at once if the budget is spent, and
    // otherwise at its next tick.
    *phase = match (is_late, reads_clock) {
        (true, _) => Phase::Late,
        (false, true) => Phase::Waiting { polls: 0 },
        (false, false) => Phase::Waiting { polls },
    };
    Poll::Pending
}
