//! Changes of the configuration beside calls and commands.

use super::circuit::{
    Action, CONFIG, RATED, assert_gate_and_machine_agree, check, circuit, fail, race, reset,
    succeed, trip,
};
use crate::circuit::{CircuitBreaker, CircuitBreakerConfig};

fn reconfigure_to_rated(breaker: &CircuitBreaker) {
    breaker.reconfigure(RATED);
}

#[test]
fn a_reconfiguration_makes_no_call_late_and_loses_none() {
    /// Opens for none of these calls.
    const CALM: CircuitBreakerConfig = RATED.minimum_calls(9);
    for (before, after, change) in [
        (
            CONFIG,
            CALM,
            (|breaker| breaker.reconfigure(CALM)) as Action,
        ),
        (CALM, CONFIG, |breaker| breaker.reconfigure(CONFIG)),
    ] {
        check(move || {
            let breaker = circuit(before);
            race(&breaker, [succeed, fail, change]);
            let stats = breaker.stats();
            assert_eq!((stats.successes, stats.failures, stats.late), (1, 1, 0));
            assert_eq!(breaker.config(), after);
            assert_gate_and_machine_agree(&breaker);
        });
    }
}

#[test]
fn a_rate_that_comes_beside_calls_counts_what_comes_after_it() {
    check(|| {
        let breaker = circuit(CONFIG);
        // The generation moves on before there is a rate.
        breaker.reset();
        race(&breaker, [succeed, reconfigure_to_rated]);
        // A call that ends beside the change may lie in the new window; every later one does.
        let before = breaker.stats().failure_rate.map_or(0_u32, |_| 1);
        succeed(&breaker);
        succeed(&breaker);
        fail(&breaker);
        let expected = 1.0 / f64::from(3 + before);
        let stats = breaker.stats();
        assert_eq!((stats.failure_rate, stats.late), (Some(expected), 0));
    });
}

#[test]
fn a_reconfiguration_beside_a_command_leaves_gate_and_machine_in_agreement() {
    check(|| {
        let breaker = circuit(CONFIG);
        race(&breaker, [trip, reset, reconfigure_to_rated]);
        assert_gate_and_machine_agree(&breaker);
        breaker.reset();
        succeed(&breaker);
        fail(&breaker);
        assert_eq!(breaker.stats().failure_rate, Some(0.5));
    });
}
