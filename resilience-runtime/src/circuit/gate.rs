//! The word that calls read instead of taking the lock.

use super::{
    active_config::ActiveConfig,
    transition::{CircuitState, TransitionReason},
};

/// The state of a circuit. An isolated circuit has a state of its own here; the public
/// [`CircuitState`] calls it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Closed,
    Open,
    HalfOpen,
    Isolated,
}

impl State {
    #[inline]
    pub(super) const fn bits(self) -> u64 {
        match self {
            Self::Closed => 0,
            Self::Open => 1,
            Self::HalfOpen => 2,
            Self::Isolated => 3,
        }
    }

    /// The state of these two bits.
    #[inline]
    pub(super) const fn from_bits(bits: u64) -> Self {
        match bits {
            0 => Self::Closed,
            1 => Self::Open,
            2 => Self::HalfOpen,
            _ => Self::Isolated,
        }
    }
}

impl From<State> for CircuitState {
    fn from(state: State) -> Self {
        match state {
            State::Closed => Self::Closed,
            State::Open | State::Isolated => Self::Open,
            State::HalfOpen => Self::HalfOpen,
        }
    }
}

/// The state, two facts of the configuration, the mark of a circuit with a key, the mark of a row
/// of failures, the mark of a circuit that admits all calls, the generation, and the reason of the
/// opening, from low bits to high ones.
///
/// The low seven bits of a plain circuit are zero. A closed circuit has no reason. Every change of
/// state makes a new generation, so two gates of one generation have the same state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gate(u64);

const STATE: u64 = 0b000_0011;
/// Successes enter the window, too, so recording one needs the clock.
const RATED: u64 = 0b000_0100;
/// Calls are timed, so admitting one needs the clock.
const TIMED: u64 = 0b000_1000;
/// The calls under way are counted, because the circuit of a key is forgotten only without any.
const KEYED: u64 = 0b001_0000;
/// The latest call of a circuit with `consecutive_failures` failed, so a success ends the row.
const IN_ROW: u64 = 0b010_0000;
/// The circuit is not closed and admits all calls nevertheless. A closed one is plain even then.
const ADMITS_ALL: u64 = 0b100_0000;
/// The state of an admission that passed only because the circuit admits all calls. No other call
/// passes an open circuit.
const LET_THROUGH: u64 = 1;
const LOW_BITS: u32 = 7;
const REASON_SHIFT: u32 = LOW_BITS + u32::BITS;

impl Gate {
    /// An admission keeps this many low bits. The bits above hold the reason here, and the ticket
    /// there.
    pub(super) const KEPT_BITS: u32 = REASON_SHIFT;

    #[inline]
    pub(super) fn new(generation: u32, state: State, config: &ActiveConfig) -> Self {
        let state = state.bits();
        let rated = u64::from(config.is_rated()) * RATED;
        let timed = u64::from(config.slow_call() != 0) * TIMED;
        Self(u64::from(generation) << LOW_BITS | timed | rated | state)
    }

    /// The same gate, of a circuit that has a key or has none.
    #[inline]
    pub(super) fn keyed(self, has_key: bool) -> Self {
        let keyed = u64::from(has_key) * KEYED;
        Self(self.0 | keyed)
    }

    /// The same gate, of a closed circuit with failures in a row or without.
    #[inline]
    pub(super) fn in_row(self, is_in_row: bool) -> Self {
        let in_row = u64::from(is_in_row) * IN_ROW;
        Self(self.0 | in_row)
    }

    /// The same gate, of a circuit that is not closed and admits all calls or does not.
    #[inline]
    pub(super) fn admitting_all(self, admits_all: bool) -> Self {
        let admits_all = u64::from(admits_all) * ADMITS_ALL;
        Self(self.0 | admits_all)
    }

    /// The same gate, of a circuit that the configuration file takes away or does not. No call
    /// passes it without a look at the circuit.
    #[cfg(feature = "config")]
    #[inline]
    pub(super) fn never_plain(self, is_disabled: bool) -> Self {
        let timed = u64::from(is_disabled) * TIMED;
        Self(self.0 | timed)
    }

    /// The gate of an admission that passes only because the circuit admits all calls.
    pub(super) fn let_through(self) -> Self {
        Self(self.0 & !STATE | LET_THROUGH)
    }

    /// True for the gate of an admission that passed only because the circuit admits all calls.
    #[inline]
    pub(super) const fn is_let_through(self) -> bool {
        self.0 & STATE == LET_THROUGH
    }

    /// The same gate, of a circuit that opened for this reason.
    pub(super) fn opened_because(self, reason: TransitionReason) -> Self {
        Self(self.0 | OpeningReason::of(reason).0 << REASON_SHIFT)
    }

    /// The reason of the opening. A closed circuit gives any.
    #[inline]
    pub(super) fn reason(self) -> OpeningReason {
        OpeningReason(self.0 >> REASON_SHIFT)
    }

    /// The gate without the reason, as an admission keeps it.
    #[inline]
    pub(super) const fn kept_bits(self) -> u64 {
        self.0 & ((1 << Self::KEPT_BITS) - 1)
    }

    #[inline]
    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    /// True if a success ends a row of failures.
    #[inline]
    pub(super) const fn is_in_row(self) -> bool {
        self.0 & IN_ROW != 0
    }

    /// True for a closed circuit where a success is only counted, and no call is timed or counted.
    #[inline]
    pub(super) const fn is_plain(self) -> bool {
        self.0 & ((1 << LOW_BITS) - 1) == 0
    }

    /// True for a circuit that is not closed and admits all calls.
    #[inline]
    pub(super) const fn admits_all(self) -> bool {
        self.0 & ADMITS_ALL != 0
    }

    #[inline]
    pub(super) const fn is_rated(self) -> bool {
        self.0 & RATED != 0
    }

    #[inline]
    pub(super) const fn is_keyed(self) -> bool {
        self.0 & KEYED != 0
    }

    #[inline]
    pub(super) const fn is_timed(self) -> bool {
        self.0 & TIMED != 0
    }

    #[inline]
    pub(super) const fn state(self) -> State {
        State::from_bits(self.0 & STATE)
    }

    #[expect(clippy::cast_possible_truncation, reason = "`new` put 32 bits there")]
    #[inline]
    pub(super) const fn generation(self) -> u32 {
        (self.0 >> LOW_BITS) as u32
    }
}

/// The reason of an opening as a number, because a refusal passes it on and nearly nobody asks for
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OpeningReason(pub(super) u64);

impl OpeningReason {
    pub(super) fn of(reason: TransitionReason) -> Self {
        Self(match reason {
            TransitionReason::Failures => 1,
            TransitionReason::Rate => 2,
            TransitionReason::ProbeFailed => 3,
            TransitionReason::SlowRate => 4,
            TransitionReason::Consecutive => 5,
            TransitionReason::Fleet => 6,
            // No circuit opens for one of the last three.
            TransitionReason::Command
            | TransitionReason::Config
            | TransitionReason::ProbesSucceeded
            | TransitionReason::RecoveryElapsed => 0,
        })
    }

    pub(super) fn get(self) -> TransitionReason {
        match self.0 {
            1 => TransitionReason::Failures,
            2 => TransitionReason::Rate,
            3 => TransitionReason::ProbeFailed,
            4 => TransitionReason::SlowRate,
            5 => TransitionReason::Consecutive,
            6 => TransitionReason::Fleet,
            _ => TransitionReason::Command,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::CircuitBreakerConfig;

    #[test]
    fn only_a_closed_circuit_without_rate_and_clock_is_plain() {
        let config = CircuitBreakerConfig::new();
        let [plain, timed, rated] = [
            config,
            config.slow_call(Duration::from_secs(1)),
            config.failure_rate(0.5),
        ]
        .map(|config| ActiveConfig::new(&config));
        assert!(Gate::new(9, State::Closed, &plain).is_plain());
        assert!(!Gate::new(9, State::Closed, &timed).is_plain());
        assert!(!Gate::new(9, State::Closed, &rated).is_plain());
        let keyed = Gate::new(9, State::Closed, &plain).keyed(true);
        assert!(keyed.is_keyed() && !keyed.is_plain());
        assert_eq!((keyed.state(), keyed.generation()), (State::Closed, 9));
        assert!(!Gate::new(9, State::Closed, &plain).keyed(false).is_keyed());
        let in_row = Gate::new(9, State::Closed, &plain).in_row(true);
        assert!(!in_row.is_plain() && in_row.is_in_row());
        assert_eq!((in_row.state(), in_row.generation()), (State::Closed, 9));
        for state in [State::Open, State::HalfOpen, State::Isolated] {
            let gate = Gate::new(9, state, &plain);
            assert!(!gate.is_plain());
            assert_eq!((gate.state(), gate.generation()), (state, 9));
        }
        assert!(Gate::new(1, State::Open, &timed).is_timed());
        assert!(Gate::new(1, State::Open, &rated).is_rated());
    }

    #[test]
    fn a_circuit_that_admits_all_calls_keeps_its_state_beside_that() {
        let config = ActiveConfig::new(&CircuitBreakerConfig::new());
        for state in [State::Open, State::HalfOpen, State::Isolated] {
            let gate = Gate::new(9, state, &config);
            assert!(!gate.admits_all() && !gate.admitting_all(false).admits_all());
            let gate = gate.admitting_all(true).keyed(true);
            assert!(gate.admits_all() && !gate.is_plain());
            assert_eq!((gate.state(), gate.generation()), (state, 9));
            let passed = gate.let_through();
            assert!(passed.is_let_through() && passed.is_keyed());
            assert_eq!(passed.generation(), 9);
        }
        for state in [State::Closed, State::HalfOpen] {
            assert!(!Gate::new(9, state, &config).is_let_through());
        }
    }

    #[test]
    fn it_keeps_why_the_circuit_opened_beside_the_rest() {
        let gate = Gate::new(
            u32::MAX,
            State::Open,
            &ActiveConfig::new(&CircuitBreakerConfig::new()),
        );
        for reason in [
            TransitionReason::Command,
            TransitionReason::Failures,
            TransitionReason::Rate,
            TransitionReason::SlowRate,
            TransitionReason::Consecutive,
            TransitionReason::ProbeFailed,
            TransitionReason::Fleet,
        ] {
            let opened = Gate::from_bits(gate.opened_because(reason).bits());
            assert_eq!(opened.reason().get(), reason);
            assert_eq!(opened.kept_bits(), gate.bits());
            assert_eq!(
                (opened.generation(), opened.state()),
                (u32::MAX, State::Open)
            );
        }
    }

    #[test]
    fn gates_of_different_generations_differ() {
        let config = ActiveConfig::new(&CircuitBreakerConfig::new());
        let gate = |generation| Gate::new(generation, State::Closed, &config);
        assert_ne!(gate(1), gate(2));
        assert_eq!(Gate::from_bits(gate(3).bits()), gate(3));
    }
}
