//! The transitions that outcomes of calls make: opening, probing and closing.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use loom::thread;

use super::circuit::{
    CONFIG, RECOVERY, abandon, admitted, assert_gate_and_machine_agree, check, circuit, fail, race,
    recovering, succeed, trip,
};
use crate::{
    CircuitState,
    circuit::{CircuitBreaker, Permit},
    clock::model::set,
};

#[test]
fn the_failures_that_reach_the_threshold_open_once() {
    check(|| {
        let breaker = circuit(CONFIG);
        race(&breaker, [fail, fail, fail]);
        let stats = breaker.stats();
        assert_eq!(
            (stats.state, stats.opened, stats.failures),
            (CircuitState::Open, 1, 2)
        );
        assert_eq!(
            stats.late + stats.refused,
            1,
            "the third came after the threshold"
        );
        assert_gate_and_machine_agree(&breaker);
    });
}

/// The second of three failures only adds its moment. Both calls are admitted before the reset.
#[test]
fn a_failure_that_only_adds_its_moment_enters_no_window_after_a_reset() {
    check(|| {
        let breaker = circuit(CONFIG.failure_threshold(3));
        fail(&breaker);
        let calls = [(); 2].map(|()| breaker.acquire_owned().expect("closed"));
        let calls = calls.map(|call| thread::spawn(move || call.failure()));
        breaker.reset();
        for call in calls {
            call.join().expect("no model panics in a thread");
        }
        let stats = breaker.stats();
        assert_eq!(
            (stats.state, stats.failure_count),
            (CircuitState::Closed, 0)
        );
        assert_eq!(stats.failures + stats.late, 3);
        assert_gate_and_machine_agree(&breaker);
    });
}

#[test]
fn every_listener_hears_of_one_transition_per_cause() {
    check(|| {
        let breaker = circuit(CONFIG.failure_threshold(1));
        let heard = std::sync::Arc::new(AtomicUsize::new(0));
        breaker.on_transition({
            let heard = std::sync::Arc::clone(&heard);
            move |transition| {
                assert_eq!(
                    (transition.from, transition.to),
                    (CircuitState::Closed, CircuitState::Open)
                );
                heard.fetch_add(1, Ordering::Relaxed);
            }
        });
        race(&breaker, [fail, fail]);
        assert_eq!(heard.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn no_more_probes_at_once_than_there_are_slots() {
    // Loom does not see these, because they watch the model and are no part of it. Each thread of
    // the harness runs one model.
    thread_local! {
        static RUNNING: (AtomicU64, AtomicU64) = const { (AtomicU64::new(0), AtomicU64::new(0)) };
    }
    fn probe(breaker: &CircuitBreaker, outcome: fn(Permit<'_>)) {
        if let Ok(permit) = breaker.acquire() {
            RUNNING.with(|(running, admitted)| {
                admitted.fetch_add(1, Ordering::Relaxed);
                assert!(
                    running.fetch_add(1, Ordering::Relaxed) < 1,
                    "two probes at once"
                );
            });
            thread::yield_now();
            RUNNING.with(|(running, _)| running.fetch_sub(1, Ordering::Relaxed));
            outcome(permit);
        }
    }
    check(|| {
        RUNNING.with(|(running, admitted)| {
            running.store(0, Ordering::Relaxed);
            admitted.store(0, Ordering::Relaxed);
        });
        let breaker = recovering(CONFIG.success_threshold(9));
        race(
            &breaker,
            [
                |breaker| probe(breaker, |permit| permit.success()),
                |breaker| probe(breaker, |permit| permit.ignore()),
                |breaker| probe(breaker, |permit| drop(permit)),
            ],
        );
        let stats = breaker.stats();
        let passed = RUNNING.with(|(_, admitted)| admitted.load(Ordering::Relaxed));
        assert!(passed >= 1, "nobody probed");
        assert_eq!((admitted(&stats), stats.refused), (passed, 3 - passed));
        assert_eq!((stats.half_opened, stats.late), (1, 0));
        breaker.acquire().expect("every slot came back").success();
    });
}

#[test]
fn probes_that_succeed_together_close_once() {
    check(|| {
        let breaker = recovering(CONFIG.half_open_max_calls(2));
        race(&breaker, [succeed, succeed]);
        let stats = breaker.stats();
        assert_eq!(
            (stats.state, stats.closed, stats.successes),
            (CircuitState::Closed, 1, 2)
        );
        assert_gate_and_machine_agree(&breaker);
    });
}

#[test]
fn of_a_success_and_a_failure_that_both_decide_one_does() {
    check(|| {
        let breaker = recovering(CONFIG.half_open_max_calls(2).success_threshold(1));
        race(&breaker, [succeed, fail]);
        let stats = breaker.stats();
        match stats.state {
            CircuitState::Closed => {
                assert_eq!((stats.closed, stats.opened, stats.successes), (1, 1, 1))
            }
            CircuitState::Open => assert_eq!(stats.failures, 1),
            CircuitState::HalfOpen => panic!("no outcome decided"),
        }
        assert_eq!(admitted(&stats) + stats.refused, 2);
        assert_gate_and_machine_agree(&breaker);
    });
}

#[test]
fn an_abandoned_probe_frees_its_slot_whatever_else_happens() {
    check(|| {
        let breaker = recovering(CONFIG.half_open_max_calls(2));
        race(&breaker, [abandon, fail]);
        // The next call after the timeout probes, if the failure came before, between or after.
        set(RECOVERY * 3);
        let probe = breaker.acquire().expect("not stuck");
        breaker.acquire().expect("both slots are free").success();
        probe.success();
        assert_eq!(breaker.state(), CircuitState::Closed);
        let stats = breaker.stats();
        assert_eq!(
            stats.abandoned + stats.refused,
            1,
            "refused, if it came after the failure"
        );
    });
}

#[test]
fn a_slot_is_reclaimed_for_one_call_only() {
    check(|| {
        let breaker = recovering(CONFIG.success_threshold(9));
        let stuck = breaker.acquire().expect("a probe");
        set(RECOVERY * 2);
        let held = std::sync::Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (breaker, held) = (breaker.clone(), std::sync::Arc::clone(&held));
                thread::spawn(move || {
                    if let Ok(permit) = breaker.acquire() {
                        held.fetch_add(1, Ordering::Relaxed);
                        // The slot is kept for good, as by a call that hangs, too.
                        std::mem::forget(permit);
                    }
                })
            })
            .collect();
        // The call that lost its slot ends at last. The slot that it gives back is another call's
        // by now.
        stuck.ignore();
        for thread in threads {
            thread.join().expect("no model panics in a thread");
        }
        // If the stuck call ended before both, its slot was free for one of them, and there was
        // none to reclaim.
        assert_eq!(held.load(Ordering::Relaxed), 1);
        assert!(breaker.acquire().is_err());
        set(RECOVERY * 3);
        assert!(breaker.acquire().is_ok(), "reclaimed again");
    });
}

#[test]
fn an_outcome_from_before_a_trip_changes_nothing() {
    check(|| {
        let breaker = circuit(CONFIG);
        race(&breaker, [succeed, trip]);
        let stats = breaker.stats();
        assert_eq!(
            (stats.state, stats.opened, stats.closed),
            (CircuitState::Open, 1, 0)
        );
        assert_eq!(stats.successes + stats.late + stats.refused, 1);
        assert_gate_and_machine_agree(&breaker);
    });
}
