//! Windows of the last calls.

use loom::thread;

use super::circuit::{
    Action, IN_A_ROW, RATED, assert_gate_and_machine_agree, check, circuit, fail, race, succeed,
};
use crate::{CircuitState, circuit::CircuitBreakerConfig};

/// The window holds the last three calls.
const OF_CALLS: CircuitBreakerConfig = RATED.window_calls(3);

#[test]
fn a_window_of_calls_loses_no_success_that_is_counted_without_the_lock() {
    check(|| {
        let breaker = circuit(OF_CALLS);
        succeed(&breaker);
        race(&breaker, [succeed, fail]);
        let stats = breaker.stats();
        assert_eq!((stats.successes, stats.failures, stats.late), (2, 1, 0));
        assert_eq!(stats.failure_rate, Some(1.0 / 3.0));
        // Three more calls push all others out.
        (0..3).for_each(|_| succeed(&breaker));
        let stats = breaker.stats();
        assert_eq!((stats.failure_count, stats.failure_rate), (0, Some(0.0)));
    });
}

#[test]
fn a_reset_empties_a_window_of_calls_of_what_was_admitted_before() {
    check(|| {
        let breaker = circuit(OF_CALLS);
        let permit = breaker.acquire().expect("closed");
        let resetting = {
            let breaker = breaker.clone();
            thread::spawn(move || breaker.reset())
        };
        permit.success();
        resetting.join().expect("no model panics in a thread");
        let stats = breaker.stats();
        assert_eq!(stats.successes + stats.late, 1);
        assert_eq!(stats.failure_rate, None);
        fail(&breaker);
        assert_eq!(breaker.state(), CircuitState::Open);
    });
}

#[test]
fn a_change_between_kinds_of_windows_beside_calls_loses_none() {
    check(|| {
        let breaker = circuit(IN_A_ROW);
        let change: Action = |breaker| breaker.reconfigure(OF_CALLS.minimum_calls(3));
        race(&breaker, [succeed, fail, change]);
        let stats = breaker.stats();
        assert_eq!((stats.successes, stats.failures, stats.late), (1, 1, 0));
        for _ in 0..3 {
            succeed(&breaker);
        }
        assert_eq!(breaker.stats().failure_rate, Some(0.0));
        assert_gate_and_machine_agree(&breaker);
    });
}
