//! The circuit of the models, the calls that its threads make, and the way in which they race.

use std::time::Duration;

use loom::thread;

use crate::{
    CircuitState,
    circuit::{CircuitBreaker, CircuitBreakerConfig, CircuitBreakerStats, Permit},
    clock::model::set,
};

/// The recovery timeout, in nanoseconds of the models' clock.
pub(super) const RECOVERY: u64 = 10;

pub(super) const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(2)
    .failure_window(Duration::from_secs(60))
    .recovery_timeout(Duration::from_nanos(RECOVERY))
    .success_threshold(2)
    .half_open_max_calls(1);

/// The circuit does not open while there is a success in its window.
pub(super) const RATED: CircuitBreakerConfig = CONFIG.failure_rate(1.0).minimum_calls(1);

/// Opens after two failures in a row.
pub(super) const IN_A_ROW: CircuitBreakerConfig = CONFIG.consecutive_failures(2);

/// A slice is a twelfth of the window.
pub(super) const SLICE: u64 = 60_000_000_000 / 12;

/// Bugs of this kind show with two preemptions. `LOOM_MAX_PREEMPTIONS=3` takes a minute instead of
/// seconds.
pub(super) const PREEMPTIONS: usize = 2;

pub(super) fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(PREEMPTIONS));
    builder.check(move || {
        set(0);
        model();
    });
}

pub(super) fn circuit(config: CircuitBreakerConfig) -> CircuitBreaker {
    CircuitBreaker::new("model", config)
}

/// A circuit that will probe on the next call.
pub(super) fn recovering(config: CircuitBreakerConfig) -> CircuitBreaker {
    let breaker = circuit(config);
    breaker.trip();
    set(RECOVERY);
    breaker
}

pub(super) type Action = fn(&CircuitBreaker);

/// Runs one thread per action and waits for all of them.
pub(super) fn race<const N: usize>(breaker: &CircuitBreaker, actions: [Action; N]) {
    let spawn = |action: Action| {
        let breaker = breaker.clone();
        thread::spawn(move || action(&breaker))
    };
    for thread in actions.map(spawn) {
        thread.join().expect("no model panics in a thread");
    }
}

pub(super) fn admitted(stats: &CircuitBreakerStats) -> u64 {
    stats.successes + stats.failures + stats.ignored + stats.abandoned + stats.late
}

/// Each makes one call. Other threads may come between its admission and its outcome.
pub(super) fn succeed(breaker: &CircuitBreaker) {
    call(breaker, |permit| permit.success());
}

pub(super) fn fail(breaker: &CircuitBreaker) {
    call(breaker, |permit| permit.failure());
}

pub(super) fn abandon(breaker: &CircuitBreaker) {
    call(breaker, |permit| drop(permit));
}

pub(super) fn call(breaker: &CircuitBreaker, outcome: fn(Permit<'_>)) {
    if let Ok(permit) = breaker.acquire() {
        thread::yield_now();
        outcome(permit);
    }
}

pub(super) fn trip(breaker: &CircuitBreaker) {
    breaker.trip();
}

pub(super) fn isolate(breaker: &CircuitBreaker) {
    breaker.isolate();
}

pub(super) fn reset(breaker: &CircuitBreaker) {
    breaker.reset();
}

pub(super) fn allow(breaker: &CircuitBreaker) {
    breaker.allow();
}

/// The gate admits a call exactly if the machine would. Otherwise the last publication was lost.
pub(super) fn assert_gate_and_machine_agree(breaker: &CircuitBreaker) {
    let state = breaker.state();
    let admission = breaker.acquire();
    assert_eq!(admission.is_ok(), state != CircuitState::Open, "{state}");
}
