//! An admitted call, its outcome, and the refusal of a call that is not admitted.

use std::{
    fmt::{self, Display},
    num::NonZeroU64,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use super::{
    gate::{Gate, OpeningReason, State},
    transition::TransitionReason,
};
use crate::{
    clock::{NEVER, span},
    errors::{Shown, excerpt},
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
    /// A call of a circuit that the configuration file takes away. No other admission has this
    /// word, because an isolated circuit admits no call.
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
///
/// It is two words long, for the reason that [`Answer`] has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    /// [`REFUSED`], the state, and the number of the [`OpeningReason`], from low bits to high ones.
    word: u64,
    /// In nanoseconds. Only an open or an isolated circuit has one.
    wait: u64,
}

/// The state that no admission has, except the one that is not counted.
const REFUSED: u64 = State::Isolated.bits();
const STATE_SHIFT: u32 = 2;
const REASON_SHIFT: u32 = 4;

/// Set in the wait of a refusal that is none yet, because the call has to ask other processes
/// first. The generation of the circuit is below it. Only a half-open circuit asks, and its
/// refusals have no wait.
const ASKS: u64 = 1 << u32::BITS;

impl Refused {
    #[inline]
    pub(super) fn new(state: State, reason: OpeningReason, wait: u64) -> Self {
        let word = reason.0 << REASON_SHIFT | state.bits() << STATE_SHIFT | REFUSED;
        Self { word, wait }
    }

    /// The refusal of a call that has to ask other processes if it may be a probe of this gate.
    pub(super) fn until_asked(gate: Gate) -> Self {
        let wait = ASKS | u64::from(gate.generation());
        Self::new(State::HalfOpen, gate.reason(), wait)
    }

    #[inline]
    pub(super) fn state(self) -> State {
        State::from_bits(self.word >> STATE_SHIFT & REFUSED)
    }

    /// Why the circuit opened.
    pub(super) fn reason(self) -> TransitionReason {
        OpeningReason(self.word >> REASON_SHIFT).get()
    }

    /// True if the call has to ask other processes before it is refused.
    #[inline]
    pub(super) fn asks(self) -> bool {
        self.state() == State::HalfOpen && self.wait & ASKS != 0
    }

    /// The generation in which the call has to ask.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`until_asked` put 32 bits there"
    )]
    pub(super) fn asks_in(self) -> u32 {
        self.wait as u32
    }

    /// The time that a caller should wait. It is zero where a probe has to end, because nobody
    /// knows when it ends. There is none while the circuit is isolated without an end.
    pub(super) fn retry_after(self) -> Option<Duration> {
        match self.state() {
            State::Isolated if self.wait == NEVER => None,
            State::HalfOpen | State::Closed => Some(Duration::ZERO),
            State::Open | State::Isolated => Some(span(self.wait)),
        }
    }
}

#[expect(
    clippy::missing_fields_in_debug,
    reason = "the word is shown as the state and the reason"
)]
impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("state", &self.state())
            .field("reason", &self.reason())
            .field("wait", &self.wait)
            .finish()
    }
}

/// An admission or a refusal.
///
/// It is two words long, so that it is returned in registers. A `Result` of the two is returned
/// through memory, and a refusal that was just written there in pieces is copied 3 ns later.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    word: u64,
    rest: u64,
}

impl Answer {
    #[inline]
    pub(super) fn of(decision: Result<Admission, Refused>) -> Self {
        match decision {
            Ok(Admission { word, started }) => Self {
                word,
                rest: started.map_or(0, NonZeroU64::get),
            },
            Err(Refused { word, wait }) => Self { word, rest: wait },
        }
    }

    #[inline]
    pub(super) fn decision(self) -> Result<Admission, Refused> {
        let admission = Admission {
            word: self.word,
            started: NonZeroU64::new(self.rest),
        };
        if self.word & REFUSED == REFUSED && !admission.is_uncounted() {
            return Err(Refused {
                word: self.word,
                wait: self.rest,
            });
        }
        Ok(admission)
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

    #[test]
    fn an_answer_is_the_decision_that_it_was_made_of() {
        let config = ActiveConfig::new(&CircuitBreakerConfig::new().failure_rate(0.5));
        let gate = Gate::new(u32::MAX, State::HalfOpen, &config).keyed(true);
        let admissions = [
            Admission::new(gate, TICKETS - 1, NonZeroU64::new(7)),
            Admission::new(gate.let_through(), 0, None),
            Admission::plain(Gate::new(0, State::Closed, &config)),
            #[cfg(feature = "config")]
            Admission::UNCOUNTED,
        ];
        for admission in admissions {
            let answered = Answer::of(Ok(admission)).decision().expect("admitted");
            assert_eq!(
                (answered.word, answered.started),
                (admission.word, admission.started)
            );
        }
        for (state, waits) in [
            (State::Open, [0, 7, NEVER]),
            (State::HalfOpen, [0; 3]),
            (State::Isolated, [0, 7, NEVER]),
        ] {
            for wait in waits {
                let refused = Refused::new(state, OpeningReason::of(TransitionReason::Fleet), wait);
                let answered = Answer::of(Err(refused)).decision().expect_err("refused");
                assert_eq!(answered, refused);
                assert_eq!(answered.state(), state);
                assert_eq!(answered.reason(), TransitionReason::Fleet);
                assert!(!answered.asks());
            }
        }
        let asks = Answer::of(Err(Refused::until_asked(gate))).decision();
        let asks = asks.expect_err("asks");
        assert_eq!((asks.asks(), asks.asks_in()), (true, u32::MAX));
    }
}
