use std::time::Duration;

use super::*;
use crate::{CircuitBreakerConfig, CircuitState, circuit::command::GivenCommand};

const SECOND: u64 = 1_000_000_000;
/// Away from zero, where saturation would hide mistakes.
const START: u64 = 1_000 * SECOND;

/// Opens at 2 failures in 60 s, probes after 30 s, closes after 2 successes.
const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new().failure_threshold(2);

struct Circuit {
    config: ActiveConfig,
    machine: Machine,
    now: u64,
    successes: u64,
}

/// The generation and the ticket of an admitted call.
type Admission = (u32, u32);

impl Circuit {
    fn new(config: CircuitBreakerConfig) -> Self {
        let config = ActiveConfig::new(&config);
        let machine = Machine::new(&config, START);
        let now = START;
        Self {
            config,
            machine,
            now,
            successes: 0,
        }
    }

    fn open() -> Self {
        let mut circuit = Self::new(CONFIG);
        circuit.give(CommandAction::Trip, START);
        circuit
    }

    fn after(mut self, seconds: u64) -> Self {
        self.now += seconds * SECOND;
        self
    }

    fn give(&mut self, action: CommandAction, now: u64) -> Option<StateChange> {
        let given = GivenCommand {
            moment: now,
            ..GivenCommand::new(action, None)
        };
        let opening = Opening::default();
        self.machine.obey(&self.config, &given, opening, now)
    }

    fn ask(&mut self) -> (Result<u32, Refused>, Option<StateChange>) {
        self.machine.admit(&self.config, self.now)
    }

    fn enter(&mut self) -> Admission {
        match self.ask().0 {
            Ok(ticket) => (self.machine.generation, ticket),
            Err(refused) => panic!("{refused:?}"),
        }
    }

    fn refusal(&mut self) -> Option<Duration> {
        match self.ask().0 {
            Err(refused) => refused.retry_after(),
            Ok(ticket) => panic!("admitted as {ticket}"),
        }
    }

    fn record(
        &mut self,
        admission: Admission,
        outcome: Outcome,
    ) -> Result<Option<StateChange>, Late> {
        self.end(
            admission,
            End {
                outcome,
                is_slow: false,
                opening: Opening::default(),
            },
        )
    }

    fn end(&mut self, admission: Admission, end: End) -> Result<Option<StateChange>, Late> {
        let (generation, ticket) = admission;
        let outcome = end.outcome;
        self.machine.take_over(self.successes);
        let change = self
            .machine
            .record(&self.config, generation, ticket, end, self.now)?;
        self.successes += u64::from(outcome == Outcome::Success);
        Ok(change)
    }

    fn call(&mut self, outcome: Outcome) -> Option<StateChange> {
        let admission = self.enter();
        self.record(admission, outcome).expect("of this generation")
    }

    fn reconfigure(&mut self, config: CircuitBreakerConfig) {
        let windows = WindowKinds::of(&self.config);
        self.machine.take_over(self.successes);
        self.config.store(&config);
        self.machine
            .reconfigured(&self.config, windows, self.successes);
    }

    fn stats(&mut self) -> MachineStats {
        self.machine.take_over(self.successes);
        self.machine.stats(&self.config, self.now)
    }

    fn state(&mut self) -> CircuitState {
        self.stats().state
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn it_opens_at_the_threshold_and_says_so() {
    let mut circuit = Circuit::new(CONFIG);
    assert_eq!(circuit.call(Outcome::Failure), None);
    assert_eq!(
        circuit.call(Outcome::Failure),
        Some(StateChange {
            from: State::Closed,
            to: State::Open,
            reason: TransitionReason::Failures,
            is_computed: false,
            failures: 2,
        })
    );
    assert_eq!(circuit.refusal(), Some(seconds(30)));
}

#[test]
fn successes_between_failures_do_not_keep_it_closed() {
    let mut circuit = Circuit::new(CONFIG);
    circuit.call(Outcome::Failure);
    circuit.call(Outcome::Success);
    circuit.call(Outcome::Ignored);
    assert!(circuit.call(Outcome::Failure).is_some());
}

#[test]
fn failures_further_apart_than_the_window_do_not_open_it() {
    let mut circuit = Circuit::new(CONFIG);
    circuit.call(Outcome::Failure);
    circuit = circuit.after(60);
    assert_eq!(circuit.call(Outcome::Failure), None);
    circuit = circuit.after(59);
    assert!(circuit.call(Outcome::Failure).is_some());
}

#[test]
fn a_rate_opens_on_a_failure_and_never_on_a_success() {
    let config = CircuitBreakerConfig::new()
        .failure_rate(0.5)
        .minimum_calls(4);
    let mut circuit = Circuit::new(config);
    for outcome in [Outcome::Failure, Outcome::Failure, Outcome::Failure] {
        assert_eq!(circuit.call(outcome), None);
    }
    assert_eq!(circuit.stats().failure_rate, None);
    assert_eq!(
        circuit.call(Outcome::Success),
        None,
        "3 of 4, but it succeeded"
    );
    assert_eq!(circuit.stats().failure_rate, Some(0.75));
    let opened = circuit.call(Outcome::Failure).expect("4 of 5");
    assert_eq!((opened.to, opened.failures), (State::Open, 4));
    assert_eq!(opened.reason, TransitionReason::Rate);
}

#[test]
fn it_probes_at_recovery_timeout_and_not_before() {
    let mut circuit = Circuit::open().after(29);
    circuit.now += SECOND - 1;
    assert_eq!(circuit.refusal(), Some(Duration::from_nanos(1)));
    assert_eq!(circuit.state(), CircuitState::Open);

    circuit.now += 1;
    assert_eq!(
        circuit.state(),
        CircuitState::HalfOpen,
        "the next call would probe"
    );
    assert_eq!(circuit.stats().half_opened, 0, "but none has yet");
    assert_eq!(circuit.stats().retry_after, None);
    let (admission, transition) = circuit.ask();
    assert_eq!(admission, Ok(0));
    let transition = transition.expect("the first probe half-opens");
    assert_eq!(
        (transition.from, transition.to, transition.reason),
        (
            State::Open,
            State::HalfOpen,
            TransitionReason::RecoveryElapsed
        )
    );
    assert_eq!(circuit.stats().half_opened, 1);
}

#[test]
fn probes_in_a_row_close_it_with_an_empty_window() {
    let mut circuit = Circuit::new(CONFIG);
    circuit.call(Outcome::Failure);
    circuit.call(Outcome::Failure);
    circuit = circuit.after(30);
    assert_eq!(circuit.call(Outcome::Success), None);
    assert_eq!(circuit.stats().failure_count, 2, "opening keeps them");
    let closed = circuit.call(Outcome::Success).expect("two in a row");
    assert_eq!(
        (closed.from, closed.to, closed.reason),
        (
            State::HalfOpen,
            State::Closed,
            TransitionReason::ProbesSucceeded
        )
    );
    assert_eq!(circuit.stats().failure_count, 0);
    assert_eq!(circuit.call(Outcome::Failure), None, "counting starts anew");
}

#[test]
fn one_failed_probe_opens_it_for_another_timeout() {
    let mut circuit = Circuit::open().after(30);
    circuit.call(Outcome::Success);
    let opened = circuit.call(Outcome::Failure).expect("one failure");
    assert_eq!(
        (opened.from, opened.to, opened.reason),
        (State::HalfOpen, State::Open, TransitionReason::ProbeFailed)
    );
    assert_eq!(circuit.refusal(), Some(seconds(30)));
    circuit = circuit.after(30);
    assert_eq!(circuit.call(Outcome::Success), None, "the row starts anew");
}

#[test]
fn an_ignored_probe_gives_its_slot_back_and_counts_for_nothing() {
    let mut circuit = Circuit::open().after(30);
    assert_eq!(circuit.call(Outcome::Success), None);
    assert_eq!(circuit.call(Outcome::Ignored), None);
    assert!(
        circuit.call(Outcome::Success).is_some(),
        "the row was not broken"
    );
}

#[test]
fn further_calls_are_refused_while_the_probe_slots_are_taken() {
    let mut circuit = Circuit::open().after(30);
    circuit.enter();
    circuit = circuit.after(10);
    assert_eq!(
        circuit.refusal(),
        Some(Duration::ZERO),
        "nobody knows when the probe ends"
    );
    assert_eq!(circuit.state(), CircuitState::HalfOpen);
    assert_eq!(circuit.stats().retry_after, Some(Duration::ZERO));
}

#[test]
fn an_abandoned_probe_gives_its_slot_back() {
    let mut circuit = Circuit::open().after(30);
    let (generation, ticket) = circuit.enter();
    circuit.machine.give_back(generation, ticket);
    assert_eq!(circuit.stats().retry_after, None);
    circuit.enter();
    circuit.machine.give_back(generation - 1, 1);
    assert_eq!(
        circuit.refusal(),
        Some(Duration::ZERO),
        "an older generation frees nothing"
    );
}

#[test]
fn a_probe_that_never_ends_loses_its_slot_after_recovery_timeout() {
    let mut circuit = Circuit::open().after(30);
    let stuck = circuit.enter();
    circuit = circuit.after(30);
    let second = circuit.enter();
    // The stuck one answers after all: that counts, but frees no slot that is not its own.
    assert_eq!(circuit.record(stuck, Outcome::Success), Ok(None));
    assert_eq!(circuit.refusal(), Some(Duration::ZERO));
    assert!(matches!(
        circuit.record(second, Outcome::Success),
        Ok(Some(_))
    ));
}

#[test]
fn an_outcome_of_an_older_generation_changes_nothing() {
    let mut circuit = Circuit::new(CONFIG);
    let slow = circuit.enter();
    circuit.call(Outcome::Failure);
    circuit.call(Outcome::Failure);
    circuit = circuit.after(10);
    assert_eq!(circuit.record(slow, Outcome::Failure), Err(Late));
    assert_eq!(
        circuit.refusal(),
        Some(seconds(20)),
        "a late failure does not extend the open time"
    );
    assert_eq!(circuit.stats().failure_count, 2);

    circuit = circuit.after(20);
    circuit.call(Outcome::Success);
    assert_eq!(
        circuit.record(slow, Outcome::Success),
        Err(Late),
        "no probe of this row"
    );
    assert_eq!(circuit.record(slow, Outcome::Failure), Err(Late));
    assert_eq!(circuit.state(), CircuitState::HalfOpen);
}

#[test]
fn a_second_failed_probe_is_late() {
    let mut circuit = Circuit::new(CONFIG.half_open_max_calls(2));
    circuit.give(CommandAction::Trip, START);
    circuit = circuit.after(30);
    let (first, second) = (circuit.enter(), circuit.enter());
    assert!(matches!(
        circuit.record(first, Outcome::Failure),
        Ok(Some(_))
    ));
    circuit = circuit.after(10);
    assert_eq!(circuit.record(second, Outcome::Failure), Err(Late));
    assert_eq!(circuit.refusal(), Some(seconds(20)));
}

#[test]
fn tripping_an_open_circuit_starts_its_timeout_anew() {
    let mut circuit = Circuit::open().after(29);
    assert_eq!(circuit.give(CommandAction::Trip, circuit.now), None);
    assert_eq!(circuit.refusal(), Some(seconds(30)));
    assert_eq!(circuit.stats().opened, 1);
}

#[test]
fn an_isolated_circuit_stays_so_until_told_otherwise() {
    let mut circuit = Circuit::new(CONFIG);
    let isolated = circuit
        .give(CommandAction::Isolate, START)
        .expect("a transition");
    assert_eq!(
        (isolated.to, isolated.reason),
        (State::Isolated, TransitionReason::Command)
    );
    assert_eq!(circuit.give(CommandAction::Isolate, START), None);
    circuit.now = NEVER;
    assert_eq!(circuit.refusal(), None);
    assert_eq!(
        (circuit.state(), circuit.stats().retry_after),
        (CircuitState::Open, None)
    );

    circuit.now = START;
    let tripped = circuit
        .give(CommandAction::Trip, START)
        .expect("a transition");
    assert_eq!((tripped.from, tripped.to), (State::Isolated, State::Open));
    assert_eq!(circuit.refusal(), Some(seconds(30)));
    assert_eq!(circuit.stats().opened, 1, "it was open all the time");

    circuit.give(CommandAction::Isolate, START);
    let closed = circuit
        .give(CommandAction::Reset, START)
        .expect("a transition");
    assert_eq!((closed.from, closed.to), (State::Isolated, State::Closed));
    circuit.enter();
}

#[test]
fn resetting_empties_the_window_of_a_closed_circuit_too() {
    let mut circuit = Circuit::new(CONFIG);
    circuit.call(Outcome::Failure);
    let under_way = circuit.enter();
    assert_eq!(circuit.give(CommandAction::Reset, circuit.now), None);
    assert_eq!(circuit.stats().failure_count, 0);
    assert_eq!(circuit.record(under_way, Outcome::Failure), Err(Late));
    assert_eq!(circuit.call(Outcome::Failure), None);
    assert_eq!(circuit.stats().closed, 0, "it was closed all the time");
}

#[test]
fn time_in_state_runs_from_the_step_into_it() {
    let mut circuit = Circuit::open().after(12);
    assert_eq!(circuit.stats().time_in_state, Duration::from_secs(12));
    circuit = circuit.after(20);
    assert_eq!(
        circuit.stats().time_in_state,
        Duration::from_secs(2),
        "half-open for 2 s"
    );
}

#[test]
fn a_recovery_timeout_for_ever_never_probes() {
    let mut circuit = Circuit::new(CONFIG.recovery_timeout(Duration::MAX));
    circuit.call(Outcome::Failure);
    circuit.call(Outcome::Failure);
    circuit.now = NEVER - 1;
    assert_eq!(circuit.refusal(), Some(Duration::MAX));
    assert_eq!(circuit.state(), CircuitState::Open);
}

#[test]
fn a_clock_that_goes_back_only_waits_longer() {
    let mut circuit = Circuit::open();
    circuit.now = START - 5 * SECOND;
    assert_eq!(circuit.refusal(), Some(seconds(35)));
    assert_eq!(circuit.stats().time_in_state, Duration::ZERO);
    circuit.now = 0;
    assert_eq!(circuit.state(), CircuitState::Open);
}

#[test]
fn time_in_half_open_does_not_begin_anew_with_the_first_probe() {
    let mut circuit = Circuit::open().after(40);
    assert_eq!(circuit.stats().time_in_state, Duration::from_secs(10));
    circuit.enter();
    let stats = circuit.stats();
    assert_eq!(
        (stats.state, stats.time_in_state),
        (CircuitState::HalfOpen, Duration::from_secs(10))
    );
}

#[test]
fn tripped_when_it_would_probe_the_circuit_is_open_from_then_on() {
    let mut circuit = Circuit::open().after(40);
    circuit.give(CommandAction::Trip, circuit.now);
    let stats = circuit.after(1).stats();
    assert_eq!(
        (stats.state, stats.time_in_state),
        (CircuitState::Open, Duration::from_secs(1))
    );
}

#[test]
fn a_new_threshold_holds_from_the_next_failure() {
    let mut circuit = Circuit::new(CONFIG.failure_threshold(9));
    for _ in 0..4 {
        circuit.call(Outcome::Failure);
    }
    circuit.reconfigure(CONFIG.failure_threshold(2));
    let stats = circuit.stats();
    assert_eq!(
        (
            stats.state,
            stats.failure_count,
            stats.failure_threshold,
            stats.failures
        ),
        (CircuitState::Closed, 2, Some(2), 4)
    );
    let opened = circuit.call(Outcome::Failure).expect("over the threshold");
    assert_eq!((opened.to, opened.failures), (State::Open, 2));
}

#[test]
fn a_higher_threshold_keeps_the_failures_so_far() {
    let mut circuit = Circuit::new(CONFIG);
    circuit.call(Outcome::Failure);
    circuit.reconfigure(CONFIG.failure_threshold(3));
    assert_eq!(circuit.call(Outcome::Failure), None);
    assert!(circuit.call(Outcome::Failure).is_some());
}

#[test]
fn a_window_of_another_length_or_criterion_starts_empty() {
    let others = [
        CONFIG.failure_window(seconds(59)),
        CONFIG.failure_rate(1.0).minimum_calls(1),
    ];
    for other in others {
        let mut circuit = Circuit::new(CONFIG);
        circuit.call(Outcome::Success);
        circuit.call(Outcome::Failure);
        circuit.reconfigure(other);
        assert_eq!(circuit.stats().failure_count, 0, "{other:?}");
        circuit.call(Outcome::Success);
        circuit.reconfigure(CONFIG);
        assert_eq!(circuit.call(Outcome::Failure), None, "{other:?}");
    }
    let rated = CONFIG.failure_rate(0.5).minimum_calls(2);
    for rated in [rated, rated.failure_window(Duration::MAX)] {
        let mut circuit = Circuit::new(CONFIG);
        for _ in 0..5 {
            circuit.call(Outcome::Success);
        }
        circuit.reconfigure(rated);
        circuit.call(Outcome::Success);
        assert!(
            circuit.call(Outcome::Failure).is_some(),
            "one of two, because the five before lie in no window"
        );
    }
}

#[test]
fn a_running_open_time_ends_when_it_was_going_to() {
    let mut circuit = Circuit::open().after(10);
    circuit.reconfigure(CONFIG.recovery_timeout(seconds(5)));
    assert_eq!(circuit.refusal(), Some(seconds(20)));
    circuit = circuit.after(20);
    assert!(circuit.call(Outcome::Failure).is_some());
    assert_eq!(circuit.refusal(), Some(seconds(5)), "the next one is new");
    assert_eq!(circuit.machine.refuses_for(circuit.now), Some(seconds(5)));
}

#[test]
fn fewer_probes_at_once_hold_as_soon_as_those_under_way_end() {
    let mut circuit = Circuit::new(CONFIG.half_open_max_calls(3));
    circuit.give(CommandAction::Trip, START);
    circuit = circuit.after(30);
    let probes = [0; 3].map(|_| circuit.enter());
    circuit.reconfigure(CONFIG.half_open_max_calls(1).success_threshold(9));
    for probe in probes {
        assert_eq!(circuit.refusal(), Some(Duration::ZERO));
        assert_eq!(circuit.record(probe, Outcome::Success), Ok(None));
    }
    circuit.enter();
    circuit.reconfigure(CONFIG.success_threshold(4));
    assert_eq!(circuit.stats().retry_after, Some(Duration::ZERO));
}
