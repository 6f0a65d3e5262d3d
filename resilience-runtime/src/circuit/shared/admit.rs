//! A circuit admits or refuses a call: by its gate if that is enough, and else by its machine.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::Shared;
use crate::{
    circuit::{
        admission::{ASK, Admission, Answer, LET_THROUGH, Refused},
        error::CircuitOpen,
        gate::{Gate, State},
        sharded_counter::Count,
    },
    clock,
    events::{self, EventKind},
    operation::Operation,
};

/// The part of the program that waits while a call asks other processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    Thread,
    Task,
}

impl Shared {
    #[inline]
    pub(crate) fn admit(
        &self,
        caller: Option<&'static Operation>,
    ) -> Result<Admission, CircuitOpen> {
        self.admit_for(caller, Waits::Thread)
    }

    /// Does the same for an async call. If the call has to ask other processes, the refusal
    /// [says so](CircuitOpen::asks), and nobody is told of it.
    #[inline]
    pub(crate) fn admit_task(
        &self,
        caller: Option<&'static Operation>,
    ) -> Result<Admission, CircuitOpen> {
        self.admit_for(caller, Waits::Task)
    }

    #[inline]
    fn admit_for(
        &self,
        caller: Option<&'static Operation>,
        waits: Waits,
    ) -> Result<Admission, CircuitOpen> {
        let gate = self.gate();
        if gate.is_plain() {
            return Ok(Admission::plain(gate));
        }
        match self.decide(gate, caller, waits).decision() {
            Ok(admission) => Ok(admission),
            // The error is made here, because only here it can be written straight to its place in
            // the caller.
            Err(refused) => Err(CircuitOpen::new(self.name.clone(), refused)),
        }
    }

    #[inline(never)]
    fn decide(&self, gate: Gate, caller: Option<&'static Operation>, waits: Waits) -> Answer {
        #[cfg(feature = "config")]
        if self.declared.is_disabled() {
            return Answer::of(Ok(Admission::UNCOUNTED));
        }
        // The two usual answers are given in this function, which is short.
        if gate.state() == State::Closed && !gate.is_timed() {
            if gate.is_keyed() {
                self.begin_call();
            }
            return Answer::of(Ok(Admission::plain(gate)));
        }
        if let Some(refused) = self.refuses_at_once(gate) {
            self.refuse(refused, caller);
            return Answer::of(Err(refused));
        }
        self.decide_behind(gate, caller, waits)
    }

    #[inline(never)]
    fn decide_behind(
        &self,
        gate: Gate,
        caller: Option<&'static Operation>,
        waits: Waits,
    ) -> Answer {
        let decision = self.admit_behind(gate, waits);
        Answer::of(self.decided(decision, gate, caller))
    }

    /// The refusal of a call by a circuit that refuses for a while yet. It is told by the coarse
    /// clock, because a refused call should not wait for the exact one.
    #[inline]
    fn refuses_at_once(&self, gate: Gate) -> Option<Refused> {
        if gate.state() == State::Closed || gate.admits_all() {
            return None;
        }
        // The expiry is as new as the gate or newer, and the machine would answer by the newer one,
        // too.
        let refusal = self.gate_expiry().refuses_for_long(clock::coarse_now());
        refusal.map(|(state, wait)| Refused::new(state, gate.reason(), wait))
    }

    /// Counts a refusal, and tells of it.
    #[inline]
    fn refuse(&self, refused: Refused, caller: Option<&'static Operation>) {
        self.count(Count::Refused);
        if events::is_subscribed() {
            self.tell_refusal(refused, caller);
        }
    }

    #[cold]
    fn tell_refusal(&self, refused: Refused, caller: Option<&'static Operation>) {
        events::emit(caller.map(Operation::name), || EventKind::Refused {
            circuit: &self.name,
            key: self.name.key(),
            retry_after: refused.retry_after(),
        });
    }

    /// Counts a call that is admitted or refused, and tells of a refusal. A call that has to ask is
    /// neither.
    // The compiler would not inline it by itself, because several functions use it (a success with
    // a failure rate took 77 more instructions).
    #[expect(clippy::inline_always, reason = "measured, see above")]
    #[inline(always)]
    pub(super) fn decided(
        &self,
        decision: Result<Admission, Refused>,
        gate: Gate,
        caller: Option<&'static Operation>,
    ) -> Result<Admission, Refused> {
        match decision {
            Ok(admission) => {
                if admission.is_let_through() {
                    self.count_would_refuse();
                }
                if gate.is_keyed() {
                    self.begin_call();
                }
            }
            Err(refused) if refused.asks() => {}
            Err(refused) => self.refuse(refused, caller),
        }
        decision
    }

    /// Admits or refuses a call that passed the gate of a circuit that is not plain.
    #[expect(clippy::inline_always, reason = "measured, see `decided`")]
    #[inline(always)]
    pub(super) fn admit_behind(&self, gate: Gate, waits: Waits) -> Result<Admission, Refused> {
        if gate.state() == State::Closed && !gate.is_timed() {
            return Ok(Admission::plain(gate));
        }
        let now = clock::now();
        let gate = if gate.state() == State::Closed {
            gate
        } else if let Some((state, wait)) = self.gate_expiry().refuses(now) {
            if !gate.admits_all() {
                return Err(Refused::new(state, gate.reason(), wait));
            }
            gate.let_through()
        } else {
            return self.ask_machine(now, waits);
        };
        Ok(Admission::begun(gate, 0, now))
    }

    #[inline(never)]
    fn ask_machine(&self, now: u64, waits: Waits) -> Result<Admission, Refused> {
        let (ticket, gate, changed) = self.locked(|locked| {
            let settled = self.settle(locked, now);
            let (ticket, change) = locked.machine.admit(&self.config, now);
            // A circuit that settles by a change of state does not change it again at once.
            let changed = settled.or_else(|| Some(self.enter(locked, change?, now, None)));
            (ticket, self.gate_of(&locked.machine), changed)
        });
        let (gate, ticket) = match ticket {
            Ok(LET_THROUGH) => (gate.let_through(), Ok(0)),
            Ok(ASK) => (gate, Err(Refused::until_asked(gate))),
            _ => (gate, ticket),
        };
        if let Some(changed) = changed {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.announce(changed, None))) {
                // The call will not run, so its slot is given back here: nobody else knows of it.
                if let Ok(ticket) = ticket {
                    self.give_up(Admission::new(gate, ticket, None));
                }
                resume_unwind(panic);
            }
        }
        match ticket {
            Ok(ticket) => Ok(Admission::begun(gate, ticket, now)),
            Err(refused) if refused.asks() && waits == Waits::Thread => {
                self.ask_others_blocking(refused.asks_in())
            }
            Err(refused) => Err(refused),
        }
    }
}
