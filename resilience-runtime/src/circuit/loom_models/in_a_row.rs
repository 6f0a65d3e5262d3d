//! Failures in a row, which a success ends without the lock.

use loom::thread;

use super::circuit::{
    Action, IN_A_ROW, assert_gate_and_machine_agree, check, circuit, fail, race, succeed,
};
use crate::CircuitState;

/// A success that ends before the first failure begins, or begins after it ended, lies outside of
/// the row; one that runs at the same time may lie on either side. Both failures are in the row
/// only if the success was not between them.
#[test]
fn a_success_ends_a_row_of_failures_or_comes_before_or_behind_it() {
    check(|| {
        let breaker = circuit(IN_A_ROW);
        race(&breaker, [fail, succeed, fail]);
        let stats = breaker.stats();
        match stats.state {
            CircuitState::Open => assert_eq!((stats.failures, stats.failure_count), (2, 2)),
            // The success came between the failures, or behind one of them at the least.
            _ => assert_eq!(
                (stats.failures, stats.successes, stats.failure_count),
                (2, 1, 1)
            ),
        }
        assert_gate_and_machine_agree(&breaker);
    });
}

#[test]
fn a_row_of_failures_that_a_success_ended_does_not_open() {
    check(|| {
        let breaker = circuit(IN_A_ROW);
        fail(&breaker);
        // Each of the two ends the row that it finds, so that no two failures are in a row.
        race(&breaker, [succeed, succeed]);
        assert_eq!(breaker.stats().failure_count, 0);
        fail(&breaker);
        let stats = breaker.stats();
        assert_eq!(
            (stats.state, stats.failure_count, stats.successes),
            (CircuitState::Closed, 1, 2)
        );
    });
}

#[test]
fn what_was_admitted_before_a_reset_does_not_end_the_row_after_it() {
    check(|| {
        let breaker = circuit(IN_A_ROW);
        let permit = breaker.acquire().expect("closed");
        let resetting: Action = |breaker| {
            breaker.reset();
            fail(breaker);
            fail(breaker);
        };
        let thread = {
            let breaker = breaker.clone();
            thread::spawn(move || resetting(&breaker))
        };
        permit.success();
        thread.join().expect("no model panics in a thread");
        let stats = breaker.stats();
        assert_eq!((stats.state, stats.failures), (CircuitState::Open, 2));
        assert_eq!(stats.successes + stats.late, 1);
    });
}
