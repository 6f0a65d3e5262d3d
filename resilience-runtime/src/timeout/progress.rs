//! The limit of a call that runs: its deadline and its timer.

use std::{future::Future, pin::Pin, task::Context, time::Duration};

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};

use super::{
    call_limit::CallLimit,
    config::TimeoutConfig,
    error::{Cause, TimedOut},
};
use crate::clock::{self, NEVER, create_timer};
use crate::deadline::{Entered, Frame};

pin_project! {
    #[derive(Debug)]
    pub(super) struct Progress {
        phase: Phase,
        // The number of polls since the clock was read.
        polls: u8,
        // True if a deadline around the call leaves less time than the configuration does.
        is_inherited: bool,
        // The deadline of the body. If it is inherited, the moment of the first poll, because the
        // timer has the deadline and the user's future is smaller without it.
        moment: u64,
        // `None` before the body has been pending, and for a limit without end.
        #[pin]
        timer: Option<Sleep>,
    }
}

impl Progress {
    // Neighbouring bytes differ, because LLVM would make one `memset` of equal ones, and then copy
    // that together with bytes that are not written: 3 ns of a first poll, because the processor
    // waits for a store that a load covers in part.
    #[inline]
    pub(super) const fn unpolled() -> Self {
        Self {
            phase: Phase::Unpolled,
            polls: 0,
            is_inherited: false,
            moment: NEVER,
            timer: None,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// Enters the frame that a poll of the body runs in. `None` means that the call has ended, and
    /// [`error`](Self::error) tells why.
    // The functions are out of line, because they are the same for all bodies.
    #[inline(never)]
    pub(super) fn enter(self: Pin<&mut Self>, config: &TimeoutConfig) -> Option<Entered> {
        if self.phase == Phase::Waiting {
            return Some(Frame::enter_dropped_at(self.moment));
        }
        if self.phase == Phase::Unpolled {
            if let Some((entered, deadline)) = Frame::enter_dropped_after(config.get_limit()) {
                *self.project().moment = deadline;
                return Some(entered);
            }
        }
        self.enter_seldom(config)
    }

    #[cold]
    #[inline(never)]
    fn enter_seldom(mut self: Pin<&mut Self>, config: &TimeoutConfig) -> Option<Entered> {
        if self.phase == Phase::Unpolled {
            self.as_mut().begin(config)?;
        }
        Some(Frame::enter_dropped_at(self.deadline()))
    }

    /// Begins the call. `None` means that no time is left.
    fn begin(self: Pin<&mut Self>, config: &TimeoutConfig) -> Option<()> {
        let this = self.project();
        if config.is_disabled() {
            return Some(());
        }
        let (now, outer) = (Frame::clock_now(), Frame::current().unenforced_deadline());
        if outer != NEVER {
            match CallLimit::of(config, now, outer) {
                limit if limit.has_passed() => {
                    *this.phase = Phase::NotBegun;
                    return None;
                }
                CallLimit::Inherited { .. } => {
                    *this.is_inherited = true;
                    *this.moment = now;
                    return Some(());
                }
                CallLimit::Own => {}
            }
        }
        *this.moment = now.saturating_add(clock::nanos(config.get_limit()));
        Some(())
    }

    /// Returns the deadline of a body that has begun.
    fn deadline(&self) -> u64 {
        match &self.timer {
            _ if !self.is_inherited => self.moment,
            Some(timer) => clock::moment(timer.deadline()),
            // There is no timer in the first poll, when the frame around the call has the deadline.
            None => Frame::current().unenforced_deadline(),
        }
    }

    /// Polls the timer after a body that is pending, and returns true if the limit is reached.
    #[inline(never)]
    pub(super) fn has_expired(
        mut self: Pin<&mut Self>,
        config: &TimeoutConfig,
        cx: &mut Context<'_>,
    ) -> bool {
        let this = self.as_mut().project();
        if !matches!(this.phase, Phase::Waiting | Phase::Inheriting) {
            return self.has_expired_seldom(config, cx);
        }
        let Some(mut timer) = this.timer.as_pin_mut() else {
            return false;
        };
        if timer.as_mut().poll(cx).is_ready() {
            return true;
        }
        // A timer is also pending when the task's cooperative budget is spent, and a body that
        // spends the budget in every poll would never be timed out. `tokio::time::timeout` polls
        // its timer outside of the budget, but the means for it are private to tokio's feature
        // `rt`. `is_elapsed` needs no budget; it stays false for a timer that has never had budget
        // in any poll, because such a timer is not registered. For that timer the coarse clock is
        // read in one of sixteen polls.
        *this.polls += 1;
        if *this.polls == POLLS_PER_CLOCK_READING || timer.is_elapsed() {
            self.look_at_clock();
        }
        false
    }

    /// The end of the first poll, and of the last one. The timer is created here, because a body
    /// that is done at once needs none.
    #[cold]
    #[inline(never)]
    fn has_expired_seldom(
        mut self: Pin<&mut Self>,
        config: &TimeoutConfig,
        cx: &mut Context<'_>,
    ) -> bool {
        if self.phase != Phase::Unpolled || config.get_limit().is_zero() {
            return true;
        }
        let deadline = self.deadline();
        let mut this = self.as_mut().project();
        *this.phase = if *this.is_inherited {
            Phase::Inheriting
        } else {
            Phase::Waiting
        };
        set_timer(this.timer.as_mut(), deadline, config);
        let Some(mut timer) = this.timer.as_pin_mut() else {
            return false;
        };
        if timer.as_mut().poll(cx).is_ready() {
            return true;
        }
        if timer.is_elapsed() {
            *this.phase = Phase::Late;
        }
        false
    }

    /// Notes if the deadline has passed. The body may have been refused the budget as well although
    /// its result is ready, so it gets one more poll. The timer wakes the task for that poll: at
    /// once if the budget is spent, and otherwise at its next tick.
    #[cold]
    #[inline(never)]
    fn look_at_clock(self: Pin<&mut Self>) {
        let is_elapsed = self.timer.as_ref().is_some_and(Sleep::is_elapsed);
        let is_late = is_elapsed || self.deadline() <= clock::coarse_now();
        let this = self.project();
        *this.polls = 0;
        if is_late {
            *this.phase = Phase::Late;
        }
    }

    /// Returns the error of a call that has ended.
    #[cold]
    pub(super) fn error(&self, config: &TimeoutConfig) -> TimedOut {
        if self.phase == Phase::NotBegun {
            let left = Duration::ZERO;
            return CallLimit::Inherited { left }.error(config, Cause::NotBegun);
        }
        let limit = if self.is_inherited {
            let left = clock::remaining(self.deadline(), self.moment);
            CallLimit::Inherited {
                left: clock::span(left),
            }
        } else {
            CallLimit::Own
        };
        limit.error(config, Cause::Expired)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Unpolled = 1,
    /// The deadline around the call had passed before it began.
    NotBegun,
    /// The body has been pending.
    Waiting,
    /// The body has been pending, under an inherited deadline.
    Inheriting,
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
