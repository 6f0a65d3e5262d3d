//! The questions to the machine and its answers.

use std::time::Duration;

use crate::circuit::{
    admission::Outcome,
    command::CommandRecord,
    gate::State,
    open_time::Opening,
    transition::{CircuitState, TransitionReason},
};

/// The generation of the call is over, so its outcome changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Late;

/// The end of a call, as far as the machine decides by it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) outcome: Outcome,
    /// The call was slow, in a circuit that opens by the share of slow calls.
    pub(crate) is_slow: bool,
    /// These are the inputs for the case that the circuit opens with the call.
    pub(crate) opening: Opening,
}

/// The end of a question whether a call may be a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The call is a probe with this ticket.
    Admitted(u32),
    /// The call is refused.
    Refused,
    /// The circuit changed its state meanwhile, or decides alone: the call enters anew.
    EntersAnew,
}

/// The circuit obeys a command, so it follows nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Commanded;

/// A transition as the machine makes it.
///
/// It fits one register, because a failure would cost a tenth more if its answer went through
/// memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StateChange {
    pub(crate) from: State,
    pub(crate) to: State,
    pub(crate) reason: TransitionReason,
    /// The circuit admits all calls before and after the change, so it reads closed all the time.
    /// The states are those that it would have otherwise.
    pub(crate) is_computed: bool,
    pub(crate) failures: u32,
}

/// The part of the statistics that the machine knows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MachineStats {
    pub(crate) state: CircuitState,
    pub(crate) isolated: bool,
    pub(crate) computed_state: CircuitState,
    pub(crate) command: Option<CommandRecord>,
    pub(crate) failures: u64,
    pub(crate) failure_count: u32,
    pub(crate) failure_threshold: Option<u32>,
    pub(crate) failure_rate: Option<f64>,
    pub(crate) slow_rate: Option<f64>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) time_in_state: Duration,
    pub(crate) opened: u64,
    pub(crate) half_opened: u64,
    pub(crate) closed: u64,
}
