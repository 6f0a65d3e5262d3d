//! Loom runs every interleaving of a few threads over one circuit.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p resilience-runtime --release --lib loom`

use std::{
    pin::Pin,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use loom::thread;

use super::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerStats, CircuitStateFuture, Permit,
};
use crate::clock::model::set;
use crate::{CircuitState, TransitionReason};

/// The recovery timeout, in nanoseconds of the models' clock.
const RECOVERY: u64 = 10;

const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(2)
    .failure_window(Duration::from_secs(60))
    .recovery_timeout(Duration::from_nanos(RECOVERY))
    .success_threshold(2)
    .half_open_max_calls(1);

/// The circuit does not open while there is a success in its window.
const RATED: CircuitBreakerConfig = CONFIG.failure_rate(1.0).minimum_calls(1);

/// A slice is a twelfth of the window.
const SLICE: u64 = 60_000_000_000 / 12;

/// Bugs of this kind show with two preemptions. `LOOM_MAX_PREEMPTIONS=3` takes a minute instead of
/// seconds.
const PREEMPTIONS: usize = 2;

fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(PREEMPTIONS));
    builder.check(move || {
        set(0);
        model();
    });
}

fn circuit(config: CircuitBreakerConfig) -> CircuitBreaker {
    CircuitBreaker::new("model", config)
}

/// A circuit that will probe on the next call.
fn recovering(config: CircuitBreakerConfig) -> CircuitBreaker {
    let breaker = circuit(config);
    breaker.trip();
    set(RECOVERY);
    breaker
}

type Action = fn(&CircuitBreaker);

/// Runs one thread per action and waits for all of them.
fn race<const N: usize>(breaker: &CircuitBreaker, actions: [Action; N]) {
    let spawn = |action: Action| {
        let breaker = breaker.clone();
        thread::spawn(move || action(&breaker))
    };
    for thread in actions.map(spawn) {
        thread.join().expect("no model panics in a thread");
    }
}

fn admitted(stats: &CircuitBreakerStats) -> u64 {
    stats.successes + stats.failures + stats.ignored + stats.abandoned + stats.late
}

/// Each makes one call. Other threads may come between its admission and its outcome.
fn succeed(breaker: &CircuitBreaker) {
    call(breaker, |permit| permit.success());
}

fn fail(breaker: &CircuitBreaker) {
    call(breaker, |permit| permit.failure());
}

fn abandon(breaker: &CircuitBreaker) {
    call(breaker, |permit| drop(permit));
}

fn call(breaker: &CircuitBreaker, outcome: fn(Permit<'_>)) {
    if let Ok(permit) = breaker.acquire() {
        thread::yield_now();
        outcome(permit);
    }
}

fn trip(breaker: &CircuitBreaker) {
    breaker.trip();
}

fn isolate(breaker: &CircuitBreaker) {
    breaker.isolate();
}

fn reset(breaker: &CircuitBreaker) {
    breaker.reset();
}

fn allow(breaker: &CircuitBreaker) {
    breaker.allow();
}

/// The gate admits a call exactly if the machine would. Otherwise the last publication was lost.
fn assert_gate_and_machine_agree(breaker: &CircuitBreaker) {
    let state = breaker.state();
    let admission = breaker.acquire();
    assert_eq!(admission.is_ok(), state != CircuitState::Open, "{state}");
}

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

/// Changes of two threads are told one after the other, whichever thread tells them.
#[test]
fn transitions_are_told_in_their_order_and_none_is_lost() {
    check(|| {
        let breaker = circuit(CONFIG);
        let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        breaker.on_transition({
            let told = std::sync::Arc::clone(&told);
            move |transition| told.lock().unwrap().push((transition.from, transition.to))
        });
        race(&breaker, [trip, reset]);
        let opened = (CircuitState::Closed, CircuitState::Open);
        let closed = (CircuitState::Open, CircuitState::Closed);
        // A reset of a closed circuit is no transition.
        let expected = match breaker.state() {
            CircuitState::Open => vec![opened],
            _ => vec![opened, closed],
        };
        assert_eq!(*told.lock().unwrap(), expected);
    });
}

/// Parks the thread of the model until it is woken. If nobody wakes it, loom reports a deadlock.
fn block_on(mut future: CircuitStateFuture) -> CircuitState {
    struct Unparks(thread::Thread);
    impl Wake for Unparks {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let task = Waker::from(std::sync::Arc::new(Unparks(thread::current())));
    loop {
        match Pin::new(&mut future).poll(&mut Context::from_waker(&task)) {
            Poll::Ready(state) => return state,
            Poll::Pending => thread::park(),
        }
    }
}

/// A future that another thread changes the circuit for is woken, whenever it was polled.
#[test]
fn no_wake_up_is_lost() {
    check(|| {
        let breaker = circuit(CONFIG);
        let changed = breaker.changed();
        let open = breaker.wait_for(CircuitState::Open);
        let tripping = {
            let breaker = breaker.clone();
            thread::spawn(move || {
                breaker.trip();
                breaker.reset();
            })
        };
        assert_eq!(block_on(changed), CircuitState::Open);
        assert_eq!(block_on(open), CircuitState::Open);
        tripping.join().expect("no model panics in a thread");
    });
}

/// A future may be dropped while a change completes it.
#[test]
fn a_future_that_is_dropped_while_a_change_comes_disturbs_nobody() {
    check(|| {
        let breaker = circuit(CONFIG);
        let (dropped, kept) = (breaker.changed(), breaker.changed());
        let dropping = thread::spawn(move || drop(dropped));
        let tripping = {
            let breaker = breaker.clone();
            thread::spawn(move || breaker.trip())
        };
        assert_eq!(block_on(kept), CircuitState::Open);
        for thread in [dropping, tripping] {
            thread.join().expect("no model panics in a thread");
        }
    });
}

/// Opens after two failures in a row.
const IN_A_ROW: CircuitBreakerConfig = CONFIG.consecutive_failures(2);

/// A success that ends before the first failure begins, or begins after it ended, lies outside of
/// the row; one that runs at the same time may lie on either side. Both failures are in the row only
/// if the success was not between them.
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
