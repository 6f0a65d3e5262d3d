//! The other processes of a fleet, as a circuit sees them.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    contact::StoreContact, fleet_view::FleetView, probe_request::ProbeRequest,
    transition::TransitionReason,
};

/// One circuit's line to the circuits of the same name in other processes.
///
/// [`CircuitBreaker::coordinate`](crate::CircuitBreaker::coordinate) gives a circuit its
/// coordinator. The circuit calls it in the thread of the call that caused the event, under no
/// lock, so each method hands its work to another thread and returns at once. A method that panics
/// breaks no call.
///
/// A success of a closed circuit calls none of them.
pub trait Coordinator: Send + Sync + 'static {
    /// The circuit opened by its own decision, or a probe failed.
    fn tripped(&self, trip: Trip);

    /// A call would be a probe, and waits for the answer.
    ///
    /// The request must be answered or dropped within [`ProbeRequest::TIMEOUT`], because an async
    /// call has no timer of its own: it may run where no timer is, and then must not panic. Other
    /// calls of the circuit are refused meanwhile.
    fn asked(&self, request: ProbeRequest);

    /// A probe with a lease ended.
    fn probed(&self, lease: u64, verdict: Verdict);
}

/// An opening of a circuit by its own decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trip {
    /// The reason of the opening. It is never [`Command`](TransitionReason::Command) or
    /// [`Fleet`](TransitionReason::Fleet).
    pub reason: TransitionReason,
    /// The time until the circuit probes by its own settings.
    pub open_for: Duration,
}

/// The outcome of a probe that had a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The probe succeeded. The circuit stays half-open until it is told to close.
    Succeeded,
    /// The probe failed, and the circuit is open for this time.
    #[non_exhaustive]
    Failed {
        /// The open time by the circuit's own settings.
        open_for: Duration,
    },
    /// The probe says nothing about the service, or it was cancelled.
    Released,
}

/// The connection of one circuit: its coordinator, and whether the coordinator reaches the others.
#[derive(Clone)]
pub(super) struct Coordination {
    pub(super) view: Option<Arc<FleetView>>,
    pub(super) contact: StoreContact,
    pub(super) coordinator: Arc<dyn Coordinator>,
}

impl fmt::Debug for Coordination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coordination")
            .field("contact", &self.contact)
            .finish_non_exhaustive()
    }
}
