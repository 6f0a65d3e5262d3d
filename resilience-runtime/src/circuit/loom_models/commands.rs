//! Commands beside calls, and the calls that meet no lock.

use std::time::Duration;

use super::circuit::{
    Action, CONFIG, RATED, RECOVERY, admitted, allow, assert_gate_and_machine_agree, check,
    circuit, fail, isolate, race, recovering, reset, succeed, trip,
};
use crate::{CircuitState, TransitionReason, circuit::CircuitBreaker};

#[test]
fn no_outcome_is_lost_beside_a_reset() {
    check(|| {
        let breaker = circuit(CONFIG);
        race(&breaker, [fail, succeed, reset]);
        let stats = breaker.stats();
        assert_eq!(
            (stats.state, admitted(&stats), stats.refused),
            (CircuitState::Closed, 2, 0)
        );
        assert!(u64::from(stats.failure_count) <= stats.failures);
        // The next two failures open it, or the one that is still in the window and the next do.
        for _ in stats.failure_count..2 {
            breaker.acquire().expect("below the threshold").failure();
        }
        assert_eq!(breaker.state(), CircuitState::Open);
    });
}

#[test]
fn commands_at_the_same_time_leave_gate_and_machine_in_agreement() {
    check(|| {
        let breaker = circuit(CONFIG);
        race(&breaker, [isolate, trip, reset]);
        assert_gate_and_machine_agree(&breaker);
        breaker.reset();
        assert_eq!(breaker.state(), CircuitState::Closed);
        assert_gate_and_machine_agree(&breaker);
    });
}

#[test]
fn allow_and_other_commands_leave_gate_and_machine_in_agreement() {
    let switch: Action = |breaker| {
        breaker.set_enforced(false);
        breaker.set_enforced(true);
    };
    for actions in [[isolate, allow, trip], [trip, allow, switch]] {
        check(move || {
            let breaker = circuit(CONFIG);
            race(&breaker, actions);
            assert_gate_and_machine_agree(&breaker);
            breaker.reset();
            assert_eq!(breaker.state(), CircuitState::Closed);
            assert_gate_and_machine_agree(&breaker);
        });
    }
}

#[test]
fn an_allowed_circuit_refuses_no_call_and_loses_none() {
    for config in [CONFIG.failure_threshold(1), RATED] {
        check(move || {
            let breaker = circuit(config);
            breaker.allow();
            race(&breaker, [fail, succeed, fail]);
            let stats = breaker.stats();
            assert_eq!((admitted(&stats), stats.refused), (3, 0));
            assert_eq!((stats.state, stats.opened), (CircuitState::Closed, 0));
            let is_open = stats.computed_state == CircuitState::Open;
            assert!(is_open || config == RATED);
            assert!(stats.would_refuse <= 2);
        });
    }
}

#[test]
fn a_call_beside_the_end_of_an_allowance_is_admitted_or_refused() {
    check(|| {
        let breaker = circuit(CONFIG.failure_threshold(1));
        breaker.allow();
        fail(&breaker);
        race(
            &breaker,
            [|breaker| breaker.set_enforced(false), trip, succeed],
        );
        let stats = breaker.stats();
        assert_eq!(admitted(&stats) + stats.refused, 2);
        assert_gate_and_machine_agree(&breaker);
    });
}

#[test]
fn a_refusal_without_the_lock_tells_a_wait_that_was_true() {
    fn refused(breaker: &CircuitBreaker) {
        if let Err(open) = breaker.acquire() {
            let wait = open.retry_after().expect("never isolated");
            assert!(
                !wait.is_zero() && wait <= Duration::from_nanos(RECOVERY),
                "{wait:?}"
            );
            assert_eq!(open.reason(), TransitionReason::Command);
        }
    }
    for config in [CONFIG, RATED] {
        check(move || {
            let breaker = circuit(config);
            let commands: Action = |breaker| {
                breaker.trip();
                breaker.reset();
                breaker.trip();
            };
            race(&breaker, [commands, refused, refused]);
            assert_eq!(breaker.state(), CircuitState::Open);
        });
    }
}

#[test]
fn the_first_call_after_the_timeout_begins_probing_once() {
    check(|| {
        let breaker = recovering(CONFIG.half_open_max_calls(2).success_threshold(9));
        race(&breaker, [succeed, succeed, succeed]);
        let stats = breaker.stats();
        assert_eq!(
            (stats.state, stats.half_opened, stats.opened),
            (CircuitState::HalfOpen, 1, 1)
        );
        assert_eq!(stats.successes + stats.refused, 3);
        assert!(stats.successes >= 2, "two had a slot each");
    });
}
