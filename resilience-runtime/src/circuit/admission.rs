//! What an admitted call brings back with its verdict.

use std::{num::NonZeroU64, time::Duration};

use super::{
    gate::{Gate, State},
    transition::TransitionReason,
};
use crate::clock::span;

/// The gate that a call passed, without its reason, its probe ticket and its start.
///
/// Two words, so that it travels in registers: a permit of more costs a plain call twice its time in copies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admission {
    /// The gate below, then whether the thread was unwinding already, then the ticket.
    word: u64,
    /// Only where a call can be too slow.
    started: Option<NonZeroU64>,
}

const UNWINDING: u64 = 1 << Gate::KEPT_BITS;
const TICKET: u32 = Gate::KEPT_BITS + 1;

/// Tickets are below this.
pub(super) const TICKETS: u32 = 1 << (u64::BITS - TICKET);

impl Admission {
    /// For a closed gate that asks for nothing.
    #[inline]
    pub(super) fn plain(gate: Gate) -> Self {
        Self::new(gate, 0, None)
    }

    #[inline]
    pub(super) fn new(gate: Gate, ticket: u32, started: Option<NonZeroU64>) -> Self {
        let word = u64::from(ticket) << TICKET | gate.kept_bits();
        Self { word, started }
    }

    /// The same, and whether the thread unwinds now, for a holder that may be dropped without an outcome.
    #[inline]
    pub(super) fn noting_unwinding(self) -> Self {
        let unwinding = u64::from(std::thread::panicking()) * UNWINDING;
        Self {
            word: self.word | unwinding,
            ..self
        }
    }

    #[inline]
    pub(super) fn gate(self) -> Gate {
        Gate::from_bits(self.word & (UNWINDING - 1))
    }

    pub(super) fn ticket(self) -> u32 {
        // Fits, as it came from one.
        u32::try_from(self.word >> TICKET).unwrap_or(0)
    }

    pub(super) fn started(self) -> Option<NonZeroU64> {
        self.started
    }

    /// Whether this thread unwinds, and did not when that was noted.
    pub(super) fn is_unwinding(self) -> bool {
        std::thread::panicking() && self.word & UNWINDING == 0
    }
}

/// The outcome of a call that was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
    Ignored,
}

/// Why a call is refused, and for how long calls will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) state: State,
    /// Why the circuit opened.
    pub(super) reason: TransitionReason,
    /// The nanoseconds until an open circuit probes.
    pub(super) wait: u64,
}

impl Refused {
    /// How long a caller should wait: not at all for a probe to end, as nobody knows when; `None` while isolated.
    pub(super) fn retry_after(self) -> Option<Duration> {
        match self.state {
            State::Isolated => None,
            State::HalfOpen | State::Closed => Some(Duration::ZERO),
            State::Open => Some(span(self.wait)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        CircuitBreakerConfig,
        circuit::{active_config::ActiveConfig, gate::State},
    };

    #[test]
    fn it_brings_back_what_it_was_given() {
        let config = ActiveConfig::new(&CircuitBreakerConfig::new().failure_rate(0.5));
        let gate = Gate::new(u32::MAX, State::HalfOpen, &config);
        let admission = Admission::new(gate, TICKETS - 1, NonZeroU64::new(7));
        assert_eq!(admission.gate(), gate);
        assert_eq!(admission.ticket(), TICKETS - 1);
        assert_eq!(admission.started(), NonZeroU64::new(7));
        assert!(!admission.is_unwinding());
    }

    #[test]
    fn it_is_two_words() {
        assert_eq!(size_of::<Admission>(), 16);
    }
}
