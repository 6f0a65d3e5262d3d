//! A circuit and the other processes of its fleet: it asks them before a probe, tells them of its
//! openings and probes, and follows their decisions.

use std::{
    mem,
    sync::{Arc, PoisonError},
    time::Duration,
};

use super::{Locked, Shared, admit::Waits};
use crate::{
    circuit::{
        admission::{Admission, Cause, Outcome, Refused},
        change::Entry,
        coordinator::{Coordination, Trip, Verdict},
        error::CircuitOpen,
        fleet_view::FleetView,
        gate::{Gate, State},
        machine::{Asked, Commanded, End, StateChange},
        probe_request::{Question, Reply, UnclaimedLease, ask},
        transition::{CircuitState, TransitionReason},
    },
    clock,
    operation::Operation,
    unwind::quietly,
};

impl Shared {
    /// Gives the circuit its line to other processes, or takes it away.
    pub(crate) fn set_coordination(&self, coordination: Option<Coordination>) {
        let seldom = self.config.seldom.get_or_make();
        let place = seldom.coordination.write();
        let mut place = place.unwrap_or_else(PoisonError::into_inner);
        let before = mem::replace(&mut *place, coordination);
        drop(place);
        // The coordinator is other people's code, so it is dropped outside of the lock.
        drop(before);
    }

    pub(crate) fn is_coordinated(&self) -> bool {
        self.config.seldom.is_coordinated()
    }

    /// Keeps the view of the other processes.
    pub(crate) fn show_fleet(&self, view: Arc<FleetView>) {
        let seldom = self.config.seldom.get_or_make();
        let place = seldom.coordination.write();
        let mut place = place.unwrap_or_else(PoisonError::into_inner);
        if let Some(coordination) = &mut *place {
            coordination.view = Some(view);
        }
    }

    /// The view of the other processes, if there are any.
    pub(super) fn fleet_view(&self) -> Option<FleetView> {
        let Coordination { contact, view, .. } = self.coordination()?;
        Some(FleetView {
            name: contact.fleet().to_owned(),
            is_degraded: !contact.is_held(),
            ..view.as_deref().cloned().unwrap_or_default()
        })
    }

    fn coordination(&self) -> Option<Coordination> {
        self.config.seldom.coordination()
    }

    /// Asks the other processes if a call may be a probe of that generation. `None` if the circuit
    /// lost its line to them meanwhile.
    #[cold]
    pub(crate) fn ask_others(&self, generation: u32) -> Option<Question> {
        let Coordination { coordinator, .. } = self.coordination()?;
        let owner = Arc::clone(&coordinator);
        let give_back = move |lease| quietly(|| owner.probed(lease, Verdict::Released));
        let (request, wait) = ask(UnclaimedLease(Box::new(give_back)));
        quietly(|| coordinator.asked(request));
        Some(Question { generation, wait })
    }

    /// Asks the other processes and blocks the thread until they answer.
    #[cold]
    pub(super) fn ask_others_blocking(&self, generation: u32) -> Result<Admission, Refused> {
        match self.ask_others(generation) {
            Some(question) => self.answered(&question, question.wait.block()),
            None => self.enter_anew(),
        }
    }

    /// Admits a call, and refuses it if it has to ask the other processes.
    pub(crate) fn admit_at_once(&self) -> Result<Admission, CircuitOpen> {
        match self.admit_task(None) {
            Err(open) if open.asks() => {
                let gate = self.gate();
                self.leave_question(open.asks_in());
                let decision = self.decided(Err(half_open(gate)), gate, None);
                decision.map_err(|refused| open.after_question(refused))
            }
            decision => decision,
        }
    }

    /// Lets another call ask in that generation. The machine keeps the others from it, because it
    /// expects that the call asks that it told to.
    #[cold]
    fn leave_question(&self, generation: u32) {
        let now = clock::now();
        self.locked(|locked| {
            let machine = &mut locked.machine;
            machine.replied(&self.config, generation, Reply::Unanswered, now)
        });
    }

    /// Admits or refuses the call by the reply to its question.
    #[cold]
    pub(crate) fn answered(&self, question: &Question, reply: Reply) -> Result<Admission, Refused> {
        let now = clock::now();
        let generation = question.generation;
        let (asked, gate) = self.locked(|locked| {
            let machine = &mut locked.machine;
            let asked = machine.replied(&self.config, generation, reply, now);
            (asked, self.gate_of(&locked.machine))
        });
        match asked {
            Asked::Admitted(ticket) => Ok(Admission::begun(gate, ticket, now)),
            Asked::Refused => Err(half_open(gate)),
            Asked::EntersAnew => {
                self.release(reply);
                self.enter_anew()
            }
        }
    }

    /// Gives a lease back that came too late.
    fn release(&self, reply: Reply) {
        let Some(lease) = reply.lease() else { return };
        self.tell(|coordination| coordination.coordinator.probed(lease, Verdict::Released));
    }

    /// Admits or refuses the call by the present state. A call asks once at most.
    pub(crate) fn enter_anew(&self) -> Result<Admission, Refused> {
        let gate = self.gate();
        match self.admit_behind(gate, Waits::Task) {
            Err(refused) if refused.asks() => {
                self.leave_question(refused.asks_in());
                Err(half_open(gate))
            }
            decision => decision,
        }
    }

    /// Counts a call that is admitted or refused after it has asked.
    pub(crate) fn decided_late(
        &self,
        decision: Result<Admission, Refused>,
        caller: Option<&'static Operation>,
    ) -> Result<Admission, Refused> {
        self.decided(decision, self.gate(), caller)
    }

    fn tell(&self, message: impl FnOnce(&Coordination)) {
        if let Some(coordination) = self.coordination() {
            quietly(|| message(&coordination));
        }
    }

    /// Tells the other processes of an opening that the circuit decided itself.
    pub(super) fn tell_trip(&self, entry: &Entry) {
        let is_own = !matches!(
            entry.reason,
            TransitionReason::Command | TransitionReason::Config | TransitionReason::Fleet
        );
        if entry.to != CircuitState::Open || !is_own {
            return;
        }
        self.tell(|coordination| {
            coordination.coordinator.tripped(Trip {
                reason: entry.reason,
                open_for: entry.retry_after.unwrap_or(Duration::MAX),
            });
        });
    }

    /// Records the outcome of a call of a half-open circuit. If the call is a probe with a lease,
    /// the others are told of it, and they decide when the circuit closes.
    #[cold]
    #[inline(never)]
    pub(super) fn record_probe(
        &self,
        admission: Admission,
        outcome: Outcome,
        is_slow: bool,
        now: u64,
        cause: Option<&Cause<'_>>,
    ) {
        let end = End {
            outcome,
            is_slow,
            opening: self.opening(cause),
        };
        let (generation, ticket) = (admission.gate().generation(), admission.ticket());
        let lease = self.locked(|locked| locked.machine.take_lease(generation, ticket));
        let is_led = lease.is_some() && self.is_coordinated();
        let changed = if is_led && end.outcome == Outcome::Success {
            let is_recorded = self.locked(|locked| {
                let machine = &mut locked.machine;
                machine.record_leased_success(&self.config, generation, ticket, end, now)
            });
            if is_recorded {
                self.count_outcome(end.outcome);
            } else {
                self.count_late();
            }
            None
        } else {
            self.record_locked(generation, ticket, end, now)
        };
        if let Some(changed) = changed {
            self.announce(changed, cause.and_then(Cause::text).as_ref());
        }
        let Some(lease) = lease else { return };
        let verdict = match end.outcome {
            Outcome::Success => Verdict::Succeeded,
            Outcome::Failure => Verdict::Failed {
                open_for: self.opens_for(),
            },
            Outcome::Ignored => Verdict::Released,
        };
        self.tell(|coordination| coordination.coordinator.probed(lease, verdict));
    }

    /// Gives back the lease of a probe that ended without an outcome.
    #[cold]
    pub(super) fn give_up_lease(&self, admission: Admission) {
        let (generation, ticket) = (admission.gate().generation(), admission.ticket());
        let lease = self.locked(|locked| locked.machine.take_lease(generation, ticket));
        if let Some(lease) = lease {
            self.tell(|coordination| coordination.coordinator.probed(lease, Verdict::Released));
        }
    }

    /// The time for which the circuit is still open.
    fn opens_for(&self) -> Duration {
        let now = clock::now();
        let refuses_for = self.lock().machine.refuses_for(now);
        refuses_for.unwrap_or_else(|| clock::span(self.config.recovery_timeout()))
    }

    fn follow(
        &self,
        now: u64,
        decide: impl FnOnce(&mut Locked) -> Result<Option<StateChange>, Commanded>,
    ) -> bool {
        let settled = self.locked(|locked| self.settle(locked, now));
        self.announce_if(settled);
        let changed: Result<_, Commanded> = self.locked(|locked| {
            let change = decide(locked)?;
            Ok(change.map(|change| self.enter(locked, change, now, None)))
        });
        let is_followed = changed.is_ok();
        self.announce_if(changed.unwrap_or(None));
        self.wake_all();
        is_followed
    }

    /// Opens the circuit for that time, because the other processes decided it. False if the
    /// circuit obeys a command that opened it.
    pub(crate) fn follow_open(&self, open_for: Duration) -> bool {
        let now = clock::now();
        let until = now.saturating_add(clock::nanos(open_for));
        self.follow(now, |locked| {
            locked.machine.follow_open(&self.config, until, now)
        })
    }

    /// Closes the circuit, because the other processes decided it. False if the circuit obeys a
    /// command that opened it.
    pub(crate) fn follow_closed(&self) -> bool {
        let now = clock::now();
        self.follow(now, |locked| {
            locked.machine.follow_closed(&self.config, now)
        })
    }
}

/// The refusal of a half-open circuit whose probes are all taken.
fn half_open(gate: Gate) -> Refused {
    Refused::new(State::HalfOpen, gate.reason(), 0)
}
