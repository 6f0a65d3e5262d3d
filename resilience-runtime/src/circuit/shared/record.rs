//! A circuit records the end of a call: its outcome, or that there is none.

use super::{Locked, Shared};
use crate::{
    circuit::{
        admission::{Admission, Cause, Outcome},
        gate::{Gate, State},
        journal::Changed,
        machine::{End, Late},
        open_time::Opening,
    },
    clock, random,
    sync::atomic::Ordering,
    thread_shard::ThreadShard,
};

impl Shared {
    #[inline]
    pub(crate) fn succeed(&self, admission: Admission) {
        let gate = admission.gate();
        if gate.is_plain() && gate == self.gate() {
            self.count_success();
        } else {
            self.record(admission, Outcome::Success, None);
        }
    }

    /// Records the failure of a call. `cause` is its error, if the call returned one.
    #[inline]
    pub(crate) fn fail(&self, admission: Admission, cause: Option<&Cause<'_>>) {
        if !self.add_failure(admission) {
            self.record(admission, Outcome::Failure, cause);
        }
    }

    /// Records the failure of a plain circuit if it only adds a moment to the window, and returns
    /// true. Nearly all failures of a circuit with a threshold do, so it is short.
    #[inline(never)]
    pub(crate) fn add_failure(&self, admission: Admission) -> bool {
        let gate = admission.gate();
        if !gate.is_plain() || gate != self.gate() || self.config.counts_a_row() {
            return false;
        }
        let now = clock::now();
        let mut locked = self.lock();
        locked
            .machine
            .add_failure(&self.config, gate.generation(), now)
    }

    /// Records the outcome of a call. `cause` is the error of a failure, if the call returned one.
    #[inline(never)]
    pub(crate) fn record(&self, admission: Admission, outcome: Outcome, cause: Option<&Cause<'_>>) {
        if admission.is_uncounted() {
            return;
        }
        if admission.gate().is_keyed() {
            self.record_of_key(admission, outcome, cause);
        } else {
            self.record_outcome(admission, outcome, cause);
        }
    }

    // Each of the two functions has two callers, so that the compiler would not inline it by
    // itself, and a failure would take 60 more instructions.
    #[expect(clippy::inline_always, reason = "measured, see above")]
    #[inline(always)]
    pub(super) fn record_outcome(
        &self,
        admission: Admission,
        outcome: Outcome,
        cause: Option<&Cause<'_>>,
    ) {
        // The gate of now decides and not the one that the call passed, because the circuit may
        // have been reconfigured.
        let gate = self.gate();
        // This needs no lock, because a generation that is over never comes back.
        if admission.gate().generation() != gate.generation() {
            return self.count_late();
        }
        let now = clock::now();
        let is_slow = self.is_slow(admission, now);
        let outcome = if is_slow && !self.config.has_slow_rate() {
            Outcome::Failure
        } else {
            outcome
        };
        if gate.state() == State::Closed {
            match outcome {
                // A slow call enters its window by itself, and a row of failures ends under the
                // lock, where the generation is compared again.
                Outcome::Success if is_slow || gate.is_in_row() => {}
                Outcome::Success if !gate.is_rated() => return self.count_success(),
                // The window takes the success over the next time that somebody holds the lock.
                Outcome::Success if self.gate_expiry().counts(now) => {
                    let is_counted = self
                        .shard(ThreadShard::current())
                        .add_success_in(gate.generation());
                    if !is_counted {
                        self.count_late();
                    }
                    return;
                }
                Outcome::Ignored => return self.count_ignored(),
                Outcome::Success | Outcome::Failure => {}
            }
        } else if admission.is_let_through()
            && self.enters_no_window(gate, outcome, is_slow)
            && self.gate_expiry().refuses(now).is_some()
        {
            return self.count_outcome(outcome);
        } else if gate.state() == State::HalfOpen && self.config.seldom.has_coordination() {
            return self.record_probe(admission, outcome, is_slow, now, cause);
        }
        let end = End {
            outcome,
            is_slow,
            opening: self.opening(cause),
        };
        let changed = self.record_locked(gate.generation(), admission.ticket(), end, now);
        if let Some(changed) = changed {
            self.announce(changed, cause.and_then(Cause::text).as_ref());
        }
    }

    #[expect(clippy::inline_always, reason = "measured, see `record_outcome`")]
    #[inline(always)]
    pub(super) fn record_locked(
        &self,
        generation: u32,
        ticket: u32,
        end: End,
        now: u64,
    ) -> Option<Changed> {
        let mut locked = self.lock();
        self.take_over(&mut locked.machine);
        let changed = self.record_in(&mut locked, generation, ticket, end, now);
        // A plain circuit that does not change keeps its gate, unless a row of failures begins.
        let keeps_gate = changed.is_none() && self.gate().is_plain() && !self.config.counts_a_row();
        if !keeps_gate {
            self.publish(&mut locked.machine);
        }
        changed
    }

    #[inline]
    fn record_in(
        &self,
        locked: &mut Locked,
        generation: u32,
        ticket: u32,
        end: End,
        now: u64,
    ) -> Option<Changed> {
        if let Some(settled) = self.settle(locked, now) {
            self.count_late();
            return Some(settled);
        }
        let machine = &mut locked.machine;
        let recorded = machine.record(&self.config, generation, ticket, end, now);
        // The call is counted before the transition is told, because a listener looks for it in the
        // statistics.
        match recorded {
            Ok(change) => {
                self.count_outcome(end.outcome);
                change.map(|change| self.enter(locked, change, now, None))
            }
            Err(Late) => {
                self.count_late();
                None
            }
        }
    }

    /// True if the outcome of a call that was let through changes no statistic of the window.
    fn enters_no_window(&self, gate: Gate, outcome: Outcome, is_slow: bool) -> bool {
        match outcome {
            Outcome::Success => !is_slow && !gate.is_rated() && !self.config.counts_a_row(),
            Outcome::Ignored => !is_slow,
            Outcome::Failure => false,
        }
    }

    /// The inputs of an opening, for the case that the circuit opens now. Few circuits have any.
    #[inline]
    pub(super) fn opening(&self, cause: Option<&Cause<'_>>) -> Opening {
        match cause {
            Some(Cause {
                hint: Some(hint), ..
            }) => self.drawn(Some(clock::nanos(*hint))),
            _ if self.config.has_jitter() => self.drawn(None),
            _ => Opening::default(),
        }
    }

    #[cold]
    fn drawn(&self, hint: Option<u64>) -> Opening {
        let is_random = self.config.has_jitter();
        #[cfg(feature = "test-util")]
        let is_random = is_random && !crate::scope::has_no_jitter();
        let random = if is_random { random::draw() } else { 0.0 };
        Opening { hint, random }
    }

    fn is_slow(&self, admission: Admission, now: u64) -> bool {
        let Some(started) = admission.started() else {
            return false;
        };
        let limit = self.config.slow_call();
        limit != 0 && now.saturating_sub(started.get()) > limit
    }

    /// Counts a call that ended because its permit was dropped without an outcome.
    #[cold]
    pub(crate) fn dropped(&self, admission: Admission) {
        if admission.is_unwinding() {
            self.record(admission, Outcome::Failure, None);
        } else {
            self.abandon(admission);
        }
    }

    #[cold]
    pub(crate) fn abandon(&self, admission: Admission) {
        if admission.is_uncounted() {
            return;
        }
        let _call = admission.gate().is_keyed().then(|| self.end_of_call());
        self.give_up(admission);
    }

    pub(super) fn give_up(&self, admission: Admission) {
        self.abandoned.fetch_add(1, Ordering::Relaxed);
        let gate = admission.gate();
        if gate.state() == State::HalfOpen && gate.generation() == self.gate().generation() {
            if self.config.seldom.has_coordination() {
                self.give_up_lease(admission);
            }
            self.locked(|locked| {
                let machine = &mut locked.machine;
                machine.give_back(gate.generation(), admission.ticket());
            });
        }
    }
}
