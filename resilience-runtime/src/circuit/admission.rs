//! An admitted call, its outcome, and the refusal of a call that is not admitted.

use std::{
    fmt::Display,
    num::NonZeroU64,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use super::{
    gate::{Gate, State},
    transition::TransitionReason,
};
use crate::{
    clock::{NEVER, span},
    show::{Shown, excerpt},
    unwind::discard,
};

/// An admitted call: the gate that it passed, the ticket of its probe slot, and the moment at which
/// it began.
///
/// It is two words long, so that it is passed in registers. A longer one would be copied through
/// memory, which costs a plain call as much as all the rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admission {
    /// The gate without its reason in the low bits, then one bit for a thread that unwound already,
    /// then the ticket.
    word: u64,
    /// `None` where no call can be too slow.
    started: Option<NonZeroU64>,
}

const UNWINDING: u64 = 1 << Gate::KEPT_BITS;
const TICKET: u32 = Gate::KEPT_BITS + 1;

/// Tickets are below this.
pub(super) const TICKETS: u32 = 1 << (u64::BITS - TICKET);

/// Stands in place of a ticket for a call that passed only because the circuit admits all calls.
/// It decides nothing.
pub(super) const LET_THROUGH: u32 = u32::MAX;

impl Admission {
    /// A call of a circuit that the configuration file takes away. No other admission has this word,
    /// because an isolated circuit admits no call.
    #[cfg(feature = "config")]
    pub(super) const UNCOUNTED: Self = Self {
        word: u64::MAX,
        started: None,
    };

    /// True for a call of a circuit that the configuration file takes away.
    #[inline]
    pub(super) fn is_uncounted(self) -> bool {
        cfg!(feature = "config") && self.word == u64::MAX
    }

    /// True if the call passed only because the circuit admits all calls.
    #[inline]
    pub(super) fn is_let_through(self) -> bool {
        self.gate().is_let_through()
    }

    /// An admission at the moment `now`, which is noted if the circuit measures its calls.
    #[inline]
    pub(super) fn begun(gate: Gate, ticket: u32, now: u64) -> Self {
        let started = NonZeroU64::new(now).filter(|_| gate.is_timed());
        Self::new(gate, ticket, started)
    }

    /// An admission through a closed gate, without a ticket and without a start.
    #[inline]
    pub(super) fn plain(gate: Gate) -> Self {
        Self::new(gate, 0, None)
    }

    #[inline]
    pub(super) fn new(gate: Gate, ticket: u32, started: Option<NonZeroU64>) -> Self {
        let word = u64::from(ticket) << TICKET | gate.kept_bits();
        Self { word, started }
    }

    /// The same admission with a note if the thread unwinds now, for a permit that may be dropped
    /// without an outcome.
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
        if self.is_let_through() {
            return LET_THROUGH;
        }
        // It fits, because `new` took it from a `u32`.
        u32::try_from(self.word >> TICKET).unwrap_or(0)
    }

    pub(super) fn started(self) -> Option<NonZeroU64> {
        self.started
    }

    /// True if this thread unwinds and did not when the admission was made.
    pub(super) fn is_unwinding(self) -> bool {
        std::thread::panicking() && self.word & UNWINDING == 0
    }
}

/// Stands in place of a ticket for a call that has to ask other processes if it may be a probe.
pub(super) const ASK: u32 = u32::MAX - 1;

/// The outcome of a call that was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
    Ignored,
}

/// The error of a call that failed. The circuit asks for it only if it opens with the call.
#[derive(Clone, Copy)]
pub(super) struct Cause<'e> {
    pub(super) shown: Shown<'e>,
    /// The open time that the error asks for.
    pub(super) hint: Option<Duration>,
}

impl<'e> Cause<'e> {
    pub(super) fn displayed(error: &'e dyn Display, hint: Option<Duration>) -> Self {
        let shown = Shown::Display(error);
        Self { shown, hint }
    }

    /// The text of the error, if it can be shown. The name of its type says nothing of the error.
    ///
    /// The text is made by the user's code. If that panics, there is none: the call that opened the
    /// circuit must not break.
    #[cold]
    pub(super) fn text(&self) -> Option<Arc<str>> {
        if let Shown::TypeName(_) = self.shown {
            return None;
        }
        let text = catch_unwind(AssertUnwindSafe(|| excerpt(self.shown)));
        text.map(Arc::from).map_err(discard).ok()
    }
}

/// The refusal of a call: the state that refuses it, the reason, and the time until the circuit
/// probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) state: State,
    /// Why the circuit opened.
    pub(super) reason: TransitionReason,
    /// In nanoseconds. Only an open or an isolated circuit has one.
    pub(super) wait: u64,
}

/// The wait of a refusal that is none yet, because the call has to ask other processes first. Only a
/// half-open circuit has it, and its wait is read by nobody.
const ASKS: u64 = NEVER - 1;

impl Refused {
    /// The refusal of a call that has to ask other processes if it may be a probe.
    pub(super) fn until_asked(reason: TransitionReason) -> Self {
        Self {
            state: State::HalfOpen,
            reason,
            wait: ASKS,
        }
    }

    /// True if the call has to ask other processes before it is refused.
    #[inline]
    pub(super) fn asks(self) -> bool {
        self.state == State::HalfOpen && self.wait == ASKS
    }

    /// The time that a caller should wait. It is zero where a probe has to end, because nobody
    /// knows when it ends. There is none while the circuit is isolated without an end.
    pub(super) fn retry_after(self) -> Option<Duration> {
        match self.state {
            State::Isolated if self.wait == NEVER => None,
            State::HalfOpen | State::Closed => Some(Duration::ZERO),
            State::Open | State::Isolated => Some(span(self.wait)),
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
    fn an_admission_keeps_gate_ticket_and_start() {
        let config = ActiveConfig::new(&CircuitBreakerConfig::new().failure_rate(0.5));
        let gate = Gate::new(u32::MAX, State::HalfOpen, &config);
        let admission = Admission::new(gate, TICKETS - 1, NonZeroU64::new(7));
        assert_eq!(admission.gate(), gate);
        assert_eq!(admission.ticket(), TICKETS - 1);
        assert_eq!(admission.started(), NonZeroU64::new(7));
        assert!(!admission.is_unwinding());
    }

    #[test]
    fn an_admission_is_two_words() {
        assert_eq!(size_of::<Admission>(), 16);
    }
}
