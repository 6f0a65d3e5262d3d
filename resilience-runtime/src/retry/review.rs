//! The decision on another attempt, from the facts beside the outcome.

use super::config::RetryConfig;
use super::hint::RetryHint;
use super::log::{self, Report};
use super::progress::Progress;
use super::schedule::Decision;
use super::strategy::Jitter;
use crate::clock;
use crate::deadline::{Frame, would_outlast};
use crate::errors::View;
use crate::errors::error_slot::Slot;
use crate::errors::{Origin, Shown};
use crate::events::GaveUpReason;
use crate::operation::{Count, Operation};
use crate::random;
use core::num::NonZeroU64;
use core::time::Duration;

/// The facts of the decision beside the outcome. They are apart from it, so that the decision is
/// compiled once for all types of outcomes.
#[derive(Debug)]
pub(super) struct Review<'a> {
    pub(super) config: &'a RetryConfig,
    pub(super) progress: &'a mut Progress,
    /// The origin of the error as the layers of the own stack know it, if one of them can refuse.
    pub(super) noted: Option<&'a mut Origin>,
    /// True if a layer of the own stack can refuse.
    pub(super) is_above_refusals: bool,
    /// The origin of the error.
    pub(super) origin: Origin,
    /// True if refusals are to be retried, by the configuration or because `retry_on` matches this
    /// one.
    pub(super) wants_refusals: bool,
    /// True if `retry_if_ok` accepts the value.
    pub(super) wants_value: bool,
    /// The reason why no other attempt follows, as soon as that is certain.
    pub(super) reason: Option<GaveUpReason>,
    pub(super) hint: RetryHint,
    /// A circuit of the own stack is certain to refuse for so long.
    pub(super) refused_for: Option<Duration>,
    pub(super) elapsed: Option<Duration>,
}

/// Decides on a failed attempt that no filter looks at, and returns true if no other attempt
/// follows.
// The compiler makes a shorter decision of it, without the facts that a filter may add.
pub(super) fn is_last(
    config: &RetryConfig,
    progress: &mut Progress,
    operation: &Operation,
    error: Shown<'_>,
) -> bool {
    let mut review = Review::new(config, progress, Origin::Body);
    let decision = review.decide_inline(operation, Some(error));
    matches!(decision, Decision::GiveUp(_))
}

impl<'a> Review<'a> {
    #[inline]
    pub(super) fn new(config: &'a RetryConfig, progress: &'a mut Progress, origin: Origin) -> Self {
        let review = Self {
            config,
            progress,
            noted: None,
            is_above_refusals: false,
            origin,
            wants_refusals: config.get_retry_refused(),
            wants_value: false,
            reason: None,
            hint: RetryHint::Unknown,
            refused_for: None,
            elapsed: None,
        };
        let reason = (!review.has_attempts_left()).then_some(GaveUpReason::Attempts);
        Self { reason, ..review }
    }

    #[inline]
    pub(super) fn attempt(&self) -> u32 {
        self.progress.attempt()
    }

    #[inline]
    fn has_attempts_left(&self) -> bool {
        self.progress.has_attempts_left(self.config)
    }

    #[inline]
    pub(super) fn is_unwanted_refusal(&self) -> bool {
        self.origin.is_refusal() && !self.wants_refusals
    }

    // The next two functions are out of line, because they are the same for all functions of an
    // error's type, and a call that succeeds does not need them.

    /// Decides, and returns the delay if another attempt is due.
    #[cold]
    #[inline(never)]
    pub(super) fn next_delay<E, V: View<E>>(
        &mut self,
        operation: &Operation,
        error: Option<&E>,
    ) -> Option<Duration> {
        match self.decide(operation, error.map(V::show)) {
            Decision::Wait(delay) => Some(delay),
            Decision::GiveUp(_) => None,
        }
    }

    /// Decides, and returns true if no other attempt follows.
    #[cold]
    #[inline(never)]
    pub(super) fn gives_up<E, V: View<E>>(&mut self, operation: &Operation, error: &E) -> bool {
        let decision = self.decide(operation, Some(V::show(error)));
        matches!(decision, Decision::GiveUp(_))
    }

    #[inline(never)]
    fn decide(&mut self, operation: &Operation, error: Option<Shown<'_>>) -> Decision {
        self.decide_inline(operation, error)
    }

    // The compiler would not inline this and `next` by itself, because two functions use them
    // (three attempts without delay took 250 more instructions).
    #[expect(clippy::inline_always, reason = "measured, see above")]
    #[inline(always)]
    fn decide_inline(&mut self, operation: &Operation, error: Option<Shown<'_>>) -> Decision {
        if self.config.is_disabled() {
            return Decision::GiveUp(GaveUpReason::Attempts);
        }
        self.progress.record_attempt(operation, error.is_none());
        self.elapsed = self.progress.started_at().map(elapsed);
        let (attempt, elapsed) = (self.attempt(), self.elapsed);
        let report = || Report {
            operation: operation.name(),
            attempt,
            max_attempts: self.config.get_max_attempts(),
            elapsed,
            error,
        };
        let mut decision = self.next();
        // The budget is asked last, so that it loses nothing if another rule ends the retries. A
        // value that is tried again does not draw on it, because nothing failed.
        if let (Decision::Wait(_), Some(_), Some(budget)) =
            (decision, error, self.config.get_budget())
        {
            if !budget.withdraw(operation.name()) {
                decision = Decision::GiveUp(GaveUpReason::Budget);
            }
        }
        match decision {
            Decision::Wait(delay) => {
                self.progress.note_retry(self.elapsed, delay);
                operation.count(Count::Retry);
                if log::is_retry_heard() {
                    report().retrying(delay);
                }
            }
            Decision::GiveUp(reason) => {
                operation.count(Count::GaveUp(reason));
                self.progress.record_waits(operation);
                report().giving_up(reason);
            }
        }
        decision
    }

    #[expect(clippy::inline_always, reason = "measured, see above")]
    #[inline(always)]
    fn next(&mut self) -> Decision {
        // The refusal is looked at before the number of attempts, because `max_retries = 0` above
        // an open circuit is no reason for an ERROR per call.
        if self.is_unwanted_refusal() {
            return Decision::GiveUp(GaveUpReason::Refused);
        }
        if let Some(reason) = self.reason {
            return Decision::GiveUp(reason);
        }
        let config = self.config;
        #[cfg(feature = "test-util")]
        let config = if crate::scope::has_no_jitter() {
            &config.jitter(Jitter::None)
        } else {
            config
        };
        let is_drawn = match self.hint {
            RetryHint::Never => false,
            RetryHint::After(_) => config.get_jitter() != Jitter::None,
            RetryHint::Unknown => config.is_random(),
        };
        let random = if is_drawn { random::draw() } else { 0.0 };
        let elapsed = self.elapsed.unwrap_or_default();
        let schedule = self.progress.schedule_mut();
        match schedule.next(config, elapsed, would_outlast, self.hint, random) {
            // A retry that asks for refusals waits for the circuit.
            Decision::Wait(delay) if !self.wants_refusals && self.is_refused_after(delay) => {
                Decision::GiveUp(GaveUpReason::CircuitOpen)
            }
            decision => decision,
        }
    }

    fn is_refused_after(&self, delay: Duration) -> bool {
        self.refused_for.is_some_and(|open| open > delay)
    }

    /// Returns the error that the call ends with, or keeps the error because another attempt
    /// follows.
    #[cold]
    #[inline(never)]
    pub(super) fn ending<E, V: View<E>, S: Slot<E>>(
        &mut self,
        gives_up: bool,
        error: E,
        kept: &mut S,
    ) -> Option<E> {
        if gives_up {
            return Some(self.given_up::<E, S>(error, kept));
        }
        self.keep::<E, V, S>(error, kept);
        None
    }

    /// Keeps an error that is retried, if a layer may refuse a later attempt. A refusal that is
    /// retried on request counts as any other error, so an older error is not the cause any more.
    #[inline]
    pub(super) fn keep<E, V: View<E>, S: Slot<E>>(&self, error: E, kept: &mut S) {
        if self.origin.is_refusal() {
            kept.take();
        } else if self.may_be_refused::<E, V>() {
            kept.put(error);
        }
    }

    /// True if a layer may refuse a later attempt, so that the caller may get an earlier error.
    #[inline]
    pub(super) fn may_be_refused<E, V: View<E>>(&self) -> bool {
        V::HOLDS_REFUSALS || self.is_above_refusals
    }

    /// Returns the error that the call ends with. If a layer refused the last attempt, that is the
    /// last error that the body returned.
    #[inline]
    pub(super) fn given_up<E, S: Slot<E>>(&mut self, error: E, kept: &mut S) -> E {
        if !self.is_unwanted_refusal() {
            return error;
        }
        match kept.take() {
            None => error,
            Some(cause) => {
                if let Some(origin) = &mut self.noted {
                    **origin = Origin::Body;
                }
                if self.origin == Origin::Inherited {
                    Frame::note_reached(false);
                }
                cause
            }
        }
    }
}

/// The time since a moment of the clock.
// It is out of line, because few calls read the clock.
#[inline(never)]
fn elapsed(since: NonZeroU64) -> Duration {
    Duration::from_nanos(clock::now().saturating_sub(since.get()))
}
