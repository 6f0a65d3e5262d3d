//! A circuit follows the decisions of other processes over it.

use super::{Asked, Commanded, End, Machine, MachineState, Probes, StateChange};
use crate::{
    circuit::{
        active_config::ActiveConfig,
        gate::State,
        in_force::InForce,
        probe_request::{ProbeAnswer, Reply},
        transition::TransitionReason,
    },
    clock::nanos,
    events::CommandAction,
};

const FLEET: TransitionReason = TransitionReason::Fleet;

impl Machine {
    /// True if other processes decide over the probes.
    ///
    /// A circuit that admits all calls decides alone, because nobody depends on its probes.
    #[cold]
    pub(super) fn is_led(&self, config: &ActiveConfig) -> bool {
        !self.admits_all() && config.seldom.is_coordinated()
    }

    fn probes(&mut self) -> Option<&mut Probes> {
        match &mut self.state {
            MachineState::HalfOpen(probes) => Some(probes),
            _ => None,
        }
    }

    /// Takes the reply to a question that was asked in `generation`.
    pub(crate) fn replied(
        &mut self,
        config: &ActiveConfig,
        generation: u32,
        reply: Reply,
        now: u64,
    ) -> Asked {
        let is_of_now = generation == self.generation;
        let limit = config.half_open_max_calls();
        let Some(probes) = self.probes().filter(|_| is_of_now) else {
            return Asked::EntersAnew;
        };
        match reply {
            Reply::Answered(ProbeAnswer::Granted { lease }) => {
                Asked::Admitted(probes.admit_leased(now, limit, lease))
            }
            Reply::Answered(ProbeAnswer::Denied { pause }) => {
                probes.ask_not_before(now.saturating_add(nanos(pause)));
                Asked::Refused
            }
            Reply::Answered(ProbeAnswer::Alone) => {
                probes.leave_alone();
                Asked::EntersAnew
            }
            Reply::Unanswered => {
                probes.ask_not_before(0);
                Asked::Refused
            }
        }
    }

    /// Takes the lease of a probe that ends.
    pub(crate) fn take_lease(&mut self, generation: u32, ticket: u32) -> Option<u64> {
        if generation != self.generation {
            return None;
        }
        self.probes()?.take_lease(ticket)
    }

    /// Records the success of a probe with a lease. It never closes the circuit, because the others
    /// count the successes. False if its generation is over.
    pub(crate) fn record_leased_success(
        &mut self,
        config: &ActiveConfig,
        generation: u32,
        ticket: u32,
        end: End,
        now: u64,
    ) -> bool {
        if generation != self.generation {
            return false;
        }
        self.window.success(config, now, end.is_slow);
        if let Some(probes) = self.probes() {
            probes.give_back(ticket);
            // The circuit goes on with this count if it loses the others.
            probes.succeed();
        }
        true
    }

    /// Opens the circuit until that moment. Returns no change for a circuit that is open already,
    /// whose open time is replaced.
    ///
    /// # Errors
    ///
    /// If the circuit obeys a command that opened it, because a command is stronger.
    pub(crate) fn follow_open(
        &mut self,
        config: &ActiveConfig,
        until: u64,
        now: u64,
    ) -> Result<Option<StateChange>, Commanded> {
        self.refuse_if_commanded()?;
        self.opened_because = FLEET;
        if let MachineState::Open { until: running } = &mut self.state {
            let read_half_open = now >= *running;
            *running = until;
            if read_half_open && now < until && self.shown() == State::Open {
                self.since = now;
            }
            return Ok(None);
        }
        self.count_reopening();
        Ok(Some(self.enter(
            MachineState::Open { until },
            config,
            FLEET,
            now,
        )))
    }

    /// Closes the circuit with an empty window. Returns no change for a circuit that is closed
    /// already.
    ///
    /// # Errors
    ///
    /// If the circuit obeys a command that opened it, because a command is stronger.
    pub(crate) fn follow_closed(
        &mut self,
        config: &ActiveConfig,
        now: u64,
    ) -> Result<Option<StateChange>, Commanded> {
        self.refuse_if_commanded()?;
        if let MachineState::Closed = self.state {
            return Ok(None);
        }
        Ok(Some(self.close(config, FLEET, now)))
    }

    fn refuse_if_commanded(&self) -> Result<(), Commanded> {
        let action = self.in_force().map(InForce::action);
        match action {
            Some(CommandAction::Trip | CommandAction::Isolate) => Err(Commanded),
            _ => Ok(()),
        }
    }
}
