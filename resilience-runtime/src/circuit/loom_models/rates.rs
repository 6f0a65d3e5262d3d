//! A failure rate, whose successes are counted without the lock.

use std::{sync::atomic::Ordering, time::Duration};

use loom::thread;

use super::circuit::{
    Action, RATED, RECOVERY, SLICE, assert_gate_and_machine_agree, check, circuit, fail, race,
    recovering, reset, succeed,
};
use crate::{CircuitState, circuit::CircuitBreaker, clock::model::set};

#[test]
fn a_rate_loses_no_success_that_is_counted_without_the_lock() {
    check(|| {
        let breaker = circuit(RATED);
        succeed(&breaker);
        race(&breaker, [succeed, fail, succeed]);
        let stats = breaker.stats();
        assert_eq!((stats.successes, stats.failures, stats.late), (3, 1, 0));
        assert_eq!((stats.failure_count, stats.failure_rate), (1, Some(0.25)));
    });
}

#[test]
fn a_rate_loses_nothing_as_its_slices_turn() {
    check(|| {
        let breaker = circuit(RATED);
        succeed(&breaker);
        let later: Action = |breaker| {
            set(SLICE);
            succeed(breaker);
        };
        race(&breaker, [succeed, later, fail]);
        let stats = breaker.stats();
        assert_eq!((stats.successes, stats.failure_rate), (3, Some(0.25)));
        // All calls have slid out, and a call that was counted late does not come back.
        set(SLICE * 13);
        assert_eq!(breaker.stats().failure_rate, None);
        fail(&breaker);
        assert_eq!(breaker.stats().failure_rate, Some(1.0));
    });
}

#[test]
fn what_was_admitted_before_a_reset_is_not_in_the_rate_after_it() {
    check(|| {
        let breaker = circuit(RATED);
        // The first call in a slice takes the lock.
        succeed(&breaker);
        let admitted = loom::sync::Arc::new(loom::sync::atomic::AtomicBool::new(false));
        let call = thread::spawn({
            let (breaker, admitted) = (breaker.clone(), admitted.clone());
            move || {
                let permit = breaker.acquire().expect("closed");
                admitted.store(true, Ordering::Release);
                permit.success();
            }
        });
        let was_admitted = admitted.load(Ordering::Acquire);
        breaker.reset();
        call.join().expect("no model panics in a thread");
        let stats = breaker.stats();
        assert_eq!(stats.successes + stats.late, 2);
        if was_admitted || stats.late == 1 {
            assert_eq!(stats.failure_rate, None);
            fail(&breaker);
            assert_eq!(breaker.state(), CircuitState::Open);
        }
    });
}

#[test]
fn a_rate_closes_and_opens_without_refusing_by_its_slices() {
    fn refused_for_no_longer_than_the_recovery(breaker: &CircuitBreaker) {
        match breaker.acquire() {
            Ok(permit) => permit.success(),
            Err(open) => {
                let wait = open.retry_after().expect("never isolated");
                assert!(wait <= Duration::from_nanos(RECOVERY), "{wait:?}");
            }
        }
    }
    check(|| {
        let breaker = recovering(RATED.success_threshold(1));
        race(
            &breaker,
            [succeed, refused_for_no_longer_than_the_recovery, reset],
        );
        assert_eq!(breaker.state(), CircuitState::Closed);
        assert_gate_and_machine_agree(&breaker);
    });
}
