//! The gate in front of the machine: how it stands, until when, and how it refuses a call.

use super::{Machine, MachineState};
use crate::{
    circuit::{
        active_config::ActiveConfig,
        admission::Refused,
        gate::{Gate, OpeningReason},
        gate_expiry::GateExpiry,
    },
    clock::remaining,
};

impl Machine {
    #[inline]
    pub(crate) fn gate(&self, config: &ActiveConfig) -> Gate {
        let gate = Gate::new(self.generation, self.state(), config);
        match self.state {
            MachineState::Closed => gate.in_row(self.window.is_in_row()),
            _ => gate
                .opened_because(self.opened_because)
                .admitting_all(self.admits_all()),
        }
    }

    #[inline]
    pub(crate) fn gate_expiry(&self, config: &ActiveConfig) -> GateExpiry {
        match self.state {
            MachineState::Closed => GateExpiry::counts_until(self.window.turns_at(config)),
            _ => self.expiry_of_refusals(config),
        }
    }

    /// It is out of line, because each failure of a closed circuit would pay for its length.
    #[cold]
    fn expiry_of_refusals(&self, config: &ActiveConfig) -> GateExpiry {
        // The end of a command changes the answer of the gate, too.
        let moment = self.admits_at(config).min(self.command_ends_at());
        match self.state {
            MachineState::HalfOpen(_) => GateExpiry::probes_taken_until(moment),
            MachineState::Isolated => GateExpiry::isolated_until(moment),
            MachineState::Closed | MachineState::Open { .. } => GateExpiry::open_until(moment),
        }
    }

    /// No call is admitted before this moment, unless a probe ends: 0 if the next call is admitted
    /// at once.
    pub(super) fn admits_at(&self, config: &ActiveConfig) -> u64 {
        match &self.state {
            MachineState::Closed => 0,
            MachineState::Open { until } => *until,
            MachineState::HalfOpen(probes) => {
                probes.admits_at(config.half_open_max_calls(), config.recovery_timeout())
            }
            MachineState::Isolated => self.command_ends_at(),
        }
    }

    /// The refusal of a call at `now`, for a circuit that refuses calls.
    pub(super) fn refused(&self, config: &ActiveConfig, now: u64) -> Refused {
        // A half-open circuit does not know when a probe ends.
        let wait = match self.state {
            MachineState::HalfOpen(_) => 0,
            _ => remaining(self.admits_at(config), now),
        };
        Refused::new(self.state(), OpeningReason::of(self.opened_because), wait)
    }
}
