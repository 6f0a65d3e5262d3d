//! What an admitted call brings back with its verdict.

use std::num::NonZeroU64;

use super::gate::Gate;

/// The gate that a call passed, without its reason, its probe ticket and its start.
///
/// Two words, so that it travels in registers: a permit of more costs a plain call twice its time in copies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    /// The gate below, then whether the thread was unwinding already, then the ticket.
    word: u64,
    /// Only where a call can be too slow.
    started: Option<NonZeroU64>,
}

const UNWINDING: u64 = 1 << Gate::KEPT_BITS;
const TICKET: u32 = Gate::KEPT_BITS + 1;

/// Tickets are below this.
pub(super) const TICKETS: u32 = 1 << (u64::BITS - TICKET);

impl Pass {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        CircuitBreakerConfig,
        circuit::{active_config::ActiveConfig, gate::Status},
    };

    #[test]
    fn it_brings_back_what_it_was_given() {
        let config = ActiveConfig::new(&CircuitBreakerConfig::new().failure_rate(0.5));
        let gate = Gate::new(u32::MAX, Status::HalfOpen, &config);
        let pass = Pass::new(gate, TICKETS - 1, NonZeroU64::new(7));
        assert_eq!(pass.gate(), gate);
        assert_eq!(pass.ticket(), TICKETS - 1);
        assert_eq!(pass.started(), NonZeroU64::new(7));
        assert!(!pass.is_unwinding());
    }

    #[test]
    fn it_is_two_words() {
        assert_eq!(size_of::<Pass>(), 16);
    }
}
